/* nbody.c: bodies that attract each other, moved by the leapfrog method (Verlet). */
#include <math.h>

#include "bench.h"

enum {
	BODIES = 6
};

static struct body {
	double x[3], v[3], mass;
} body[BODIES];

static void attract(struct body *a, struct body *b, double dt)
{
	double d[3], square = 0.01;

	for (int i = 0; i < 3; i++) {
		d[i] = a->x[i] - b->x[i];
		square += d[i] * d[i];
	}
	double pull = dt / (square * sqrt(square));
	for (int i = 0; i < 3; i++) {
		a->v[i] -= d[i] * b->mass * pull;
		b->v[i] += d[i] * a->mass * pull;
	}
}

static void step(double dt)
{
	for (int i = 0; i < BODIES; i++)
		for (int j = i + 1; j < BODIES; j++)
			attract(&body[i], &body[j], dt);
	for (int i = 0; i < BODIES; i++)
		for (int k = 0; k < 3; k++)
			body[i].x[k] += dt * body[i].v[k];
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 240000), seed = 18;
	uint64_t check = 0;

	for (int i = 0; i < BODIES; i++) {
		body[i].mass = i ? 0.01 : 1;
		for (int k = 0; k < 3 && i; k++) {
			body[i].x[k] = 4 * bench_random_double(&seed) - 2;
			body[i].v[k] = bench_random_double(&seed) - 0.5;
		}
	}
	bench_begin();
	for (uint32_t i = 0; i < work; i++)
		step(0.001);
	for (int i = 0; i < BODIES; i++)
		check = bench_mix_double(check, body[i].x[i % 3]);
	return bench_end(check);
}
