/*
 * natives.h: processes that joined by themselves, beside those that rsd starts (processes.h):
 * the same record, roster, lanes and words, but rsd neither forks nor signals them. Their
 * membership is one socket, the one that new lanes come over: it ends when the process ends
 * (pidfd), when they leave (their end of the socket) or when they are expelled.
 *
 * Only of one that is gone for sure do peers still read what it sent last. Whoever leaves or is
 * expelled may go on writing into its mappings, so its lanes are closed and nothing in them
 * counts any more.
 */
#pragma once

#include "supervisor/processes/processes.h"

#define NATIVES_MAX 64u /* at a time; they count as processes as well */

/* Besides those of processes_start(). */
enum {
	NATIVES_LIMIT = 16
};

struct natives_request {
	const char *name; /* granted and well-formed */
	pid_t pid;
	int pidfd;            /* taken, whatever is answered */
	struct limits limits; /* only those of messages hold for it */
};

/* fds[] from START_BELL on is for the client, to be closed by workers_close_fds(). *out is
 * pinned for the caller. */
int natives_join(struct processes *processes, const struct natives_request *request,
	int fds[START_FDS], struct process **out) MUST_USE;

/* For processes.c. Its membership ends, but not before this turn of the loop is over: rsd may
 * be in the middle of reading it. */
void natives_expel(struct process *p);
/* At its end: lets go of what watches it, says how it ended, closes its lanes. */
void natives_finish(struct process *p);
