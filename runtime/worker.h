/*
 * worker.h: one program's process, from the fork to its first instruction: map everything, lock
 * the door, run. It begins on a stack of its own, in a copy of the launcher.
 */
#pragma once

#include "runtime/lock.h"
#include "runtime/start.h"

struct worker_birth {
	pid_t launcher;
	int fds[START_FDS_MAX]; /* [START_COUNTERS] may be -1 */
	int null_fd;
	const struct sock_fprog *filter;
};

/* Never returns: the process ends as the program ends, or with WORKER_EXIT_*. */
_Noreturn void worker_live(const struct worker_birth *birth);
