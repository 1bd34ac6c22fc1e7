#include "aotc/front.h"

#include <assert.h>
#include <string.h>

#include "aotc/canon.h"
#include "aotc/check.h"
#include "aotc/image.h"
#include "aotc/names.h"

/*
 * As the web's engines agreed on (WebAssembly JavaScript interface, implementation-defined
 * limits), or less where the C compiler behind us takes too long for the rest: types, globals,
 * imports.
 */
const struct front_limits front_limits_default = {
	.module_bytes = 256 * MIB,
	.function_bytes = 7654321,
	.functions = OBJECT_FUNCTIONS_MAX,
	.locals = 50000,
	.locals_total = 1000000,
	.nesting = 1000,
	.br_table = 65520,
	.params = 1000,
	.results = 1000,
	.types = 100000,
	.globals = 100000,
	.exports = 1000000,
	.imports = 10000,
	.tags = 10000,
	.elements = 100000,
	.segments = 100000,
	.table_entries = 10000000,
	.passive_bytes = MIB,
};

static void take_image(struct front *front, const struct image *image)
{
	front->image = image->bytes;
	front->image_bytes = image->size;
	front->runs_count = image->runs_count;
	memcpy(front->runs, image->runs, sizeof(front->runs));
}

static int lay_image(struct module *m, struct front *front)
{
	struct image image = { 0 };
	int r = image_lay(m, &image);

	take_image(front, &image);
	return r;
}

static int read_names(const struct module *m, struct front *front)
{
	struct names names = { 0 };
	int r = names_read(m, &names);

	front->function_names = names.functions;
	front->names = names.text;
	front->names_bytes = names.text_bytes;
	return r;
}

static void describe_memory(const struct module *m, struct front *front)
{
	front->has_memory = m->has_memory;
	front->memory_pages = m->memory_pages;
	front->memory_pages_max = m->memory_pages_max;
	front->memory_grows = m->grows_memory && m->memory_pages < m->memory_pages_max;
}

static void describe_table(const struct module *m, struct front *front)
{
	if (m->tables_count == 0)
		return;
	front->table_entries = m->tables[0].entries;
	front->table_entries_max = m->tables[0].entries_max;
	front->table_fixed =
		m->tables_count == 1 && m->tables[0].type == WASM_FUNCREF && !m->writes_tables;
}

static int describe_imports(const struct module *m, const uint32_t *rows, struct front *front)
{
	front->unknown = calloc(m->imports_count + 1u, sizeof(*front->unknown));
	if (!front->unknown)
		return -ENOMEM;
	assert(host_functions_count <= 32 * ARRAY_LEN(front->imports_used));
	for (uint32_t i = 0; i < m->imports_count; i++)
		if (rows[i] == CHECK_UNKNOWN)
			front->unknown[front->unknown_count++] = i;
		else
			front->imports_used[rows[i] / 32] |= 1u << rows[i] % 32;
	return 0;
}

static int describe(const struct module *m, const uint32_t *rows, struct front *front)
{
	front->features = m->features;
	front->negations = m->negations_count;
	front->function_imports = m->imports_count;
	front->functions = m->functions_count;
	front->code_bytes = wasm_left(&m->sections[WASM_CODE]);
	front->exception_bytes = m->exception_bytes;
	describe_memory(m, front);
	describe_table(m, front);
	front->unusual = m->grows_tables ? UNUSUAL_GROWING_TABLE : 0;
	return describe_imports(m, rows, front);
}

/* The module was read: everything that may still refuse it, then what is handed on. */
static int check_and_write(
	struct module *m, uint32_t features, const char *translator, struct front *front)
{
	struct canon canon = { 0 };
	uint32_t start = 0;
	CLEANUP(freep) uint32_t *rows = calloc(m->imports_count + 1u, sizeof(*rows));

	if (!rows)
		return -ENOMEM;
	int r = check_imports(m, rows);
	if (!r)
		r = check_exports(m, &start);
	if (!r)
		r = check_features(m, features, translator);
	if (!r)
		r = lay_image(m, front);
	if (!r)
		r = canon_write(m, rows, start, &canon);
	if (r)
		return r;
	front->module = canon.bytes;
	front->module_bytes = canon.size;
	r = describe(m, rows, front);
	return r ? r : read_names(m, front);
}

int front_run(const uint8_t *wasm, size_t wasm_bytes, uint32_t features, const char *translator,
	const struct front_limits *limits, struct front *out, char reason[FRONT_REASON_SIZE])
{
	CLEANUP(module_deinit) struct module m = { 0 };

	*out = (struct front){ 0 };
	reason[0] = '\0';
	int r = module_read(&m, wasm, wasm_bytes, limits, reason);
	if (!r)
		r = check_and_write(&m, features, translator, out);
	if (r)
		front_deinit(out);
	return r;
}

void front_deinit(struct front *front)
{
	free(front->module);
	free(front->unknown);
	free(front->image);
	free(front->function_names);
	free(front->names);
	*front = (struct front){ 0 };
}
