/*
 * ids.h: numbers of processes: never used again, not even by the next rsd. The file
 * state/processes holds a number that no process has had yet; it is moved on ahead of what is
 * given out, IDS_BLOCK at a time, and set back to the exact number by a clean end.
 */
#pragma once

#include "supervisor/offload.h"

#define IDS_BLOCK 1024u /* bursts of starts are faster than a disk */

enum {
	IDS_NONE = 1, /* take: the next block is not on disk yet (or the disk is full) */
	IDS_DAMAGED,  /* open: the file is not ours; a person has to look at it */
};

struct ids;

/* Blocks: before the loop turns. folder: the state folder. */
int ids_open(const char *folder, struct offload *offload, struct ids **out) MUST_USE;
struct ids *ids_close(struct ids *ids); /* blocks; returns NULL; after offload_free() */

int ids_take(struct ids *ids, uint64_t *id) MUST_USE;
