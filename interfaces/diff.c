#include "interfaces/diff.h"

#include <stdarg.h>

#include "interfaces/outline.h"

struct comparing {
	const struct normal *old, *new;
	FILE *to;
	uint32_t lines;
};

PRINTF(2, 3) static void line(struct comparing *comparing, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(comparing->to, format, args);
	va_end(args);
	putc('\n', comparing->to);
	comparing->lines++;
}

/* --- rpcs --- */

static uint32_t find_rpc(const struct normal *in, struct rs_text name)
{
	for (uint32_t i = 0; i < in->n_rpcs; i++)
		if (descriptor_text_equal(in->rpcs[i].name, name))
			return i;
	return NORMAL_NO_TYPE;
}

static void compare_message(struct comparing *comparing, const struct normal_rpc *rpc,
	const char *what, uint32_t old, uint32_t new)
{
	struct rs_text was = outline_message(comparing->old, old);
	struct rs_text is = outline_message(comparing->new, new);

	if ((old == NORMAL_NO_TYPE) != (new == NORMAL_NO_TYPE) ||
		!descriptor_text_equal(was, is))
		line(comparing, "rpc %.*s: its %s is %.*s, was %.*s", NORMAL_TEXT(rpc->name),
			what, NORMAL_TEXT(is), NORMAL_TEXT(was));
}

static void compare_rpcs(struct comparing *comparing)
{
	const struct normal *old = comparing->old, *new = comparing->new;

	for (uint32_t i = 0; i < old->n_rpcs; i++) {
		const struct normal_rpc *was = &old->rpcs[i];
		uint32_t at = find_rpc(new, was->name);

		if (at == NORMAL_NO_TYPE) {
			line(comparing, "rpc %.*s: removed", NORMAL_TEXT(was->name));
			continue;
		}
		if (at != i)
			line(comparing, "rpc %.*s: its index is %u, was %u",
				NORMAL_TEXT(was->name), at, i);
		compare_message(comparing, was, "request", was->request, new->rpcs[at].request);
		compare_message(comparing, was, "answer", was->answer, new->rpcs[at].answer);
	}
	for (uint32_t i = 0; i < new->n_rpcs; i++)
		if (find_rpc(old, new->rpcs[i].name) == NORMAL_NO_TYPE)
			line(comparing, "rpc %.*s: added, with index %u",
				NORMAL_TEXT(new->rpcs[i].name), i);
}

/* --- fields --- */

static const struct normal_field *find_field(
	const struct normal *in, const struct normal_type *type, uint32_t number)
{
	for (uint32_t i = type->first; i < type->first + type->count; i++)
		if (in->fields[i].number == number)
			return &in->fields[i];
	return NULL;
}

static void compare_field(struct comparing *comparing, struct rs_text message,
	const struct normal_field *was, const struct normal_field *is)
{
	char old[OUTLINE_TYPE_SIZE], new[OUTLINE_TYPE_SIZE];

	outline_field_type(comparing->old, was, old);
	outline_field_type(comparing->new, is, new);
	if (!descriptor_text_equal(was->name, is->name))
		line(comparing, "message %.*s: field %u is called %.*s, was %.*s",
			NORMAL_TEXT(message), is->number, NORMAL_TEXT(is->name),
			NORMAL_TEXT(was->name));
	if (strcmp(old, new) != 0 || was->type != is->type)
		line(comparing, "message %.*s: field %.*s is %s, was %s", NORMAL_TEXT(message),
			NORMAL_TEXT(is->name), new, old);
	if (was->label == is->label && descriptor_text_equal(was->oneof, is->oneof))
		return;
	if (is->label == RS_ONEOF)
		line(comparing, "message %.*s: field %.*s is in the oneof %.*s",
			NORMAL_TEXT(message), NORMAL_TEXT(is->name), NORMAL_TEXT(is->oneof));
	else if (was->label == RS_ONEOF)
		line(comparing, "message %.*s: field %.*s was in the oneof %.*s",
			NORMAL_TEXT(message), NORMAL_TEXT(is->name), NORMAL_TEXT(was->oneof));
}

