/*
 * skeleton.h: reads from an instrumented object which counter belongs to which branch of which
 * function (struct skeleton in abi.h). gcc leaves that in the object's data for its libgcov,
 * which is not linked: there are no constructors, and nobody in the worker is asked.
 *
 * The object has passed verify(). What is read here beyond that may still be a lie: every
 * number is checked before it is used, and a skeleton that is given out holds together.
 */
#pragma once

#include "runtime/abi.h"

enum {
	SKELETON_STRANGE = 1, /* not what our compilers lay out */
	SKELETON_TOO_LARGE,   /* more counters than COUNTERS_BYTES_MAX */
};

struct skeleton_made {
	uint64_t counters_address, counters_bytes; /* as in the object's header */
	uint64_t counters_id;
	uint8_t *bytes; /* yours: struct skeleton and what follows it */
	size_t size;
};

int skeleton_make(const uint8_t *elf, struct skeleton_made *out) MUST_USE;

/* Does it hold together: each function's counters lie within counters_bytes, and belong to one
 * of the parts? */
bool skeleton_fits(
	const uint8_t *bytes, size_t size, uint64_t counters_bytes, uint32_t parts) MUST_USE;
