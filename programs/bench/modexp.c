/*
 * modexp.c: modular powers of long integers by Montgomery's multiplication (CIOS; Koc and
 * others).
 */
#include "bench.h"

enum {
	WORDS = 32 /* of 32 bits */
};

static uint32_t modulus[WORDS], inverse; /* -1 / modulus[0], modulo 2^32 */

static int at_least(const uint32_t *a, const uint32_t *b)
{
	int i = WORDS - 1;

	while (i > 0 && a[i] == b[i])
		i--;
	return a[i] >= b[i];
}

static void subtract(uint32_t *a, const uint32_t *b)
{
	uint64_t borrow = 0;

	for (int i = 0; i < WORDS; i++) {
		uint64_t d = (uint64_t)a[i] - b[i] - borrow;
		a[i] = (uint32_t)d;
		borrow = d >> 63;
	}
}

/* One row: t = (t + a * b + m * modulus) / 2^32. */
static void row(uint32_t t[WORDS + 2], const uint32_t *a, uint32_t b)
{
	uint64_t sum = 0;

	for (int j = 0; j < WORDS; j++) {
		sum += (uint64_t)a[j] * b + t[j];
		t[j] = (uint32_t)sum;
		sum >>= 32;
	}
	sum += t[WORDS];
	t[WORDS] = (uint32_t)sum;
	t[WORDS + 1] = (uint32_t)(sum >> 32);
	uint32_t m = t[0] * inverse;
	sum = ((uint64_t)m * modulus[0] + t[0]) >> 32;
	for (int j = 1; j < WORDS; j++) {
		sum += (uint64_t)m * modulus[j] + t[j];
		t[j - 1] = (uint32_t)sum;
		sum >>= 32;
	}
	sum += t[WORDS];
	t[WORDS - 1] = (uint32_t)sum;
	t[WORDS] = t[WORDS + 1] + (uint32_t)(sum >> 32);
}

static void multiply(uint32_t *out, const uint32_t *a, const uint32_t *b)
{
	uint32_t t[WORDS + 2] = { 0 };

	for (int i = 0; i < WORDS; i++)
		row(t, a, b[i]);
	if (t[WORDS] || at_least(t, modulus))
		subtract(t, modulus);
	memcpy(out, t, WORDS * sizeof(*t));
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 13000), seed = 11, x[WORDS], base[WORDS];

	for (int i = 0; i < WORDS; i++) {
		modulus[i] = bench_random(&seed);
		x[i] = base[i] = bench_random(&seed) >> 1;
	}
	modulus[0] |= 1;
	modulus[WORDS - 1] |= 1u << 31;
	inverse = 1;
	for (int i = 0; i < 5; i++) /* Newton: each step doubles the right bits */
		inverse *= 2 - modulus[0] * inverse;
	inverse = -inverse;
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		multiply(x, x, x);
		if (i * 0x9e3779b9u >> 31)
			multiply(x, x, base);
	}
	return bench_end(bench_mix_bytes(0, x, sizeof(x)));
}
