#include "supervisor/control/connection.h"

#include <assert.h>
#include <poll.h>
#include <string.h>

#include <sys/socket.h>
#include <sys/syscall.h>

#include "ipc/fdpass.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77 /* Linux 6.5 */
#endif

struct packet {
	struct packet *next;
	size_t size;
	uint8_t bytes[];
};

struct connection {
	struct loop *loop;
	struct connection_events events;
	int fd; /* -1: closed */
	uint64_t in_watch, out_watch;
	struct packet *first, **last;
	size_t queued;
	bool paused, ending;
	uint64_t moved_in, moved_out;
};

static void in_ready(void *context, int result);
static void out_ready(void *context, int result);

/* Without telling: for the owner's own wish. */
static void shut(struct connection *c)
{
	loop_cancel(c->loop, &c->in_watch);
	loop_cancel(c->loop, &c->out_watch);
	fd_closep(&c->fd);
	while (c->first) {
		struct packet *packet = c->first;
		c->first = packet->next;
		free(packet);
	}
	c->last = &c->first;
	c->queued = 0;
}

static void lose(struct connection *c, const char *why)
{
	if (c->fd < 0)
		return;
	shut(c);
	c->events.closed(c->events.context, why);
}

static void watch_in(struct connection *c)
{
	if (c->fd < 0 || c->paused || c->in_watch)
		return;
	if (loop_poll(c->loop, c->fd, POLLIN, in_ready, c, &c->in_watch))
		lose(c, "too many descriptors are watched");
}

int connection_new(struct loop *loop, int fd, const struct connection_events *events,
	struct connection **out)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->loop = loop;
	c->fd = fd;
	c->events = *events;
	c->last = &c->first;
	int r = loop_poll(loop, fd, POLLIN, in_ready, c, &c->in_watch);
	if (r) {
		connection_free(c);
		return r;
	}
	*out = c;
	return 0;
}

struct connection *connection_free(struct connection *c)
{
	if (!c)
		return NULL;
	shut(c);
	free(c);
	return NULL;
}

/* ---- in ---- */

/* True: there may be more. */
static bool receive(struct connection *c)
{
	uint8_t bytes[CONTROL_PACKET_MAX];
	/* no room for control messages: descriptors that a client sends are closed by the
	 * kernel */
	ssize_t n = recv(c->fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		lose(c, NULL);
		return false;
	}
	if ((size_t)n > sizeof(bytes)) {
		lose(c, "a packet is too large");
		return false;
	}
	c->moved_in++;
	if (!c->ending)
		c->events.packet(c->events.context, bytes[0], bytes + 1, (uint32_t)n - 1);
	return c->fd >= 0 && !c->paused;
}

static void in_ready(void *context, int result)
{
	struct connection *c = context;

	(void)result; /* recv() will say */
	c->in_watch = 0;
	for (unsigned i = 0; i < CONNECTION_BURST; i++)
		if (!receive(c))
			break;
	watch_in(c);
}

void connection_pause(struct connection *c, bool pause)
{
	c->paused = pause;
	if (pause)
		loop_cancel(c->loop, &c->in_watch);
	else
		watch_in(c);
}

/* ---- out ---- */

