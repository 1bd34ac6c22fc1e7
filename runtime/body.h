/*
 * body.h: the body of a message on its way out: pieces in the program's memory, or bytes of our
 * own. Checked when it is made, copied once, into the ring.
 */
#pragma once

#include <string.h>

#include "ipc/message.h"
#include "runtime/memory.h"

struct body {
	const uint8_t *pieces; /* struct rs_piece, perhaps unaligned; NULL: own */
	const void *own;
	uint32_t count;
	uint64_t bytes;
};

static inline struct rs_piece body_piece(const struct body *body, uint32_t i)
{
	struct rs_piece piece;

	memcpy(&piece, body->pieces + i * sizeof(piece), sizeof(piece));
	return piece;
}

static inline struct body body_of(const void *bytes, uint32_t n)
{
	return (struct body){ .own = bytes, .bytes = n };
}

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
		struct rs_piece piece = body_piece(out, i);

		if (!memory_guest(piece.pointer, piece.bytes))
			return false;
		out->bytes += piece.bytes;
	}
	return true;
}

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
		struct rs_piece piece = body_piece(body, i);

		memcpy(at, (const void *)(MEMORY_BASE + piece.pointer), piece.bytes);
		at += piece.bytes;
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
		struct rs_piece piece = body_piece(body, walk->piece);
		uint64_t left = piece.bytes - walk->done;
		uint32_t now = left < n ? (uint32_t)left : n;

		memcpy(at, (const void *)(MEMORY_BASE + piece.pointer + walk->done), now);
		at += now;
		n -= now;
		walk->done += now;
		if (now == left)
			*walk = (struct body_walk){ .piece = walk->piece + 1 };
	}
}

/* The first n bytes, for a look at a body before it is sent. */
static inline bool MUST_USE body_peek(const struct body *body, void *to, uint32_t n)
{
	if (body->bytes != n)
		return false;
	body_copy(body, to);
	return true;
}
