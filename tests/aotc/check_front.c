#include <stdio.h>
#include <string.h>

#include "aotc/front.h"
#include "tests/aotc/modules.h"
#include "tests/check_run.h"

#define NAME_FD_WRITE 8, 'f', 'd', '_', 'w', 'r', 'i', 't', 'e'

START_TEST(the_smallest_program_is_accepted)
{
	CLEANUP(front_deinit) struct front front = modules_accept(&modules_plain);

	ck_assert_uint_eq(front.functions, 1);
	ck_assert_uint_eq(front.function_imports, 0);
	ck_assert_uint_eq(front.features, 0);
	ck_assert(front.has_memory);
	ck_assert(!front.memory_grows);
	ck_assert_uint_eq(front.memory_pages, 1);
	ck_assert_uint_eq(front.memory_pages_max, MEMORY_PAGES_MAX);
	ck_assert_uint_eq(front.runs_count, 0);
	ck_assert_uint_eq(front.code_bytes, 4);
}
END_TEST

static const struct {
	struct modules_part bytes;
	const char *reason;
} files[] = {
	{ { (const uint8_t *)"", 0 }, "is not a WebAssembly module" },
	{ { NULL, 0 }, "is not a WebAssembly module" },
	{ PART_OF(0, 'a', 's', 'm', 1, 0, 0), "is not a WebAssembly module" },
	{ PART_OF(0x7f, 'E', 'L', 'F', 2, 1, 1, 0), "is not a WebAssembly module" },
	{ PART_OF(0, 'a', 's', 'm', 2, 0, 0, 0), "another version" },
	{ PART_OF(0, 'a', 's', 'm', 0x0d, 0, 1, 0), "WebAssembly component" },
	{ PART_OF(0, 'a', 's', 'm', 1, 0, 0, 0), "has no _start: not a command" },
};

START_TEST(other_files_are_called_what_they_are)
{
	struct front front;
	char reason[FRONT_REASON_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		int r = front_run(files[i].bytes.bytes, files[i].bytes.size, UINT32_MAX,
			"wasm2c", &front_limits_default, &front, reason);
		ck_assert_int_eq(r, FRONT_REFUSED);
		ck_assert_msg(strstr(reason, files[i].reason), "%s", reason);
	}
}
END_TEST

static const struct {
	struct modules_part types, functions, exports;
	const char *reason;
} exports[] = {
	{ PART_OF(1, 0x60, 0, 0), PART_OF(1, 0), PART_OF(1, 5, 's', 't', 'a', 'r', 't', 0, 0),
		"has no _start: not a command" },
	{ PART_OF(1, 0x60, 0, 1, 0x7e), PART_OF(1, 0),
		PART_OF(1, 11, '_', 'i', 'n', 'i', 't', 'i', 'a', 'l', 'i', 'z', 'e', 0, 0),
		"exports _initialize with type () -> i64, but a program's is () -> ()" },
	{ PART_OF(1, 0x60, 0, 0), PART_OF(1, 0), PART_OF(1, NAME_START, 2, 0),
		"exports _start, but not as a function" },
	{ PART_OF(1, 0x60, 1, 0x7f, 0), PART_OF(1, 0), PART_OF(1, NAME_START, 0, 0),
		"exports _start with type (i32) -> (), but a program's is () -> ()" },
	{ PART_OF(1, 0x60, 0, 1, 0x7e), PART_OF(1, 0), PART_OF(1, NAME_START, 0, 0),
		"exports _start with type () -> i64, but a program's is () -> ()" },
	{ PART_OF(1, 0x60, 0, 0), PART_OF(1, 0), PART_OF(2, NAME_START, 0, 0, NAME_START, 2, 0),
		"exports _start twice" },
	{ PART_OF(1, 0x60, 0, 0), PART_OF(1, 0),
		PART_OF(4, 1, 'x', 0, 0, NAME_START, 0, 0, 1, 'y', 0, 0, 1, 'x', 0, 0),
		"exports x twice" },
};

START_TEST(a_program_exports_start)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_TYPES] = exports[_i].types;
	plan.sections[WASM_FUNCTIONS] = exports[_i].functions;
	plan.sections[WASM_EXPORTS] = exports[_i].exports;
	modules_refuse(&plan, exports[_i].reason);
}
END_TEST

/* Type 0 is () -> (), type 1 (i32) -> i32, as of fd_close. */
static const struct modules_part two_types = PART_OF(2, 0x60, 0, 0, 0x60, 1, 0x7f, 1, 0x7f);

static struct modules_plan plan_with_imports(struct modules_part imports)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_TYPES] = two_types;
	plan.sections[WASM_IMPORTS] = imports;
	return plan;
}

