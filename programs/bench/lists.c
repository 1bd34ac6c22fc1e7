/*
 * lists.c: sorting a linked list by merging (Knuth, TAOCP 5.2.4): pointers and branches nobody
 * can guess.
 */
#include "bench.h"

enum {
	N = 10000,
	LEVELS = 20
};

static struct item {
	struct item *next;
	uint32_t key;
} items[N];

static struct item *merge(struct item *a, struct item *b)
{
	struct item *first, **end = &first;

	while (a && b) {
		struct item **from = a->key <= b->key ? &a : &b;
		*end = *from;
		end = &(*from)->next;
		*from = *end;
	}
	*end = a ? a : b;
	return first;
}

/* part[i]: nothing or 2^i items in order. */
static struct item *sort(struct item *list)
{
	struct item *part[LEVELS] = { NULL }, *sorted = NULL;

	while (list) {
		struct item *one = list;
		list = list->next;
		one->next = NULL;
		int i = 0;
		for (; part[i]; i++) {
			one = merge(part[i], one);
			part[i] = NULL;
		}
		part[i] = one;
	}
	for (int i = 0; i < LEVELS; i++)
		sorted = merge(part[i], sorted);
	return sorted;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 37), seed = 22;
	uint64_t check = 0;

	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		for (uint32_t k = 0; k < N; k++)
			items[k] = (struct item){ k + 1 < N ? &items[k + 1] : NULL,
				bench_random(&seed) };
		for (const struct item *at = sort(items); at; at = at->next)
			check = bench_mix(check, at->key);
	}
	return bench_end(check);
}
