/* quicksort.c: Hoare's quicksort, median of three, small parts by insertion (Sedgewick). */
#include "bench.h"

enum {
	N = 60000,
	SMALL = 12
};

static uint32_t original[N], sorted[N];

static void swap(uint32_t *a, uint32_t *b)
{
	uint32_t kept = *a;

	*a = *b;
	*b = kept;
}

static void insertion(uint32_t *v, int n)
{
	for (int i = 1; i < n; i++) {
		uint32_t x = v[i];
		int j = i;
		for (; j > 0 && v[j - 1] > x; j--)
			v[j] = v[j - 1];
		v[j] = x;
	}
}

static uint32_t middle_of(uint32_t *v, int n)
{
	if (v[n / 2] < v[0])
		swap(&v[n / 2], &v[0]);
	if (v[n - 1] < v[0])
		swap(&v[n - 1], &v[0]);
	if (v[n - 1] < v[n / 2])
		swap(&v[n - 1], &v[n / 2]);
	return v[n / 2];
}

static void quicksort(uint32_t *v, int n)
{
	while (n > SMALL) {
		uint32_t pivot = middle_of(v, n);
		int i = -1, j = n;
		for (;;) {
			while (v[++i] < pivot)
				;
			while (v[--j] > pivot)
				;
			if (i >= j)
				break;
			swap(&v[i], &v[j]);
		}
		quicksort(v, j + 1);
		v += j + 1;
		n -= j + 1;
	}
	insertion(v, n);
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 5), seed = 5;
	uint64_t check = 0;

	for (int i = 0; i < N; i++)
		original[i] = bench_random(&seed) % (N / 2);
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		memcpy(sorted, original, sizeof(sorted));
		sorted[0] = i;
		quicksort(sorted, N);
		check = bench_mix_bytes(check, &sorted[N / 4], 4096);
	}
	return bench_end(check);
}
