#include "aotc/section.h"

#include "aotc/code.h"
#include "aotc/segment.h"

/* How many follow, within the limit; `have` are there already. */
static int count_within(struct module *m, struct wasm_reader *r, const char *what,
	uint32_t have, uint32_t max, uint32_t *count)
{
	*count = wasm_count(r);
	if (r->wrong)
		return module_malformed(m, r);
	if ((uint64_t)have + *count > max)
		return module_too_many(m, what, (uint64_t)have + *count, max);
	return 0;
}

/* calloc, but never of nothing, so that NULL always means that memory ran out. */
static void *new_array(size_t count, size_t size)
{
	return calloc(count ? count : 1, size);
}

static int read_type_list(struct module *m, struct wasm_reader *r, const char *what,
	uint32_t max, const uint8_t **list, uint32_t *count)
{
	int refused = count_within(m, r, what, 0, max, count);

	*list = r->at;
	for (uint32_t i = 0; i < *count && !refused; i++) {
		uint8_t type;
		refused = module_value_type(m, r, &type);
	}
	return refused;
}

static int read_type(struct module *m, struct wasm_reader *r, struct module_type *type)
{
	uint8_t form = wasm_byte(r);

	if (form >= 0x4d && form <= 0x5f)
		return reason_refuse(
			m->reason, "uses garbage-collected types, which cannot be translated");
	if (form != WASM_FUNCTION_TYPE)
		wasm_fail(r, "an unknown kind of type");
	if (r->wrong)
		return module_malformed(m, r);
	int refused = read_type_list(m, r, "parameters in one type", m->limits->params,
		&type->params, &type->params_count);
	if (!refused)
		refused = read_type_list(m, r, "results in one type", m->limits->results,
			&type->results, &type->results_count);
	if (type->results_count > 1)
		m->features |= FEATURE_MULTI_VALUE;
	return refused;
}

int section_types(struct module *m, struct wasm_reader *r)
{
	uint32_t count;
	int refused = count_within(m, r, "types", 0, m->limits->types, &count);

	if (refused)
		return refused;
	m->types = new_array(count, sizeof(*m->types));
	if (!m->types)
		return -ENOMEM;
	for (; m->types_count < count && !refused; m->types_count++)
		refused = read_type(m, r, &m->types[m->types_count]);
	return refused;
}

static int read_type_index(struct module *m, struct wasm_reader *r, uint32_t *index)
{
	*index = wasm_u32(r);
	if (!r->wrong && *index >= m->types_count)
		wasm_fail(r, "a function or tag of a type that does not exist");
	return r->wrong ? module_malformed(m, r) : 0;
}

static const char *const extern_names[WASM_EXTERNS] = {
	[WASM_FUNCTION] = "function",
	[WASM_TABLE] = "table",
	[WASM_MEMORY] = "memory",
	[WASM_GLOBAL] = "global",
	[WASM_TAG] = "tag",
};

static int read_import(struct module *m, struct wasm_reader *r, struct module_import *import)
{
	char module[REASON_NAME_SIZE], field[REASON_NAME_SIZE];

	import->module = wasm_name(r);
	import->field = wasm_name(r);
	uint8_t kind = wasm_byte(r);
	if (kind >= WASM_EXTERNS)
		wasm_fail(r, "an import of an unknown kind");
	if (r->wrong)
		return module_malformed(m, r);
	if (kind == WASM_FUNCTION)
		return read_type_index(m, r, &import->type);
	return reason_refuse(m->reason, "imports %s.%s, a %s: only functions can be imported",
		reason_name(module, import->module.text, import->module.size),
		reason_name(field, import->field.text, import->field.size), extern_names[kind]);
}

int section_imports(struct module *m, struct wasm_reader *r)
{
	uint32_t count;
	int refused = count_within(m, r, "imports", 0, m->limits->imports, &count);

	if (refused)
		return refused;
	m->imports = new_array(count, sizeof(*m->imports));
	if (!m->imports)
		return -ENOMEM;
	for (; m->imports_count < count && !refused; m->imports_count++)
		refused = read_import(m, r, &m->imports[m->imports_count]);
	return refused;
}

