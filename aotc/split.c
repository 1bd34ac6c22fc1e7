#include "aotc/split.h"

#include <stdio.h>
#include <string.h>

#include "aotc/text.h"

#define SPLIT_PARTS_MAX 256

struct split {
	struct text text;
	FILE *shared, *parts[SPLIT_PARTS_MAX];
	uint32_t parts_count;
	uint64_t bytes_per_part, bytes; /* of functions: wanted in a part, seen so far */
	bool strange;
};

static void put(FILE *file, struct text_line line)
{
	fwrite(line.text, 1, line.size, file);
	fputc('\n', file);
}

static bool ends(struct text_line line, const char *with)
{
	size_t n = strlen(with);

	return line.size >= n && memcmp(line.text + line.size - n, with, n) == 0;
}

static struct text_line without_static(struct text_line line)
{
	static const char word[] = "static ";

	if (!text_begins(line, word))
		return line;
	return (struct text_line){ line.text + sizeof word - 1, line.size - (sizeof word - 1) };
}

/* The word before the first '(': a function's name. Empty when there is none. */
static struct text_line name_of(struct text_line line)
{
	const char *paren = memchr(line.text, '(', line.size), *start = paren;

	if (!paren)
		return (struct text_line){ line.text, 0 };
	while (start > line.text && start[-1] != ' ' && start[-1] != '*')
		start--;
	return (struct text_line){ start, (size_t)(paren - start) };
}

/* Of a function of the module, or of its second form for tail calls. */
static bool is_our_name(struct text_line name)
{
	return text_begins(name, "w2c_") || text_begins(name, "wasm_tailcall_w2c_");
}

static bool is_declaration(struct text_line line)
{
	return text_begins(line, "static ") && ends(line, ");") && is_our_name(name_of(line));
}

static bool is_function(struct text_line line)
{
	struct text_line name = name_of(line);

	return (ends(line, ") {") || ends(line, ", ")) &&
	       (is_our_name(name) || text_begins(name, "wrap_w2c_"));
}

static bool is_array(struct text_line line)
{
	return text_begins(line, "static const ") && ends(line, "[] = {");
}

/* An exception's tag is known by its address. */
static bool is_tag(struct text_line line)
{
	return text_begins(line, "static const wasm_tag_placeholder_t ") && ends(line, ";");
}

static bool is_type_list(struct text_line line)
{
	return text_begins(line, "static u32 func_types[") && ends(line, "];");
}

/* The first line that speaks of the module ends what is the same for all. */
static bool is_module(struct text_line line)
{
	return text_begins(line, "static bool s_module_initialized") ||
	       text_begins(line, "FUNC_TYPE_T(w2c_") || is_declaration(line) ||
	       is_type_list(line) || is_function(line) || is_array(line);
}

/* The lines up to the one that is `last`. */
static void put_until(struct split *s, FILE *file, const char *last)
{
	struct text_line line;

	while (text_next(&s->text, &line)) {
		put(file, line);
		if (line.size == strlen(last) && text_begins(line, last))
			return;
	}
	s->strange = true;
}

static void put_array(struct split *s, struct text_line line)
{
	struct text_line rest = without_static(line);

	fprintf(s->shared, "extern %.*s;\n", (int)(rest.size - strlen(" = {")), rest.text);
	put(s->parts[0], rest);
	put_until(s, s->parts[0], "};");
}

/* A head with many parameters goes on over several lines. */
static struct text_line whole_head(struct split *s, struct text_line line)
{
	struct text_line next;

	while (!ends(line, ") {") && text_next(&s->text, &next))
		line.size = (size_t)(next.text + next.size - line.text);
	return line;
}

static void put_function(struct split *s, struct text_line line)
{
	const char *start = line.text;

	line = whole_head(s, line);
	struct text_line rest = without_static(line);
	uint64_t part = s->bytes / s->bytes_per_part;
	FILE *file = s->parts[part < s->parts_count ? part : s->parts_count - 1];

	if (text_begins(name_of(line), "wrap_")) /* the others have been declared */
		fprintf(s->shared, "%.*s;\n", (int)(rest.size - strlen(" {")), rest.text);
	put(file, rest);
	put_until(s, file, "}");
	s->bytes += (uint64_t)(s->text.at - start);
}

static void put_type(struct split *s, struct text_line line)
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
	put(s->parts[0], (struct text_line){ name, (size_t)(line.text + line.size - name) });
}

static void put_line(struct split *s, struct text_line line)
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
	else if (text_begins(line, "FUNC_TYPE_T("))
		put_type(s, line);
	else if (text_begins(line, "#ifndef wasm_multi_")) {
		put(s->shared, line);
		struct text_line next;
		while (text_next(&s->text, &next)) {
			put(s->shared, next);
			if (text_begins(next, "#endif"))
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
	struct split s = { .text = { text, text + size }, .parts_count = parts };
	struct text_line line = { text, 0 };
	int r = parts <= SPLIT_PARTS_MAX ? open_files(work, &s) : -EINVAL;

	if (r == 0) {
		while (text_next(&s.text, &line) && !is_module(line))
			put(s.shared, line);
		s.bytes_per_part = (uint64_t)(s.text.end - s.text.at) / parts + 1;
		s.strange = !is_module(line);
		for (bool more = !s.strange; more; more = text_next(&s.text, &line))
			put_line(&s, line);
	}
	int closed = close_files(&s);
	return r ? r : closed ? closed : s.strange ? SPLIT_STRANGE : 0;
}
