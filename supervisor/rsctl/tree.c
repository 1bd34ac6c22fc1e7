#include "supervisor/rsctl/tree.h"

#include <string.h>

#include "supervisor/rsctl/term.h"
#include "supervisor/units.h"

#define INDENT 2

static bool ends_with(const char *key, const char *ending)
{
	size_t n = strlen(key), e = strlen(ending);

	return n >= e && strcmp(key + n - e, ending) == 0;
}

static void print_text(const char *text, FILE *to)
{
	CLEANUP(freep) char *safe = term_escaped_line(text, strlen(text));

	fputs(safe ? safe : "?", to);
}

static void print_number(const char *key, json_int_t n, FILE *to)
{
	char text[UNITS_TEXT_SIZE];

	if (ends_with(key, "_ms") && strcmp(key, "uptime_ms") != 0)
		fputs(units_time_text(text, n), to);
	else if (strcmp(key, "uptime_ms") == 0)
		fputs(units_span_text(text, n), to);
	else if (ends_with(key, "bytes") && n >= (json_int_t)KIB)
		fprintf(to, "%lld (%s)", (long long)n, units_size_text(text, (uint64_t)n));
	else
		fprintf(to, "%lld", (long long)n);
}

static void print_plain(const char *key, const json_t *value, FILE *to)
{
	if (json_is_string(value))
		print_text(json_string_value(value), to);
	else if (json_is_integer(value))
		print_number(key, json_integer_value(value), to);
	else if (json_is_real(value))
		fprintf(to, "%.3f", json_real_value(value));
	else
		fputs(json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "-", to);
}

static void print(json_t *value, int depth, FILE *to);

static bool is_plain(const json_t *value)
{
	return !json_is_object(value) && !json_is_array(value);
}

static void print_entry(const char *key, json_t *value, int depth, FILE *to)
{
	bool empty = json_array_size(value) == 0 && json_object_size(value) == 0;

	if (is_plain(value) || empty) {
		fputc(' ', to);
		print_plain(key, value, to);
		fputc('\n', to);
	} else {
		fputc('\n', to);
		print(value, depth + 1, to);
	}
}

static void print(json_t *value, int depth, FILE *to)
{
	const char *key;
	json_t *item;
	size_t i;

	if (depth > TREE_DEPTH_MAX)
		return;
	json_object_foreach(value, key, item)
	{
		fprintf(to, "%*s", depth * INDENT, "");
		print_text(key, to);
		fputc(':', to);
		print_entry(key, item, depth, to);
	}
	json_array_foreach(value, i, item)
	{
		fprintf(to, "%*s-", depth * INDENT, "");
		print_entry("", item, depth, to);
	}
}

void tree_print(json_t *value, FILE *to)
{
	print(value, 0, to);
}
