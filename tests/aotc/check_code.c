#include "aotc/code.h"
#include "tests/aotc/modules.h"
#include "tests/check_run.h"

/* Bodies whose form is right; whether their types are is the validator's question. */
static const struct {
	struct modules_part code;
	uint32_t features;
} good[] = {
	{ PART_OF(0x00, 0x01), 0 },
	{ PART_OF(0x02, 0x40, 0x03, 0x7f, 0x04, 0x7c, 0x05, 0x0b, 0x0b, 0x0b), 0 },
	{ PART_OF(0x02, 0x00, 0x0b), FEATURE_MULTI_VALUE },
	{ PART_OF(0x02, 0x7b, 0x0b), FEATURE_SIMD },
	{ PART_OF(0x02, 0x6f, 0x0b), FEATURE_REFERENCE_TYPES },
	{ PART_OF(0x0c, 0x00, 0x0d, 0x00, 0x0e, 0x01, 0x00, 0x00, 0x0f), 0 },
	{ PART_OF(0x10, 0x00, 0x11, 0x00, 0x00), 0 },
	{ PART_OF(0x11, 0x00, 0x80, 0x00),
		FEATURE_REFERENCE_TYPES }, /* more than the zero byte of old */
	{ PART_OF(0x12, 0x00, 0x13, 0x00, 0x00), FEATURE_TAIL_CALLS },
	{ PART_OF(0x06, 0x40, 0x19, 0x09, 0x00, 0x0b), FEATURE_EXCEPTIONS },
	{ PART_OF(0x06, 0x40, 0x18, 0x00), FEATURE_EXCEPTIONS },
	{ PART_OF(0x1a, 0x1b), 0 },
	{ PART_OF(0x1c, 0x01, 0x7f), FEATURE_REFERENCE_TYPES },
	{ PART_OF(0x20, 0x80, 0x01, 0x21, 0x00, 0x22, 0x00, 0x23, 0x00, 0x24, 0x00), 0 },
	{ PART_OF(0x28, 0x02, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x3e, 0x00, 0x00), 0 },
	{ PART_OF(0x3f, 0x00, 0x40, 0x00), 0 },
	{ PART_OF(0x41, 0xff, 0xff, 0xff, 0xff, 0x07), 0 },
	{ PART_OF(0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f), 0 },
	{ PART_OF(0x43, 1, 2, 3, 4, 0x44, 1, 2, 3, 4, 5, 6, 7, 8), 0 },
	{ PART_OF(0x45, 0xbf), 0 },
	{ PART_OF(0xc0, 0xc4), FEATURE_SIGN_EXTENSION },
	{ PART_OF(0xfc, 0x07), FEATURE_SATURATING_FLOAT },
	{ PART_OF(0xfc, 0x0a, 0x00, 0x00, 0xfc, 0x0b, 0x00), FEATURE_BULK_MEMORY },
	{ PART_OF(0xfc, 0x0d, 0x00, 0xfc, 0x0e, 0x00, 0x00), FEATURE_BULK_MEMORY },
	{ PART_OF(0xfc, 0x10, 0x00), FEATURE_REFERENCE_TYPES },
	{ PART_OF(0xfd, 0x54, 0x00, 0x00, 0x01, 0xfd, 0x15, 0x0f, 0xfd, 0xff, 0x01),
		FEATURE_SIMD },
	{ PART_OF(0xfd, 13, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
		FEATURE_SIMD },
};

START_TEST(a_body_shows_what_features_it_takes)
{
	struct modules_plan plan = modules_plain;

	plan.code = good[_i].code;
	CLEANUP(front_deinit) struct front front = modules_accept(&plan);
	ck_assert_uint_eq(front.features, good[_i].features);
}
END_TEST

static const struct {
	struct modules_part code;
	const char *reason;
} bad[] = {
	{ PART_OF(0x1f, 0x40, 0x00),
		"function 0 uses exceptions of the newer form (try_table), which cannot be "
		"translated" },
	{ PART_OF(0x0a), "uses references to exceptions" },
	{ PART_OF(0x08, 0x00), "a tag that does not exist" },
	{ PART_OF(0x06, 0x40, 0x07, 0x00), "a tag that does not exist" },
	{ PART_OF(0x09, 0x01), "a branch to a block that does not exist" },
	{ PART_OF(0x06, 0x40, 0x18, 0x01), "a branch to a block that does not exist" },
	{ PART_OF(0x18, 0x00), "a branch to a block that does not exist" },
	{ PART_OF(0x06, 0x40), "it ends too early" },
	{ PART_OF(0xfe, 0x10, 0x02, 0x00), "uses threads" },
	{ PART_OF(0x14, 0x00), "uses typed function references" },
	{ PART_OF(0xfb, 0x00, 0x00), "uses garbage-collected types" },
	{ PART_OF(0xd3), "uses typed or garbage-collected references" },
	{ PART_OF(0xd0, 0x6e), "uses typed or garbage-collected references" },
	{ PART_OF(0xfd, 0x80, 0x02), "uses relaxed SIMD" },
	{ PART_OF(0xfc, 0x13), "uses wide arithmetic" },
	{ PART_OF(0x27), "function 0 has an unknown opcode, 0x27" },
	{ PART_OF(0xff), "function 0 has an unknown opcode, 0xff" },
	{ PART_OF(0xfc, 0x17), "function 0 has an unknown opcode, 0xfc 0x17" },
	{ PART_OF(0xfd, 0x9a, 0x01), "function 0 has an unknown opcode, 0xfd 0x9a" },
	{ PART_OF(0xfd, 0xff, 0xff, 0xff, 0xff, 0x0f), "unknown opcode, 0xfd 0xffffffff" },
	{ PART_OF(0x28, 0x42, 0x01, 0x00), "function 0 uses several memories" },
	{ PART_OF(0x40, 0x01), "function 0 uses several memories" },
	{ PART_OF(0xfc, 0x0a, 0x00, 0x01), "function 0 uses several memories" },
	{ PART_OF(0x0c, 0x01), "a branch to a block that does not exist" },
	{ PART_OF(0x0e, 0x01, 0x00, 0x01), "a branch to a block that does not exist" },
	{ PART_OF(0x0e, 0xff, 0xff, 0xff, 0xff, 0x0f), "a count is larger than what follows" },
	{ PART_OF(0x02, 0x01), "a block of a type that does not exist" },
	{ PART_OF(0x02, 0x5f), "an unknown value type" },
	{ PART_OF(0x10, 0x01), "a function that does not exist" },
	{ PART_OF(0xd2, 0x01), "a function that does not exist" },
	{ PART_OF(0x1c, 0x02, 0x7f, 0x7f), "a select of other than one type" },
	{ PART_OF(0x02, 0x40), "it ends too early" },
	{ PART_OF(0x0b), "a function goes on after its end" },
	{ PART_OF(0x41, 0x80, 0x80, 0x80, 0x80, 0x10), "a number is too large" },
	{ PART_OF(0xfc, 0x09, 0x00), "code that names data segments needs a data count" },
};

START_TEST(a_body_nobody_can_translate_is_refused_by_name)
{
	struct modules_plan plan = modules_plain;

	plan.code = bad[_i].code;
	modules_refuse(&plan, bad[_i].reason);
}
END_TEST

START_TEST(memory_is_not_touched_without_one)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_MEMORIES] = PART_NONE;
	plan.code = PART(0x28, 0, 0);
	modules_refuse(&plan, "an access to memory, but there is no memory");
	plan.code = PART(0x3f, 0);
	modules_refuse(&plan, "an access to memory, but there is no memory");
}
END_TEST

