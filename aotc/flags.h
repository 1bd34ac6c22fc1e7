/*
 * flags.h: every option given to the compiler and the linker, with its reason. wasm2c writes C
 * that is right only as long as the compiler takes it at its word; most rows are such words.
 */
#pragma once

#include "aotc/plan.h"

enum flags_compiler {
	FLAGS_GCC,
	FLAGS_CLANG,
	FLAGS_TCC,
	FLAGS_COMPILERS,
};

#define FLAGS_MAX 64

/* Append to argv from *count on; the rows are constants. The CPU's words are cpu.h's. */
void flags_compile(enum flags_compiler compiler, const struct plan *plan, const char **argv,
	size_t *count);
void flags_link(const struct plan *plan, const char **argv, size_t *count);

/* For tests: the row that is left out, to see what it is there for. */
extern const char *flags_left_out;
