#include "aotc/dispatch.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "aotc/text.h"

#define CASE_SIZE  32  /* case 4294967295: goto */
#define LOCALS_MAX 16u /* that are read between the loop's label and the jump */

/* Between a loop's label and what is not straight code any more. */
struct head {
	bool open;
	bool loads; /* its own instructions read memory */
	uint32_t locals_count;
	struct text_line locals[LOCALS_MAX];
};

/* The next line, without its indentation. */
static bool next_line(struct text *text, struct text_line *line)
{
	if (!text_next(text, line))
		return false;
	while (line->size > 0 && *line->text == ' ')
		line->text++, line->size--;
	return true;
}

static bool holds(struct text_line line, const char *word)
{
	return memmem(line.text, line.size, word, strlen(word)) != NULL;
}

static bool is(struct text_line line, struct text_line other)
{
	return line.size == other.size && memcmp(line.text, other.text, line.size) == 0;
}

/* `var_l7` at the front, of this kind of names: what stands between the prefix and digits. */
static size_t name_size(struct text_line line, const char *kinds)
{
	size_t n = text_begins(line, "var_") || text_begins(line, "w2c_") ? 4 : 0;

	if (n == 0 || n == line.size || !strchr(kinds, line.text[n]))
		return 0;
	do
		n++;
	while (n < line.size && isdigit((unsigned char)line.text[n]));
	return n;
}

static struct text_line behind(struct text_line line, size_t n)
{
	return (struct text_line){ line.text + n, line.size - n };
}

/* `NAME = NAME;` with names of these kinds: the second one; empty when it is something else. */
static struct text_line copied(struct text_line line, const char *to, const char *from)
{
	struct text_line right = behind(line, name_size(line, to));

	if (right.text == line.text || !text_begins(right, " = "))
		return behind(line, line.size);
	right = behind(right, 3);
	size_t n = name_size(right, from);
	bool alone = n > 0 && n + 1 == right.size && right.text[n] == ';';
	return (struct text_line){ right.text, alone ? n : 0 };
}

/* `NAME = 12u;` */
static bool is_constant(struct text_line line)
{
	size_t n = name_size(line, "i");
	struct text_line right = behind(line, n);

	return n > 0 && text_begins(right, " = ") && right.size > 3 &&
	       isdigit((unsigned char)right.text[3]);
}

/* ---- what decides ---- */

/* Is the local anywhere set to what is neither a constant nor another local? */
static bool varies(struct text function, struct text_line local)
{
	struct text_line line, before = { NULL, 0 };

	while (next_line(&function, &line)) {
		if (text_begins(line, "}"))
			continue;
		if (copied(line, "lp", "i").size > 0 &&
			is((struct text_line){ line.text, name_size(line, "lp") }, local) &&
			!is_constant(before) && copied(before, "i", "lp").size == 0)
			return true;
		before = line;
	}
	return false;
}

static bool is_worth_it(const struct head *head, struct text function)
{
	if (head->loads)
		return true;
	for (uint32_t i = 0; i < head->locals_count; i++)
		if (varies(function, head->locals[i]))
			return true;
	return false;
}

/* ---- the jump ---- */

/* `case 3: goto var_B7;` or `default: goto ...;`, and nothing else. */
static bool is_target(struct text_line line, const char *label)
{
	if (!text_begins(line, label))
		return false;
	struct text_line rest = behind(line, strlen(label));
	size_t n = name_size(rest, "BL");
	if (text_begins(rest, "var_Bfunc") || text_begins(rest, "w2c_Bfunc"))
		n = strlen("var_Bfunc"); /* the function's end */
	return n > 0 && rest.size == n + 1 && rest.text[n] == ';';
}

/* How many targets the jump has whose cases stand at `at`, all in order; 0: another shape. */
static uint32_t count_targets(struct text at)
{
	struct text_line line = { NULL, 0 };
	uint32_t n = 0;

	while (next_line(&at, &line)) {
		char label[CASE_SIZE];
		snprintf(label, sizeof label, "case %u: goto ", n);
		if (!is_target(line, label))
			break;
		n++;
	}
	return is_target(line, "default: goto ") && next_line(&at, &line) && line.size == 1 &&
			       *line.text == '}'
		       ? n + 1
		       : 0;
}

