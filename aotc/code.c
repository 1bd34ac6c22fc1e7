#include "aotc/code.h"

struct walk {
	struct module *m;
	struct wasm_reader r;
	uint32_t function, nesting;
	uint64_t locals;
};

/* A row of an opcode table: reads the immediates. Rows left out have no read: unknown opcodes.
 */
struct op {
	int (*read)(struct walk *w);
	uint32_t feature;
	const char *never; /* what it is part of, if nobody can translate it */
};

static int none(struct walk *w)
{
	(void)w;
	return 0;
}

static int negation(struct walk *w)
{
	struct module *m = w->m;

	if (m->negations_count < m->limits->negations) {
		if (!m->negations)
			m->negations = calloc(m->limits->negations, sizeof *m->negations);
		if (!m->negations)
			return -ENOMEM;
		m->negations[m->negations_count] = (uint32_t)(w->r.at - 1 - m->bytes);
	}
	m->negations_count++;
	return 0;
}

static int enter(struct walk *w)
{
	if (w->nesting >= w->m->limits->nesting)
		return reason_refuse(w->m->reason,
			"function %u nests deeper than the limit of %u blocks", w->function,
			w->m->limits->nesting);
	w->nesting++;
	return 0;
}

/* A block's type: empty, one value type, or the index of a function type, as a signed number of
 * 33 bits. */
static int block(struct walk *w)
{
	uint8_t type;

	if (w->r.at != w->r.end && (*w->r.at & 0xc0) == 0x40) { /* one byte, negative */
		if (*w->r.at == WASM_EMPTY_BLOCK) {
			w->r.at++;
			return enter(w);
		}
		int refused = module_value_type(w->m, &w->r, &type);
		return refused ? refused : enter(w);
	}
	int64_t index = wasm_s33(&w->r);
	if (index < 0 || index >= w->m->types_count)
		wasm_fail(&w->r, "a block of a type that does not exist");
	w->m->features |= FEATURE_MULTI_VALUE;
	return enter(w);
}

static int end(struct walk *w)
{
	w->nesting--;
	return 0;
}

static int tag_index(struct walk *w)
{
	if (wasm_u32(&w->r) >= w->m->tags_count)
		wasm_fail(&w->r, "a tag that does not exist");
	return 0;
}

static int label(struct walk *w)
{
	if (wasm_u32(&w->r) >= w->nesting)
		wasm_fail(&w->r, "a branch to a block that does not exist");
	return 0;
}

/* Ends its try; the label is seen from outside of that. */
static int delegate(struct walk *w)
{
	w->nesting--;
	return label(w);
}

static int br_table(struct walk *w)
{
	uint32_t count = wasm_count(&w->r);

	if (count > w->m->limits->br_table)
		return reason_refuse(w->m->reason,
			"function %u has a branch table of %u targets, more than the limit of "
			"%u",
			w->function, count, w->m->limits->br_table);
	for (uint32_t i = 0; i <= count; i++)
		label(w);
	return 0;
}

/* An index that the translator's validator checks. */
static int any_index(struct walk *w)
{
	wasm_u32(&w->r);
	return 0;
}

static int function_index(struct walk *w)
{
	uint32_t function;

	return module_function_index(w->m, &w->r, &function);
}

static int ref_func(struct walk *w)
{
	uint32_t function;
	int refused = module_function_index(w->m, &w->r, &function);

	if (!refused)
		w->m->function_marks[function] |= MODULE_FUNCTION_REFERENCED;
	return refused;
}

/* The table's index was a zero byte before there could be several tables. */
static int call_indirect(struct walk *w)
{
	wasm_u32(&w->r);
	const uint8_t *byte = w->r.at;
	uint32_t table = wasm_u32(&w->r);
	if (!w->r.wrong && *byte != 0)
		w->m->features |= FEATURE_REFERENCE_TYPES;
	/* wasm2c would print a call of what is no function */
	if (table < w->m->tables_count && w->m->tables[table].type != WASM_FUNCREF)
		return reason_refuse(w->m->reason,
			"function %u: type mismatch: calls what is in table %u, which holds no "
			"functions",
			w->function, table);
	return 0;
}

static int memory_index(struct walk *w)
{
	if (wasm_u32(&w->r) != 0)
		return reason_refuse(w->m->reason,
			"function %u uses several memories, which cannot be translated",
			w->function);
	if (!w->m->has_memory)
		wasm_fail(&w->r, "an access to memory, but there is no memory");
	return 0;
}

static int memory_grow(struct walk *w)
{
	w->m->grows_memory = true;
	return memory_index(w);
}

/* Alignment, of which bit 6 announces a memory's index, and offset. */
static int memarg(struct walk *w)
{
	enum {
		HAS_MEMORY_INDEX = 64
	};
	uint32_t align = wasm_u32(&w->r);

	if (align & HAS_MEMORY_INDEX)
		return reason_refuse(w->m->reason,
			"function %u uses several memories, which cannot be translated",
			w->function);
	wasm_u32(&w->r);
	if (!w->m->has_memory)
		wasm_fail(&w->r, "an access to memory, but there is no memory");
	return 0;
}

