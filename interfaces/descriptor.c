#include "interfaces/descriptor.h"

bool descriptor_is_well_formed(struct rs_cursor message)
{
	struct rs_wire_field field;
	int r;

	do
		r = rs_wire_next(&message, &field);
	while (r == 0);
	return r == RS_WIRE_END;
}

bool descriptor_each(struct rs_cursor *message, uint32_t number, struct rs_cursor *out)
{
	struct rs_wire_field field;

	while (rs_wire_next(message, &field) == 0)
		if (field.number == number && field.wire == RS_WIRE_BYTES) {
			*out = rs_cursor(field.at, field.bytes);
			return true;
		}
	return false;
}

struct rs_text descriptor_text(struct rs_cursor message, uint32_t number)
{
	struct rs_text text = { "", 0 };
	struct rs_cursor found;

	while (descriptor_each(&message, number, &found))
		text = (struct rs_text){ (const char *)found.at, rs_cursor_left(&found) };
	return text;
}

uint64_t descriptor_number(struct rs_cursor message, uint32_t number, uint64_t otherwise)
{
	struct rs_wire_field field;

	while (rs_wire_next(&message, &field) == 0)
		if (field.number == number && field.wire == RS_WIRE_VARINT)
			otherwise = field.value;
	return otherwise;
}

bool descriptor_text_is(struct rs_text text, const char *word)
{
	return descriptor_text_equal(text, (struct rs_text){ word, strlen(word) });
}

bool descriptor_text_equal(struct rs_text a, struct rs_text b)
{
	return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0);
}

bool descriptor_find_file(
	const struct descriptor_set *set, struct rs_text name, struct rs_cursor *out)
{
	struct rs_cursor files = set->files;

	while (descriptor_each(&files, set->file_field, out))
		if (descriptor_text_equal(descriptor_text(*out, FILE_NAME), name))
			return true;
	return false;
}

/* --- types by their full names --- */

static struct rs_text text_from(struct rs_text text, size_t bytes)
{
	return (struct rs_text){ text.at + bytes, text.bytes - bytes };
}

/* The text up to its first dot. */
static struct rs_text first_word(struct rs_text text)
{
	const char *dot = memchr(text.at, '.', text.bytes);

	return (struct rs_text){ text.at, dot ? (size_t)(dot - text.at) : text.bytes };
}

/* MESSAGE_NAME and ENUM_NAME are the same number. */
static bool find_named(
	struct rs_cursor in, uint32_t number, struct rs_text name, struct rs_cursor *out)
{
	while (descriptor_each(&in, number, out))
		if (descriptor_text_equal(descriptor_text(*out, MESSAGE_NAME), name))
			return true;
	return false;
}

/* Goes down from a file, or a message in it, one word of the name a step. */
static bool find_below(struct rs_cursor file, struct rs_text path, struct descriptor_type *out)
{
	uint32_t messages = FILE_MESSAGE, enums = FILE_ENUM;
	struct rs_cursor at = file;

	for (;;) {
		struct rs_text word = first_word(path);
		bool last = word.bytes == path.bytes;

		if (last && find_named(at, enums, word, &out->body)) {
			out->is_enum = true;
			return true;
		}
		if (!find_named(at, messages, word, &out->body))
			return false;
		if (last) {
			out->is_enum = false;
			return true;
		}
		at = out->body;
		messages = MESSAGE_NESTED, enums = MESSAGE_ENUM;
		path = text_from(path, word.bytes + 1);
	}
}

/* How many bytes of the name are this package and its dot; -1: it lies in another. */
static ptrdiff_t package_of(struct rs_text name, struct rs_text package)
{
	if (package.bytes == 0)
		return 0;
	if (name.bytes <= package.bytes + 1 || name.at[package.bytes] != '.' ||
		memcmp(name.at, package.at, package.bytes) != 0)
		return -1;
	return (ptrdiff_t)package.bytes + 1;
}

bool descriptor_find_type(
	const struct descriptor_set *set, struct rs_text name, struct descriptor_type *out)
{
	struct rs_cursor files = set->files;

	if (name.bytes < 2 || name.at[0] != '.')
		return false;
	out->name = text_from(name, 1);
	while (descriptor_each(&files, set->file_field, &out->file)) {
		ptrdiff_t skip =
			package_of(out->name, descriptor_text(out->file, FILE_PACKAGE));

		if (skip < 0 || !find_below(out->file, text_from(out->name, (size_t)skip), out))
			continue;
		out->package_bytes = (uint32_t)skip;
		return true;
	}
	return false;
}
