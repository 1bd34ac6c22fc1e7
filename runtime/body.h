/*
 * body.h: the body of a message on its way out: pieces in the program's memory, or bytes of our
 * own. Checked when it is made, copied once, into the ring.
 *
 * The pieces of a program in a worker lie in linear memory; those of a native client
 * (NATIVE_CLIENT, runtime/client/client.mk) are pointers of its own. Each is compiled for one
 * of them.
 */
#pragma once

#include <string.h>

#include <sys/uio.h>

#include "ipc/message.h"
#include "runtime/memory.h"

struct body {
	const uint8_t *pieces; /* struct rs_piece (native: struct iovec), perhaps unaligned;
				  NULL: own */
	const void *own;
	uint32_t count;
	uint64_t bytes;
};

#ifdef NATIVE_CLIENT
static inline struct iovec body_piece(const struct body *body, uint32_t i)
{
	struct iovec piece;

	memcpy(&piece, body->pieces + i * sizeof(piece), sizeof(piece));
	return piece;
}
#else
static inline struct iovec body_piece(const struct body *body, uint32_t i)
{
	const uint8_t *at = body->pieces + i * sizeof(struct rs_piece);
	struct rs_piece piece;

	/* one after the other, as the program wrote them a moment ago: both at once would have
	 * to wait for its stores */
	memcpy(&piece.pointer, at, sizeof(piece.pointer));
	memcpy(&piece.bytes, at + sizeof(piece.pointer), sizeof(piece.bytes));
	return (struct iovec){ (void *)(MEMORY_BASE + piece.pointer), piece.bytes };
}
#endif

static inline struct body body_of(const void *bytes, uint32_t n)
{
	return (struct body){ .own = bytes, .bytes = n };
}

#ifdef NATIVE_CLIENT
/* The program's pieces. False: too many of them. Their sum may be beyond every limit, and never
 * wraps. */
static inline bool MUST_USE body_of_native(
	const struct iovec *pieces, uint32_t count, struct body *out)
{
	*out = (struct body){ .pieces = (const uint8_t *)pieces, .count = count };
	if (count > RS_PIECES_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++)
		out->bytes += pieces[i].iov_len < UINT32_MAX ? pieces[i].iov_len : UINT32_MAX;
	return true;
}
#else
/* The program's pieces. False: a pointer that leads nowhere, or too many pieces. */
static inline bool MUST_USE body_of_guest(uint32_t pieces, uint32_t count, struct body *out)
{
	*out = (struct body){ .count = count };
	if (count > RS_PIECES_MAX)
		return false;
	out->pieces = memory_guest(pieces, (uint64_t)count * sizeof(struct rs_piece));
	if (!out->pieces)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct rs_piece piece;

		memcpy(&piece, out->pieces + i * sizeof(piece), sizeof(piece));
		if (!memory_guest(piece.pointer, piece.bytes))
			return false;
		out->bytes += piece.bytes;
	}
	return true;
}
#endif

/* All of it; nothing of the program runs between the check and this. */
static inline void body_copy(const struct body *body, void *to)
{
	uint8_t *at = to;

	if (!body->pieces) {
		if (body->bytes)
			memcpy(at, body->own, body->bytes);
		return;
	}
	for (uint32_t i = 0; i < body->count; i++) {
		struct iovec piece = body_piece(body, i);

		if (piece.iov_len)
			memcpy(at, piece.iov_base, piece.iov_len);
		at += piece.iov_len;
	}
}

/* How far a body was copied that goes in fragments. */
struct body_walk {
	uint32_t piece; /* the first that is not done */
	uint64_t done;  /* bytes of it; of an own body: of all */
};

/* The next n bytes. n is never more than what is left. */
static inline void body_copy_next(
	const struct body *body, struct body_walk *walk, void *to, uint32_t n)
{
	uint8_t *at = to;

	if (!body->pieces) {
		memcpy(at, (const uint8_t *)body->own + walk->done, n);
		walk->done += n;
		return;
	}
	while (n && walk->piece < body->count) {
		struct iovec piece = body_piece(body, walk->piece);
		uint64_t left = piece.iov_len - walk->done;
		uint32_t now = left < n ? (uint32_t)left : n;

		if (now)
			memcpy(at, (const uint8_t *)piece.iov_base + walk->done, now);
		at += now;
		n -= now;
		walk->done += now;
		if (now == left)
			*walk = (struct body_walk){ .piece = walk->piece + 1 };
	}
}
