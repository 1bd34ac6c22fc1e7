#include "aotc/constant.h"

#include <string.h>

#include "aotc/module.h"

enum {
	STACK_MAX = 16
}; /* operands at once; compilers need 2 */

struct evaluation {
	struct module *m;
	struct wasm_reader *r;
	uint32_t used;
	struct constant stack[STACK_MAX];
};

static void push(struct evaluation *e, struct constant value)
{
	if (e->used == STACK_MAX)
		wasm_fail(e->r, "a constant expression is too deep");
	else
		e->stack[e->used++] = value;
}

static int push_bytes(struct evaluation *e, uint8_t type, size_t size)
{
	struct constant value = { .type = type };
	const uint8_t *bytes = wasm_bytes(e->r, size);

	if (bytes)
		memcpy(value.bytes, bytes, size);
	push(e, value);
	return 0;
}

/* Only an own, earlier, immutable global: its value is what it was set to. */
static int push_global(struct evaluation *e)
{
	uint32_t index = wasm_u32(e->r);

	if (index >= e->m->globals_count || e->m->globals[index].is_mutable) {
		wasm_fail(e->r, "a constant expression reads a global that is not constant");
		return 0;
	}
	e->m->features |= FEATURE_EXTENDED_CONST;
	push(e, e->m->globals[index].value);
	return 0;
}

static int push_null(struct evaluation *e)
{
	struct constant value = { .null = true };
	int r = module_value_type(e->m, e->r, &value.type);

	if (r)
		return r;
	if (value.type != WASM_FUNCREF && value.type != WASM_EXTERNREF)
		wasm_fail(e->r, "a null of a type that is no reference");
	push(e, value);
	return 0;
}

static int push_function(struct evaluation *e)
{
	struct constant value = { .type = WASM_FUNCREF };
	int r = module_function_index(e->m, e->r, &value.i32);

	if (r)
		return r;
	e->m->features |= FEATURE_REFERENCE_TYPES;
	push(e, value);
	return 0;
}

static int push_v128(struct evaluation *e)
{
	if (wasm_u32(e->r) != WASM_OP_V128_CONST)
		wasm_fail(e->r, "an instruction that is not constant");
	e->m->features |= FEATURE_SIMD;
	return push_bytes(e, WASM_V128, 16);
}

static uint64_t calculate(uint8_t opcode, uint64_t a, uint64_t b)
{
	switch (opcode) {
	case WASM_OP_I32_ADD:
	case WASM_OP_I64_ADD:
		return a + b;
	case WASM_OP_I32_SUB:
	case WASM_OP_I64_SUB:
		return a - b;
	default:
		return a * b;
	}
}

/* Add, sub and mul wrap, so that the low half of a 64-bit result is the 32-bit result. */
static int binary(struct evaluation *e, uint8_t opcode, uint8_t type)
{
	if (e->used < 2 || e->stack[e->used - 1].type != type ||
		e->stack[e->used - 2].type != type) {
		wasm_fail(e->r, "a constant expression lacks operands of the right type");
		return 0;
	}
	struct constant *b = &e->stack[--e->used], *a = &e->stack[e->used - 1];
	e->m->features |= FEATURE_EXTENDED_CONST;
	if (type == WASM_I32)
		a->i32 = (uint32_t)calculate(opcode, a->i32, b->i32);
	else
		a->i64 = calculate(opcode, a->i64, b->i64);
	return 0;
}

static int instruction(struct evaluation *e, uint8_t opcode)
{
	switch (opcode) {
	case WASM_OP_I32_CONST:
		push(e, (struct constant){ .type = WASM_I32, .i32 = (uint32_t)wasm_s32(e->r) });
		return 0;
	case WASM_OP_I64_CONST:
		push(e, (struct constant){ .type = WASM_I64, .i64 = (uint64_t)wasm_s64(e->r) });
		return 0;
	case WASM_OP_F32_CONST:
		return push_bytes(e, WASM_F32, 4);
	case WASM_OP_F64_CONST:
		return push_bytes(e, WASM_F64, 8);
	case WASM_OP_SIMD:
		return push_v128(e);
	case WASM_OP_GLOBAL_GET:
		return push_global(e);
	case WASM_OP_REF_NULL:
		return push_null(e);
	case WASM_OP_REF_FUNC:
		return push_function(e);
	case WASM_OP_I32_ADD:
	case WASM_OP_I32_SUB:
	case WASM_OP_I32_MUL:
		return binary(e, opcode, WASM_I32);
	case WASM_OP_I64_ADD:
	case WASM_OP_I64_SUB:
	case WASM_OP_I64_MUL:
		return binary(e, opcode, WASM_I64);
	default:
		wasm_fail(e->r, "an instruction that is not constant");
		return 0;
	}
}

int constant_read(struct module *m, struct wasm_reader *r, uint8_t wanted, struct constant *out)
{
	struct evaluation e = { .m = m, .r = r };

	for (;;) {
		uint8_t opcode = wasm_byte(r);
		if (opcode == WASM_OP_END || r->wrong)
			break;
		int refused = instruction(&e, opcode);
		if (refused)
			return refused;
	}
	if (!r->wrong && (e.used != 1 || e.stack[0].type != wanted))
		wasm_fail(r, "a constant expression gives a value of the wrong type");
	if (r->wrong)
		return module_malformed(m, r);
	*out = e.stack[0];
	return 0;
}