START_TEST(only_functions_are_called_through_a_table)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_TABLES] = PART(2, 0x70, 0, 2, 0x6f, 0, 2);
	plan.code = PART(0x11, 0, 1);
	modules_refuse(&plan, "calls what is in table 1, which holds no functions");
}
END_TEST

/* Only a funcref table that nothing ever changes may be laid out inline. */
static const struct {
	struct modules_part tables, code;
	bool fixed;
} tables[] = {
	{ PART_OF(1, 0x70, 0, 2), PART_OF(0x11, 0, 0), true },
	{ PART_OF(1, 0x70, 0, 2), PART_OF(0x25, 0, 0xfc, 16, 0), true },
	{ PART_OF(1, 0x70, 0, 2), PART_OF(0x26, 0), false },
	{ PART_OF(1, 0x70, 0, 2), PART_OF(0xfc, 12, 0, 0), false },
	{ PART_OF(1, 0x70, 0, 2), PART_OF(0xfc, 14, 0, 0), false },
	{ PART_OF(1, 0x70, 0, 2), PART_OF(0xfc, 15, 0), false },
	{ PART_OF(1, 0x70, 0, 2), PART_OF(0xfc, 17, 0), false },
	{ PART_OF(1, 0x6f, 0, 2), PART_OF(0x01), false },
	{ PART_OF(2, 0x70, 0, 2, 0x70, 0, 2), PART_OF(0x01), false },
};

START_TEST(a_table_is_fixed_only_if_nothing_changes_it)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_TABLES] = tables[_i].tables;
	plan.code = tables[_i].code;
	CLEANUP(front_deinit) struct front front = modules_accept(&plan);
	ck_assert_int_eq(front.table_fixed, tables[_i].fixed);
	ck_assert_uint_eq(front.table_entries, 2);
	ck_assert_uint_eq(front.table_entries_max, front_limits_default.table_entries);
}
END_TEST

START_TEST(memory_grows_only_where_it_can)
{
	struct modules_plan plan = modules_plain;
	struct front front;

	plan.code = PART(0x40, 0);
	front = modules_accept(&plan);
	ck_assert(front.memory_grows);
	front_deinit(&front);
	plan.sections[WASM_MEMORIES] = PART(1, 1, 3, 3);
	front = modules_accept(&plan);
	ck_assert(!front.memory_grows);
	ck_assert_uint_eq(front.memory_pages_max, 3);
	front_deinit(&front);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("code");
	TCase *t = tcase_create("bodies");

	tcase_add_loop_test(t, a_body_shows_what_features_it_takes, 0, ARRAY_LEN(good));
	tcase_add_loop_test(
		t, a_body_nobody_can_translate_is_refused_by_name, 0, ARRAY_LEN(bad));
	tcase_add_test(t, only_functions_are_called_through_a_table);
	tcase_add_test(t, memory_is_not_touched_without_one);
	tcase_add_loop_test(
		t, a_table_is_fixed_only_if_nothing_changes_it, 0, ARRAY_LEN(tables));
	tcase_add_test(t, memory_grows_only_where_it_can);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
