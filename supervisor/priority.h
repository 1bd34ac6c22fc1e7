/*
 * priority.h: lets a process and all it starts use only what nobody else wants of the
 * processors and the disk, and takes that back.
 */
#pragma once

#include <sys/types.h>

#include "ipc/base.h"

enum {
	PRIORITY_STAYS = 1 /* raise: only root, or who RLIMIT_NICE says so of, may */
};

/* SCHED_IDLE, nice 19, idle disk class. What it starts later inherits them, so this comes right
 * after it was started. What the kernel lacks is left out. */
void priority_lower(pid_t pid);
/* As the caller again: it and all below it. */
int priority_raise(pid_t pid) MUST_USE;
