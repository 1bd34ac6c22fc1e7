#include "aotc/lines.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "aotc/code.h"
#include "aotc/dwarf.h"
#include "aotc/listing.h"
#include "aotc/pack.h"

#define TEXT_BYTES_MAX OBJECT_SIZE_MAX
#define ADDRESSES      "addresses.txt" /* that addr2line is asked for */
#define ANSWERS        "answers.txt"

struct source { /* a line of the author's */
	uint32_t line, file;
};

/* LINES_SOURCE: this, then functions + 1 of struct of_function, anchors, files. */
struct source_head {
	uint32_t functions, anchors, files_bytes;
};
struct of_function {
	uint32_t first; /* anchor; the next function's is where they end */
	struct source begins;
};

/* ---- the module ---- */

struct marking {
	struct module module;
	struct dwarf_lines lines;
	struct of_function *functions;
	struct source *anchors;
	uint32_t count, room;
	uint8_t unreachable[1024]; /* of each block around; the translator stops there as well
				    */
	uint32_t depth;
	bool failed;
};

static void marking_deinit(struct marking *m)
{
	module_deinit(&m->module);
	dwarf_lines_deinit(&m->lines);
	free(m->functions);
	free(m->anchors);
}

static struct source source_at(const struct marking *m, const uint8_t *at)
{
	const uint8_t *code = m->module.sections[WASM_CODE].at;
	const struct dwarf_row *row = dwarf_lines_find(&m->lines, (uint64_t)(at - code));

	return row ? (struct source){ row->line, row->file } : (struct source){ 0, 0 };
}

static void add_anchor(struct marking *m, const uint8_t *at)
{
	if (m->count == m->room) {
		uint32_t room = m->room ? 2 * m->room : 4096;
		struct source *grown = realloc(m->anchors, room * sizeof(*grown));

		if (!grown) {
			m->failed = true;
			return;
		}
		m->anchors = grown;
		m->room = room;
	}
	m->anchors[m->count++] = source_at(m, at);
}

/* Loads, stores, calls, and what else may trap: the C has a word for each. */
static bool is_anchor(const uint8_t *at)
{
	switch (at[0]) {
	case 0x00:
	case 0x10:
	case 0x11:
	case 0x28 ... 0x3e:
	case 0x6d ... 0x70:
	case 0x7f ... 0x82:
	case 0xa8 ... 0xab:
	case 0xae ... 0xb1:
		return true;
	case 0xfc:
		return at[1] <= 7;
	case 0xfd: /* numbers of one byte, and of two */
		return at[1] <= 11 || (at[1] >= 0x54 && at[1] <= 0x5d);
	default:
		return false;
	}
}

/* What cannot be reached is not translated: blocks in it neither. */
static void see(void *context, const uint8_t *at)
{
	struct marking *m = context;
	uint8_t *here = &m->unreachable[m->depth];

	if (*here == 0 && is_anchor(at))
		add_anchor(m, at);
	switch (at[0]) {
	case 0x02 ... 0x04:
	case 0x06:
		here[1] = *here ? 2 : 0; /* 2: whatever ends, it stays so */
		m->depth++;
		return;
	case 0x05:
	case 0x07:
	case 0x19:
		*here = *here == 2 ? 2 : 0;
		return;
	case 0x0b:
	case 0x18:
		m->depth -= m->depth > 0;
		return;
	case 0x00:
	case 0x08:
	case 0x09:
	case 0x0c:
	case 0x0e:
	case 0x0f:
	case 0x12:
	case 0x13:
		*here = *here ? *here : 1;
	}
}

/* Custom sections of these names, the first of each. */
static void find_sections(const uint8_t *wasm, size_t size, struct dwarf_sections *out)
{
	struct wasm_reader r = wasm_reader_of(wasm, size);

	*out = (struct dwarf_sections){ 0 };
	(void)wasm_bytes(&r, 8); /* magic and version */
	while (!r.wrong && wasm_left(&r) > 0) {
		uint8_t id = wasm_byte(&r);
		uint32_t bytes = wasm_u32(&r);
		struct wasm_reader body = wasm_part(&r, bytes);
		struct wasm_name name = { 0 };

		if (id == WASM_CUSTOM)
			name = wasm_name(&body);
		struct dwarf_section *to = !name.text                              ? NULL
					   : module_same_name(name, ".debug_line") ? &out->line
					   : module_same_name(name, ".debug_line_str")
						   ? &out->line_str
					   : module_same_name(name, ".debug_str") ? &out->str
										  : NULL;
		if (to && !to->bytes && !body.wrong)
			*to = (struct dwarf_section){ body.at, wasm_left(&body) };
	}
}

