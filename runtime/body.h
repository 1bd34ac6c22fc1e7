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

/* The first n bytes, for a look at a body before it is sent. */
static inline bool MUST_USE body_peek(const struct body *body, void *to, uint32_t n)
{
	if (body->bytes != n)
		return false;
	body_copy(body, to);
	return true;
}
