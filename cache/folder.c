#include "cache/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include <sys/file.h>
#include <sys/stat.h>

#define LOCKS_NAME      ".locks"
#define DRAFT_PREFIX    ".new-"
#define DRAFT_DIGITS    16
/* A try is lost only to a process that sweeps at this very moment. */
#define DRAFT_TRIES_MAX 100

_Static_assert(sizeof(DRAFT_PREFIX) + DRAFT_DIGITS <= FOLDER_DRAFT_NAME_SIZE,
	"room for a draft's name");

/* O_NONBLOCK: a named pipe must not make us wait for whoever writes to it. */
#define OPEN_FLAGS (O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static void dir_closep(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

/* A position of its own for every walk: the folder's descriptor is shared between threads. */
static int dir_open(int folder, DIR **out)
{
	CLEANUP(fd_closep) int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		return -errno;
	(void)fd_take(&fd);
	*out = dir;
	return 0;
}

/* The next name, or NULL at the end; *error tells the end from a failure. */
static const char *dir_next(DIR *dir, int *error)
{
	errno = 0;
	struct dirent *entry = readdir(dir);
	*error = entry ? 0 : -errno;
	return entry ? entry->d_name : NULL;
}

/* --- drafts --- */

static bool is_draft(const char *name)
{
	size_t prefix = strlen(DRAFT_PREFIX);

	return strncmp(name, DRAFT_PREFIX, prefix) == 0 &&
	       strlen(name) == prefix + DRAFT_DIGITS &&
	       strspn(name + prefix, "0123456789abcdef") == DRAFT_DIGITS;
}

static void sweep_draft(int folder, const char *name)
{
	CLEANUP(fd_closep) int fd = openat(folder, name, OPEN_FLAGS);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		unlinkat(folder, name, 0);
}

static int sweep(int folder)
{
	CLEANUP(dir_closep) DIR *dir = NULL;
	const char *name;
	int r = dir_open(folder, &dir);

	if (r)
		return r;
	while ((name = dir_next(dir, &r)))
		if (is_draft(name))
			sweep_draft(folder, name);
	return r;
}

static int draft_name(char name[FOLDER_DRAFT_NAME_SIZE])
{
	unsigned long long number;

	if (getentropy(&number, sizeof(number)) < 0)
		return -errno;
	snprintf(name, FOLDER_DRAFT_NAME_SIZE, DRAFT_PREFIX "%016llx", number);
	return 0;
}

/* Between our open and our lock a sweeper may have taken the file for a dead process's: then it
 * is gone. */
static int hold_draft(int fd, bool *swept)
{
	struct stat now;

	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		*swept = errno == EWOULDBLOCK;
		return *swept ? 0 : -errno;
	}
	if (fstat(fd, &now) < 0)
		return -errno;
	*swept = now.st_nlink == 0;
	return 0;
}

