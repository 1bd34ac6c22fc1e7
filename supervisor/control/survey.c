#include "supervisor/control/survey.h"

#include <string.h>

static struct survey *survey_of(struct offload_job *job)
{
	return (struct survey *)(void *)((char *)job - offsetof(struct survey, job));
}

/* What cannot be listed counts as not there. */
static void look(struct offload_job *job)
{
	struct survey *s = survey_of(job);

	if (folder_list(s->objects_folder, &s->objects, &s->objects_count))
		s->objects_count = 0;
	if (folder_list(s->refused_folder, &s->refused, &s->refused_count))
		s->refused_count = 0;
	if (!s->has_key || refused_find(s->refused_folder, &s->key, s->why))
		s->why[0] = 0;
}

static void survey_free(struct survey *s)
{
	free(s->objects);
	free(s->refused);
	free(s);
}

static void looked(struct offload_job *job)
{
	struct survey *s = survey_of(job);

	s->done = true;
	if (s->dropped)
		survey_free(s);
}

struct survey *survey_begin(
	struct offload *offload, int objects_folder, int refused_folder, const struct hash *key)
{
	struct survey *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->job = (struct offload_job){ .run = look, .done = looked };
	s->objects_folder = objects_folder;
	s->refused_folder = refused_folder;
	s->has_key = key != NULL;
	if (key)
		s->key = *key;
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

static int by_name(const void *key, const void *entry)
{
	return memcmp(key, ((const struct folder_entry *)entry)->name.bytes, HASH_BYTES);
}

static bool is_in(const struct folder_entry *entries, size_t count, const struct hash *key)
{
	return count && bsearch(key->bytes, entries, count, sizeof(*entries), by_name);
}

const char *survey_state(const struct survey *s, const struct hash *key)
{
	if (is_in(s->objects, s->objects_count, key))
		return "yes";
	return is_in(s->refused, s->refused_count, key) ? "refused" : "no";
}
