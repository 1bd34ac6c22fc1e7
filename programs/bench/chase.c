/*
 * chase.c: one walk along a ring of pointers in random order (Sattolo's shuffle): latency of
 * loads.
 */
#include "bench.h"

enum {
	N = 1 << 14
};

static struct link {
	struct link *next;
	uint32_t value;
} ring[N];

int main(int argc, char **argv)
{
	static uint32_t order[N];
	uint32_t work = bench_work(argc, argv, 220), seed = 21, sum = 0;

	for (uint32_t i = 0; i < N; i++)
		order[i] = i;
	for (uint32_t i = N - 1; i > 0; i--) {
		uint32_t j = bench_random(&seed) % i, kept = order[i];
		order[i] = order[j];
		order[j] = kept;
	}
	for (uint32_t i = 0; i < N; i++)
		ring[i] = (struct link){ &ring[order[i]], i };
	const struct link *at = ring;
	bench_begin();
	for (uint64_t i = (uint64_t)work * N; i > 0; i--) {
		sum = sum * 5 + at->value;
		at = at->next;
	}
	return bench_end(bench_mix(sum, at->value));
}
