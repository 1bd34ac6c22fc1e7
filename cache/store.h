/*
 * store.h: files named by the SHA-256 of their bytes, in one folder: the programs a user added.
 *
 * The store owns its folder. A file appears under its name only whole: written to a temporary
 * name while its hash is computed, fsynced, renamed, and the folder fsynced. Names in the
 * folder that are not ours are left alone and never listed; temporary files of a dead process
 * are removed by store_open(). All functions may be called from any thread, as long as one
 * struct store_put stays with one thread at a time.
 */
#pragma once

#include "ipc/hash.h"

/* What the functions may answer besides 0 and -errno (-ENOSPC and -EDQUOT mean the disk is
 * full: nothing is left behind). */
enum {
	STORE_MISSING = 1, /* no file of that name */
	STORE_AMBIGUOUS,   /* find: several names begin so */
	STORE_MISMATCH,    /* commit: not what was promised; get: was damaged, is dropped */
	STORE_TOO_BIG,     /* put: more bytes than allowed */
	STORE_BAD_NAME,    /* find: not hex digits, too few of them, or longer than a name */
};

#define STORE_PREFIX_MIN 4 /* shortest prefix store_find() accepts, in hex digits */

struct store;

/* Makes the folder (mode 0700) if it is missing; its parent must exist. Refuses a folder others
 * may write to (-EPERM). */
int store_open(const char *folder, struct store **out) MUST_USE;
struct store *store_free(struct store *store); /* returns NULL */

/* A file on its way in. Freed without commit, it leaves nothing behind. */
struct store_put;
int store_put_new(struct store *store, uint64_t size_max, struct store_put **out) MUST_USE;
int store_put_write(struct store_put *put, const void *bytes, size_t size) MUST_USE;
/* What was written so far, to be read with pread; the put's own. */
int store_put_fd(const struct store_put *put);
/* expected may be NULL. On 0, *out names the file, which is there for good; putting the same
 * bytes twice is no error. */
int store_put_commit(
	struct store_put *put, const struct hash *expected, struct hash *out) MUST_USE;
struct store_put *store_put_free(struct store_put *put); /* returns NULL */

/* A descriptor to read the file from; the bytes are hashed again, a damaged file is dropped and
 * STORE_MISMATCH answered. */
int store_get(struct store *store, const struct hash *name, int *fd, uint64_t *size) MUST_USE;

/* The same, but the bytes are not looked at: the file may be damaged. */
int store_look(struct store *store, const struct hash *name, int *fd) MUST_USE;

/* The one name that begins with prefix. STORE_AMBIGUOUS fills up to *count candidates (sorted)
 * and sets *count. */
int store_find(struct store *store, const char *prefix, struct hash *out,
	struct hash *candidates, size_t *count) MUST_USE;

/* Every file, sorted by name; each() returns false to stop. */
struct store_entry {
	struct hash name;
	uint64_t size;
	int64_t added_s; /* seconds since 1970 */
};
int store_list(struct store *store, bool (*each)(void *context, const struct store_entry *),
	void *context) MUST_USE;
int store_remove(struct store *store, const struct hash *name) MUST_USE;

/* Bytes of all files. */
int store_usage(struct store *store, uint64_t *bytes) MUST_USE;
