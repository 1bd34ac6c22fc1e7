#include "aotc/split.h"

#include <stdio.h>
#include <string.h>

#define SPLIT_PARTS_MAX 256

struct line {
	const char *text;
	size_t size; /* without the newline */
};

struct split {
	const char *at, *end;
	FILE *shared, *parts[SPLIT_PARTS_MAX];
	uint32_t parts_count;
	uint64_t bytes_per_part, bytes; /* of functions: wanted in a part, seen so far */
	bool strange;
};

static bool next_line(struct split *s, struct line *line)
{
	const char *newline =
		s->at < s->end ? memchr(s->at, '\n', (size_t)(s->end - s->at)) : NULL;

	if (!newline)
		return false;
	*line = (struct line){ s->at, (size_t)(newline - s->at) };
	s->at = newline + 1;
	return true;
}

static void put(FILE *file, struct line line)
{
	fwrite(line.text, 1, line.size, file);
	fputc('\n', file);
}

static bool begins(struct line line, const char *with)
{
	size_t n = strlen(with);

	return line.size >= n && memcmp(line.text, with, n) == 0;
}

static bool ends(struct line line, const char *with)
{
	size_t n = strlen(with);

	return line.size >= n && memcmp(line.text + line.size - n, with, n) == 0;
}

static struct line without_static(struct line line)
{
	static const char word[] = "static ";

	if (!begins(line, word))
		return line;
	return (struct line){ line.text + sizeof word - 1, line.size - (sizeof word - 1) };
}

/* The word before the first '(': a function's name. Empty when there is none. */
static struct line name_of(struct line line)
{
	const char *paren = memchr(line.text, '(', line.size), *start = paren;

	if (!paren)
		return (struct line){ line.text, 0 };
	while (start > line.text && start[-1] != ' ' && start[-1] != '*')
		start--;
	return (struct line){ start, (size_t)(paren - start) };
}

/* Of a function of the module, or of its second form for tail calls. */
static bool is_our_name(struct line name)
{
	return begins(name, "w2c_") || begins(name, "wasm_tailcall_w2c_");
}

static bool is_declaration(struct line line)
{
	return begins(line, "static ") && ends(line, ");") && is_our_name(name_of(line));
}

static bool is_function(struct line line)
{
	struct line name = name_of(line);

	return (ends(line, ") {") || ends(line, ", ")) &&
	       (is_our_name(name) || begins(name, "wrap_w2c_"));
}

static bool is_array(struct line line)
{
	return begins(line, "static const ") && ends(line, "[] = {");
}

/* An exception's tag is known by its address. */
static bool is_tag(struct line line)
{
	return begins(line, "static const wasm_tag_placeholder_t ") && ends(line, ";");
}

static bool is_type_list(struct line line)
{
	return begins(line, "static u32 func_types[") && ends(line, "];");
}

/* The first line that speaks of the module ends what is the same for all. */
static bool is_module(struct line line)
{
	return begins(line, "static bool s_module_initialized") ||
	       begins(line, "FUNC_TYPE_T(w2c_") || is_declaration(line) || is_type_list(line) ||
	       is_function(line) || is_array(line);
}

/* The lines up to the one that is `last`. */
static void put_until(struct split *s, FILE *file, const char *last)
{
	struct line line;

	while (next_line(s, &line)) {
		put(file, line);
		if (line.size == strlen(last) && begins(line, last))
			return;
	}
	s->strange = true;
}

static void put_array(struct split *s, struct line line)
{
	struct line rest = without_static(line);

	fprintf(s->shared, "extern %.*s;\n", (int)(rest.size - strlen(" = {")), rest.text);
	put(s->parts[0], rest);
	put_until(s, s->parts[0], "};");
}

/* A head with many parameters goes on over several lines. */
static struct line whole_head(struct split *s, struct line line)
{
	struct line next;

	while (!ends(line, ") {") && next_line(s, &next))
		line.size = (size_t)(next.text + next.size - line.text);
	return line;
}

