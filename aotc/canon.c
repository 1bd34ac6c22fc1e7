#include "aotc/canon.h"

#include <stdio.h>
#include <string.h>

#include "aotc/check.h"
#include "aotc/segment.h"

/* Out of memory is remembered, and looked at once at the end. */
struct writer {
	uint8_t *bytes;
	size_t size, room;
	bool failed;
};

static void put(struct writer *w, const void *bytes, size_t size)
{
	if (w->failed || size == 0)
		return;
	if (size > w->room - w->size) {
		size_t room = 2 * w->room + size;
		uint8_t *more = realloc(w->bytes, room);
		if (!more) {
			w->failed = true;
			return;
		}
		w->bytes = more;
		w->room = room;
	}
	memcpy(w->bytes + w->size, bytes, size);
	w->size += size;
}

static void put_byte(struct writer *w, uint8_t byte)
{
	put(w, &byte, 1);
}

static void put_u32(struct writer *w, uint32_t value)
{
	for (; value >= 0x80; value >>= 7)
		put_byte(w, (uint8_t)(value | 0x80));
	put_byte(w, (uint8_t)value);
}

static void put_signed(struct writer *w, int64_t value)
{
	while (value < -64 || value > 63) {
		put_byte(w, (uint8_t)((value & 0x7f) | 0x80));
		value >>= 7;
	}
	put_byte(w, (uint8_t)(value & 0x7f));
}

static void put_name(struct writer *w, const char *name)
{
	put_u32(w, (uint32_t)strlen(name));
	put(w, name, strlen(name));
}

static void put_constant(struct writer *w, const struct constant *c)
{
	switch (c->type) {
	case WASM_I32:
		put_byte(w, WASM_OP_I32_CONST);
		put_signed(w, (int32_t)c->i32);
		break;
	case WASM_I64:
		put_byte(w, WASM_OP_I64_CONST);
		put_signed(w, (int64_t)c->i64);
		break;
	case WASM_F32:
		put_byte(w, WASM_OP_F32_CONST);
		put(w, c->bytes, 4);
		break;
	case WASM_F64:
		put_byte(w, WASM_OP_F64_CONST);
		put(w, c->bytes, 8);
		break;
	case WASM_V128:
		put(w, (const uint8_t[]){ WASM_OP_SIMD, WASM_OP_V128_CONST }, 2);
		put(w, c->bytes, 16);
		break;
	default:
		put_byte(w, c->null ? WASM_OP_REF_NULL : WASM_OP_REF_FUNC);
		if (c->null)
			put_byte(w, c->type);
		else
			put_u32(w, c->i32);
	}
	put_byte(w, WASM_OP_END);
}

/* What the sections are written from and into. A section whose function writes nothing is left
 * out. */
struct job {
	struct module *m;
	const uint32_t *rows;
	uint32_t start, spelled; /* negations so far */
	struct writer w;
};

static int write_types(struct job *job)
{
	const struct module *m = job->m;

	if (m->types_count == 0)
		return 0;
	put_u32(&job->w, m->types_count);
	for (uint32_t i = 0; i < m->types_count; i++) {
		const struct module_type *type = &m->types[i];
		put_byte(&job->w, WASM_FUNCTION_TYPE);
		put_u32(&job->w, type->params_count);
		put(&job->w, type->params, type->params_count);
		put_u32(&job->w, type->results_count);
		put(&job->w, type->results, type->results_count);
	}
	return 0;
}

static int write_imports(struct job *job)
{
	char field[16];

	if (job->m->imports_count == 0)
		return 0;
	put_u32(&job->w, job->m->imports_count);
	for (uint32_t i = 0; i < job->m->imports_count; i++) {
		if (job->rows[i] == CHECK_UNKNOWN)
			snprintf(field, sizeof(field), "u%u", i);
		else
			snprintf(field, sizeof(field), "i%u", job->rows[i]);
		put_name(&job->w, "h");
		put_name(&job->w, field);
		put_byte(&job->w, WASM_FUNCTION);
		put_u32(&job->w, job->m->imports[i].type);
	}
	return 0;
}

static int write_functions(struct job *job)
{
	const struct module *m = job->m;

	if (m->functions_count == m->imports_count)
		return 0;
	put_u32(&job->w, m->functions_count - m->imports_count);
	for (uint32_t i = m->imports_count; i < m->functions_count; i++)
		put_u32(&job->w, m->function_types[i]);
	return 0;
}

/* Always with a maximum, so that it is no question what the translator makes of none. */
static void put_limits(struct writer *w, uint32_t least, uint32_t most)
{
	enum {
		HAS_MAXIMUM = 1
	};

	put_byte(w, HAS_MAXIMUM);
	put_u32(w, least);
	put_u32(w, most);
}

static int write_tables(struct job *job)
{
	if (job->m->tables_count == 0)
		return 0;
	put_u32(&job->w, job->m->tables_count);
	for (uint32_t i = 0; i < job->m->tables_count; i++) {
		put_byte(&job->w, job->m->tables[i].type);
		put_limits(&job->w, job->m->tables[i].entries, job->m->tables[i].entries_max);
	}
	return 0;
}

