/*
 * survey.h: which objects are on disk, and what was refused: looked up by the helper thread for
 * ls and inspect. One survey answers for all programs; of one of them it can say more.
 */
#pragma once

#include "cache/folder.h"
#include "runtime/record.h"
#include "supervisor/compiling/lookup.h"
#include "supervisor/compiling/tiers.h"
#include "supervisor/offload.h"

struct survey_of { /* one program: the keys of compile_keys() */
	struct lookup_key keys[OBJECT_TIERS];
	uint32_t count;
};

struct survey {
	struct offload_job job;
	struct objects *objects;
	int objects_folder, refused_folder;
	struct survey_of of;
	bool done, dropped;
	struct folder_entry *kept, *refused;
	size_t kept_count, refused_count;
	struct survey_object {              /* of the one program, by tier */
		char why[REFUSED_WHY_SIZE]; /* it cannot be made; empty: nobody said so */
		bool there;
		uint64_t bytes;
		struct build_record record;
	} objects_of[OBJECT_TIERS];
};

/* of may be NULL. NULL: too much is under way. */
struct survey *survey_begin(struct offload *offload, struct objects *objects,
	int objects_folder, int refused_folder, const struct survey_of *of);
/* Also while it is under way. */
void survey_drop(struct survey *survey);

/* The best tier of which an object is there, for a program that just runs; TIERS_NONE: none. */
enum object_tier survey_tier(const struct survey *survey, const struct survey_of *of);
/* "yes", "no", "refused" or, without keys, "unknown". */
const char *survey_state(const struct survey *survey, const struct survey_of *of);
