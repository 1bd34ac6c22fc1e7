#include "supervisor/programs.h"

#include <string.h>

struct programs {
	struct store_entry *entries; /* sorted */
	size_t count, room;
};

static int by_name(const void *a, const void *b)
{
	return memcmp(((const struct store_entry *)a)->name.bytes,
		((const struct store_entry *)b)->name.bytes, HASH_BYTES);
}

/* Where name is, or where it would stand. */
static size_t place(const struct programs *programs, const struct hash *name)
{
	size_t low = 0, high = programs->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (memcmp(programs->entries[middle].name.bytes, name->bytes, HASH_BYTES) < 0)
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
	struct store_entry *grown = realloc(programs->entries, room * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	programs->entries = grown;
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
		listing->programs->entries[listing->programs->count++] = *entry;
	return listing->result == 0;
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
	if (r) {
		programs_free(programs);
		return r;
	}
	if (programs->count)
		qsort(programs->entries, programs->count, sizeof(*programs->entries), by_name);
	*out = programs;
	return 0;
}

struct programs *programs_free(struct programs *programs)
{
	if (programs)
		free(programs->entries);
	free(programs);
	return NULL;
}

const struct store_entry *programs_next(
	const struct programs *programs, const struct hash *name)
{
	size_t at = name ? place(programs, name) : 0;

	if (name && at < programs->count && hash_equal(&programs->entries[at].name, name))
		at++;
	return at < programs->count ? &programs->entries[at] : NULL;
}

const struct store_entry *programs_get(const struct programs *programs, const struct hash *name)
{
	size_t at = place(programs, name);

	return at < programs->count && hash_equal(&programs->entries[at].name, name)
		       ? &programs->entries[at]
		       : NULL;
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
		begins(&programs->entries[i], digits);
		i++)
		candidates->names[candidates->count++] = programs->entries[i].name;
	if (candidates->count != 1)
		return candidates->count ? PROGRAMS_AMBIGUOUS : PROGRAMS_NONE;
	*out = candidates->names[0];
	return 0;
}

int programs_add(struct programs *programs, const struct store_entry *entry, bool *known)
{
	size_t at = place(programs, &entry->name);

	*known = at < programs->count && hash_equal(&programs->entries[at].name, &entry->name);
	if (*known)
		return 0;
	int r = make_room(programs);
	if (r)
		return r;
	memmove(programs->entries + at + 1, programs->entries + at,
		(programs->count - at) * sizeof(*programs->entries));
	programs->entries[at] = *entry;
	programs->count++;
	return 0;
}

void programs_remove(struct programs *programs, const struct hash *name)
{
	size_t at = place(programs, name);

	if (at == programs->count || !hash_equal(&programs->entries[at].name, name))
		return;
	programs->count--;
	memmove(programs->entries + at, programs->entries + at + 1,
		(programs->count - at) * sizeof(*programs->entries));
}
