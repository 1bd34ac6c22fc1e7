/*
 * facts.h: what the parent, which never looks at the module itself, knows about it. The front
 * writes it into the work folder from inside the jail; facts_read() believes nothing of what it
 * finds there: after it, every number is in range and every offset lies inside what it points
 * into.
 */
#pragma once

#include "aotc/front.h"
#include "aotc/work.h"

enum {
	FACTS_BAD = 1
};

#define FACTS_NAMES_BYTES_MAX (64 * MIB)
#define FACTS_IMAGE_BYTES_MAX OBJECT_SIZE_MAX
#define FACTS_EXPORTS_MAX     100000u
#define FACTS_UNKNOWN_MAX     10000u
#define FACTS_EXCEPTION_BYTES_MAX (64 * KIB)
#define FACTS_NO_FUNCTION     UINT32_MAX

/* Plain numbers, as they stand in the file. */
struct facts_numbers {
	uint32_t features, unusual, negations, function_imports, functions;
	uint32_t memory_pages, memory_pages_max;
	uint32_t exception_bytes, unknown_count;
	uint32_t has_memory, table_fixed, table_entries, runs_count, exports_count;
	uint32_t imports_used[(64 + 31) / 32];
	uint64_t code_bytes, module_bytes, image_bytes, names_bytes;
};

struct facts {
	struct facts_numbers n;
	struct object_run runs[OBJECT_RUNS_MAX]; /* file_offset counts from the image's start */
	uint32_t *unknown; /* n.unknown_count: imports that nothing provides, rising */
	uint32_t *exports; /* n.exports_count: the function behind export e<i> */
	struct front_name *function_names; /* n.functions */
	uint8_t *names;                    /* n.names_bytes */
};

/* Writes canonical.wasm, image.bin, names.bin and facts.bin. 0 or -errno. */
int facts_write(struct work *work, const struct front *front) MUST_USE;

/* 0, -errno, or FACTS_BAD: the files do not say what the front would. facts_deinit in every
 * case. */
int facts_read(struct work *work, struct facts *out) MUST_USE;
void facts_deinit(struct facts *facts);

bool facts_imports(const struct facts *facts, uint32_t row);
