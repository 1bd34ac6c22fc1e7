#include "aotc/segment.h"

enum {
	DATA_ACTIVE,
	DATA_PASSIVE,
	DATA_OF_MEMORY
};

static int read_offset(struct module *m, struct wasm_reader *r, uint32_t *offset)
{
	struct constant value;
	int refused = constant_read(m, r, WASM_I32, &value);

	if (!refused)
		*offset = value.i32;
	return refused;
}

/* The type of the items: a byte of enum wasm_type before expressions, kind 0 (function) before
 * indices. */
static int read_type(struct module *m, struct wasm_reader *r, struct segment_element *e)
{
	e->type = WASM_FUNCREF;
	if (!(e->flags & SEGMENT_DECLARED_FLAGS))
		return 0;
	if (e->flags & SEGMENT_EXPRESSIONS)
		return module_value_type(m, r, &e->type);
	if (wasm_byte(r) != 0)
		wasm_fail(r, "an element segment of an unknown kind");
	return 0;
}

static int read_target(struct module *m, struct wasm_reader *r, struct segment_element *e)
{
	if (e->mode != SEGMENT_ACTIVE)
		return 0;
	e->table = e->flags & SEGMENT_EXPLICIT ? wasm_u32(r) : 0;
	if (e->table >= m->tables_count)
		wasm_fail(r, "an element segment of a table that does not exist");
	return r->wrong ? 0 : read_offset(m, r, &e->offset);
}

int segment_element_read(struct module *m, struct wasm_reader *r, struct segment_element *out)
{
	struct segment_element e = { .flags = wasm_u32(r) };

	if (e.flags > SEGMENT_FLAGS_MAX)
		wasm_fail(r, "an element segment of an unknown form");
	if (e.flags & SEGMENT_NOT_ACTIVE)
		e.mode = e.flags & SEGMENT_EXPLICIT ? SEGMENT_DECLARED : SEGMENT_PASSIVE;
	int refused = read_target(m, r, &e);
	if (!refused)
		refused = read_type(m, r, &e);
	if (refused)
		return refused;
	e.count = wasm_count(r);
	if (r->wrong)
		return module_malformed(m, r);
	if (e.mode == SEGMENT_PASSIVE)
		m->features |= FEATURE_BULK_MEMORY;
	if (e.flags & SEGMENT_EXPRESSIONS || e.mode == SEGMENT_DECLARED || e.table != 0)
		m->features |= FEATURE_REFERENCE_TYPES;
	*out = e;
	return 0;
}

int segment_item_read(struct module *m, struct wasm_reader *r,
	const struct segment_element *element, struct constant *out)
{
	if (element->flags & SEGMENT_EXPRESSIONS)
		return constant_read(m, r, element->type, out);
	*out = (struct constant){ .type = WASM_FUNCREF };
	return module_function_index(m, r, &out->i32);
}

int segment_data_read(struct module *m, struct wasm_reader *r, struct segment_data *out)
{
	struct segment_data d = { 0 };
	uint32_t form = wasm_u32(r);

	if (form > DATA_OF_MEMORY)
		wasm_fail(r, "a data segment of an unknown form");
	if (form == DATA_OF_MEMORY && wasm_u32(r) != 0)
		wasm_fail(r, "a data segment of a memory that does not exist");
	if (form == DATA_PASSIVE) {
		d.mode = SEGMENT_PASSIVE;
		m->features |= FEATURE_BULK_MEMORY;
	} else if (!m->has_memory) {
		wasm_fail(r, "a data segment of a memory that does not exist");
	}
	if (r->wrong)
		return module_malformed(m, r);
	int refused = d.mode == SEGMENT_ACTIVE ? read_offset(m, r, &d.offset) : 0;
	if (refused)
		return refused;
	d.size = wasm_u32(r);
	d.bytes = wasm_bytes(r, d.size);
	if (r->wrong)
		return module_malformed(m, r);
	*out = d;
	return 0;
}
