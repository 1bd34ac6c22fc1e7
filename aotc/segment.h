/*
 * segment.h: element and data segments, one at a time. Read twice, by the check and by the
 * canonicaliser, so that nothing needs to be kept of a million of them. segment_*_read take the
 * reader of the section after its count.
 */
#pragma once

#include "aotc/module.h"

/* Bits of an element segment's flags, as the binary format has them. */
enum {
	SEGMENT_NOT_ACTIVE = 1,
	SEGMENT_EXPLICIT = 2, /* active: names its table; else: declared */
	SEGMENT_EXPRESSIONS = 4,
	SEGMENT_DECLARED_FLAGS = 3,
	SEGMENT_FLAGS_MAX = 7,
};

enum segment_mode {
	SEGMENT_ACTIVE,
	SEGMENT_PASSIVE,
	SEGMENT_DECLARED
};

struct segment_element {
	uint32_t flags;
	enum segment_mode mode;
	uint32_t table, offset; /* of an active one */
	uint8_t type;
	uint32_t count; /* items follow: read each with segment_item_read */
};

struct segment_data {
	enum segment_mode mode;
	uint32_t offset; /* of an active one */
	const uint8_t *bytes;
	uint32_t size;
};

int segment_element_read(
	struct module *m, struct wasm_reader *r, struct segment_element *out) MUST_USE;
int segment_item_read(struct module *m, struct wasm_reader *r,
	const struct segment_element *element, struct constant *out) MUST_USE;
int segment_data_read(
	struct module *m, struct wasm_reader *r, struct segment_data *out) MUST_USE;
