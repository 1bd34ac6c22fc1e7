/*
 * capacity.h: how much memory is free, on this machine and in the control groups around us.
 * Compilers run side by side only as far as they fit into that (build.h): short of memory a
 * build takes longer; it does not fail, and nobody else does for it.
 *
 * Everything is read anew at each call; what cannot be read bounds nothing.
 */
#pragma once

#include "ipc/base.h"

#define CAPACITY_UNBOUNDED UINT64_MAX

/* Bytes that can be had without taking them from anybody. */
uint64_t capacity_memory(void);

/* What the texts of /proc/meminfo, and of memory.max and memory.current of a control group,
 * leave. */
uint64_t capacity_available(const char *meminfo);
uint64_t capacity_left(const char *max, const char *current);
