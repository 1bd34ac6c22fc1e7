/*
 * decode.h: a body becomes a struct, by the tables of codec.h. A body is checked from end to
 * end or refused; nothing outside it is read.
 */
#pragma once

#include "interfaces/codec.h"

/* Where in the body that is decoded we are, for the lists found there. */
struct rs_decode_source {
	const struct rs_layout *root;
	struct rs_cursor body;
	uint32_t depth;
	uint8_t path[RS_CODEC_DEPTH_MAX];
};

static inline int rs_decode_fields(struct rs_decode_source *source,
	const struct rs_layout *layout, uint8_t *out, struct rs_cursor body);

static inline const struct rs_field *rs_decode_find(
	const struct rs_layout *layout, uint32_t number)
{
	uint32_t low = 0, high = layout->count;

	while (low < high) {
		uint32_t middle = (low + high) / 2;

		if (layout->fields[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < layout->count && layout->fields[low].number == number
		       ? &layout->fields[low]
		       : NULL;
}

/* One element of the packed numbers of a field; false: there is none, or it is no number. */
static inline bool rs_decode_unpack(
	struct rs_cursor *packed, uint32_t type, struct rs_wire_field *out)
{
	*out = (struct rs_wire_field){ .wire = rs_codec_type(type).wire };
	return packed->at < packed->end && rs_wire_content(packed, out);
}

static inline bool rs_decode_is_packed(
	const struct rs_field *row, const struct rs_wire_field *field)
{
	return row->label == RS_REPEATED && field->wire == RS_WIRE_BYTES &&
	       rs_codec_type(row->type).wire != RS_WIRE_BYTES;
}

/* Checks a value, which a repeated one is not stored for. */
static inline bool rs_decode_is_good(
	const struct rs_field *row, const struct rs_wire_field *field)
{
	if (row->type == RS_STRING)
		return rs_wire_is_utf8(field->at, field->bytes);
	if (row->type == RS_MESSAGE_TYPE)
		return rs_decode_fields(NULL, row->message, NULL,
			       rs_cursor(field->at, field->bytes)) == 0;
	return true;
}

static inline int rs_decode_count(
	const struct rs_field *row, const struct rs_wire_field *field, uint32_t *count)
{
	struct rs_cursor packed = rs_cursor(field->at, field->bytes);
	struct rs_wire_field element;

	if (!rs_decode_is_packed(row, field)) {
		*count = 1;
		return rs_decode_is_good(row, field) ? 0 : RS_CODEC_MALFORMED;
	}
	for (*count = 0; packed.at < packed.end; (*count)++)
		if (!rs_decode_unpack(&packed, row->type, &element))
			return RS_CODEC_MALFORMED;
	return 0;
}

static inline int rs_decode_take_repeated(const struct rs_decode_source *source,
	const struct rs_field *row, uint8_t *out, const uint8_t *tag,
	const struct rs_wire_field *field)
{
	struct rs_list list;
	uint32_t count;

	if (rs_decode_count(row, field, &count))
		return RS_CODEC_MALFORMED;
	if (!out || !source || count == 0)
		return 0;
	rs_codec_copy(&list, out + row->at, sizeof(list));
	if (list.count == 0) {
		list.root = source->root;
		list.body = source->body;
		list.depth = (uint8_t)source->depth;
		rs_codec_copy(list.path, source->path, sizeof(list.path));
		list.from = tag;
	}
	list.count += count; /* fewer than there are bytes in a body */
	rs_codec_copy(out + row->at, &list, sizeof(list));
	return 0;
}

/* This field is there from now on, and of its oneof no other. */
static inline void rs_decode_hold(const struct rs_field *row, uint8_t *out)
{
	if (row->label == RS_OPTIONAL) {
		out[row->flag_at] = 1;
	} else if (row->label == RS_ONEOF &&
		   rs_codec_load(out + row->flag_at, 4) != row->number) {
		rs_codec_zero(out + row->at, rs_codec_width(row));
		rs_codec_copy(out + row->flag_at, &row->number, sizeof(row->number));
	}
}

static inline int rs_decode_take_message(struct rs_decode_source *source,
	const struct rs_layout *layout, const struct rs_field *row, uint8_t *out,
	const struct rs_wire_field *field)
{
	struct rs_cursor body = rs_cursor(field->at, field->bytes);

	if (!out || !source || source->depth == RS_CODEC_DEPTH_MAX)
		return rs_decode_fields(NULL, row->message, NULL, body);
	source->path[source->depth++] = (uint8_t)(row - layout->fields);
	int r = rs_decode_fields(source, row->message, out + row->at, body);
	source->depth--;
	return r;
}

static inline int rs_decode_take(struct rs_decode_source *source,
	const struct rs_layout *layout, const struct rs_field *row, uint8_t *out,
	const uint8_t *tag, const struct rs_wire_field *field)
{
	if (field->wire != rs_codec_type(row->type).wire && !rs_decode_is_packed(row, field))
		return 0; /* as if it were not known */
	if (row->label == RS_REPEATED)
		return rs_decode_take_repeated(source, row, out, tag, field);
	if (out)
		rs_decode_hold(row, out);
	if (row->message)
		return rs_decode_take_message(source, layout, row, out, field);
	if (!rs_decode_is_good(row, field))
		return RS_CODEC_MALFORMED;
	if (out)
		rs_codec_store(out + row->at, row->type, field);
	return 0;
}

/* Recursion ends because no message contains itself. out and source NULL: only checks. */
static inline int rs_decode_fields(struct rs_decode_source *source,
	const struct rs_layout *layout, uint8_t *out, struct rs_cursor body)
{
	for (;;) {
		const uint8_t *tag = body.at;
		struct rs_wire_field field;
		int r = rs_wire_next(&body, &field);

		if (r)
			return r == RS_WIRE_END ? 0 : RS_CODEC_MALFORMED;
		const struct rs_field *row = rs_decode_find(layout, field.number);
		if (row && rs_decode_take(source, layout, row, out, tag, &field))
			return RS_CODEC_MALFORMED;
	}
}

/* 0 or RS_CODEC_MALFORMED; then what out holds is of no use. */
static inline int rs_decode(
	const struct rs_layout *layout, void *out, const void *body, size_t bytes)
{
	struct rs_decode_source source = { .root = layout };

	rs_codec_zero(out, layout->size);
	if (bytes > RS_CODEC_BODY_BYTES_MAX)
		return RS_CODEC_MALFORMED;
	source.body = rs_cursor(body, bytes);
	return rs_decode_fields(&source, layout, (uint8_t *)out, source.body);
}

/* Reads the index and points at what follows it. */
static inline int rs_decode_split(const void *body, size_t bytes, uint32_t *index,
	const void **message, size_t *message_bytes)
{
	struct rs_cursor cursor = rs_cursor(body, bytes);
	uint64_t value;

	if (!rs_wire_fixed(&cursor, RS_CODEC_INDEX_BYTES, &value))
		return RS_CODEC_MALFORMED;
	*index = (uint32_t)value;
	*message = cursor.at;
	*message_bytes = rs_cursor_left(&cursor);
	return 0;
}
