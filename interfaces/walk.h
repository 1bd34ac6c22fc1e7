/*
 * walk.h: the elements of a repeated field one after the other: those of an array that is to be
 * encoded, or those that stand in a decoded body, wherever they stand there.
 */
#pragma once

#include "interfaces/decode.h"

/* By pointer: a struct of this size that is assigned is a call of memcpy, which a program
 * without a C library does not have. */
static inline void rs_walk_begin(struct rs_walk *walk, const struct rs_list *list)
{
	rs_codec_zero(walk, sizeof(*walk));
	walk->list = list;
	walk->levels[0] = list->body;
}

/* At the level of a message that holds the list, or one around it: the field that is next. */
static inline bool rs_walk_step(
	struct rs_walk *walk, struct rs_wire_field *field, const uint8_t **tag)
{
	for (;;) {
		*tag = walk->levels[walk->level].at;
		if (rs_wire_next(&walk->levels[walk->level], field) == 0)
			return true;
		if (walk->level == 0)
			return false;
		walk->level--;
	}
}

/* Goes into the message if it is the next one of the path. */
static inline void rs_walk_enter(struct rs_walk *walk, const struct rs_wire_field *field)
{
	const struct rs_layout *layout = walk->list->root;

	for (uint32_t i = 0; i < walk->level; i++)
		layout = layout->fields[walk->list->path[i]].message;
	if (field->wire == RS_WIRE_BYTES &&
		field->number == layout->fields[walk->list->path[walk->level]].number)
		walk->levels[++walk->level] = rs_cursor(field->at, field->bytes);
}

/* The next element as it stands in the body; false: there are no more. */
static inline bool rs_walk_element(
	struct rs_walk *walk, const struct rs_field *row, struct rs_wire_field *field)
{
	const uint8_t *tag;

	for (;;) {
		if (rs_decode_unpack(&walk->packed, row->type, field))
			return true;
		walk->packed = rs_cursor(NULL, 0);
		if (!rs_walk_step(walk, field, &tag))
			return false;
		if (walk->level < walk->list->depth)
			rs_walk_enter(walk, field);
		else if (field->number != row->number || tag < walk->list->from)
			continue;
		else if (rs_decode_is_packed(row, field))
			walk->packed = rs_cursor(field->at, field->bytes);
		else if (field->wire == rs_codec_type(row->type).wire)
			return true;
	}
}

/* Puts the next element into out: a number, rs_text, rs_bytes or a message's struct. */
static inline bool rs_walk_next(struct rs_walk *walk, const struct rs_field *row, void *out)
{
	const struct rs_list *list = walk->list;
	uint32_t width = rs_codec_width(row);
	struct rs_wire_field field;

	if (walk->index >= list->count)
		return false;
	walk->index++;
	if (list->items) {
		rs_codec_copy(out,
			(const uint8_t *)list->items + (size_t)(walk->index - 1) * width,
			width);
		return true;
	}
	if (!list->root || !rs_walk_element(walk, row, &field))
		return false;
	if (row->message)
		return rs_decode(row->message, out, field.at, field.bytes) == 0;
	rs_codec_store((uint8_t *)out, row->type, &field);
	return true;
}
