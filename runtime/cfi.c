#include "runtime/cfi.h"

#include <string.h>

#define STATES_MAX   8u   /* remembered at once; compilers need one or two */
#define OPERANDS     16u  /* of an expression, at once */
#define STEPS_MAX    64u  /* of an expression */
#define PCREL_SDATA4 0x1b /* the one encoding of addresses that compilers use here */

/* ---- reading ---- */

/* Past the end it answers 0, and stays `wrong`. */
struct cursor {
	const uint8_t *at, *end;
	bool wrong;
};

static bool take(struct cursor *c, void *to, size_t bytes)
{
	memset(to, 0, bytes);
	if (c->wrong || (size_t)(c->end - c->at) < bytes) {
		c->wrong = true;
		return false;
	}
	memcpy(to, c->at, bytes);
	c->at += bytes;
	return true;
}

static uint64_t take_unsigned(struct cursor *c, size_t bytes)
{
	uint64_t value = 0;

	take(c, &value, sizeof(value) < bytes ? sizeof(value) : bytes);
	return value;
}

static int64_t take_signed(struct cursor *c, size_t bytes)
{
	unsigned int spare = 64 - 8 * (unsigned int)bytes;

	return (int64_t)(take_unsigned(c, bytes) << spare) >> spare;
}

/* A LEB128 number; what does not fit into 64 bits is cut. */
static uint64_t take_leb(struct cursor *c, bool is_signed)
{
	uint64_t value = 0;
	uint8_t byte = 0x80;
	unsigned int shift = 0;

	for (; !c->wrong && byte & 0x80; shift += 7) {
		byte = (uint8_t)take_unsigned(c, 1);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
	}
	if (is_signed && byte & 0x40 && shift < 64)
		value |= ~0ull << shift;
	return value;
}

static uint64_t take_uleb(struct cursor *c)
{
	return take_leb(c, false);
}

static int64_t take_sleb(struct cursor *c)
{
	return (int64_t)take_leb(c, true);
}

/* The next `bytes` of it, which it then has behind it. */
static struct cursor part(struct cursor *c, uint64_t bytes)
{
	struct cursor inner = { c->at, c->at, c->wrong };

	if (c->wrong || bytes > (uint64_t)(c->end - c->at)) {
		c->wrong = inner.wrong = true;
		return inner;
	}
	c->at += bytes;
	inner.end = c->at;
	return inner;
}

/* Other functions' frames are read here, whatever a sanitizer thinks of that. */
__attribute__((no_sanitize_address)) bool cfi_stack_word(
	const struct cfi *cfi, uint64_t address, uint64_t *word)
{
	struct unaligned {
		uint64_t word;
	} __attribute__((packed));

	if (address < cfi->stack_low || address > cfi->stack_high ||
		cfi->stack_high - address < sizeof(*word))
		return false;
	*word = ((const struct unaligned *)address)->word;
	return true;
}

/* Where a register of the caller is. */
enum rule_kind {
	RULE_SAME,
	RULE_UNDEFINED,
	RULE_OFFSET, /* saved at the frame's address plus n */
	RULE_VALUE,  /* is the frame's address plus n */
	RULE_REGISTER,
	RULE_EXPRESSION, /* saved at what an expression says */
	RULE_VALUE_EXPRESSION,
};

struct rule {
	enum rule_kind kind;
	uint32_t program_bytes;
	union {
		int64_t n;              /* offset, or register */
		const uint8_t *program; /* an expression */
	};
};

/* ---- expressions ---- */

struct machine {
	const struct cfi *cfi;
	const struct cfi_registers *registers;
	uint64_t stack[OPERANDS];
	uint32_t depth;
	bool wrong;
};

static void push(struct machine *m, uint64_t value)
{
	if (m->depth == OPERANDS)
		m->wrong = true;
	else
		m->stack[m->depth++] = value;
}

static uint64_t pop(struct machine *m)
{
	if (m->depth == 0) {
		m->wrong = true;
		return 0;
	}
	return m->stack[--m->depth];
}

