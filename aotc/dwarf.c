#include "aotc/dwarf.h"

#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 240u
#define FILES_MAX      65536u /* of one table */
#define OPCODES_MAX    64u    /* standard ones that a table may announce */
#define FORMATS_MAX    16u    /* columns of a table of files */

struct reader {
	const uint8_t *at, *end;
	bool wrong;
};

static uint64_t take(struct reader *r, size_t bytes)
{
	uint64_t value = 0;

	if (r->wrong || (size_t)(r->end - r->at) < bytes) {
		r->wrong = true;
		return 0;
	}
	memcpy(&value, r->at, bytes < sizeof(value) ? bytes : sizeof(value));
	r->at += bytes;
	return value;
}

static uint64_t take_leb(struct reader *r, bool is_signed)
{
	uint64_t value = 0;
	uint8_t byte = 0x80;
	unsigned int shift = 0;

	for (; !r->wrong && byte & 0x80; shift += 7) {
		byte = (uint8_t)take(r, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
	}
	if (is_signed && byte & 0x40 && shift < 64)
		value |= ~0ull << shift;
	return value;
}

static struct reader part(struct reader *r, uint64_t bytes)
{
	struct reader inner = { r->at, r->at, r->wrong };

	if (r->wrong || bytes > (uint64_t)(r->end - r->at)) {
		r->wrong = inner.wrong = true;
		return inner;
	}
	r->at += bytes;
	inner.end = r->at;
	return inner;
}

/* ---- names ---- */

struct text {
	const char *at;
	size_t size;
};

static struct text take_text(struct reader *r)
{
	const uint8_t *zero = r->wrong ? NULL : memchr(r->at, 0, (size_t)(r->end - r->at));
	struct text text = { (const char *)r->at, 0 };

	if (!zero) {
		r->wrong = true;
		return text;
	}
	text.size = (size_t)(zero - r->at);
	r->at = zero + 1;
	return text;
}

static struct text text_at(const struct dwarf_section *section, uint64_t offset)
{
	struct reader r = { section->bytes, section->bytes + section->size, false };

	(void)part(&r, offset);
	return take_text(&r);
}

/* ---- one table ---- */

struct file {
	struct text name;
	uint64_t folder;
	uint32_t kept; /* where it is in files, plus 1; 0: not yet */
};

struct table {
	const struct dwarf_sections *sections;
	struct dwarf_lines *out;
	uint16_t version;
	bool wide; /* offsets have 8 bytes */
	uint8_t address_bytes, shortest, line_range, opcodes;
	int8_t line_base;
	uint8_t operands[OPCODES_MAX];
	struct text *folders;
	struct file *files;
	uint32_t folders_count, files_count;
};

static void table_deinit(struct table *t)
{
	free(t->folders);
	free(t->files);
}

static bool is_safe(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("/._-+@", c));
}

/* Grows to the double; false: no memory, or nothing more is kept. */
static bool has_room(void **array, uint32_t *room, uint64_t need, uint64_t max, size_t size)
{
	if (need <= *room)
		return true;
	uint64_t more = need < 512 ? 1024 : 2 * need;
	if (need > max)
		return false;
	more = more > max ? max : more;
	void *grown = realloc(*array, more * size);
	if (!grown)
		return false;
	*array = grown;
	*room = (uint32_t)more;
	return true;
}

static uint32_t add_text(struct dwarf_lines *out, const char *folder, int folder_bytes,
	const char *name, int name_bytes)
{
	char path[NAME_MAX_BYTES];
	int n = snprintf(path, sizeof(path), "%.*s%s%.*s", folder_bytes, folder,
		folder_bytes ? "/" : "", name_bytes, name);
	uint32_t bytes = n < (int)sizeof(path) ? (uint32_t)n : sizeof(path) - 1;
	void *files = out->files;

	for (uint32_t i = 0; i < bytes; i++)
		if (!is_safe(path[i]))
			path[i] = '_';
	if (!has_room(&files, &out->files_room, (uint64_t)out->files_bytes + bytes + 1,
		    OBJECT_FILES_BYTES_MAX, 1))
		return 0;
	out->files = files;
	memcpy(out->files + out->files_bytes, path, bytes + 1);
	out->files_bytes += bytes + 1;
	return out->files_bytes - bytes;
}

static int shown(size_t size)
{
	return size < NAME_MAX_BYTES ? (int)size : (int)NAME_MAX_BYTES - 1;
}

/* Where the name of a table's file is in files, plus 1; 0: there is none. Before version 5 they
 * count from 1, and folder 0 is the one of the compile. */
static uint32_t keep_file(struct table *t, uint64_t number)
{
	uint64_t i = t->version < 5 ? number - 1 : number;

	if (i >= t->files_count)
		return 0;
	struct file *file = &t->files[i];
	uint64_t folder = t->version < 5 ? file->folder - 1 : file->folder;
	struct text in = { "", 0 };
	if (folder < t->folders_count && (t->version < 5 || folder > 0))
		in = t->folders[folder];
	if (file->name.size && file->name.at[0] == '/')
		in.size = 0;
	if (!file->kept)
		file->kept = add_text(
			t->out, in.at, shown(in.size), file->name.at, shown(file->name.size));
	return file->kept;
}

