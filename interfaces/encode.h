/*
 * encode.h: a struct becomes a body, by the tables of codec.h. Nothing is written outside the
 * room that was given.
 */
#pragma once

#include "interfaces/walk.h"

/* at NULL: only counts. */
struct rs_encode_out {
	uint8_t *at, *end;
	uint64_t bytes;
	int outcome;
};

static inline void rs_encode_message(
	struct rs_encode_out *out, const struct rs_layout *layout, const uint8_t *in);

static inline void rs_encode_put(struct rs_encode_out *out, const void *bytes, size_t n)
{
	out->bytes += n;
	if (!out->at || out->outcome)
		return;
	if (n > (size_t)(out->end - out->at)) {
		out->outcome = RS_CODEC_NO_ROOM;
		return;
	}
	rs_codec_copy(out->at, bytes, n);
	out->at += n;
}

static inline void rs_encode_put_varint(struct rs_encode_out *out, uint64_t value)
{
	uint8_t bytes[RS_WIRE_VARINT_BYTES_MAX];
	uint32_t n = 0;

	for (; value >= 0x80; value >>= 7)
		bytes[n++] = (uint8_t)(value | 0x80);
	bytes[n++] = (uint8_t)value;
	rs_encode_put(out, bytes, n);
}

static inline void rs_encode_put_fixed(struct rs_encode_out *out, uint64_t value, uint32_t n)
{
	uint8_t bytes[8];

	for (uint32_t i = 0; i < 8; i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	rs_encode_put(out, bytes, n);
}

static inline void rs_encode_put_tag(struct rs_encode_out *out, uint32_t number, uint32_t wire)
{
	rs_encode_put_varint(out, (uint64_t)number << 3 | wire);
}

static inline void rs_encode_put_number(
	struct rs_encode_out *out, uint32_t type, const uint8_t *in)
{
	struct rs_codec_type kind = rs_codec_type(type);
	uint64_t value = rs_codec_to_wire(type, rs_codec_load(in, kind.width));

	if (kind.wire == RS_WIRE_VARINT)
		rs_encode_put_varint(out, value);
	else
		rs_encode_put_fixed(out, value, kind.width);
}

static inline void rs_encode_put_bytes(
	struct rs_encode_out *out, uint32_t type, const uint8_t *in)
{
	struct rs_bytes bytes;

	rs_codec_copy(&bytes, in, sizeof(bytes));
	if (type == RS_STRING && !rs_wire_is_utf8(bytes.at, bytes.bytes))
		out->outcome = RS_CODEC_BAD_TEXT;
	rs_encode_put_varint(out, bytes.bytes);
	rs_encode_put(out, bytes.at, bytes.bytes);
}

/* A tag and a value. */
static inline void rs_encode_put_field(
	struct rs_encode_out *out, const struct rs_field *row, const uint8_t *in)
{
	struct rs_encode_out counted = { .outcome = 0 };

	rs_encode_put_tag(out, row->number, rs_codec_type(row->type).wire);
	if (row->message) {
		rs_encode_message(&counted, row->message, in);
		rs_encode_put_varint(out, counted.bytes);
		rs_encode_message(out, row->message, in);
	} else if (rs_codec_type(row->type).wire == RS_WIRE_BYTES) {
		rs_encode_put_bytes(out, row->type, in);
	} else {
		rs_encode_put_number(out, row->type, in);
	}
}

static inline void rs_encode_put_packed(
	struct rs_encode_out *out, const struct rs_field *row, const struct rs_list *list)
{
	struct rs_walk walk;
	rs_walk_begin(&walk, list);
	uint8_t number[sizeof(struct rs_bytes)]; /* the largest that is no message */

	while (rs_walk_next(&walk, row, number))
		rs_encode_put_number(out, row->type, number);
}

/* Messages that were decoded go on as they are. */
static inline void rs_encode_put_decoded(
	struct rs_encode_out *out, const struct rs_field *row, const struct rs_list *list)
{
	struct rs_walk walk;
	rs_walk_begin(&walk, list);
	struct rs_wire_field field;

	for (uint32_t i = 0; i < list->count && rs_walk_element(&walk, row, &field); i++) {
		rs_encode_put_tag(out, row->number, RS_WIRE_BYTES);
		rs_encode_put_varint(out, field.bytes);
		rs_encode_put(out, field.at, field.bytes);
	}
}

static inline void rs_encode_put_list(
	struct rs_encode_out *out, const struct rs_field *row, const uint8_t *in)
{
	struct rs_encode_out counted = { .outcome = 0 };
	uint32_t width = rs_codec_width(row);
	struct rs_list list;

	rs_codec_copy(&list, in, sizeof(list));
	if (list.count == 0 || (!list.items && !list.root))
		return;
	if (rs_codec_type(row->type).wire != RS_WIRE_BYTES) {
		rs_encode_put_packed(&counted, row, &list);
		rs_encode_put_tag(out, row->number, RS_WIRE_BYTES);
		rs_encode_put_varint(out, counted.bytes);
		rs_encode_put_packed(out, row, &list);
	} else if (!list.items) {
		rs_encode_put_decoded(out, row, &list);
	} else {
		for (uint32_t i = 0; i < list.count; i++)
			rs_encode_put_field(
				out, row, (const uint8_t *)list.items + (size_t)i * width);
	}
}

static inline bool rs_encode_is_there(const struct rs_field *row, const uint8_t *in)
{
	switch (row->label) {
	case RS_OPTIONAL:
		return in[row->flag_at] != 0;
	case RS_ONEOF:
		return rs_codec_load(in + row->flag_at, 4) == row->number;
	case RS_REPEATED:
		return true;
	default:
		break;
	}
	if (rs_codec_type(row->type).wire != RS_WIRE_BYTES)
		return !rs_codec_is_zero(in + row->at, rs_codec_width(row));
	struct rs_bytes bytes;
	rs_codec_copy(&bytes, in + row->at, sizeof(bytes));
	return bytes.bytes != 0;
}

static inline void rs_encode_message(
	struct rs_encode_out *out, const struct rs_layout *layout, const uint8_t *in)
{
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct rs_field *row = &layout->fields[i];

		if (!rs_encode_is_there(row, in))
			continue;
		if (row->label == RS_REPEATED)
			rs_encode_put_list(out, row, in + row->at);
		else
			rs_encode_put_field(out, row, in + row->at);
	}
}

