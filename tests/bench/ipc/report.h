/*
 * report.h: what was measured, as a table for people and as JSON for programs. Every number is
 * the median over the rounds; every ratio is the median of the rounds' ratios, because only
 * what was measured side by side can be compared.
 */
#pragma once

#include <stdio.h>

#include "tests/bench/ipc/world.h"

#define REPORT_ROUNDS_MAX 25u
#define REPORT_ROWS_MAX   64u

struct report_row {
	struct measured rounds[REPORT_ROUNDS_MAX];
	char reason[WORLD_REASON_MAX]; /* "": all rounds were measured */
};

struct report_place {
	uint32_t rounds, lanes;
	double load; /* average when it began: others that use the machine */
	struct report_row rows[REPORT_ROWS_MAX];
};

struct report {
	uint32_t ms; /* of each measurement */
	struct report_place places[PLACES];
};

void report_print(const struct report *report, FILE *out);
/* 0, -errno. */
int report_write(const struct report *report, const char *path);
