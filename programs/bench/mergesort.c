/*
 * mergesort.c: bottom-up merging, with the order given as a function pointer as qsort has it.
 */
#include "bench.h"

enum {
	N = 1 << 14
};

struct item {
	uint32_t key, serial;
};
typedef int order(const struct item *, const struct item *);

static struct item original[N], buffers[2][N];

static int by_key(const struct item *a, const struct item *b)
{
	return (a->key > b->key) - (a->key < b->key);
}

static int by_serial(const struct item *a, const struct item *b)
{
	return (a->serial < b->serial) - (a->serial > b->serial);
}

static order *const orders[] = { by_key, by_serial };

static void merge(struct item *to, const struct item *from, size_t middle, size_t n, order *by)
{
	size_t i = 0, j = middle;

	for (size_t k = 0; k < n; k++)
		to[k] = i < middle && (j == n || by(&from[i], &from[j]) <= 0) ? from[i++]
									      : from[j++];
}

/* N is a power of two. The buffer that holds the sorted items. */
static const struct item *sort(order *by)
{
	int which = 0;

	for (size_t width = 1; width < N; width *= 2, which = !which)
		for (size_t at = 0; at < N; at += 2 * width)
			merge(buffers[!which] + at, buffers[which] + at, width, 2 * width, by);
	return buffers[which];
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 20), seed = 7;
	uint64_t check = 0;

	for (uint32_t i = 0; i < N; i++)
		original[i] = (struct item){ bench_random(&seed) % N, i };
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		memcpy(buffers[0], original, sizeof(original));
		check = bench_mix(check, sort(orders[i % 2])[i % N].key);
	}
	return bench_end(check);
}
