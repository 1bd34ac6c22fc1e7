#include "aotc/facts.h"

#include <string.h>

#include "aotc/module.h"

bool facts_imports(const struct facts *facts, uint32_t row)
{
	return row < 32 * ARRAY_LEN(facts->n.imports_used) &&
	       (facts->n.imports_used[row / 32] >> row % 32 & 1);
}

/* Export e<i> is the i-th; its function's index names the code that the translator calls after
 * the export. */
static int list_exports(const struct front *front, uint32_t **exports, uint32_t *count)
{
	char reason[FRONT_REASON_SIZE];
	struct module m;
	int r = module_read(
		&m, front->module, front->module_bytes, &front_limits_default, reason);

	*exports = calloc((size_t)m.exports_count + 1, sizeof **exports);
	if (r == 0 && !*exports)
		r = -ENOMEM;
	*count = m.exports_count;
	for (uint32_t i = 0; r == 0 && i < m.exports_count; i++)
		(*exports)[i] = m.exports[i].kind == WASM_FUNCTION ? m.exports[i].index
								   : FACTS_NO_FUNCTION;
	module_deinit(&m);
	return r > 0 ? -EPROTO : r; /* our own output, not read by our own reader */
}

static struct facts_numbers numbers_of(const struct front *front)
{
	struct facts_numbers n = {
		.features = front->features,
		.unusual = front->unusual,
		.negations = front->negations,
		.function_imports = front->function_imports,
		.functions = front->functions,
		.memory_pages = front->memory_pages,
		.memory_pages_max = front->memory_pages_max,
		.exception_bytes = front->exception_bytes,
		.unknown_count = front->unknown_count,
		.has_memory = front->has_memory,
		.table_fixed = front->table_fixed,
		.table_entries = front->table_entries,
		.runs_count = front->runs_count,
		.code_bytes = front->code_bytes,
		.module_bytes = front->module_bytes,
		.image_bytes = front->image_bytes,
		.names_bytes = front->names_bytes,
	};

	memcpy(n.imports_used, front->imports_used, sizeof n.imports_used);
	return n;
}

static uint8_t *append(uint8_t *at, const void *bytes, size_t size)
{
	if (size > 0)
		memcpy(at, bytes, size);
	return at + size;
}

static int write_facts(struct work *work, const struct front *front)
{
	CLEANUP(freep) uint32_t *exports = NULL;
	struct facts_numbers n = numbers_of(front);
	int r = list_exports(front, &exports, &n.exports_count);

	if (r)
		return r;
	size_t runs = n.runs_count * sizeof *front->runs,
	       unknown = n.unknown_count * sizeof *front->unknown,
	       names = n.functions * sizeof *front->function_names;
	size_t size = sizeof n + runs + unknown + n.exports_count * sizeof *exports + names;
	CLEANUP(freep) uint8_t *bytes = malloc(size);
	if (!bytes)
		return -ENOMEM;
	uint8_t *at = append(bytes, &n, sizeof n);
	at = append(at, front->runs, runs);
	at = append(at, front->unknown, unknown);
	at = append(at, exports, n.exports_count * sizeof *exports);
	append(at, front->function_names, names);
	return work_write(work, "facts.bin", bytes, size);
}

int facts_write(struct work *work, const struct front *front)
{
	int r = work_write(work, "canonical.wasm", front->module, front->module_bytes);

	if (r == 0)
		r = work_write(work, "image.bin", front->image, front->image_bytes);
	if (r == 0)
		r = work_write(work, "names.bin", front->names, front->names_bytes);
	return r ? r : write_facts(work, front);
}

static bool numbers_are_good(const struct facts_numbers *n)
{
	return n->functions <= OBJECT_FUNCTIONS_MAX && n->function_imports <= n->functions &&
	       n->memory_pages <= n->memory_pages_max &&
	       n->unknown_count <= FACTS_UNKNOWN_MAX &&
	       n->exception_bytes <= FACTS_EXCEPTION_BYTES_MAX &&
	       n->memory_pages_max <= MEMORY_PAGES_MAX && n->has_memory <= 1 &&
	       (n->has_memory || n->memory_pages_max == 0) && n->table_fixed <= 1 &&
	       n->table_entries <= front_limits_default.table_entries &&
	       n->runs_count <= OBJECT_RUNS_MAX && n->exports_count <= FACTS_EXPORTS_MAX &&
	       n->code_bytes <= front_limits_default.module_bytes &&
	       n->module_bytes <= 2 * front_limits_default.module_bytes &&
	       n->image_bytes <= FACTS_IMAGE_BYTES_MAX &&
	       n->names_bytes <= FACTS_NAMES_BYTES_MAX;
}

