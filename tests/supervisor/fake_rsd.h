/*
 * fake_rsd.h: something that listens where rsd would and says whatever a test wants. It answers
 * one connection in a process of its own, which ends with the test's.
 */
#pragma once

#include <signal.h>
#include <string.h>

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "supervisor/protocol.h"
#include "tests/cache/scratch.h"

/* fd: the connection. */
typedef void (*fake_rsd_part)(int fd);

static const char *fake_rsd_path(void)
{
	return scratch_path("control.sock");
}

static int fake_rsd_listen(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	strcpy(address.sun_path, fake_rsd_path());
	unlink(address.sun_path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 8), 0);
	return fd;
}

static void fake_rsd_start(fake_rsd_part part)
{
	int listener = fake_rsd_listen();

	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		int fd = accept(listener, NULL, NULL);
		signal(SIGPIPE, SIG_IGN);
		part(fd);
		_exit(0);
	}
	ck_assert_int_gt(pid, 0);
	close(listener);
}

static inline void fake_rsd_say(int fd, char type, const void *bytes, size_t size)
{
	static char packet[1 << 20];

	packet[0] = type;
	memcpy(packet + 1, bytes, size);
	(void)!send(fd, packet, 1 + size, 0);
}

static inline void fake_rsd_json(int fd, const char *text)
{
	fake_rsd_say(fd, CONTROL_JSON, text, strlen(text));
}

/* The next packet of the client; its size, 0 when it has gone. */
static inline size_t fake_rsd_hear(int fd, char *out, size_t size)
{
	ssize_t n = recv(fd, out, size - 1, 0);

	out[n > 0 ? n : 0] = 0;
	return n > 0 ? (size_t)n : 0;
}