enum {
	OP_DEREF = 0x06,
	OP_CONST1U = 0x08,
	OP_CONST1S,
	OP_CONST2U,
	OP_CONST2S,
	OP_CONST4U,
	OP_CONST4S,
	OP_AND = 0x1a,
	OP_MINUS = 0x1c,
	OP_PLUS = 0x22,
	OP_PLUS_UCONST,
	OP_SHL,
	OP_GE = 0x2a,
	OP_LIT0 = 0x30,
	OP_LIT31 = 0x4f,
	OP_BREG0 = 0x70,
	OP_BREG31 = 0x8f,
};

static void dereference(struct machine *m)
{
	uint64_t word = 0;

	if (!cfi_stack_word(m->cfi, pop(m), &word))
		m->wrong = true;
	push(m, word);
}

static void of_two(struct machine *m, uint8_t op)
{
	uint64_t right = pop(m), left = pop(m);

	switch (op) {
	case OP_AND:
		return push(m, left & right);
	case OP_MINUS:
		return push(m, left - right);
	case OP_PLUS:
		return push(m, left + right);
	case OP_SHL:
		return push(m, right < 64 ? left << right : 0);
	default:
		return push(m, (int64_t)left >= (int64_t)right);
	}
}

/* The few operations that compilers print for a realigned stack, and linkers for a PLT. */
static void operate(struct machine *m, struct cursor *c)
{
	uint8_t op = (uint8_t)take_unsigned(c, 1);

	if (op >= OP_LIT0 && op <= OP_LIT31)
		return push(m, op - OP_LIT0);
	if (op >= OP_BREG0 && op <= OP_BREG31) {
		uint32_t of = op - OP_BREG0;
		int64_t offset = take_sleb(c);

		m->wrong |= of >= CFI_REGISTERS;
		return push(m, m->wrong ? 0 : m->registers->at[of] + (uint64_t)offset);
	}
	switch (op) {
	case OP_DEREF:
		return dereference(m);
	case OP_CONST1U:
	case OP_CONST2U:
	case OP_CONST4U:
		return push(m, take_unsigned(c, 1u << (op - OP_CONST1U) / 2));
	case OP_CONST1S:
	case OP_CONST2S:
	case OP_CONST4S:
		return push(m, (uint64_t)take_signed(c, 1u << (op - OP_CONST1S) / 2));
	case OP_PLUS_UCONST:
		return push(m, pop(m) + take_uleb(c));
	case OP_AND:
	case OP_MINUS:
	case OP_PLUS:
	case OP_SHL:
	case OP_GE:
		return of_two(m, op);
	default:
		m->wrong = true;
	}
}

/* first: what is on the stack before, if anything. */
static bool evaluate(const struct cfi *cfi, const struct cfi_registers *registers,
	const struct rule *rule, const uint64_t *first, uint64_t *value)
{
	struct machine m = { .cfi = cfi, .registers = registers };
	struct cursor c = { rule->program, rule->program + rule->program_bytes, false };

	if (first)
		push(&m, *first);
	for (uint32_t n = 0; c.at < c.end && !m.wrong && !c.wrong; n++) {
		if (n == STEPS_MAX)
			return false;
		operate(&m, &c);
	}
	*value = pop(&m);
	return !m.wrong && !c.wrong;
}

/* ---- rows ---- */

struct row {
	struct rule frame; /* RULE_REGISTER: `base` plus n; or RULE_VALUE_EXPRESSION */
	uint64_t base;
	struct rule registers[CFI_REGISTERS];
};

/* What a description (FDE) and what is common to several (CIE) say. */
struct entry {
	uint64_t code_align, start, bytes;
	int64_t data_align;
	struct cursor common, own; /* instructions */
};

struct program {
	const struct entry *entry;
	struct row row, first; /* first: after the common instructions */
	struct row saved[STATES_MAX];
	uint32_t saved_count;
	uint64_t place; /* that the row holds for */
	bool wrong;
};

/* Numbers beyond those we keep (vectors) are read and forgotten. */
static void set_rule(struct program *p, uint64_t of, enum rule_kind kind, int64_t n)
{
	if (of < CFI_REGISTERS)
		p->row.registers[of] = (struct rule){ .kind = kind, .n = n };
}

