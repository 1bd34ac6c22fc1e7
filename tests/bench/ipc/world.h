/*
 * world.h: the place where rows are measured: all processes on one core or wherever the kernel
 * puts them, an rsd of its own with the handlers that the rows talk to, and lanes that are open
 * and idle. What cannot be set up fails the program (tests/e2e/run.h); a row that cannot be
 * measured only says why.
 */
#pragma once

#include "tests/bench/ipc/rows.h"

/*
 * As many idle lanes as the target says or as there may be; the handler's own lane to rsd and
 * those of two clients that measure and count are not among them.
 */
#define WORLD_LANES      1000u
#define WORLD_LANES_KEPT 3u

void world_begin(enum place place);
void world_end(void);
uint32_t world_lanes(void); /* that are open and idle */

#define WORLD_REASON_MAX 200
struct measured {
	double p50, p99, p999;         /* ns */
	double per_second;             /* 0: means nothing here */
	char reason[WORLD_REASON_MAX]; /* "": it was measured; otherwise why not */
};
void world_measure(const struct row *row, uint32_t ms, struct measured *out);
