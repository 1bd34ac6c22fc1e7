/*
 * stash.h: a bounded place for things that must wait: claimed before the lock, since nothing
 * can be mapped afterwards. Things are added at the end, taken away anywhere; when the end is
 * reached, what is left is moved together. Pages are touched only as they are needed.
 */
#pragma once

#include "ipc/base.h"

struct stash {
	uint8_t *base;
	uint32_t bytes, used, live; /* used: the end of the last thing; live: without the
				       holes */
	uint32_t touched;           /* something was written up to here */
	void (*moved)(
		uint32_t owner, uint32_t place); /* a thing has a new place; may be NULL */
};

struct stash_thing {
	uint32_t bytes;  /* of what follows */
	uint32_t filled; /* of them, from the first: only these are moved. The caller may
			    change it */
	uint32_t owner;  /* the caller's; STASH_HOLE: taken away */
	uint8_t data[] __attribute__((aligned(8)));
};
#define STASH_HOLE UINT32_MAX
#define STASH_NONE UINT32_MAX

/* at: an address of whole pages where nothing is, or NULL: anywhere. */
int stash_init(struct stash *stash, void *at, uint32_t bytes) MUST_USE;
void stash_deinit(struct stash *stash); /* fine on one that is none */

/* Room for a thing; its place, or STASH_NONE when there is no room. Places of other things may
 * change. */
uint32_t stash_add(struct stash *stash, uint32_t owner, uint32_t bytes);
void stash_remove(struct stash *stash, uint32_t place);

/* Gives the pages back that were touched. Only when nothing lies in it. */
void stash_rest(struct stash *stash);

static inline struct stash_thing *stash_at(const struct stash *stash, uint32_t place)
{
	return (struct stash_thing *)(void *)(stash->base + place);
}

/* The first thing at or after a place in the order of their coming, or STASH_NONE; and the
 * place after it. */
uint32_t stash_from(const struct stash *stash, uint32_t place);
uint32_t stash_after(const struct stash *stash, uint32_t place);
