/*
 * lookout.h: the words in shared memory that rsd looks at whenever it wakes, and once more
 * before it sleeps. They stand side by side, so that a thousand idle peers cost one short scan.
 * A word that is not what was last seen of it says: its owner may have something to do.
 *
 * Words lie on pages of their own, so a look at a thousand costs some microseconds. Those that
 * had something lately stand in front and are looked at alone most of the time; at all of them
 * before rsd sleeps.
 *
 * What a word says is a peer's, so it may be anything: it is compared and nothing else. Room is
 * claimed when an owner comes, so that watching cannot fail later.
 */
#pragma once

#include <stdatomic.h>

#include "ipc/base.h"

#define LOOKOUT_LATELY 64u /* so many */

struct lookout_item {   /* one word; { 0 } is not watched. Memory of its owner */
	uint32_t place; /* from 1 on; 0: not watched */
	int kind;       /* for whoever scans */
	void *owner;
};

struct lookout_word {
	const _Atomic uint64_t *word;
	uint64_t seen;
};
struct lookout { /* { 0 } is an empty one */
	struct lookout_word *words;
	struct lookout_item **items;
	uint32_t count, claimed, room;
	uint32_t turn;   /* where the next look at the latest begins */
	uint32_t oldest; /* of the latest: gives its place to the next */
};

void lookout_deinit(struct lookout *lookout);

int lookout_claim(struct lookout *lookout, uint32_t items) MUST_USE; /* 0 or -ENOMEM */
void lookout_unclaim(struct lookout *lookout, uint32_t items);

/* Watches the word, or goes on watching with other values. */
void lookout_watch(struct lookout *lookout, struct lookout_item *item,
	const _Atomic uint64_t *word, uint64_t seen);
void lookout_forget(struct lookout *lookout, struct lookout_item *item); /* may be unwatched */

struct lookout_scan {
	uint32_t at, left, end;
};
/* A look at those that had something lately; each begins one further, so that all come first in
 * turn. */
struct lookout_scan lookout_lately(struct lookout *lookout);
/* At all of them. */
static inline struct lookout_scan lookout_all(const struct lookout *lookout)
{
	return (struct lookout_scan){ .left = lookout->count, .end = lookout->count };
}

/*
 * The next item whose word is not what was seen; NULL: no more. Items may come and go in
 * between; one that moves meanwhile may be passed over or met twice.
 */
struct lookout_item *lookout_next(struct lookout *lookout, struct lookout_scan *scan);
