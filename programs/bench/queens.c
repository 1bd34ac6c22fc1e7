/* queens.c: all ways to place queens, by sets as bits (Richards): recursion and shifts. */
#include "bench.h"

static uint32_t all;

static uint32_t count(uint32_t columns, uint32_t left, uint32_t right)
{
	uint32_t ways = 0;

	if (columns == all)
		return 1;
	for (uint32_t free = all & ~(columns | left | right); free;) {
		uint32_t one = free & -free;
		free ^= one;
		ways += count(columns | one, (left | one) << 1, (right | one) >> 1);
	}
	return ways;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 490);
	uint64_t check = 0;

	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		all = (1u << (4 + i % 7)) - 1;
		check = bench_mix(check, count(0, 0, 0));
	}
	return bench_end(check);
}
