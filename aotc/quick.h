/*
 * quick.h: the modules that the quick tier is not for. Its compiler, tcc, optimises nothing,
 * and so keeps most of what flags.h asks of the others by nature; what it cannot, and would not
 * say, is looked for here. Another tier takes what is turned down.
 */
#pragma once

#include "aotc/build.h"
#include "aotc/verify.h"

/* f32.neg and f64.neg, which tcc gets wrong for NaN, are spelled out before it sees them. */
#define QUICK_NEGATIONS_MAX 1000000u

/*
 * tcc does not touch the pages of a large frame as it makes room for it. A frame smaller than
 * the guard behind the stack (runtime/trap.h: 1 MiB) cannot step over it: before another is
 * made the function calls, and that writes to the frame's end.
 */
#define QUICK_FRAME_BYTES_MAX (512 * KIB)

/* From what the front found. 0 or BUILD_UNFIT. */
int quick_takes(struct build *build) MUST_USE;

/* Of the linked object, once it is verified: is each function's frame small enough? 0 or
 * BUILD_UNFIT. */
int quick_frames(struct build *build, const struct verify_symbols *symbols) MUST_USE;
