#include "supervisor/decisions/names.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/workers/hosts.h"

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define FURTHER LETTERS "0123456789._-"

struct names {
	struct names_row rows[NAMES_MAX]; /* sorted by their texts */
	size_t count, reserved;
};

/* ---- words ---- */

bool names_is_name(const char *text)
{
	struct hash hash;
	size_t n = strlen(text);

	return n >= 1 && n <= NAMES_TEXT_MAX && strspn(text, LETTERS) >= 1 &&
	       strspn(text, FURTHER) == n && !hash_from_hex(text, &hash) &&
	       strcmp(text, "all") != 0;
}

/* "example:echo" and the like: bytes that are their own name. No name has a colon. */
static bool is_readable(const char *word, struct hash *out)
{
	size_t n = strlen(word);

	if (n > HASH_BYTES || !strchr(word, ':') || strspn(word, FURTHER ":") != n)
		return false;
	memset(out, 0, sizeof(*out));
	memcpy(out->bytes, word, n);
	return true;
}

static bool read_from(const struct hash *interface, char word[HASH_HEX_SIZE])
{
	struct hash same;

	memcpy(word, interface->bytes, HASH_BYTES);
	word[HASH_BYTES] = 0;
	return is_readable(word, &same) && hash_equal(&same, interface);
}

/* ---- the rows ---- */

static size_t place_of(const struct names *names, const char *text)
{
	size_t place = 0;

	while (place < names->count && strcmp(names->rows[place].text, text) < 0)
		place++;
	return place;
}

static struct names_row *by_text(struct names *names, const char *text)
{
	size_t place = place_of(names, text);

	return place < names->count && strcmp(names->rows[place].text, text) == 0
		       ? &names->rows[place]
		       : NULL;
}

static const struct names_row *by_hash(const struct names *names, const struct hash *interface)
{
	for (size_t i = 0; i < names->count; i++)
		if (hash_equal(&names->rows[i].interface, interface))
			return &names->rows[i];
	return NULL;
}

static void insert(struct names *names, const struct hash *interface, const char *text,
	bool host, int64_t since_ms)
{
	struct names_row *at = &names->rows[place_of(names, text)];

	assert(names->count < NAMES_MAX);
	memmove(at + 1, at, (size_t)(names->rows + names->count - at) * sizeof(*at));
	*at = (struct names_row){ .interface = *interface, .host = host, .since_ms = since_ms };
	snprintf(at->text, sizeof(at->text), "%s", text);
	names->count++;
}

static void take_out(struct names *names, const struct names_row *row)
{
	struct names_row *at = &names->rows[row - names->rows];

	names->count--;
	memmove(at, at + 1, (size_t)(names->rows + names->count - at) * sizeof(*at));
}

int names_new(struct names **out)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	for (uint32_t slot = 0; slot < HOSTS_COUNT; slot++) {
		struct hash interface = hosts_interface(slot);
		insert(names, &interface, hosts_name(slot), true, 0);
	}
	*out = names;
	return 0;
}

struct names *names_free(struct names *names)
{
	free(names);
	return NULL;
}

/* ---- teaching ---- */

int names_reserve(struct names *names, const struct hash *interface, const char *text)
{
	if (!names_is_name(text))
		return NAMES_BAD_WORD;
	const struct names_row *same_text = by_text(names, text);
	const struct names_row *same_hash = by_hash(names, interface);
	if ((same_text && same_text->host) || (same_hash && same_hash->host))
		return NAMES_OF_HOST;
	if (names->count + names->reserved == NAMES_MAX)
		return NAMES_FULL;
	names->reserved++;
	return 0;
}

void names_release(struct names *names)
{
	assert(names->reserved);
	names->reserved--;
}

void names_add(
	struct names *names, const struct hash *interface, const char *text, int64_t since_ms)
{
	const struct names_row *row;

	names_release(names);
	if ((row = by_text(names, text)))
		take_out(names, row);
	if ((row = by_hash(names, interface)))
		take_out(names, row);
	insert(names, interface, text, false, since_ms);
}

bool names_remove(struct names *names, const struct hash *interface)
{
	const struct names_row *row = by_hash(names, interface);

	if (!row || row->host)
		return false;
	take_out(names, row);
	return true;
}

/* ---- asking ---- */

const char *names_get(const struct names *names, const struct hash *interface)
{
	const struct names_row *row = by_hash(names, interface);

	return row ? row->text : NULL;
}

bool names_is_host(const struct names *names, const struct hash *interface)
{
	const struct names_row *row = by_hash(names, interface);

	return row && row->host;
}

const char *names_text(
	const struct names *names, const struct hash *interface, char hex[HASH_HEX_SIZE])
{
	const char *name = names_get(names, interface);

	return name ? name : read_from(interface, hex) ? hex : hash_to_hex(interface, hex);
}

const struct names_row *names_next(const struct names *names, const char *text)
{
	size_t place = text ? place_of(names, text) : 0;

	if (text && place < names->count && strcmp(names->rows[place].text, text) == 0)
		place++;
	return place < names->count ? &names->rows[place] : NULL;
}

/* ---- what a word means ---- */

static size_t digits_of(const char *word)
{
	size_t n = strspn(word, "0123456789abcdefABCDEF");

	return n >= NAMES_DIGITS_MIN && n < HASH_HEX_SIZE && word[n] == 0 ? n : 0;
}

void names_begin(struct names_search *search, const char *word)
{
	*search = (struct names_search){ .word = word, .digits = digits_of(word) };
	search->named = hash_from_hex(word, &search->candidates[0]) ||
			is_readable(word, &search->candidates[0]);
	search->count = search->named;
}

void names_offer(struct names_search *search, const struct hash *interface)
{
	char hex[HASH_HEX_SIZE];

	if (search->named || !search->digits || search->count == NAMES_CANDIDATES_MAX ||
		strncasecmp(hash_to_hex(interface, hex), search->word, search->digits) != 0)
		return;
	for (size_t i = 0; i < search->count; i++)
		if (hash_equal(&search->candidates[i], interface))
			return;
	search->candidates[search->count++] = *interface;
}

void names_offer_all(struct names_search *search, const struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		if (strcmp(names->rows[i].text, search->word) == 0) {
			search->named = true;
			search->candidates[0] = names->rows[i].interface;
			search->count = 1;
		}
	for (size_t i = 0; i < names->count; i++)
		names_offer(search, &names->rows[i].interface);
}

int names_found(const struct names_search *search, struct hash *out)
{
	if (search->count == 1) {
		*out = search->candidates[0];
		return 0;
	}
	if (search->count > 1)
		return NAMES_AMBIGUOUS;
	return search->digits || names_is_name(search->word) ? NAMES_NONE : NAMES_BAD_WORD;
}

int names_find(const struct names *names, const char *word, struct hash *out)
{
	struct names_search search;

	names_begin(&search, word);
	names_offer_all(&search, names);
	return names_found(&search, out);
}