static int mark_all(struct marking *m)
{
	struct module *module = &m->module;
	struct wasm_reader r = module->sections[WASM_CODE];
	uint32_t count = module->functions_count - module->imports_count;
	int refused = 0;

	m->functions = calloc(module->functions_count + 1u, sizeof(*m->functions));
	if (!m->functions)
		return -ENOMEM;
	module->locals_total = 0; /* they are all walked once more */
	module->seen = see;
	module->seen_context = m;
	(void)wasm_count(&r);
	for (uint32_t i = 0; i < count && !refused && !m->failed; i++) {
		struct of_function *f = &m->functions[module->imports_count + i];
		struct wasm_reader body = wasm_part(&r, wasm_u32(&r));

		*f = (struct of_function){ m->count, source_at(m, body.at) };
		m->depth = m->unreachable[0] = 0;
		refused = r.wrong ? FRONT_REFUSED
				  : code_walk(module, module->imports_count + i, body);
		if (f->begins.line == 0 && m->count > f->first)
			f->begins = m->anchors[f->first];
	}
	m->functions[module->functions_count].first = m->count;
	return m->failed ? -ENOMEM : refused;
}

static int write_marks(struct build *build, const struct marking *m)
{
	const struct source_head head = { m->module.functions_count, m->count,
		m->lines.files_bytes };
	CLEANUP(freep) char *bytes = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&bytes, &size);

	if (!file)
		return -errno;
	fwrite(&head, sizeof(head), 1, file);
	fwrite(m->functions, sizeof(*m->functions), head.functions + 1u, file);
	fwrite(m->anchors, sizeof(*m->anchors), head.anchors, file);
	fwrite(m->lines.files, 1, head.files_bytes, file);
	return fclose(file) ? -errno : work_write(&build->work, LINES_SOURCE, bytes, size);
}

void lines_read_module(struct build *build, const uint8_t *wasm, size_t size)
{
	CLEANUP(freep) struct marking *m = calloc(1, sizeof(*m));
	char reason[FRONT_REASON_SIZE];
	struct dwarf_sections sections;

	find_sections(wasm, size, &sections);
	if (!m || !sections.line.size)
		return;
	int r = module_read(&m->module, wasm, size, &front_limits_default, reason);
	if (r == 0)
		r = dwarf_lines_read(&sections, &m->lines);
	if (r == 0 && m->lines.count)
		r = mark_all(m);
	if (r == 0 && m->lines.count && m->lines.files_bytes)
		(void)!write_marks(build, m);
	marking_deinit(m);
}

/* ---- the C ---- */

/* What a line of a part comes from. */
struct part {
	struct source *lines; /* [1] is the first */
	uint32_t count;
};

struct mapping {
	struct build *build;
	uint8_t *source; /* LINES_SOURCE */
	size_t source_size;
	const struct source_head *head;
	const struct of_function *functions;
	const struct source *anchors;
	const char *files;
	struct part parts[BUILD_PARTS_MAX];
	uint8_t *linked;
	struct dwarf_lines machine;
};

static void mapping_deinit(struct mapping *m)
{
	for (uint32_t i = 0; i < BUILD_PARTS_MAX; i++)
		free(m->parts[i].lines);
	free(m->source);
	free(m->linked);
	dwarf_lines_deinit(&m->machine);
}

static int read_source(struct mapping *m)
{
	int r = work_read(
		&m->build->work, LINES_SOURCE, TEXT_BYTES_MAX, &m->source, &m->source_size);

	if (r || m->source_size < sizeof(*m->head))
		return r ? r : WORK_BAD;
	m->head = (const void *)m->source;
	m->functions = (const void *)(m->head + 1);
	m->anchors = (const void *)(m->functions + m->head->functions + 1);
	m->files = (const char *)(m->anchors + m->head->anchors);
	uint64_t size = sizeof(*m->head) + (m->head->functions + 1ull) * sizeof(*m->functions) +
			(uint64_t)m->head->anchors * sizeof(*m->anchors) + m->head->files_bytes;
	return size == m->source_size && m->head->functions == m->build->facts.n.functions
		       ? 0
		       : WORK_BAD;
}

