/* radixsort.c: sorting by digits of 8 bits, least significant first: histograms and scatter. */
#include "bench.h"

enum {
	N = 1 << 16,
	DIGITS = 256
};

static uint32_t original[N], buffers[2][N];

static void pass(uint32_t *to, const uint32_t *from, unsigned shift)
{
	uint32_t start[DIGITS] = { 0 }, sum = 0;

	for (uint32_t i = 0; i < N; i++)
		start[from[i] >> shift & 0xff]++;
	for (uint32_t d = 0; d < DIGITS; d++) {
		uint32_t count = start[d];
		start[d] = sum;
		sum += count;
	}
	for (uint32_t i = 0; i < N; i++)
		to[start[from[i] >> shift & 0xff]++] = from[i];
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 52), seed = 6;
	uint64_t check = 0;

	for (int i = 0; i < N; i++)
		original[i] = bench_random(&seed);
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		original[0] = i;
		pass(buffers[0], original, 0);
		pass(buffers[1], buffers[0], 8);
		pass(buffers[0], buffers[1], 16);
		pass(buffers[1], buffers[0], 24);
		check = bench_mix(check, buffers[1][(i * 977) % N]);
	}
	return bench_end(bench_mix_bytes(check, buffers[1], sizeof(buffers[1])));
}