/* How many bytes encode() will write. */
static inline uint64_t rs_encode_size(const struct rs_layout *layout, const void *in)
{
	struct rs_encode_out counted = { .outcome = 0 };

	rs_encode_message(&counted, layout, (const uint8_t *)in);
	return counted.bytes;
}

static inline struct rs_encode_out rs_encode_out(void *to, size_t room)
{
	uint8_t *at = (uint8_t *)to;

	if (room > RS_CODEC_BODY_BYTES_MAX)
		room = RS_CODEC_BODY_BYTES_MAX;
	return (struct rs_encode_out){ .at = at, .end = at + room };
}

/* The bytes written, or -RS_CODEC_NO_ROOM, -RS_CODEC_BAD_TEXT. */
static inline int64_t rs_encode(
	const struct rs_layout *layout, const void *in, void *to, size_t room)
{
	struct rs_encode_out out = rs_encode_out(to, room);

	rs_encode_message(&out, layout, (const uint8_t *)in);
	return out.outcome ? -(int64_t)out.outcome : (int64_t)out.bytes;
}

/* The same with the index of the rpc before it. */
static inline int64_t rs_encode_body(
	uint32_t index, const struct rs_layout *layout, const void *in, void *to, size_t room)
{
	struct rs_encode_out out = rs_encode_out(to, room);

	rs_encode_put_fixed(&out, index, RS_CODEC_INDEX_BYTES);
	rs_encode_message(&out, layout, (const uint8_t *)in);
	return out.outcome ? -(int64_t)out.outcome : (int64_t)out.bytes;
}
