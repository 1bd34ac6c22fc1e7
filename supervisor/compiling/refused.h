/*
 * refused.h: modules that the compiler refused, and why: a note per cache key, so that the
 * answer to the same question comes at once, also after a restart. The key holds the
 * toolchain's id: another compiler is asked anew. Notes may be lost, never wrong.
 *
 * All functions block and may be called from any thread.
 */
#pragma once

#include "ipc/hash.h"

#define REFUSED_WHY_SIZE 512
#define REFUSED_MAX      1024u /* notes; beyond, the older half is removed */

enum {
	REFUSED_NOT = 1 /* find: no note */
};

/* folder: a descriptor of folder_open(). */
int refused_find(int folder, const struct hash *key, char why[REFUSED_WHY_SIZE]) MUST_USE;
int refused_note(int folder, const struct hash *key, const char *why) MUST_USE;
