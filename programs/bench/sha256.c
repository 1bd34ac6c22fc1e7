/* sha256.c: the Secure Hash Standard (FIPS 180-4); its constants are computed as it says. */
#include "bench.h"

static uint32_t k[64], state[8];
static uint8_t text[1 << 14];

/* The first 32 bits of the fraction of n's root: the largest m with m^power <= n * 2^(32
 * power). */
static uint32_t root_fraction(uint32_t n, int power)
{
	uint64_t low = 0, high = (uint64_t)1 << 37;

	while (high - low > 1) {
		uint64_t m = low + (high - low) / 2;
		unsigned __int128 p = (unsigned __int128)m * m * (power == 3 ? m : 1);
		if (p > (unsigned __int128)n << 32 * power)
			high = m;
		else
			low = m;
	}
	return (uint32_t)low;
}

static void make_constants(void)
{
	int count = 0;

	for (uint32_t n = 2; count < 64; n++) {
		uint32_t divisor = 2;
		while (n % divisor)
			divisor++;
		if (divisor < n)
			continue;
		if (count < 8)
			state[count] = root_fraction(n, 2);
		k[count++] = root_fraction(n, 3);
	}
}

static uint32_t right(uint32_t x, int n)
{
	return x >> n | x << (32 - n);
}

static uint32_t big_endian(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void expand(uint32_t w[64], const uint8_t *block)
{
	for (int i = 0; i < 16; i++)
		w[i] = big_endian(block + 4 * i);
	for (int i = 16; i < 64; i++) {
		uint32_t s0 = right(w[i - 15], 7) ^ right(w[i - 15], 18) ^ w[i - 15] >> 3;
		uint32_t s1 = right(w[i - 2], 17) ^ right(w[i - 2], 19) ^ w[i - 2] >> 10;
		w[i] = w[i - 16] + s0 + w[i - 7] + s1;
	}
}

/* The eight words stay where they are; with each step their names move on by one. */
static inline __attribute__((always_inline)) void step(uint32_t s[8], uint32_t i, uint32_t in)
{
	uint32_t a = s[-i & 7], b = s[(1 - i) & 7], c = s[(2 - i) & 7];
	uint32_t e = s[(4 - i) & 7], f = s[(5 - i) & 7], g = s[(6 - i) & 7];
	uint32_t t = s[(7 - i) & 7] + in + ((e & f) ^ (~e & g));

	t += right(e, 6) ^ right(e, 11) ^ right(e, 25);
	s[(3 - i) & 7] += t;
	s[(7 - i) & 7] =
		t + (right(a, 2) ^ right(a, 13) ^ right(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
}

static void compress(const uint8_t *block)
{
	uint32_t w[64], s[8];

	expand(w, block);
	memcpy(s, state, sizeof(s));
	for (uint32_t i = 0; i < 64; i += 8) {
		step(s, 0, k[i] + w[i]);
		step(s, 1, k[i + 1] + w[i + 1]);
		step(s, 2, k[i + 2] + w[i + 2]);
		step(s, 3, k[i + 3] + w[i + 3]);
		step(s, 4, k[i + 4] + w[i + 4]);
		step(s, 5, k[i + 5] + w[i + 5]);
		step(s, 6, k[i + 6] + w[i + 6]);
		step(s, 7, k[i + 7] + w[i + 7]);
	}
	for (int i = 0; i < 8; i++)
		state[i] += s[i];
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 400), seed = 8;

	make_constants();
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)bench_random(&seed);
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		for (size_t at = 0; at < sizeof(text); at += 64)
			compress(text + at);
	return bench_end((uint64_t)state[0] << 32 | state[7]);
}
