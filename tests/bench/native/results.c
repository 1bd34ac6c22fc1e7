#include "tests/bench/native/results.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double results_median(double *values, uint32_t count)
{
	if (count == 0)
		return NAN;
	qsort(values, count, sizeof(*values), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

double results_ms(const struct program *program, enum way way)
{
	double values[RESULTS_ROUNDS_MAX];

	memcpy(values, program->cells[way].ns, sizeof(values));
	return results_median(values, program->cells[way].rounds) / 1e6;
}

double results_ratio(const struct program *program, enum way way, enum way other)
{
	const struct cell *a = &program->cells[way], *b = &program->cells[other];
	uint32_t rounds = a->rounds < b->rounds ? a->rounds : b->rounds;
	double values[RESULTS_ROUNDS_MAX];

	for (uint32_t i = 0; i < rounds; i++)
		values[i] = a->ns[i] / b->ns[i];
	return results_median(values, rounds);
}

double results_ratio_to_native(const struct program *program, enum way way)
{
	return fmax(results_ratio(program, way, WAY_GCC),
		results_ratio(program, way, WAY_CLANG)); /* of one that is missing: the other */
}

double results_start_ratio(const struct program *program)
{
	double values[RESULTS_ROUNDS_MAX];

	for (uint32_t i = 0; i < program->starts; i++)
		values[i] = program->start_ns[1][i] / program->start_ns[0][i];
	return results_median(values, program->starts);
}

double results_spread(const struct program *program, enum way way)
{
	const struct cell *cell = &program->cells[way];
	double low = INFINITY, high = 0;

	for (uint32_t i = 0; i < cell->rounds; i++) {
		low = fmin(low, cell->ns[i]);
		high = fmax(high, cell->ns[i]);
	}
	return cell->rounds ? (high - low) / (results_ms(program, way) * 1e6) : NAN;
}

static void add(struct mean *mean, const char *name, double ratio)
{
	if (isnan(ratio))
		return;
	mean->value += log(ratio);
	mean->count++;
	if (!(ratio <= mean->worst)) {
		mean->worst = ratio;
		mean->worst_name = name;
	}
}

static struct mean finish(struct mean mean)
{
	mean.value = mean.count ? exp(mean.value / mean.count) : NAN;
	return mean;
}

struct mean results_mean(const struct results *results, enum way way, enum way other)
{
	struct mean mean = { .worst = NAN };

	for (uint32_t i = 0; i < results->count; i++)
		add(&mean, results->programs[i].name,
			results_ratio(&results->programs[i], way, other));
	return finish(mean);
}

struct mean results_mean_to_native(const struct results *results, enum way way)
{
	struct mean mean = { .worst = NAN };

	for (uint32_t i = 0; i < results->count; i++)
		add(&mean, results->programs[i].name,
			results_ratio_to_native(&results->programs[i], way));
	return finish(mean);
}

double results_mean_build_s(const struct results *results, enum way way)
{
	struct mean mean = { .worst = NAN };

	for (uint32_t i = 0; i < results->count; i++) {
		double s = results->programs[i].cells[way].compile_s;
		add(&mean, results->programs[i].name, s > 0 ? s : NAN);
	}
	return finish(mean).value;
}

double results_mean_object(const struct results *results, enum way way)
{
	struct mean mean = { .worst = NAN };

	for (uint32_t i = 0; i < results->count; i++) {
		double bytes = results->programs[i].cells[way].object_bytes;
		add(&mean, results->programs[i].name, bytes > 0 ? bytes : NAN);
	}
	return finish(mean).value;
}

static double of_one(const struct program *program, const struct target *target)
{
	return target->opponent == OPPONENT_NATIVE
		       ? results_ratio_to_native(program, target->way)
		       : results_ratio(program, target->way, target->other);
}

double results_of_target(const struct results *results, const struct target *target)
{
	struct mean mean = target->opponent == OPPONENT_NATIVE
				   ? results_mean_to_native(results, target->way)
				   : results_mean(results, target->way, target->other);

	if (!target->program)
		return mean.value;
	if (!*target->program)
		return mean.worst;
	for (uint32_t i = 0; i < results->count; i++)
		if (strcmp(results->programs[i].name, target->program) == 0)
			return of_one(&results->programs[i], target);
	return NAN;
}
