/*
 * shelf.h: objects that are open: sealed memfds by cache key, shared by the processes that run
 * them. A few that nobody runs any more stay as well, the most recently used, so that the next
 * start reads nothing from disk.
 */
#pragma once

#include "ipc/hash.h"
#include "runtime/abi.h"

#define SHELF_IDLE_MAX       64u
#define SHELF_IDLE_BYTES_MAX (256 * MIB) /* beyond: the least recently used are closed */

struct shelf;
struct shelf_object {
	int fd; /* sealed */
	uint64_t bytes;
	struct hash key;
	enum object_tier tier;
	/* shelf.c's own */
	struct shelf *shelf;
	struct shelf_object *next, *previous; /* all, least recently used first */
	uint32_t holders;
	bool stale;
};

int shelf_new(struct shelf **out) MUST_USE;
struct shelf *shelf_free(struct shelf *shelf); /* after all holders let go; returns NULL */

/* NULL: not here. Otherwise yours to hold until shelf_drop(). */
struct shelf_object *shelf_get(struct shelf *shelf, const struct hash *key);
/* Takes fd, also when it answers NULL: out of memory. The caller holds it. */
struct shelf_object *shelf_add(struct shelf *shelf, const struct hash *key,
	enum object_tier tier, int fd, uint64_t bytes);
struct shelf_object *shelf_hold(struct shelf_object *object);
struct shelf_object *shelf_drop(struct shelf_object *object); /* returns NULL; NULL is fine */

/* The program was removed: not answered any more, closed when nobody runs it. */
void shelf_forget(struct shelf *shelf, const struct hash *key);
