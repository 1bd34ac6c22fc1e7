/*
 * work.h: the private folder of one compile. Only the jail's processes write there beside us,
 * and they may have been taken over, so everything in it is read back with care: no links
 * followed, sizes bounded, one private copy.
 *
 * Without keep the folder is made below $TMPDIR (or /tmp) and removed at the end. With keep it
 * is the folder named, made if missing, and everything stays, commands.txt included.
 */
#pragma once

#include "ipc/base.h"

enum {
	WORK_BAD = 1
}; /* missing, not a plain file, or larger than allowed */

#define WORK_PREFIX    "redshirt-aotc-"
#define WORK_DEPTH     2     /* folders in folders */
#define WORK_FILES_MAX 4096u /* removed at the end; more than a compile makes */

struct work {
	int fd; /* the folder */
	char path[4096];
	bool keep;
};

/* As root the folder belongs to the jail's user until work_close(). keep may be NULL. */
int work_open(const char *keep, struct work *out) MUST_USE;
void work_close(struct work *work);

/* A new file (an old one of that name is unlinked, never written through), readable in the
 * jail. */
int work_create(struct work *work, const char *name, int *fd) MUST_USE;
int work_write(struct work *work, const char *name, const void *bytes, size_t size) MUST_USE;

/* A new folder in it, to be filled in the same way; whatever had that name is gone. The caller
 * closes inner->fd. */
int work_folder(struct work *work, const char *name, struct work *inner) MUST_USE;

/* Copies what can be read from fd; *taken says how much. WORK_BAD: more than size_max. */
int work_take(struct work *work, const char *name, int fd, uint64_t size_max,
	uint64_t *taken) MUST_USE;

/* A private copy with a zero behind it. 0, -errno or WORK_BAD. */
int work_read(struct work *work, const char *name, uint64_t size_max, uint8_t **bytes,
	size_t *size) MUST_USE;

/* At most size - 1 bytes from the start of a file, closed with a zero; an empty text when there
 * is none. */
void work_head(struct work *work, const char *name, char *text, size_t size);

/* Adds a command line to commands.txt, when the folder is kept. */
void work_note(struct work *work, const char *const *argv);

/*
 * The user that owns files in the jail: when we are root a number that nothing else here uses
 * (Debian reserves it), else we. Not nobody: workers are that, and the limit on processes
 * counts all of a user's, so a thousand of them would leave none to the compiler.
 */
uid_t work_user(void);
#define WORK_ID 65533u
