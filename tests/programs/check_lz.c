#include <stdio.h>
#include <string.h>

#include "ipc/base.h"
#include "programs/lz.h"
#include "tests/check_run.h"

static uint32_t table[LZ_HASH_TABLE];

static uint64_t dice_state;
static uint32_t dice(uint32_t sides)
{
	dice_state = dice_state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(dice_state >> 33) % sides;
}

/* Buffers of exactly the size that is promised, so that a sanitizer sees one byte too many. */
static size_t there_and_back(const uint8_t *in, uint32_t bytes)
{
	CLEANUP(freep) uint8_t *packed = malloc(lz_bound(bytes));
	CLEANUP(freep) uint8_t *back = malloc(bytes + !bytes);
	size_t n = lz_compress(in, bytes, table, packed);
	uint32_t original;

	MUST(n <= lz_bound(bytes));
	CLEANUP(freep) uint8_t *exact = malloc(n);
	memcpy(exact, packed, n);
	MUST(lz_original_bytes(exact, n, &original) && original == bytes);
	MUST(lz_decompress(exact, n, back, original));
	MUST(bytes == 0 || memcmp(in, back, bytes) == 0);
	return n;
}

/* Runs of little variety, of every length. */
static uint8_t *text_of(uint32_t bytes)
{
	uint8_t *text = malloc(bytes + !bytes);
	uint32_t variety = 1 + dice(250);

	for (uint32_t i = 0; i < bytes; i++)
		text[i] = i > 40 && dice(10) ? text[i - 1 - dice(39)] : (uint8_t)dice(variety);
	return text;
}

START_TEST(what_goes_there_comes_back)
{
	for (uint32_t bytes = 0; bytes < 600; bytes++) {
		CLEANUP(freep) uint8_t *text = text_of(bytes);
		there_and_back(text, bytes);
	}
	for (uint32_t i = 0; i < 40; i++) {
		uint32_t bytes = dice(300000);
		CLEANUP(freep) uint8_t *text = text_of(bytes);
		there_and_back(text, bytes);
	}
}
END_TEST

START_TEST(what_repeats_gets_short)
{
	enum {
		BYTES = 1000000
	};
	CLEANUP(freep) uint8_t *text = calloc(1, BYTES);

	ck_assert_uint_lt(there_and_back(text, BYTES), 64);
	for (uint32_t i = 0; i < BYTES; i++)
		text[i] = (uint8_t) "It was the best of times, "[i % 26];
	ck_assert_uint_lt(there_and_back(text, BYTES), 64);
}
END_TEST

START_TEST(noise_costs_the_head_and_no_more)
{
	enum {
		BYTES = 100000
	};
	CLEANUP(freep) uint8_t *noise = malloc(BYTES);

	for (uint32_t i = 0; i < BYTES; i++)
		noise[i] = (uint8_t)dice(256);
	ck_assert_uint_eq(there_and_back(noise, BYTES), BYTES + LZ_HEAD_BYTES);
}
END_TEST

START_TEST(the_longest_is_taken_and_a_longer_one_refused)
{
	CLEANUP(freep) uint8_t *text = text_of(LZ_BYTES_MAX);
	uint8_t head[LZ_HEAD_BYTES] = "RSZ\1";
	uint32_t original;

	there_and_back(text, LZ_BYTES_MAX);
	lz_put_u32(head + 4, LZ_BYTES_MAX);
	ck_assert(lz_original_bytes(head, sizeof(head), &original));
	lz_put_u32(head + 4, LZ_BYTES_MAX + 1);
	ck_assert(!lz_original_bytes(head, sizeof(head), &original));
}
END_TEST

/* True: it was taken for something. */
static bool take(const uint8_t *packed, size_t bytes)
{
	CLEANUP(freep) uint8_t *exact = malloc(bytes + !bytes);
	uint32_t original;

	memcpy(exact, packed, bytes);
	if (!lz_original_bytes(exact, bytes, &original))
		return false;
	CLEANUP(freep) uint8_t *back = malloc(original + !original);
	return back && lz_decompress(exact, bytes, back, original);
}

START_TEST(what_is_cut_short_is_refused)
{
	CLEANUP(freep) uint8_t *text = text_of(3000);
	uint8_t packed[4000];
	size_t n = lz_compress(text, 3000, table, packed);

	ck_assert(take(packed, n));
	for (size_t cut = 0; cut < n; cut++)
		MUST(!take(packed, cut));
	packed[n] = 0;
	ck_assert(!take(packed, n + 1));
}
END_TEST

START_TEST(what_is_damaged_is_refused)
{
	CLEANUP(freep) uint8_t *text = text_of(3000);
	uint8_t packed[4000];
	size_t n = lz_compress(text, 3000, table, packed);

	for (uint32_t i = 0; i < 20000; i++) {
		uint8_t was[4000];
		memcpy(was, packed, n);
		for (uint32_t k = 0; k <= dice(4); k++)
			packed[dice(4) ? 12 + dice((uint32_t)n - 12) : dice(12)] ^=
				(uint8_t)(1 + dice(255));
		MUST(memcmp(was, packed, n) == 0 || !take(packed, n));
		memcpy(packed, was, n);
	}
}
END_TEST

START_TEST(what_never_was_a_container_harms_nobody)
{
	uint8_t bytes[300] = "RSZ\1";

	for (uint32_t i = 0; i < 100000; i++) {
		lz_put_u32(bytes + 4, dice(dice(8) ? 1000 : LZ_BYTES_MAX));
		for (uint32_t k = 8; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)dice(dice(2) ? 256 : 8);
		take(bytes, dice(sizeof(bytes) + 1));
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("lz");
	TCase *good = tcase_create("round trips"), *bad = tcase_create("hostile data");

	tcase_set_timeout(good, 60);
	tcase_add_test(good, what_goes_there_comes_back);
	tcase_add_test(good, what_repeats_gets_short);
	tcase_add_test(good, noise_costs_the_head_and_no_more);
	tcase_add_test(good, the_longest_is_taken_and_a_longer_one_refused);
	suite_add_tcase(s, good);
	tcase_set_timeout(bad, 60);
	tcase_add_test(bad, what_is_cut_short_is_refused);
	tcase_add_test(bad, what_is_damaged_is_refused);
	tcase_add_test(bad, what_never_was_a_container_harms_nobody);
	suite_add_tcase(s, bad);
	return s;
}

CHECK_MAIN(suite)
