#include "aotc/module.h"

#include <string.h>

#include "aotc/section.h"

int module_malformed(const struct module *m, const struct wasm_reader *r)
{
	return reason_refuse(m->reason, "malformed at byte %zu: %s", (size_t)(r->at - m->bytes),
		r->wrong ? r->wrong : "something is left over");
}

int module_too_many(const struct module *m, const char *what, uint64_t count, uint64_t max)
{
	return reason_refuse(m->reason, "has %llu %s, more than the limit of %llu",
		(unsigned long long)count, what, (unsigned long long)max);
}

bool module_same_name(struct wasm_name name, const char *text)
{
	return strlen(text) == name.size && memcmp(text, name.text, name.size) == 0;
}

int module_value_type(struct module *m, struct wasm_reader *r, uint8_t *type)
{
	*type = wasm_byte(r);
	switch (*type) {
	case WASM_I32:
	case WASM_I64:
	case WASM_F32:
	case WASM_F64:
		return 0;
	case WASM_V128:
		m->features |= FEATURE_SIMD;
		return 0;
	case WASM_FUNCREF:
	case WASM_EXTERNREF:
		m->features |= FEATURE_REFERENCE_TYPES;
		return 0;
	case 0x63 ... 0x6e:
	case 0x71 ... 0x75:
		return reason_refuse(m->reason, "uses typed or garbage-collected references, "
						"which cannot be translated");
	default:
		if (!r->wrong)
			r->at--;
		wasm_fail(r, "an unknown value type");
		return module_malformed(m, r);
	}
}

int module_function_index(const struct module *m, struct wasm_reader *r, uint32_t *index)
{
	*index = wasm_u32(r);
	if (!r->wrong && *index >= m->functions_count)
		wasm_fail(r, "a function that does not exist");
	return r->wrong ? module_malformed(m, r) : 0;
}

/* In the order in which they must stand. `always`: run even when the section is absent. */
static const struct {
	enum wasm_section section;
	int (*read)(struct module *m, struct wasm_reader *r);
	bool always;
} sections[] = {
	{ WASM_TYPES, section_types, false },
	{ WASM_IMPORTS, section_imports, false },
	{ WASM_FUNCTIONS, section_functions, true },
	{ WASM_TABLES, section_tables, false },
	{ WASM_MEMORIES, section_memories, false },
	{ WASM_TAGS, section_tags, false },
	{ WASM_GLOBALS, section_globals, false },
	{ WASM_EXPORTS, section_exports, false },
	{ WASM_START, section_start, false },
	{ WASM_ELEMENTS, section_elements, false },
	{ WASM_DATA_COUNT, section_data_count, false },
	{ WASM_CODE, section_code, true },
	{ WASM_DATA, section_data, true },
};
_Static_assert(
	ARRAY_LEN(sections) == WASM_SECTIONS - 1, "every section but custom ones has its row");

/* Where the section stands in the order; ARRAY_LEN(sections) if there is no such section. */
static size_t place_of(uint8_t id)
{
	size_t place = 0;

	while (place < ARRAY_LEN(sections) && sections[place].section != id)
		place++;
	return place;
}

/* A custom section can be anything; only that its name is one is checked, as the specification
 * asks. */
static int outline_custom(struct module *m, struct wasm_reader *body)
{
	struct wasm_name name = wasm_name(body);

	if (body->wrong)
		return module_malformed(m, body);
	if (module_same_name(name, "name") && !m->has_names) {
		m->has_names = true;
		m->names = *body;
	}
	return 0;
}

/* Finds where each section lies; nothing inside is read. */
static int outline(struct module *m, struct wasm_reader *r)
{
	size_t next = 0; /* place of the first section that may still come */

	while (wasm_left(r) > 0) {
		uint8_t id = wasm_byte(r);
		uint32_t size = wasm_u32(r);
		struct wasm_reader body = wasm_part(r, size);
		size_t place = place_of(id);
		if (id != WASM_CUSTOM && place == ARRAY_LEN(sections))
			wasm_fail(r, "an unknown section");
		else if (id != WASM_CUSTOM && place < next)
			wasm_fail(r, "a section stands twice or out of order");
		if (r->wrong)
			return module_malformed(m, r);
		int refused = id == WASM_CUSTOM ? outline_custom(m, &body) : 0;
		if (refused)
			return refused;
		if (id == WASM_CUSTOM)
			continue;
		next = place + 1;
		m->sections[id] = body;
		m->has_section[id] = true;
	}
	return 0;
}

static int read_sections(struct module *m)
{
	for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
		enum wasm_section id = sections[i].section;
		struct wasm_reader r = m->sections[id];
		if (!m->has_section[id] && !sections[i].always)
			continue;
		int refused = sections[i].read(m, &r);
		if (refused)
			return refused;
		if (r.wrong || wasm_left(&r) > 0)
			return module_malformed(m, &r);
	}
	return 0;
}

static int read_header(struct module *m, struct wasm_reader *r)
{
	static const uint8_t magic[4] = { 0, 'a', 's', 'm' }, version[4] = { 1, 0, 0, 0 },
			     component[4] = { 0x0d, 0, 1, 0 };
	const uint8_t *header = wasm_bytes(r, 8);

	if (!header || memcmp(header, magic, 4) != 0)
		return reason_refuse(m->reason, "is not a WebAssembly module");
	if (memcmp(header + 4, component, 4) == 0)
		return reason_refuse(m->reason,
			"is a WebAssembly component; only plain modules are supported");
	if (memcmp(header + 4, version, 4) != 0)
		return reason_refuse(m->reason, "is of another version of WebAssembly than 1");
	return 0;
}

int module_read(struct module *m, const uint8_t *wasm, size_t wasm_bytes,
	const struct front_limits *limits, char reason[FRONT_REASON_SIZE])
{
	struct wasm_reader r = wasm_reader_of(wasm, wasm_bytes);

	*m = (struct module){
		.bytes = wasm, .size = wasm_bytes, .limits = limits, .reason = reason
	};
	/* an absent section is an empty one, so that complaints about it have a place */
	for (size_t i = 0; i < WASM_SECTIONS; i++)
		m->sections[i] = wasm_reader_of(r.end, 0);
	m->names = m->sections[WASM_CUSTOM];
	if (wasm_bytes > limits->module_bytes)
		return module_too_many(m, "bytes", wasm_bytes, limits->module_bytes);
	int refused = read_header(m, &r);
	if (!refused)
		refused = outline(m, &r);
	return refused ? refused : read_sections(m);
}

void module_deinit(struct module *m)
{
	free(m->types);
	free(m->imports);
	free(m->function_types);
	free(m->function_marks);
	free(m->tag_types);
	free(m->globals);
	free(m->exports);
	free(m->negations);
}
