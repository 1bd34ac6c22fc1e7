#include "runtime/record.h"

#include <string.h>

static bool within(uint64_t offset, uint64_t bytes, uint64_t all)
{
	return offset <= all && bytes <= all - offset;
}

static bool read_at(int fd, uint64_t offset, void *to, size_t bytes)
{
	return pread(fd, to, bytes, (off_t)offset) == (ssize_t)bytes;
}

/* A key, a space, a value; the newline becomes a zero. */
static bool take_line(char *line, size_t bytes)
{
	const char *space = memchr(line, ' ', bytes);

	if (!space || space == line)
		return false;
	for (size_t i = 0; i < bytes; i++)
		if (line[i] < ' ' || line[i] > '~')
			return false;
	line[bytes] = '\0';
	return true;
}

static bool take_lines(struct build_record *r)
{
	char *at = r->text, *end = at + r->bytes;

	while (at < end) {
		char *newline = memchr(at, '\n', (size_t)(end - at));
		if (!newline || !take_line(at, (size_t)(newline - at)))
			return false;
		at = newline + 1;
	}
	return true;
}

int record_read(int object, uint64_t object_bytes, struct build_record *out)
{
	struct object_header head;

	out->bytes = 0;
	if (!within(0, sizeof(head), object_bytes) ||
		!read_at(object, 0, &head, sizeof(head)) ||
		memcmp(head.magic, OBJECT_MAGIC, sizeof(head.magic)) != 0 ||
		head.abi_version != OBJECT_ABI_VERSION ||
		head.record_bytes > OBJECT_RECORD_BYTES_MAX ||
		!within(head.record_offset, head.record_bytes, object_bytes) ||
		!read_at(object, head.record_offset, out->text, head.record_bytes))
		return RECORD_NONE;
	out->bytes = (uint32_t)head.record_bytes;
	if (take_lines(out))
		return 0;
	out->bytes = 0;
	return RECORD_NONE;
}

const char *record_value(const struct build_record *record, const char *key)
{
	size_t n = strlen(key);

	for (const char *at = record->text; at < record->text + record->bytes;
		at += strlen(at) + 1)
		if (strncmp(at, key, n) == 0 && at[n] == ' ')
			return at + n + 1;
	return NULL;
}
