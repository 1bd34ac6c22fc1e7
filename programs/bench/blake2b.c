/* blake2b.c: the compression function of BLAKE2b (RFC 7693): 64-bit adds, xors and rotates. */
#include "bench.h"

static const uint64_t start[8] = {
	0x6a09e667f3bcc908u,
	0xbb67ae8584caa73bu,
	0x3c6ef372fe94f82bu,
	0xa54ff53a5f1d36f1u,
	0x510e527fade682d1u,
	0x9b05688c2b3e6c1fu,
	0x1f83d9abfb41bd6bu,
	0x5be0cd19137e2179u,
};
static const uint8_t order[10][16] = {
	{ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 },
	{ 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3 },
	{ 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4 },
	{ 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8 },
	{ 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13 },
	{ 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9 },
	{ 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11 },
	{ 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10 },
	{ 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5 },
	{ 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0 },
};

static uint64_t text[1024], state[8];

static uint64_t right(uint64_t x, int n)
{
	return x >> n | x << (64 - n);
}

static inline void quarter(uint64_t v[16], int a, int b, int c, int d, uint64_t x, uint64_t y)
{
	v[a] += v[b] + x;
	v[d] = right(v[d] ^ v[a], 32);
	v[c] += v[d];
	v[b] = right(v[b] ^ v[c], 24);
	v[a] += v[b] + y;
	v[d] = right(v[d] ^ v[a], 16);
	v[c] += v[d];
	v[b] = right(v[b] ^ v[c], 63);
}

static void round_of(uint64_t v[16], const uint64_t m[16], const uint8_t s[16])
{
	quarter(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
	quarter(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
	quarter(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
	quarter(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
	quarter(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
	quarter(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
	quarter(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
	quarter(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
}

static void compress(const uint64_t *block, uint64_t counter)
{
	uint64_t v[16];

	memcpy(v, state, sizeof(state));
	memcpy(v + 8, start, sizeof(start));
	v[12] ^= counter;
	for (int i = 0; i < 12; i++)
		round_of(v, block, order[i % 10]);
	for (int i = 0; i < 8; i++)
		state[i] ^= v[i] ^ v[i + 8];
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 1600), seed = 9;

	for (size_t i = 0; i < 1024; i++)
		text[i] = (uint64_t)bench_random(&seed) << 32 | i;
	memcpy(state, start, sizeof(state));
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		for (uint32_t at = 0; at < 1024; at += 16)
			compress(text + at, (uint64_t)i * 8192 + at * 8);
	return bench_end(state[0] ^ state[7]);
}
