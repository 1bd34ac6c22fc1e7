/* heat.c: heat on a plate, a five-point stencil between two grids (Jacobi's method). */
#include "bench.h"

enum {
	ROWS = 256,
	COLUMNS = 256
};

static double grid[2][ROWS][COLUMNS];

static void step(double (*to)[COLUMNS], double (*from)[COLUMNS])
{
	for (int i = 1; i < ROWS - 1; i++)
		for (int j = 1; j < COLUMNS - 1; j++)
			to[i][j] = 0.2 * (from[i][j] + from[i - 1][j] + from[i + 1][j] +
						 from[i][j - 1] + from[i][j + 1]);
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 990);
	uint64_t check = 0;

	for (int j = 0; j < COLUMNS; j++)
		grid[0][0][j] = grid[1][0][j] = j * 0.25;
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		step(grid[~i & 1], grid[i & 1]);
	for (int i = 0; i < ROWS; i++)
		check = bench_mix_double(check, grid[work & 1][i][i % COLUMNS]);
	return bench_end(check);
}
