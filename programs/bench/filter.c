/* filter.c: a three by three blur of bytes, as image programs have it; for the vectoriser. */
#include "bench.h"

enum {
	ROWS = 256,
	COLUMNS = 256
};

static uint8_t picture[2][ROWS][COLUMNS];

static void blur(uint8_t (*restrict to)[COLUMNS], uint8_t (*restrict from)[COLUMNS])
{
	for (int i = 1; i < ROWS - 1; i++)
		for (int j = 1; j < COLUMNS - 1; j++) {
			const uint8_t *u = &from[i - 1][j], *h = &from[i][j],
				      *d = &from[i + 1][j];
			unsigned sum = u[-1] + 2u * u[0] + u[1] + 2u * h[-1] + 4u * h[0] +
				       2u * h[1] + d[-1] + 2u * d[0] + d[1];
			to[i][j] = (uint8_t)((sum + 8) / 16);
		}
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 1100), seed = 30;

	for (int i = 0; i < ROWS * COLUMNS; i++)
		picture[0][i / COLUMNS][i % COLUMNS] = (uint8_t)bench_random(&seed);
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		picture[i & 1][ROWS / 2][i % COLUMNS] = 255;
		blur(picture[~i & 1], picture[i & 1]);
	}
	return bench_end(bench_mix_bytes(0, picture[work & 1], sizeof(picture[0])));
}
