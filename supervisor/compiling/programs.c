#include "supervisor/compiling/programs.h"

#include <string.h>

#include "ipc/log.h"

struct row {
	struct store_entry entry;
	struct manifest *manifest; /* or NULL */
};

struct programs {
	struct row *rows; /* sorted */
	size_t count, room;
};

static int by_name(const void *a, const void *b)
{
	return memcmp(((const struct row *)a)->entry.name.bytes,
		((const struct row *)b)->entry.name.bytes, HASH_BYTES);
}

static bool stands_at(const struct programs *programs, size_t at, const struct hash *name)
{
	return at < programs->count && hash_equal(&programs->rows[at].entry.name, name);
}

/* Where name is, or where it would stand. */
static size_t place(const struct programs *programs, const struct hash *name)
{
	size_t low = 0, high = programs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (memcmp(programs->rows[middle].entry.name.bytes, name->bytes, HASH_BYTES) <
			0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int make_room(struct programs *programs)
{
	if (programs->count < programs->room)
		return 0;
	size_t room = programs->room ? 2 * programs->room : 64;
	struct row *grown = realloc(programs->rows, room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	programs->rows = grown;
	programs->room = room;
	return 0;
}

struct listing {
	struct programs *programs;
	int result;
};

static bool list_one(void *context, const struct store_entry *entry)
{
	struct listing *listing = context;

	listing->result = make_room(listing->programs);
	if (listing->result == 0)
		listing->programs->rows[listing->programs->count++] =
			(struct row){ .entry = *entry };
	return listing->result == 0;
}

/* One that is malformed stays, and allows nothing. */
static int read_manifest(struct store *store, struct row *row)
{
	CLEANUP(fd_closep) int fd = -1;
	char hex[HASH_HEX_SIZE];
	int r = store_look(store, &row->entry.name, &fd);

	if (r == 0)
		r = manifest_read(fd, &row->manifest);
	if (r == MANIFEST_MALFORMED)
		log_warning("manifest_malformed", "program=%.8s why=\"%s\"",
			hash_to_hex(&row->entry.name, hex), row->manifest->wrong);
	return r < 0 ? r : 0;
}

int programs_open(struct store *store, struct programs **out)
{
	struct programs *programs = calloc(1, sizeof(*programs));
	struct listing listing = { .programs = programs };

	if (!programs)
		return -ENOMEM;
	int r = store_list(store, list_one, &listing);
	if (r == 0)
		r = listing.result;
	for (size_t i = 0; r == 0 && i < programs->count; i++)
		r = read_manifest(store, &programs->rows[i]);
	if (r) {
		programs_free(programs);
		return r;
	}
	if (programs->count)
		qsort(programs->rows, programs->count, sizeof(*programs->rows), by_name);
	*out = programs;
	return 0;
}

struct programs *programs_free(struct programs *programs)
{
	for (size_t i = 0; programs && i < programs->count; i++)
		manifest_free(programs->rows[i].manifest);
	if (programs)
		free(programs->rows);
	free(programs);
	return NULL;
}

const struct store_entry *programs_next(
	const struct programs *programs, const struct hash *name)
{
	size_t at = name ? place(programs, name) : 0;

	if (name && stands_at(programs, at, name))
		at++;
	return at < programs->count ? &programs->rows[at].entry : NULL;
}

const struct store_entry *programs_get(const struct programs *programs, const struct hash *name)
{
	size_t at = place(programs, name);

	return stands_at(programs, at, name) ? &programs->rows[at].entry : NULL;
}

const struct manifest *programs_manifest(
	const struct programs *programs, const struct hash *name)
{
	size_t at = place(programs, name);

	return stands_at(programs, at, name) ? programs->rows[at].manifest : NULL;
}

/* The prefix in lower case, as names are written. */
static bool normal(const char *prefix, char out[HASH_HEX_SIZE])
{
	size_t n = strlen(prefix);

	if (n < STORE_PREFIX_MIN || n >= HASH_HEX_SIZE ||
		strspn(prefix, "0123456789abcdefABCDEF") != n)
		return false;
	for (size_t i = 0; i <= n; i++)
		out[i] = prefix[i] >= 'A' && prefix[i] <= 'F' ? (char)(prefix[i] | 0x20)
							      : prefix[i];
	return true;
}

static bool begins(const struct store_entry *entry, const char *prefix)
{
	char hex[HASH_HEX_SIZE];

	return strncmp(hash_to_hex(&entry->name, hex), prefix, strlen(prefix)) == 0;
}

int programs_find(const struct programs *programs, const char *prefix, struct hash *out,
	struct programs_candidates *candidates)
{
	char digits[HASH_HEX_SIZE], first[HASH_HEX_SIZE];
	struct hash lowest;

	candidates->count = 0;
	if (!normal(prefix, digits))
		return PROGRAMS_BAD_NAME;
	memset(first, '0', sizeof(first) - 1);
	first[sizeof(first) - 1] = 0;
	memcpy(first, digits, strlen(digits));
	if (!hash_from_hex(first, &lowest))
		return PROGRAMS_BAD_NAME;
	size_t at = place(programs, &lowest);
	for (size_t i = at;
		i < programs->count && candidates->count < PROGRAMS_CANDIDATES_MAX &&
		begins(&programs->rows[i].entry, digits);
		i++)
		candidates->names[candidates->count++] = programs->rows[i].entry.name;
	if (candidates->count != 1)
		return candidates->count ? PROGRAMS_AMBIGUOUS : PROGRAMS_NONE;
	*out = candidates->names[0];
	return 0;
}

int programs_add(struct programs *programs, const struct store_entry *entry,
	struct manifest *manifest, bool *known)
{
	size_t at = place(programs, &entry->name);

	*known = stands_at(programs, at, &entry->name);
	if (*known) { /* its file may have been damaged when it was listed */
		manifest_free(programs->rows[at].manifest);
		programs->rows[at].manifest = manifest;
		return 0;
	}
	int r = make_room(programs);
	if (r)
		return r;
	memmove(programs->rows + at + 1, programs->rows + at,
		(programs->count - at) * sizeof(*programs->rows));
	programs->rows[at] = (struct row){ *entry, manifest };
	programs->count++;
	return 0;
}

void programs_remove(struct programs *programs, const struct hash *name)
{
	size_t at = place(programs, name);

	if (!stands_at(programs, at, name))
		return;
	manifest_free(programs->rows[at].manifest);
	programs->count--;
	memmove(programs->rows + at, programs->rows + at + 1,
		(programs->count - at) * sizeof(*programs->rows));
}
