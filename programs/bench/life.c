/* life.c: Conway's game of life on a torus, one byte a cell: a stencil of small integers. */
#include "bench.h"

enum {
	ROWS = 256,
	COLUMNS = 256
};

static uint8_t board[2][ROWS][COLUMNS];

static void step(uint8_t (*to)[COLUMNS], uint8_t (*from)[COLUMNS])
{
	for (unsigned i = 0; i < ROWS; i++) {
		const uint8_t *up = from[(i - 1) % ROWS], *here = from[i];
		const uint8_t *down = from[(i + 1) % ROWS];
		for (unsigned j = 0; j < COLUMNS; j++) {
			unsigned left = (j - 1) % COLUMNS, right = (j + 1) % COLUMNS;
			unsigned n = up[left] + up[j] + up[right] + here[left] + here[right] +
				     down[left] + down[j] + down[right];
			to[i][j] = n == 3 || (n == 2 && here[j]);
		}
	}
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 100), seed = 4;

	for (int i = 0; i < ROWS * COLUMNS; i++)
		board[0][i / COLUMNS][i % COLUMNS] = bench_random(&seed) % 3 == 0;
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		step(board[~i & 1], board[i & 1]);
	return bench_end(bench_mix_bytes(0, board[work & 1], sizeof(board[0])));
}
