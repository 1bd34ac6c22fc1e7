/*
 * native.h: who may join by itself: native clients (runtime/client/rs_client.h) have a name
 * instead of a program. Which names may is said when rsd starts; once grants are kept in a
 * database, this is where they are asked.
 */
#pragma once

#include "ipc/hash.h"
#include "supervisor/protocol.h"

#define NATIVE_GRANTS_MAX 256u
#define NATIVE_VARIABLE   "REDSHIRT_NATIVE" /* names, with spaces between, besides --native */
#define NATIVE_ANY        "*"

struct native_grants {
	const char *names[NATIVE_GRANTS_MAX];
	size_t count;
};

/* What stands for its program's hash: no Wasm module has it. */
struct hash native_hash(const char *name);

/* 1 to CONTROL_NAME_MAX of CONTROL_NATIVE_LETTERS. */
bool native_is_name(const char *name);

enum {
	NATIVE_TOO_MANY = 1,
	NATIVE_NO_NAME, /* neither a name nor NATIVE_ANY */
};
/* The name stays the caller's and must last. */
int native_grant(struct native_grants *grants, const char *name) MUST_USE;
/* The same with all words of a text, which is cut into pieces for that. */
int native_grant_words(struct native_grants *grants, char *words) MUST_USE;

/* grants may be NULL. */
bool native_may_join(const struct native_grants *grants, const char *name);
