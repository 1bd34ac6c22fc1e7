#include <stdio.h>
#include <string.h>

#include "aotc/module.h"
#include "tests/aotc/modules.h"
#include "tests/check_run.h"

/* One section of the smallest program replaced by something broken. */
static const struct {
	enum wasm_section section;
	struct modules_part body;
	const char *reason;
} broken[] = {
	{ WASM_TYPES, PART_OF(2, 0x60, 0, 0), "it ends too early" },
	{ WASM_TYPES, PART_OF(1, 0x60, 0, 0, 0), "something is left over" },
	{ WASM_TYPES, PART_OF(1, 0x61, 0, 0), "an unknown kind of type" },
	{ WASM_TYPES, PART_OF(1, 0x5f, 0), "uses garbage-collected types" },
	{ WASM_TYPES, PART_OF(1, 0x60, 1, 0x11, 0), "an unknown value type" },
	{ WASM_TYPES, PART_OF(1, 0x60, 1, 0x6e, 0), "typed or garbage-collected references" },
	{ WASM_TYPES, PART_OF(0xff, 0xff, 0xff, 0xff, 0x0f),
		"a count is larger than what follows" },
	{ WASM_FUNCTIONS, PART_OF(1, 1), "a function or tag of a type that does not exist" },
	{ WASM_FUNCTIONS, PART_OF(2, 0, 0), "there are not as many bodies as functions" },
	{ WASM_FUNCTIONS, PART_OF(0), "an export of something that does not exist" },
	{ WASM_TABLES, PART_OF(1, 0x7f, 0, 1), "a table of a type that is no reference" },
	{ WASM_TABLES, PART_OF(1, 0x70, 1, 2, 1), "a size is larger than its maximum" },
	{ WASM_TABLES, PART_OF(1, 0x70, 4, 1), "uses 64-bit memories or tables" },
	{ WASM_MEMORIES, PART_OF(2, 0, 1, 0, 1), "has 2 memories, more than the limit of 1" },
	{ WASM_MEMORIES, PART_OF(1, 0, 0x81, 0x80, 4), "has 65537 memory pages" },
	{ WASM_MEMORIES, PART_OF(1, 1, 0, 0x81, 0x80, 4), "has 65537 memory pages at most" },
	{ WASM_MEMORIES, PART_OF(1, 1, 2, 1), "a size is larger than its maximum" },
	{ WASM_MEMORIES, PART_OF(1, 3, 1, 1), "uses shared memory (threads)" },
	{ WASM_MEMORIES, PART_OF(1, 4, 1), "uses 64-bit memories" },
	{ WASM_MEMORIES, PART_OF(1, 8, 1, 0), "uses memories of another page size" },
	{ WASM_MEMORIES, PART_OF(1, 16, 1), "a size of an unknown form" },
	{ WASM_TAGS, PART_OF(1, 1, 0), "a tag of an unknown form" },
	{ WASM_TAGS, PART_OF(1, 0, 1), "a function or tag of a type that does not exist" },
	{ WASM_TAGS, PART_OF(1, 0), "it ends too early" },
	{ WASM_GLOBALS, PART_OF(1, 0x7f, 2, 0x41, 0, 0x0b), "a global of an unknown form" },
	{ WASM_GLOBALS, PART_OF(1, 0x7f, 0, 0x42, 0, 0x0b), "a value of the wrong type" },
	{ WASM_GLOBALS, PART_OF(1, 0x7f, 0, 0x0b), "a value of the wrong type" },
	{ WASM_GLOBALS, PART_OF(1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x0b),
		"a value of the wrong type" },
	{ WASM_GLOBALS, PART_OF(1, 0x7f, 0, 0x41, 0, 0x6a, 0x0b), "lacks operands" },
	{ WASM_GLOBALS, PART_OF(1, 0x7f, 0, 0x41, 0, 0x42, 0, 0x6a, 0x0b), "lacks operands" },
	{ WASM_GLOBALS, PART_OF(1, 0x7f, 0, 0x23, 0, 0x0b),
		"a global that is not constant" }, /* itself */
	{ WASM_GLOBALS, PART_OF(1, 0x7f, 0, 0x10, 0, 0x0b),
		"an instruction that is not constant" },
	{ WASM_GLOBALS, PART_OF(1, 0x70, 0, 0xd2, 1, 0x0b), "a function that does not exist" },
	{ WASM_GLOBALS, PART_OF(1, 0x70, 0, 0xd0, 0x7f, 0x0b),
		"a null of a type that is no reference" },
	{ WASM_GLOBALS, PART_OF(1, 0x70, 0, 0xd0, 0x6f, 0x0b), "a value of the wrong type" },
	{ WASM_EXPORTS, PART_OF(1, NAME_START, 5, 0),
		"an export of something that does not exist" },
	{ WASM_EXPORTS, PART_OF(1, NAME_START, WASM_FUNCTION, 1),
		"an export of something that does not" },
	{ WASM_EXPORTS, PART_OF(1, NAME_START, WASM_TABLE, 0),
		"an export of something that does not" },
	{ WASM_START, PART_OF(1), "a function that does not exist" },
	{ WASM_ELEMENTS, PART_OF(1, 0, 0x41, 0, 0x0b, 0), "a table that does not exist" },
	{ WASM_ELEMENTS, PART_OF(1, 8), "an element segment of an unknown form" },
	{ WASM_ELEMENTS, PART_OF(1, 1, 1, 0), "an element segment of an unknown kind" },
	{ WASM_ELEMENTS, PART_OF(1, 1, 0, 1, 1), "a function that does not exist" },
	{ WASM_CODE, PART_OF(1, 3, 0, 0x0b), "it ends too early" },
	{ WASM_CODE, PART_OF(1, 2, 0, 0x01), "it ends too early" },
	{ WASM_CODE, PART_OF(1, 3, 0, 0x0b, 0x01), "a function goes on after its end" },
	{ WASM_CODE, PART_OF(1, 0), "it ends too early" },
	{ WASM_DATA, PART_OF(1, 3), "a data segment of an unknown form" },
	{ WASM_DATA, PART_OF(1, 2, 1, 0x41, 0, 0x0b, 0), "a memory that does not exist" },
	{ WASM_DATA, PART_OF(1, 0, 0x41, 0, 0x0b, 2, 'x'), "it ends too early" },
	{ WASM_DATA_COUNT, PART_OF(1), "not as many data segments as the data count says" },
	{ WASM_CUSTOM, PART_OF(2, 'x'), "it ends too early" },
	{ WASM_CUSTOM, PART_OF(1, 0x80), "a name is not UTF-8" },
};

