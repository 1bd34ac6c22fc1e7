/*
 * builds.h: how long the making of each object took, and when it was made: what the object
 * itself does not say, because the same input gives the same bytes. Kept in the database, so
 * that it is known after a restart; lost, it is only not shown. At most BUILDS_MAX; beyond, the
 * oldest go.
 */
#pragma once

#include "ipc/hash.h"
#include "supervisor/compiling/tiers.h"
#include "supervisor/decisions/database.h"

#define BUILDS_MAX 4096u

struct build_note {
	struct hash key, program;
	enum object_tier tier;
	uint64_t build_ms, bytes; /* bytes of the object */
	int64_t built_ms;         /* since 1970 */
};

struct builds;
/* Reads them: blocks, so before the loop turns. */
int builds_open(
	struct database *database, struct builds **out, char why[DATABASE_WHY_SIZE]) MUST_USE;
/* After offload_free(). Returns NULL. */
struct builds *builds_close(struct builds *builds);

const struct build_note *builds_find(const struct builds *builds, const struct hash *key);
/* In memory at once, on disk soon; that it may not get there is logged. */
void builds_note(struct builds *builds, const struct build_note *note);
void builds_forget(struct builds *builds, const struct hash *program);
