/*
 * section.h: what each section of a module may say, one function a section: reads its body into
 * struct module and checks it. module_read calls them in the specification's order, so each may
 * rely on those above it. What a body has left over, and a reader that went wrong, the caller
 * looks at. All answer 0, -ENOMEM or FRONT_REFUSED.
 */
#pragma once

#include "aotc/module.h"

int section_types(struct module *m, struct wasm_reader *r) MUST_USE;
int section_imports(struct module *m, struct wasm_reader *r) MUST_USE;
int section_functions(struct module *m, struct wasm_reader *r) MUST_USE;
int section_tables(struct module *m, struct wasm_reader *r) MUST_USE;
int section_memories(struct module *m, struct wasm_reader *r) MUST_USE;
int section_tags(struct module *m, struct wasm_reader *r) MUST_USE;
int section_globals(struct module *m, struct wasm_reader *r) MUST_USE;
int section_exports(struct module *m, struct wasm_reader *r) MUST_USE;
int section_start(struct module *m, struct wasm_reader *r) MUST_USE;
int section_elements(struct module *m, struct wasm_reader *r) MUST_USE;
int section_data_count(struct module *m, struct wasm_reader *r) MUST_USE;
int section_code(struct module *m, struct wasm_reader *r) MUST_USE;
int section_data(struct module *m, struct wasm_reader *r) MUST_USE;
