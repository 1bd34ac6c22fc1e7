/*
 * memory.h: the program's linear memory: at MEMORY_BASE, between guard regions, filled from the
 * object's image copy-on-write, growing up to a limit.
 *
 * memory_map() runs before the lock; memory_grow() needs nothing but the mprotect() that the
 * filter allows. RLIMIT_DATA stands behind the limit: code that calls mprotect() by itself gets
 * no more pages than memory_grow() would give.
 */
#pragma once

#include "runtime/abi.h"

/* What memory_map() may answer besides 0 and -errno. */
enum {
	MEMORY_OVER_LIMIT = 1 /* the program begins with more than it may have */
};

extern uint64_t memory_bytes; /* what the program has now; only memory.c changes it */

/* Reserves, makes the first pages usable and maps the image's runs from the object file. */
int memory_map(const struct object_header *head, int file, uint64_t bytes_max) MUST_USE;

/* The last thing before the lock that maps anything: what is mapped now, and linear memory up
 * to its limit, is all there will be. */
int memory_limit(void) MUST_USE;

/* As rs_memory_grow() in w2c/symbols.h: 0 done, anything else refused. */
uint32_t memory_grow(uint32_t had_pages, uint32_t more_pages);

/* True: address lies in linear memory or its guards; *offset is where the program meant. */
bool memory_holds(uint64_t address, uint64_t *offset);

/* Where the program's pointer leads, or NULL if one of the bytes is not its own. May be
 * unaligned. */
static inline void *memory_guest(uint32_t pointer, uint64_t bytes)
{
	if (bytes > memory_bytes || pointer > memory_bytes - bytes)
		return NULL;
	return (void *)(MEMORY_BASE + pointer);
}
