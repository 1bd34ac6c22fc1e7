/*
 * translate.h: from module.wasm to C that is ready to compile: the front, wasm2c, and a look at
 * what it printed. Every byte of the module, and of what comes of it, is read inside the jail
 * only.
 */
#pragma once

#include "aotc/build.h"

/* Fills build->facts, parts and plain. 0, -errno or build.h's outcomes. */
int translate(struct build *build) MUST_USE;

/* How the text of a translator begins, up to the first line that depends on the module. */
struct translate_text {
	const char *version; /* that printed it */
	enum headers_family family;
	const char *from, *until; /* beginnings of the first line hashed, and of the line behind
				     the last */
	const char *hash;
};

/* The BLAKE2b-256 of the lines from..until in text; false when they are not there. */
bool translate_hash(const struct translate_text *known, const char *text, size_t size,
	struct hash *hash) MUST_USE;

/* Is this text one whose every macro we know? */
bool translate_is_known(enum headers_family family, const char *text, size_t size) MUST_USE;