static bool inside(uint64_t offset, uint64_t bytes, uint64_t size)
{
	return offset <= size && bytes <= size - offset;
}

static bool runs_are_good(const struct facts *facts)
{
	uint64_t memory = facts->n.memory_pages * MEMORY_PAGE_BYTES, end = 0;

	for (uint32_t i = 0; i < facts->n.runs_count; i++) {
		const struct object_run *run = &facts->runs[i];

		if ((run->memory_offset | run->file_offset | run->bytes) % HOST_PAGE_BYTES ||
			run->bytes == 0 || run->memory_offset < end ||
			!inside(run->memory_offset, run->bytes, memory) ||
			!inside(run->file_offset, run->bytes, facts->n.image_bytes))
			return false;
		end = run->memory_offset + run->bytes;
	}
	return true;
}

static bool lists_are_good(const struct facts *facts)
{
	for (uint32_t i = 0; i < facts->n.exports_count; i++)
		if (facts->exports[i] != FACTS_NO_FUNCTION &&
			facts->exports[i] >= facts->n.functions)
			return false;
	for (uint32_t i = 0; i < facts->n.functions; i++)
		if (!inside(facts->function_names[i].offset, facts->function_names[i].bytes,
			    facts->n.names_bytes))
			return false;
	for (uint32_t i = 0; i < facts->n.unknown_count; i++)
		if (facts->unknown[i] >= facts->n.function_imports ||
			(i > 0 && facts->unknown[i] <= facts->unknown[i - 1]))
			return false;
	for (uint32_t row = 0; row < 32 * ARRAY_LEN(facts->n.imports_used); row++)
		if (facts_imports(facts, row) && row >= host_functions_count)
			return false;
	return true;
}

static int copy_lists(struct facts *facts, const uint8_t *at)
{
	const struct facts_numbers *n = &facts->n;

	memcpy(facts->runs, at, n->runs_count * sizeof *facts->runs);
	at += n->runs_count * sizeof *facts->runs;
	facts->unknown = calloc((size_t)n->unknown_count + 1, sizeof *facts->unknown);
	facts->exports = calloc((size_t)n->exports_count + 1, sizeof *facts->exports);
	facts->function_names = calloc((size_t)n->functions + 1, sizeof *facts->function_names);
	if (!facts->unknown || !facts->exports || !facts->function_names)
		return -ENOMEM;
	memcpy(facts->unknown, at, n->unknown_count * sizeof *facts->unknown);
	at += n->unknown_count * sizeof *facts->unknown;
	memcpy(facts->exports, at, n->exports_count * sizeof *facts->exports);
	at += n->exports_count * sizeof *facts->exports;
	memcpy(facts->function_names, at, n->functions * sizeof *facts->function_names);
	return 0;
}

static int read_facts(struct work *work, struct facts *facts)
{
	const uint64_t size_max = sizeof facts->n + sizeof facts->runs +
				  FACTS_UNKNOWN_MAX * sizeof *facts->unknown +
				  FACTS_EXPORTS_MAX * sizeof *facts->exports +
				  OBJECT_FUNCTIONS_MAX * sizeof *facts->function_names;
	CLEANUP(freep) uint8_t *bytes = NULL;
	size_t size = 0;
	int r = work_read(work, "facts.bin", size_max, &bytes, &size);

	if (r)
		return r;
	if (size < sizeof facts->n)
		return FACTS_BAD;
	memcpy(&facts->n, bytes, sizeof facts->n);
	if (!numbers_are_good(&facts->n))
		return FACTS_BAD;
	if (size != sizeof facts->n + facts->n.runs_count * sizeof *facts->runs +
			    facts->n.unknown_count * sizeof *facts->unknown +
			    facts->n.exports_count * sizeof *facts->exports +
			    facts->n.functions * sizeof *facts->function_names)
		return FACTS_BAD;
	return copy_lists(facts, bytes + sizeof facts->n);
}

_Static_assert((int)FACTS_BAD == (int)WORK_BAD, "a bad file is bad facts");

int facts_read(struct work *work, struct facts *out)
{
	size_t names_bytes = 0;

	memset(out, 0, sizeof *out);
	int r = read_facts(work, out);
	if (r == 0)
		r = work_read(
			work, "names.bin", FACTS_NAMES_BYTES_MAX, &out->names, &names_bytes);
	if (r)
		return r;
	return names_bytes == out->n.names_bytes && runs_are_good(out) && lists_are_good(out)
		       ? 0
		       : FACTS_BAD;
}

void facts_deinit(struct facts *facts)
{
	free(facts->unknown);
	free(facts->exports);
	free(facts->function_names);
	free(facts->names);
	memset(facts, 0, sizeof *facts);
}