START_TEST(imports_are_found_by_name_and_type)
{
	struct modules_plan plan = plan_with_imports(PART(2, NAME_WASI, NAME_FD_CLOSE,
		WASM_FUNCTION, 1, NAME_WASI, NAME_FD_CLOSE, WASM_FUNCTION, 1));
	plan.sections[WASM_EXPORTS] = PART(1, NAME_START, 0, 2);
	CLEANUP(front_deinit) struct front front = modules_accept(&plan);
	int row = host_function_find("wasi_snapshot_preview1", 22, "fd_close", 8);

	ck_assert_uint_eq(front.function_imports, 2); /* the same one twice is allowed */
	ck_assert_uint_eq(front.functions, 3);
	for (int i = 0; i < 64; i++)
		ck_assert_int_eq(front.imports_used[i / 32] >> i % 32 & 1, i == row);
}
END_TEST

static const struct {
	struct modules_part imports;
	const char *reason;
} imports[] = {
	{ PART_OF(1, 3, 'e', 'n', 'v', 3, 'f', 'o', 'o', 0, 0),
		"imports env.foo, which nothing provides" },
	{ PART_OF(1, NAME_WASI, NAME_FD_WRITE, 0, 1),
		"imports wasi_snapshot_preview1.fd_write with type "
		"(i32) -> i32, but it is (i32, i32, i32, "
		"i32) -> i32" },
	{ PART_OF(1, NAME_WASI, NAME_FD_CLOSE, 0, 0),
		"imports wasi_snapshot_preview1.fd_close with type "
		"() -> (), but it is (i32) -> i32" },
	{ PART_OF(1, NAME_WASI, NAME_FD_CLOSE, 0, 2),
		"a function or tag of a type that does not exist" },
	{ PART_OF(1, 3, 'e', 'n', 'v', 1, 'm', 2, 0, 1),
		"imports env.m, a memory: only functions" },
	{ PART_OF(1, 3, 'e', 'n', 'v', 1, 't', 1, 0x70, 0, 1),
		"imports env.t, a table: only functions" },
	{ PART_OF(1, 3, 'e', 'n', 'v', 1, 'g', 3, 0x7f, 0),
		"imports env.g, a global: only functions" },
	{ PART_OF(1, 3, 'e', 'n', 'v', 1, 'g', 4, 0, 0),
		"imports env.g, a tag: only functions" },
	{ PART_OF(1, 3, 'e', 'n', 'v', 1, 'g', 5, 0, 0), "an import of an unknown kind" },
	{ PART_OF(1, 0, 0, 0, 0), "imports \"\".\"\", which nothing provides" },
	{ PART_OF(1, 2, 'a', '\n', 3, '*', '/', 0x1b, 0, 0),
		"imports a\\x0a.*/\\x1b, which nothing provides" },
	{ PART_OF(1, 4, '\\', 'x', '0', 'a', 1, 'b', 0, 0),
		"imports \\x5cx0a.b, which nothing" },
	{ PART_OF(1, 2, 0xff, 0xfe, 1, 'x', 0, 0), "a name is not UTF-8" },
};

START_TEST(an_import_that_is_not_ours_is_refused_by_name)
{
	struct modules_plan plan = plan_with_imports(imports[_i].imports);

	modules_refuse(&plan, imports[_i].reason);
}
END_TEST

START_TEST(a_reason_stays_one_short_printable_line)
{
	CLEANUP(modules_deinit) struct modules_bytes section = { 0 };
	static uint8_t name[65536];
	struct front front;
	char reason[FRONT_REASON_SIZE];

	memset(name, '\n', sizeof(name));
	modules_u32(&section, 1);
	modules_name(&section, name, sizeof(name));
	modules_name(&section, name, sizeof(name));
	modules_put(&section, (const uint8_t[]){ 0, 0 }, 2);
	struct modules_plan plan =
		plan_with_imports((struct modules_part){ section.bytes, section.size });
	ck_assert_int_eq(modules_run(&plan, &front, reason), FRONT_REFUSED);
	for (const char *c = reason; *c; c++)
		ck_assert(*c >= ' ' && *c <= '~');
	ck_assert_ptr_nonnull(strstr(reason, ", which nothing provides"));
}
END_TEST

static const struct {
	enum feature feature;
	struct modules_part code;
	const char *name;
} features[] = {
	{ FEATURE_SIMD, PART_OF(0xfd, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x1a),
		"SIMD" },
	{ FEATURE_BULK_MEMORY, PART_OF(0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0), "bulk memory" },
	{ FEATURE_REFERENCE_TYPES, PART_OF(0xd0, 0x6f, 0x1a), "reference types" },
	{ FEATURE_MULTI_VALUE, PART_OF(0x02, 0, 0x0b), "several results" },
	{ FEATURE_SIGN_EXTENSION, PART_OF(0x41, 0, 0xc0, 0x1a), "sign extension" },
	{ FEATURE_SATURATING_FLOAT, PART_OF(0x43, 0, 0, 0, 0, 0xfc, 0, 0x1a),
		"saturating conversions" },
	{ FEATURE_TAIL_CALLS, PART_OF(0x12, 0), "tail calls" },
};

