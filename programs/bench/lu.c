/* lu.c: Gaussian elimination with partial pivoting, in place (Golub and Van Loan, 3.4). */
#include "bench.h"

enum {
	N = 160
};

static double original[N][N], m[N][N];

static int pivot_of(int k)
{
	int best = k;

	for (int i = k + 1; i < N; i++)
		if (m[i][k] * m[i][k] > m[best][k] * m[best][k])
			best = i;
	return best;
}

static void swap_rows(int a, int b)
{
	for (int j = 0; j < N; j++) {
		double kept = m[a][j];
		m[a][j] = m[b][j];
		m[b][j] = kept;
	}
}

static void eliminate(int k)
{
	for (int i = k + 1; i < N; i++) {
		double factor = m[i][k] /= m[k][k];
		for (int j = k + 1; j < N; j++)
			m[i][j] -= factor * m[k][j];
	}
}

/* The determinant. */
static double decompose(void)
{
	double product = 1;

	for (int k = 0; k < N; k++) {
		int p = pivot_of(k);
		if (p != k) {
			swap_rows(p, k);
			product = -product;
		}
		eliminate(k);
		product *= m[k][k];
	}
	return product;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 78), seed = 2;
	uint64_t check = 0;

	for (int i = 0; i < N * N; i++)
		original[i / N][i % N] = bench_random_double(&seed) - 0.5;
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		memcpy(m, original, sizeof(m));
		m[0][0] += i;
		check = bench_mix_double(check, decompose());
	}
	return bench_end(check);
}
