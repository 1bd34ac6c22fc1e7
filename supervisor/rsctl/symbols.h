/*
 * symbols.h: a separate debug file (ELF) for a compiled object, made from the tables that the
 * object carries: functions under their wasm names, unwind tables and lines at the addresses
 * where the worker's loader puts the code. What debuggers read here was written by us: of the
 * program's author it holds names only, printable and without spaces.
 *
 * Its code has no bytes. Program headers say where in the object's file the code lies, which is
 * what perf looks for; sections say the addresses, which is what gdb looks for.
 */
#pragma once

#include <stdio.h>

#include "runtime/abi.h"

enum {
	SYMBOLS_BAD = 1 /* not an object of this ABI */
};

struct symbols {
	const uint8_t *bytes; /* of the object's file, mapped */
	uint64_t size;
	const struct object_header *head;
	uint64_t code_address, code_bytes; /* the executable segment, from the load base */
	uint64_t code_offset;              /* in the object's file */
};

/* fd: the object's file; not needed any more afterwards. */
int symbols_open(int fd, struct symbols *out) MUST_USE;
void symbols_close(struct symbols *symbols);

/* 0 or -errno. */
int symbols_write(const struct symbols *symbols, FILE *to) MUST_USE;
