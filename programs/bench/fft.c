/* fft.c: the fast Fourier transform of Cooley and Tukey, radix 2, in place. */
#include <math.h>

#include "bench.h"

enum {
	LOG = 12,
	N = 1 << LOG
};

static double re[N], im[N], turn_re[N / 2], turn_im[N / 2];

/* The N-th roots of 1 from square roots alone: half of an angle, then sums of angles. */
static void make_turns(void)
{
	double c = -1, s = 0;

	turn_re[0] = 1;
	for (int step = N / 2; step >= 1; step /= 2) {
		for (int i = step; i < N / 2; i += 2 * step) {
			turn_re[i] = turn_re[i - step] * c - turn_im[i - step] * s;
			turn_im[i] = turn_re[i - step] * s + turn_im[i - step] * c;
		}
		s = sqrt((1 - c) / 2);
		c = sqrt((1 + c) / 2);
	}
}

static void reorder(void)
{
	for (uint32_t i = 0, j = 0; i < N; i++) {
		if (i < j) {
			double r = re[i], m = im[i];
			re[i] = re[j];
			im[i] = im[j];
			re[j] = r;
			im[j] = m;
		}
		uint32_t bit = N / 2;
		for (; j & bit; bit /= 2)
			j ^= bit;
		j |= bit;
	}
}

static void transform(void)
{
	reorder();
	for (int half = 1; half < N; half *= 2)
		for (int at = 0; at < N; at += 2 * half)
			for (int i = 0; i < half; i++) {
				int a = at + i, b = a + half, t = i * (N / 2 / half);
				double r = re[b] * turn_re[t] - im[b] * turn_im[t];
				double m = re[b] * turn_im[t] + im[b] * turn_re[t];
				re[b] = re[a] - r;
				im[b] = im[a] - m;
				re[a] += r;
				im[a] += m;
			}
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 640), seed = 19;
	uint64_t check = 0;

	make_turns();
	for (int i = 0; i < N; i++)
		re[i] = bench_random_double(&seed);
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		transform();
		for (int k = 0; k < N; k++) {
			re[k] *= 1.0 / 64;
			im[k] *= 1.0 / 64;
		}
	}
	for (int i = 0; i < N; i += 61)
		check = bench_mix_double(bench_mix_double(check, re[i]), im[i]);
	return bench_end(check);
}
