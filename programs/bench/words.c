/* words.c: splitting text into words and counting each in a trie of 26 children a node. */
#include "bench.h"

enum {
	SIZE = 1 << 16,
	NODES_MAX = 20000
};

static char text[SIZE + 1];
static struct {
	uint32_t child[26], count;
} node[NODES_MAX];
static uint32_t nodes;

static uint32_t child_of(uint32_t n, char letter)
{
	uint32_t *child = &node[n].child[(letter | 0x20) - 'a'];

	if (!*child && nodes < NODES_MAX)
		*child = nodes++;
	return *child;
}

static int is_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static uint32_t count_words(void)
{
	uint32_t words = 0;

	for (const char *at = text; *at; words++) {
		uint32_t n = 1;
		while (*at && !is_letter(*at))
			at++;
		for (; is_letter(*at); at++)
			n = child_of(n, *at);
		node[n].count++;
	}
	return words;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 76), seed = 17;
	uint64_t check = 0;

	for (uint32_t i = 0; i < SIZE; i++) {
		uint32_t x = bench_random(&seed);
		text[i] = x % 6 ? (char)((x & 0x100 ? 'a' : 'A') +
					  (x >> 16) % ((x >> 9) % 26 + 1) % 9)
				: " ,.\n"[x >> 30];
	}
	nodes = 2; /* 0: none; 1: no letter yet */
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		check = bench_mix(check, count_words());
	for (uint32_t i = 0; i < nodes; i++)
		check += node[i].count * i;
	return bench_end(check);
}
