#include "supervisor/compiling/tally.h"

#include <string.h>

#include "cache/folder.h"

#define MAGIC     "rstally1"
#define FILE_MODE 0600

static const struct hash zero;

void tally_init(struct tally *t, int64_t now_ms)
{
	*t = (struct tally){ .head = { .since_ms = now_ms, .changed_ms = now_ms } };
	memcpy(t->head.magic, MAGIC, sizeof(t->head.magic));
}

void tally_deinit(struct tally *t)
{
	free(t->body);
	t->body = NULL;
	t->body_bytes = 0;
}

bool tally_is_settled(const struct tally_head *head)
{
	return !hash_equal(&head->settled, &zero);
}

static bool read_exactly(int fd, void *to, size_t bytes, uint64_t at)
{
	for (size_t done = 0; done < bytes;) {
		ssize_t n = pread(fd, (uint8_t *)to + done, bytes - done, (off_t)(at + done));
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* ---- what holds together ---- */

static bool body_fits(const uint8_t *body, size_t bytes)
{
	struct profile p;

	if (bytes < sizeof(p))
		return false;
	memcpy(&p, body, sizeof(p));
	return memcmp(p.magic, PROFILE_MAGIC, sizeof(p.magic)) == 0 &&
	       p.skeleton_bytes <= SKELETON_BYTES_MAX && p.skeleton_bytes % 8 == 0 &&
	       p.counters_bytes <= COUNTERS_BYTES_MAX && p.counters_bytes % 8 == 0 &&
	       bytes == sizeof(p) + p.skeleton_bytes + p.counters_bytes;
}

static struct hash checksum(const struct tally *t)
{
	struct {
		struct tally_head head;
		struct hash body;
	} all = { .head = t->head };

	all.head.checksum = zero;
	all.body = hash_blake2b(t->body, t->body_bytes);
	return hash_blake2b(&all, sizeof(all));
}

static bool is_whole(const struct tally *t)
{
	struct hash sum = checksum(t);

	return memcmp(t->head.magic, MAGIC, sizeof(t->head.magic)) == 0 &&
	       hash_equal(&t->head.checksum, &sum) &&
	       (!t->body || body_fits(t->body, t->body_bytes));
}

/* ---- files ---- */

static int open_file(int folder, const struct hash *program, int *fd, uint64_t *bytes)
{
	char name[HASH_HEX_SIZE];
	struct stat st;
	int r = folder_file_open(folder, hash_to_hex(program, name), fd);

	if (r)
		return r < 0 ? r : TALLY_NONE;
	if (fstat(*fd, &st))
		return -errno;
	*bytes = (uint64_t)st.st_size;
	return 0;
}

static bool read_all(int fd, uint64_t bytes, struct tally *t)
{
	if (bytes < sizeof(t->head) || bytes > TALLY_BYTES_MAX ||
		!read_exactly(fd, &t->head, sizeof(t->head), 0))
		return false;
	t->body_bytes = (size_t)bytes - sizeof(t->head);
	if (t->body_bytes == 0)
		return true;
	t->body = malloc(t->body_bytes);
	return t->body && read_exactly(fd, t->body, t->body_bytes, sizeof(t->head));
}

int tally_read(int folder, const struct hash *program, struct tally *out)
{
	CLEANUP(fd_closep) int fd = -1;
	CLEANUP(tally_deinit) struct tally t = { .body = NULL };
	char name[HASH_HEX_SIZE];
	uint64_t bytes;
	int r = open_file(folder, program, &fd, &bytes);

	if (r)
		return r;
	if (!read_all(fd, bytes, &t) || !is_whole(&t)) {
		r = folder_file_drop(folder, hash_to_hex(program, name), fd);
		return r < 0 ? r : TALLY_DAMAGED;
	}
	*out = t;
	t.body = NULL;
	return 0;
}

int tally_write(int folder, const struct hash *program, struct tally *t)
{
	CLEANUP(folder_draft_deinit) struct folder_draft draft = { .folder = -1, .fd = -1 };
	char name[HASH_HEX_SIZE];
	int r = folder_draft_init(&draft, folder, FILE_MODE);

	t->head.checksum = checksum(t);
	if (r == 0)
		r = folder_draft_write(&draft, &t->head, sizeof(t->head));
	if (r == 0 && t->body)
		r = folder_draft_write(&draft, t->body, t->body_bytes);
	return r ? r : folder_draft_publish(&draft, hash_to_hex(program, name));
}

int tally_remove(int folder, const struct hash *program)
{
	char name[HASH_HEX_SIZE];
	int r = folder_file_remove(folder, hash_to_hex(program, name));

	return r > 0 ? TALLY_NONE : r;
}

int tally_peek(int folder, const struct hash *program, struct tally_head *head, uint64_t *bytes)
{
	CLEANUP(fd_closep) int fd = -1;
	int r = open_file(folder, program, &fd, bytes);

	if (r)
		return r;
	return *bytes <= TALLY_BYTES_MAX && read_exactly(fd, head, sizeof(*head), 0) &&
			       memcmp(head->magic, MAGIC, sizeof(head->magic)) == 0
		       ? 0
		       : TALLY_DAMAGED;
}

int tally_open(int folder, const struct hash *program, int *fd)
{
	CLEANUP(fd_closep) int file = -1;
	uint64_t bytes;
	int r = open_file(folder, program, &file, &bytes);

	if (r)
		return r;
	if (bytes <= sizeof(struct tally_head))
		return TALLY_NONE;
	if (lseek(file, sizeof(struct tally_head), SEEK_SET) < 0)
		return -errno;
	*fd = fd_take(&file);
	return 0;
}

/* ---- adding ---- */

static struct profile profile_of(const struct tally *t)
{
	struct profile p = { .counters_id = 0 };

	if (t->body)
		memcpy(&p, t->body, sizeof(p));
	return p;
}

/* Nothing counted yet by this object: its skeleton, and counters that are zero. */
static int begin_anew(struct tally *t, int object, const struct object_header *head)
{
	const struct profile p = { .magic = PROFILE_MAGIC,
		.counters_id = head->counters_id,
		.skeleton_bytes = head->skeleton_bytes,
		.counters_bytes = head->counters_bytes };
	size_t bytes = sizeof(p) + head->skeleton_bytes + head->counters_bytes;

	if (p.skeleton_bytes > SKELETON_BYTES_MAX || p.counters_bytes > COUNTERS_BYTES_MAX)
		return TALLY_STRANGE;
	CLEANUP(freep) uint8_t *body = calloc(1, bytes);
	if (!body)
		return -ENOMEM;
	memcpy(body, &p, sizeof(p));
	if (!read_exactly(object, body + sizeof(p), p.skeleton_bytes, head->skeleton_offset))
		return -EIO;
	tally_deinit(t);
	t->body = body;
	body = NULL;
	t->body_bytes = bytes;
	t->head.runs = 0;
	t->head.settled = zero;
	return 0;
}

static uint64_t sum(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* The process may still write: what is added is one copy. */
static int add_counters(struct tally *t, int counters)
{
	const struct profile p = profile_of(t);
	CLEANUP(freep) uint64_t *copy = malloc(p.counters_bytes);
	uint64_t *all = (uint64_t *)(void *)(t->body + sizeof(p) + p.skeleton_bytes);

	if (!copy)
		return -ENOMEM;
	if (!read_exactly(counters, copy, p.counters_bytes, 0))
		return -EIO;
	uint64_t any = 0;
	for (size_t i = 0; i < p.counters_bytes / sizeof(*all); i++) {
		any |= copy[i];
		all[i] = sum(all[i], copy[i]);
	}
	return any ? 0 : TALLY_NOTHING;
}

int tally_add(struct tally *t, int object, int counters, const struct hash *toolchain)
{
	struct object_header head;
	const struct profile had = profile_of(t);
	int r = 0;

	if (!read_exactly(object, &head, sizeof(head), 0))
		return -EIO;
	if (head.tier != OBJECT_INSTRUMENTED || head.counters_bytes == 0)
		return TALLY_STRANGE;
	if (!t->body || had.counters_id != head.counters_id ||
		had.counters_bytes != head.counters_bytes ||
		!hash_equal(&t->head.toolchain, toolchain))
		r = begin_anew(t, object, &head);
	if (r == 0)
		r = add_counters(t, counters);
	if (r)
		return r;
	t->head.toolchain = *toolchain;
	t->head.runs++;
	return 0;
}

void tally_settle(struct tally *t)
{
	if (t->body)
		t->head.settled = hash_blake2b(t->body, t->body_bytes);
}