/* One try; *lost: the name was taken, or a sweeper was faster. */
static int draft_try(struct folder_draft *draft, mode_t mode, bool *lost)
{
	int r = draft_name(draft->name);

	if (r)
		return r;
	draft->fd = openat(draft->folder, draft->name,
		O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	*lost = draft->fd < 0 && errno == EEXIST;
	if (draft->fd < 0)
		return *lost ? 0 : -errno;
	r = hold_draft(draft->fd, lost);
	if (r == 0 && !*lost && fchmod(draft->fd, mode) < 0)
		r = -errno;
	if (r || *lost)
		folder_draft_deinit(draft);
	return r;
}

int folder_draft_init(struct folder_draft *draft, int folder, mode_t mode)
{
	bool lost = true;
	int r = 0;

	*draft = (struct folder_draft){ .folder = folder, .fd = -1 };
	for (int i = 0; r == 0 && lost && i < DRAFT_TRIES_MAX; i++)
		r = draft_try(draft, mode, &lost);
	return r == 0 && lost ? -EBUSY : r;
}

int folder_draft_write(struct folder_draft *draft, const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	while (size) {
		ssize_t n = write(draft->fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		at += n;
		size -= (size_t)n;
	}
	return 0;
}

int folder_draft_publish(struct folder_draft *draft, const char *name)
{
	CLEANUP(fd_closep) int lock = -1;

	if (fsync(draft->fd) < 0)
		return -errno;
	int r = folder_lock(draft->folder, FOLDER_LOCK_NAME, name, &lock);
	if (r)
		return r;
	if (renameat(draft->folder, draft->name, draft->folder, name) < 0)
		return -errno;
	draft->name[0] = 0;
	return fsync(draft->folder) < 0 ? -errno : 0;
}

int folder_draft_publish_new(struct folder_draft *draft, const char *name)
{
	if (fsync(draft->fd) < 0)
		return -errno;
	if (linkat(draft->folder, draft->name, draft->folder, name, 0) < 0)
		return errno == EEXIST ? FOLDER_EXISTS : -errno;
	return fsync(draft->folder) < 0 ? -errno : 0;
}

void folder_draft_deinit(struct folder_draft *draft)
{
	int saved = errno;

	if (draft->fd >= 0 && draft->name[0])
		unlinkat(draft->folder, draft->name, 0);
	errno = saved;
	fd_closep(&draft->fd);
}

/* --- the folder and its files --- */

/*
 * The folder may be reached over a link (systemd's DynamicUser= makes one): what counts is who
 * can write to the folder that was opened, for from here on only its descriptor is used.
 */
static int check_private(int folder)
{
	struct stat now;

	if (fstat(folder, &now) < 0)
		return -errno;
	return now.st_uid != geteuid() || (now.st_mode & (S_IWGRP | S_IWOTH)) ? -EPERM : 0;
}

int folder_open(const char *path, int *folder)
{
	bool made = mkdir(path, 0700) == 0;

	if (!made && errno != EEXIST)
		return -errno;
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	int r = check_private(fd);
	if (r == 0 && made &&
		syncfs(fd) <
			0) /* the new name is in the parent, which may not be ours to open */
		r = -errno;
	if (r == 0)
		r = sweep(fd);
	if (r)
		return r;
	*folder = fd_take(&fd);
	return 0;
}

static bool is_plain(const struct stat *now)
{
	return S_ISREG(now->st_mode) && now->st_uid == geteuid();
}

int folder_file_open(int folder, const char *name, int *out)
{
	CLEANUP(fd_closep) int fd = openat(folder, name, OPEN_FLAGS);
	struct stat now;

	if (fd < 0 && errno == ENOENT)
		return FOLDER_MISSING;
	if (fd < 0)
		return errno == ELOOP || errno == ENXIO ? FOLDER_FOREIGN : -errno;
	if (fstat(fd, &now) < 0)
		return -errno;
	if (!is_plain(&now))
		return FOLDER_FOREIGN;
	if (fcntl(fd, F_SETFL, 0) <
		0) /* O_NONBLOCK has done its work; io_uring would heed it */
		return -errno;
	*out = fd_take(&fd);
	return 0;
}

/* Is this still what stood there? fd keeps its inode's number from being used again. */
static bool is_same(const struct stat *now, int fd)
{
	struct stat seen;

	if (fd < 0)
		return !is_plain(now);
	return fstat(fd, &seen) == 0 && seen.st_dev == now->st_dev &&
	       seen.st_ino == now->st_ino;
}

int folder_file_drop(int folder, const char *name, int fd)
{
	CLEANUP(fd_closep) int lock = -1;
	struct stat now;

	int r = folder_lock(folder, FOLDER_LOCK_NAME, name, &lock);
	if (r)
		return r;
	if (fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!is_same(&now, fd))
		return 0;
	return unlinkat(folder, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int folder_file_remove(int folder, const char *name)
{
	if (unlinkat(folder, name, 0) == 0)
		return 0;
	return errno == ENOENT ? FOLDER_MISSING : -errno;
}

/* --- listing --- */

struct list {
	struct folder_entry *entries;
	size_t count, room;
};

static void list_deinit(struct list *list)
{
	free(list->entries);
}

static int list_add(struct list *list, const struct hash *name, const struct stat *now)
{
	if (list->count == list->room) {
		size_t room = list->room ? 2 * list->room : 64;
		struct folder_entry *more = reallocarray(list->entries, room, sizeof(*more));
		if (!more)
			return -ENOMEM;
		list->entries = more;
		list->room = room;
	}
	list->entries[list->count++] = (struct folder_entry){
		.name = *name,
		.size = (uint64_t)now->st_size,
		.modified = now->st_mtim,
	};
	return 0;
}

/* Our names are lower case: the same digits in upper case name somebody else's file. */
static bool is_hash(const char *name, struct hash *hash)
{
	char hex[HASH_HEX_SIZE];

	return hash_from_hex(name, hash) && strcmp(hash_to_hex(hash, hex), name) == 0;
}

static int list_visit(struct list *list, int folder, const char *name)
{
	struct hash hash;
	struct stat now;

	if (!is_hash(name, &hash))
		return 0;
	if (fstatat(folder, name, &now, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno; /* removed while we look */
	return is_plain(&now) ? list_add(list, &hash, &now) : 0;
}

static int by_name(const void *a, const void *b)
{
	const struct folder_entry *x = a, *y = b;

	return memcmp(x->name.bytes, y->name.bytes, HASH_BYTES);
}

int folder_list(int folder, struct folder_entry **entries, size_t *count)
{
	CLEANUP(dir_closep) DIR *dir = NULL;
	CLEANUP(list_deinit) struct list list = { 0 };
	const char *name;
	int r = dir_open(folder, &dir);

	if (r)
		return r;
	while ((name = dir_next(dir, &r))) {
		r = list_visit(&list, folder, name);
		if (r)
			return r;
	}
	if (r)
		return r;
	if (list.count)
		qsort(list.entries, list.count, sizeof(*list.entries), by_name);
	*entries = list.entries;
	*count = list.count;
	list.entries = NULL;
	return 0;
}

/* --- locks --- */

/*
 * One file holds every lock: a name's lock is one byte of it, far beyond its end, at a place
 * the name's hash gives. So there is no lock file to clean up, and none that could be removed
 * under the feet of one who waits. That two names share a byte is less likely than a broken
 * machine, and would only make one wait for the other.
 */
static off_t lock_place(enum folder_lock what, const char *name)
{
	struct hash hash = hash_blake2b(name, strlen(name));
	uint64_t place;

	memcpy(&place, hash.bytes, sizeof(place));
	return (off_t)(place >> 2 | (uint64_t)what << 62);
}

int folder_lock(int folder, enum folder_lock what, const char *name, int *lock)
{
	CLEANUP(fd_closep)
	int fd = openat(folder, LOCKS_NAME, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	struct flock range = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = lock_place(what, name),
		.l_len = 1,
	};

	if (fd < 0)
		return -errno;
	/* a lock of the open file, not of the process: it holds between threads as well */
	while (fcntl(fd, F_OFD_SETLKW, &range) < 0)
		if (errno != EINTR)
			return -errno;
	*lock = fd_take(&fd);
	return 0;
}