static int memory_init(struct walk *w)
{
	w->m->reads_data = true;
	wasm_u32(&w->r);
	return memory_index(w);
}

static int memory_copy(struct walk *w)
{
	int refused = memory_index(w);

	return refused ? refused : memory_index(w);
}

static int data_drop(struct walk *w)
{
	w->m->reads_data = true;
	return any_index(w);
}

static int table_write(struct walk *w)
{
	w->m->writes_tables = true;
	return any_index(w);
}

static int table_write_from(struct walk *w)
{
	wasm_u32(&w->r);
	return table_write(w);
}

static int table_grow(struct walk *w)
{
	w->m->grows_tables = true;
	return table_write(w);
}

static int i32_const(struct walk *w)
{
	wasm_s32(&w->r);
	return 0;
}

static int i64_const(struct walk *w)
{
	wasm_s64(&w->r);
	return 0;
}

static int bytes(struct walk *w, size_t size)
{
	wasm_bytes(&w->r, size);
	return 0;
}

static int one_byte(struct walk *w)
{
	return bytes(w, 1);
}

static int four_bytes(struct walk *w)
{
	return bytes(w, 4);
}

static int eight_bytes(struct walk *w)
{
	return bytes(w, 8);
}

static int sixteen_bytes(struct walk *w)
{
	return bytes(w, 16);
}

static int memarg_lane(struct walk *w)
{
	int refused = memarg(w);

	return refused ? refused : bytes(w, 1);
}

static int typed_select(struct walk *w)
{
	uint8_t type;

	if (wasm_u32(&w->r) != 1)
		wasm_fail(&w->r, "a select of other than one type");
	return module_value_type(w->m, &w->r, &type);
}

static int reference_type(struct walk *w)
{
	uint8_t type;
	int refused = module_value_type(w->m, &w->r, &type);

	if (!refused && type != WASM_FUNCREF && type != WASM_EXTERNREF)
		wasm_fail(&w->r, "a null of a type that is no reference");
	return refused;
}

static int prefix_fc(struct walk *w);
static int prefix_simd(struct walk *w);

static const struct op ops[256] = {
	[0x00 ... 0x01] = { none },
	[0x02 ... 0x04] = { block },
	[0x05] = { none },
	[0x06] = { block, FEATURE_EXCEPTIONS },
	[0x07 ... 0x08] = { tag_index, FEATURE_EXCEPTIONS },
	[0x09] = { label, FEATURE_EXCEPTIONS },
	[0x0a] = { .never = "references to exceptions" },
	[0x0b] = { end },
	[0x0c ... 0x0d] = { label },
	[0x0e] = { br_table },
	[0x0f] = { none },
	[0x10] = { function_index },
	[0x11] = { call_indirect },
	[0x12] = { function_index, FEATURE_TAIL_CALLS },
	[0x13] = { call_indirect, FEATURE_TAIL_CALLS },
	[0x14 ... 0x15] = { .never = "typed function references" },
	[0x18] = { delegate, FEATURE_EXCEPTIONS },
	[0x19] = { none, FEATURE_EXCEPTIONS },
	[0x1a ... 0x1b] = { none },
	[0x1c] = { typed_select, FEATURE_REFERENCE_TYPES },
	[0x1f] = { .never = "exceptions of the newer form (try_table)" },
	[0x20 ... 0x24] = { any_index },
	[0x25] = { any_index, FEATURE_REFERENCE_TYPES },
	[0x26] = { table_write, FEATURE_REFERENCE_TYPES },
	[0x28 ... 0x3e] = { memarg },
	[0x3f] = { memory_index },
	[0x40] = { memory_grow },
	[0x41] = { i32_const },
	[0x42] = { i64_const },
	[0x43] = { four_bytes },
	[0x44] = { eight_bytes },
	[0x45 ... 0x8b] = { none },
	[WASM_OP_F32_NEG] = { negation },
	[0x8d ... 0x99] = { none },
	[WASM_OP_F64_NEG] = { negation },
	[0x9b ... 0xbf] = { none },
	[0xc0 ... 0xc4] = { none, FEATURE_SIGN_EXTENSION },
	[0xd0] = { reference_type, FEATURE_REFERENCE_TYPES },
	[0xd1] = { none, FEATURE_REFERENCE_TYPES },
	[0xd2] = { ref_func, FEATURE_REFERENCE_TYPES },
	[0xd3 ... 0xd6] = { .never = "typed or garbage-collected references" },
	[0xe0 ... 0xe6] = { .never = "stack switching" },
	[0xfb] = { .never = "garbage-collected types" },
	[0xfc] = { prefix_fc },
	[0xfd] = { prefix_simd, FEATURE_SIMD },
	[0xfe] = { .never = "threads" },
};

