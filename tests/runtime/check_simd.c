/*
 * rs-simd.h against rs-simd-plain.h: every operation, on edges of all lane widths and on random
 * values, as both compilers make it for every level of processor that this machine has.
 * SIMD_SEED=n repeats a run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sys/random.h>

#include "ipc/base.h"
#include "tests/check_run.h"
#include "tests/runtime/simd_ops.h"

#define ROUNDS 1500

#define BUILDS(ROW)               \
	ROW(gcc, v1, "x86-64")    \
	ROW(gcc, v2, "x86-64-v2") \
	ROW(gcc, v3, "x86-64-v3") \
	ROW(gcc, v4, "x86-64-v4") \
	ROW(clang, v1, "x86-64")  \
	ROW(clang, v2, "x86-64-v2") ROW(clang, v3, "x86-64-v3") ROW(clang, v4, "x86-64-v4")

#define DECLARE(compiler, level, cpu) extern const struct simd_build simd_##compiler##_##level;
BUILDS(DECLARE)
extern const struct simd_build simd_plain;

#define BUILD_ROW(compiler, level, cpu) { #compiler " for " cpu, &simd_##compiler##_##level },
static const struct {
	const char *name;
	const struct simd_build *build;
} builds[] = { BUILDS(BUILD_ROW) };

static bool runs_here(int i)
{
	__builtin_cpu_init();
	switch (i % 4) {
	case 0:
		return true;
	case 1:
		return __builtin_cpu_supports("x86-64-v2");
	case 2:
		return __builtin_cpu_supports("x86-64-v3");
	default:
		return __builtin_cpu_supports("x86-64-v4");
	}
}

static uint64_t seed, state;

/* splitmix64 */
static uint64_t next(void)
{
	uint64_t x = state += 0x9e3779b97f4a7c15u;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

static const uint64_t bytes[] = { 0, 1, 2, 7, 14, 15, 16, 17, 0x7e, 0x7f, 0x80, 0x81, 0xf0,
	0xfe, 0xff };
static const uint64_t words[] = { 0, 1, 0xff, 0x100, 0x4000, 0x7fff, 0x8000, 0x8001, 0xc000,
	0xff7f, 0xff80, 0xffff };
/* integers, then floats as bits: halves, what is at the edges of 23 bits, of int32_t and
 * uint32_t, NaNs, the tiny */
static const uint64_t longs[] = { 0, 1, 0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000,
	0xffff8000, 0xffff7fff, 0xffffffff, 0x3f000000, 0xbf000000, 0x3effffff, 0x3f800000,
	0xbf800000, 0xbf7fffff, 0x3fc00000, 0x40200000, 0xc0200000, 0x4affffff, 0x4b000000,
	0xcb000000, 0x4b800001, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x4f7fffff,
	0x4f800000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000, 0x7f800001,
	0xffa12345, 0x7fd54321, 0x00000001, 0x807fffff, 0x00800000 };
static const double doubles[] = { 0.0, -0.0, 0.5, -0.5, 0.49999999999999994, 1, -1, 1.5, 2.5,
	-2.5, -0.9, 0x1p52, 0x1p52 - 0.5, -0x1p52, 0x1p53, 2147483647, 2147483647.5,
	2147483648.0, -2147483648.0, -2147483648.9, -2147483649.0, 4294967295.0, 4294967295.5,
	4294967296.0, -4294967296.0, 3.4028234663852886e38, 3.4028235677973366e38, 1e39, -1e39,
	0x1p-149, 0x1p-150, 0x1.8p-150, 5e-324, 1.7976931348623157e308, 16777217.0,
	0x1.000001p0 };
static const uint64_t quads[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
	0x7fffffffffffffff, 0x8000000000000000, 0x8000000000000001, 0xffffffff00000000,
	0xffffffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
	0xfff8000000000000, 0x7ff0000000000001, 0xfff7123456789abc, 0x7ffabcdef0123456 };

#define PICK(table) table[next() % ARRAY_LEN(table)]

static uint64_t edge(int bits)
{
	uint64_t value;
	float small = (float)(int16_t)next() / 4;
	double large = (double)(int64_t)(next() >> 20) / 8 - 0x1p39;

	switch (bits) {
	case 8:
		return PICK(bytes);
	case 16:
		return PICK(words);
	case 32:
		value = PICK(longs);
		if (next() % 4 == 0)
			memcpy(&value, &small, sizeof(small));
		return value;
	default:
		value = PICK(quads);
		if (next() % 2 == 0)
			large = PICK(doubles);
		if (next() % 4 != 0)
			memcpy(&value, &large, sizeof(large));
		return value;
	}
}

/* Lanes of one width, each an edge or anything. */
static void fill(uint8_t *vector)
{
	int bits = 8 << next() % 4;

	for (int at = 0; at < SIMD_BYTES; at += bits / 8) {
		uint64_t value = next() % 8 ? edge(bits) : next();
		memcpy(vector + at, &value, (size_t)bits / 8);
	}
}

static uint64_t lane(const uint8_t *vector, int bits, int i)
{
	uint64_t value = 0;

	memcpy(&value, vector + i * bits / 8, (size_t)bits / 8);
	return value;
}

/* The highest bit of the fraction makes a NaN quiet; alone, the canonical one. */
static bool is_nan(uint64_t value, int bits, bool *quiet, bool *canonical)
{
	int fraction_bits = bits == 32 ? 23 : 52;
	uint64_t fraction = value & ((1ull << fraction_bits) - 1),
		 top = 1ull << (fraction_bits - 1),
		 exponent = (value >> fraction_bits) & (bits == 32 ? 0xff : 0x7ff);

	*quiet = (fraction & top) != 0;
	*canonical = fraction == top;
	return fraction && exponent == (bits == 32 ? 0xff : 0x7ff);
}

/* A NaN is quiet, and canonical if all that went in were (of the same lane, which is enough for
 * all but conversions). */
static bool may_be(uint64_t want, uint64_t got, int bits, uint64_t a, uint64_t b)
{
	bool quiet, canonical, quiet_in, canonical_a = true, canonical_b = true;

	if (want == got)
		return true;
	if (!is_nan(want, bits, &quiet, &canonical) || !is_nan(got, bits, &quiet, &canonical))
		return false;
	if (!is_nan(a, bits, &quiet_in, &canonical_a))
		canonical_a = true;
	if (!is_nan(b, bits, &quiet_in, &canonical_b))
		canonical_b = true;
	return quiet && (canonical || !canonical_a || !canonical_b);
}

static bool agree(const struct simd_op *op, const uint8_t *want, const uint8_t *got,
	const uint8_t *a, const uint8_t *b)
{
	if (op->nan_bits == 0)
		return memcmp(want, got, SIMD_BYTES) == 0;
	for (int i = 0; i < 128 / op->nan_bits; i++)
		if (!may_be(lane(want, op->nan_bits, i), lane(got, op->nan_bits, i),
			    op->nan_bits, lane(a, op->nan_bits, i), lane(b, op->nan_bits, i)))
			return false;
	return true;
}

static const char *hex(const uint8_t *vector, char text[2 * SIMD_BYTES + 1])
{
	for (int i = 0; i < SIMD_BYTES; i++)
		sprintf(text + 2 * i, "%02x", vector[i]);
	return text;
}

static void compare(const char *name, const struct simd_op *op, const struct simd_op *plain,
	uint8_t in[3][SIMD_BYTES])
{
	uint8_t want[SIMD_BYTES], got[SIMD_BYTES];
	char a[2 * SIMD_BYTES + 1], b[sizeof a], w[sizeof a], g[sizeof a];
	uint32_t n = in[2][0] + (in[2][1] & 1) * 0x80000000u;

	plain->run(want, in[0], in[1], in[2], n);
	op->run(got, in[0], in[1], in[2], n);
	if (agree(op, want, got, in[0], in[1])) /* asserting costs a write each time */
		return;
	ck_abort_msg("%s by %s of %s, %s, %u gives %s, not %s; SIMD_SEED=%llu", op->name, name,
		hex(in[0], a), hex(in[1], b), n, hex(got, g), hex(want, w),
		(unsigned long long)seed);
}

START_TEST(operations_are_those_of_plain_c)
{
	const struct simd_build *build = builds[_i].build;
	uint8_t in[3][SIMD_BYTES];

	ck_assert_uint_eq(build->count, simd_plain.count);
	if (!runs_here(_i)) {
		printf("%s: this processor is not one\n", builds[_i].name);
		return;
	}
	state = seed;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < 3; i++)
			fill(in[i]);
		for (size_t i = 0; i < build->count; i++)
			compare(builds[_i].name, &build->ops[i], &simd_plain.ops[i], in);
	}
}
END_TEST