/* A word that begins so and is called. */
static bool calls(const char *line, size_t size, const char *prefix)
{
	size_t n = strlen(prefix);

	for (const char *at = line; (at = memmem(at, size - (size_t)(at - line), prefix, n));) {
		at += n;
		size_t left = size - (size_t)(at - line);
		size_t word = 0;

		while (word < left &&
			(at[word] == '_' || (at[word] >= '0' && at[word] <= '9') ||
				(at[word] >= 'a' && at[word] <= 'z') ||
				(at[word] >= 'A' && at[word] <= 'Z')))
			word++;
		if (word < left && at[word] == ')') /* (*import)(...) */
			word++;
		if (word < left && at[word] == '(')
			return true;
	}
	return false;
}

static bool is_marked(const char *line, size_t size)
{
	static const char *const words[] = { "_load", "_store", "w2c_", "Z_", "CALL_INDIRECT",
		"DIV_", "REM_", "TRUNC_" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (calls(line, size, words[i]))
			return true;
	return memmem(line, size, "UNREACHABLE", 11) != NULL;
}

/* The body of a function, from the line behind its name on: each line is of the next mark. */
struct body {
	uint32_t function, first_line, marks;
	uint32_t *mark_of; /* of each line of the part, while it is read */
};

static void settle_body(
	struct mapping *m, struct part *part, const struct body *b, uint32_t end)
{
	const struct of_function *f = &m->functions[b->function];
	uint32_t first = f[0].first, next = f[1].first;
	bool agrees = next >= first && next <= m->head->anchors && next - first == b->marks;

	for (uint32_t line = b->first_line; line <= end; line++) {
		uint32_t mark = b->mark_of[line];

		part->lines[line] = f->begins;
		if (agrees && b->marks)
			part->lines[line] =
				m->anchors[first + (mark < b->marks ? mark : b->marks - 1)];
	}
}

static void read_lines(struct mapping *m, struct part *part, const char *text, uint32_t *marks)
{
	struct body body = { .mark_of = marks };
	char symbol[LISTING_SYMBOL_SIZE];
	bool inside = false;

	for (uint32_t line = 1; *text; line++) {
		size_t n = strcspn(text, "\n");

		if (!inside && *text != ' ' && listing_begins(text, n, symbol)) {
			body.function = pack_function_index(&m->build->facts, symbol);
			body.first_line = line;
			body.marks = 0;
			inside = body.function < m->head->functions;
		} else if (inside) {
			body.mark_of[line] = body.marks;
			body.marks += is_marked(text, n);
		}
		if (inside && *text == '}') {
			settle_body(m, part, &body, line);
			inside = false;
		}
		text += n + (text[n] == '\n');
	}
}

static int read_part(struct mapping *m, uint32_t number)
{
	struct part *part = &m->parts[number];
	CLEANUP(freep) uint8_t *text = NULL;
	CLEANUP(freep) uint32_t *marks = NULL;
	char name[16];
	size_t size = 0;

	snprintf(name, sizeof(name), "m_%u.c", number);
	int r = work_read(&m->build->work, name, TEXT_BYTES_MAX, &text, &size);
	if (r)
		return r;
	for (size_t i = 0; i < size; i++)
		part->count += text[i] == '\n';
	part->count += 2;
	part->lines = calloc(part->count, sizeof(*part->lines));
	marks = calloc(part->count, sizeof(*marks));
	if (!part->lines || !marks)
		return -ENOMEM;
	read_lines(m, part, (const char *)text, marks);
	return 0;
}

/* "m_3.c", in whatever folder: the source of its line; NULL: another file. */
static const struct source *source_of(const struct mapping *m, const char *file, uint32_t line)
{
	const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file;
	unsigned int number;
	int end = 0;

	if (sscanf(name, "m_%u.c%n", &number, &end) != 1 || end == 0 || name[end] ||
		number >= m->build->parts || line >= m->parts[number].count)
		return NULL;
	return &m->parts[number].lines[line];
}

/* ---- the machine code ---- */

static struct dwarf_section section_named(const uint8_t *elf, size_t size, const char *name)
{
	const struct dwarf_section none = { NULL, 0 };
	Elf64_Ehdr head;
	Elf64_Shdr names, s;

	if (size < sizeof(head))
		return none;
	memcpy(&head, elf, sizeof(head));
	if (head.e_shoff > size || (size - head.e_shoff) / sizeof(s) < head.e_shnum ||
		head.e_shstrndx >= head.e_shnum)
		return none;
	memcpy(&names, elf + head.e_shoff + head.e_shstrndx * sizeof(s), sizeof(names));
	if (names.sh_offset > size || names.sh_size > size - names.sh_offset)
		return none;
	for (uint32_t i = 0; i < head.e_shnum; i++) {
		memcpy(&s, elf + head.e_shoff + i * sizeof(s), sizeof(s));
		if (s.sh_name >= names.sh_size || s.sh_type != SHT_PROGBITS ||
			s.sh_flags & SHF_COMPRESSED || s.sh_offset > size ||
			s.sh_size > size - s.sh_offset ||
			names.sh_size - s.sh_name <= strlen(name) ||
			memcmp(elf + names.sh_offset + s.sh_name, name, strlen(name) + 1) != 0)
			continue;
		return (struct dwarf_section){ elf + s.sh_offset, s.sh_size };
	}
	return none;
}

static int read_machine(struct mapping *m)
{
	size_t size = 0;
	int r = work_read(&m->build->work, LINES_LINKED, OBJECT_SIZE_MAX, &m->linked, &size);

	if (r)
		return r;
	const struct dwarf_sections sections = {
		section_named(m->linked, size, ".debug_line"),
		section_named(m->linked, size, ".debug_line_str"),
		section_named(m->linked, size, ".debug_str"),
	};
	return dwarf_lines_read(&sections, &m->machine);
}

static int read_all(struct mapping *m)
{
	int r = read_source(m);

	for (uint32_t i = 0; r == 0 && i < m->build->parts; i++)
		r = read_part(m, i);
	return r ? r : read_machine(m);
}

static const struct source *row_source(const struct mapping *m, const struct dwarf_row *row)
{
	return row->line ? source_of(m, m->machine.files + row->file, row->line) : NULL;
}

/* Addresses in helpers that stand in a header: whose call is it? */
static int write_addresses(const struct mapping *m)
{
	CLEANUP(freep) char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return -errno;
	for (uint32_t i = 0; i < m->machine.count; i++)
		if (m->machine.rows[i].line && !row_source(m, &m->machine.rows[i]))
			fprintf(file, "0x%llx\n",
				(unsigned long long)m->machine.rows[i].address);
	return fclose(file) ? -errno : work_write(&m->build->work, ADDRESSES, text, size);
}

/* addr2line -a -i: the address, then who stands there, innermost first. The first of ours
 * counts; *at moves behind them. */
static const struct source *take_answer(const struct mapping *m, const char **at)
{
	const struct source *found = NULL;

	if (strncmp(*at, "0x", 2) != 0)
		return NULL;
	for (bool first = true; **at && (first || strncmp(*at, "0x", 2) != 0); first = false) {
		size_t n = strcspn(*at, "\n");
		char line[512], *colon;

		snprintf(line, sizeof(line), "%.*s", (int)(n < 511 ? n : 511), *at);
		*at += n + ((*at)[n] == '\n');
		colon = strrchr(line, ':');
		if (first || found || !colon)
			continue;
		*colon = '\0';
		found = source_of(m, line, (uint32_t)strtoul(colon + 1, NULL, 10));
	}
	return found;
}

static void add_result(struct lines *out, uint64_t code, const struct source *source)
{
	struct object_line row = { .code = (uint32_t)code };

	if (source && source->line)
		row = (struct object_line){ (uint32_t)code, source->line, source->file };
	if (out->count && out->rows[out->count - 1].code == row.code)
		out->count--;
	if (out->count && out->rows[out->count - 1].line == row.line &&
		out->rows[out->count - 1].file == row.file)
		return;
	out->rows[out->count++] = row;
}

static int write_result(const struct mapping *m, const char *answers)
{
	struct lines out = { .rows = calloc(m->machine.count + 1u, sizeof(*out.rows)) };
	CLEANUP(freep) char *bytes = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&bytes, &size);

	if (!out.rows || !file)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->machine.count; i++) {
		const struct dwarf_row *row = &m->machine.rows[i];
		const struct source *source = row_source(m, row);

		if (row->line && !source)
			source = take_answer(m, &answers);
		if (row->address < UINT32_MAX)
			add_result(&out, row->address, source);
	}
	fwrite(&out.count, sizeof(out.count), 1, file);
	fwrite(&m->head->files_bytes, sizeof(m->head->files_bytes), 1, file);
	fwrite(out.rows, sizeof(*out.rows), out.count, file);
	fwrite(m->files, 1, m->head->files_bytes, file);
	free(out.rows);
	return fclose(file) ? -errno : work_write(&m->build->work, LINES_RESULT, bytes, size);
}

