/*
 * processes.h: all processes: takes each from the request to its end, as the table in process.h
 * says, with the help of compile, launch and workers. Which there are stands in the roster.
 */
#pragma once

#include "supervisor/decisions/asking.h"
#include "supervisor/decisions/names.h"
#include "supervisor/events.h"
#include "supervisor/processes/ids.h"
#include "supervisor/processes/launch.h"
#include "supervisor/processes/process.h"
#include "supervisor/processes/roster.h"
#include "supervisor/workers/workers.h"

#define PROCESSES_STOP_MS  10000u /* between being asked and being killed, if nobody says */
#define PROCESSES_STOP_MAX 86400000u

enum {
	PROCESSES_LIMIT = 1, /* as many run as may */
	PROCESSES_NO_ID,     /* see ids.h */
	PROCESSES_ENDING,    /* rsd itself is about to end */
};
const char *processes_why(int r); /* one of these or -errno, in one line */

struct processes;

/* Reads and asks nothing; the launcher's events may be taken before processes_begin(). */
int processes_new(struct roster *roster, struct processes **out) MUST_USE;
struct launch_events processes_launch_events(struct processes *processes);
struct workers_events processes_workers_events(struct processes *processes);

struct processes_parts { /* all outlive it, but for the launcher, which goes first */
	struct loop *loop;
	struct launch *launch;
	struct compile *compile;
	struct profiles *profiles; /* NULL: nobody is ever counted */
	struct workers *workers;
	struct journal *journal;
	struct ids *ids;
	struct events *events;
	struct asking *asking; /* NULL: nobody is ever asked */
	uint32_t processes_max;
	const struct names *names;
};
void processes_begin(struct processes *processes, const struct processes_parts *parts);
/* Whatever still runs is left to the roster: its launcher must be gone. Returns NULL. */
struct processes *processes_free(struct processes *processes);

/* Where the output of an attached process goes. The functions are called with its context. */
struct attached {
	void *context;
	void (*output)(void *context, uint32_t stream, const void *bytes, uint32_t n);
	bool (*blocked)(void *context);
	void (*input_wanted)(void *context);
	bool input; /* standard input is asked for */
};

struct processes_request {
	struct hash program;
	const char *name; /* "": none */
	struct limits limits;
	enum tiers_quality quality; /* of its object */
	const char *strings; /* arguments and variables as in struct start_block */
	uint32_t strings_bytes, arguments, variables;
	struct attached *attached; /* NULL; the caller's until processes_detach() or the end */

	/* Of a child. Its allowance is taken when it is added, and given back when it is gone;
	 * who has none gets one as the limits say. */
	uint64_t parent;
	struct allowance *allowance;
};
/* The process begins with its compile; how that goes is seen in its state. It is pinned
 * (roster.h) for the caller. */
int processes_start(struct processes *processes, const struct processes_request *request,
	struct process **out) MUST_USE;
void processes_detach(struct process *p);

/* The first half of processes_start(): a record in the roster, pinned, that nothing happens to
 * yet; and the second: it is compiled and runs. */
int processes_add(struct processes *processes, const struct processes_request *request,
	struct process **out) MUST_USE;
void processes_go(struct process *p);

/* For natives.c: what happens to a record, and what it may use. */
void processes_happened(struct process *p, enum process_event event);
const struct processes_parts *processes_parts(const struct processes *processes);
struct roster *processes_roster(const struct processes *processes);

uint32_t processes_alive(const struct processes *processes);
uint32_t processes_max(const struct processes *processes);
uint32_t processes_running(struct processes *processes, const struct hash *program);

/* All three do nothing to one that is gone. SIGKILL is processes_signal(.., SIGKILL). */
void processes_stop(struct processes *processes, struct process *p, uint64_t timeout_ms);
void processes_signal(struct processes *processes, struct process *p, int signal);
/* No more starts from now on. Again: everything is killed. */
void processes_stop_all(struct processes *processes);
