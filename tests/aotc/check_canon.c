#include <stdio.h>
#include <string.h>

#include "aotc/canon.h"
#include "tests/aotc/modules.h"
#include "tests/check_run.h"

/* A section's body in a canonical module; size 0 if it is absent. */
static struct modules_part section_of(const struct front *front, uint8_t wanted)
{
	struct wasm_reader r = wasm_reader_of(front->module + 8, front->module_bytes - 8);

	while (wasm_left(&r) > 0) {
		uint8_t id = wasm_byte(&r);
		uint32_t size = wasm_u32(&r);
		const uint8_t *body = wasm_bytes(&r, size);
		ck_assert_ptr_nonnull(body);
		ck_assert_uint_ne(id, WASM_CUSTOM);
		if (id == wanted)
			return (struct modules_part){ body, size };
	}
	return PART_NONE;
}

static void expect_section(
	const struct modules_plan *plan, uint8_t id, struct modules_part expected)
{
	CLEANUP(front_deinit) struct front front = modules_accept(plan);
	struct modules_part is = section_of(&front, id);

	ck_assert_uint_eq(is.size, expected.size);
	if (is.size > 0)
		ck_assert_mem_eq(is.bytes, expected.bytes, is.size);
}

#define E0 2, 'e', '0'

START_TEST(the_smallest_program_is_this)
{
	static const uint8_t expected[] = { 0, 'a', 's', 'm', 1, 0, 0, 0, WASM_TYPES, 0x84,
		0x80, 0x80, 0x80, 0, 1, 0x60, 0, 0, WASM_FUNCTIONS, 0x82, 0x80, 0x80, 0x80, 0,
		1, 0, WASM_MEMORIES, 0x86, 0x80, 0x80, 0x80, 0, 1, 1, 1, 0x80, 0x80, 4,
		WASM_EXPORTS, 0x86, 0x80, 0x80, 0x80, 0, 1, E0, 0, 0, WASM_CODE, 0x84, 0x80,
		0x80, 0x80, 0, 1, 2, 0, 0x0b };
	CLEANUP(front_deinit) struct front front = modules_accept(&modules_plain);

	ck_assert_uint_eq(front.module_bytes, sizeof(expected));
	ck_assert_mem_eq(front.module, expected, sizeof(expected));
}
END_TEST

START_TEST(imports_are_named_by_their_row)
{
	char field[8];
	int row = host_function_find("wasi_snapshot_preview1", 22, "fd_close", 8);
	snprintf(field, sizeof(field), "i%02d", row);

	ck_assert_int_ge(row, 10); /* two digits, for the line below */
	expect_section(&modules_rich, WASM_IMPORTS,
		PART(1, 1, 'h', 3, 'i', (uint8_t)field[1], (uint8_t)field[2], 0, 1));
	expect_section(&modules_rich, WASM_EXPORTS, PART(1, E0, 0, 1));
}
END_TEST

START_TEST(start_and_elements_stay)
{
	expect_section(&modules_rich, WASM_START, PART(1));
	expect_section(&modules_rich, WASM_ELEMENTS,
		PART(4, 0, 0x41, 1, 0x0b, 1, 1, 5, 0x70, 1, 0xd2, 0, 0x0b, 2, 0, 0x41, 0, 0x0b,
			0, 1, 1,
			/* declared: function 1 was exported, and code takes its reference */
			3, 0, 1, 1));
}
END_TEST

START_TEST(constants_are_plain)
{
	/* 16 * 16, and an f64 */
	expect_section(&modules_rich, WASM_GLOBALS,
		PART(3, 0x7f, 0, 0x41, 0x80, 2, 0x0b, 0x70, 0, 0xd2, 1, 0x0b, 0x7c, 1, 0x44, 0,
			0, 0, 0, 0, 0, 0, 0, 0x0b));
}
END_TEST

