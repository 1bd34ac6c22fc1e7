/*
 * translate.h: from module.wasm to C that is ready to compile: the front, wasm2c, and a look at
 * what it printed. Every byte of the module, and of what comes of it, is read inside the jail
 * only.
 */
#pragma once

#include "aotc/build.h"

/* Fills build->facts, parts and plain. 0, -errno or build.h's outcomes. */
int translate(struct build *build) MUST_USE;

/* A piece of a translator's text that is the same for every module. */
struct translate_text {
	const char *version; /* that printed it */
	enum headers_family family;
	const char *from, *until; /* beginnings of the first line hashed, and of the line behind
				     the last */
	const char *last; /* how the preamble's last line begins, at `until` or below it; NULL:
			     `until` stands behind the preamble */
	const char *hash;
};

/* The BLAKE2b-256 of the lines from..until in text; false when they are not there. */
bool translate_hash(const struct translate_text *known, const char *text, size_t size,
	struct hash *hash) MUST_USE;

/*
 * The size of the preamble: all up to the first line that depends on the module. 0 if it is not
 * one whose every macro we know.
 */
size_t translate_head(enum headers_family family, const char *text, size_t size) MUST_USE;
