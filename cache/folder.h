/*
 * folder.h: a folder of our own, in which a file appears under its name only whole: it begins
 * as a draft with a name of its own, is fsynced, renamed, and the folder is fsynced. What
 * store.c and objects.c share.
 *
 * A folder is a descriptor; close() ends it. A draft is locked (flock) as long as its process
 * lives: that is how folder_open() tells the drafts of the dead, which it removes, from those
 * of the living. Names that we would not give are somebody else's and left alone. All functions
 * may be called from any thread and any process, as long as one draft stays with one thread at
 * a time. -ENOSPC and -EDQUOT mean that the disk is full.
 */
#pragma once

#include <sys/stat.h>

#include "ipc/hash.h"

enum {
	FOLDER_MISSING = 1, /* no file of that name */
	FOLDER_FOREIGN, /* what stands there is no plain file of this user: a link, a pipe */
	FOLDER_EXISTS,  /* publish_new: the name is taken */
};

/* Made (mode 0700) if missing; -EPERM if it is another user's or others may write to it. */
int folder_open(const char *path, int *folder) MUST_USE;

#define FOLDER_DRAFT_NAME_SIZE 24

struct folder_draft {
	int folder; /* borrowed */
	int fd;     /* for reading and writing; -1: no draft */
	char name[FOLDER_DRAFT_NAME_SIZE];
};

/*
 * mode is that of the finished file, whatever the umask. publish replaces what stood there;
 * publish_new answers FOLDER_EXISTS instead. A draft that was not published leaves nothing
 * behind.
 */
int folder_draft_init(struct folder_draft *draft, int folder, mode_t mode) MUST_USE;
int folder_draft_write(struct folder_draft *draft, const void *bytes, size_t size) MUST_USE;
int folder_draft_publish(struct folder_draft *draft, const char *name) MUST_USE;
int folder_draft_publish_new(struct folder_draft *draft, const char *name) MUST_USE;
void folder_draft_deinit(struct folder_draft *draft);

/* Never follows a link, never waits for a pipe's other end. */
int folder_file_open(int folder, const char *name, int *fd) MUST_USE;

/*
 * Removes the damaged file that fd was opened from (fd -1: the FOLDER_FOREIGN thing), but not
 * what somebody may have published under this name since.
 */
int folder_file_drop(int folder, const char *name, int fd) MUST_USE;
int folder_file_remove(int folder, const char *name) MUST_USE;

/* The plain files whose names are hashes, sorted by name. *entries is the caller's to free. */
struct folder_entry {
	struct hash name;
	uint64_t size;
	struct timespec modified;
};
int folder_list(int folder, struct folder_entry **entries, size_t *count) MUST_USE;

/* Waits for a lock on a name, which need not exist. Closing the descriptor gives it back. */
enum folder_lock {
	FOLDER_LOCK_NAME,  /* only folder.c: while what stands under the name changes */
	FOLDER_LOCK_BUILD, /* while the file is being made */
};
int folder_lock(int folder, enum folder_lock what, const char *name, int *lock) MUST_USE;
