#include "aotc/work.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/file.h>
#include <sys/stat.h>

uid_t work_user(void)
{
	return geteuid() == 0 ? WORK_ID : geteuid();
}

#define STALE_S 60 /* a folder this old, unlocked: whoever made it was killed */

/* Where a user namespace maps only us, that user does not exist: the jail then says that it
 * runs as root. */
static void give_to(int fd, uid_t user)
{
	if (geteuid() == 0 && fchown(fd, user, (gid_t)user) < 0)
		return;
}

/* As deep as our own folders go; what a process that was taken over made below that is left. */
static void empty(int folder, int depth)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = fd >= 0 ? fdopendir(fd) : NULL;
	unsigned int files = 0;

	if (!listing) {
		fd_closep(&fd);
		return;
	}
	for (struct dirent *e = readdir(listing); e && files < WORK_FILES_MAX;
		e = readdir(listing), files++) {
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		if (unlinkat(folder, e->d_name, 0) == 0 || depth == 0)
			continue;
		CLEANUP(fd_closep)
		int inner = openat(
			folder, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner >= 0)
			empty(inner, depth - 1);
		unlinkat(folder, e->d_name, AT_REMOVEDIR);
	}
	closedir(listing);
}

/* Removes a folder that an aotc left which could not do it itself: ours, old, and locked by
 * nobody. */
static void sweep_one(int parent, const char *name)
{
	CLEANUP(fd_closep)
	int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 ||
		(st.st_uid != geteuid() && st.st_uid != work_user()) ||
		st.st_mtime > time(NULL) - STALE_S || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return;
	empty(fd, WORK_DEPTH);
	unlinkat(parent, name, AT_REMOVEDIR);
}

static void sweep(const char *path)
{
	DIR *listing = opendir(path);

	if (!listing)
		return;
	for (struct dirent *e = readdir(listing); e; e = readdir(listing))
		if (strncmp(e->d_name, WORK_PREFIX, strlen(WORK_PREFIX)) == 0)
			sweep_one(dirfd(listing), e->d_name);
	closedir(listing);
}

static int make_temporary(struct work *work)
{
	const char *given = getenv("TMPDIR"), *parent = given && *given ? given : "/tmp";
	int n = snprintf(work->path, sizeof work->path, "%s/" WORK_PREFIX "XXXXXX", parent);

	sweep(parent);

	if (n < 0 || (size_t)n >= sizeof work->path)
		return -ENAMETOOLONG;
	return mkdtemp(work->path) ? 0 : -errno;
}

