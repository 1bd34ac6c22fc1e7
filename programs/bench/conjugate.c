/*
 * conjugate.c: the conjugate gradient method (Hestenes and Stiefel) on a sparse matrix in
 * compressed rows: loads through an index, sums, and long vectors.
 */
#include "bench.h"

enum {
	STEPS = 50, /* then it is near enough, and begins anew */
	SIDE = 64,
	N = SIDE * SIDE,
	PER_ROW = 5
};

static uint32_t row[N + 1], column[N * PER_ROW];
static double value[N * PER_ROW], b[N], x[N], r[N], p[N], q[N];

static void add(uint32_t *at, uint32_t to, double what)
{
	column[*at] = to;
	value[(*at)++] = what;
}

/* The Laplacian of a square. */
static void make_matrix(void)
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < N; i++) {
		row[i] = at;
		if (i >= SIDE)
			add(&at, i - SIDE, -1);
		if (i % SIDE)
			add(&at, i - 1, -1);
		add(&at, i, 4.01);
		if ((i + 1) % SIDE)
			add(&at, i + 1, -1);
		if (i + SIDE < N)
			add(&at, i + SIDE, -1);
	}
	row[N] = at;
}

static void multiply(double *out, const double *in)
{
	for (uint32_t i = 0; i < N; i++) {
		double sum = 0;
		for (uint32_t k = row[i]; k < row[i + 1]; k++)
			sum += value[k] * in[column[k]];
		out[i] = sum;
	}
}

static double dot(const double *a, const double *b)
{
	double sum = 0;

	for (uint32_t i = 0; i < N; i++)
		sum += a[i] * b[i];
	return sum;
}

static double step(double rr)
{
	multiply(q, p);
	double alpha = rr / dot(p, q);
	for (uint32_t i = 0; i < N; i++) {
		x[i] += alpha * p[i];
		r[i] -= alpha * q[i];
	}
	double next = dot(r, r), beta = next / rr;
	for (uint32_t i = 0; i < N; i++)
		p[i] = r[i] + beta * p[i];
	return next;
}

static double solve(void)
{
	memset(x, 0, sizeof(x));
	memcpy(r, b, sizeof(r));
	memcpy(p, b, sizeof(p));
	double rr = dot(r, r);
	for (int i = 0; i < STEPS; i++)
		rr = step(rr);
	return rr;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 33), seed = 3;
	uint64_t check = 0;

	make_matrix();
	for (uint32_t i = 0; i < N; i++)
		b[i] = bench_random_double(&seed);
	bench_begin();
	for (uint32_t i = 0; i < work; i++) {
		b[i % N] += 1;
		check = bench_mix_double(check, solve());
	}
	return bench_end(bench_mix_double(check, x[N / 3]));
}
