/*
 * results.h: what was measured, program by program and way by way. Every number is the median
 * over the rounds; every ratio is the median of the rounds' ratios, because only what was
 * measured side by side can be compared. What is missing is NAN, and a mean leaves it out.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ipc/hash.h"
#include "tests/bench/native/ways.h"

#define RESULTS_ROUNDS_MAX   25u
#define RESULTS_PROGRAMS_MAX 256u
#define RESULTS_REASON_SIZE  160u

struct cell {
	char reason[RESULTS_REASON_SIZE]; /* "": it can be measured */
	bool differs;                     /* its output is not what the first way's is */
	uint32_t rounds;                  /* that were measured; a slow way has one */
	double ns[RESULTS_ROUNDS_MAX];
	double compile_s; /* of ours, as the next one; 0: not compiled */
	double object_bytes;
};

struct program {
	const char *name;
	struct hash output;
	bool has_output;
	uint32_t starts;
	double start_ns[2][RESULTS_ROUNDS_MAX]; /* no work at all: the first way, ours */
	struct cell cells[WAYS];
};

struct results {
	bool of_suite;
	uint32_t rounds;
	double load_before, load_after;
	const char *absent[WAYS]; /* NULL: it was there */
	uint32_t count;
	struct program programs[RESULTS_PROGRAMS_MAX];
};

double results_median(double *values, uint32_t count); /* sorts them */
double results_ms(const struct program *program, enum way way);
double results_ratio(const struct program *program, enum way way, enum way other);
double results_ratio_to_native(const struct program *program, enum way way);
double results_start_ratio(const struct program *program);
/* How far the rounds lie apart: says how much the machine was disturbed. */
double results_spread(const struct program *program, enum way way);

struct mean {
	double value, worst; /* geometric; NAN: of nothing */
	const char *worst_name;
	uint32_t count;
};
struct mean results_mean(const struct results *results, enum way way, enum way other);
struct mean results_mean_to_native(const struct results *results, enum way way);

/* Geometric means over what was compiled. */
double results_mean_build_s(const struct results *results, enum way way);
double results_mean_object(const struct results *results, enum way way); /* in bytes */

/* NAN: it could not be measured. */
double results_of_target(const struct results *results, const struct target *target);