/* Also run when there is no such section: imports are functions as well. */
int section_functions(struct module *m, struct wasm_reader *r)
{
	uint32_t count = 0;
	int refused = m->has_section[WASM_FUNCTIONS]
			      ? count_within(m, r, "functions", m->imports_count,
					m->limits->functions, &count)
			      : 0;
	if (refused)
		return refused;
	size_t all = (size_t)m->imports_count + count;
	m->function_types = new_array(all, sizeof(*m->function_types));
	m->function_marks = new_array(all, sizeof(*m->function_marks));
	if (!m->function_types || !m->function_marks)
		return -ENOMEM;
	for (uint32_t i = 0; i < m->imports_count; i++)
		m->function_types[i] = m->imports[i].type;
	m->functions_count = m->imports_count;
	for (; m->functions_count < all && !refused; m->functions_count++)
		refused = read_type_index(m, r, &m->function_types[m->functions_count]);
	return refused;
}

/* Bits of the byte before a table's or a memory's size. */
enum {
	LIMITS_MAX = 1,
	LIMITS_SHARED = 2,
	LIMITS_64 = 4,
	LIMITS_PAGE_SIZE = 8,
	LIMITS_KNOWN = 15
};

/* What a size may ask for beyond what we have; NULL if nothing. */
static const char *limits_beyond(uint8_t flags)
{
	if (flags & LIMITS_SHARED)
		return "shared memory (threads)";
	if (flags & LIMITS_64)
		return "64-bit memories or tables";
	return flags & LIMITS_PAGE_SIZE ? "memories of another page size" : NULL;
}

static int read_limits(
	struct module *m, struct wasm_reader *r, bool *has_max, uint32_t *least, uint32_t *most)
{
	uint8_t flags = wasm_byte(r);

	if (flags > LIMITS_KNOWN)
		wasm_fail(r, "a size of an unknown form");
	if (r->wrong)
		return module_malformed(m, r);
	if (limits_beyond(flags))
		return reason_refuse(
			m->reason, "uses %s, which cannot be translated", limits_beyond(flags));
	*has_max = flags & LIMITS_MAX;
	*least = wasm_u32(r);
	*most = *has_max ? wasm_u32(r) : UINT32_MAX;
	if (!r->wrong && *least > *most)
		wasm_fail(r, "a size is larger than its maximum");
	return r->wrong ? module_malformed(m, r) : 0;
}

static int read_table(struct module *m, struct wasm_reader *r, struct module_table *table)
{
	int refused = module_value_type(m, r, &table->type);

	if (refused)
		return refused;
	if (table->type != WASM_FUNCREF && table->type != WASM_EXTERNREF)
		wasm_fail(r, "a table of a type that is no reference");
	if (r->wrong)
		return module_malformed(m, r);
	return read_limits(m, r, &table->has_max, &table->entries, &table->entries_max);
}

int section_tables(struct module *m, struct wasm_reader *r)
{
	uint32_t count, features = m->features;
	uint64_t entries = 0;
	int refused = count_within(m, r, "tables", 0, MODULE_TABLES_MAX, &count);

	for (; m->tables_count < count && !refused; m->tables_count++) {
		struct module_table *table = &m->tables[m->tables_count];
		refused = read_table(m, r, table);
		entries += table->entries;
		if (table->entries_max > m->limits->table_entries)
			table->entries_max = m->limits->table_entries;
	}
	if (refused)
		return refused;
	if (entries > m->limits->table_entries)
		return module_too_many(m, "table entries", entries, m->limits->table_entries);
	if (count == 1 && m->tables[0].type == WASM_FUNCREF)
		m->features =
			features; /* the one table of the first version is no new feature */
	return 0;
}

