#include "supervisor/processes/symbol.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "runtime/abi.h"

#define PATH_BYTES 1024u

static bool within(uint64_t offset, uint64_t bytes, uint64_t all)
{
	return offset <= all && bytes <= all - offset;
}

static bool read_at(int fd, uint64_t offset, void *to, size_t bytes)
{
	return pread(fd, to, bytes, (off_t)offset) == (ssize_t)bytes;
}

static bool read_header(int object, uint64_t all, struct object_header *head)
{
	return within(0, sizeof(*head), all) && read_at(object, 0, head, sizeof(*head)) &&
	       memcmp(head->magic, OBJECT_MAGIC, sizeof(head->magic)) == 0 &&
	       head->abi_version == OBJECT_ABI_VERSION &&
	       head->functions_count <= OBJECT_FUNCTIONS_MAX &&
	       within(head->functions_offset,
		       head->functions_count * sizeof(struct object_function), all) &&
	       within(head->names_offset, head->names_bytes, all) &&
	       head->lines_count <= OBJECT_LINES_MAX &&
	       within(head->lines_offset, head->lines_count * sizeof(struct object_line),
		       all) &&
	       within(head->files_offset, head->files_bytes, all);
}

/* One of the two tables whose rows begin with their code. */
struct rows {
	uint64_t offset;
	uint32_t count, size;
};

/* The last row whose code is not beyond; the rows are sorted, and if they are not we only find
 * the wrong one. */
static bool find_row(int object, const struct rows *rows, uint64_t code, void *row)
{
	uint32_t low = 0, high = rows->count, at;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (!read_at(object, rows->offset + (uint64_t)middle * rows->size, &at,
			    sizeof(at)))
			return false;
		if (at > code)
			high = middle;
		else
			low = middle + 1;
	}
	return low > 0 &&
	       read_at(object, rows->offset + (low - 1ull) * rows->size, row, rows->size);
}
_Static_assert(
	offsetof(struct object_function, code) == 0 && offsetof(struct object_line, code) == 0,
	"rows are found by what they begin with");

static void find_name(int object, const struct object_header *head,
	const struct object_function *row, struct symbol *out)
{
	if (!within(row->name_offset, row->name_bytes, head->names_bytes))
		return;
	uint32_t bytes = row->name_bytes < SYMBOL_NAME_MAX ? row->name_bytes : SYMBOL_NAME_MAX;
	if (read_at(object, head->names_offset + row->name_offset, out->name, bytes))
		out->bytes = bytes;
}

/* A path is long, and its end says most. */
static void find_line(
	int object, const struct object_header *head, uint64_t code, struct symbol *out)
{
	const struct rows rows = { head->lines_offset, head->lines_count,
		sizeof(struct object_line) };
	struct object_line row;
	char path[PATH_BYTES];

	if (!find_row(object, &rows, code, &row) || row.line == 0 ||
		row.file >= head->files_bytes)
		return;
	uint64_t left = head->files_bytes - row.file;
	size_t room = left < sizeof(path) ? left : sizeof(path);
	if (!read_at(object, head->files_offset + row.file, path, room))
		return;
	size_t bytes = strnlen(path, room);
	size_t cut = bytes > SYMBOL_FILE_MAX ? bytes - SYMBOL_FILE_MAX : 0;
	out->line = row.line;
	out->file_bytes = (uint32_t)(bytes - cut);
	memcpy(out->file, path + cut, bytes - cut);
}

int symbol_find(int object, uint64_t object_bytes, uint64_t code, struct symbol *out)
{
	struct object_header head;
	struct object_function row;

	if (code == 0 || !read_header(object, object_bytes, &head) ||
		!find_row(object,
			&(struct rows){
				head.functions_offset, head.functions_count, sizeof(row) },
			code, &row))
		return SYMBOL_UNKNOWN;
	*out = (struct symbol){ .index = row.index };
	find_name(object, &head, &row, out);
	if (row.index != OBJECT_NOT_WASM)
		find_line(object, &head, code, out);
	return 0;
}

void symbol_text(const struct symbol *symbol, char out[SYMBOL_TEXT_SIZE])
{
	char name[4 * SYMBOL_NAME_MAX + 1], file[4 * SYMBOL_FILE_MAX + 1];
	int n;

	log_text(name, sizeof(name), symbol->name, symbol->bytes);
	log_text(file, sizeof(file), symbol->file, symbol->file_bytes);
	if (symbol->index == OBJECT_NOT_WASM)
		n = snprintf(out, SYMBOL_TEXT_SIZE, "a helper of the runtime");
	else if (symbol->bytes)
		n = snprintf(out, SYMBOL_TEXT_SIZE, "%s (function %" PRIu32 ")", name,
			symbol->index);
	else
		n = snprintf(out, SYMBOL_TEXT_SIZE, "function %" PRIu32, symbol->index);
	if (symbol->line)
		snprintf(out + n, SYMBOL_TEXT_SIZE - (size_t)n, " at %s:%" PRIu32, file,
			symbol->line);
}