/* ---- the steps ---- */

static int ask_step(void *argument)
{
	CLEANUP(mapping_deinit) struct mapping m = { .build = argument };

	m.build->work.fd = AT_FDCWD; /* the folder is the current one in the jail */
	return read_all(&m) || write_addresses(&m) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int answer_step(void *argument)
{
	CLEANUP(mapping_deinit) struct mapping m = { .build = argument };
	CLEANUP(freep) uint8_t *answers = NULL;
	size_t size = 0;

	m.build->work.fd = AT_FDCWD;
	return read_all(&m) ||
			       work_read(&m.build->work, ANSWERS, TEXT_BYTES_MAX, &answers,
				       &size) ||
			       write_result(&m, (const char *)answers)
		       ? EXIT_FAILURE
		       : EXIT_SUCCESS;
}

static bool run_step(struct build *build, const char *name, int (*step)(void *argument))
{
	struct build_job job = build_job_of(build, name, "the reader of lines");

	job.jail.function = step;
	job.jail.argument = build;
	return build_run(build, "lines", &job, 1) == 0 && job.end.code == EXIT_SUCCESS;
}

static bool ask_addr2line(struct build *build)
{
	char tool[TOOLCHAIN_PATH_SIZE];
	CLEANUP(fd_closep) int output = -1;

	if (work_create(&build->work, ANSWERS, &output))
		return false;
	listing_tool(build, "addr2line", tool);
	const char *argv[] = { tool, "-a", "-i", "-e", LINES_LINKED, "@" ADDRESSES, NULL };
	struct build_job job = build_tool(build, "addr2line", "addr2line", argv);
	job.jail.output_fd = output;
	return build_run(build, "lines", &job, 1) == 0 && job.end.code == 0;
}

void lines_make(struct build *build)
{
	if (run_step(build, "lines-ask", ask_step) && ask_addr2line(build))
		(void)!run_step(build, "lines", answer_step);
	build->reason[0] = '\0'; /* an object without lines is one all the same */
}

/* ---- outside of the jail ---- */

void lines_deinit(struct lines *lines)
{
	free(lines->rows);
	free(lines->files);
	*lines = (struct lines){ 0 };
}

static bool are_sound(const struct lines *lines)
{
	for (uint32_t i = 0; i < lines->count; i++)
		if (lines->rows[i].file >= lines->files_bytes ||
			(i && lines->rows[i].code <= lines->rows[i - 1].code))
			return false;
	for (uint32_t i = 0; i < lines->files_bytes; i++)
		if (lines->files[i] && (lines->files[i] <= ' ' || lines->files[i] > '~'))
			return false;
	return lines->files_bytes && lines->files[lines->files_bytes - 1] == '\0';
}

bool lines_take(struct build *build, struct lines *out)
{
	CLEANUP(freep) uint8_t *bytes = NULL;
	uint32_t counts[2];
	size_t size = 0;

	*out = (struct lines){ 0 };
	if (!build->lines ||
		work_read(&build->work, LINES_RESULT, OBJECT_SIZE_MAX, &bytes, &size) ||
		size < sizeof(counts))
		return false;
	memcpy(counts, bytes, sizeof(counts));
	uint64_t rows = counts[0] * sizeof(*out->rows);
	if (counts[0] == 0 || counts[0] > OBJECT_LINES_MAX ||
		counts[1] > OBJECT_FILES_BYTES_MAX || size != sizeof(counts) + rows + counts[1])
		return false;
	*out = (struct lines){ malloc(rows), malloc(counts[1] + 1u), counts[0], counts[1] };
	if (out->rows && out->files) {
		memcpy(out->rows, bytes + sizeof(counts), rows);
		memcpy(out->files, bytes + sizeof(counts) + rows, counts[1]);
		if (are_sound(out))
			return true;
	}
	lines_deinit(out);
	return false;
}
