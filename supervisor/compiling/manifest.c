#include "supervisor/compiling/manifest.h"

#include <string.h>

#include <sys/stat.h>

#include "interfaces/wire.h"

#define RECORD_FIXED_BYTES (2 + HASH_BYTES)
#define RECORD_BYTES_MAX \
	(RECORD_FIXED_BYTES + MANIFEST_NAME_BYTES_MAX + 1 + MANIFEST_REASON_BYTES_MAX + 1)
#define BYTES_MAX (MANIFEST_ROWS_MAX * RECORD_BYTES_MAX)

#define SECTION_CUSTOM   0
#define LENGTH_BYTES_MAX 5 /* a number of 32 bits, seven in a byte */
#define NAME_BYTES       (sizeof(MANIFEST_SECTION) - 1)

/* What is being read. Every byte of it is copied before it is looked at. */
struct source {
	int fd; /* -1: bytes */
	const uint8_t *bytes;
	uint64_t size;
};

struct reading {
	struct source source;
	const char *wrong;
	bool found;
	uint8_t bytes[BYTES_MAX]; /* of all sections */
	size_t count;
	uint32_t rows;
};

static int source_read(const struct source *source, uint64_t at, void *to, size_t bytes)
{
	if (source->fd < 0) {
		memcpy(to, source->bytes + at, bytes);
		return 0;
	}
	for (size_t done = 0; done < bytes;) {
		ssize_t n = pread(
			source->fd, (uint8_t *)to + done, bytes - done, (off_t)(at + done));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return -EIO; /* it was longer before */
		done += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

/* Up to `bytes` of what stands between at and end. */
static int peek(const struct source *source, uint64_t at, uint64_t end, uint8_t *to,
	size_t bytes, struct rs_cursor *out)
{
	size_t there = end - at < bytes ? (size_t)(end - at) : bytes;

	*out = rs_cursor(to, there);
	return source_read(source, at, to, there);
}

static int wrong(struct reading *reading, const char *what)
{
	reading->wrong = what;
	return MANIFEST_MALFORMED;
}

/* --- records --- */

static const char *take_text(struct rs_cursor *left, size_t bytes_max)
{
	const uint8_t *text = left->at;
	size_t room =
		rs_cursor_left(left) < bytes_max + 1 ? rs_cursor_left(left) : bytes_max + 1;
	const uint8_t *zero = room ? memchr(text, 0, room) : NULL;

	if (!zero)
		return NULL;
	left->at = zero + 1;
	return (const char *)text;
}

/* What is wrong with the next record; NULL: it is taken. */
static const char *take_row(struct rs_cursor *left, struct manifest_row *out)
{
	const uint8_t *fixed = left->at;

	if (rs_cursor_left(left) < RECORD_FIXED_BYTES)
		return "a record of the manifest is cut off";
	if (fixed[0] != MANIFEST_VERSION)
		return "a record of the manifest has an unknown version";
	if (fixed[1] != MANIFEST_USE && fixed[1] != MANIFEST_REGISTER)
		return "a record of the manifest has an unknown right";
	out->right = fixed[1];
	memcpy(out->interface.bytes, fixed + 2, HASH_BYTES);
	left->at += RECORD_FIXED_BYTES;
	out->name = take_text(left, MANIFEST_NAME_BYTES_MAX);
	if (!out->name)
		return "a name in the manifest is too long or has no end";
	out->reason = take_text(left, MANIFEST_REASON_BYTES_MAX);
	return out->reason ? NULL : "a reason in the manifest is too long or has no end";
}

static int check_records(struct reading *reading, const uint8_t *bytes, size_t count)
{
	struct rs_cursor left = rs_cursor(bytes, count);
	struct manifest_row row;

	for (; rs_cursor_left(&left) > 0; reading->rows++) {
		const char *what = reading->rows == MANIFEST_ROWS_MAX
					   ? "the manifest has too many records"
					   : take_row(&left, &row);
		if (what)
			return wrong(reading, what);
	}
	return 0;
}

/* --- sections --- */

static int copy_records(struct reading *reading, uint64_t at, uint64_t end)
{
	uint8_t *to = reading->bytes + reading->count;

	reading->found = true;
	if (end - at > sizeof(reading->bytes) - reading->count)
		return wrong(reading, "the manifest is too long");
	int r = source_read(&reading->source, at, to, (size_t)(end - at));
	if (r)
		return r;
	reading->count += (size_t)(end - at);
	return check_records(reading, to, (size_t)(end - at));
}

/* A custom section: its name, and then what nobody but its reader knows. */
static int read_custom(struct reading *reading, uint64_t at, uint64_t end)
{
	uint8_t bytes[LENGTH_BYTES_MAX + NAME_BYTES];
	struct rs_cursor head;
	uint32_t name_bytes;
	int r = peek(&reading->source, at, end, bytes, sizeof(bytes), &head);

	if (r)
		return r;
	if (!rs_wire_varint32(&head, &name_bytes))
		return wrong(reading, "a custom section of the module has no name");
	if (name_bytes != NAME_BYTES || rs_cursor_left(&head) < NAME_BYTES ||
		memcmp(head.at, MANIFEST_SECTION, NAME_BYTES) != 0)
		return 0;
	return copy_records(reading, at + (uint64_t)(head.at - bytes) + NAME_BYTES, end);
}

/* The section at *at, which moves behind it. */
static int read_section(struct reading *reading, uint64_t *at)
{
	uint8_t bytes[1 + LENGTH_BYTES_MAX];
	uint64_t size = reading->source.size;
	struct rs_cursor head;
	uint32_t length;
	int r = peek(&reading->source, *at, size, bytes, sizeof(bytes), &head);

	if (r)
		return r;
	head.at++;
	if (!rs_wire_varint32(&head, &length))
		return wrong(reading, "a section of the module has no size");
	uint64_t begin = *at + (uint64_t)(head.at - bytes);
	if (length > size - begin)
		return wrong(reading, "a section of the module reaches beyond its end");
	*at = begin + length;
	return bytes[0] == SECTION_CUSTOM ? read_custom(reading, begin, *at) : 0;
}

static int read_module(struct reading *reading)
{
	static const uint8_t magic[] = { 0, 'a', 's', 'm', 1, 0, 0, 0 };
	uint8_t bytes[sizeof(magic)];
	uint64_t at = sizeof(magic);
	uint32_t sections = 0;

	if (reading->source.size < sizeof(magic))
		return 0;
	int r = source_read(&reading->source, 0, bytes, sizeof(bytes));
	if (r || memcmp(bytes, magic, sizeof(magic)) != 0)
		return r;
	while (r == 0 && at < reading->source.size)
		r = sections++ < MANIFEST_SECTIONS_MAX
			    ? read_section(reading, &at)
			    : wrong(reading, "the module has too many sections");
	return r;
}

/* --- what is kept --- */

/* The rows, and behind them the text they point to. */
static int keep(const struct reading *reading, struct manifest **out)
{
	size_t rows = reading->wrong ? 0 : reading->rows, bytes = rows ? reading->count : 0;
	size_t rows_bytes = rows * sizeof(struct manifest_row);
	struct manifest *manifest = malloc(sizeof(*manifest) + rows_bytes + bytes);

	if (!manifest)
		return -ENOMEM;
	*manifest = (struct manifest){ .wrong = reading->wrong, .count = (uint32_t)rows };
	uint8_t *text = (uint8_t *)(manifest->rows + rows);
	struct rs_cursor left = rs_cursor(text, bytes);
	memcpy(text, reading->bytes, bytes);
	for (uint32_t i = 0; i < rows; i++)
		take_row(&left, &manifest->rows[i]); /* it was looked at before */
	*out = manifest;
	return reading->wrong ? MANIFEST_MALFORMED : 0;
}

static int read_source(struct source source, struct manifest **out)
{
	CLEANUP(freep) struct reading *reading = malloc(sizeof(*reading));

	if (!reading)
		return -ENOMEM;
	*reading = (struct reading){ .source = source };
	int r = read_module(reading);
	if (r < 0)
		return r;
	if (r || reading->found)
		return keep(reading, out);
	*out = NULL;
	return 0;
}

int manifest_read(int fd, struct manifest **out)
{
	struct stat now;

	if (fstat(fd, &now) < 0)
		return -errno;
	return read_source((struct source){ .fd = fd, .size = (uint64_t)now.st_size }, out);
}

int manifest_read_bytes(const void *module, size_t bytes, struct manifest **out)
{
	return read_source((struct source){ .fd = -1, .bytes = module, .size = bytes }, out);
}

struct manifest *manifest_free(struct manifest *manifest)
{
	free(manifest);
	return NULL;
}

bool manifest_allows(const struct manifest *manifest, const struct hash *interface,
	enum manifest_right right)
{
	for (uint32_t i = 0; manifest && i < manifest->count; i++)
		if (manifest->rows[i].right == right &&
			hash_equal(&manifest->rows[i].interface, interface))
			return true;
	return !manifest;
}
