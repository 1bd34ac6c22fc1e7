/*
 * survey.h: which programs have an object on disk, and which were refused: looked up by the
 * helper thread for ls and inspect. One survey answers for all programs.
 */
#pragma once

#include "cache/folder.h"
#include "supervisor/compiling/refused.h"
#include "supervisor/offload.h"

struct survey {
	struct offload_job job;
	int objects_folder, refused_folder;
	bool has_key; /* asks why this one was refused */
	struct hash key;
	bool done, dropped;
	struct folder_entry *objects, *refused;
	size_t objects_count, refused_count;
	char why[REFUSED_WHY_SIZE]; /* of key; empty: it was not refused */
};

/* key may be NULL. NULL: too much is under way. */
struct survey *survey_begin(struct offload *offload, int objects_folder, int refused_folder,
	const struct hash *key);
/* Also while it is under way. */
void survey_drop(struct survey *survey);

/* "yes", "no" or "refused". */
const char *survey_state(const struct survey *survey, const struct hash *key);
