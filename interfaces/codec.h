/*
 * codec.h: protobuf messages as C structs. What rs-ifgen writes for an interface is a struct
 * and a table for each message; decode.h and encode.h read and write them all. Nothing is
 * allocated and nothing outside the buffers that were given is touched, whatever the body is.
 * For hosts and guests, with and without a C library.
 *
 * Decoding: bytes, text and what is repeated stay in the body and are pointed at, so the body
 * must stay as it is for as long as the struct is used. Repeated fields are counted and walked:
 *
 *     struct rs_walk walk;
 *     rs_walk_begin(&walk, &order.items);
 *     while (rs_shop_order_items_next(&walk, &item)) ...
 *
 * The meaning is protobuf's: unknown fields and known ones of another wire type are skipped,
 * the last one wins, messages that come twice are merged, packed or not is the same, enums are
 * open, text must be UTF-8. All of the body is checked before it is decoded: a walk cannot
 * fail.
 *
 * Encoding writes what protoc would: fields in the order of their numbers, what is zero left
 * out (unless it is optional or in a oneof), repeated numbers packed.
 */
#pragma once

#include "interfaces/wire.h"

#if !defined(__wasm__) || defined(__wasi__)
#include <string.h>
#endif

/* Levels of messages in messages; rs-ifgen refuses deeper ones. */
#define RS_CODEC_DEPTH_MAX 8u

/* What decode() may answer besides 0; encode() answers the bytes, or minus one of these. */
enum {
	RS_CODEC_MALFORMED = 1,
	RS_CODEC_NO_ROOM = 2,
	RS_CODEC_BAD_TEXT = 3 /* not UTF-8: the other side would refuse it */
};

/* The body of a message begins with the index of its rpc. */
#define RS_CODEC_INDEX_BYTES 4u

/* No body is larger (message.h says the same), so what it holds is counted in 32 bits. */
#define RS_CODEC_BODY_BYTES_MAX (16u * 1024 * 1024)

struct rs_bytes {
	const uint8_t *at;
	size_t bytes;
};
struct rs_text {
	const char *at; /* no zero at its end */
	size_t bytes;
};
_Static_assert(sizeof(struct rs_bytes) == sizeof(struct rs_text), "they are stored alike");

/* As protobuf numbers them. */
enum rs_type {
	RS_DOUBLE = 1,
	RS_FLOAT,
	RS_INT64,
	RS_UINT64,
	RS_INT32,
	RS_FIXED64,
	RS_FIXED32,
	RS_BOOL,
	RS_STRING,
	RS_MESSAGE_TYPE = 11,
	RS_BYTES,
	RS_UINT32,
	RS_ENUM,
	RS_SFIXED32,
	RS_SFIXED64,
	RS_SINT32,
	RS_SINT64,
	RS_TYPES
};

enum rs_label {
	RS_PLAIN,    /* zero is the same as not there */
	RS_OPTIONAL, /* a bool says whether it is there */
	RS_REPEATED, /* struct rs_list */
	RS_ONEOF     /* a uint32_t holds the number of the field that is there */
};

/* One field of a struct. */
struct rs_field {
	uint32_t number;
	uint8_t type, label;
	uint32_t at;      /* of the value, in the struct */
	uint32_t flag_at; /* OPTIONAL and ONEOF */
	const struct rs_layout *message;
};

struct rs_layout {
	const struct rs_field *fields; /* numbers ascending */
	uint32_t count, size;
};

/* To encode: items and count. As decoded: count, and where they are: in the body that was
 * decoded, in fields (rows of the path) of messages there, from some place on. */
struct rs_list {
	const void *items;
	uint32_t count;
	uint8_t depth, path[RS_CODEC_DEPTH_MAX];
	const struct rs_layout *root;
	struct rs_cursor body;
	const uint8_t *from; /* what stands before was replaced */
};

struct rs_walk {
	const struct rs_list *list;
	uint32_t index, level;
	struct rs_cursor levels[RS_CODEC_DEPTH_MAX + 1]; /* what is left of each */
	struct rs_cursor packed;
};

/* ---- bytes ---- */

/* A program without a C library has no memcpy. The empty asm keeps the compiler from finding
 * out that these are memcpy and memset, and calling them. */