static int write_memory(struct job *job)
{
	if (!job->m->has_memory)
		return 0;
	put_u32(&job->w, 1);
	put_limits(&job->w, job->m->memory_pages, job->m->memory_pages_max);
	return 0;
}

static int write_tags(struct job *job)
{
	enum {
		FOR_EXCEPTIONS = 0
	};

	if (job->m->tags_count == 0)
		return 0;
	put_u32(&job->w, job->m->tags_count);
	for (uint32_t i = 0; i < job->m->tags_count; i++) {
		put_byte(&job->w, FOR_EXCEPTIONS);
		put_u32(&job->w, job->m->tag_types[i]);
	}
	return 0;
}

static int write_globals(struct job *job)
{
	if (job->m->globals_count == 0)
		return 0;
	put_u32(&job->w, job->m->globals_count);
	for (uint32_t i = 0; i < job->m->globals_count; i++) {
		const struct module_global *global = &job->m->globals[i];
		put_byte(&job->w, global->value.type);
		put_byte(&job->w, global->is_mutable);
		put_constant(&job->w, &global->value);
	}
	return 0;
}

static int write_export(struct job *job)
{
	put_u32(&job->w, 1);
	put_name(&job->w, "e0");
	put_byte(&job->w, WASM_FUNCTION);
	put_u32(&job->w, job->start);
	return 0;
}

static int write_start(struct job *job)
{
	if (job->m->has_section[WASM_START])
		put_u32(&job->w, job->m->start);
	return 0;
}

enum {
	KIND_FUNCTION = 0
};

static void put_element_header(struct writer *w, const struct segment_element *e)
{
	put_u32(w, e->flags);
	if (e->mode == SEGMENT_ACTIVE) {
		if (e->flags & SEGMENT_EXPLICIT)
			put_u32(w, e->table);
		put_constant(w, &(struct constant){ .type = WASM_I32, .i32 = e->offset });
	}
	if (e->flags & SEGMENT_DECLARED_FLAGS)
		put_byte(w, e->flags & SEGMENT_EXPRESSIONS ? e->type : KIND_FUNCTION);
	put_u32(w, e->count);
}

static int write_element(struct job *job, struct wasm_reader *r)
{
	struct segment_element e;
	int refused = segment_element_read(job->m, r, &e);

	if (refused)
		return refused;
	put_element_header(&job->w, &e);
	for (uint32_t i = 0; i < e.count && !refused; i++) {
		struct constant item;
		refused = segment_item_read(job->m, r, &e, &item);
		if (!refused && e.flags & SEGMENT_EXPRESSIONS)
			put_constant(&job->w, &item);
		else if (!refused)
			put_u32(&job->w, item.i32);
	}
	return refused;
}

/* Code may take a reference of a function only if something declares it, and an export, which
 * is dropped, may have. */
static bool lost_declaration(const struct module *m, uint32_t function)
{
	const uint8_t both = MODULE_FUNCTION_EXPORTED | MODULE_FUNCTION_REFERENCED;

	return (m->function_marks[function] & both) == both;
}

static uint32_t count_lost_declarations(const struct module *m)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < m->functions_count; i++)
		count += lost_declaration(m, i);
	return count;
}

static void put_lost_declarations(struct writer *w, const struct module *m, uint32_t count)
{
	put_element_header(w, &(struct segment_element){ .flags = SEGMENT_DECLARED_FLAGS,
				      .mode = SEGMENT_DECLARED,
				      .count = count });
	for (uint32_t i = 0; i < m->functions_count; i++)
		if (lost_declaration(m, i))
			put_u32(w, i);
}

static int write_elements(struct job *job)
{
	uint32_t lost = count_lost_declarations(job->m);
	struct wasm_reader r = job->m->sections[WASM_ELEMENTS];
	int refused = 0;

	if (job->m->elements_count == 0 && lost == 0)
		return 0;
	if (job->m->elements_count > 0)
		wasm_count(&r);
	put_u32(&job->w, job->m->elements_count + (lost > 0));
	for (uint32_t i = 0; i < job->m->elements_count && !refused; i++)
		refused = write_element(job, &r);
	if (!refused && lost > 0) /* last, so that no other changes its index */
		put_lost_declarations(&job->w, job->m, lost);
	return refused;
}

static int write_data_count(struct job *job)
{
	if (job->m->reads_data)
		put_u32(&job->w, job->m->data_count);
	return 0;
}

/* As integers: reinterpret, xor with the sign, reinterpret. */
static const struct spelling {
	uint8_t bytes[16];
	uint32_t size;
} negations[] = {
	{ { 0xbc, WASM_OP_I32_CONST, 0x80, 0x80, 0x80, 0x80, 0x78, 0x73, 0xbe }, 9 },
	{ { 0xbd, WASM_OP_I64_CONST, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f,
		  0x85, 0xbf },
		14 },
};

