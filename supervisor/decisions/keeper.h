/*
 * keeper.h: changes what the user decided: on disk first, then in memory (grants.h, names.h),
 * then for those who run: they are looked at again before done() is called. Nothing is changed
 * when the disk does not take it.
 */
#pragma once

#include "supervisor/decisions/database.h"
#include "supervisor/decisions/grants.h"
#include "supervisor/decisions/names.h"
#include "supervisor/events.h"

#define KEEPER_ROWS_MAX 64u /* of one change */

struct keeper;

struct keeper_parts { /* all outlive it */
	struct database *database;
	struct grants *grants;
	struct names *names;
	struct events *events;
	/* Who runs is to be looked at again; interface NULL: all of them. */
	void *context;
	void (*changed)(void *context, const struct hash *interface);
};

/* Builds in the basic interfaces and reads the database into grants and names: blocks. Answers
 * and why as of database_load(). */
int keeper_new(const struct keeper_parts *parts, struct keeper **out,
	char why[DATABASE_WHY_SIZE]) MUST_USE;
struct keeper *keeper_free(struct keeper *keeper); /* returns NULL; no change is under way */

/* One change, all of it or nothing. done() is called exactly once if the call answered 0, also
 * when who asked for it has gone meanwhile: so it and its context must last. result: 0 or
 * -errno. done may be NULL. */
typedef void (*keeper_done)(void *context, int result);

enum {
	KEEPER_FULL = 1, /* as many rows or names as may be, or too much is under way */
	KEEPER_BAD_NAME, /* see names.h */
	KEEPER_OF_HOST,
};
/* since_ms is set here; built_in is not looked at. */
int keeper_grant(struct keeper *keeper, const struct grants_row *rows, size_t n,
	keeper_done done, void *context) MUST_USE;
int keeper_revoke(struct keeper *keeper, const struct grants_key *keys, size_t n,
	keeper_done done, void *context) MUST_USE;
int keeper_teach(struct keeper *keeper, const struct hash *interface, const char *name,
	keeper_done done, void *context) MUST_USE;
int keeper_forget(struct keeper *keeper, const struct hash *interface, keeper_done done,
	void *context) MUST_USE;
