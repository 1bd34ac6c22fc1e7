#include "supervisor/control/survey.h"

#include <string.h>

static struct survey *survey_job(struct offload_job *job)
{
	return (struct survey *)(void *)((char *)job - offsetof(struct survey, job));
}

static int by_name(const void *key, const void *entry)
{
	return memcmp(key, ((const struct folder_entry *)entry)->name.bytes, HASH_BYTES);
}

static bool is_in(const struct folder_entry *entries, size_t count, const struct hash *key)
{
	return count && bsearch(key->bytes, entries, count, sizeof(*entries), by_name);
}

static void look_at(struct survey *s, const struct lookup_key *key)
{
	struct survey_object *of = &s->objects_of[key->tier];
	CLEANUP(fd_closep) int object = -1;

	if (refused_find(s->refused_folder, &key->key, of->why))
		of->why[0] = 0;
	if (!is_in(s->kept, s->kept_count, &key->key) ||
		objects_load(s->objects, &key->key, &object, &of->bytes))
		return;
	of->there = true;
	if (record_read(object, of->bytes, &of->record))
		of->record.bytes = 0;
}

/* What cannot be listed counts as not there. */
static void look(struct offload_job *job)
{
	struct survey *s = survey_job(job);

	if (folder_list(s->objects_folder, &s->kept, &s->kept_count))
		s->kept_count = 0;
	if (folder_list(s->refused_folder, &s->refused, &s->refused_count))
		s->refused_count = 0;
	for (uint32_t i = 0; i < s->of.count; i++)
		look_at(s, &s->of.keys[i]);
}

static void survey_free(struct survey *s)
{
	free(s->kept);
	free(s->refused);
	free(s);
}

static void looked(struct offload_job *job)
{
	struct survey *s = survey_job(job);

	s->done = true;
	if (s->dropped)
		survey_free(s);
}

struct survey *survey_begin(struct offload *offload, struct objects *objects,
	int objects_folder, int refused_folder, const struct survey_of *of)
{
	struct survey *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->job = (struct offload_job){ .run = look, .done = looked };
	s->objects = objects;
	s->objects_folder = objects_folder;
	s->refused_folder = refused_folder;
	if (of)
		s->of = *of;
	if (offload_push(offload, &s->job)) {
		free(s);
		return NULL;
	}
	return s;
}

void survey_drop(struct survey *s)
{
	if (s->done)
		survey_free(s);
	else
		s->dropped = true;
}

enum object_tier survey_tier(const struct survey *s, const struct survey_of *of)
{
	uint32_t tiers = 0;

	for (uint32_t i = 0; i < of->count; i++)
		if (is_in(s->kept, s->kept_count, &of->keys[i].key))
			tiers |= TIERS_BIT(of->keys[i].tier);
	return tiers_best(tiers);
}

/* What the full tier refuses no other takes. */
static bool is_refused(const struct survey *s, const struct survey_of *of)
{
	for (uint32_t i = 0; i < of->count; i++)
		if (of->keys[i].tier == OBJECT_FULL)
			return is_in(s->refused, s->refused_count, &of->keys[i].key);
	return false;
}

const char *survey_state(const struct survey *s, const struct survey_of *of)
{
	if (of->count == 0)
		return "unknown";
	if (survey_tier(s, of) != TIERS_NONE)
		return "yes";
	return is_refused(s, of) ? "refused" : "no";
}
