/*
 * compile.h: from a program to its object: the shelf first, then the cache, then aotc. One
 * compile per key whoever asks, COMPILE_PARALLEL_MAX at a time; refusals are remembered.
 *
 * A program has an object for each tier (tiers.h). Who just wants to run it gets the best that
 * is there; if none is, the quick one is made, and whenever a lesser one than the best was
 * given away, the best is made behind it: one at a time, only while nobody waits for another,
 * at low priority, whether or not who caused it still lives. It is used from the next start.
 *
 * A want is its owner's memory until ready() was called or compile_drop(). ready() may be
 * called before compile_get() returns.
 */
#pragma once

#include "cache/objects.h"
#include "cache/store.h"
#include "supervisor/compiling/builder.h"
#include "supervisor/compiling/builds.h"
#include "supervisor/compiling/compiler.h"
#include "supervisor/compiling/lookup.h"
#include "supervisor/compiling/shelf.h"
#include "supervisor/compiling/tiers.h"
#include "supervisor/events.h"
#include "supervisor/offload.h"
#include "supervisor/priority.h"

#define COMPILE_PARALLEL_MAX 2u /* aotc itself uses several cores */
#define COMPILE_JOBS_MAX     256u
#define COMPILE_BEHIND_MAX   64u       /* of these; what is beyond waits for its next start */
#define COMPILE_VAIN_MAX     64u       /* remembered builds that nobody waited for and failed */
#define COMPILE_CACHE_BYTES  (8 * GIB) /* of objects on disk; beyond, the oldest go */

enum compile_outcome {
	COMPILE_DONE,
	COMPILE_REFUSED, /* the module breaks a rule */
	COMPILE_FAILED,  /* something here broke: disk, compiler, limits */
	COMPILE_MISSING, /* the program is not in the store (any more) */
};

struct compile_job;
struct compile_want {
	struct hash program;
	enum tiers_quality quality;
	/* object: yours to hold, when DONE. why: for people, otherwise. */
	void (*ready)(struct compile_want *want, enum compile_outcome outcome,
		struct shelf_object *object, const char *why);
	/* compile.c's own */
	struct compile_want *next, *previous; /* NULL: nothing is wanted */
	struct compile_job *job;              /* NULL: the toolchain's id is not known yet */
};

/* Who keeps profiles of programs: what is asked of him. Without him no program has one. */
struct compile_profiles {
	void *context;
	/* The hash of a program's profile, which is part of the key; false: it has none. */
	bool (*hash)(void *context, const struct hash *program, struct hash *out);
	/* A descriptor that stands where aotc is to read it from. */
	int (*file)(void *context, const struct hash *program, int *fd);
};

struct compile;
struct compile_parts { /* what it works with; all outlive it */
	struct loop *loop;
	struct offload *offload;
	struct store *store;
	struct objects *objects;
	struct shelf *shelf;
	struct events *events;
	struct builds *builds;
	int refused; /* folder of refused.h */
	struct compiler_way way;
	bool no_quick; /* nothing is ever made in the quick tier */
	struct compile_profiles profiles;
};

int compile_new(const struct compile_parts *parts, struct compile **out) MUST_USE;
/* After offload_free() and all wants. Kills what compiles. Returns NULL. */
struct compile *compile_free(struct compile *compile);

/* program, quality and ready are set. Always ends in ready(), unless it is dropped before. */
void compile_get(struct compile *compile, struct compile_want *want);
/* It may not be under way. A compile that nobody wants any more is ended. */
void compile_drop(struct compile_want *want);

/* The best that can be made of it is made behind, unless it is there: its profile has changed.
 */
void compile_improve(struct compile *compile, const struct hash *program);
/* It was removed: nothing more is made behind for it. */
void compile_forget(struct compile *compile, const struct hash *program);

#define COMPILE_STAGE_SIZE BUILDER_STAGE_SIZE
struct compile_progress {
	/* "toolchain", "loading", "waiting", "saving", or aotc's own word */
	char stage[COMPILE_STAGE_SIZE];
	uint64_t done, total;  /* total 0: nobody knows */
	bool known;            /* false: nothing yet */
	enum object_tier tier; /* that is made; TIERS_NONE: not known yet */
};
/* Only while it is under way. */
struct compile_progress compile_progress(const struct compile_want *want);

/* How many are made or wait to be made behind; and what of it is for this program, false:
 * nothing. */
uint32_t compile_behind(const struct compile *compile);
bool compile_behind_of(const struct compile *compile, const struct hash *program,
	struct compile_progress *out);

const struct compiler *compile_compiler(const struct compile *compile);
/* The cache keys of all objects that a program can have now, the best first and the
 * instrumented one last; how many. 0: the toolchain is not known. */
uint32_t compile_keys(const struct compile *compile, const struct hash *program,
	struct lookup_key keys[OBJECT_TIERS]);
/* Did the last save of an object find the disk full? */
bool compile_disk_full(const struct compile *compile);
