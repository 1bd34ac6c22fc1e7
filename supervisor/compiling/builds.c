#include "supervisor/compiling/builds.h"

#include <stdio.h>
#include <string.h>

#include "ipc/log.h"

#define CHANGES_MAX 2u

/* One transaction, and what its values point to. */
struct writing {
	struct database_job job;
	struct database_change changes[CHANGES_MAX];
	struct build_note note;
	struct hash gone;
};

struct builds {
	struct database *database;
	uint32_t count;
	struct build_note notes[BUILDS_MAX]; /* the order means nothing */
};

static struct database_value hash_value(const struct hash *hash)
{
	return (struct database_value){ .bytes = hash->bytes, .n = HASH_BYTES };
}

static struct database_value number_value(int64_t number)
{
	return (struct database_value){ .number = number };
}

/* ---- in memory ---- */

/* builds->count: there is none. */
static uint32_t place_of_key(const struct builds *builds, const struct hash *key)
{
	uint32_t i = 0;

	while (i < builds->count && !hash_equal(&builds->notes[i].key, key))
		i++;
	return i;
}

const struct build_note *builds_find(const struct builds *builds, const struct hash *key)
{
	uint32_t i = place_of_key(builds, key);

	return i < builds->count ? &builds->notes[i] : NULL;
}

static struct build_note *oldest(struct builds *builds)
{
	struct build_note *old = &builds->notes[0];

	for (uint32_t i = 1; i < builds->count; i++)
		if (builds->notes[i].built_ms < old->built_ms)
			old = &builds->notes[i];
	return old;
}

/* Where a note of this key goes: its own place, a free one, or that of the oldest. */
static struct build_note *place_of(struct builds *builds, const struct hash *key)
{
	uint32_t i = place_of_key(builds, key);

	if (i == BUILDS_MAX)
		return oldest(builds);
	builds->count += i == builds->count;
	return &builds->notes[i];
}

/* ---- on disk ---- */

static void written(struct database_job *job)
{
	struct writing *w = (struct writing *)(void *)job;

	if (job->result)
		log_warning("builds", "why=\"%s\"", strerror(-job->result));
	free(w);
}

/* Takes w, which may be NULL. */
static void write_it(struct builds *builds, struct writing *w)
{
	_Static_assert(offsetof(struct writing, job) == 0, "one begins with the other");
	if (!w)
		return;
	w->job.changes = w->changes;
	w->job.done = written;
	if (database_write(builds->database, &w->job))
		free(w); /* too much is under way: it is not that important */
}

static void add_change(struct writing *w, const struct database_change *change)
{
	w->changes[w->job.n_changes++] = *change;
}

void builds_note(struct builds *builds, const struct build_note *note)
{
	struct build_note *place = place_of(builds, &note->key);
	bool replaces = place->built_ms && !hash_equal(&place->key, &note->key);
	struct writing *w = calloc(1, sizeof(*w));

	if (w) {
		w->note = *note;
		w->gone = place->key;
		const struct database_change set = { DATABASE_SET_BUILD,
			{ hash_value(&w->note.key), hash_value(&w->note.program),
				number_value(note->tier), number_value((int64_t)note->build_ms),
				number_value((int64_t)note->bytes),
				number_value(note->built_ms) } };
		const struct database_change unset = { DATABASE_UNSET_BUILD,
			{ hash_value(&w->gone) } };
		add_change(w, &set);
		if (replaces)
			add_change(w, &unset);
	}
	*place = *note;
	write_it(builds, w);
}

void builds_forget(struct builds *builds, const struct hash *program)
{
	struct writing *w = calloc(1, sizeof(*w));
	uint32_t kept = 0;

	for (uint32_t i = 0; i < builds->count; i++)
		if (!hash_equal(&builds->notes[i].program, program))
			builds->notes[kept++] = builds->notes[i];
	memset(&builds->notes[kept], 0, (builds->count - kept) * sizeof(builds->notes[0]));
	builds->count = kept;
	if (w) {
		w->note.program = *program;
		const struct database_change unset = { DATABASE_UNSET_BUILDS,
			{ hash_value(&w->note.program) } };
		add_change(w, &unset);
	}
	write_it(builds, w);
}

/* ---- at start ---- */

static bool read_row(void *context, const struct database_value *values)
{
	struct builds *builds = context;
	struct build_note note = { .tier = (enum object_tier)values[2].number,
		.build_ms = (uint64_t)values[3].number,
		.bytes = (uint64_t)values[4].number,
		.built_ms = values[5].number };

	if (values[2].number < 0 || values[2].number >= OBJECT_TIERS || values[3].number < 0 ||
		values[4].number < 0 || values[5].number <= 0)
		return false;
	memcpy(note.key.bytes, values[0].bytes, HASH_BYTES);
	memcpy(note.program.bytes, values[1].bytes, HASH_BYTES);
	*place_of(builds, &note.key) = note;
	return true;
}

int builds_open(struct database *database, struct builds **out, char why[DATABASE_WHY_SIZE])
{
	struct builds *builds = calloc(1, sizeof(*builds));

	if (!builds) {
		snprintf(why, DATABASE_WHY_SIZE, "%s", strerror(ENOMEM));
		return -ENOMEM;
	}
	builds->database = database;
	int r = database_load(database, DATABASE_BUILDS, read_row, builds, why);
	if (r) {
		free(builds);
		return r;
	}
	*out = builds;
	return 0;
}

struct builds *builds_close(struct builds *builds)
{
	free(builds);
	return NULL;
}
