/* simd_matrix.c: many products of 4 by 4 matrices of floats, a row at a time, by hand. */
#include "simd.h"

enum {
	COUNT = 512
};

static float matrices[COUNT][4][4];

static void multiply(float (*to)[4], float (*a)[4], float (*b)[4])
{
	simd row[4], result[4];

	for (int i = 0; i < 4; i++)
		row[i] = simd_load(b[i]);
	for (int i = 0; i < 4; i++) {
		result[i] = SIMD_F32_MUL(SIMD_F32_SPLAT(a[i][0]), row[0]);
		for (int k = 1; k < 4; k++)
			result[i] = SIMD_F32_ADD(
				result[i], SIMD_F32_MUL(SIMD_F32_SPLAT(a[i][k]), row[k]));
	}
	for (int i = 0; i < 4; i++)
		simd_store(to[i], result[i]);
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 8100), seed = 31;

	for (int i = 0; i < COUNT * 16;
		i++) /* rows that add up to less than 1: nothing grows */
		matrices[i / 16][i / 4 % 4][i % 4] = (float)(bench_random_double(&seed) / 4);
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		for (uint32_t k = 0; k < COUNT; k++) {
			multiply(matrices[k], matrices[(k + 1) % COUNT],
				matrices[(k + 7) % COUNT]);
			matrices[k][k % 4][i % 4] += 0.125f;
		}
	return bench_end(bench_mix_bytes(0, matrices, sizeof(matrices)));
}
