/*
 * filter.h: the system calls a locked worker may make, as a seccomp filter. Everything else, in
 * every ABI of the CPU, kills the process.
 */
#pragma once

#include <linux/filter.h>

#include "ipc/base.h"

/*
 * Descriptors of a worker. Received ones take the lowest free number, so 0-2 and 5-7 stay on
 * the null device and all of them land in [FD_PEERS, FD_MAX). Both are powers of two, so that
 * the filter can say "in the range".
 */
enum {
	FD_BELL = 3,
	FD_SOCKET = 4,
	FD_PEERS = 8, /* rsd's bell is the first */
	FD_MAX = 1024
};

/* Made once, in the launcher; each worker loads it. clock_call: clock_gettime() is a system
 * call on this machine and must be allowed. */
int filter_new(bool clock_call, struct sock_fprog *out) MUST_USE;
