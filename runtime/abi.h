/*
 * abi.h: what a compiled program (an "object") and the worker that runs it agree on: the file's
 * layout, the names the object exports and may import, the addresses. aotc writes it, the
 * worker's loader reads it. Raise OBJECT_ABI_VERSION with every change: it is part of the cache
 * key, so old objects are simply built again.
 *
 * File, each part at a page boundary, little-endian:
 *
 *     struct object_header                       a page or more: the image's runs follow it
 *     ELF shared object                          PT_LOADs mapped by the worker's own loader
 *     memory image                               data segments as pages, mapped copy-on-write
 *     struct object_function[], sorted by code   which machine code is which wasm function
 *     names                                      of the functions, not zero-closed
 *     build record                               how the object was made, as text
 *     struct object_line[]                       which machine code is which source line
 *     files                                      the sources' names, each closed with a zero
 *     skeleton                                   which counter is whose (struct skeleton)
 */
#pragma once

#include "ipc/base.h"

#define OBJECT_MAGIC       "rsobject"
#define OBJECT_ABI_VERSION 3u

/* Linear memory: constant base, so that translated code needs no base register (notes: DESIGN
 * section 7). */
/* Tests of the runtime may put it elsewhere (MEMORY_BASE); objects of aotc are always compiled
 * for this one. */
#define OBJECT_MEMORY_BASE 0x10000ull
#ifndef MEMORY_BASE
#define MEMORY_BASE OBJECT_MEMORY_BASE
#endif
#define MEMORY_SIZE_MAX (4 * GIB)
#define MEMORY_RESERVED \
	(8 * GIB + 128 * KIB) /* 32-bit address + 32-bit offset + the widest access */
#define MEMORY_PAGE_BYTES 65536ull
#define MEMORY_PAGES_MAX  65536u

#define OBJECT_RUNS_MAX        256u /* stretches of the memory image */
#define OBJECT_FUNCTIONS_MAX   1000000u
#define OBJECT_LINES_MAX       8000000u
#define OBJECT_FILES_BYTES_MAX (4 * MIB)
#define OBJECT_SIZE_MAX        (1 * GIB)
#define HOST_PAGE_BYTES        4096ull

/* One stretch of initialised memory; all three numbers are multiples of HOST_PAGE_BYTES. */
struct object_run {
	uint64_t memory_offset; /* in linear memory */
	uint64_t file_offset;   /* in this file */
	uint64_t bytes;
};

/* Machine code [code, next function's code) belongs to wasm function `index`. */
struct object_function {
	uint32_t code;  /* offset from the ELF's load base */
	uint32_t index; /* wasm function index, imports counted; OBJECT_NOT_WASM for helpers */
	uint32_t name_offset; /* in names */
	uint32_t name_bytes;  /* 0: the module carried no name for it */
};
#define OBJECT_NOT_WASM UINT32_MAX

/* Machine code from `code` on comes from a line of the author's source, until the next row.
 * Only of modules that carry debug information. */
struct object_line {
	uint32_t code; /* offset from the ELF's load base */
	uint32_t line; /* 0: nobody knows */
	uint32_t file; /* where its name begins in files; each is closed with a zero */
};

/* What was compiled for: how soon it is there, against how fast it runs. */
enum object_tier {
	OBJECT_QUICK,        /* there at once: no optimisation */
	OBJECT_FULL,         /* as fast as the module alone allows */
	OBJECT_PROFILED,     /* the same, with a profile of earlier runs */
	OBJECT_INSTRUMENTED, /* full, and counting: to make a profile */
	OBJECT_TIERS,
};

/* "quick", "full", ...; "unknown tier" beyond OBJECT_TIERS (the number may come from a file).
 */
const char *object_tier_name(uint32_t tier);

/* Can this machine run objects that are built for that CPU: "native", "x86-64", "x86-64-v2",
 * ... "-v4"? */
bool object_cpu_is_here(const char *cpu);

/*
 * The build record: lines "key value\n" in a fixed order, printable ASCII, the same bytes for
 * the same input (so no time is in it). Readers take the keys they know:
 *
 *     tier full                 form special | form plain WHY
 *     translator wasm2c 1.0.42  compiler gcc 12.2.0
 *     cpu NAME [WORDS]          flags WORDS               link-flags WORDS
 *     parts N                   relaxed-reads yes|no      unknown-imports N
 */
#define OBJECT_RECORD_BYTES_MAX (16 * KIB)

/*
 * Counters of an instrumented object: 64 bits each, whole pages of their own, which a worker
 * shares with who collects them. The program may write anything there. So which counter belongs
 * to which branch of which function is not told by the worker: it stands in the object, as
 * aotc found it when it was built.
 *
 *     struct skeleton, struct skeleton_function[functions]
 */