int section_memories(struct module *m, struct wasm_reader *r)
{
	uint32_t count;
	int refused = count_within(m, r, "memories", 0, 1, &count);

	if (refused || count == 0)
		return refused;
	refused = read_limits(m, r, &m->has_memory_max, &m->memory_pages, &m->memory_pages_max);
	if (refused)
		return refused;
	m->has_memory = true;
	if (m->has_memory_max && m->memory_pages_max > MEMORY_PAGES_MAX)
		return module_too_many(
			m, "memory pages at most", m->memory_pages_max, MEMORY_PAGES_MAX);
	if (m->memory_pages > MEMORY_PAGES_MAX)
		return module_too_many(m, "memory pages", m->memory_pages, MEMORY_PAGES_MAX);
	if (!m->has_memory_max)
		m->memory_pages_max = MEMORY_PAGES_MAX;
	return 0;
}

static int read_global(struct module *m, struct wasm_reader *r, struct module_global *global)
{
	uint8_t type;
	int refused = module_value_type(m, r, &type);

	if (refused)
		return refused;
	uint8_t is_mutable = wasm_byte(r);
	if (is_mutable > 1)
		wasm_fail(r, "a global of an unknown form");
	if (r->wrong)
		return module_malformed(m, r);
	global->is_mutable = is_mutable;
	return constant_read(m, r, type, &global->value);
}

int section_globals(struct module *m, struct wasm_reader *r)
{
	uint32_t count;
	int refused = count_within(m, r, "globals", 0, m->limits->globals, &count);

	if (refused)
		return refused;
	m->globals = new_array(count, sizeof(*m->globals));
	if (!m->globals)
		return -ENOMEM;
	/* counted one by one: a global may read those before it */
	for (; m->globals_count < count && !refused; m->globals_count++)
		refused = read_global(m, r, &m->globals[m->globals_count]);
	return refused;
}

static int read_export(struct module *m, struct wasm_reader *r, struct module_export *export)
{
	const uint32_t counts[WASM_EXTERNS] = {
		[WASM_FUNCTION] = m->functions_count,
		[WASM_TABLE] = m->tables_count,
		[WASM_MEMORY] = m->has_memory,
		[WASM_GLOBAL] = m->globals_count,
		[WASM_TAG] = m->tags_count,
	};

	export->name = wasm_name(r);
	export->kind = wasm_byte(r);
	export->index = wasm_u32(r);
	if (export->kind >= WASM_EXTERNS || export->index >= counts[export->kind])
		wasm_fail(r, "an export of something that does not exist");
	if (r->wrong)
		return module_malformed(m, r);
	if (export->kind == WASM_FUNCTION)
		m->function_marks[export->index] |= MODULE_FUNCTION_EXPORTED;
	return 0;
}

int section_exports(struct module *m, struct wasm_reader *r)
{
	uint32_t count;
	int refused = count_within(m, r, "exports", 0, m->limits->exports, &count);

	if (refused)
		return refused;
	m->exports = new_array(count, sizeof(*m->exports));
	if (!m->exports)
		return -ENOMEM;
	for (; m->exports_count < count && !refused; m->exports_count++)
		refused = read_export(m, r, &m->exports[m->exports_count]);
	return refused;
}

int section_start(struct module *m, struct wasm_reader *r)
{
	return module_function_index(m, r, &m->start);
}

static int check_element(struct module *m, struct wasm_reader *r, uint32_t index)
{
	struct segment_element element;
	int refused = segment_element_read(m, r, &element);

	for (uint32_t i = 0; !refused && i < element.count; i++) {
		struct constant item;
		refused = segment_item_read(m, r, &element, &item);
	}
	if (refused || element.mode != SEGMENT_ACTIVE)
		return refused;
	uint64_t end = (uint64_t)element.offset + element.count;
	if (end > m->tables[element.table].entries)
		return reason_refuse(m->reason,
			"element segment %u fills a table up to entry %llu, but the table has "
			"%u",
			index, (unsigned long long)end, m->tables[element.table].entries);
	return 0;
}

int section_elements(struct module *m, struct wasm_reader *r)
{
	uint32_t count;
	int refused = count_within(m, r, "element segments", 0, m->limits->elements, &count);

	for (; m->elements_count < count && !refused; m->elements_count++)
		refused = check_element(m, r, m->elements_count);
	return refused;
}

/* Comes before the code, so that code can be checked in one pass; the data itself comes last.
 */
