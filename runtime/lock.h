/*
 * lock.h: how launcher and workers give up what they do not need. Each is a table of steps in
 * an order that matters, in lock.c. Most steps must succeed; a step that a kernel may lack or
 * an administrator forbid is a wall that stands or does not: it is reported, never silently
 * left out. The filter, no_new_privileges and the guard regions are never optional.
 */
#pragma once

#include <linux/filter.h>

#include "ipc/base.h"

/* Once, in the launcher. *walls: bits of enum wall (start.h). *failed: the step that broke. */
int lock_launcher(uint32_t *walls, const char **failed) MUST_USE;

struct lock_worker {
	const struct sock_fprog *filter;
	uint64_t cpu_s_max; /* 0: no limit */
};

/* In each worker, the last thing before the program's first instruction. */
int lock_worker(const struct lock_worker *worker, const char **failed) MUST_USE;

/* Ends this process when its parent ends; `parent` is who that was when it was decided. */
int lock_die_with_parent(pid_t parent) MUST_USE;
