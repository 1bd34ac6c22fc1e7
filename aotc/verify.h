/*
 * verify.h: is this ELF file one that the worker's loader may trust? The loader is small and
 * checks little; whatever it relies on is checked here, on the one private copy that is then
 * packed, MACed and loaded. The file came out of the jail: every number in it may be a lie.
 *
 * After VERIFY_GOOD (0):
 * - program headers stand behind the ELF header, VERIFY_SEGMENTS_MAX at most; PT_LOADs are
 * sorted, do not share pages, lie in the file, start at address 0, are R, RX or RW, and only
 * the RW one has more memory than file;
 * - there is one PT_DYNAMIC and one PT_GNU_RELRO, inside the RW segment; RELRO ends at a page's
 * end;
 * - no constructors, no needed libraries, no text relocations, nothing lazily bound, no TLS, no
 * IFUNC;
 * - relocations are RELATIVE, 64, GLOB_DAT or JUMP_SLOT, on 8 aligned bytes of the RW segment's
 * file part outside of the dynamic section; their symbols exist; RELATIVE stays within the
 * object, the others have addend 0;
 * - DT_HASH's chain count is the number of dynamic symbols, DT_STRTAB is closed with a zero and
 * every name lies in it;
 * - undefined symbols are those of symbols.h and rs_i<k> for the imports that the module has;
 * defined are exactly OBJECT_INSTANTIATE and OBJECT_RUN, both in the RX segment;
 * - .eh_frame, if there is one, lies in the file part of an R segment, where its address says.
 */
#pragma once

#include <elf.h>

#include "runtime/abi.h"

enum {
	VERIFY_BAD = 1
};

#define VERIFY_REASON_SIZE  256
#define VERIFY_SEGMENTS_MAX 12
#define VERIFY_SECTIONS_MAX 40
#define VERIFY_SPAN_MAX     OBJECT_SIZE_MAX /* of addresses, memory without file included */

/* Where the function table is made from; offsets into the file, checked. */
struct verify_symbols {
	const Elf64_Sym *symbols; /* 8-aligned if elf is */
	uint32_t count;
	const char *names; /* names_bytes, the last one zero; each symbol's name lies in it */
	uint64_t names_bytes;
	uint64_t text_start, text_end;         /* addresses of code */
	const uint8_t *text;                   /* its bytes */
	uint64_t unwind_address, unwind_bytes; /* .eh_frame; 0 bytes: there is none */
};

/* elf is 8-aligned. imports_used: bit k says that the module imports row k of host_functions[].
 */
int verify(const uint8_t *elf, uint64_t bytes, const uint32_t imports_used[2],
	struct verify_symbols *symbols, char reason[VERIFY_REASON_SIZE]) MUST_USE;
