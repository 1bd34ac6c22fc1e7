/*
 * lines.h: from the author's source to machine code, for modules that carry .debug_line. The
 * compiler never sees a word of that: it numbers the lines of the generated C, and what those
 * come from is kept beside them.
 *
 *     front: wasm offset -> source, for each instruction that leaves a mark in the C (anchors)
 *     after the link: machine code -> line of C (the compiler's own table, and addr2line where
 *                     it stands in a helper) -> anchor -> source
 *
 * A function whose C has another number of marks than its code has instructions is given its
 * first line only. Whatever goes wrong costs lines, never the object.
 */
#pragma once

#include "aotc/build.h"

#define LINES_SOURCE "lines.in"  /* what the front found; missing: the module says nothing */
#define LINES_LINKED "lines.so"  /* the object, with the compiler's line table */
#define LINES_RESULT "lines.bin" /* uint32_t rows, files bytes; the rows; the files */

/* In the jail, with the module's own bytes, after the front has accepted them. */
void lines_read_module(struct build *build, const uint8_t *wasm, size_t size);

/* After the link of LINES_LINKED. */
void lines_make(struct build *build);

/* What lines_make() left, checked: rows sorted, files closed. False: nothing that can be used.
 */
struct lines {
	struct object_line *rows;
	char *files;
	uint32_t count, files_bytes;
};
bool lines_take(struct build *build, struct lines *out) MUST_USE;
void lines_deinit(struct lines *lines);
