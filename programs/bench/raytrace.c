/* raytrace.c: rays that meet spheres, with mirrors: small structures by value, square roots. */
#include <math.h>

#include "bench.h"

enum {
	SIDE = 64,
	SPHERES = 12,
	BOUNCES = 4
};

struct vector {
	double x, y, z;
};

static struct {
	struct vector centre;
	double radius, colour;
} sphere[SPHERES];

static struct vector along(struct vector from, struct vector to, double t)
{
	return (struct vector){ from.x + to.x * t, from.y + to.y * t, from.z + to.z * t };
}

static double dot(struct vector a, struct vector b)
{
	return a.x * b.x + a.y * b.y + a.z * b.z;
}

/* The distance, or a huge one. */
static double meet(int i, struct vector from, struct vector to)
{
	struct vector d = along(sphere[i].centre, from, -1);
	double b = dot(d, to), c = dot(d, d) - sphere[i].radius * sphere[i].radius;
	double square = b * b - c, root = square > 0 ? sqrt(square) : -1;
	double t = b - root > 1e-6 ? b - root : b + root;

	return square > 0 && t > 1e-6 ? t : 1e9;
}

static double light(struct vector from, struct vector to)
{
	double share = 1, sum = 0;

	for (int bounce = 0; bounce < BOUNCES; bounce++) {
		double nearest = 1e9;
		int hit = 0;
		for (int i = 0; i < SPHERES; i++) {
			double t = meet(i, from, to);
			if (t < nearest) {
				nearest = t;
				hit = i;
			}
		}
		if (nearest >= 1e9)
			return sum + share * (0.5 + 0.5 * to.y);
		from = along(from, to, nearest);
		struct vector out = along(from, sphere[hit].centre, -1);
		out = along((struct vector){ 0, 0, 0 }, out, 1 / sphere[hit].radius);
		to = along(to, out, -2 * dot(to, out));
		sum += share * sphere[hit].colour * 0.5;
		share *= 0.5;
	}
	return sum;
}

int main(int argc, char **argv)
{
	uint32_t work = bench_work(argc, argv, 70), seed = 20;
	uint64_t check = 0;

	for (int i = 0; i < SPHERES; i++) {
		sphere[i].centre = (struct vector){ 4 * bench_random_double(&seed) - 2,
			4 * bench_random_double(&seed) - 2,
			4 + 3 * bench_random_double(&seed) };
		sphere[i].radius = 0.3 + 0.5 * bench_random_double(&seed);
		sphere[i].colour = bench_random_double(&seed);
	}
	bench_begin();
	for (uint32_t k = 0; k < work; k++)
		for (int i = 0; i < SIDE * SIDE; i++) {
			double x = 2.0 * (i % SIDE) / SIDE - 1, y = 2.0 * (i / SIDE) / SIDE - 1;
			double s = 1 / sqrt(x * x + y * y + 1);
			struct vector eye = { 0.01 * k, 0, 0 }, to = { x * s, y * s, s };
			check = bench_mix_double(check, light(eye, to));
		}
	return bench_end(check);
}