static struct rule expression(struct cursor *c, enum rule_kind kind)
{
	struct cursor program = part(c, take_uleb(c));

	return (struct rule){ .kind = kind,
		.program_bytes = (uint32_t)(program.end - program.at),
		.program = program.at };
}

static void set_expression(struct program *p, struct cursor *c, enum rule_kind kind)
{
	uint64_t of = take_uleb(c);
	struct rule rule = expression(c, kind);

	if (of < CFI_REGISTERS)
		p->row.registers[of] = rule;
}

static void restore_rule(struct program *p, uint64_t of)
{
	if (of < CFI_REGISTERS)
		p->row.registers[of] = p->first.registers[of];
}

static void define_frame(struct program *p, uint64_t base, int64_t offset)
{
	p->wrong |= base >= CFI_REGISTERS;
	p->row.frame = (struct rule){ .kind = RULE_REGISTER, .n = offset };
	p->row.base = base;
}

static void remember(struct program *p)
{
	if (p->saved_count == STATES_MAX)
		p->wrong = true;
	else
		p->saved[p->saved_count++] = p->row;
}

static void recall(struct program *p)
{
	if (p->saved_count == 0)
		p->wrong = true;
	else
		p->row = p->saved[--p->saved_count];
}

enum { /* of the upper two bits; the lower six are an operand */
	CFA_ADVANCE = 1,
	CFA_OFFSET,
	CFA_RESTORE,
};

enum {
	CFA_NOP,
	CFA_SET_PLACE,
	CFA_ADVANCE1,
	CFA_ADVANCE2,
	CFA_ADVANCE4,
	CFA_OFFSET_EXTENDED,
	CFA_RESTORE_EXTENDED,
	CFA_UNDEFINED,
	CFA_SAME,
	CFA_REGISTER,
	CFA_REMEMBER,
	CFA_RECALL,
	CFA_FRAME,
	CFA_FRAME_REGISTER,
	CFA_FRAME_OFFSET,
	CFA_FRAME_EXPRESSION,
	CFA_EXPRESSION,
	CFA_OFFSET_EXTENDED_SIGNED,
	CFA_FRAME_SIGNED,
	CFA_FRAME_OFFSET_SIGNED,
	CFA_VALUE_OFFSET,
	CFA_VALUE_OFFSET_SIGNED,
	CFA_VALUE_EXPRESSION,
	CFA_GNU_ARGUMENTS = 0x2e,
};

static int64_t scaled(struct program *p, int64_t units)
{
	int64_t n;

	p->wrong |= __builtin_mul_overflow(units, p->entry->data_align, &n);
	return n;
}

/* A rule for a register, at so many units of data_align. */
static void offset_rule(struct program *p, uint64_t of, enum rule_kind kind, int64_t units)
{
	set_rule(p, of, kind, scaled(p, units));
}

/* The instructions that say where the frame is. */
static void execute_frame(struct program *p, struct cursor *c, uint8_t op)
{
	uint64_t of;

	switch (op) {
	case CFA_FRAME:
		of = take_uleb(c);
		return define_frame(p, of, (int64_t)take_uleb(c));
	case CFA_FRAME_SIGNED:
		of = take_uleb(c);
		return define_frame(p, of, scaled(p, take_sleb(c)));
	case CFA_FRAME_REGISTER:
		return define_frame(p, take_uleb(c), p->row.frame.n);
	case CFA_FRAME_OFFSET:
		return define_frame(p, p->row.base, (int64_t)take_uleb(c));
	case CFA_FRAME_OFFSET_SIGNED:
		return define_frame(p, p->row.base, scaled(p, take_sleb(c)));
	case CFA_FRAME_EXPRESSION:
		p->row.frame = expression(c, RULE_VALUE_EXPRESSION);
		return;
	default:
		p->wrong = true;
	}
}

