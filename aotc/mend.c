#include "aotc/mend.h"

#include <stdio.h>
#include <string.h>

/* --- tail calls --- */

/* Lines that stand for others, without their indentation. */
static const struct {
	const char *line, *mended;
} lines[] = {
	{ "void *instance_ptr_storage;", "void *instance_ptr_storage = instance;" },
	{ "w2c_m* instance = *instance_ptr;",
		"w2c_m* instance = *instance_ptr; FUNC_PROLOGUE;" },
};

struct mend {
	FILE *out;
	const char
		*type; /* of locals whose names are still to come, type_size bytes; or NULL */
	size_t type_size;
};

/* "  u32   u32 var_i0;": the size of "  u32 "; else 0. */
static size_t lost_type(const char *line, size_t size)
{
	static const char indent[] = "  ";
	size_t word = sizeof indent - 1;

	if (size < word || memcmp(line, indent, word) != 0)
		return 0;
	while (word < size && line[word] != ' ')
		word++;
	return word > 2 && size - word > 3 && memcmp(line + word, "   ", 3) == 0 &&
			       line[word + 3] != ' '
		       ? word + 1
		       : 0;
}

static bool put_known(struct mend *m, const char *line, size_t size)
{
	size_t indent = 0;

	while (indent < size && line[indent] == ' ')
		indent++;
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		size_t n = strlen(lines[i].line);
		if (size - indent != n || memcmp(line + indent, lines[i].line, n) != 0)
			continue;
		fprintf(m->out, "%.*s%s", (int)indent, line, lines[i].mended);
		return true;
	}
	return false;
}

static int put_line(void *context, const char *line, size_t size)
{
	struct mend *m = context;
	size_t lost = lost_type(line, size);

	if (lost > 0) {
		if (m->type)
			return MEND_STRANGE;
		m->type = line;
		m->type_size = lost;
		fwrite(line + lost, 1, size - lost, m->out);
	} else if (m->type && size > 0 && *line != ' ') { /* nothing else has no indentation */
		fwrite(m->type, 1, m->type_size, m->out);
		fwrite(line, 1, size, m->out);
		m->type = NULL;
	} else if (!put_known(m, line, size))
		fwrite(line, 1, size, m->out);
	return 0;
}

/* --- exceptions --- */

#define BRACES_MAX 8192 /* in each other: front_limits' nesting, and what a try prints */

/* The blocks around, innermost last. */
struct braces {
	FILE *out;
	uint32_t depth;
	struct {
		bool handler;  /* of a `catch` of one tag */
		uint8_t added; /* braces of ours to be closed with it */
	} blocks[BRACES_MAX];
};

static const char handler_head[] = "if (wasm_rt_exception_tag() == ";

static bool starts(const char *at, const char *end, const char *with)
{
	size_t n = strlen(with);

	return (size_t)(end - at) >= n && memcmp(at, with, n) == 0;
}

static int open_block(struct braces *b, const char *line, const char *at, const char *end)
{
	if (b->depth == BRACES_MAX)
		return MEND_STRANGE;
	b->blocks[b->depth].handler =
		at + 1 == end && memmem(line, (size_t)(at - line), handler_head,
					 sizeof handler_head - 1) != NULL;
	b->blocks[b->depth++].added = 0;
	fputc('{', b->out);
	return 0;
}

/* Returns where to go on behind the brace at `at`. */
static const char *close_block(struct braces *b, const char *at, const char *end)
{
	static const char other[] = " else ";
	bool handler = false;
	uint32_t added = 0;

	if (b->depth > 0) {
		b->depth--;
		handler = b->blocks[b->depth].handler;
		added = b->blocks[b->depth].added;
	}
	while (added-- > 0)
		fputc('}', b->out);
	fputc('}', b->out);
	at++;
	if (!handler || !starts(at, end, other) || b->depth == 0 ||
		starts(at + sizeof other - 1, end, handler_head))
		return at;
	fputs(" else {", b->out);
	b->blocks[b->depth - 1].added++;
	return at + sizeof other - 1;
}

/* A function begins where a line has no indentation. */
static int put_braces(void *context, const char *line, size_t size)
{
	struct braces *b = context;
	const char *end = line + size;
	int r = 0;

	if (size > 0 && *line != ' ' && *line != '}')
		b->depth = 0;
	for (const char *at = line; at < end && r == 0;) {
		if (*at == '}') {
			at = close_block(b, at, end);
			continue;
		}
		if (*at == '{')
			r = open_block(b, line, at, end);
		else
			fputc(*at, b->out);
		at++;
	}
	return r;
}

/* --- texts, line by line --- */

typedef int line_function(void *context, const char *line, size_t size);

static int put_lines(
	line_function *put, void *context, FILE *out, const char *text, size_t size)
{
	const char *end = text + size;
	int r = 0;

	while (text < end && r == 0) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *until = newline ? newline : end;
		r = put(context, text, (size_t)(until - text));
		if (newline)
			fputc('\n', out);
		text = until + 1;
	}
	return r;
}

static int finish(FILE *out, int r, char **mended)
{
	if (ferror(out))
		r = -ENOMEM;
	if (fclose(out) != 0)
		r = -ENOMEM;
	if (r) {
		free(*mended);
		*mended = NULL;
	}
	return r;
}

int mend_tail_calls(const char *text, size_t size, char **mended, size_t *mended_size)
{
	struct mend m = { .out = open_memstream(mended, mended_size) };

	if (!m.out)
		return -ENOMEM;
	int r = put_lines(put_line, &m, m.out, text, size);
	return finish(m.out, r ? r : m.type ? MEND_STRANGE : 0, mended);
}

int mend_handlers(const char *text, size_t size, char **mended, size_t *mended_size)
{
	struct braces b = { .out = open_memstream(mended, mended_size) };

	if (!b.out)
		return -ENOMEM;
	return finish(b.out, put_lines(put_braces, &b, b.out, text, size), mended);
}
