#include <string.h>

#include "aotc/names.h"
#include "tests/aotc/modules.h"
#include "tests/check_run.h"

/* Two functions, and a custom section "name" with what is given. */
static struct front with_names(struct modules_part names)
{
	CLEANUP(modules_deinit) struct modules_bytes custom = { 0 };
	struct modules_plan plan = modules_plain;

	modules_name(&custom, "name", 4);
	modules_put(&custom, names.bytes, names.size);
	plan.sections[WASM_FUNCTIONS] = PART(2, 0, 0);
	plan.sections[WASM_CODE] = PART(2, 2, 0, 0x0b, 2, 0, 0x0b);
	plan.sections[WASM_CUSTOM] = (struct modules_part){ custom.bytes, custom.size };
	return modules_accept(&plan);
}

static void expect_name(const struct front *front, uint32_t function, const char *name)
{
	ck_assert_uint_eq(front->function_names[function].bytes, strlen(name));
	ck_assert_mem_eq(
		front->names + front->function_names[function].offset, name, strlen(name));
}

static const struct {
	struct modules_part section;
	const char *names[2];
} sections[] = {
	{ PART_OF(1, 9, 2, 0, 2, 'a', 'b', 1, 2, 'c', 'd'), { "ab", "cd" } },
	{ PART_OF(0, 2, 1, 'm', 1, 4, 1, 1, 1, 'f', 2, 0), { "", "f" } },
	{ PART_OF(9, 1, 0, 1, 4, 1, 0, 1, 'f'), { "f", "" } }, /* unknown ones are skipped */
	{ PART_OF(1, 4, 1, 0, 1, '\n'), { "\n", "" } }, /* text, not yet shown to anybody */
	{ PART_OF(1, 7, 2, 0, 1, 'a', 0, 1, 'b'), { "a", "" } },  /* twice: the first */
	{ PART_OF(1, 7, 2, 9, 1, 'a', 1, 1, 'b'), { "", "b" } },  /* no such function */
	{ PART_OF(1, 7, 2, 0, 1, 'a', 1, 9, 'b'), { "a", "" } },  /* longer than the section */
	{ PART_OF(1, 7, 3, 0, 1, 'a', 1, 1, 'b'), { "a", "b" } }, /* fewer than it says */
	{ PART_OF(1, 7, 2, 0, 1, 'a', 1, 1, 0xff), { "a", "" } }, /* not UTF-8 */
	{ PART_OF(1, 3, 0xff, 0xff, 0x7f), { "", "" } },
	{ PART_OF(1, 99, 1, 0, 1, 'a'), { "", "" } },
	{ PART_OF(1), { "", "" } },
	{ PART_OF(1, 0), { "", "" } },
	{ PART_OF(0x80, 0x80), { "", "" } },
	{ { NULL, 0 }, { "", "" } },
};

START_TEST(what_can_be_read_is_a_name_and_the_rest_harms_nobody)
{
	CLEANUP(front_deinit) struct front front = with_names(sections[_i].section);

	expect_name(&front, 0, sections[_i].names[0]);
	expect_name(&front, 1, sections[_i].names[1]);
}
END_TEST

/* The name of function 0: `size` bytes of 'x', then a character of two bytes, then more. */
static void expect_cut(size_t before, size_t expected)
{
	CLEANUP(modules_deinit) struct modules_bytes part = { 0 }, section = { 0 };
	char name[600];

	memset(name, 'x', sizeof(name));
	memcpy(name + before, "\xc3\xa9", 2);
	modules_put(&part, "\1", 2);
	modules_name(&part, name, sizeof(name));
	modules_section(&section, 1, part.bytes, part.size);
	CLEANUP(front_deinit)
	struct front front = with_names((struct modules_part){ section.bytes, section.size });
	ck_assert_uint_eq(front.function_names[0].bytes, expected);
	ck_assert_uint_eq(front.names_bytes, expected);
	ck_assert_mem_eq(front.names, name, expected);
}

START_TEST(a_long_name_is_cut_between_characters)
{
	expect_cut(300, NAMES_NAME_MAX);
	expect_cut(NAMES_NAME_MAX - 2, NAMES_NAME_MAX);
	expect_cut(NAMES_NAME_MAX - 1, NAMES_NAME_MAX - 1);
}
END_TEST

START_TEST(of_two_sections_the_first_counts)
{
	CLEANUP(modules_deinit) struct modules_bytes m = modules_build(&modules_plain);
	struct front front;
	char reason[FRONT_REASON_SIZE];

	modules_section(&m, WASM_CUSTOM, "\4name\1\4\1\0\1a", 11);
	modules_section(&m, WASM_CUSTOM, "\4name\1\4\1\0\1b", 11);
	ck_assert_int_eq(
		front_run(m.bytes, m.size, 0, "", &front_limits_default, &front, reason), 0);
	expect_name(&front, 0, "a");
	front_deinit(&front);
}
END_TEST

START_TEST(names_in_all_are_bounded)
{
	enum {
		FUNCTIONS = NAMES_BYTES_MAX / NAMES_NAME_MAX + 2
	};
	CLEANUP(modules_deinit)
	struct modules_bytes part = { 0 }, custom = { 0 }, types = { 0 }, code = { 0 };
	struct modules_plan plan = modules_plain;
	uint8_t name[NAMES_NAME_MAX];

	memset(name, 'n', sizeof(name));
	modules_u32(&part, FUNCTIONS);
	modules_u32(&types, FUNCTIONS);
	modules_u32(&code, FUNCTIONS);
	for (uint32_t i = 0; i < FUNCTIONS; i++) {
		modules_u32(&part, i);
		modules_name(&part, name, sizeof(name));
		modules_put(&types, "\0", 1);
		modules_put(&code, "\2\0\x0b", 3);
	}
	modules_name(&custom, "name", 4);
	modules_section(&custom, 1, part.bytes, part.size);
	plan.sections[WASM_CUSTOM] = (struct modules_part){ custom.bytes, custom.size };
	plan.sections[WASM_FUNCTIONS] = (struct modules_part){ types.bytes, types.size };
	plan.sections[WASM_CODE] = (struct modules_part){ code.bytes, code.size };
	CLEANUP(front_deinit) struct front front = modules_accept(&plan);
	ck_assert_uint_eq(front.names_bytes, NAMES_BYTES_MAX);
	ck_assert_uint_eq(front.function_names[FUNCTIONS - 3].bytes, NAMES_NAME_MAX);
	ck_assert_uint_eq(front.function_names[FUNCTIONS - 2].bytes, 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("names");
	TCase *t = tcase_create("the name section");

	tcase_add_loop_test(t, what_can_be_read_is_a_name_and_the_rest_harms_nobody, 0,
		ARRAY_LEN(sections));
	tcase_add_test(t, a_long_name_is_cut_between_characters);
	tcase_add_test(t, of_two_sections_the_first_counts);
	tcase_add_test(t, names_in_all_are_bounded);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
