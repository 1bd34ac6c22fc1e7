/*
 * build.h: one compile on its way through the steps: what every step needs, how it runs a job,
 * and how it says no.
 *
 * A step answers 0, -errno (our world is broken), or one of the outcomes below with a line in
 * reason. Lines that may hold text of the module's author are escaped before they get there.
 */
#pragma once

#include "aotc/facts.h"
#include "aotc/jail.h"
#include "aotc/plan.h"
#include "aotc/toolchain.h"
#include "aotc/work.h"

enum {
	BUILD_REFUSED = 1, /* the module's fault: the same module will be refused again */
	BUILD_FAILED,      /* ours, or the machine's */
	BUILD_UNFIT,       /* the tier's limit: another tier takes the module */
};

#define BUILD_REASON_SIZE 448 /* a status line has 512 bytes */
#define BUILD_JOBS_MAX    64u
#define BUILD_PARTS_MAX   64u

struct build {
	struct plan plan; /* what is asked for */
	struct work work;
	struct toolchain tools;
	struct facts facts;
	uint64_t module_bytes;
	uint64_t memory_base; /* 0: OBJECT_MEMORY_BASE */
	uint64_t part_bytes;  /* of code in a part; 0: what pays */
	uint32_t jobs;        /* tools at once */
	uint32_t parts;       /* of the generated C: m_0.c, m_1.c, ... behind m-head.h */
	bool text_is_known;   /* the translator's, word by word */
	bool plain;           /* the form that is compiled */
	const char *plain_why;
	bool lines; /* the module says what source it comes from: lines.h */
	bool walls_told;
	bool abandoned;   /* whoever read the status lines is gone */
	int status_fd;    /* -1: nobody listens */
	int profile_fd;   /* of the profiled tier: what to build from; -1 */
	int interrupt_fd; /* readable when we are asked to stop; -1 */
	char reason[BUILD_REASON_SIZE];
};

void build_say(struct build *build, const char *format, ...) PRINTF(2, 3);
void build_progress(struct build *build, const char *stage, uint32_t done, uint32_t total);
int build_refuse(struct build *build, const char *format, ...) PRINTF(2, 3) MUST_USE;
int build_fail(struct build *build, const char *format, ...) PRINTF(2, 3) MUST_USE;
int build_unfit(struct build *build, const char *format, ...) PRINTF(2, 3) MUST_USE;

/* One tool or function in the jail. `name` is for its files NAME.err, `what` for reasons ("the
 * compiler"). */
struct build_job {
	const char *name, *what;
	uint64_t memory_bytes; /* that it may well take: no more are started than fit; 0: little
				*/
	struct jail_job jail;
	struct jail_end end; /* after build_run */
};

/* A job with this build's folder and limits; the rest is the caller's. */
struct build_job build_job_of(struct build *build, const char *name, const char *what);
struct build_job build_tool(
	struct build *build, const char *name, const char *what, const char *const *argv);

/*
 * Runs them all, build->jobs at a time, or fewer where memory is short. 0 when each has exited,
 * whatever its code (each `end` says); else the reason of the first that did not: limits and
 * crashes are the module's fault.
 */
int build_run(struct build *build, const char *stage, struct build_job *jobs,
	uint32_t count) MUST_USE;

/* The first line of NAME.err that says `error: `, else the first, escaped. */
void build_first_line(struct build *build, const char *name, char *line, size_t size);