#define SKELETON_FUNCTIONS_MAX OBJECT_FUNCTIONS_MAX
#define COUNTERS_BYTES_MAX     (32 * MIB)

/* Of one function; the counters are numbered from the first of the object. */
struct skeleton_function {
	uint32_t part;                /* of the generated C */
	uint32_t ident, lines, graph; /* as the compiler knows it again */
	uint32_t first, count;        /* its counters */
};
struct skeleton {
	uint32_t compiler; /* the version of its files of profiles */
	uint32_t functions;
};
_Static_assert(sizeof(struct skeleton_function) == 24, "what follows stays aligned");

/* What aotc is given to build from (--profile-fd), and rsd keeps: this, the skeleton, and
 * counters_bytes of counters, added up over all runs. */
#define PROFILE_MAGIC     "rsprof-1"
#define PROFILE_BYTES_MAX (sizeof(struct profile) + SKELETON_BYTES_MAX + COUNTERS_BYTES_MAX)
#define SKELETON_BYTES_MAX \
	(sizeof(struct skeleton) + SKELETON_FUNCTIONS_MAX * sizeof(struct skeleton_function))
struct profile {
	char magic[8];
	uint64_t counters_id; /* of the instrumented object, as its skeleton and counters_bytes
			       */
	uint64_t skeleton_bytes, counters_bytes;
};

/* Addresses count from the ELF's load base. What is absent has 0 bytes, and address 0. */
struct object_header {
	char magic[8];
	uint32_t abi_version;
	uint32_t memory_pages; /* wasm pages at start; 0 with memory_pages_max 0: the module has
				  no memory */
	uint32_t memory_pages_max; /* as the module declares, at most MEMORY_PAGES_MAX */
	uint32_t runs_count;
	uint64_t elf_offset, elf_bytes;
	uint64_t functions_offset;
	uint32_t functions_count;
	uint32_t tier; /* enum object_tier */
	uint64_t names_offset, names_bytes;
	uint64_t record_offset, record_bytes;
	uint64_t unwind_address, unwind_bytes;     /* .eh_frame, in read-only memory */
	uint64_t counters_address, counters_bytes; /* a profile's: whole pages, writable */
	uint64_t counters_id;  /* of the instrumented build that they belong to */
	uint64_t lines_offset; /* struct object_line[], sorted by code */
	uint64_t files_offset, files_bytes;
	uint32_t lines_count, reserved;
	uint64_t skeleton_offset, skeleton_bytes; /* of an instrumented object */
	struct object_run runs[]; /* sorted by memory_offset, not overlapping */
};
_Static_assert(sizeof(struct object_header) == 176, "object header");

/* What every object exports. Instantiation runs the start function, so both are called only
 * after the lock. */
#define OBJECT_INSTANTIATE "rs_object_instantiate" /* void (void) */
#define OBJECT_RUN         "rs_object_run"         /* void (void): calls _start */

/* Why a program was ended. The words for people are in trap_text(). */
enum trap_cause {
	TRAP_NONE,
	TRAP_OUT_OF_BOUNDS,
	TRAP_INTEGER_OVERFLOW,
	TRAP_DIVISION_BY_ZERO,
	TRAP_INVALID_CONVERSION,
	TRAP_UNREACHABLE,
	TRAP_INDIRECT_CALL,
	TRAP_STACK,
	TRAP_ILLEGAL_INSTRUCTION,
	TRAP_EXCEPTION, /* nobody caught it */
	TRAP_IMPORT,    /* it calls what nothing provides, and was built nevertheless */
	TRAP_RUNTIME,   /* our own runtime gave up: see the log */
	TRAP_COUNT,
};

/* "out of bounds", "division by zero", ...; "unknown cause" beyond TRAP_COUNT (the number may
 * come from a worker). */
const char *trap_text(uint32_t cause);

/*
 * The host functions a module may import. aotc checks the types and renames import k of this
 * table to module "h", field "i<k>"; the object then has the undefined symbol rs_i<k>, which
 * the loader binds to the same row of runtime/imports.c. Types: i = i32, I = i64, one letter
 * per parameter, then '>', then the result or nothing.
 */
struct host_function {
	const char *module, *field, *type;
};
extern const struct host_function host_functions[];
extern const size_t host_functions_count;

/* The row of (module, field), or -1. Names are byte strings from a module and may hold
 * anything. */
int host_function_find(
	const char *module, size_t module_size, const char *field, size_t field_size);
