/*
 * automaton.c: many words at once with one automaton (Aho and Corasick): a load decides the
 * next load.
 */
#include "bench.h"

enum {
	SIZE = 1 << 16,
	LETTERS = 8,
	STATES_MAX = 256
};

static uint8_t text[SIZE];
static uint8_t next[STATES_MAX][LETTERS], back[STATES_MAX];
static uint32_t hits[STATES_MAX], states = 1;

static void add(uint32_t *seed)
{
	uint8_t state = 0;

	for (uint32_t n = bench_random(seed) % 4 + 4; n > 0 && states < STATES_MAX; n--) {
		uint8_t *to = &next[state][bench_random(seed) % LETTERS];
		if (!*to)
			*to = (uint8_t)states++;
		state = *to;
	}
	hits[state]++;
}

/* Breadth first: where a word goes on when this letter does not follow. */
static void connect(void)
{
	uint8_t queue[STATES_MAX];
	uint32_t head = 0, tail = 0;

	for (int k = 0; k < LETTERS; k++)
		if (next[0][k])
			queue[tail++] = next[0][k];
	while (head < tail) {
		uint8_t state = queue[head++];
		hits[state] += hits[back[state]];
		for (int k = 0; k < LETTERS; k++) {
			uint8_t to = next[state][k], other = next[back[state]][k];
			if (to) {
				back[to] = other;
				queue[tail++] = to;
			} else
				next[state][k] = other;
		}
	}
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 220), seed = 29;
	uint64_t check = 0;

	for (int i = 0; i < SIZE; i++)
		text[i] = bench_random(&seed) % LETTERS;
	while (states < STATES_MAX)
		add(&seed);
	connect();
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		uint8_t state = 0;
		for (int k = 0; k < SIZE; k++) {
			state = next[state][text[k]];
			check += hits[state];
		}
		check = bench_mix(check, state);
	}
	return bench_end(check);
}
