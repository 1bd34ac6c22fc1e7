/*
 * distance.c: how many edits lie between two words (Wagner and Fischer): a table, row after
 * row.
 */
#include "bench.h"

enum {
	N = 600
};

static uint8_t a[N], b[N];

static uint32_t least(uint32_t x, uint32_t y)
{
	return x < y ? x : y;
}

static uint32_t edits(void)
{
	static uint32_t row[N + 1];

	for (uint32_t j = 0; j <= N; j++)
		row[j] = j;
	for (uint32_t i = 1; i <= N; i++) {
		uint32_t corner = row[0];
		row[0] = i;
		for (uint32_t j = 1; j <= N; j++) {
			uint32_t change = corner + (a[i - 1] != b[j - 1]);
			corner = row[j];
			row[j] = least(change, least(row[j - 1], row[j]) + 1);
		}
	}
	return row[N];
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 28), seed = 26;
	uint64_t check = 0;

	for (int i = 0; i < N; i++) {
		a[i] = bench_random(&seed) % 4;
		b[i] = bench_random(&seed) % 3 ? a[i] : 3;
	}
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		b[i % N] ^= 1;
		check = bench_mix(check, edits());
	}
	return bench_end(check);
}
