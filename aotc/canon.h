/*
 * canon.h: writes the module that the translator gets to see. Everything is encoded anew from
 * what was read, except function bodies, which hold numbers only and are copied (but for the
 * negations of floats that front_limits has spelled out: xor with the sign's bit). Types,
 * functions, tables, memory, tags, globals, start, elements and code stay as they are, at the
 * same indices; no custom sections; import of row k is "h" "i<k>", import i of no row "h"
 * "u<i>"; the one export is _start, as "e0"; constant expressions are plain constants; data stays
 * only where code can read it
 * (memory.init).
 */
#pragma once

#include "aotc/module.h"

struct canon {
	uint8_t *bytes;
	size_t size;
};

/* rows: of host_functions[], one for each import. start: index of _start. 0, -ENOMEM or
 * FRONT_REFUSED. The caller frees bytes. */
int canon_write(
	struct module *m, const uint32_t *rows, uint32_t start, struct canon *out) MUST_USE;
