/*
 * ending.h: how a process ended, in the words of ps, logs and run. The wait status comes from
 * the launcher; what the worker itself wrote (struct trap_report) is shown and decides nothing
 * else.
 */
#pragma once

#include "ipc/bell.h"

#define ENDING_DETAIL_SIZE 256

enum ending_cause {
	ENDING_UNKNOWN,
	ENDING_EXITED,
	ENDING_TRAP,
	ENDING_CPU_LIMIT,
	ENDING_FORBIDDEN_CALL,
	ENDING_STOPPED, /* by somebody, with its consent or by SIGTERM */
	ENDING_KILLED,  /* by somebody */
	ENDING_SIGNAL,  /* by one that nobody here sent */
	ENDING_START_FAILED,
	ENDING_PROTOCOL,
	ENDING_LAUNCHER_DIED,
	ENDING_LEFT, /* native: its own doing; rsd is not its parent and learns no status */
	ENDING_CAUSES,
};

struct ending {
	enum ending_cause cause;
	int status;                      /* as a shell sees it */
	char detail[ENDING_DETAIL_SIZE]; /* may be empty; fit to be shown */
	char *backtrace;                 /* lines (backtrace.h), of a trap only; NULL: none */
};
void ending_deinit(struct ending *ending);

const char *ending_text(enum ending_cause cause);

/* What rsd knows beside the status. */
struct ending_facts {
	bool ran;          /* the worker locked itself and began its program */
	int sent;          /* the last signal we sent it, 0: none */
	bool stopping;     /* somebody asked it to stop */
	const char *broke; /* it lied to rsd: how; NULL */
	const struct trap_report *report;
	int object; /* -1: not known */
	uint64_t object_bytes;
};
void ending_of(int wait_status, const struct ending_facts *facts, struct ending *out);

/* An end without a wait status. What comes from a program has been through log_text(). */
void ending_set(struct ending *out, enum ending_cause cause, int status, const char *format,
	...) PRINTF(4, 5);
