/*
 * wire.h: the protobuf wire format, read field by field. It owns nothing, allocates nothing and
 * never reads outside the cursor it is given. For hosts and guests, with and without a C
 * library.
 *
 * What protobuf itself would refuse is refused: a varint of more than 10 bytes, a tag or a
 * length of more than 32 bits, field number 0, a length beyond the end. Groups are refused as
 * well, known or not: nothing has written them for a long time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum rs_wire {
	RS_WIRE_VARINT = 0,
	RS_WIRE_FIXED64 = 1,
	RS_WIRE_BYTES = 2,
	RS_WIRE_FIXED32 = 5
};

#define RS_WIRE_VARINT_BYTES_MAX 10u
#define RS_WIRE_TAG_BYTES_MAX    5u
#define RS_WIRE_HEAD_BYTES_MAX   (2 * RS_WIRE_TAG_BYTES_MAX) /* of bytes: a tag, a length */

/* What rs_wire_next() may answer besides 0. */
enum {
	RS_WIRE_END = 1,
	RS_WIRE_BAD = 2
};

/* What is left to read. */
struct rs_cursor {
	const uint8_t *at, *end;
};

struct rs_wire_field {
	uint32_t number, wire;
	uint64_t value;    /* VARINT, FIXED32, FIXED64: as it stands there */
	const uint8_t *at; /* BYTES */
	size_t bytes;
};

static inline struct rs_cursor rs_cursor(const void *bytes, size_t size)
{
	const uint8_t *at = (const uint8_t *)bytes;

	return (struct rs_cursor){ at, at ? at + size : at };
}

static inline size_t rs_cursor_left(const struct rs_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

/* Bits beyond the 64th are dropped, as protobuf does. */
static inline bool rs_wire_varint(struct rs_cursor *cursor, uint64_t *out)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < RS_WIRE_VARINT_BYTES_MAX && cursor->at < cursor->end; i++) {
		uint8_t byte = *cursor->at++;

		value |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte < 0x80) {
			*out = value;
			return true;
		}
	}
	return false;
}

/* Of tags and lengths. */
static inline bool rs_wire_varint32(struct rs_cursor *cursor, uint32_t *out)
{
	const uint8_t *begin = cursor->at;
	uint64_t value;

	if (!rs_wire_varint(cursor, &value) || value > UINT32_MAX ||
		cursor->at - begin > (ptrdiff_t)RS_WIRE_TAG_BYTES_MAX)
		return false;
	*out = (uint32_t)value;
	return true;
}

static inline bool rs_wire_fixed(struct rs_cursor *cursor, uint32_t bytes, uint64_t *out)
{
	uint64_t value = 0;

	if (rs_cursor_left(cursor) < bytes)
		return false;
	for (uint32_t i = 0; i < bytes; i++)
		value |= (uint64_t)*cursor->at++ << (8 * i);
	*out = value;
	return true;
}

static inline bool rs_wire_bytes(struct rs_cursor *cursor, struct rs_wire_field *out)
{
	uint32_t bytes;

	if (!rs_wire_varint32(cursor, &bytes) || bytes > rs_cursor_left(cursor))
		return false;
	out->at = cursor->at;
	out->bytes = bytes;
	cursor->at += bytes;
	return true;
}

static inline bool rs_wire_content(struct rs_cursor *cursor, struct rs_wire_field *out)
{
	switch (out->wire) {
	case RS_WIRE_VARINT:
		return rs_wire_varint(cursor, &out->value);
	case RS_WIRE_FIXED64:
		return rs_wire_fixed(cursor, 8, &out->value);
	case RS_WIRE_FIXED32:
		return rs_wire_fixed(cursor, 4, &out->value);
	case RS_WIRE_BYTES:
		return rs_wire_bytes(cursor, out);
	default:
		return false;
	}
}

/* Takes one field and moves behind it. 0, RS_WIRE_END, RS_WIRE_BAD. */
static inline int rs_wire_next(struct rs_cursor *cursor, struct rs_wire_field *out)
{
	uint32_t tag;

	if (cursor->at >= cursor->end)
		return RS_WIRE_END;
	if (!rs_wire_varint32(cursor, &tag) || tag >> 3 == 0)
		return RS_WIRE_BAD;
	*out = (struct rs_wire_field){ .number = tag >> 3, .wire = tag & 7 };
	return rs_wire_content(cursor, out) ? 0 : RS_WIRE_BAD;
}

/* How many bytes follow the first one of a UTF-8 character, and which the second may be: that
 * excludes what is longer than needed, surrogates and what is beyond U+10FFFF. */
static inline uint32_t rs_wire_utf8_more(uint8_t first, uint8_t *low, uint8_t *high)
{
	*low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	*high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

static inline bool rs_wire_is_utf8(const uint8_t *at, size_t bytes)
{
	for (size_t i = 0; i < bytes;) {
		uint8_t low, high, first = at[i++];
		uint32_t more = rs_wire_utf8_more(first, &low, &high);

		if (first >= 0x80 && more == 0)
			return false;
		for (; more; more--, low = 0x80, high = 0xbf)
			if (i == bytes || at[i] < low || at[i++] > high)
				return false;
	}
	return true;
}
