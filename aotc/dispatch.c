#include "aotc/dispatch.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define CASE_SIZE  32  /* case 4294967295: goto */
#define LOCALS_MAX 16u /* that are read between the loop's label and the jump */

struct line {
	char *text; /* without its indentation */
	size_t size;
};

struct text {
	char *at, *end;
};

/* Between a loop's label and what is not straight code any more. */
struct head {
	bool open;
	bool loads; /* its own instructions read memory */
	uint32_t locals_count;
	struct line locals[LOCALS_MAX];
};

static bool next_line(struct text *text, struct line *line)
{
	char *newline = text->at < text->end
				? memchr(text->at, '\n', (size_t)(text->end - text->at))
				: NULL;

	if (!newline)
		return false;
	while (text->at < newline && *text->at == ' ')
		text->at++;
	*line = (struct line){ text->at, (size_t)(newline - text->at) };
	text->at = newline + 1;
	return true;
}

static bool begins(struct line line, const char *with)
{
	size_t n = strlen(with);

	return line.size >= n && memcmp(line.text, with, n) == 0;
}

static bool holds(struct line line, const char *word)
{
	return memmem(line.text, line.size, word, strlen(word)) != NULL;
}

static bool is(struct line line, struct line other)
{
	return line.size == other.size && memcmp(line.text, other.text, line.size) == 0;
}

/* `var_l7` at the front, of this kind of names: what stands between the prefix and digits. */
static size_t name_size(struct line line, const char *kinds)
{
	size_t n = begins(line, "var_") || begins(line, "w2c_") ? 4 : 0;

	if (n == 0 || n == line.size || !strchr(kinds, line.text[n]))
		return 0;
	for (n++; n < line.size && isdigit((unsigned char)line.text[n]); n++) {
	}
	return n;
}

static struct line behind(struct line line, size_t n)
{
	return (struct line){ line.text + n, line.size - n };
}

/* `NAME = NAME;` with names of these kinds, into the second. */
static bool is_copy(struct line line, const char *to, const char *from, struct line *source)
{
	struct line right = behind(line, name_size(line, to));

	if (right.text == line.text || !begins(right, " = "))
		return false;
	right = behind(right, 3);
	size_t n = name_size(right, from);
	*source = (struct line){ right.text, n };
	return n > 0 && n + 1 == right.size && right.text[n] == ';';
}

/* `NAME = 12u;` */
static bool is_constant(struct line line)
{
	size_t n = name_size(line, "i");
	struct line right = behind(line, n);

	return n > 0 && begins(right, " = ") && right.size > 3 &&
	       isdigit((unsigned char)right.text[3]);
}

/* ---- what decides ---- */