static const struct {
	struct modules_part global, expected;
} globals[] = {
#define ONE_GLOBAL(...) PART_OF(1, __VA_ARGS__, 0x0b)
	{ ONE_GLOBAL(0x7f, 1, 0x41, 0xff, 0xff, 0xff, 0xff, 0x07),
		ONE_GLOBAL(0x7f, 1, 0x41, 0xff, 0xff, 0xff, 0xff, 0x07) },
	{ ONE_GLOBAL(0x7f, 0, 0x41, 0xff, 0xff, 0xff, 0xff, 0x7f),
		ONE_GLOBAL(0x7f, 0, 0x41, 0x7f) },
	{ ONE_GLOBAL(0x7f, 0, 0x41, 0x40), ONE_GLOBAL(0x7f, 0, 0x41, 0x40) },
	{ ONE_GLOBAL(0x7f, 0, 0x41, 0xc0, 0), ONE_GLOBAL(0x7f, 0, 0x41, 0xc0, 0) },
	{ ONE_GLOBAL(0x7e, 0, 0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f),
		ONE_GLOBAL(0x7e, 0, 0x42, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
			0x7f) },
	{ ONE_GLOBAL(0x7e, 0, 0x42, 1, 0x42, 2, 0x7d), ONE_GLOBAL(0x7e, 0, 0x42, 0x7f) },
	{ ONE_GLOBAL(0x7e, 0, 0x42, 3, 0x42, 2, 0x7e, 0x42, 1, 0x7c),
		ONE_GLOBAL(0x7e, 0, 0x42, 7) },
	{ ONE_GLOBAL(0x7d, 0, 0x43, 1, 0, 0xa0, 0x7f),
		ONE_GLOBAL(0x7d, 0, 0x43, 1, 0, 0xa0, 0x7f) },
	{ ONE_GLOBAL(0x7b, 0, 0xfd, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16),
		ONE_GLOBAL(0x7b, 0, 0xfd, 12, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
			16) },
	{ ONE_GLOBAL(0x6f, 1, 0xd0, 0x6f), ONE_GLOBAL(0x6f, 1, 0xd0, 0x6f) },
};

START_TEST(a_global_keeps_its_value)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_GLOBALS] = globals[_i].global;
	expect_section(&plan, WASM_GLOBALS, globals[_i].expected);
}
END_TEST

START_TEST(data_stays_only_where_code_reads_it)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_DATA_COUNT] = PART(2);
	plan.sections[WASM_DATA] = PART(2, 0, 0x41, 0, 0x0b, 1, 'a', 1, 2, 'b', 'c');
	expect_section(&plan, WASM_DATA, PART_NONE);
	expect_section(&plan, WASM_DATA_COUNT, PART_NONE);
	plan.code = PART(0xfc, 9, 1);
	expect_section(&plan, WASM_DATA, PART(2, 1, 0, 1, 2, 'b', 'c')); /* same indices */
	expect_section(&plan, WASM_DATA_COUNT, PART(2));
}
END_TEST

START_TEST(numbers_lose_their_padding)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_TYPES] = PART(0x81, 0, 0x60, 0x80, 0x80, 0, 0x80, 0);
	plan.sections[WASM_CODE] = PART(0x81, 0x80, 0, 0x82, 0, 0, 0x0b);
	expect_section(&plan, WASM_TYPES, PART(1, 0x60, 0, 0));
	expect_section(&plan, WASM_CODE, PART(1, 2, 0, 0x0b));
}
END_TEST

/* Text that would mean something to C, to the assembler, to a terminal or to a reader, were it
 * ever printed. */
static const struct {
	const char *text;
	size_t size;
} payloads[] = {
#define PAYLOAD(text)                  \
	{                              \
		text, sizeof(text) - 1 \
	}
	PAYLOAD(""),
	PAYLOAD("*/ int pwned = 1; /*"),
	PAYLOAD("*/\n__attribute__((constructor)) void pwned(void) {}\n/*"),
	PAYLOAD("*/\n__asm__(\".incbin \\\"/etc/shadow\\\"\");\n/*"),
	PAYLOAD("*/\n#include \"/etc/shadow\"\n/*"),
	PAYLOAD("\n#error pwned\n"),
	PAYLOAD("\n#pragma GCC poison int\n"),
	PAYLOAD("\"; int pwned; //"),
	PAYLOAD("'"),
	PAYLOAD("\\"),
	PAYLOAD("pwned\\\n"),
	PAYLOAD("?\?/"),
	PAYLOAD("%s%n"),
	PAYLOAD("$(id)`id`;id|id"),
	PAYLOAD("../../../etc/passwd"),
	PAYLOAD("-o/tmp/pwned"),
	PAYLOAD("a\0b"),
	PAYLOAD("\r\n\t\v\f"),
	PAYLOAD("\x1b[2J\x1b]0;pwned\a"),
	PAYLOAD("\xe2\x80\xae dewnwp"), /* right to left */
	PAYLOAD("\xe2\x80\xa8"),        /* a line separator */
	PAYLOAD("\xef\xbb\xbf"),
	PAYLOAD("\xf0\x9f\x98\x80"),
	PAYLOAD("main"),
	PAYLOAD("_init"),
	PAYLOAD("malloc"),
	PAYLOAD("wasm_rt_trap"),
	PAYLOAD("rs_object_run"),
	PAYLOAD("int"),
	PAYLOAD("__asm__"),
	PAYLOAD("Z_"),
	PAYLOAD("w2c_"),
	PAYLOAD("e0"),
	PAYLOAD("i0"),
	PAYLOAD("h"),
};
enum {
	LONG = ARRAY_LEN(payloads),
	PAYLOADS
}; /* and one of 64 KiB, in the loops after the table's */

