/*
 * rs_client.h: an ordinary program of this machine as a process of rsd: it sends messages to
 * interfaces, handles some itself, and has an identity of its own, as Wasm programs do. rsd's
 * user says which names may join (rsd --native NAME).
 *
 *     cc program.c $(pkg-config --cflags --libs redshirt-client)
 *
 * One identity per program, one thread at a time in here. Nothing here blocks a signal for
 * longer than a call, ends the program, or raises SIGPIPE; a signal handler that runs while a
 * call waits is no reason for it to return. A child after fork() has not joined, and may join
 * for itself. Linux on x86-64; while joined, the addresses [2^40, 2^40 + 4 GiB) are used.
 *
 * Every int here is one of three: 0 is done; above 0 is an enum rs_status; below 0 minus an
 * errno, of which two are about the membership:
 *
 *     -ENOTCONN   this process has not joined, or has left
 *     -EPIPE      rsd ended, or expelled us (rsctl stop, rsctl kill). What was under way is
 *                 lost. rs_client_leave(), then it may join again
 */
#ifndef RS_CLIENT_H
#define RS_CLIENT_H

#include <stddef.h>
#include <stdint.h>

#include <sys/uio.h>

#include "ipc/message.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * socket: of rsd, NULL: the one rsctl would ask. *process: our number, as rsctl ps shows it;
 * may be NULL. RS_DENIED: the name is not granted. RS_BAD_ARGUMENT: it is none. RS_LIMIT: as
 * many have joined as may. RS_UNSUPPORTED: that rsd knows nothing of it. -ENOENT,
 * -ECONNREFUSED: nobody listens. -EISCONN: we have joined. -EEXIST: something lies at the
 * addresses that lanes need.
 */
int rs_client_join(const char *socket, const char *name, uint64_t *process);
const char *rs_client_why(void); /* of the last join, for people */

/*
 * Lets go of everything. What we sent and nobody has read yet is lost, as are answers to us: a
 * program that only ends need not call it, and then its last messages are still read.
 */
int rs_client_leave(void);

/*
 * Sends the pieces, at most RS_PIECES_MAX, as one message to whoever handles the interface;
 * never waits for the handler, but that it reads what is long: a body that does not fit beside
 * what it has not read yet (16 KiB always may) goes in parts. flags: RS_NEEDS_ANSWER,
 * RS_ALLOW_DELAY (what is kept until somebody handles it goes out in later calls), RS_MORE.
 * *id: what the answer will carry (0 when none is wanted).
 *
 * RS_BUSY: no room now; take what has come. One RS_NOTICE_ROOM says when to try again.
 */
int rs_client_emit_message(const uint8_t interface[32], const struct iovec *pieces,
	uint32_t count, uint64_t flags, uint64_t *id);

/* Answers a message that asked for it, once. After RS_BUSY it may be tried again. */
int rs_client_emit_answer(
	uint64_t id, const struct iovec *pieces, uint32_t count, uint32_t status);

/*
 * Waits for the next delivery (struct rs_delivery, then its body) and writes it to out; *bytes
 * is its size. RS_TIMED_OUT: nothing came. RS_TOO_BIG: it was kept, come again with room for
 * *bytes. RS_LIMIT: what is wanted lies behind answers that find no place: take those first.
 *
 * timeout_ns: 0 only looks, -1 waits for ever. poll: NULL and 0 for anything; else only answers
 * to these ids (RS_POLL_MAX at most), and (id 0) messages; the entry that was served becomes 0.
 */
int rs_client_next_message(uint64_t *poll, uint32_t count, void *out, size_t room,
	int64_t timeout_ns, size_t *bytes);

/*
 * For a program with an event loop:
 *
 *     while (rs_client_next_message(NULL, 0, out, room, 0, &bytes) == 0) ...
 *     if (rs_client_prepare() == 0)
 *             poll rs_client_fd() for POLLIN, among others
 *
 * prepare announces that we sleep, so that whoever sends rings, and looks once more: RS_BUSY,
 * there is something. Any further call ends the sleep. A long body that waits for room may be
 * looked at only when something else comes.
 */
int rs_client_fd(void);
int rs_client_prepare(void);

/* Messages to rsd, and their answers' status. RS_TAKEN: another process handles it.
 * body_bytes_max: of a message to us; 0: as much as rsd lets through. */
int rs_client_register(const uint8_t interface[32], uint64_t body_bytes_max);
int rs_client_unregister(const uint8_t interface[32]);
/* Lets go of a message that was sent: it completes with RS_CANCELLED, unless it has been
 * answered. */
int rs_client_cancel(uint64_t id);

/* What an int of these functions, or a delivery's status, means. */
const char *rs_client_text(int64_t answer);

/* ---- the same with one piece ---- */

static inline int rs_client_send(const uint8_t interface[32], const void *body, size_t bytes,
	uint64_t flags, uint64_t *id)
{
	struct iovec piece;

	piece.iov_base = (void *)(uintptr_t)body;
	piece.iov_len = bytes;
	return rs_client_emit_message(interface, &piece, 1, flags, id);
}

static inline int rs_client_answer(
	const struct rs_delivery *to, uint32_t status, const void *body, size_t bytes)
{
	struct iovec piece;

	piece.iov_base = (void *)(uintptr_t)body;
	piece.iov_len = bytes;
	return rs_client_emit_answer(to->id, &piece, 1, status);
}

#ifdef __cplusplus
}
#endif
#endif
