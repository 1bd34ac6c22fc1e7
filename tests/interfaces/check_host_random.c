#include "interfaces/random.h"
#include "tests/interfaces/made_up.h"

static uint32_t generate(void *random, uint32_t bytes)
{
	struct rs_random_generate_request request = { bytes };
	uint8_t body[16];

	return made_up_ask(&host_random, random, 3, 9, body,
		(uint32_t)rs_random_generate_body(&request, body, sizeof(body)));
}

static struct rs_bytes generated(void)
{
	struct rs_random_generate_answer answer;

	ck_assert_int_eq(
		rs_random_generate_answer_decode(&answer, made_up.body, made_up.body_bytes), 0);
	return answer.bytes;
}

START_TEST(as_many_bytes_come_as_were_asked_for)
{
	static const uint32_t sizes[] = { 0, 1, 255, 256, 257, RS_RANDOM_BYTES_MAX };
	void *random = host_random.new(&made_up_env);

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		ck_assert_uint_eq(generate(random, sizes[i]), RS_OK);
		ck_assert_uint_eq(generated().bytes, sizes[i]);
	}
	host_random.free(random);
}
END_TEST

START_TEST(every_byte_is_drawn_and_no_draw_repeats)
{
	void *random = host_random.new(&made_up_env);
	static uint8_t first[RS_RANDOM_BYTES_MAX];
	uint32_t seen[256] = { 0 };

	generate(random, sizeof(first));
	ck_assert_uint_eq(generated().bytes, sizeof(first));
	memcpy(first, generated().at, sizeof(first));
	generate(random, sizeof(first));
	ck_assert_mem_ne(first, generated().at, sizeof(first));
	/* 4096 draws of 256 values: that one never comes has a chance of 3e-5; that a stretch
	 * of 64 bytes at the end was left as it was has none. */
	for (size_t i = 0; i < sizeof(first); i++)
		seen[first[i]]++;
	for (size_t i = 0; i < 256; i++)
		ck_assert_uint_lt(seen[i], 100);
	host_random.free(random);
}
END_TEST

START_TEST(more_than_the_limit_is_too_big)
{
	void *random = host_random.new(&made_up_env);

	ck_assert_uint_eq(generate(random, RS_RANDOM_BYTES_MAX + 1), RS_TOO_BIG);
	ck_assert_uint_eq(generate(random, UINT32_MAX), RS_TOO_BIG);
	ck_assert_uint_eq(made_up.answers[1].bytes, 0);
	host_random.free(random);
}
END_TEST

START_TEST(unreadable_bodies_are_harmless)
{
	void *random = host_random.new(&made_up_env);

	made_up_lies(&host_random, random);
	host_random.cancelled(random, 1, 1);
	host_random.process_gone(random, 1);
	host_random.free(random);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("host_random");
	TCase *draws = tcase_create("draws"), *lies = tcase_create("hostile bodies");

	tcase_add_test(draws, as_many_bytes_come_as_were_asked_for);
	tcase_add_test(draws, every_byte_is_drawn_and_no_draw_repeats);
	tcase_add_test(lies, more_than_the_limit_is_too_big);
	tcase_add_test(lies, unreadable_bodies_are_harmless);
	suite_add_tcase(s, draws);
	suite_add_tcase(s, lies);
	return s;
}

CHECK_MAIN(suite)