/* The program with the name in every place where a name may stand; the plainly named twin has
 * another there. */
static struct modules_bytes named(const char *name, size_t size)
{
	CLEANUP(modules_deinit)
	struct modules_bytes exports = { 0 },
			     part = { 0 }, custom = { 0 };
	struct modules_plan plan = modules_rich;

	modules_put(&exports, (const uint8_t[]){ 2, NAME_START, 0, 1 }, 10);
	modules_name(&exports, name, size);
	modules_put(&exports, "\2", 2); /* the memory */
	plan.sections[WASM_EXPORTS] = (struct modules_part){ exports.bytes, exports.size };
	plan.sections[WASM_CUSTOM] = PART_NONE;
	struct modules_bytes m = modules_build(&plan);

	modules_name(&part, name, size);
	modules_name(&custom, "name", 4);
	modules_section(&custom, 0, part.bytes, part.size); /* of the module */
	modules_deinit(&part);
	modules_put(&part, "\1\1", 2);
	modules_name(&part, name, size);
	modules_section(&custom, 1, part.bytes, part.size); /* of function 1 */
	modules_deinit(&part);
	modules_put(&part, "\1\1\1\0", 4);
	modules_name(&part, name, size);
	modules_section(&custom, 2, part.bytes, part.size); /* of its local 0 */
	modules_section(&m, WASM_CUSTOM, custom.bytes, custom.size);

	modules_deinit(&custom);
	modules_name(&custom, name, size);
	modules_name(&custom, name, size);
	modules_section(&m, WASM_CUSTOM, custom.bytes, custom.size);
	return m;
}

static struct front accept_named(const char *name, size_t size)
{
	CLEANUP(modules_deinit) struct modules_bytes m = named(name, size);
	struct front front;
	char reason[FRONT_REASON_SIZE];
	int r = front_run(m.bytes, m.size, UINT32_MAX, "wasm2c 1.0.32", &front_limits_default,
		&front, reason);

	ck_assert_msg(r == 0, "%s", reason);
	return front;
}

START_TEST(no_text_of_the_author_is_left)
{
	static char long_name[65536];
	memset(long_name, '*', sizeof(long_name));
	const char *name = _i == LONG ? long_name : payloads[_i].text;
	size_t size = _i == LONG ? sizeof(long_name) : payloads[_i].size;
	CLEANUP(front_deinit) struct front plain = accept_named("plain", 5);
	CLEANUP(front_deinit) struct front front = accept_named(name, size);

	ck_assert_uint_eq(front.module_bytes, plain.module_bytes);
	ck_assert_mem_eq(front.module, plain.module, plain.module_bytes);
	ck_assert_uint_eq(front.image_bytes, plain.image_bytes);
	ck_assert_mem_eq(front.image, plain.image, plain.image_bytes);
}
END_TEST

START_TEST(the_same_module_gives_the_same_bytes)
{
	CLEANUP(front_deinit) struct front a = modules_accept(&modules_rich);
	CLEANUP(front_deinit) struct front b = modules_accept(&modules_rich);

	ck_assert_uint_eq(a.module_bytes, b.module_bytes);
	ck_assert_mem_eq(a.module, b.module, a.module_bytes);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("canon");
	TCase *same = tcase_create("what stays and what changes"),
	      *names = tcase_create("names");

	tcase_add_test(same, the_smallest_program_is_this);
	tcase_add_test(same, imports_are_named_by_their_row);
	tcase_add_test(same, start_and_elements_stay);
	tcase_add_test(same, constants_are_plain);
	tcase_add_loop_test(same, a_global_keeps_its_value, 0, ARRAY_LEN(globals));
	tcase_add_test(same, data_stays_only_where_code_reads_it);
	tcase_add_test(same, numbers_lose_their_padding);
	tcase_add_test(same, the_same_module_gives_the_same_bytes);
	suite_add_tcase(s, same);
	tcase_add_loop_test(names, no_text_of_the_author_is_left, 0, PAYLOADS);
	suite_add_tcase(s, names);
	return s;
}

CHECK_MAIN(suite)
