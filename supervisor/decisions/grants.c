#include "supervisor/decisions/grants.h"

#include <assert.h>
#include <string.h>

struct grants {
	struct grants_row *rows; /* sorted by their keys */
	size_t count, room, reserved;
	struct hash built_in[GRANTS_BUILT_IN_MAX];
	size_t built_in_count;
};

int grants_new(struct grants **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

struct grants *grants_free(struct grants *grants)
{
	if (grants)
		free(grants->rows);
	free(grants);
	return NULL;
}

struct grants_key grants_key(
	const struct hash *program, const struct hash *interface, enum broker_right right)
{
	struct grants_key key = {
		.any_program = !program, .any_interface = !interface, .right = right
	};

	if (program)
		key.program = *program;
	if (interface)
		key.interface = *interface;
	return key;
}

/* ---- the sorted rows ---- */

static int compare(const struct grants_key *a, const struct grants_key *b)
{
	int r = (int)b->any_program - (int)a->any_program;

	if (r == 0)
		r = memcmp(&a->program, &b->program, sizeof(a->program));
	if (r == 0)
		r = (int)b->any_interface - (int)a->any_interface;
	if (r == 0)
		r = memcmp(&a->interface, &b->interface, sizeof(a->interface));
	return r ? r : (int)a->right - (int)b->right;
}

/* The first row whose key is not below this one. */
static size_t place_of(const struct grants *grants, const struct grants_key *key)
{
	size_t from = 0, to = grants->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (compare(&grants->rows[middle].key, key) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static bool is_at(const struct grants *grants, size_t place, const struct grants_key *key)
{
	return place < grants->count && compare(&grants->rows[place].key, key) == 0;
}

/* ---- changes ---- */

int grants_reserve(struct grants *grants)
{
	size_t wanted = grants->count + grants->reserved + 1;

	if (wanted > GRANTS_MAX)
		return GRANTS_FULL;
	if (wanted > grants->room) {
		size_t room = grants->room ? 2 * grants->room : 2 * GRANTS_BUILT_IN_MAX;
		struct grants_row *rows = reallocarray(grants->rows, room, sizeof(*rows));
		if (!rows)
			return GRANTS_FULL;
		grants->rows = rows;
		grants->room = room;
	}
	grants->reserved++;
	return 0;
}

void grants_release(struct grants *grants)
{
	assert(grants->reserved);
	grants->reserved--;
}

void grants_set(struct grants *grants, const struct grants_row *row)
{
	size_t place = place_of(grants, &row->key);
	struct grants_row *at = grants->rows + place;

	grants_release(grants);
	if (!is_at(grants, place, &row->key)) {
		memmove(at + 1, at, (grants->count - place) * sizeof(*at));
		grants->count++;
	}
	*at = *row;
}

static struct grants_row built_in_row(const struct hash *interface)
{
	return (struct grants_row){ .key = grants_key(NULL, interface, BROKER_USE),
		.word = GRANTS_ALLOW,
		.built_in = true };
}

static bool is_built_in(const struct grants *grants, const struct grants_key *key)
{
	return key->any_program && !key->any_interface && key->right == BROKER_USE &&
	       grants_is_built_in(grants, &key->interface);
}

bool grants_unset(struct grants *grants, const struct grants_key *key)
{
	size_t place = place_of(grants, key);
	struct grants_row *at = grants->rows + place;

	if (!is_at(grants, place, key) || at->built_in)
		return false;
	if (is_built_in(grants, key)) {
		*at = built_in_row(&key->interface);
		return true;
	}
	grants->count--;
	memmove(at, at + 1, (grants->count - place) * sizeof(*at));
	return true;
}

void grants_build_in(struct grants *grants, const struct hash *interface)
{
	struct grants_row row = built_in_row(interface);
	bool room = grants->built_in_count < GRANTS_BUILT_IN_MAX && grants_reserve(grants) == 0;

	assert(room); /* a handful, at the start */
	grants->built_in[grants->built_in_count++] = *interface;
	grants_set(grants, &row);
}

bool grants_is_built_in(const struct grants *grants, const struct hash *interface)
{
	for (size_t i = 0; i < grants->built_in_count; i++)
		if (hash_equal(&grants->built_in[i], interface))
			return true;
	return false;
}

/* ---- questions ---- */

const struct grants_row *grants_get(const struct grants *grants, const struct grants_key *key)
{
	size_t place = place_of(grants, key);

	return is_at(grants, place, key) ? &grants->rows[place] : NULL;
}

const struct grants_row *grants_find(const struct grants *grants, const struct hash *program,
	const struct hash *interface, enum broker_right right)
{
	const struct grants_key fitting[] = { /* the most specific first */
		grants_key(program, interface, right), grants_key(program, NULL, right),
		grants_key(NULL, interface, right), grants_key(NULL, NULL, right)
	};
	const struct grants_row *row = NULL;

	for (size_t i = 0; !row && i < ARRAY_LEN(fitting); i++)
		row = grants_get(grants, &fitting[i]);
	return row;
}

const struct grants_row *grants_next(const struct grants *grants, const struct grants_key *key)
{
	size_t place = key ? place_of(grants, key) : 0;

	if (key && is_at(grants, place, key))
		place++;
	return place < grants->count ? &grants->rows[place] : NULL;
}

/* ---- words ---- */

const char *grants_word_text(enum grants_word word)
{
	static const char *const texts[GRANTS_WORDS] = {
		[GRANTS_DENY] = "deny", [GRANTS_ALLOW] = "allow", [GRANTS_ASK] = "ask"
	};

	return texts[word];
}

const char *grants_right_text(enum broker_right right)
{
	return right == BROKER_USE ? "use" : "register";
}
