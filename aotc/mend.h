/*
 * mend.h: what wasm2c 1.0.42 gets wrong about tail calls and exceptions, put right in its text.
 *
 * Of a function that makes tail calls it writes a second one, `wasm_tailcall_...`, which a loop
 * in the first caller calls again and again with the instance behind a pointer. Three kinds of
 * lines in these need mending:
 *
 * - the caller leaves the instance unset unless the target is imported (WABT issue 2831): it is
 * the caller's own;
 * - declarations of locals and of the operand stack come out mixed: "u32   u32 var_i0;",
 * further down "var_l0 = 0;";
 * - the second function lacks FUNC_PROLOGUE, by which each other learns that its instance is a
 * constant (rs-common.h).
 *
 * Of a `try` with both `catch` and `catch_all` it prints the latter as `else` without braces,
 * so that all but its first statement is done for every exception: it gets the braces.
 *
 * Only modules that use these get here, and only from a version whose text was read.
 */
#pragma once

#include "ipc/base.h"

enum {
	MEND_STRANGE = 1
}; /* not mixed up as we know it */

/* A new text, closed with a zero. 0, -ENOMEM or MEND_STRANGE. */
int mend_tail_calls(const char *text, size_t size, char **mended, size_t *mended_size) MUST_USE;
int mend_handlers(const char *text, size_t size, char **mended, size_t *mended_size) MUST_USE;