struct state {
	uint64_t address, line, file;
	bool dropped; /* by the linker, which left the rows: they begin at address 0 */
};

static void add_row(struct table *t, const struct state *s, uint64_t line)
{
	struct dwarf_lines *out = t->out;
	void *rows = out->rows;

	if (s->dropped || !has_room(&rows, &out->room, (uint64_t)out->count + 1,
				  OBJECT_LINES_MAX, sizeof(*out->rows)))
		return;
	out->rows = rows;
	uint32_t kept = line ? keep_file(t, s->file) : 0;
	out->rows[out->count++] = (struct dwarf_row){ .address = s->address,
		.line = kept && line < UINT32_MAX ? (uint32_t)line : 0,
		.file = kept ? kept - 1 : 0 };
}

/* ---- its head ---- */

static bool add_file(struct table *t, struct text name, uint64_t folder)
{
	uint32_t room = (t->files_count + 63) / 64 * 64;
	void *files = t->files;

	if (t->files_count == room) {
		files = realloc(t->files, (room + 64) * sizeof(*t->files));
		if (!files || room >= FILES_MAX)
			return false;
	}
	t->files = files;
	t->files[t->files_count++] = (struct file){ name, folder, 0 };
	return true;
}

static bool add_folder(struct table *t, struct text name)
{
	uint32_t room = (t->folders_count + 63) / 64 * 64;
	void *folders = t->folders;

	if (t->folders_count == room) {
		folders = realloc(t->folders, (room + 64) * sizeof(*t->folders));
		if (!folders || room >= FILES_MAX)
			return false;
	}
	t->folders = folders;
	t->folders[t->folders_count++] = name;
	return true;
}

static bool read_names_old(struct table *t, struct reader *r)
{
	struct text name;

	while ((name = take_text(r)).size)
		if (!add_folder(t, name))
			return false;
	while (!r->wrong && (name = take_text(r)).size) {
		uint64_t folder = take_leb(r, false);

		(void)take_leb(r, false); /* time */
		(void)take_leb(r, false); /* size */
		if (!add_file(t, name, folder))
			return false;
	}
	return !r->wrong;
}

enum {
	CONTENT_PATH = 1,
	CONTENT_FOLDER,
	FORM_BLOCK = 0x09,
	FORM_DATA1 = 0x0b,
	FORM_DATA2 = 0x05,
	FORM_DATA4,
	FORM_DATA8,
	FORM_STRING,
	FORM_STRP = 0x0e,
	FORM_UDATA = 0x0f,
	FORM_DATA16 = 0x1e,
	FORM_LINE_STRP,
};

static void read_form(const struct table *t, struct reader *r, uint64_t form, struct text *text,
	uint64_t *number)
{
	switch (form) {
	case FORM_STRING:
		*text = take_text(r);
		return;
	case FORM_LINE_STRP:
		*text = text_at(&t->sections->line_str, take(r, t->wide ? 8 : 4));
		return;
	case FORM_STRP:
		*text = text_at(&t->sections->str, take(r, t->wide ? 8 : 4));
		return;
	case FORM_UDATA:
		*number = take_leb(r, false);
		return;
	case FORM_DATA1:
	case FORM_DATA2:
	case FORM_DATA4:
	case FORM_DATA8:
		*number = take(r, form == FORM_DATA1   ? 1
				  : form == FORM_DATA2 ? 2
				  : form == FORM_DATA4 ? 4
						       : 8);
		return;
	case FORM_DATA16:
		(void)take(r, 16);
		return;
	case FORM_BLOCK:
		(void)part(r, take_leb(r, false));
		return;
	default:
		r->wrong = true;
	}
}

static bool read_entries(struct table *t, struct reader *r, bool files)
{
	struct {
		uint64_t content, form;
	} formats[FORMATS_MAX];
	uint64_t columns = take(r, 1);

	if (columns > FORMATS_MAX)
		return false;
	for (uint64_t i = 0; i < columns; i++) {
		formats[i].content = take_leb(r, false);
		formats[i].form = take_leb(r, false);
	}
	uint64_t count = take_leb(r, false);
	if (columns == 0 && count)
		return false; /* entries of no bytes: there may be any number */
	for (uint64_t n = 0; n < count && !r->wrong; n++) {
		struct text name = { "", 0 };
		uint64_t folder = 0;

		for (uint64_t i = 0; i < columns; i++) {
			struct text text = { "", 0 };
			uint64_t number = 0;

			read_form(t, r, formats[i].form, &text, &number);
			if (formats[i].content == CONTENT_PATH)
				name = text;
			else if (formats[i].content == CONTENT_FOLDER)
				folder = number;
		}
		if (!(files ? add_file(t, name, folder) : add_folder(t, name)))
			return false;
	}
	return !r->wrong;
}

