/*
 * programs.h: which programs are in the store, and what each says of itself (manifest.h), in
 * memory, so that a question costs no disk. rsd is the only one that changes the store
 * (state/lock), and says so here.
 */
#pragma once

#include "cache/store.h"
#include "supervisor/compiling/manifest.h"

#define PROGRAMS_CANDIDATES_MAX 16u

enum {
	PROGRAMS_NONE = 1,  /* nothing begins so */
	PROGRAMS_AMBIGUOUS, /* several do: *candidates_count of them are filled in */
	PROGRAMS_BAD_NAME,  /* not hex digits, too short or too long */
};

struct programs;

/* Lists the store and reads the manifests: blocks, so before the loop turns. */
int programs_open(struct store *store, struct programs **out) MUST_USE;
struct programs *programs_free(struct programs *programs); /* returns NULL */

/* Sorted by name: the one after `name` (NULL: the first), NULL at the end. It stays valid until
 * the next change. */
const struct store_entry *programs_next(
	const struct programs *programs, const struct hash *name);
const struct store_entry *programs_get(
	const struct programs *programs, const struct hash *name); /* NULL: not there */

/* NULL: it has none, or is not there. Valid until the next change. */
const struct manifest *programs_manifest(
	const struct programs *programs, const struct hash *name);

struct programs_candidates {
	struct hash names[PROGRAMS_CANDIDATES_MAX];
	size_t count;
};
int programs_find(const struct programs *programs, const char *prefix, struct hash *out,
	struct programs_candidates *candidates) MUST_USE;

/* It is in the store now. *known: it was before. On 0 the manifest (or NULL) was taken. */
int programs_add(struct programs *programs, const struct store_entry *entry,
	struct manifest *manifest, bool *known) MUST_USE;
void programs_remove(struct programs *programs, const struct hash *name);
