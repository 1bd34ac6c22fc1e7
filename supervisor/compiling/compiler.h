/*
 * compiler.h: which compiler this machine has: asks `aotc --toolchain`, and asks again after a
 * failure when somebody needs it. Its ids, one for each tier it can make, are part of every
 * cache key.
 */
#pragma once

#include "ipc/hash.h"
#include "runtime/abi.h"
#include "supervisor/loop.h"

#define COMPILER_TEXT_SIZE 4096u

/* How aotc is called, whatever it does; the strings outlive who was given them. */
struct compiler_way {
	const char *aotc;
	const char *target_cpu; /* NULL: as aotc does by itself */
	bool relaxed_reads, unknown_imports;
};
#define COMPILER_WORDS_MAX 5u
/* argv's beginning: aotc and the options of the way; how many. */
size_t compiler_words(const struct compiler_way *way, const char *words[COMPILER_WORDS_MAX]);

enum compiler_state {
	COMPILER_ASKING,
	COMPILER_READY,
	COMPILER_FAILED
};

struct compiler;

/* Begins to ask. changed() is called from the loop when the state is not ASKING any more. */
int compiler_new(struct loop *loop, const struct compiler_way *way,
	void (*changed)(void *context), void *context, struct compiler **out) MUST_USE;
struct compiler *compiler_free(struct compiler *compiler); /* returns NULL */

enum compiler_state compiler_state(const struct compiler *compiler);
/* Of READY: the tiers it can make (bits, tiers.h), and the id of one of them. */
uint32_t compiler_tiers(const struct compiler *compiler);
const struct hash *compiler_id(const struct compiler *compiler, enum object_tier tier);
const char *compiler_text(const struct compiler *compiler); /* its lines; when FAILED: why */

/* When FAILED: asks again (changed() follows); 0, or -errno and it stays so. */
int compiler_ask(struct compiler *compiler) MUST_USE;