static const struct op fc_ops[] = {
	[0 ... 7] = { none, FEATURE_SATURATING_FLOAT },
	[8] = { memory_init, FEATURE_BULK_MEMORY },
	[9] = { data_drop, FEATURE_BULK_MEMORY },
	[10] = { memory_copy, FEATURE_BULK_MEMORY },
	[11] = { memory_index, FEATURE_BULK_MEMORY },
	[12] = { table_write_from, FEATURE_BULK_MEMORY },
	[13] = { any_index, FEATURE_BULK_MEMORY },
	[14] = { table_write_from, FEATURE_BULK_MEMORY },
	[15] = { table_grow, FEATURE_REFERENCE_TYPES },
	[16] = { any_index, FEATURE_REFERENCE_TYPES },
	[17] = { table_write, FEATURE_REFERENCE_TYPES },
	[18] = { .never = "memory.discard" },
	[19 ... 22] = { .never = "wide arithmetic" },
};

/* The gaps are opcodes that were given up before the feature was finished. */
static const struct op simd_ops[] = {
	[0x00 ... 0x0b] = { memarg },
	[0x0c ... 0x0d] = { sixteen_bytes },
	[0x0e ... 0x14] = { none },
	[0x15 ... 0x22] = { one_byte },
	[0x23 ... 0x53] = { none },
	[0x54 ... 0x5b] = { memarg_lane },
	[0x5c ... 0x5d] = { memarg },
	[0x5e ... 0x99] = { none },
	[0x9b ... 0xa1] = { none },
	[0xa3 ... 0xa4] = { none },
	[0xa7 ... 0xae] = { none },
	[0xb1] = { none },
	[0xb5 ... 0xba] = { none },
	[0xbc ... 0xc1] = { none },
	[0xc3 ... 0xc4] = { none },
	[0xc7 ... 0xce] = { none },
	[0xd1] = { none },
	[0xd5 ... 0xe1] = { none },
	[0xe3 ... 0xed] = { none },
	[0xef ... 0xff] = { none },
	[0x100 ... 0x113] = { .never = "relaxed SIMD" },
};

static int step(struct walk *w, const struct op *op, uint32_t prefix, uint32_t opcode)
{
	if (op && op->never)
		return reason_refuse(w->m->reason,
			"function %u uses %s, which cannot be translated", w->function,
			op->never);
	if (op && op->read) {
		w->m->features |= op->feature;
		return op->read(w);
	}
	if (prefix)
		return reason_refuse(w->m->reason,
			"function %u has an unknown opcode, 0x%02x 0x%02x", w->function, prefix,
			opcode);
	return reason_refuse(
		w->m->reason, "function %u has an unknown opcode, 0x%02x", w->function, opcode);
}

static int prefix_fc(struct walk *w)
{
	uint32_t opcode = wasm_u32(&w->r);

	if (w->r.wrong)
		return 0;
	return step(w, opcode < ARRAY_LEN(fc_ops) ? &fc_ops[opcode] : NULL, 0xfc, opcode);
}

static int prefix_simd(struct walk *w)
{
	uint32_t opcode = wasm_u32(&w->r);

	if (w->r.wrong)
		return 0;
	return step(w, opcode < ARRAY_LEN(simd_ops) ? &simd_ops[opcode] : NULL, 0xfd, opcode);
}

/* Parameters are locals too; they count, but come from the type. */
static int read_locals(struct walk *w)
{
	struct module *m = w->m;
	uint32_t groups = wasm_count(&w->r);

	w->locals = m->types[m->function_types[w->function]].params_count;
	for (uint32_t i = 0; i < groups && !w->r.wrong; i++) {
		uint8_t type;
		w->locals += wasm_u32(&w->r);
		int refused = module_value_type(m, &w->r, &type);
		if (refused)
			return refused;
		if (w->locals > m->limits->locals)
			return reason_refuse(m->reason,
				"function %u has %llu locals, more than the limit of %u",
				w->function, (unsigned long long)w->locals, m->limits->locals);
	}
	m->locals_total += w->locals;
	if (m->locals_total > m->limits->locals_total + m->size)
		return module_too_many(
			m, "locals in all", m->locals_total, m->limits->locals_total + m->size);
	return 0;
}

int code_walk(struct module *m, uint32_t function, struct wasm_reader body)
{
	struct walk w = { .m = m, .r = body, .function = function, .nesting = 1 };
	int refused = read_locals(&w);

	while (!refused && !w.r.wrong && w.nesting > 0) {
		const uint8_t *at = w.r.at;
		uint8_t opcode = wasm_byte(&w.r);
		if (!w.r.wrong && m->seen)
			m->seen(m->seen_context, at);
		if (!w.r.wrong)
			refused = step(&w, &ops[opcode], 0, opcode);
	}
	if (refused)
		return refused;
	if (!w.r.wrong && wasm_left(&w.r) > 0)
		wasm_fail(&w.r, "a function goes on after its end");
	return w.r.wrong ? module_malformed(m, &w.r) : 0;
}
