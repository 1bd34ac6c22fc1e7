/*
 * headers.h: the files of runtime/w2c that stand beside the generated C. aotc carries them
 * inside itself, so that it needs nothing of ours from the disk and its hash covers them.
 */
#pragma once

#include "aotc/work.h"

enum headers_family {
	HEADERS_1_0_32, /* Debian 12's wasm2c */
	HEADERS_1_0_33, /* all since */
};

/* Writes symbols.h, rs-common.h, rs-after.h, rs-counters.ld, object.c and the family's
 * wasm-rt.h. 0 or -errno. */
int headers_write(struct work *work, enum headers_family family) MUST_USE;

/* For a module with vectors: what its text calls simde/wasm/simd128.h, and what that includes. */
int headers_write_simd(struct work *work) MUST_USE;

/* And for tcc: rs-quick.h, rs-tcc.h, and in tcc/ empty files of the system headers' names. */
int headers_write_quick(struct work *work) MUST_USE;
