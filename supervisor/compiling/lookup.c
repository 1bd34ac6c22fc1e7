#include "supervisor/compiling/lookup.h"

#include <stdio.h>
#include <string.h>

static void answer(struct lookup *l, enum lookup_found found, const char *why)
{
	l->found = found;
	snprintf(l->why, sizeof(l->why), "%s", why);
}

/* One that is damaged was dropped: it is built again like one that is not there. */
static bool find_object(struct lookup *l)
{
	for (l->at = 0; l->at < l->count; l->at++)
		if (objects_load(l->objects, &l->keys[l->at].key, &l->object, &l->bytes) == 0)
			return true;
	return false;
}

static void find_program(struct lookup *l)
{
	uint64_t bytes;
	int r = store_get(l->store, &l->program, &l->input, &bytes);

	if (r == 0)
		answer(l, LOOKUP_PROGRAM, "");
	else if (r < 0)
		answer(l, LOOKUP_FAILED, strerror(-r));
	else
		answer(l, LOOKUP_NOTHING,
			r == STORE_MISMATCH ? "the program was damaged on disk: add it again"
					    : "the program is not there any more");
}

void lookup_run(struct lookup *l)
{
	if (find_object(l))
		answer(l, LOOKUP_OBJECT, "");
	else if (l->only_objects)
		answer(l, LOOKUP_NOTHING, "");
	else if (refused_find(l->refused, &l->keys[l->count - 1].key, l->why) == 0)
		l->found = LOOKUP_NOTE;
	else
		find_program(l);
}

void lookup_deinit(struct lookup *l)
{
	fd_closep(&l->object);
	fd_closep(&l->input);
}
