/*
 * timers.h: moments to come, the next one first. A timer lies in the struct it belongs to; the
 * heap owns nothing but its array. Timers of the same moment come in the order they were added.
 */
#pragma once

#include "ipc/base.h"

struct timer {
	uint64_t due_ns; /* UINT64_MAX: never */
	uint64_t order;
	uint32_t place; /* in the heap */
};

struct timers {
	struct timer **heap;
	uint32_t count, room;
	uint64_t added;
};

/* What timers_add() may answer besides 0. */
enum {
	TIMERS_NO_MEMORY = 1
};

void timers_deinit(struct timers *timers);
int timers_add(struct timers *timers, struct timer *timer, uint64_t due_ns) MUST_USE;
void timers_remove(struct timers *timers, struct timer *timer);

/* NULL: none. */
static inline struct timer *timers_first(const struct timers *timers)
{
	return timers->count ? timers->heap[0] : NULL;
}

/* When the first is due; UINT64_MAX: none ever is. */
static inline uint64_t timers_due_ns(const struct timers *timers)
{
	return timers->count ? timers->heap[0]->due_ns : UINT64_MAX;
}
