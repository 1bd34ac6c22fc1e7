/*
 * object.h: loads a compiled object (abi.h) from a sealed memfd: no path, no constructors, no
 * heap, and only the names that the caller resolves. The file was verified when it was built
 * and its MAC checked when it was taken from the cache; what is checked here again is whatever
 * could lead the loader astray.
 */
#pragma once

#include "runtime/abi.h"

enum {
	OBJECT_REFUSED = 1 /* not an object of this ABI, or it asks for what is not there */
};

struct object {
	const struct object_header *head; /* stays mapped */
	const uint8_t *base;              /* where its ELF lies */
	uint64_t bytes;
	const struct object_function *functions; /* head->functions_count of them; mapped */
	void (*instantiate)(void);
	void (*run)(void);
};

/* name -> address, or NULL. */
typedef void *object_resolve(const char *name);

int object_load(int file, object_resolve *resolve, struct object *out) MUST_USE;

/* Of an instrumented object: from now on it counts in this memfd, which is as long as the
 * counters and cannot shrink. OBJECT_REFUSED: there are no counters, or it is not. */
int object_share_counters(const struct object *object, int counters) MUST_USE;