int section_data_count(struct module *m, struct wasm_reader *r)
{
	m->data_count = wasm_u32(r);
	return r->wrong ? module_malformed(m, r) : 0;
}

static int read_body(struct module *m, struct wasm_reader *r, uint32_t index)
{
	uint32_t size = wasm_u32(r);
	struct wasm_reader body = wasm_part(r, size);

	if (r->wrong)
		return module_malformed(m, r);
	if (size > m->limits->function_bytes)
		return reason_refuse(m->reason,
			"function %u has %u bytes, more than the limit of %llu", index, size,
			(unsigned long long)m->limits->function_bytes);
	return code_walk(m, index, body);
}

/* Also run when there is no such section: there must be as many bodies as functions. */
int section_code(struct module *m, struct wasm_reader *r)
{
	uint32_t count = m->has_section[WASM_CODE] ? wasm_count(r) : 0;
	int refused = 0;

	if (!r->wrong && count != m->functions_count - m->imports_count)
		wasm_fail(r, "there are not as many bodies as functions");
	if (r->wrong)
		return module_malformed(m, r);
	for (uint32_t i = 0; i < count && !refused; i++)
		refused = read_body(m, r, m->imports_count + i);
	return refused;
}

static int check_data(struct module *m, struct wasm_reader *r, uint32_t index)
{
	struct segment_data data;
	int refused = segment_data_read(m, r, &data);

	if (refused || data.mode != SEGMENT_ACTIVE)
		return refused;
	uint64_t end = (uint64_t)data.offset + data.size;
	uint64_t memory_bytes = m->memory_pages * MEMORY_PAGE_BYTES;
	if (end > memory_bytes)
		return reason_refuse(m->reason,
			"data segment %u ends at byte %llu, beyond the memory's %llu", index,
			(unsigned long long)end, (unsigned long long)memory_bytes);
	return 0;
}

/* Also run when there is no such section: a data count may have promised segments. */
int section_data(struct module *m, struct wasm_reader *r)
{
	uint32_t count = 0;
	int refused = m->has_section[WASM_DATA] ? count_within(m, r, "data segments", 0,
							  m->limits->segments, &count)
						: 0;

	if (!refused && m->has_section[WASM_DATA_COUNT] && count != m->data_count)
		wasm_fail(r, "there are not as many data segments as the data count says");
	if (!refused && m->reads_data && !m->has_section[WASM_DATA_COUNT])
		wasm_fail(r, "code that names data segments needs a data count");
	if (r->wrong)
		return module_malformed(m, r);
	for (m->data_count = 0; m->data_count < count && !refused; m->data_count++)
		refused = check_data(m, r, m->data_count);
	return refused;
}

static int read_tag(struct module *m, struct wasm_reader *r, uint32_t *type)
{
	enum {
		FOR_EXCEPTIONS = 0,
		VALUE_BYTES_MAX = 32 /* a function reference, as the translator holds it */
	};

	if (wasm_byte(r) != FOR_EXCEPTIONS)
		wasm_fail(r, "a tag of an unknown form");
	int refused = r->wrong ? module_malformed(m, r) : read_type_index(m, r, type);
	if (refused)
		return refused;
	if (m->types[*type].results_count > 0)
		wasm_fail(r, "a tag of a type that has results");
	uint32_t bytes = VALUE_BYTES_MAX * m->types[*type].params_count;
	if (bytes > m->exception_bytes)
		m->exception_bytes = bytes;
	m->features |= FEATURE_EXCEPTIONS;
	return r->wrong ? module_malformed(m, r) : 0;
}

int section_tags(struct module *m, struct wasm_reader *r)
{
	uint32_t count;
	int refused = count_within(m, r, "tags", 0, m->limits->tags, &count);

	if (refused)
		return refused;
	m->tag_types = new_array(count, sizeof(*m->tag_types));
	if (!m->tag_types)
		return -ENOMEM;
	for (; m->tags_count < count && !refused; m->tags_count++)
		refused = read_tag(m, r, &m->tag_types[m->tags_count]);
	return refused;
}
