/*
 * symbol.h: which wasm function a place in an object's machine code belongs to, and which line
 * of its source. The tables in the object (runtime/abi.h) were made by the compiler from an
 * untrusted module, so every number read from them is checked against the size of the file.
 */
#pragma once

#include "ipc/base.h"

#define SYMBOL_NAME_MAX 128u
#define SYMBOL_FILE_MAX 96u

enum {
	SYMBOL_UNKNOWN = 1 /* no function there, or no table to be believed */
};

struct symbol {
	uint32_t index;             /* wasm function index; OBJECT_NOT_WASM for helpers */
	uint32_t bytes;             /* of name; 0: the module carried none */
	char name[SYMBOL_NAME_MAX]; /* raw bytes, cut */
	uint32_t line;              /* 0: not known */
	uint32_t file_bytes;
	char file[SYMBOL_FILE_MAX]; /* raw bytes; of a longer name the end */
};

/* object: a sealed memfd, so reading does not block. code: offset from the ELF's load base. */
int symbol_find(int object, uint64_t object_bytes, uint64_t code, struct symbol *out) MUST_USE;

/* "name (function 12) at file.c:34", "function 12", "a helper of the runtime": fit to be shown.
 */
#define SYMBOL_TEXT_SIZE (4 * (SYMBOL_NAME_MAX + SYMBOL_FILE_MAX) + 64)
void symbol_text(const struct symbol *symbol, char out[SYMBOL_TEXT_SIZE]);