START_TEST(a_broken_section_is_refused_with_what_is_wrong)
{
	struct modules_plan plan = modules_plain;

	plan.sections[broken[_i].section] = broken[_i].body;
	modules_refuse(&plan, broken[_i].reason);
}
END_TEST

/* Sections by number, each with an empty body but for what they need; 99 ends a row. */
static const uint8_t orders[][6] = {
	{ 2, 1, 99 },
	{ 1, 1, 99 },
	{ 10, 12, 99 },
	{ 11, 10, 99 },
	{ 6, 5, 99 },
	{ 1, 14, 99 },
};

START_TEST(sections_stand_once_and_in_order)
{
	CLEANUP(modules_deinit) struct modules_bytes m = { 0 };
	struct front front;
	char reason[FRONT_REASON_SIZE];

	modules_put(&m, "\0asm\1\0\0\0", 8);
	for (const uint8_t *id = orders[_i]; *id != 99; id++)
		modules_section(&m, *id, "\0", 1);
	int r = front_run(
		m.bytes, m.size, UINT32_MAX, "", &front_limits_default, &front, reason);
	ck_assert_int_eq(r, FRONT_REFUSED);
	ck_assert_msg(strstr(reason, "out of order") || strstr(reason, "unknown section"), "%s",
		reason);
}
END_TEST

START_TEST(custom_sections_may_stand_anywhere)
{
	CLEANUP(modules_deinit)
	struct modules_bytes plain = modules_build(&modules_plain),
			     m = { 0 };
	const uint8_t *at = plain.bytes + 8, *end = plain.bytes + plain.size;
	struct front front;
	char reason[FRONT_REASON_SIZE];

	modules_put(&m, plain.bytes, 8);
	while (at < end) { /* all bodies are shorter than 128 bytes */
		modules_section(&m, WASM_CUSTOM, "\1x\xff\xff", 4);
		modules_put(&m, at, 2u + at[1]);
		at += 2 + at[1];
	}
	modules_section(&m, WASM_CUSTOM, "\0", 1);
	int r = front_run(m.bytes, m.size, 0, "", &front_limits_default, &front, reason);
	ck_assert_msg(r == 0, "%s", reason);
	front_deinit(&front);
}
END_TEST

/* What modules_rich has of each thing, and the complaint when one less is allowed. */
static const struct {
	size_t field, size;
	uint64_t has;
	const char *reason;
} limits[] = {
#define LIMIT(field, has, reason)                                              \
	{                                                                      \
		offsetof(struct front_limits, field),                          \
			sizeof(((struct front_limits *)0)->field), has, reason \
	}
	LIMIT(function_bytes, 55, "function 1 has 55 bytes, more than the limit of 54"),
	LIMIT(functions, 2, "has 2 functions, more than the limit of 1"),
	LIMIT(locals, 3, "function 1 has 3 locals, more than the limit of 2"),
	LIMIT(nesting, 2, "function 1 nests deeper than the limit of 1 blocks"),
	LIMIT(br_table, 1,
		"function 1 has a branch table of 1 targets, more than the limit of 0"),
	LIMIT(params, 1, "has 1 parameters in one type, more than the limit of 0"),
	LIMIT(results, 2, "has 2 results in one type, more than the limit of 1"),
	LIMIT(types, 3, "has 3 types, more than the limit of 2"),
	LIMIT(globals, 3, "has 3 globals, more than the limit of 2"),
	LIMIT(exports, 2, "has 2 exports, more than the limit of 1"),
	LIMIT(imports, 1, "has 1 imports, more than the limit of 0"),
	LIMIT(elements, 3, "has 3 element segments, more than the limit of 2"),
	LIMIT(segments, 2, "has 2 data segments, more than the limit of 1"),
	LIMIT(table_entries, 5, "has 5 table entries, more than the limit of 4"),
	LIMIT(passive_bytes, 2, "has 2 bytes of passive data, more than the limit of 1"),
};

