#include "supervisor/options.h"

#include <stdarg.h>
#include <string.h>

#include "supervisor/units.h"

#define HELP_COLUMN 26

struct parse {
	const struct option *options;
	size_t n_options;
	char *fields;
	int argc, at;
	char **argv;
	char *why;
};

const char *options_switch(void *field, const char *value)
{
	(void)value;
	*(bool *)field = true;
	return NULL;
}

const char *options_text(void *field, const char *value)
{
	*(const char **)field = value;
	return NULL;
}

const char *options_add(void *field, const char *value)
{
	struct options_list *list = field;

	if (list->count == ARRAY_LEN(list->items))
		return "fewer of it";
	list->items[list->count++] = value;
	return NULL;
}

const char *options_count(void *field, const char *value)
{
	return units_count(value, field) ? NULL : "a number";
}

const char *options_size(void *field, const char *value)
{
	return units_size(value, field) ? NULL : "a size such as 65536, 64K, 1.5M or 2G";
}

const char *options_duration(void *field, const char *value)
{
	return units_duration(value, field) ? NULL : "a time such as 5, 500ms, 2m or 1h";
}

const char *options_signal(void *field, const char *value)
{
	return units_signal(value, field) ? NULL : "a signal such as TERM or 15";
}

PRINTF(2, 3)
static int wrong(struct parse *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, OPTIONS_WHY_SIZE, format, args);
	va_end(args);
	return OPTIONS_WRONG;
}

static const struct option *by_letter(const struct parse *p, char letter)
{
	for (size_t i = 0; i < p->n_options; i++)
		if (p->options[i].letter == letter)
			return &p->options[i];
	return NULL;
}

static const struct option *by_name(const struct parse *p, const char *name, size_t size)
{
	for (size_t i = 0; i < p->n_options; i++)
		if (strlen(p->options[i].name) == size &&
			memcmp(p->options[i].name, name, size) == 0)
			return &p->options[i];
	return NULL;
}

static int take(struct parse *p, const struct option *option, const char *value)
{
	const char *expected = option->take(p->fields + option->field, value);

	return expected ? wrong(p, "--%s: expected %s, not %s", option->name, expected, value ? value : "none")
			: 0;
}

/* The value is the next word. */
static int take_next(struct parse *p, const struct option *option)
{
	if (p->at == p->argc)
		return wrong(p, "--%s needs %s", option->name, option->value);
	return take(p, option, p->argv[p->at++]);
}

static int parse_name(struct parse *p, const char *word)
{
	size_t size = strcspn(word, "=");
	const char *value = word[size] ? word + size + 1 : NULL;
	const struct option *option = by_name(p, word, size);

	if (!option)
		return wrong(p, "--%.*s: no such option", (int)size, word);
	if (!option->value && value)
		return wrong(p, "--%s takes no value", option->name);
	return option->value && !value ? take_next(p, option) : take(p, option, value);
}

static int parse_letters(struct parse *p, const char *letters)
{
	for (; *letters; letters++) {
		const struct option *option = by_letter(p, *letters);

		if (!option)
			return wrong(p, "-%c: no such option", *letters);
		if (option->value)
			return letters[1] ? take(p, option, letters + 1) : take_next(p, option);
		int r = take(p, option, NULL);
		if (r)
			return r;
	}
	return 0;
}

int options_parse(const struct option *options, size_t n_options, void *fields,
	bool stop_at_first, int argc, char **argv, int *count, char why[OPTIONS_WHY_SIZE])
{
	struct parse p = { .options = options,
		.n_options = n_options,
		.fields = fields,
		.argc = argc,
		.argv = argv,
		.why = why };
	bool plain = false;
	int kept = 0;

	while (p.at < argc) {
		char *word = argv[p.at++];
		int r = 0;

		if (!plain && strcmp(word, "--") == 0)
			plain = true;
		else if (!plain && strncmp(word, "--", 2) == 0)
			r = parse_name(&p, word + 2);
		else if (!plain && word[0] == '-' && word[1])
			r = parse_letters(&p, word + 1);
		else {
			argv[kept++] = word;
			plain = plain || stop_at_first;
		}
		if (r)
			return r;
	}
	*count = kept;
	return 0;
}

void options_help(const struct option *options, size_t n_options, FILE *to)
{
	for (size_t i = 0; i < n_options; i++) {
		const struct option *o = &options[i];
		int n = o->letter ? fprintf(to, "  -%c, --%s", o->letter, o->name)
				  : fprintf(to, "      --%s", o->name);
		if (o->value)
			n += fprintf(to, " %s", o->value);
		fprintf(to, "%*s%s\n", n < HELP_COLUMN ? HELP_COLUMN - n : 1, "", o->help);
	}
}

void options_names(const struct option *options, size_t n_options, FILE *to)
{
	for (size_t i = 0; i < n_options; i++)
		fprintf(to, "--%s\n", options[i].name);
}
