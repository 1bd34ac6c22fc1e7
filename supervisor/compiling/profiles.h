/*
 * profiles.h: what runs of programs counted, for the next build of them (abi.h, struct
 * profile): which programs are watched, who counts just now, and what was counted until now, a
 * file per program in state/profiles.
 *
 * A watched program is started from its instrumented object, and its process counts in memory
 * that it shares with us. When it is gone, however it ended, or when watching stops, its
 * counters are copied once and added to the file, saturating. Whose a counter is stands in the
 * object, which we made: a program can only lie about how often.
 *
 * Builds are made from a profile that is settled: as it was when watching stopped, or, of those
 * that are watched only now and then (--profile-share), whenever the number of runs has
 * doubled. One that was counted by an object of another compiler is kept, and not used.
 *
 * Files are read and written on the helper thread; a damaged one is dropped, which is an event.
 */
#pragma once

#include "runtime/abi.h"
#include "supervisor/compiling/compile.h"
#include "supervisor/events.h"
#include "supervisor/offload.h"

#define PROFILES_MAX       256u      /* programs that have a file */
#define PROFILES_BYTES_MAX (1 * GIB) /* of all files */
#define PROFILES_RUNS_MAX  256u      /* processes that count at a time; others just run */

enum {
	PROFILES_FULL = 1, /* as many as may be, or too much is under way */
	PROFILES_NONE,     /* nothing is known of this program */
};

struct profiles;
struct profiles_run; /* of one process */

int profiles_open(const char *path, struct offload *offload, struct events *events,
	uint32_t share_percent, struct profiles **out) MUST_USE;
/* From now on settled profiles are used; compile outlives the last call but free. */
void profiles_begin(struct profiles *profiles, struct compile *compile);
/* After offload_free(). Returns NULL. */
struct profiles *profiles_free(struct profiles *profiles);

/* For compile.h. context is the profiles. */
bool profiles_hash(void *context, const struct hash *program, struct hash *out);
int profiles_file(void *context, const struct hash *program, int *fd) MUST_USE;

/* Is the next start of it to be counted? */
bool profiles_wanted(const struct profiles *profiles, const struct hash *program);

/* A process is about to start from an instrumented object (a descriptor, which stays the
 * caller's). PROFILES_FULL: it runs uncounted. */
int profiles_run_begin(struct profiles *profiles, const struct hash *program, int object,
	struct profiles_run **run) MUST_USE;
/* Where it counts: the run's descriptor; -1 for NULL. */
int profiles_run_memory(const struct profiles_run *run);
/* It is gone. NULL is fine; returns NULL. */
struct profiles_run *profiles_run_end(struct profiles_run *run);

/* On its way to the disk: done() is called once, also before profiles_free(). It may begin when
 * this answers 0. */
typedef void profiles_done(void *context, int result);
int profiles_start(struct profiles *profiles, const struct hash *program, profiles_done *done,
	void *context) MUST_USE;
/* Takes what is counted just now, settles, and has the program built from it behind. */
int profiles_stop(struct profiles *profiles, const struct hash *program, profiles_done *done,
	void *context) MUST_USE;
int profiles_rm(struct profiles *profiles, const struct hash *program, profiles_done *done,
	void *context) MUST_USE;
/* The program was removed. */
void profiles_forget(struct profiles *profiles, const struct hash *program);

struct profiles_row {
	struct hash program;
	bool watched;
	bool settled;     /* a build can be made from it ... */
	bool of_another;  /* ... but another compiler made what was counted */
	uint64_t runs;    /* that were added */
	uint32_t running; /* processes that count now */
	uint64_t bytes;   /* of its file */
	int64_t since_ms, changed_ms;
};
/* Sorted by name: the one after (NULL: the first); false: there is none. */
bool profiles_next(const struct profiles *profiles, const struct hash *after,
	struct profiles_row *row) MUST_USE;
bool profiles_get(const struct profiles *profiles, const struct hash *program,
	struct profiles_row *row) MUST_USE;
