/*
 * rows.h: what is measured, and what it has to be. A row is a command line that prints the line
 * of laps.h; a target compares a row with another one of the same round, or with a number.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum place { /* where all processes of a row run */
	PLACE_ONE_CORE,
	PLACE_FREE,
	PLACES
};
extern const char *const rows_places[PLACES];

enum group {
	GROUP_BASE, /* what the machine can do */
	GROUP_OURS,
	GROUP_PEER,
	GROUPS
};
extern const char *const rows_groups[GROUPS];

struct row {
	const char *name;
	enum group group;
	uint32_t bytes;      /* of a request; 0: no bytes are carried */
	unsigned skipped;    /* bit p: not at place p */
	const char *command; /* for sh, without single quotes; $ms: how long. NULL: the death of
				a handler, see world.h */
	const char *needs;   /* of a peer: what is missing when it is not there */
};
extern const struct row rows_all[];
extern const size_t rows_count;

enum measure {
	MEASURE_P50, /* at most; microseconds, or times another's */
	MEASURE_P99,
	MEASURE_RATE,  /* at least; per second, or times another's */
	MEASURE_SPEED, /* at least so many times as fast as another, by p50 */
};

struct target {
	const char *row;
	enum measure measure;
	double bound;
	const char *against; /* a row; NULL: the bound is absolute */
};
extern const struct target rows_targets[];
extern const size_t rows_targets_count;

size_t rows_find(const char *name);
