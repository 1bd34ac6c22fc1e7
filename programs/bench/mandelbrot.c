/*
 * mandelbrot.c: how long points of the plane stay near under z^2 + c: one chain of double
 * operations.
 */
#include "bench.h"

enum {
	SIDE = 64,
	STEPS = 200
};

static uint32_t steps_of(double cr, double ci)
{
	double r = 0, i = 0, rr = 0, ii = 0;
	uint32_t n = 0;

	for (; n < STEPS && rr + ii <= 4; n++) {
		i = 2 * r * i + ci;
		r = rr - ii + cr;
		rr = r * r;
		ii = i * i;
	}
	return n;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 51);
	uint64_t check = 0;

	bench_begin();
	for (uint32_t k = 0; k < work; k++)
		for (int y = 0; y < SIDE; y++)
			for (int x = 0; x < SIDE; x++)
				check = bench_mix(
					check, steps_of(3.0 * x / SIDE - 2.0,
						       2.0 * y / SIDE - 1.0 + k * 0.001));
	return bench_end(check);
}
