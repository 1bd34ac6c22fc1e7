#include "aotc/names.h"

#include <string.h>

enum {
	SUBSECTION_FUNCTIONS = 1
};

/* Cut to NAMES_NAME_MAX bytes, at the start of a character. */
static uint32_t cut(struct wasm_name name)
{
	uint32_t size = name.size;

	if (size <= NAMES_NAME_MAX)
		return size;
	size = NAMES_NAME_MAX;
	while (size > 0 && ((uint8_t)name.text[size] & 0xc0) == 0x80)
		size--;
	return size;
}

/* The subsection with the functions' names; an empty reader if there is none. */
static struct wasm_reader find_subsection(const struct module *m)
{
	struct wasm_reader r = m->names;

	while (!r.wrong && wasm_left(&r) > 0) {
		uint8_t id = wasm_byte(&r);
		uint32_t size = wasm_u32(&r);
		struct wasm_reader body = wasm_part(&r, size);
		if (!r.wrong && id == SUBSECTION_FUNCTIONS)
			return body;
	}
	return wasm_reader_of(r.end, 0);
}

/* Of two names for a function, the first stays. What follows something broken is not read. */
static void read_functions(const struct module *m, struct wasm_reader r, struct names *names)
{
	uint32_t count = wasm_left(&r) > 0 ? wasm_count(&r) : 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t index = wasm_u32(&r);
		struct wasm_name name = wasm_name(&r);
		uint32_t size = cut(name);
		if (r.wrong || names->text_bytes + size > NAMES_BYTES_MAX)
			return;
		if (index >= m->functions_count || names->functions[index].bytes > 0)
			continue;
		names->functions[index] =
			(struct front_name){ (uint32_t)names->text_bytes, size };
		memcpy(names->text + names->text_bytes, name.text, size);
		names->text_bytes += size;
	}
}

/* "module.field", whatever the section says: it is what a person can look for. */
static void name_imports(const struct module *m, struct names *names)
{
	for (uint32_t i = 0; i < m->imports_count; i++) {
		const struct module_import *import = &m->imports[i];
		uint32_t module = cut(import->module), field = cut(import->field);
		char *at = names->text + names->text_bytes;

		if (names->text_bytes + module + 1 + field > NAMES_BYTES_MAX)
			return;
		memcpy(at, import->module.text, module);
		at[module] = '.';
		memcpy(at + module + 1, import->field.text, field);
		names->functions[i] = (struct front_name){ (uint32_t)names->text_bytes,
			module + 1 + field };
		names->text_bytes += module + 1 + field;
	}
}

int names_read(const struct module *m, struct names *out)
{
	struct wasm_reader section = find_subsection(m);
	/* each name takes more room there */
	size_t left = wasm_left(&section) + wasm_left(&m->sections[WASM_IMPORTS]);
	size_t room = left < NAMES_BYTES_MAX ? left : NAMES_BYTES_MAX;
	CLEANUP(freep)
	struct front_name *functions = calloc(m->functions_count + 1u, sizeof(*functions));
	CLEANUP(freep) char *text = malloc(room + 1);
	struct names names = { .functions = functions, .text = text };

	if (!functions || !text)
		return -ENOMEM;
	name_imports(m, &names);
	read_functions(m, section, &names);
	*out = names;
	functions = NULL;
	text = NULL;
	return 0;
}
