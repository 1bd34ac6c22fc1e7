/* fdpass.h: a short message with descriptors over a unix socket (SCM_RIGHTS), all or nothing.
 */
#pragma once

#include "ipc/base.h"

#define FDPASS_MAX 16

enum {
	FDPASS_EMPTY = 1,  /* nothing there */
	FDPASS_CLOSED,     /* the other end is gone */
	FDPASS_UNEXPECTED, /* other size or other number of descriptors; what came was closed */
};

/* Never blocks, no SIGPIPE. */
int fdpass_send(
	int socket, const void *message, size_t size, const int *fds, size_t n) MUST_USE;

/* One message of exactly this size with exactly n descriptors, which are the caller's then.
 * Never blocks. */
int fdpass_receive(int socket, void *message, size_t size, int *fds, size_t n) MUST_USE;
/* The same with n descriptors, or some up to n_max: the others become -1. */
int fdpass_receive_up_to(
	int socket, void *message, size_t size, int *fds, size_t n, size_t n_max) MUST_USE;
