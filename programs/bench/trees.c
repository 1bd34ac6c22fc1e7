/*
 * trees.c: many small trees from malloc, each walked once and given back: the allocator's
 * speed.
 */
#include <stdlib.h>

#include "bench.h"

struct node {
	struct node *child[2];
	uint32_t value;
};

static uint32_t live;

static struct node *grow(int depth, uint32_t value)
{
	struct node *n = malloc(sizeof(*n));

	if (!n)
		abort();
	live++;
	n->value = value;
	for (int i = 0; i < 2; i++)
		n->child[i] = depth ? grow(depth - 1, value * 2 + (uint32_t)i) : NULL;
	return n;
}

/* Its sum; the tree is gone. */
static uint32_t fell(struct node *n)
{
	uint32_t sum;

	if (!n)
		return 0;
	sum = n->value ^ (fell(n->child[0]) + 3 * fell(n->child[1]));
	free(n);
	live--;
	return sum;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 1000);
	struct node *kept[8] = { NULL };
	uint64_t check = 0;

	bench_begin();
	for (uint32_t i = 0; i < work;
		i++) { /* the last few stay, so that memory is in pieces */
		check = bench_mix(check, fell(kept[i % 8]));
		kept[i % 8] = grow(5 + (int)(i % 7), i);
	}
	for (int i = 0; i < 8; i++)
		check = bench_mix(check, fell(kept[i]));
	return bench_end(bench_mix(check, live));
}
