/*
 * compiler.h: which compiler this machine has: asks `aotc --toolchain`, and asks again after a
 * failure when somebody needs it. Its id is part of every cache key.
 */
#pragma once

#include "ipc/hash.h"
#include "supervisor/loop.h"

#define COMPILER_TEXT_SIZE 4096u

enum compiler_state {
	COMPILER_ASKING,
	COMPILER_READY,
	COMPILER_FAILED
};

struct compiler;

/* Begins to ask. changed() is called from the loop when the state is not ASKING any more. */
int compiler_new(struct loop *loop, const char *aotc, void (*changed)(void *context),
	void *context, struct compiler **out) MUST_USE;
struct compiler *compiler_free(struct compiler *compiler); /* returns NULL */

enum compiler_state compiler_state(const struct compiler *compiler);
const struct hash *compiler_id(const struct compiler *compiler); /* when READY */
const char *compiler_text(const struct compiler *compiler); /* its lines; when FAILED: why */

/* When FAILED: asks again (changed() follows); 0, or -errno and it stays so. */
int compiler_ask(struct compiler *compiler) MUST_USE;
