/*
 * front.h: from an untrusted module to what the translator may see. Reads and checks the module with our own reader,
 * lifts the data segments out into a memory image, and writes a canonical module: no custom sections, imports renamed
 * to module "h", fields "i<row of host_functions[]>", exports renamed to "e<n>". No text of the module's author is left.
 *
 * Everything here works on bytes in memory, makes no system call but for memory, and is run inside the jail. A module
 * that breaks a rule is FRONT_REFUSED, with one line that names the offending thing.
 */
#pragma once

#include "runtime/abi.h"

enum { FRONT_REFUSED = 1 };

#define FRONT_REASON_SIZE 256

/* What a translator can do; a module that needs more is refused by name. Bits of front.features and of the toolchain. */
enum feature {
	FEATURE_SIMD = 1 << 0,
	FEATURE_BULK_MEMORY = 1 << 1,
	FEATURE_REFERENCE_TYPES = 1 << 2,
	FEATURE_MULTI_VALUE = 1 << 3,
	FEATURE_SIGN_EXTENSION = 1 << 4,
	FEATURE_SATURATING_FLOAT = 1 << 5,
	FEATURE_TAIL_CALLS = 1 << 6,
	FEATURE_EXTENDED_CONST = 1 << 7, /* worked out here: no translator needs it, so it is never refused */
	FEATURE_EXCEPTIONS = 1 << 8,     /* try, catch, throw: the form that compilers print by default */
};
#define FEATURES_WABT_1_0_32                                                                     \
	(FEATURE_BULK_MEMORY | FEATURE_REFERENCE_TYPES | FEATURE_MULTI_VALUE |                   \
		FEATURE_SIGN_EXTENSION | FEATURE_SATURATING_FLOAT)

/* What the special form does not take: the module is compiled in the plain one. Bits. */
enum unusual {
	UNUSUAL_GROWING_TABLE = 1 << 0
};

/* Limits of notes: DESIGN section 9 and the web embedding's implementation limits (WebAssembly JS API, section 7). */
struct front_limits {
	uint64_t module_bytes;      /* 256 MiB */
	uint64_t function_bytes;    /* 7,654,321 */
	uint32_t functions;         /* OBJECT_FUNCTIONS_MAX */
	uint32_t locals;            /* 50,000 in one function */
	uint64_t locals_total;      /* 1,000,000 plus the module's size in bytes */
	uint32_t nesting;           /* 1,000 blocks */
	uint32_t br_table;          /* 65,520 targets */
	uint32_t params, results;   /* 1,000 each */
	uint32_t types, globals, exports, imports, tags, elements, segments; /* counts */
	uint32_t table_entries;     /* 10,000,000 */
	bool unknown_imports;       /* functions that nothing provides may be imported: called, they trap */
	uint64_t passive_bytes;     /* data of passive segments still goes through C: 1 MiB */
	uint32_t negations;         /* of floats, spelled out for a compiler that cannot; 0: none is */
};
extern const struct front_limits front_limits_default;

struct front_name {
	uint32_t offset, bytes; /* in front.names; bytes 0: no name */
};

struct front {
	uint8_t *module; /* the canonical module */
	size_t module_bytes;
	uint32_t features; /* that the module uses */
	uint32_t imports_used[(64 + 31) / 32]; /* bit k: imports row k of host_functions[] */
	uint32_t *unknown;          /* function indices of the imports that nothing provides, rising */
	uint32_t unknown_count;
	uint32_t function_imports;  /* wasm function indices below this are imports */
	uint32_t functions;         /* all, imports counted */
	uint64_t code_bytes;
	uint32_t memory_pages, memory_pages_max;
	bool has_memory, memory_grows;
	uint32_t table_entries, table_entries_max; /* of table 0; 0: none */
	uint32_t exception_bytes; /* room for the values of any exception; 0: there are none */
	bool table_fixed; /* one funcref table, never grown or set by the program: may be laid inline */
	uint32_t unusual; /* enum unusual */
	uint32_t negations; /* of floats in code: no more than limits->negations were spelled out */
	uint32_t runs_count;
	struct object_run runs[OBJECT_RUNS_MAX]; /* file_offset counts from the start of image */
	uint8_t *image;
	size_t image_bytes;
	struct front_name *function_names; /* one per function */
	char *names;
	size_t names_bytes;
};

/*
 * 0, -ENOMEM, or FRONT_REFUSED with a line in reason ("imports env.foo, which nothing provides"; "has no _start").
 * Names from the module are escaped and cut when they stand in reason. features: what the translator can do;
 * translator: its name for reasons ("wasm2c 1.0.32").
 */
int front_run(const uint8_t *wasm, size_t wasm_bytes, uint32_t features, const char *translator,
	const struct front_limits *limits, struct front *out, char reason[FRONT_REASON_SIZE]) MUST_USE;
void front_deinit(struct front *front);
