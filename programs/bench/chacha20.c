/* chacha20.c: Bernstein's stream cipher (RFC 8439), one block after another. */
#include "bench.h"

static uint32_t state[16] = { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 };
static uint32_t text[4096];

static uint32_t left(uint32_t x, int n)
{
	return x << n | x >> (32 - n);
}

static inline void quarter(uint32_t *a, uint32_t *b, uint32_t *c, uint32_t *d)
{
	*a += *b;
	*d = left(*d ^ *a, 16);
	*c += *d;
	*b = left(*b ^ *c, 12);
	*a += *b;
	*d = left(*d ^ *a, 8);
	*c += *d;
	*b = left(*b ^ *c, 7);
}

static void block(uint32_t *out)
{
	uint32_t x[16];

	memcpy(x, state, sizeof(x));
	for (int i = 0; i < 10; i++) {
		quarter(&x[0], &x[4], &x[8], &x[12]);
		quarter(&x[1], &x[5], &x[9], &x[13]);
		quarter(&x[2], &x[6], &x[10], &x[14]);
		quarter(&x[3], &x[7], &x[11], &x[15]);
		quarter(&x[0], &x[5], &x[10], &x[15]);
		quarter(&x[1], &x[6], &x[11], &x[12]);
		quarter(&x[2], &x[7], &x[8], &x[13]);
		quarter(&x[3], &x[4], &x[9], &x[14]);
	}
	for (int i = 0; i < 16; i++)
		out[i] ^= x[i] + state[i];
	state[12]++;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 1100);

	for (uint32_t i = 4; i < 16; i++)
		state[i] = i * 0x01010101u;
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		for (int at = 0; at < 4096; at += 16)
			block(text + at);
	return bench_end(bench_mix_bytes(0, text, sizeof(text)));
}
