/*
 * child.h: the programs rsd execs: the launcher and the compiler. posix_spawn, because rsd
 * never forks. A child leads a process group of its own, so that what it started dies with it.
 */
#pragma once

#include <sys/types.h>

#include "ipc/base.h"

#define CHILD_FDS_MAX 4u

enum {
	CHILD_RUNNING = 1 /* reap: not gone yet */
};

struct child {
	pid_t pid; /* 0: none */
	int pidfd; /* becomes readable when it is gone */
};
#define CHILD_NONE          \
	{                   \
		.pidfd = -1 \
	}

/*
 * Descriptor fds[k] becomes 3 + k; standard input is the null device. Of the environment only
 * the named variables stay (a name that ends in _ stands for all that begin so). -errno of the
 * exec as well.
 */
struct child_plan {
	const char *path;
	char *const *argv;
	const char *const *environment; /* names, closed with NULL */
	const int *fds;
	size_t fds_count;
	int output; /* standard output; 2 for our standard error */
	int errors; /* standard error */
};
int child_start(const struct child_plan *plan, struct child *out) MUST_USE;

/* After its pidfd became readable: *status as of waitpid(2), and the child is none again. */
int child_reap(struct child *child, int *status) MUST_USE;

/* Asks it to end (SIGTERM), so that it can tidy up after itself; it is still to be reaped. */
void child_ask(struct child *child);
/* SIGKILL to its whole group; it is still to be reaped. */
void child_kill(struct child *child);
/* For tear-down, as it blocks: asks, waits for at most grace_ms, kills, reaps. */
void child_end(struct child *child, int grace_ms);
