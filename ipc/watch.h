/*
 * watch.h: whether something came, asked of many rings at once, for a reader of many of which
 * most are idle. Where it stands in each lies in one array, so that a look at a thousand costs
 * little more than loading their tails.
 *
 * The array is the reader's; who reads a ring renews its entry when it is done. An entry that
 * was not renewed says that something came, never that nothing did.
 */
#pragma once

#include "ipc/ring.h"

struct watch {
	const _Atomic uint64_t *tail;
	uint64_t position;
};

static inline struct watch watch_ring(const struct ring_in *ring)
{
	return (struct watch){ .tail = &ring->tail->position, .position = ring->position };
}

/* For an entry without a ring: nothing ever comes. */
static inline struct watch watch_nothing(void)
{
	static const _Atomic uint64_t never;

	return (struct watch){ .tail = &never };
}

/* Bit k: something came for entry k, of n <= 64. */
static inline uint64_t watch_look(const struct watch *watches, uint32_t n)
{
	uint64_t came = 0;

	/* relaxed: ring_peek() acquires what is then read; before a sleep, the fence in
	 * bell_sleep_begin() stands before all of these */
	while (n--)
		came = came << 1 | (atomic_load_explicit(watches[n].tail,
					    memory_order_relaxed) != watches[n].position);
	return came;
}
