#include "aotc/mend.h"

#include <stdio.h>
#include <string.h>

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

static int put_line(struct mend *m, const char *line, size_t size)
{
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

static int put_lines(struct mend *m, const char *text, size_t size)
{
	const char *end = text + size;
	int r = 0;

	while (text < end && r == 0) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *until = newline ? newline : end;
		r = put_line(m, text, (size_t)(until - text));
		if (newline)
			fputc('\n', m->out);
		text = until + 1;
	}
	return m->type ? MEND_STRANGE : r;
}

int mend_tail_calls(const char *text, size_t size, char **mended, size_t *mended_size)
{
	struct mend m = { .out = open_memstream(mended, mended_size) };

	if (!m.out)
		return -ENOMEM;
	int r = put_lines(&m, text, size);
	if (ferror(m.out))
		r = -ENOMEM;
	if (fclose(m.out) != 0)
		r = -ENOMEM;
	if (r) {
		free(*mended);
		*mended = NULL;
	}
	return r;
}
