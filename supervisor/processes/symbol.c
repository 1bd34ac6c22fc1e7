#include "supervisor/processes/symbol.h"

#include <string.h>

#include "runtime/abi.h"

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
	       within(head->names_offset, head->names_bytes, all);
}

/* The last row whose code is not beyond; the rows are sorted, and if they are not we only find
 * the wrong one. */
static bool find_row(int object, const struct object_header *head, uint64_t code,
	struct object_function *row)
{
	uint32_t low = 0, high = head->functions_count;
	bool found = false;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		struct object_function at;
		if (!read_at(object, head->functions_offset + middle * sizeof(at), &at,
			    sizeof(at)))
			return false;
		if (at.code > code) {
			high = middle;
			continue;
		}
		*row = at;
		found = true;
		low = middle + 1;
	}
	return found;
}

int symbol_find(int object, uint64_t object_bytes, uint64_t code, struct symbol *out)
{
	struct object_header head;
	struct object_function row;

	if (code == 0 || !read_header(object, object_bytes, &head) ||
		!find_row(object, &head, code, &row))
		return SYMBOL_UNKNOWN;
	*out = (struct symbol){ .index = row.index };
	if (!within(row.name_offset, row.name_bytes, head.names_bytes))
		return 0;
	uint32_t bytes = row.name_bytes < SYMBOL_NAME_MAX ? row.name_bytes : SYMBOL_NAME_MAX;
	if (read_at(object, head.names_offset + row.name_offset, out->name, bytes))
		out->bytes = bytes;
	return 0;
}
