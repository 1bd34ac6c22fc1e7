/* matmul.c: product of dense matrices, in blocks that stay in the cache. */
#include "bench.h"

enum {
	N = 192,
	BLOCK = 48
};

static double a[N][N], b[N][N], c[N][N];

static void multiply_block(int i0, int j0, int k0)
{
	for (int i = i0; i < i0 + BLOCK; i++)
		for (int k = k0; k < k0 + BLOCK; k++)
			for (int j = j0; j < j0 + BLOCK; j++)
				c[i][j] += a[i][k] * b[k][j];
}

static void multiply(void)
{
	for (int i = 0; i < N; i += BLOCK)
		for (int k = 0; k < N; k += BLOCK)
			for (int j = 0; j < N; j += BLOCK)
				multiply_block(i, j, k);
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 33), seed = 1;
	uint64_t check = 0;

	for (int i = 0; i < N * N; i++) {
		a[i / N][i % N] = bench_random_double(&seed) - 0.5;
		b[i / N][i % N] = bench_random_double(&seed) - 0.5;
	}
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		multiply();
	for (int i = 0; i < N; i++)
		check = bench_mix_double(check, c[i][N - 1 - i]);
	return bench_end(check);
}