static void compare_fields(struct comparing *comparing, const struct normal_type *was,
	const struct normal_type *is)
{
	const struct normal *old = comparing->old, *new = comparing->new;

	for (uint32_t i = was->first; i < was->first + was->count; i++) {
		const struct normal_field *field = &old->fields[i];
		const struct normal_field *now = find_field(new, is, field->number);

		if (now)
			compare_field(comparing, is->name, field, now);
		else
			line(comparing, "message %.*s: field %u, %.*s, removed",
				NORMAL_TEXT(was->name), field->number,
				NORMAL_TEXT(field->name));
	}
	for (uint32_t i = is->first; i < is->first + is->count; i++)
		if (!find_field(old, was, new->fields[i].number))
			line(comparing, "message %.*s: field %u, %.*s, added",
				NORMAL_TEXT(is->name), new->fields[i].number,
				NORMAL_TEXT(new->fields[i].name));
}

/* --- enums --- */

static bool has_value(const struct normal *in, const struct normal_type *type,
	const struct normal_value *value)
{
	for (uint32_t i = type->first; i < type->first + type->count; i++)
		if (in->values[i].number == value->number &&
			descriptor_text_equal(in->values[i].name, value->name))
			return true;
	return false;
}

/* What one has and the other has not. */
static void compare_values(struct comparing *comparing, const struct normal *in,
	const struct normal_type *type, const struct normal *other,
	const struct normal_type *without, const char *what)
{
	for (uint32_t i = type->first; i < type->first + type->count; i++)
		if (!has_value(other, without, &in->values[i]))
			line(comparing, "enum %.*s: %.*s = %d %s", NORMAL_TEXT(type->name),
				NORMAL_TEXT(in->values[i].name), in->values[i].number, what);
}

/* An enum may give the same name and number only once, so sets are compared. */
static void compare_enums(struct comparing *comparing, const struct normal_type *was,
	const struct normal_type *is)
{
	compare_values(comparing, comparing->old, was, comparing->new, is, "removed");
	compare_values(comparing, comparing->new, is, comparing->old, was, "added");
}

/* --- types --- */

static const struct normal_type *find_type(const struct normal *in, struct rs_text name)
{
	for (uint32_t i = 0; i < in->n_types; i++)
		if (descriptor_text_equal(in->types[i].name, name))
			return &in->types[i];
	return NULL;
}

static const char *kind(const struct normal_type *type)
{
	return type->is_enum ? "enum" : "message";
}

static void compare_types(struct comparing *comparing)
{
	const struct normal *old = comparing->old, *new = comparing->new;

	for (uint32_t i = 0; i < old->n_types; i++) {
		const struct normal_type *was = &old->types[i];
		const struct normal_type *is = find_type(new, was->name);

		if (!is)
			line(comparing, "%s %.*s: used no more", kind(was),
				NORMAL_TEXT(was->name));
		else if (was->is_enum != is->is_enum)
			line(comparing, "%.*s: is %s, was %s", NORMAL_TEXT(was->name), kind(is),
				kind(was));
		else
			(is->is_enum ? compare_enums : compare_fields)(comparing, was, is);
	}
	for (uint32_t i = 0; i < new->n_types; i++)
		if (!find_type(old, new->types[i].name))
			line(comparing, "%s %.*s: used now", kind(&new->types[i]),
				NORMAL_TEXT(new->types[i].name));
}

uint32_t diff_print(const struct normal *old, const struct normal *new, FILE *to)
{
	struct comparing comparing = { .old = old, .new = new, .to = to };

	if (!descriptor_text_equal(old->service, new->service))
		line(&comparing, "the service is called %.*s, was %.*s",
			NORMAL_TEXT(new->service), NORMAL_TEXT(old->service));
	compare_rpcs(&comparing);
	compare_types(&comparing);
	return comparing.lines;
}