/* Little-endian, like everything we run on. */
static struct front_limits limits_with(size_t row, uint64_t value)
{
	struct front_limits l = front_limits_default;

	memcpy((uint8_t *)&l + limits[row].field, &value, limits[row].size);
	return l;
}

START_TEST(a_limit_may_be_reached_and_not_passed)
{
	CLEANUP(modules_deinit) struct modules_bytes m = modules_build(&modules_rich);
	struct front_limits enough = limits_with((size_t)_i, limits[_i].has);
	struct front_limits less = limits_with((size_t)_i, limits[_i].has - 1);
	struct front front;
	char reason[FRONT_REASON_SIZE];

	ck_assert_int_eq(
		front_run(m.bytes, m.size, UINT32_MAX, "", &enough, &front, reason), 0);
	front_deinit(&front);
	ck_assert_int_eq(front_run(m.bytes, m.size, UINT32_MAX, "", &less, &front, reason),
		FRONT_REFUSED);
	ck_assert_str_eq(reason, limits[_i].reason);
}
END_TEST

START_TEST(a_module_may_be_as_long_as_the_limit)
{
	CLEANUP(modules_deinit) struct modules_bytes m = modules_build(&modules_plain);
	struct front_limits l = front_limits_default;
	struct front front;
	char reason[FRONT_REASON_SIZE];

	l.module_bytes = m.size;
	ck_assert_int_eq(front_run(m.bytes, m.size, 0, "", &l, &front, reason), 0);
	front_deinit(&front);
	l.module_bytes = m.size - 1;
	ck_assert_int_eq(front_run(m.bytes, m.size, 0, "", &l, &front, reason), FRONT_REFUSED);
	ck_assert_ptr_nonnull(strstr(reason, "bytes, more than the limit"));
}
END_TEST

START_TEST(locals_in_all_are_limited_by_the_size_of_the_module)
{
	struct modules_plan plan = modules_plain;
	struct front_limits l = front_limits_default;
	struct front front;
	char reason[FRONT_REASON_SIZE];

	plan.sections[WASM_FUNCTIONS] = PART(2, 0, 0);
	plan.sections[WASM_CODE] =
		PART(2, 5, 1, 0x90, 0x4e, 0x7f, 0x0b, 5, 1, 0x90, 0x4e, 0x7f, 0x0b);
	CLEANUP(modules_deinit) struct modules_bytes m = modules_build(&plan);
	l.locals_total = 20000 - m.size;
	ck_assert_int_eq(front_run(m.bytes, m.size, 0, "", &l, &front, reason), 0);
	front_deinit(&front);
	l.locals_total--;
	ck_assert_int_eq(front_run(m.bytes, m.size, 0, "", &l, &front, reason), FRONT_REFUSED);
	ck_assert_ptr_nonnull(strstr(reason, "has 20000 locals in all"));
}
END_TEST

START_TEST(an_element_segment_stays_inside_its_table)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_TABLES] = PART(1, 0x70, 0, 2);
	plan.sections[WASM_ELEMENTS] = PART(2, 0, 0x41, 0, 0x0b, 0, 0, 0x41, 1, 0x0b, 1, 0);
	CLEANUP(front_deinit) struct front front = modules_accept(&plan);
	ck_assert_uint_eq(front.table_entries, 2);
	plan.sections[WASM_ELEMENTS] = PART(2, 0, 0x41, 0, 0x0b, 0, 0, 0x41, 2, 0x0b, 1, 0);
	modules_refuse(
		&plan, "element segment 1 fills a table up to entry 3, but the table has 2");
	plan.sections[WASM_ELEMENTS] = PART(1, 0, 0x41, 0x7f, 0x0b, 1, 0);
	modules_refuse(&plan, "element segment 0 fills a table up to entry 4294967296");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("module");
	TCase *structure = tcase_create("structure"), *limit = tcase_create("limits");

	tcase_add_loop_test(structure, a_broken_section_is_refused_with_what_is_wrong, 0,
		ARRAY_LEN(broken));
	tcase_add_loop_test(structure, sections_stand_once_and_in_order, 0, ARRAY_LEN(orders));
	tcase_add_test(structure, custom_sections_may_stand_anywhere);
	suite_add_tcase(s, structure);
	tcase_add_loop_test(limit, a_limit_may_be_reached_and_not_passed, 0, ARRAY_LEN(limits));
	tcase_add_test(limit, a_module_may_be_as_long_as_the_limit);
	tcase_add_test(limit, locals_in_all_are_limited_by_the_size_of_the_module);
	tcase_add_test(limit, an_element_segment_stays_inside_its_table);
	suite_add_tcase(s, limit);
	return s;
}

CHECK_MAIN(suite)
