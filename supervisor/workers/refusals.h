/*
 * refusals.h: what a process was refused, as events say it. Each kind is an event the first
 * time only: who tries again and again fills no ring and no log with it. How often it was
 * stands in the counters of ps and inspect.
 */
#pragma once

#include "supervisor/decisions/names.h"
#include "supervisor/events.h"
#include "supervisor/workers/workers.h"

/* told: a bit for each kind that was said of this process; 0 at first. interface may be NULL.
 */
struct refusals_of {
	uint64_t process;
	const struct hash *program;
	uint32_t *told;
};
void refusals_say(struct events *events, const struct names *names,
	const struct refusals_of *of, enum workers_refusal kind, const struct hash *interface);