static bool read_head(struct table *t, struct reader *r)
{
	if (t->version >= 5) {
		t->address_bytes = (uint8_t)take(r, 1);
		(void)take(r, 1); /* segments */
	}
	struct reader head = part(r, take(r, t->wide ? 8 : 4));
	t->shortest = (uint8_t)take(&head, 1);
	if (t->version >= 4)
		(void)take(&head, 1); /* operations in an instruction */
	(void)take(&head, 1);         /* are rows statements? */
	t->line_base = (int8_t)take(&head, 1);
	t->line_range = (uint8_t)take(&head, 1);
	t->opcodes = (uint8_t)take(&head, 1);
	if (head.wrong || t->line_range == 0 || t->opcodes == 0 || t->opcodes > OPCODES_MAX)
		return false;
	for (unsigned int i = 1; i < t->opcodes; i++)
		t->operands[i] = (uint8_t)take(&head, 1);
	return t->version < 5 ? read_names_old(t, &head)
			      : read_entries(t, &head, false) && read_entries(t, &head, true);
}

/* ---- its program ---- */

enum {
	OP_COPY = 1,
	OP_ADVANCE,
	OP_LINE,
	OP_FILE,
	OP_CONST_ADVANCE = 8,
	OP_FIXED_ADVANCE,
	EXTENDED_END = 1,
	EXTENDED_ADDRESS,
};

static const struct state beginning = { .line = 1, .file = 1 };

static void run_extended(struct table *t, struct reader *r, struct state *s)
{
	struct reader body = part(r, take_leb(r, false));
	uint8_t op = (uint8_t)take(&body, 1);

	if (op == EXTENDED_END) {
		add_row(t, s, 0);
		*s = beginning;
	} else if (op == EXTENDED_ADDRESS) {
		size_t bytes = (size_t)(body.end - body.at);
		s->address = take(&body, bytes <= 8 ? bytes : 8);
		s->dropped = s->address == 0;
	}
}

static void run_standard(struct table *t, struct reader *r, struct state *s, uint8_t op)
{
	switch (op) {
	case OP_COPY:
		add_row(t, s, s->line);
		return;
	case OP_ADVANCE:
		s->address += take_leb(r, false) * t->shortest;
		return;
	case OP_LINE:
		s->line += take_leb(r, true);
		return;
	case OP_FILE:
		s->file = take_leb(r, false);
		return;
	case OP_CONST_ADVANCE:
		s->address += (uint64_t)(255 - t->opcodes) / t->line_range * t->shortest;
		return;
	case OP_FIXED_ADVANCE:
		s->address += take(r, 2);
		return;
	default: /* columns, flags, and what is not known */
		for (unsigned int i = 0; i < t->operands[op]; i++)
			(void)take_leb(r, false);
	}
}

static void run_program(struct table *t, struct reader *r)
{
	struct state s = beginning;

	while (r->at < r->end && !r->wrong) {
		uint8_t op = (uint8_t)take(r, 1);

		if (op == 0)
			run_extended(t, r, &s);
		else if (op < t->opcodes)
			run_standard(t, r, &s, op);
		else {
			uint8_t n = op - t->opcodes;

			s.address += (uint64_t)(n / t->line_range) * t->shortest;
			s.line += (uint64_t)(int64_t)(t->line_base + n % t->line_range);
			add_row(t, &s, s.line);
		}
	}
}

/* ---- all tables ---- */

static bool read_table(
	const struct dwarf_sections *sections, struct reader *r, struct dwarf_lines *out)
{
	CLEANUP(table_deinit) struct table t = { .sections = sections, .out = out };
	uint64_t bytes = take(r, 4);

	t.wide = bytes == UINT32_MAX;
	if (t.wide)
		bytes = take(r, 8);
	struct reader body = part(r, bytes);
	t.version = (uint16_t)take(&body, 2);
	if (body.wrong)
		return false;
	if (t.version >= 2 && t.version <= 5 && read_head(&t, &body))
		run_program(&t, &body);
	return true;
}

/* Of two rows for an address the later holds; where a function ends another may begin. */
static int by_address(const void *a, const void *b)
{
	const struct dwarf_row *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->line > 0) - (y->line > 0);
}

int dwarf_lines_read(const struct dwarf_sections *sections, struct dwarf_lines *out)
{
	struct reader r = { sections->line.bytes, sections->line.bytes + sections->line.size,
		false };

	*out = (struct dwarf_lines){ 0 };
	while (r.at < r.end && read_table(sections, &r, out))
		;
	if (out->count)
		qsort(out->rows, out->count, sizeof(*out->rows), by_address);
	return 0;
}

void dwarf_lines_deinit(struct dwarf_lines *lines)
{
	free(lines->rows);
	free(lines->files);
	*lines = (struct dwarf_lines){ 0 };
}

const struct dwarf_row *dwarf_lines_find(const struct dwarf_lines *lines, uint64_t address)
{
	uint32_t low = 0, high = lines->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (lines->rows[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && lines->rows[low - 1].line ? &lines->rows[low - 1] : NULL;
}
