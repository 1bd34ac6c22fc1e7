/* scratch.h: a folder for one test: scratch_setup and scratch_teardown are its checked fixture.
 */
#pragma once

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include <sys/mount.h>
#include <sys/stat.h>

#include "ipc/log.h"

#define SCRATCH_DISK "disk"

static char scratch[] = "/tmp/redshirt-test-XXXXXX";

/* scratch/name; good until the fourth call from here. */
static inline const char *scratch_path(const char *name)
{
	static char paths[4][PATH_MAX];
	static size_t next;
	char *path = paths[next++ % ARRAY_LEN(paths)];

	snprintf(path, PATH_MAX, "%s/%s", scratch, name);
	return path;
}

static inline void scratch_setup(void)
{
	setenv("REDSHIRT_LOG", "error", 0); /* the hundreds of warnings are what we test for */
	log_open("check");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static int scratch_forget(const char *path, const struct stat *now, int what, struct FTW *ftw)
{
	(void)now, (void)what, (void)ftw;
	return remove(path);
}

static inline void scratch_teardown(void)
{
	umount2(scratch_path(SCRATCH_DISK), MNT_DETACH); /* if there is one */
	nftw(scratch, scratch_forget, 16, FTW_DEPTH | FTW_PHYS);
}

static inline void scratch_write(const char *name, const void *bytes, size_t size)
{
	CLEANUP(fd_closep)
	int fd = open(scratch_path(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
}

/* The file's size; at most size bytes of it are read. */
static inline size_t scratch_read(const char *name, void *bytes, size_t size)
{
	CLEANUP(fd_closep) int fd = open(scratch_path(name), O_RDONLY | O_CLOEXEC);
	struct stat now;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fstat(fd, &now), 0);
	ck_assert_int_ge(read(fd, bytes, size), 0);
	return (size_t)now.st_size;
}

static inline bool scratch_has(const char *name)
{
	struct stat now;

	return lstat(scratch_path(name), &now) == 0;
}

/* How many names in the folder begin so; "." and ".." do not count. */
static inline int scratch_count(const char *folder, const char *prefix)
{
	DIR *dir = opendir(scratch_path(folder));
	struct dirent *entry;
	int n = 0;

	ck_assert_ptr_nonnull(dir);
	while ((entry = readdir(dir)))
		n += strncmp(entry->d_name, prefix, strlen(prefix)) == 0 &&
		     strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return n;
}

/* A disk of 256 KiB at scratch/disk, for this test only. false: skipped, and said why. */
static inline bool scratch_small_disk(void)
{
	const char *path = scratch_path(SCRATCH_DISK);

	ck_assert_int_eq(mkdir(path, 0700), 0);
	if (unshare(CLONE_NEWNS) == 0 &&
		mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
		mount("none", path, "tmpfs", 0, "size=256k,mode=0700") == 0)
		return true;
	fprintf(stderr, "skipped: a small disk needs the right to mount: %s\n",
		strerror(errno));
	return false;
}

/* A pseudo-random number (xorshift); the same in every run that begins with the same seed. */
static inline uint32_t scratch_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}
