/*
 * ruling.h: the user's decisions as rsd holds them: the database, what was read from it, who
 * changes it (keeper.h) and what follows from it for the workers (policy.h). It owns them.
 */
#pragma once

#include "supervisor/compiling/programs.h"
#include "supervisor/decisions/keeper.h"
#include "supervisor/decisions/policy.h"
#include "supervisor/processes/roster.h"
#include "supervisor/workers/workers.h"

#define RULING_FILE "redshirt.db" /* in the state folder */

struct ruling {
	struct database *database;
	struct grants *grants;
	struct names *names;
	struct keeper *keeper;
	struct policy policy;
	/* ruling.c's own */
	struct workers *workers;
	const struct roster *roster;
	const struct programs *programs;
	uint32_t followers;
	void (*changed)(void *context, const struct hash *interface);
	void *context;
};

/* Blocks, so before the loop turns. What has no answer in the rows, `missing` says. Answers and
 * why as of database_open(). */
int ruling_open(const char *path, struct offload *offload, struct events *events,
	enum policy_missing missing, struct ruling **out, char why[DATABASE_WHY_SIZE]) MUST_USE;
/* After offload_free(). Returns NULL. */
struct ruling *ruling_close(struct ruling *ruling);

/* From now on the workers ask it. All three outlive the workers' last question. Before the
 * first process. */
void ruling_begin(struct ruling *ruling, struct workers *workers, const struct roster *roster,
	const struct programs *programs);

/* Who else is told when a decision has changed, after the workers: the questions (asking.h).
 * NULL: nobody. */
void ruling_tell(struct ruling *ruling,
	void (*changed)(void *context, const struct hash *interface), void *context);

/* Somebody is there, or goes, who is asked about every process. */
void ruling_follow(struct ruling *ruling, bool begins);
