/*
 * jobs.h: compiles under way, one for each key: looked up on the helper, built by aotc, saved
 * on the helper. How a job moves is known here; what comes of it is decided by compile.c, which
 * is told after each of the three and owns the jobs.
 */
#pragma once

#include "supervisor/compiling/compile.h"

enum job_state {
	JOB_RESTING, /* to be made behind: its turn has not come */
	JOB_LOADING, /* on the helper: cache, notes, store */
	JOB_WAITING, /* to be built */
	JOB_BUILDING,
	JOB_SAVING, /* on the helper */
	JOB_ENDED,  /* those who wait are told: whatever they do, it is not begun again */
};

struct compile_job {
	struct compile_job *next, *previous; /* all jobs, oldest first */
	struct jobs *jobs;
	struct hash key, program;
	enum object_tier tier;
	struct compile_want wants; /* head of a ring */
	enum job_state state;
	bool behind;    /* to be made, whether or not anybody waits */
	bool low;       /* is built at low priority */
	bool again;     /* its build was ended, to begin anew for somebody who waits now */
	bool abandoned; /* ended, or its program is gone: a new want makes a new job */
	struct shelf_object *lesser; /* given away if there is nothing better; NULL: none */

	/* of LOADING and SAVING; until the next blank line the fields are the helper's then */
	struct offload_job work;
	struct lookup lookup;
	enum builder_end end; /* of the build; DONE: object, bytes, or why it was not saved */
	char why[REFUSED_WHY_SIZE];
	int object;
	uint64_t bytes;
	bool saved, kept;

	struct builder builder;
	uint64_t build_ms;
	int output;
};

struct jobs {
	const struct compile_parts *parts;
	/* From the loop, with nothing of the job under way; it may be freed in them. */
	void (*loaded)(struct compile_job *job);
	void (*built)(struct compile_job *job);
	void (*saved)(struct compile_job *job);
	void *context; /* the owner's */
	/* jobs.c's own */
	struct compile_job all; /* head */
	uint32_t count;
};

void jobs_init(struct jobs *jobs);
void jobs_deinit(struct jobs *jobs); /* kills what compiles; after offload_free() */

/* RESTING, of nobody. NULL: there are COMPILE_JOBS_MAX, or no memory. */
struct compile_job *jobs_add(
	struct jobs *jobs, const struct lookup_key *key, const struct hash *program);
void jobs_free(struct compile_job *job); /* nothing of it is under way */
struct compile_job *jobs_find(struct jobs *jobs, const struct hash *key);

/* The wants are linked in rings: of a job, or any other. */
void jobs_link(struct compile_want *head, struct compile_want *want);
void jobs_unlink(struct compile_want *want);
bool jobs_wanted(const struct compile_job *job); /* somebody waits for it */
uint32_t jobs_behind(const struct jobs *jobs);

/* Whose turn it is to be built: the oldest that somebody waits for; to be loaded or built: the
 * oldest that is made behind. NULL: none, or others have to end first. */
struct compile_job *jobs_next_wanted(struct jobs *jobs);
struct compile_job *jobs_next_behind(struct jobs *jobs);

/* job->lookup says for what. 0, or OFFLOAD_FULL. loaded() follows. */
int jobs_load(struct compile_job *job) MUST_USE;
/* 0 or -errno. built() follows. */
int jobs_build(struct compile_job *job) MUST_USE;
/* The object, or the note why there is none. 0, or OFFLOAD_FULL. saved() follows. */
int jobs_save(struct compile_job *job) MUST_USE;

/* Somebody waits for it now. */
void jobs_hurry(struct compile_job *job);
/* Nobody wants it any more: frees it, or sees to it that it comes back and is freed. */
void jobs_abandon(struct compile_job *job);
