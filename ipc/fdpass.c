#include "ipc/fdpass.h"

#include <assert.h>
#include <string.h>

#include <sys/socket.h>

/* In a locked worker exactly this flag word is allowed; close-on-exec means nothing to a
 * process that cannot exec. */
#ifdef NATIVE_CLIENT
#define RECEIVE_FLAGS (MSG_DONTWAIT | MSG_CMSG_CLOEXEC)
#else
#define RECEIVE_FLAGS MSG_DONTWAIT
#endif

union control {
	struct cmsghdr head;
	char bytes[CMSG_SPACE(FDPASS_MAX * sizeof(int))];
};

int fdpass_send(int socket, const void *message, size_t size, const int *fds, size_t n)
{
	union control control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)message, size };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

	assert(n <= FDPASS_MAX);
	if (n) {
		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&control.head), fds, n * sizeof(int));
	}
	ssize_t sent = sendmsg(socket, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent < 0)
		return -errno;
	return (size_t)sent == size ? 0 : -EMSGSIZE;
}

/* How many descriptors came with the message; they are put into fds. Only one control message
 * can fit. */
static size_t received(const struct msghdr *m, union control *control, int fds[FDPASS_MAX])
{
	size_t head = CMSG_LEN(0);

	if (m->msg_controllen < head || control->head.cmsg_level != SOL_SOCKET ||
		control->head.cmsg_type != SCM_RIGHTS || control->head.cmsg_len < head)
		return 0;
	size_t n = (control->head.cmsg_len - head) / sizeof(int);
	memcpy(fds, CMSG_DATA(&control->head), n * sizeof(int));
	return n;
}

int fdpass_receive(int socket, void *message, size_t size, int *fds, size_t n)
{
	return fdpass_receive_up_to(socket, message, size, fds, n, n);
}

int fdpass_receive_up_to(
	int socket, void *message, size_t size, int *fds, size_t n, size_t n_max)
{
	union control control = { 0 };
	struct iovec iov = { message, size };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	int came[FDPASS_MAX];

	assert(n <= n_max && n_max <= FDPASS_MAX);
	ssize_t got = recvmsg(socket, &m, RECEIVE_FLAGS);
	if (got < 0)
		return errno == EAGAIN       ? FDPASS_EMPTY
		       : errno == ECONNRESET ? FDPASS_CLOSED
					     : -errno;
	size_t k = received(&m, &control, came);
	if (got == 0 && k == 0)
		return FDPASS_CLOSED;
	if ((size_t)got == size && k >= n && k <= n_max &&
		!(m.msg_flags & (MSG_CTRUNC | MSG_TRUNC))) {
		for (size_t i = 0; i < n_max; i++)
			fds[i] = i < k ? came[i] : -1;
		return 0;
	}
	for (size_t i = 0; i < k; i++)
		close(came[i]);
	return FDPASS_UNEXPECTED;
}
