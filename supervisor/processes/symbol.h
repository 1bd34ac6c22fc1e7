/*
 * symbol.h: which wasm function a place in an object's machine code belongs to. The table in
 * the object (runtime/abi.h) was made by the compiler from an untrusted module, so every number
 * read from it is checked against the size of the file.
 */
#pragma once

#include "ipc/base.h"

#define SYMBOL_NAME_MAX 128u

enum {
	SYMBOL_UNKNOWN = 1 /* no function there, or no table to be believed */
};

struct symbol {
	uint32_t index;             /* wasm function index; OBJECT_NOT_WASM for helpers */
	uint32_t bytes;             /* of name; 0: the module carried none */
	char name[SYMBOL_NAME_MAX]; /* raw bytes, cut */
};

/* object: a sealed memfd, so reading does not block. code: offset from the ELF's load base. */
int symbol_find(int object, uint64_t object_bytes, uint64_t code, struct symbol *out) MUST_USE;
