/* base.h: the few words every file uses. */
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MUST_USE     __attribute__((warn_unused_result))
#define CLEANUP(fn)  __attribute__((cleanup(fn)))
/* For a large table of which few pages are touched: it lies apart, so that what is small and
 * used lies together, and a process has fewer pages of its own. */
#define LARGE_TABLE  __attribute__((section(".bss.large")))
#define PRINTF(f, a) __attribute__((format(printf, f, a)))

#define KIB (1024ull)
#define MIB (1024ull * KIB)
#define GIB (1024ull * MIB)

/*
 * Every function with an int answers one of three: 0 is done; a negative -errno says that our
 * own world broke, pass it up; a positive number is an outcome named in the function's header,
 * and the caller deals with it.
 */

/* For a descriptor owned by the current scope: `CLEANUP(fd_closep) int fd = -1;` */
static inline void fd_closep(int *fd)
{
	int saved = errno; /* tear-down must not hide why we are tearing down */

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

/* Hands an owned descriptor on: `out->fd = fd_take(&fd);` */
static inline int fd_take(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

/* For heap memory owned by the current scope: `CLEANUP(freep) char *text = NULL;` */
static inline void freep(void *pointer)
{
	free(*(void **)pointer);
}
