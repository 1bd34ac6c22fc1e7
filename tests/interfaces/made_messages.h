/*
 * made_messages.h: messages of any layout, made by a seed, and what every reader of a decoded
 * message may do with it. What is made lives until the process ends: Check forks each test.
 * Whoever includes this has a MUST(): that of check_run.h, or another.
 */
#pragma once

#include <stdlib.h>
#include <string.h>

#include "interfaces/encode.h"
#include "ipc/base.h"

#define MADE_ITEMS_MAX 4u
#define MADE_TEXT_MAX  40u

static uint64_t made_state;

static inline uint64_t made_random(void)
{
	made_state += 0x9e3779b97f4a7c15ull;
	uint64_t z = made_state;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

static inline uint32_t made_below(uint32_t limit)
{
	return (uint32_t)(made_random() % limit);
}

/* Where the leak checker finds what nobody frees. */
static inline void *made_keep(void *pointer)
{
	static void **kept;
	static size_t count;

	kept = realloc(kept, (count + 1) * sizeof(*kept));
	MUST(kept != NULL && pointer != NULL);
	return kept[count++] = pointer;
}

static inline void *made_room(size_t bytes)
{
	return made_keep(calloc(1, bytes + 1));
}

static inline struct rs_text made_text(void)
{
	static const char *const characters[] = { "a", "Z", "\\", "\"", "\n", "\x7f",
		"\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xef\xbf\xbf", "\xf0\x90\x80\x80",
		"\xf4\x8f\xbf\xbf" };
	char *text = made_room(4 * MADE_TEXT_MAX);
	size_t bytes = 0;

	for (uint32_t n = made_below(MADE_TEXT_MAX); n; n--) {
		const char *one = characters[made_below(ARRAY_LEN(characters))];

		bytes = (size_t)(stpcpy(text + bytes, one) - text);
	}
	if (bytes && made_below(4) == 0)
		text[made_below((uint32_t)bytes)] = text[0] & 0x80 ? text[0] : 'x';
	return (struct rs_text){ text, bytes };
}

static inline struct rs_bytes made_bytes(void)
{
	uint32_t n = made_below(MADE_TEXT_MAX);
	uint8_t *bytes = made_room(n);

	for (uint32_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)made_random();
	return (struct rs_bytes){ bytes, n };
}

/* Not NaN, whose bits no text keeps. */
static inline uint64_t made_number(uint32_t type)
{
	uint64_t number = made_random() >> made_below(64);

	if (made_below(8) == 0)
		number = made_below(2) ? UINT64_MAX : 1ull << 63;
	if (type == RS_BOOL)
		return number & 1;
	if (type == RS_DOUBLE)
		return number & ~(1ull << 62);
	return type == RS_FLOAT ? number & ~(1ull << 30) : number;
}

static inline void made_fill(const struct rs_layout *layout, uint8_t *out);

static inline void made_value(const struct rs_field *row, uint8_t *out)
{
	if (row->type == RS_MESSAGE_TYPE) {
		made_fill(row->message, out);
	} else if (row->type == RS_STRING) {
		struct rs_text text = made_text();

		while (!rs_wire_is_utf8((const uint8_t *)text.at, text.bytes))
			text = made_text();
		memcpy(out, &text, sizeof(text));
	} else if (row->type == RS_BYTES) {
		struct rs_bytes bytes = made_bytes();

		memcpy(out, &bytes, sizeof(bytes));
	} else {
		uint64_t number = made_number(row->type);

		memcpy(out, &number, rs_codec_width(row));
	}
}

static inline void made_list(const struct rs_field *row, uint8_t *out)
{
	struct rs_list list = { .count = made_below(MADE_ITEMS_MAX + 1) };
	uint32_t width = rs_codec_width(row);
	uint8_t *items = made_room((size_t)list.count * width);

	for (uint32_t i = 0; i < list.count; i++)
		made_value(row, items + (size_t)i * width);
	list.items = items;
	memcpy(out, &list, sizeof(list));
}

static inline void made_fill(const struct rs_layout *layout, uint8_t *out)
{
	memset(out, 0, layout->size);
	for (uint32_t i = 0; i < layout->count; i++) {
		const struct rs_field *row = &layout->fields[i];

		if (made_below(3) == 0)
			continue;
		if (row->label == RS_ONEOF && rs_codec_load(out + row->flag_at, 4) &&
			made_below(3))
			continue; /* or the last member would be there most of the time */
		if (row->label == RS_ONEOF) {
			memset(out + row->at, 0, rs_codec_width(row));
			memcpy(out + row->flag_at, &row->number, sizeof(row->number));
		}
		if (row->label == RS_OPTIONAL)
			out[row->flag_at] = 1;
		if (row->label == RS_REPEATED)
			made_list(row, out + row->at);
		else
			made_value(row, out + row->at);
	}
}

/* --- reading all of it --- */

static inline uint64_t made_sum_bytes(const uint8_t *at, size_t bytes)
{
	uint64_t sum = bytes;

	for (size_t i = 0; i < bytes; i++)
		sum = sum * 31 + at[i];
	return sum;
}

static inline uint64_t made_sum(const struct rs_layout *layout, const uint8_t *in);

static inline uint64_t made_sum_value(const struct rs_field *row, const uint8_t *in)
{
	struct rs_bytes bytes;

	if (row->message)
		return made_sum(row->message, in);
	if (rs_codec_type(row->type).wire != RS_WIRE_BYTES)
		return rs_codec_load(in, rs_codec_width(row));
	memcpy(&bytes, in, sizeof(bytes));
	return made_sum_bytes(bytes.at, bytes.bytes);
}

/* A list has as many elements as it says, and no more. */
static inline uint64_t made_sum_list(const struct rs_field *row, const uint8_t *in)
{
	struct rs_list list;
	uint64_t sum = 0;
	uint32_t n = 0;
	uint8_t *element = calloc(1, rs_codec_width(row));

	MUST(element != NULL);
	memcpy(&list, in, sizeof(list));
	struct rs_walk walk;
	rs_walk_begin(&walk, &list);
	for (; rs_walk_next(&walk, row, element); n++)
		sum = sum * 31 + made_sum_value(row, element);
	MUST(n == list.count);
	struct rs_wire_field field;
	MUST(list.items || !list.root || !rs_walk_element(&walk, row, &field));
	free(element);
	return sum + n;
}

/* A number for all that stands in a message; the same for the same. */
static inline uint64_t made_sum(const struct rs_layout *layout, const uint8_t *in)
{
	uint64_t sum = layout->count;

	for (uint32_t i = 0; i < layout->count; i++) {
		const struct rs_field *row = &layout->fields[i];

		if (row->label == RS_REPEATED)
			sum = sum * 31 + made_sum_list(row, in + row->at);
		else if (rs_encode_is_there(row, in))
			sum = sum * 31 + row->number + made_sum_value(row, in + row->at);
	}
	return sum;
}
