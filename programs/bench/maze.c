/* maze.c: breadth-first search through a maze (Moore): a queue, four neighbours, bytes. */
#include "bench.h"

enum {
	SIDE = 256,
	N = SIDE * SIDE
};

static uint8_t wall[N];
static uint16_t steps[N], queue[N];

static uint32_t search(uint32_t from)
{
	static const int neighbour[4] = { 1, -1, SIDE, -SIDE };
	uint32_t head = 0, tail = 0;

	memset(steps, 0, sizeof(steps));
	steps[from] = 1;
	queue[tail++] = (uint16_t)from;
	while (head < tail) {
		uint32_t at = queue[head++];
		for (int k = 0; k < 4; k++) {
			uint32_t to = at + (uint32_t)neighbour[k];
			if (wall[to] || steps[to])
				continue;
			steps[to] = (uint16_t)(steps[at] + 1);
			queue[tail++] = (uint16_t)to;
		}
	}
	return tail;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 23), seed = 25;
	uint64_t check = 0;

	for (uint32_t i = 0; i < N; i++)
		wall[i] = i < SIDE || i >= N - SIDE || i % SIDE == 0 || i % SIDE == SIDE - 1 ||
			  bench_random(&seed) % 10 < 3;
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		uint32_t from = (SIDE / 2 + i % 64) * SIDE + SIDE / 2;
		wall[from] = 0;
		check = bench_mix(check, search(from));
	}
	return bench_end(bench_mix_bytes(check, steps, sizeof(steps)));
}
