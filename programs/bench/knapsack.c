/*
 * knapsack.c: the most valuable things that fit (Bellman): a maximum over two loads, all the
 * way.
 */
#include "bench.h"

enum {
	THINGS = 100,
	ROOM = 5000
};

static struct {
	uint32_t size, value;
} thing[THINGS];
static uint32_t best[ROOM + 1];

static void put(uint32_t size, uint32_t value)
{
	for (uint32_t room = ROOM; room >= size; room--) {
		uint32_t with = best[room - size] + value;
		best[room] = with > best[room] ? with : best[room];
	}
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 85), seed = 27;
	uint64_t check = 0;

	for (int i = 0; i < THINGS; i++) {
		thing[i].size = bench_random(&seed) % 200 + 1;
		thing[i].value = bench_random(&seed) % 1000;
	}
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		thing[i % THINGS].value++;
		memset(best, 0, sizeof(best));
		for (int k = 0; k < THINGS; k++)
			put(thing[k].size, thing[k].value);
		check = bench_mix(check, best[ROOM]);
	}
	return bench_end(check);
}