/* The instructions that say where a register is. */
static void execute_rule(struct program *p, struct cursor *c, uint8_t op)
{
	if (op == CFA_EXPRESSION || op == CFA_VALUE_EXPRESSION)
		return set_expression(
			p, c, op == CFA_EXPRESSION ? RULE_EXPRESSION : RULE_VALUE_EXPRESSION);
	uint64_t of = take_uleb(c);
	switch (op) {
	case CFA_OFFSET_EXTENDED:
		return offset_rule(p, of, RULE_OFFSET, (int64_t)take_uleb(c));
	case CFA_OFFSET_EXTENDED_SIGNED:
		return offset_rule(p, of, RULE_OFFSET, take_sleb(c));
	case CFA_VALUE_OFFSET:
		return offset_rule(p, of, RULE_VALUE, (int64_t)take_uleb(c));
	case CFA_VALUE_OFFSET_SIGNED:
		return offset_rule(p, of, RULE_VALUE, take_sleb(c));
	case CFA_RESTORE_EXTENDED:
		return restore_rule(p, of);
	case CFA_UNDEFINED:
		return set_rule(p, of, RULE_UNDEFINED, 0);
	case CFA_SAME:
		return set_rule(p, of, RULE_SAME, 0);
	case CFA_REGISTER:
		return set_rule(p, of, RULE_REGISTER, (int64_t)take_uleb(c));
	default:
		return execute_frame(p, c, op);
	}
}

static void advance(struct program *p, uint64_t units)
{
	p->wrong |= __builtin_mul_overflow(units, p->entry->code_align, &units) ||
		    __builtin_add_overflow(p->place, units, &p->place);
}

static void execute(struct program *p, struct cursor *c)
{
	uint8_t byte = (uint8_t)take_unsigned(c, 1), low = byte & 0x3f;

	switch (byte >> 6) {
	case CFA_ADVANCE:
		return advance(p, low);
	case CFA_OFFSET:
		return offset_rule(p, low, RULE_OFFSET, (int64_t)take_uleb(c));
	case CFA_RESTORE:
		return restore_rule(p, low);
	}
	switch (byte) {
	case CFA_NOP:
		return;
	case CFA_ADVANCE1:
	case CFA_ADVANCE2:
	case CFA_ADVANCE4:
		return advance(p, take_unsigned(c, 1u << (byte - CFA_ADVANCE1)));
	case CFA_REMEMBER:
		return remember(p);
	case CFA_RECALL:
		return recall(p);
	case CFA_GNU_ARGUMENTS:
		(void)take_uleb(c);
		return;
	case CFA_FRAME:
	case CFA_FRAME_REGISTER:
	case CFA_FRAME_OFFSET:
	case CFA_FRAME_EXPRESSION:
	case CFA_FRAME_SIGNED:
	case CFA_FRAME_OFFSET_SIGNED:
		return execute_frame(p, c, byte);
	default:
		return execute_rule(p, c, byte);
	}
}

/* The row for a place: the last one that begins at it or before. */
static bool find_row(struct program *p, uint64_t place)
{
	struct cursor c = p->entry->common;

	p->place = p->entry->start;
	while (c.at < c.end && !c.wrong && !p->wrong)
		execute(p, &c);
	p->wrong |= c.wrong || p->place != p->entry->start;
	p->first = p->row;
	c = p->entry->own;
	while (c.at < c.end && !c.wrong && !p->wrong) {
		execute(p, &c);
		if (p->place > place) /* that was an advance, and changed nothing else */
			return true;
	}
	return !c.wrong && !p->wrong;
}

/* ---- the table ---- */

/* The next record's body, behind its length; at most what lasts until the table's end. */
static bool next_record(struct cursor *table, struct cursor *body, const uint8_t **id_at)
{
	uint64_t bytes = take_unsigned(table, 4);

	if (bytes == 0 ||
		bytes >= 0xfffffff0) /* the end; or 64 bits long, which nobody makes */
		return false;
	*body = part(table, bytes);
	*id_at = body->at;
	return !body->wrong;
}

