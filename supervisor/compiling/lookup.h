/*
 * lookup.h: what the disk has for somebody who needs an object of a program: the best of the
 * objects that would do; or the note that the one to be made cannot be; or the program itself,
 * from which it can. Plain data; lookup_run() blocks, for the helper thread.
 */
#pragma once

#include "cache/objects.h"
#include "cache/store.h"
#include "runtime/abi.h"
#include "supervisor/compiling/refused.h"

struct lookup_key {
	enum object_tier tier;
	struct hash key;
};

enum lookup_found {
	LOOKUP_OBJECT,  /* object, bytes; it is keys[at] */
	LOOKUP_NOTE,    /* why: the last key's tier cannot be made of it */
	LOOKUP_PROGRAM, /* input */
	LOOKUP_NOTHING, /* why: the program is not there (any more) */
	LOOKUP_FAILED,  /* why */
};

struct lookup {
	struct objects *objects;
	struct store *store;
	int refused; /* folder of refused.h */
	struct hash program;
	struct lookup_key keys[OBJECT_TIERS]; /* the best first; the last is to be made */
	uint32_t count;
	bool only_objects; /* neither note nor program is looked for: LOOKUP_NOTHING */

	enum lookup_found found;
	uint32_t at;
	uint64_t bytes;
	char why[REFUSED_WHY_SIZE];
	int object, input; /* yours; -1: none */
};
#define LOOKUP_NONE                       \
	{                                 \
		.object = -1, .input = -1 \
	}

void lookup_run(struct lookup *lookup);
void lookup_deinit(struct lookup *lookup); /* closes what is left in it */