/* Is the local anywhere set to what is neither a constant nor another local? */
static bool varies(struct text function, struct line local)
{
	struct line line, before = { NULL, 0 }, source;

	while (next_line(&function, &line)) {
		if (begins(line, "}"))
			continue;
		if (is_copy(line, "lp", "i", &source) &&
			is((struct line){ line.text, name_size(line, "lp") }, local) &&
			!is_constant(before) && !is_copy(before, "i", "lp", &source))
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

/* `case 3: goto var_B7;` or `default: goto ...;`, into the label. */
static bool is_target(struct line line, const char *label, struct line *name)
{
	if (!begins(line, label))
		return false;
	*name = behind(line, strlen(label));
	size_t n = name_size(*name, "BL");
	if (begins(*name, "var_Bfunc;") || begins(*name, "w2c_Bfunc;"))
		n = strlen("var_Bfunc"); /* the function's end */
	name->size = n;
	return n > 0 && name->text + n + 1 == line.text + line.size && name->text[n] == ';';
}

/* How many targets the jump has whose cases stand at `at`, all in order; 0: another shape. */
static uint32_t count_targets(struct text at)
{
	struct line line, name;
	uint32_t n = 0;

	while (next_line(&at, &line)) {
		char label[CASE_SIZE];
		snprintf(label, sizeof label, "case %u: goto ", n);
		if (!is_target(line, label, &name))
			break;
		n++;
	}
	return is_target(line, "default: goto ", &name) && next_line(&at, &line) &&
			       line.size == 1 && *line.text == '}'
		       ? n + 1
		       : 0;
}

/* What is printed here is never longer than what stood there. */
static void put(struct line line, const char *text, struct line name, const char *end)
{
	size_t n = strlen(text);
	char *at = line.text;

	memcpy(at, text, n);
	memmove(at + n, name.text, name.size);
	memcpy(at + n + name.size, end, strlen(end));
	n += name.size + strlen(end);
	memset(at + n, ' ', line.size - n);
}

static void rewrite(struct line head, struct text rest, uint32_t targets)
{
	static const char before[] = "switch (";
	struct line operand = behind(head, sizeof before - 1), line = head, name;

	operand.size = name_size(operand, "i");
	put(head, "RS_JUMP(", operand, ",");
	for (uint32_t i = 0; i < targets && next_line(&rest, &line); i++) {
		char *goto_ = memmem(line.text, line.size, "goto ", 5);
		name = (struct line){ goto_ + 5,
			(size_t)(line.text + line.size - goto_) - sizeof "goto" - 1 };
		put(line, "&&", name, i + 1 < targets ? "," : "");
	}
	if (next_line(&rest, &line))
		*line.text = ')';
}

/* `switch (var_i0) {` */
static bool is_jump(struct line line)
{
	static const char before[] = "switch (", after[] = ") {";

	if (!begins(line, before))
		return false;
	struct line rest = behind(line, sizeof before - 1);
	size_t n = name_size(rest, "i");
	return n > 0 && rest.size == n + sizeof after - 1 && begins(behind(rest, n), after);
}

/* ---- the walk ---- */

static void open_head(struct head *head)
{
	*head = (struct head){ .open = true };
}

static void take_line(struct head *head, struct line line)
{
	struct line local;
	size_t label = name_size(line, "BL");

	if (label > 0 && label < line.size && line.text[label] == ':')
		return; /* the end of a block around, or a loop that begins here as well */
	if (holds(line, "goto ") || holds(line, "{") || holds(line, "}"))
		head->open = false;
	head->loads |= holds(line, "_load");
	if (is_copy(line, "i", "lp", &local) && head->locals_count < LOCALS_MAX)
		head->locals[head->locals_count++] = local;
}

static bool is_loop(struct line line)
{
	size_t n = name_size(line, "L");

	return n > 0 && n < line.size && line.text[n] == ':';
}

/* The jump with the most targets, of the first DISPATCH_LOOPS_MAX; targets 0: none. */
struct choice {
	struct line line;
	struct text rest;
	uint32_t targets;
};

static struct choice choose(struct text function)
{
	struct head head = { 0 };
	struct text at = function;
	struct choice best = { .targets = 0 };
	struct line line;
	uint32_t looked_at = 0;

	while (looked_at < DISPATCH_LOOPS_MAX && next_line(&at, &line)) {
		uint32_t targets = head.open && is_jump(line) ? count_targets(at) : 0;

		if (targets >= DISPATCH_TARGETS_MIN) {
			looked_at++;
			if (targets > best.targets && is_worth_it(&head, function))
				best = (struct choice){ line, at, targets };
			head.open = false;
		} else if (is_loop(line))
			open_head(&head);
		else if (head.open)
			take_line(&head, line);
	}
	return best;
}

/* A function ends with a brace that is not indented. */
uint32_t dispatch_text(char *text, size_t size)
{
	struct text all = { text, text + size }, function = { text, text };
	struct line line;
	uint32_t given = 0;

	while (next_line(&all, &line)) {
		if (!begins(line, "}") || (line.text > text && line.text[-1] != '\n'))
			continue;
		function.end = all.at;
		struct choice choice = choose(function);
		if (choice.targets > 0) {
			rewrite(choice.line, choice.rest, choice.targets);
			given++;
		}
		function.at = all.at;
	}
	return given;
}
