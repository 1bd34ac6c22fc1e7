/*
 * connection.h: one client of the control socket: packets in, packets out. What it does not
 * take waits in a queue that its user watches (connection_queued) and that has an end
 * (CONNECTION_QUEUE_MAX: it is closed). Nothing here blocks.
 *
 * A callback may call anything here. The memory stays until connection_free(), which is for
 * the owner's loop, not for a callback.
 */
#pragma once

#include "supervisor/loop.h"
#include "supervisor/protocol.h"

#define CONNECTION_QUEUE_MAX  (4 * MIB)
#define CONNECTION_QUEUE_HIGH (128 * KIB) /* more than this, and one should wait */
#define CONNECTION_BURST      8u          /* packets read before others have their turn */

struct connection;

struct connection_events {
	void *context;
	/* bytes stay valid until it returns. */
	void (*packet)(void *context, uint8_t type, const uint8_t *bytes, uint32_t n);
	/* The client went away, or broke the rules (why; NULL otherwise). Once. */
	void (*closed)(void *context, const char *why);
};

/* Takes fd, whatever is answered. */
int connection_new(struct loop *loop, int fd, const struct connection_events *events,
	struct connection **out) MUST_USE;
struct connection *connection_free(struct connection *connection); /* returns NULL */

/* The payload in two parts; n + m <= CONTROL_PAYLOAD_MAX. After the end nothing is sent. */
void connection_send(struct connection *connection, uint8_t type, const void *head, uint32_t n,
	const void *body, uint32_t m);
/* The same at once, with descriptors, which stay the caller's; or CONNECTION_NOT_SENT. */
enum {
	CONNECTION_NOT_SENT = 1
};
int connection_send_fds(struct connection *connection, uint8_t type, const void *bytes,
	uint32_t n, const int *fds, size_t n_fds) MUST_USE;

/* A pidfd of the process that connected. -errno: it is gone, or cannot be seen from here. */
int connection_pidfd(const struct connection *connection, pid_t pid, int *pidfd) MUST_USE;

/* When all is sent, the client is told the end and everything it says is thrown away until it
 * closes; closed() follows. */
void connection_end(struct connection *connection);

/* While paused nothing is read, not even that the client went away. */
void connection_pause(struct connection *connection, bool pause);

bool connection_closed(const struct connection *connection);
size_t connection_queued(const struct connection *connection); /* bytes */
/* Packets so far, to see whether anything moves. */
uint64_t connection_moved_in(const struct connection *connection);
uint64_t connection_moved_out(const struct connection *connection);
