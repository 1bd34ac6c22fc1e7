/*
 * quiet.h: a write to a pipe whose reader may be gone, without SIGPIPE: whether a program wants
 * that signal is its own affair, so it is neither ignored nor caught here.
 */
#pragma once

#include "ipc/base.h"

/* What becomes of it is of no interest: ipc/bell.c. */
void quiet_write(int fd, const void *bytes, size_t n);

/* The same for kernels that cannot write so: SIGPIPE is held back in this thread, and taken
 * away if it is ours and not one that was waiting already. */
void quiet_held_back(int fd, const void *bytes, size_t n);