/* The judge itself: what it must not let pass. */
START_TEST(a_wrong_result_is_noticed)
{
	struct simd_op exact = { .nan_bits = 0 }, floats = { .nan_bits = 32 };
	uint8_t nan[SIMD_BYTES] = { [2] = 0xc0, [3] = 0x7f },
		negative[SIMD_BYTES] = { [2] = 0xc0, [3] = 0xff },
		signalling[SIMD_BYTES] = { [0] = 1, [2] = 0x80, [3] = 0x7f },
		payload[SIMD_BYTES] = { [0] = 1, [2] = 0xc0, [3] = 0x7f },
		zero[SIMD_BYTES] = { 0 };

	ck_assert(agree(&exact, nan, nan, zero, zero));
	ck_assert(!agree(&exact, nan, negative, zero, zero));
	ck_assert(agree(&floats, nan, negative, zero, zero));
	ck_assert(!agree(&floats, nan, signalling, nan, zero));
	ck_assert(!agree(&floats, nan, payload, nan, zero));
	ck_assert(agree(&floats, nan, payload, nan, signalling));
	ck_assert(!agree(&floats, nan, zero, nan, zero));
	ck_assert(!agree(&floats, zero, nan, nan, zero));
}
END_TEST

static void choose_seed(void)
{
	const char *given = getenv("SIMD_SEED");

	if (given)
		seed = strtoull(given, NULL, 10);
	else if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = 1;
}

static Suite *simd_suite(void)
{
	Suite *s = suite_create("simd");
	TCase *operations = tcase_create("operations");

	choose_seed();
	tcase_set_timeout(operations, 60);
	tcase_add_loop_test(operations, operations_are_those_of_plain_c, 0, ARRAY_LEN(builds));
	tcase_add_test(operations, a_wrong_result_is_noticed);
	suite_add_tcase(s, operations);
	return s;
}

CHECK_MAIN(simd_suite)
