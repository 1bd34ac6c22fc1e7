#include "runtime/client/quiet.h"

#include <signal.h>
#include <time.h>

#include <sys/uio.h>

#ifndef RWF_NOSIGNAL
#define RWF_NOSIGNAL 0x100 /* Linux 6.18 */
#endif

void quiet_held_back(int fd, const void *bytes, size_t n)
{
	static const struct timespec at_once;
	sigset_t pipe, before, waiting;

	sigemptyset(&pipe);
	sigaddset(&pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &pipe, &before);
	sigpending(&waiting);
	if (write(fd, bytes, n) < 0 && errno == EPIPE && !sigismember(&waiting, SIGPIPE))
		while (sigtimedwait(&pipe, NULL, &at_once) < 0 && errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void quiet_write(int fd, const void *bytes, size_t n)
{
	static bool unknown; /* to this kernel */
	const struct iovec iov = { (void *)(uintptr_t)bytes, n };

	if (!unknown && pwritev2(fd, &iov, 1, -1, RWF_NOSIGNAL) < 0)
		unknown = errno == EOPNOTSUPP || errno == EINVAL;
	else if (!unknown)
		return;
	if (unknown)
		quiet_held_back(fd, bytes, n);
}