START_TEST(a_feature_is_refused_exactly_where_it_is_lacking)
{
	struct modules_plan plan = modules_plain;
	struct front front;
	char reason[FRONT_REASON_SIZE], expected[FRONT_REASON_SIZE];

	plan.code = features[_i].code;
	CLEANUP(modules_deinit) struct modules_bytes m = modules_build(&plan);
	ck_assert_int_eq(front_run(m.bytes, m.size, features[_i].feature, "wasm2c 1.0.32",
				 &front_limits_default, &front, reason),
		0);
	ck_assert_uint_eq(front.features, features[_i].feature);
	front_deinit(&front);
	ck_assert_int_eq(
		front_run(m.bytes, m.size, UINT32_MAX & ~(uint32_t)features[_i].feature,
			"wasm2c 1.0.32", &front_limits_default, &front, reason),
		FRONT_REFUSED);
	snprintf(expected, sizeof(expected),
		"uses %s, which wasm2c 1.0.32 cannot translate: install a newer WABT",
		features[_i].name);
	ck_assert_str_eq(reason, expected);
}
END_TEST

static void run_damaged(const uint8_t *bytes, size_t size)
{
	struct front front;
	char reason[FRONT_REASON_SIZE];
	/* of exactly this size, so that reading beyond it is seen */
	CLEANUP(freep) uint8_t *copy = malloc(size + !size);
	int r;

	memcpy(copy, bytes, size);
	r = front_run(copy, size, UINT32_MAX, "wasm2c", &front_limits_default, &front, reason);
	ck_assert(r == 0 || r == FRONT_REFUSED);
	ck_assert_int_eq(reason[0] != '\0', r == FRONT_REFUSED);
	for (const char *c = reason; *c; c++)
		ck_assert(*c >= ' ' && *c <= '~');
	front_deinit(&front);
}

START_TEST(a_bit_of_everything_is_accepted)
{
	struct modules_plan plan = modules_rich;
	CLEANUP(front_deinit) struct front front = modules_accept(&plan);

	ck_assert_uint_eq(front.runs_count, 1);
	ck_assert_uint_eq(front.runs[0].memory_offset, 0);
	ck_assert_mem_eq(front.image + 256, "abc", 3);
	ck_assert(front.memory_grows);
	ck_assert_uint_eq(front.table_entries, 3);
}
END_TEST

START_TEST(a_module_cut_anywhere_is_refused)
{
	struct modules_plan plan = modules_rich;
	plan.sections[WASM_CUSTOM] = PART_NONE;
	CLEANUP(modules_deinit) struct modules_bytes m = modules_build(&plan);
	struct front front;
	char reason[FRONT_REASON_SIZE];

	for (size_t size = 0; size < m.size; size++) {
		run_damaged(m.bytes, size);
		ck_assert_int_eq(front_run(m.bytes, size, UINT32_MAX, "wasm2c",
					 &front_limits_default, &front, reason),
			FRONT_REFUSED);
	}
}
END_TEST

/* Each bit alone, the neighbours, and the ends of a number's byte. */
static uint8_t changed(uint8_t byte, unsigned how)
{
	const uint8_t others[] = { byte + 1, byte - 1, 0x00, 0x7f, 0x80, 0xff };

	return how < 8 ? byte ^ (uint8_t)(1u << how) : others[how - 8];
}
enum {
	WAYS_TO_CHANGE = 14
};

START_TEST(a_changed_byte_is_survived)
{
	struct modules_plan plan = modules_rich;
	CLEANUP(modules_deinit) struct modules_bytes m = modules_build(&plan);

	for (size_t i = 0; i < m.size; i++) {
		uint8_t was = m.bytes[i];
		for (unsigned how = 0; how < WAYS_TO_CHANGE; how++) {
			m.bytes[i] = changed(was, how);
			run_damaged(m.bytes, m.size);
		}
		m.bytes[i] = was;
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("front");
	TCase *program = tcase_create("what a program is"), *damage = tcase_create("damage");

	tcase_add_test(program, the_smallest_program_is_accepted);
	tcase_add_test(program, other_files_are_called_what_they_are);
	tcase_add_loop_test(program, a_program_exports_start, 0, ARRAY_LEN(exports));
	tcase_add_test(program, imports_are_found_by_name_and_type);
	tcase_add_loop_test(
		program, an_import_that_is_not_ours_is_refused_by_name, 0, ARRAY_LEN(imports));
	tcase_add_test(program, a_reason_stays_one_short_printable_line);
	tcase_add_loop_test(program, a_feature_is_refused_exactly_where_it_is_lacking, 0,
		ARRAY_LEN(features));
	suite_add_tcase(s, program);
	tcase_add_test(damage, a_bit_of_everything_is_accepted);
	tcase_add_test(damage, a_module_cut_anywhere_is_refused);
	tcase_add_test(damage, a_changed_byte_is_survived);
	tcase_set_timeout(damage, 60);
	suite_add_tcase(s, damage);
	return s;
}

CHECK_MAIN(suite)
