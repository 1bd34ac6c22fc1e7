/*
 * huffman.c: Huffman's code: counts, the tree by two queues, bits out and bits back through it.
 */
#include "bench.h"

enum {
	SIZE = 1 << 15,
	SYMBOLS = 64
};

static uint8_t text[SIZE], bits[2 * SIZE], back[SIZE];
static struct {
	uint32_t count;
	uint16_t child[2], parent; /* 0: a leaf; its symbol is its number */
	uint8_t side;
} node[2 * SYMBOLS];
static uint32_t code[SYMBOLS];
static uint8_t length[SYMBOLS];

/* The rarest of those that have no parent. */
static uint16_t take_rarest(uint16_t nodes)
{
	uint16_t best = 0;

	for (uint16_t i = 1; i <= nodes; i++)
		if (!node[i].parent && (!best || node[i].count < node[best].count))
			best = i;
	return best;
}

static uint16_t make_tree(void)
{
	uint16_t top = SYMBOLS;

	memset(node, 0, sizeof(node));
	for (int i = 0; i < SYMBOLS; i++)
		node[i + 1].count = 1;
	for (int i = 0; i < SIZE; i++)
		node[text[i] + 1].count++;
	while (top < 2 * SYMBOLS - 1) {
		top++;
		node[top].parent = top; /* not a candidate yet */
		for (uint8_t side = 0; side < 2; side++) {
			uint16_t child = take_rarest(top);
			node[top].child[side] = child;
			node[top].count += node[child].count;
			node[child].parent = top;
			node[child].side = side;
		}
		node[top].parent = 0;
	}
	return top;
}

static void make_codes(uint16_t top)
{
	for (uint16_t i = 0; i < SYMBOLS; i++) {
		code[i] = length[i] = 0;
		for (uint16_t n = i + 1; n != top; n = node[n].parent)
			code[i] |= (uint32_t)node[n].side << length[i]++;
	}
}

static uint32_t encode(void)
{
	uint32_t at = 0;

	memset(bits, 0, sizeof(bits));
	for (int i = 0; i < SIZE; i++)
		for (int b = length[text[i]] - 1; b >= 0; b--, at++)
			bits[at / 8] |= (uint8_t)((code[text[i]] >> b & 1) << at % 8);
	return at;
}

static void decode(uint16_t top)
{
	uint32_t at = 0;

	for (int i = 0; i < SIZE; i++) {
		uint16_t n = top;
		for (; node[n].child[0]; at++)
			n = node[n].child[bits[at / 8] >> at % 8 & 1];
		back[i] = (uint8_t)(n - 1);
	}
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 20), seed = 13;
	uint64_t check = 0;

	for (int i = 0; i < SIZE; i++) {
		uint32_t x = bench_random(&seed);
		text[i] = (uint8_t)(__builtin_ctz(x | 1u << 11) * 5 + (x >> 20) % 5);
	}
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		text[i % SIZE] = (uint8_t)(i % SYMBOLS);
		uint16_t top = make_tree();
		make_codes(top);
		check = bench_mix(check, encode());
		decode(top);
		check += memcmp(text, back, SIZE) != 0;
	}
	return bench_end(bench_mix_bytes(check, bits, SIZE / 4));
}