/* The jump with the most targets, of the first DISPATCH_LOOPS_MAX; targets 0: none. */
struct choice {
	struct text_line line;
	struct text rest;
	uint32_t targets;
};

/* BEFORE name END in place of the line, of which name is a part; never longer than it was. */
static void put(
	char *line, size_t size, const char *before, struct text_line name, const char *end)
{
	size_t n = strlen(before);

	memmove(line + n, name.text, name.size);
	memcpy(line, before, n);
	n += name.size;
	memcpy(line + n, end, strlen(end));
	n += strlen(end);
	memset(line + n, ' ', size - n);
}

/* The name behind `word`, which the line holds. */
static struct text_line name_behind(struct text_line line, const char *word)
{
	const char *at =
		(const char *)memmem(line.text, line.size, word, strlen(word)) + strlen(word);
	size_t n = 0;

	while (isalnum((unsigned char)at[n]) || at[n] == '_')
		n++;
	return (struct text_line){ at, n };
}

/* text: where all of it begins, to be written to. */
static void rewrite(char *text, struct choice choice)
{
	struct text_line line = choice.line;

	put(text + (line.text - text), line.size, "RS_JUMP(", name_behind(line, "("), ",");
	for (uint32_t i = 1; i <= choice.targets && next_line(&choice.rest, &line); i++)
		put(text + (line.text - text), line.size, "&&", name_behind(line, "goto "),
			i < choice.targets ? "," : "");
	if (next_line(&choice.rest, &line))
		text[line.text - text] = ')';
}

/* `switch (var_i0) {` */
static bool is_jump(struct text_line line)
{
	static const char before[] = "switch (", after[] = ") {";

	if (!text_begins(line, before))
		return false;
	struct text_line rest = behind(line, sizeof before - 1);
	size_t n = name_size(rest, "i");
	return n > 0 && rest.size == n + sizeof after - 1 &&
	       text_begins(behind(rest, n), after);
}

/* ---- the walk ---- */

static void take_line(struct head *head, struct text_line line)
{
	struct text_line local = copied(line, "i", "lp");
	size_t label = name_size(line, "BL");

	if (label > 0 && label < line.size && line.text[label] == ':')
		return; /* the end of a block around, or a loop that begins here as well */
	if (holds(line, "goto ") || holds(line, "{") || holds(line, "}"))
		head->open = false;
	head->loads |= holds(line, "_load");
	if (local.size > 0 && head->locals_count < LOCALS_MAX)
		head->locals[head->locals_count++] = local;
}

static bool is_loop(struct text_line line)
{
	size_t n = name_size(line, "L");

	return n > 0 && n < line.size && line.text[n] == ':';
}

static struct choice choose(struct text function)
{
	struct head head = { 0 };
	struct text at = function;
	struct choice best = { .targets = 0 };
	struct text_line line;
	uint32_t looked_at = 0;

	while (looked_at < DISPATCH_LOOPS_MAX && next_line(&at, &line)) {
		uint32_t targets = head.open && is_jump(line) ? count_targets(at) : 0;

		if (targets >= DISPATCH_TARGETS_MIN) {
			looked_at++;
			if (targets > best.targets && is_worth_it(&head, function))
				best = (struct choice){ line, at, targets };
			head.open = false;
		} else if (is_loop(line))
			head = (struct head){ .open = true };
		else if (head.open)
			take_line(&head, line);
	}
	return best;
}

/* A function ends with a brace that is not indented. */
uint32_t dispatch_text(char *text, size_t size)
{
	struct text all = { text, text + size }, function = { text, text };
	struct text_line line;
	uint32_t given = 0;

	while (text_next(&all, &line)) {
		if (!text_begins(line, "}"))
			continue;
		function.end = all.at;
		struct choice choice = choose(function);
		if (choice.targets > 0) {
			rewrite(text, choice);
			given++;
		}
		function.at = all.at;
	}
	return given;
}
