/*
 * objects.h: compiled objects by cache key, each with a keyed BLAKE2b-256 MAC over (key,
 * bytes). The MAC key is created once per machine and user, mode 0600. An object leaves here
 * only as a sealed memfd (no shrink, grow, write) whose MAC was checked on the memfd itself, so
 * that nobody can change it between check and use. A file whose MAC is wrong, that was renamed,
 * cut or is not ours is dropped and logged: the caller builds again.
 *
 * All functions may be called from any thread.
 */
#pragma once

#include "ipc/hash.h"

enum {
	OBJECTS_MISSING = 1, /* nothing under this key */
	OBJECTS_DAMAGED,     /* there was something, but not an object of ours; it is dropped */
	OBJECTS_TOO_BIG,     /* save: beyond size_max of objects_open() */
};

struct objects;

/*
 * folder: made if missing, mode 0700. key_path: the MAC key's file, in a folder that is treated
 * the same way; a wrong mode, owner or size is -EPERM, not repaired. So is a folder that others
 * may write to.
 */
int objects_open(const char *folder, const char *key_path, uint64_t size_max,
	struct objects **out) MUST_USE;
struct objects *objects_free(struct objects *objects); /* returns NULL */

/* The object as a sealed memfd, offset 0 = first byte of the object. */
int objects_load(
	struct objects *objects, const struct hash *key, int *memfd, uint64_t *size) MUST_USE;

/*
 * Takes what can be read from fd (from offset 0) as the object of this key: copies it into a
 * memfd, seals that, writes and renames the file, and answers the sealed memfd. When the disk
 * is full the memfd is answered all the same, nothing stays on disk, and *kept says so.
 */
int objects_save(struct objects *objects, const struct hash *key, int fd, int *memfd,
	uint64_t *size, bool *kept) MUST_USE;

int objects_remove(struct objects *objects, const struct hash *key) MUST_USE;

/* One build per key, over all processes that share the folder: waits for the lock. Closing the
 * descriptor releases it. */
int objects_lock(struct objects *objects, const struct hash *key, int *lock_fd) MUST_USE;

/*
 * Bytes kept and number of objects; objects_trim() removes the least recently used until at
 * most bytes_max stay. objects_load() counts as a use.
 */
int objects_usage(struct objects *objects, uint64_t *bytes, uint64_t *count) MUST_USE;
int objects_trim(struct objects *objects, uint64_t bytes_max) MUST_USE;