static int make_kept(struct work *work, const char *keep)
{
	int n = snprintf(work->path, sizeof work->path, "%s", keep);

	if (n < 0 || (size_t)n >= sizeof work->path)
		return -ENAMETOOLONG;
	work->keep = true;
	return mkdir(keep, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

int work_open(const char *keep, struct work *out)
{
	struct work work = { .fd = -1 };
	int r = keep ? make_kept(&work, keep) : make_temporary(&work);

	if (r < 0)
		return r;
	work.fd = open(work.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (work.fd < 0 || flock(work.fd, LOCK_SH | LOCK_NB) < 0) {
		r = -errno;
		fd_closep(&work.fd);
		return r;
	}
	give_to(work.fd, WORK_ID);
	if (keep && unlinkat(work.fd, "commands.txt", 0) < 0 && errno != ENOENT) {
		r = -errno;
		close(work.fd);
		return r;
	}
	*out = work;
	return 0;
}

void work_close(struct work *work)
{
	if (work->fd < 0)
		return;
	give_to(work->fd, geteuid());
	if (!work->keep) {
		empty(work->fd, WORK_DEPTH);
		rmdir(work->path);
	}
	fd_closep(&work->fd);
}

int work_create(struct work *work, const char *name, int *fd)
{
	if (unlinkat(work->fd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	int made = openat(
		work->fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (made < 0)
		return -errno;
	give_to(made, WORK_ID);
	*fd = made;
	return 0;
}

static int write_all(int fd, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		bytes += n;
		size -= (size_t)n;
	}
	return 0;
}

int work_write(struct work *work, const char *name, const void *bytes, size_t size)
{
	CLEANUP(fd_closep) int fd = -1;
	int r = work_create(work, name, &fd);

	return r ? r : write_all(fd, bytes, size);
}

/* Something else may stand there: a link, or the folder of a compile before this one. */
static int remove_any(int folder, const char *name)
{
	CLEANUP(fd_closep) int inner = -1;

	if (unlinkat(folder, name, 0) == 0 || errno == ENOENT)
		return 0;
	inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (inner >= 0)
		empty(inner, WORK_DEPTH - 1);
	return unlinkat(folder, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

int work_folder(struct work *work, const char *name, struct work *inner)
{
	int r = remove_any(work->fd, name);

	if (r == 0 && mkdirat(work->fd, name, 0700) < 0)
		r = -errno;
	if (r)
		return r;
	*inner = (struct work){ .fd = openat(work->fd, name,
					O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) };
	if (inner->fd < 0)
		return -errno;
	give_to(inner->fd, WORK_ID);
	return 0;
}

int work_take(struct work *work, const char *name, int from, uint64_t size_max, uint64_t *taken)
{
	static uint8_t buffer[64 * KIB];
	CLEANUP(fd_closep) int fd = -1;
	int r = work_create(work, name, &fd);

	for (*taken = 0; r == 0;) {
		ssize_t n = read(from, buffer, sizeof buffer);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		*taken += (uint64_t)n;
		r = *taken > size_max ? WORK_BAD : write_all(fd, buffer, (size_t)n);
	}
	return r;
}

/* O_NONBLOCK: a fifo planted under this name must not hold us. */
static int open_plain(struct work *work, const char *name, struct stat *st, int *fd)
{
	CLEANUP(fd_closep)
	int opened = openat(work->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (opened < 0)
		return errno == ENOENT || errno == ELOOP ? WORK_BAD : -errno;
	if (fstat(opened, st) < 0)
		return -errno;
	if (!S_ISREG(st->st_mode))
		return WORK_BAD;
	*fd = fd_take(&opened);
	return 0;
}

/* Up to size bytes; less only at the end of the file. */
static ssize_t read_up_to(int fd, uint8_t *to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		ssize_t n = read(fd, to + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

int work_read(
	struct work *work, const char *name, uint64_t size_max, uint8_t **bytes, size_t *size)
{
	CLEANUP(fd_closep) int fd = -1;
	CLEANUP(freep) uint8_t *copy = NULL;
	struct stat st;
	int r = open_plain(work, name, &st, &fd);

	if (r)
		return r;
	if ((uint64_t)st.st_size > size_max)
		return WORK_BAD;
	copy = malloc((size_t)st.st_size + 1);
	if (!copy)
		return -ENOMEM;
	ssize_t n = read_up_to(fd, copy, (size_t)st.st_size);
	if (n < 0)
		return (int)n;
	copy[n] = 0; /* the file may have shrunk: what was read is what there is */
	*size = (size_t)n;
	*bytes = copy;
	copy = NULL;
	return 0;
}

void work_head(struct work *work, const char *name, char *text, size_t size)
{
	CLEANUP(fd_closep) int fd = -1;
	struct stat st;
	ssize_t n = 0;

	if (open_plain(work, name, &st, &fd) == 0)
		n = read_up_to(fd, (uint8_t *)text, size - 1);
	text[n > 0 ? n : 0] = '\0';
}

void work_note(struct work *work, const char *const *argv)
{
	if (!work->keep)
		return;
	CLEANUP(fd_closep)
	int fd = openat(work->fd, "commands.txt",
		O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return;
	for (size_t i = 0; argv[i]; i++) {
		const char *quote =
			strpbrk(argv[i], " \"*()$") ? "'" : ""; /* our own words hold no ' */
		dprintf(fd, "%s%s%s%s", i ? " " : "", quote, argv[i], quote);
	}
	dprintf(fd, "\n");
}