static const struct spelling *spelling_of(uint8_t opcode)
{
	return &negations[opcode == WASM_OP_F64_NEG];
}

/* How many of the negations noted lie in the next size bytes, and by how much they grow. */
static uint32_t count_negations(
	const struct job *job, const uint8_t *body, uint32_t size, uint32_t *more)
{
	const struct module *m = job->m;
	uint32_t noted = m->negations_count, i = job->spelled;

	if (noted > m->limits->negations)
		noted = m->limits->negations;
	for (; i < noted && m->bytes + m->negations[i] < body + size; i++)
		*more += spelling_of(m->bytes[m->negations[i]])->size - 1;
	return i - job->spelled;
}

static void write_body(struct job *job, const uint8_t *body, uint32_t size)
{
	const uint8_t *end = body + size;
	uint32_t more = 0, count = count_negations(job, body, size, &more);

	put_u32(&job->w, size + more);
	for (; count > 0; count--) {
		const uint8_t *at = job->m->bytes + job->m->negations[job->spelled++];
		const struct spelling *spelling = spelling_of(*at);
		put(&job->w, body, (size_t)(at - body));
		put(&job->w, spelling->bytes, spelling->size);
		body = at + 1;
	}
	put(&job->w, body, (size_t)(end - body));
}

static int write_code(struct job *job)
{
	struct wasm_reader r = job->m->sections[WASM_CODE];
	uint32_t count = job->m->functions_count - job->m->imports_count;

	if (count == 0)
		return 0;
	wasm_count(&r);
	put_u32(&job->w, count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t size = wasm_u32(&r);
		write_body(job, wasm_bytes(&r, size), size);
	}
	return 0;
}

/* An active segment is gone once it was copied into memory: for code that names it, it is an
 * empty one. */
static int write_data(struct job *job)
{
	enum {
		PASSIVE = 1
	};
	const struct module *m = job->m;
	struct wasm_reader r = m->sections[WASM_DATA];
	uint64_t passive_bytes = 0;

	if (!m->reads_data)
		return 0;
	if (m->data_count > 0)
		wasm_count(&r);
	put_u32(&job->w, m->data_count);
	for (uint32_t i = 0; i < m->data_count; i++) {
		struct segment_data data;
		int refused = segment_data_read(job->m, &r, &data);
		if (refused)
			return refused;
		uint32_t kept = data.mode == SEGMENT_PASSIVE ? data.size : 0;
		passive_bytes += kept;
		if (passive_bytes > m->limits->passive_bytes)
			return module_too_many(m, "bytes of passive data", passive_bytes,
				m->limits->passive_bytes);
		put_u32(&job->w, PASSIVE);
		put_u32(&job->w, kept);
		put(&job->w, data.bytes, kept);
	}
	return 0;
}

static const struct {
	enum wasm_section section;
	int (*write)(struct job *job);
} sections[] = {
	{ WASM_TYPES, write_types },
	{ WASM_IMPORTS, write_imports },
	{ WASM_FUNCTIONS, write_functions },
	{ WASM_TABLES, write_tables },
	{ WASM_MEMORIES, write_memory },
	{ WASM_TAGS, write_tags },
	{ WASM_GLOBALS, write_globals },
	{ WASM_EXPORTS, write_export },
	{ WASM_START, write_start },
	{ WASM_ELEMENTS, write_elements },
	{ WASM_DATA_COUNT, write_data_count },
	{ WASM_CODE, write_code },
	{ WASM_DATA, write_data },
};

/* A section's size stands before it: room for a number's longest form is left, and filled in
 * afterwards. */
enum {
	SIZE_BYTES = 5
};

static void fill_in(uint8_t at[SIZE_BYTES], size_t size)
{
	for (size_t i = 0; i < SIZE_BYTES; i++)
		at[i] = (uint8_t)((size >> (7 * i) & 0x7f) | (i + 1 < SIZE_BYTES ? 0x80 : 0));
}

static int write_section(struct job *job, size_t row)
{
	static const uint8_t room[SIZE_BYTES];
	struct writer *w = &job->w;

	put_byte(w, (uint8_t)sections[row].section);
	put(w, room, sizeof(room));
	size_t begun = w->size;
	int r = sections[row].write(job);
	if (r || w->failed)
		return r ? r : -ENOMEM;
	if (w->size == begun)
		w->size = begun - SIZE_BYTES - 1;
	else
		fill_in(w->bytes + begun - SIZE_BYTES, w->size - begun);
	return 0;
}

int canon_write(struct module *m, const uint32_t *rows, uint32_t start, struct canon *out)
{
	static const uint8_t header[8] = { 0, 'a', 's', 'm', 1 };
	struct job job = { .m = m, .rows = rows, .start = start };
	int r = 0;

	put(&job.w, header, sizeof(header));
	for (size_t i = 0; i < ARRAY_LEN(sections) && !r; i++)
		r = write_section(&job, i);
	if (r)
		free(job.w.bytes);
	else
		*out = (struct canon){ job.w.bytes, job.w.size };
	return r;
}