static inline void rs_codec_copy(void *to, const void *from, size_t bytes)
{
#if !defined(__wasm__) || defined(__wasi__)
	if (bytes)
		memcpy(to, from, bytes);
#else
	for (size_t i = 0; i < bytes; i++) {
		((uint8_t *)to)[i] = ((const uint8_t *)from)[i];
		__asm__ volatile("");
	}
#endif
}

static inline void rs_codec_zero(void *at, size_t bytes)
{
#if !defined(__wasm__) || defined(__wasi__)
	memset(at, 0, bytes);
#else
	for (size_t i = 0; i < bytes; i++) {
		((uint8_t *)at)[i] = 0;
		__asm__ volatile("");
	}
#endif
}

static inline bool rs_codec_is_zero(const uint8_t *at, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (at[i])
			return false;
	return true;
}

/* ---- types ---- */

struct rs_codec_type {
	uint8_t wire, width; /* width in the struct */
};

static inline struct rs_codec_type rs_codec_type(uint32_t type)
{
	static const struct rs_codec_type types[RS_TYPES] = {
		[RS_DOUBLE] = { RS_WIRE_FIXED64, 8 },
		[RS_FLOAT] = { RS_WIRE_FIXED32, 4 },
		[RS_INT64] = { RS_WIRE_VARINT, 8 },
		[RS_UINT64] = { RS_WIRE_VARINT, 8 },
		[RS_INT32] = { RS_WIRE_VARINT, 4 },
		[RS_FIXED64] = { RS_WIRE_FIXED64, 8 },
		[RS_FIXED32] = { RS_WIRE_FIXED32, 4 },
		[RS_BOOL] = { RS_WIRE_VARINT, 1 },
		[RS_STRING] = { RS_WIRE_BYTES, sizeof(struct rs_text) },
		[RS_MESSAGE_TYPE] = { RS_WIRE_BYTES, 0 },
		[RS_BYTES] = { RS_WIRE_BYTES, sizeof(struct rs_bytes) },
		[RS_UINT32] = { RS_WIRE_VARINT, 4 },
		[RS_ENUM] = { RS_WIRE_VARINT, 4 },
		[RS_SFIXED32] = { RS_WIRE_FIXED32, 4 },
		[RS_SFIXED64] = { RS_WIRE_FIXED64, 8 },
		[RS_SINT32] = { RS_WIRE_VARINT, 4 },
		[RS_SINT64] = { RS_WIRE_VARINT, 8 },
	};

	return types[type < RS_TYPES ? type : 0];
}

static inline uint32_t rs_codec_width(const struct rs_field *row)
{
	return row->message ? row->message->size : rs_codec_type(row->type).width;
}

/* The number as the struct has it, from what stands on the wire. */
static inline uint64_t rs_codec_from_wire(uint32_t type, uint64_t value)
{
	switch (type) {
	case RS_BOOL:
		return value != 0;
	case RS_SINT32:
		value &= UINT32_MAX;
		return value >> 1 ^ (0 - (value & 1));
	case RS_SINT64:
		return value >> 1 ^ (0 - (value & 1));
	default:
		return value;
	}
}

/* And back: negative numbers of 32 bits are written as such of 64. */
static inline uint64_t rs_codec_to_wire(uint32_t type, uint64_t value)
{
	switch (type) {
	case RS_INT32:
	case RS_ENUM:
		return (uint64_t)(int64_t)(int32_t)(uint32_t)value;
	case RS_SINT32:
		return (uint32_t)((uint32_t)value << 1 ^ (0 - ((uint32_t)value >> 31)));
	case RS_SINT64:
		return value << 1 ^ (0 - (value >> 63));
	default:
		return value;
	}
}

static inline uint64_t rs_codec_load(const uint8_t *at, uint32_t width)
{
	uint64_t value = 0;

	for (uint32_t i = 0; i < width; i++)
		value |= (uint64_t)at[i] << (8 * i);
	return value;
}

static inline void rs_codec_store(uint8_t *at, uint32_t type, const struct rs_wire_field *field)
{
	uint32_t width = rs_codec_type(type).width;

	if (rs_codec_type(type).wire == RS_WIRE_BYTES) {
		struct rs_bytes bytes = { field->at, field->bytes };

		rs_codec_copy(at, &bytes, sizeof(bytes));
		return;
	}
	uint64_t value = rs_codec_from_wire(type, field->value);
	for (uint32_t i = 0; i < width; i++)
		at[i] = (uint8_t)(value >> (8 * i));
}
