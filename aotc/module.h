/*
 * module.h: what a module says, read section by section in the order that the specification
 * fixes, every count held against front_limits. Afterwards indices that later steps follow are
 * in range; what only the translator's validator needs to know (types of operands, labels of
 * values) is left to it. The module's bytes belong to the caller and are pointed into, so they
 * must outlive struct module.
 */
#pragma once

#include "aotc/constant.h"
#include "aotc/front.h"
#include "aotc/reason.h"
#include "aotc/wasm.h"

#define MODULE_TABLES_MAX 64u

struct module_type {
	const uint8_t *params, *results; /* one byte of enum wasm_type each */
	uint32_t params_count, results_count;
};

struct module_import {
	struct wasm_name module, field;
	uint32_t type;
};

struct module_table {
	uint8_t type;
	bool has_max;
	uint32_t entries, entries_max; /* both at most limits->table_entries */
};

struct module_global {
	bool is_mutable;
	struct constant value; /* value.type is the global's type */
};

struct module_export {
	struct wasm_name name;
	uint8_t kind; /* enum wasm_extern */
	uint32_t index;
};

/* How a function is spoken of other than by a call, in bits: a reference taken in code needs a
 * declaration elsewhere. */
enum {
	MODULE_FUNCTION_EXPORTED = 1,
	MODULE_FUNCTION_REFERENCED = 2
};

struct module {
	const uint8_t *bytes;
	size_t size;
	const struct front_limits *limits;
	char *reason; /* of FRONT_REASON_SIZE bytes, the caller's */

	struct wasm_reader sections[WASM_SECTIONS]; /* their bodies; empty if absent */
	struct wasm_reader names; /* the body of the first custom section "name" */
	bool has_section[WASM_SECTIONS], has_names;

	struct module_type *types;
	struct module_import *imports;
	uint32_t *function_types; /* imports first */
	uint8_t *function_marks;
	struct module_global *globals;
	struct module_export *exports;
	struct module_table tables[MODULE_TABLES_MAX];
	uint32_t types_count, imports_count, functions_count, globals_count, exports_count;
	uint32_t tables_count, tags_count, elements_count, data_count;
	uint32_t *tag_types;
	uint32_t exception_bytes; /* no exception's values take more */
	uint32_t memory_pages, memory_pages_max, start;
	bool has_memory, has_memory_max;

	uint32_t features; /* enum feature: seen anywhere */
	uint64_t locals_total;
	uint32_t *negations; /* where f32.neg and f64.neg stand: the first limits->negations */
	uint32_t negations_count;
	void (*seen)(
		void *context, const uint8_t *at); /* each instruction; NULL: nobody looks */
	void *seen_context;
	bool grows_memory, grows_tables;
	bool writes_tables; /* table.set and its kind */
	bool reads_data;    /* memory.init or data.drop */
};

/* 0, -ENOMEM or FRONT_REFUSED; module_deinit in every case. */
int module_read(struct module *m, const uint8_t *wasm, size_t wasm_bytes,
	const struct front_limits *limits, char reason[FRONT_REASON_SIZE]) MUST_USE;
void module_deinit(struct module *m);

/* For the readers of parts. Both answer FRONT_REFUSED. */
int module_malformed(const struct module *m, const struct wasm_reader *r) MUST_USE;
int module_too_many(
	const struct module *m, const char *what, uint64_t count, uint64_t max) MUST_USE;

/* A value type, noting what feature it takes; garbage-collected and typed references are
 * refused. */
int module_value_type(struct module *m, struct wasm_reader *r, uint8_t *type) MUST_USE;

/* A function index in range. */
int module_function_index(
	const struct module *m, struct wasm_reader *r, uint32_t *index) MUST_USE;

bool module_same_name(struct wasm_name name, const char *text);
