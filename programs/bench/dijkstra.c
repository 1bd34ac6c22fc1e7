/*
 * dijkstra.c: shortest ways from one place to all (Dijkstra), with a binary heap of candidates.
 */
#include "bench.h"

enum {
	N = 4000,
	DEGREE = 6,
	HEAP_MAX = N * DEGREE + 1
};

struct candidate {
	uint32_t distance, node;
};

static struct {
	uint32_t to, length;
} edge[N][DEGREE];
static uint32_t distance[N], heap_size;
static struct candidate heap[HEAP_MAX];

static void push(struct candidate c)
{
	uint32_t i = heap_size++;

	for (; i > 0 && heap[(i - 1) / 2].distance > c.distance; i = (i - 1) / 2)
		heap[i] = heap[(i - 1) / 2];
	heap[i] = c;
}

static struct candidate pop(void)
{
	struct candidate top = heap[0], last = heap[--heap_size];
	uint32_t i = 0;

	for (uint32_t child; (child = 2 * i + 1) < heap_size; i = child) {
		child += child + 1 < heap_size &&
			 heap[child + 1].distance < heap[child].distance;
		if (heap[child].distance >= last.distance)
			break;
		heap[i] = heap[child];
	}
	heap[i] = last;
	return top;
}

static void look_from(struct candidate c)
{
	for (int k = 0; k < DEGREE; k++) {
		uint32_t to = edge[c.node][k].to, d = c.distance + edge[c.node][k].length;
		if (d < distance[to]) {
			distance[to] = d;
			push((struct candidate){ d, to });
		}
	}
}

static void search(uint32_t from)
{
	memset(distance, 0xff, sizeof(distance));
	distance[from] = 0;
	push((struct candidate){ 0, from });
	while (heap_size) {
		struct candidate c = pop();
		if (c.distance == distance[c.node])
			look_from(c);
	}
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 74), seed = 24;
	uint64_t check = 0;

	for (uint32_t i = 0; i < N * DEGREE; i++) {
		edge[i / DEGREE][i % DEGREE].to = bench_random(&seed) % N;
		edge[i / DEGREE][i % DEGREE].length = bench_random(&seed) % 1000 + 1;
	}
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		search(i % N);
		check = bench_mix_bytes(check, distance, sizeof(distance));
	}
	return bench_end(check);
}
