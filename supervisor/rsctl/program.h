/*
 * program.h: a program as people name it: a file, or the beginning of a hash. The ints are exit
 * codes; errors have been said.
 */
#pragma once

#include "ipc/hash.h"
#include "supervisor/rsctl.h"

/* A file if there is one of that name, or if it has a slash or ends in .wasm. "-" is standard
 * input. */
bool program_is_file(const char *word);

/* Sends the file to rsd. known: it was there before. */
int program_add(const struct rsctl *ctl, const char *file, char hex[HASH_HEX_SIZE],
	bool *known) MUST_USE;

/* What a request's "program" is to say: the beginning of a hash, or a CIDv1, in hex digits. */
int program_hash(const char *word, char hex[HASH_HEX_SIZE]) MUST_USE;

/* The same; but if word is a file, it is added and the answer is its hash. */
int program_find(const struct rsctl *ctl, const char *word, char hex[HASH_HEX_SIZE]) MUST_USE;

/* What a process of it is called if nobody says: the file's name without folder and ending, or
 * the beginning of the hash. */
void program_name(const char *word, char out[CONTROL_NAME_MAX + 1]);
