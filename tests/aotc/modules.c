#include "tests/aotc/modules.h"

#include <check.h>
#include <string.h>

const struct modules_plan modules_plain = {
	.sections = {
		[WASM_TYPES] = PART_OF(1, WASM_FUNCTION_TYPE, 0, 0),
		[WASM_FUNCTIONS] = PART_OF(1, 0),
		[WASM_MEMORIES] = PART_OF(1, 0, 1),
		[WASM_EXPORTS] = PART_OF(1, NAME_START, WASM_FUNCTION, 0),
	},
};

const struct modules_plan modules_rich = {
	.sections = {
		[WASM_CUSTOM] = PART_OF(4, 'n', 'a', 'm', 'e', 1, 6, 1, 1, 3, 'r', 'u', 'n'),
		[WASM_TYPES] = PART_OF(3, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f, 0x60, 0, 2, 0x7f, 0x7b),
		[WASM_IMPORTS] = PART_OF(1, NAME_WASI, NAME_FD_CLOSE, WASM_FUNCTION, 1),
		[WASM_FUNCTIONS] = PART_OF(1, 0),
		[WASM_TABLES] = PART_OF(2, 0x70, 1, 3, 3, 0x6f, 0, 2),
		[WASM_MEMORIES] = PART_OF(1, 1, 1, 2),
		[WASM_GLOBALS] = PART_OF(3, 0x7f, 0, 0x41, 16, 0x41, 16, 0x6c, 0x0b,
			0x70, 0, 0xd2, 1, 0x0b, 0x7c, 1, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x0b),
		[WASM_EXPORTS] = PART_OF(2, NAME_START, WASM_FUNCTION, 1, 1, 'm', WASM_MEMORY, 0),
		[WASM_START] = PART_OF(1),
		[WASM_ELEMENTS] = PART_OF(3, 0, 0x41, 1, 0x0b, 1, 1, 5, 0x70, 1, 0xd2, 0, 0x0b,
			2, 0, 0x41, 0, 0x0b, 0, 1, 1),
		[WASM_DATA_COUNT] = PART_OF(2),
		[WASM_CODE] = PART_OF(1, 55,
			2, 2, 0x7f, 1, 0x7b, /* locals: two i32, one v128 */
			0x02, 0x40, 0x20, 0, 0x0e, 1, 0, 1, 0x0b, /* block: br_table */
			0x41, 0, 0x11, 0, 0, /* call_indirect */
			0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 8, 1, 0, 0xfc, 9, 0, /* memory.init, data.drop */
			0x41, 0, 0x28, 2, 0, 0x04, 0x7f, 0x41, 1, 0x05, 0x41, 0x7f, 0x0b, /* load, if, else */
			0x40, 0, 0x1a, /* memory.grow */
			0x41, 0, 0xd2, 1, 0x26, 0, 0x0b), /* table.set */
		[WASM_DATA] = PART_OF(2, 0, 0x23, 0, 0x0b, 3, 'a', 'b', 'c', 1, 2, 'd', 'e'),
	},
};

void modules_deinit(struct modules_bytes *m)
{
	free(m->bytes);
	*m = (struct modules_bytes){ 0 };
}

void modules_put(struct modules_bytes *m, const void *bytes, size_t size)
{
	if (size > m->room - m->size) {
		m->room = 2 * m->room + size;
		m->bytes = realloc(m->bytes, m->room);
		ck_assert_ptr_nonnull(m->bytes);
	}
	if (size > 0)
		memcpy(m->bytes + m->size, bytes, size);
	m->size += size;
}

void modules_u32(struct modules_bytes *m, uint32_t value)
{
	do {
		uint8_t byte = (value & 0x7f) | (value >= 0x80 ? 0x80 : 0);
		modules_put(m, &byte, 1);
		value >>= 7;
	} while (value);
}

void modules_name(struct modules_bytes *m, const void *name, size_t size)
{
	modules_u32(m, (uint32_t)size);
	modules_put(m, name, size);
}

void modules_section(struct modules_bytes *m, uint8_t id, const void *body, size_t size)
{
	modules_put(m, &id, 1);
	modules_name(m, body, size);
}

static void put_code(struct modules_bytes *m, struct modules_part code)
{
	CLEANUP(modules_deinit) struct modules_bytes body = { 0 }, all = { 0 };
	const uint8_t no_locals = 0, end = WASM_OP_END;

	modules_put(&body, &no_locals, 1);
	modules_put(&body, code.bytes, code.size);
	modules_put(&body, &end, 1);
	modules_u32(&all, 1);
	modules_name(&all, body.bytes, body.size);
	modules_section(m, WASM_CODE, all.bytes, all.size);
}

struct modules_bytes modules_build(const struct modules_plan *plan)
{
	static const uint8_t header[] = { 0, 'a', 's', 'm', 1, 0, 0, 0 };
	static const enum wasm_section order[] = { WASM_TYPES, WASM_IMPORTS, WASM_FUNCTIONS,
		WASM_TABLES, WASM_MEMORIES, WASM_TAGS, WASM_GLOBALS, WASM_EXPORTS, WASM_START,
		WASM_ELEMENTS, WASM_DATA_COUNT, WASM_CODE, WASM_DATA, WASM_CUSTOM };
	struct modules_bytes m = { 0 };

	modules_put(&m, header, sizeof(header));
	for (size_t i = 0; i < ARRAY_LEN(order); i++) {
		const struct modules_part *part = &plan->sections[order[i]];
		if (part->bytes)
			modules_section(&m, (uint8_t)order[i], part->bytes, part->size);
		else if (order[i] == WASM_CODE)
			put_code(&m, plan->code);
	}
	return m;
}

int modules_run(
	const struct modules_plan *plan, struct front *out, char reason[FRONT_REASON_SIZE])
{
	CLEANUP(modules_deinit) struct modules_bytes m = modules_build(plan);

	return front_run(m.bytes, m.size, UINT32_MAX, "wasm2c 1.0.32", &front_limits_default,
		out, reason);
}

struct front modules_accept(const struct modules_plan *plan)
{
	struct front front;
	char reason[FRONT_REASON_SIZE];
	int r = modules_run(plan, &front, reason);

	ck_assert_msg(r == 0, "refused: %s", reason);
	return front;
}

void modules_refuse(const struct modules_plan *plan, const char *part_of_reason)
{
	struct front front;
	char reason[FRONT_REASON_SIZE];
	int r = modules_run(plan, &front, reason);

	ck_assert_msg(r == FRONT_REFUSED, "accepted, but expected: %s", part_of_reason);
	ck_assert_msg(strstr(reason, part_of_reason), "'%s' does not say '%s'", reason,
		part_of_reason);
}
