/*
 * compile.h: from a program to its object: the shelf first, then the cache, then aotc. One
 * compile per key whoever asks, COMPILE_PARALLEL_MAX at a time; refusals are remembered.
 *
 * A want is its owner's memory until ready() was called or compile_drop(). ready() may be
 * called before compile_get() returns.
 */
#pragma once

#include "cache/objects.h"
#include "cache/store.h"
#include "supervisor/compiling/builder.h"
#include "supervisor/compiling/compiler.h"
#include "supervisor/compiling/refused.h"
#include "supervisor/compiling/shelf.h"
#include "supervisor/offload.h"

#define COMPILE_PARALLEL_MAX 2u /* aotc itself uses several cores */
#define COMPILE_JOBS_MAX     256u
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
	/* object: yours to hold, when DONE. why: for people, otherwise. */
	void (*ready)(struct compile_want *want, enum compile_outcome outcome,
		struct shelf_object *object, const char *why);
	/* compile.c's own */
	struct compile_want *next, *previous; /* NULL: nothing is wanted */
	struct compile_job *job;              /* NULL: the toolchain's id is not known yet */
};

struct compile;
struct compile_parts { /* what it works with; all outlive it */
	struct loop *loop;
	struct offload *offload;
	struct store *store;
	struct objects *objects;
	struct shelf *shelf;
	int refused; /* folder of refused.h */
	const char *aotc;
};

int compile_new(const struct compile_parts *parts, struct compile **out) MUST_USE;
/* After offload_free() and all wants. Kills what compiles. Returns NULL. */
struct compile *compile_free(struct compile *compile);

/* want->program and want->ready are set. Always ends in ready(), unless it is dropped before.
 */
void compile_get(struct compile *compile, struct compile_want *want);
/* It may not be under way. A compile that nobody wants any more is ended. */
void compile_drop(struct compile_want *want);

#define COMPILE_STAGE_SIZE BUILDER_STAGE_SIZE
struct compile_progress {
	/* "toolchain", "loading", "waiting", "saving", or aotc's own word */
	char stage[COMPILE_STAGE_SIZE];
	uint64_t done, total; /* total 0: nobody knows */
	bool known;           /* false: nothing yet */
};
/* Only while it is under way. */
struct compile_progress compile_progress(const struct compile_want *want);

const struct compiler *compile_compiler(const struct compile *compile);
/* The cache key of a program; false while the toolchain is not known. */
bool compile_key(
	const struct compile *compile, const struct hash *program, struct hash *key) MUST_USE;
/* Did the last save of an object find the disk full? */
bool compile_disk_full(const struct compile *compile);