static void put_function(struct split *s, struct line line)
{
	const char *start = line.text;

	line = whole_head(s, line);
	struct line rest = without_static(line);
	uint64_t part = s->bytes / s->bytes_per_part;
	FILE *file = s->parts[part < s->parts_count ? part : s->parts_count - 1];

	if (begins(name_of(line), "wrap_")) /* the others have been declared */
		fprintf(s->shared, "%.*s;\n", (int)(rest.size - strlen(" {")), rest.text);
	put(file, rest);
	put_until(s, file, "}");
	s->bytes += (uint64_t)(s->at - start);
}

static void put_type(struct split *s, struct line line)
{
	static const char before[] = "FUNC_TYPE_T(";
	const char *paren = memchr(line.text, ')', line.size);

	if (!paren) {
		s->strange = true;
		return;
	}
	const char *name = line.text + sizeof before - 1;
	fprintf(s->shared, "FUNC_TYPE_DECL_EXTERN_T(%.*s);\n", (int)(paren - name), name);
	fprintf(s->parts[0], "FUNC_TYPE_EXTERN_T(");
	put(s->parts[0], (struct line){ name, (size_t)(line.text + line.size - name) });
}

static void put_line(struct split *s, struct line line)
{
	if (is_declaration(line))
		put(s->shared, without_static(line));
	else if (is_type_list(line) || is_tag(line)) {
		fprintf(s->shared, "extern ");
		put(s->shared, without_static(line));
		put(s->parts[0], without_static(line));
	} else if (is_array(line))
		put_array(s, line);
	else if (is_function(line))
		put_function(s, line);
	else if (begins(line, "FUNC_TYPE_T("))
		put_type(s, line);
	else if (begins(line, "#ifndef wasm_multi_")) {
		put(s->shared, line);
		struct line next;
		while (next_line(s, &next)) {
			put(s->shared, next);
			if (begins(next, "#endif"))
				break;
		}
	} else
		put(s->parts[0], line);
}

static int open_file(struct work *work, const char *name, FILE **file)
{
	CLEANUP(fd_closep) int fd = -1;
	int r = work_create(work, name, &fd);

	if (r)
		return r;
	*file = fdopen(fd, "w");
	if (!*file)
		return -errno;
	fd_take(&fd);
	return 0;
}

static int open_files(struct work *work, struct split *s)
{
	int r = open_file(work, "m-impl.h", &s->shared);

	for (uint32_t i = 0; r == 0 && i < s->parts_count; i++) {
		char name[32];
		snprintf(name, sizeof name, "m_%u.c", i);
		r = open_file(work, name, &s->parts[i]);
		if (r == 0)
			fputs("#include \"m-impl.h\"\n", s->parts[i]);
	}
	return r;
}

/* Full disks are noticed here. */
static int close_file(FILE *file)
{
	int r = 0;

	if (!file)
		return 0;
	if (ferror(file))
		r = -EIO;
	if (fclose(file) != 0)
		r = -errno;
	return r;
}

static int close_files(struct split *s)
{
	int r = close_file(s->shared);

	for (uint32_t i = 0; i < s->parts_count; i++) {
		int closed = close_file(s->parts[i]);
		r = r ? r : closed;
	}
	return r;
}

int split_text(struct work *work, const char *text, size_t size, uint32_t parts)
{
	struct split s = { .at = text, .end = text + size, .parts_count = parts };
	struct line line = { text, 0 };
	int r = parts <= SPLIT_PARTS_MAX ? open_files(work, &s) : -EINVAL;

	if (r == 0) {
		while (next_line(&s, &line) && !is_module(line))
			put(s.shared, line);
		s.bytes_per_part = (uint64_t)(s.end - s.at) / parts + 1;
		s.strange = !is_module(line);
		for (bool more = !s.strange; more; more = next_line(&s, &line))
			put_line(&s, line);
	}
	int closed = close_files(&s);
	return r ? r : closed ? closed : s.strange ? SPLIT_STRANGE : 0;
}