static bool read_common(struct cursor c, struct entry *e)
{
	char letters[8] = "";
	bool known = false;

	if (take_unsigned(&c, 4) != 0 || take_unsigned(&c, 1) != 1)
		return false;
	for (size_t n = 0; n < sizeof(letters); n++) {
		letters[n] = (char)take_unsigned(&c, 1);
		if (!letters[n])
			break;
	}
	e->code_align = take_uleb(&c);
	e->data_align = take_sleb(&c);
	if (take_unsigned(&c, 1) != CFI_RIP || letters[0] != 'z' || letters[7])
		return false;
	struct cursor augmentation = part(&c, take_uleb(&c));
	for (const char *letter = letters + 1; *letter; letter++)
		if (*letter == 'R')
			known = take_unsigned(&augmentation, 1) == PCREL_SDATA4;
		else
			return false; /* of languages with exceptions */
	e->common = c;
	return known && !c.wrong && !augmentation.wrong;
}

/* A description of the function that holds the place? Its common part is `back` bytes before
 * its own id. */
static bool read_own(const struct cfi *cfi, struct cursor c, uint64_t place, struct entry *e)
{
	const uint8_t *id_at = c.at;
	uint64_t back = take_unsigned(&c, 4);
	const uint8_t *start_at = c.at;
	int64_t start = take_signed(&c, 4);

	e->bytes = take_unsigned(&c, 4);
	e->start = (uint64_t)start_at + (uint64_t)start;
	if (c.wrong || back == 0 || place - e->start >= e->bytes ||
		back > (uint64_t)(id_at - cfi->table))
		return false;
	struct cursor table = { id_at - back, cfi->table + cfi->table_bytes, false }, common;
	if (!next_record(&table, &common, &id_at) || !read_common(common, e))
		return false;
	(void)part(&c, take_uleb(&c)); /* augmentation: nothing of ours */
	e->own = c;
	return !c.wrong;
}

static bool find_entry(const struct cfi *cfi, uint64_t place, struct entry *out)
{
	struct cursor table = { cfi->table, cfi->table + cfi->table_bytes, false }, body;
	const uint8_t *id_at;

	while (table.at < table.end && next_record(&table, &body, &id_at)) {
		*out = (struct entry){ 0 };
		if (read_own(cfi, body, place, out))
			return true;
	}
	return false;
}

/* ---- one step ---- */

static bool frame_of(const struct cfi *cfi, const struct row *row,
	const struct cfi_registers *registers, uint64_t *frame)
{
	if (row->frame.kind == RULE_REGISTER) {
		*frame = registers->at[row->base] + (uint64_t)row->frame.n;
		return true;
	}
	return row->frame.kind == RULE_VALUE_EXPRESSION &&
	       evaluate(cfi, registers, &row->frame, NULL, frame);
}

static bool value_of(const struct cfi *cfi, const struct rule *rule, uint64_t frame,
	const struct cfi_registers *registers, uint64_t *value)
{
	uint64_t at;

	switch (rule->kind) {
	case RULE_SAME:
	case RULE_UNDEFINED:
		return true; /* as it was: where it means nothing it is not asked for */
	case RULE_OFFSET:
		return cfi_stack_word(cfi, frame + (uint64_t)rule->n, value);
	case RULE_VALUE:
		*value = frame + (uint64_t)rule->n;
		return true;
	case RULE_REGISTER:
		if (rule->n < 0 || rule->n >= CFI_REGISTERS)
			return false;
		*value = registers->at[rule->n];
		return true;
	case RULE_EXPRESSION:
		return evaluate(cfi, registers, rule, &frame, &at) &&
		       cfi_stack_word(cfi, at, value);
	case RULE_VALUE_EXPRESSION:
		return evaluate(cfi, registers, rule, &frame, value);
	}
	return false;
}

int cfi_step(const struct cfi *cfi, uint64_t place, struct cfi_registers *registers)
{
	struct cfi_registers before = *registers, after = before;
	struct entry entry;
	uint64_t frame;

	if (!find_entry(cfi, place, &entry))
		return CFI_NONE;
	struct program program = { .entry = &entry };
	if (!find_row(&program, place) || !frame_of(cfi, &program.row, &before, &frame) ||
		program.row.registers[CFI_RIP].kind == RULE_UNDEFINED)
		return CFI_BROKEN;
	after.at[CFI_RSP] = frame;
	for (uint32_t n = 0; n < CFI_REGISTERS; n++)
		if (!value_of(cfi, &program.row.registers[n], frame, &before, &after.at[n]))
			return CFI_BROKEN;
	*registers = after;
	return 0;
}