/* 0 sent, 1 later, negative: lost. */
static int put(struct connection *c, struct iovec *iov, size_t parts)
{
	struct msghdr m = { .msg_iov = iov, .msg_iovlen = parts };

	if (sendmsg(c->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) {
		c->moved_out++;
		return 0;
	}
	return errno == EAGAIN || errno == EINTR ? 1 : -errno;
}

/*
 * The client sees the end and closes. Closing first would not do: what it may still be sending
 * would lie unread, and then the kernel gives it ECONNRESET instead of our last packets.
 */
static void say_end(struct connection *c)
{
	shutdown(c->fd, SHUT_WR);
	connection_pause(c, false);
}

static void flush(struct connection *c)
{
	int r = 0;

	while (c->first && r == 0) {
		struct packet *packet = c->first;
		struct iovec iov = { packet->bytes, packet->size };
		r = put(c, &iov, 1);
		if (r)
			break;
		c->first = packet->next;
		if (!c->first)
			c->last = &c->first;
		c->queued -= packet->size;
		free(packet);
	}
	if (r > 0 && !c->out_watch)
		r = loop_poll(c->loop, c->fd, POLLOUT, out_ready, c, &c->out_watch);
	if (r < 0)
		lose(c, NULL);
	else if (!c->first && c->ending)
		say_end(c);
}

static void out_ready(void *context, int result)
{
	struct connection *c = context;

	(void)result;
	c->out_watch = 0;
	flush(c);
}

static void append(struct connection *c, const struct iovec *iov, size_t parts, size_t size)
{
	struct packet *packet = malloc(sizeof(*packet) + size);
	size_t at = 0;

	if (!packet || c->queued + size > CONNECTION_QUEUE_MAX) {
		free(packet);
		lose(c, "it does not take what it is sent");
		return;
	}
	packet->next = NULL;
	packet->size = size;
	for (size_t i = 0; i < parts; i++) {
		memcpy(packet->bytes + at, iov[i].iov_base, iov[i].iov_len);
		at += iov[i].iov_len;
	}
	*c->last = packet;
	c->last = &packet->next;
	c->queued += size;
	flush(c);
}

void connection_send(struct connection *c, uint8_t type, const void *head, uint32_t n,
	const void *body, uint32_t m)
{
	struct iovec iov[] = {
		{ &type, 1 },
		{ (void *)(uintptr_t)head, n },
		{ (void *)(uintptr_t)body, m },
	};

	assert(n + m <= CONTROL_PAYLOAD_MAX);
	if (c->fd < 0 || c->ending)
		return;
	int r = c->first ? 1 : put(c, iov, ARRAY_LEN(iov));
	if (r > 0)
		append(c, iov, m ? 3 : 2, 1 + n + m);
	else if (r < 0)
		lose(c, NULL);
}

int connection_send_fds(struct connection *c, uint8_t type, const void *bytes, uint32_t n,
	const int *fds, size_t n_fds)
{
	uint8_t packet[CONTROL_PACKET_MAX];

	assert(n <= CONTROL_PAYLOAD_MAX);
	if (c->fd < 0 || c->ending || c->first)
		return CONNECTION_NOT_SENT;
	packet[0] = type;
	memcpy(packet + 1, bytes, n);
	if (fdpass_send(c->fd, packet, 1 + n, fds, n_fds))
		return CONNECTION_NOT_SENT;
	c->moved_out++;
	return 0;
}

/* A number may be another process's by now; not while the one it was given for holds its end of
 * the socket. */
static int pidfd_by_number(int fd, pid_t pid, int *pidfd)
{
	CLEANUP(fd_closep) int got = (int)syscall(SYS_pidfd_open, pid, 0);
	uint8_t byte;

	if (got < 0)
		return -errno;
	if (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN)
		return -ESRCH;
	*pidfd = fd_take(&got);
	return 0;
}

int connection_pidfd(const struct connection *c, pid_t pid, int *pidfd)
{
	socklen_t size = sizeof(*pidfd);

	if (getsockopt(c->fd, SOL_SOCKET, SO_PEERPIDFD, pidfd, &size) == 0)
		return 0;
	return errno == ENOPROTOOPT ? pidfd_by_number(c->fd, pid, pidfd) : -errno;
}

void connection_end(struct connection *c)
{
	c->ending = true;
	if (c->fd >= 0)
		flush(c);
}

bool connection_closed(const struct connection *c)
{
	return c->fd < 0;
}

size_t connection_queued(const struct connection *c)
{
	return c->queued;
}

uint64_t connection_moved_in(const struct connection *c)
{
	return c->moved_in;
}

uint64_t connection_moved_out(const struct connection *c)
{
	return c->moved_out;
}
