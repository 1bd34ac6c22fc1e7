#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include "aotc/pack.h"
#include "aotc/translate.h"
#include "runtime/record.h"
#include "tests/aotc/harness.h"
#include "tests/check_run.h"

/* Around the body of _start; $exit ends the program with a code. */
#define IMPORTS                                                                             \
	"(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"        \
	"(import \"wasi_snapshot_preview1\" \"fd_close\" (func $close (param i32) (result " \
	"i32)))"
#define PROGRAM(rest, body) \
	"(module " IMPORTS "(memory 1 3)" rest "(func $main (export \"_start\") " body "))"

struct program {
	const char *what, *wat;
	int code; /* how it ends */
};

static const struct program programs[] = {
	{ "returns", PROGRAM("", ""), 0 },
	{ "exits", PROGRAM("", "(call $exit (i32.const 42))"), 42 },
	{ "calls the host", PROGRAM("", "(call $exit (call $close (i32.const 6)))"), 7 },
	{ "reads its data",
		PROGRAM("(data (i32.const 65533) \"\\01\\02\\03\")",
			"(call $exit (i32.load8_u (i32.const 65535)))"),
		3 },
	{ "runs its start function first",
		PROGRAM("(global $g (mut i32) (i32.const 1)) (start $s)"
			"(func $s (global.set $g (i32.const 9)))",
			"(call $exit (global.get $g))"),
		9 },

	/* linear memory */
	{ "reads the last word", PROGRAM("", "(drop (i32.load (i32.const 65532)))"), 0 },
	{ "reads beyond, and drops it", PROGRAM("", "(drop (i32.load (i32.const 65533)))"),
		HARNESS_FAULT },
	{ "reads a float beyond, and drops it",
		PROGRAM("", "(drop (f64.load (i32.const 65529)))"), HARNESS_FAULT },
	{ "reads at the end of addresses",
		PROGRAM("", "(drop (i64.load offset=4294967295 (i32.const -1)))"),
		HARNESS_FAULT },
	{ "writes beyond", PROGRAM("", "(i32.store8 (i32.const 65536) (i32.const 1))"),
		HARNESS_FAULT },
	{ "writes at minus one", PROGRAM("", "(i32.store8 (i32.const -1) (i32.const 1))"),
		HARNESS_FAULT },
	{ "reads half of what it then overwrites",
		PROGRAM("", "(i32.store (i32.const 8) (i32.const 0x2a2a2a2a))"
			    "(i32.reinterpret_f32 (f32.load (i32.const 11)))"
			    "(i32.store (i32.const 8) (i32.const 0)) (call $exit)"),
		42 },
	{ "grows and writes there",
		PROGRAM("",
			"(drop (memory.grow (i32.const 1))) (i32.store (i32.const 131068) "
			"(i32.const 5))"
			"(call $exit (i32.add (memory.size) (i32.load (i32.const 131068))))"),
		7 },
	{ "grows beyond its maximum",
		PROGRAM("", "(call $exit (i32.sub (i32.const 8) (memory.grow (i32.const 3))))"),
		9 },
	{ "grows by all there is",
		PROGRAM("",
			"(call $exit (i32.sub (i32.const 8) (memory.grow (i32.const -1))))"),
		9 },
	{ "fills beyond",
		PROGRAM("", "(memory.fill (i32.const 65530) (i32.const 1) (i32.const 7))"),
		HARNESS_TRAP + TRAP_OUT_OF_BOUNDS },
	{ "copies to the end",
		PROGRAM("(data (i32.const 0) \"abc\")",
			"(memory.copy (i32.const 65533) (i32.const 0) (i32.const 3))"
			"(call $exit (i32.load8_u (i32.const 65535)))"),
		'c' },
	{ "takes passive data",
		PROGRAM("(data $d \"xyz\")",
			"(memory.init $d (i32.const 10) (i32.const 1) (i32.const 2))"
			"(call $exit (i32.load8_u (i32.const 11)))"),
		'z' },
	{ "takes dropped data",
		PROGRAM("(data $d \"xyz\")", "(data.drop $d) (memory.init $d (i32.const 10) "
					     "(i32.const 1) (i32.const 2))"),
		HARNESS_TRAP + TRAP_OUT_OF_BOUNDS },

	/* numbers */
	{ "divides by zero",
		PROGRAM("", "(drop (i32.div_s (i32.const 1) (i32.load (i32.const 0))))"),
		HARNESS_TRAP + TRAP_DIVISION_BY_ZERO },
	{ "divides the smallest by minus one",
		PROGRAM("", "(drop (i64.div_s (i64.const 0x8000000000000000) (i64.sub "
			    "(i64.load (i32.const 0)) (i64.const 1))))"),
		HARNESS_TRAP + TRAP_INTEGER_OVERFLOW },
	{ "takes the smallest modulo minus one",
		PROGRAM("", "(call $exit (i32.rem_s (i32.const 0x80000000) (i32.sub (i32.load "
			    "(i32.const 0)) (i32.const 1))))"),
		0 },
	{ "converts not a number", PROGRAM("", "(drop (i32.trunc_f64_s (f64.const nan)))"),
		HARNESS_TRAP + TRAP_INVALID_CONVERSION },
	{ "converts too large a number",
		PROGRAM("", "(drop (i32.trunc_f64_s (f64.const 1e10)))"),
		HARNESS_TRAP + TRAP_INTEGER_OVERFLOW },
	{ "wraps",
		PROGRAM("", "(call $exit (i32.shr_u (i32.add (i32.const 0x7fffffff) (i32.const "
			    "1)) (i32.const 31)))"),
		1 },
	{ "rounds a product before it adds", /* (1+e)(1-e)-1, e = 2^-27: fused it is not zero */
		PROGRAM("(data (i32.const 0) "
			"\"\\00\\00\\00\\02\\00\\00\\f0\\3f\\00\\00\\00\\fc\\ff\\ff\\ef\\3f\")",
			"(call $exit (f64.ne (f64.const 0) (f64.sub"
			" (f64.mul (f64.load (i32.const 0)) (f64.load (i32.const 8))) "
			"(f64.const 1))))"),
		0 },
	{ "rounds to even",
		PROGRAM("(data (i32.const 0) \"\\00\\00\\00\\00\\00\\00\\04\\40\")",
			"(call $exit (i32.trunc_f64_s (f64.nearest (f64.load (i32.const "
			"0)))))"),
		2 },
	{ "counts bits",
		PROGRAM("", "(call $exit (i32.add (i32.popcnt (i32.const 0xff)) (i32.add "
			    "(i32.clz (i32.load (i32.const 0)))"
			    " (i32.ctz (i32.const 8)))))"),
		43 },
	{ "tells the zeros apart",
		PROGRAM("", "(call $exit (i32.wrap_i64 (i64.shr_u (i64.reinterpret_f64"
			    " (f64.min (f64.const -0) (f64.convert_i32_s (i32.load (i32.const "
			    "0))))) (i64.const 63))))"),
		1 },

	{ "quiets a signalling not-a-number",
		PROGRAM("(data (i32.const 0) \"\\01\\00\\80\\7f\")",
			"(call $exit (i32.and (i32.const 1) (i32.shr_u (i32.reinterpret_f32 "
			"(f32.mul"
			" (f32.load (i32.const 0)) (f32.const 1))) (i32.const 22))))"),
		1 },

	/* calls */
	{ "is unreachable", PROGRAM("", "unreachable"), HARNESS_TRAP + TRAP_UNREACHABLE },
	{ "recurses for ever", PROGRAM("(func $f (result i32) (call $f))", "(drop (call $f))"),
		HARNESS_OVERFLOW },
	{ "calls through a table",
		PROGRAM("(type $t (func (param i32) (result i32))) (table 3 3 funcref) (elem "
			"(i32.const 1) $f $close)"
			"(func $f (type $t) (i32.add (local.get 0) (i32.const 5)))",
			"(call $exit (call_indirect (type $t) (call_indirect (type $t) "
			"(i32.const 1) (i32.const 2)) (i32.const 1)))"),
		7 },
	{ "calls what is not there",
		PROGRAM("(type $t (func)) (table 3 3 funcref)",
			"(call_indirect (type $t) (i32.const 2))"),
		HARNESS_TRAP + TRAP_INDIRECT_CALL },
	{ "calls beyond the table",
		PROGRAM("(type $t (func)) (table 3 3 funcref)",
			"(call_indirect (type $t) (i32.const 3))"),
		HARNESS_TRAP + TRAP_INDIRECT_CALL },
	{ "calls by another type",
		PROGRAM("(type $t (func)) (type $u (func (result i32))) (table 1 1 funcref) "
			"(elem (i32.const 0) $f)"
			"(func $f (type $u) (i32.const 1))",
			"(call_indirect (type $t) (i32.const 0))"),
		HARNESS_TRAP + TRAP_INDIRECT_CALL },
	{ "calls by an equal type of another number",
		PROGRAM("(type $t (func (result i32))) (type $u (func (result i32))) (table 1 "
			"1 funcref) (elem (i32.const 0) $f)"
			"(func $f (type $u) (i32.const 4))",
			"(call $exit (call_indirect (type $t) (i32.const 0)))"),
		4 },
	{ "returns two values",
		PROGRAM("(func $two (result i32 i64) (i32.const 3) (i64.const 4))",
			"(local i64) (call $two) (local.set 0) (call $exit (i32.add "
			"(i32.wrap_i64 (local.get 0))))"),
		7 },
	{ "grows a table and calls there",
		PROGRAM("(type $t (func (result i32))) (table $a 1 funcref) (elem declare func "
			"$f)"
			"(func $f (type $t) (i32.const 8))",
			"(drop (table.grow $a (ref.func $f) (i32.const 5)))"
			"(call $exit (call_indirect $a (type $t) (i32.const 5)))"),
		8 },
	{ "grows a table beyond its maximum",
		PROGRAM("(table $a 1 4 funcref)",
			"(call $exit (i32.sub (i32.const 8) (table.grow $a (ref.null func) "
			"(i32.const 4))))"),
		9 },
	{ "grows a table beyond what is reserved",
		PROGRAM("(table $a 1 funcref)",
			"(call $exit (i32.sub (i32.const 8) (table.grow $a (ref.null func) "
			"(i32.const 70000))))"),
		9 },
	{ "sets and gets in tables",
		PROGRAM("(table $a 4 funcref) (table $b 4 externref)",
			"(table.set $b (i32.const 3) (ref.null extern)) (table.fill $a "
			"(i32.const 0) (ref.null func) (i32.const 4))"
			"(call $exit (i32.add (ref.is_null (table.get $b (i32.const 3))) "
			"(table.size $a)))"),
		5 },
	{ "gets beyond a table",
		PROGRAM("(table $a 4 funcref)", "(drop (table.get $a (i32.const 4)))"),
		HARNESS_TRAP + TRAP_OUT_OF_BOUNDS },
};

static const char simd_program[] =
	PROGRAM("(data (i32.const 16) \"\\01\\00\\00\\00\\02\\00\\00\\00\")",
		"(call $exit (i32x4.extract_lane 1 (i32x4.add (v128.load (i32.const 16)) "
		"(v128.load (i32.const 16)))))");

/* wasm2c then includes what it needs for vectors in another place. */
static const char simd_global_program[] = PROGRAM(
	"(global $g (mut v128) (v128.const i32x4 1 2 3 4)) (data (i32.const 16) \"\\05\")",
	"(global.set $g (i8x16.add (global.get $g) (v128.load8_splat (i32.const 16))))"
	"(call $exit (i8x16.extract_lane_u 4 (global.get $g)))");

/* Each takes a compile: of the rarer forms every step-th must do. */
static void run_all(enum harness_wasm2c which, uint64_t part_bytes, bool plain, size_t step)
{
	if (!harness_has(which))
		return;
	for (size_t i = 0; i < ARRAY_LEN(programs); i += step) {
		int code = harness_run_text(which, part_bytes, plain, programs[i].wat);
		ck_assert_msg(code == programs[i].code,
			"a program that %s ended with %d, not %d", programs[i].what, code,
			programs[i].code);
	}
}

/* Under a sanitizer linear memory cannot lie where objects expect it, so there nothing is run.
 */
START_TEST(programs_do_what_they_say)
{
	run_all((enum harness_wasm2c)_i, 0, false, 1);
}
END_TEST

START_TEST(programs_in_parts_do_what_they_say)
{
	run_all((enum harness_wasm2c)_i, 8, false, 5);
}
END_TEST

START_TEST(programs_of_an_unknown_translator_do_what_they_say)
{
	run_all((enum harness_wasm2c)_i, 0, true, 4);
}
END_TEST

/* _i: three for each wasm2c, the second in the plain form, the third in parts. */
START_TEST(programs_of_the_quick_tier_do_what_they_say)
{
	int how = _i % 3;

	harness_plan.tier = OBJECT_QUICK;
	run_all((enum harness_wasm2c)(_i / 3), how == 2 ? 8 : 0, how == 1, how ? 4 : 1);
}
END_TEST

START_TEST(vectors_work_where_the_translator_knows_them)
{
	struct harness h;

	ck_assert_int_eq(harness_translate(&h, HARNESS_OLD, 0, simd_program), BUILD_REFUSED);
	ck_assert_ptr_nonnull(strstr(h.build.reason, "SIMD"));
	harness_deinit(&h);
	if (!harness_has(HARNESS_NEW))
		return;
	ck_assert_int_eq(harness_run_text(HARNESS_NEW, 0, false, simd_program), 4);
	ck_assert_int_eq(harness_run_text(HARNESS_NEW, 0, false, simd_global_program), 7);
}
END_TEST

static uint8_t *bytes_of(int object, size_t *size)
{
	struct stat st;

	ck_assert_int_eq(fstat(object, &st), 0);
	*size = (size_t)st.st_size;
	void *bytes = mmap(NULL, *size, PROT_READ, MAP_PRIVATE, object, 0);
	ck_assert_ptr_ne(bytes, MAP_FAILED);
	return bytes;
}

START_TEST(the_same_module_gives_the_same_bytes)
{
	struct harness one, two;
	size_t one_size, two_size;

	if (!harness_has((enum harness_wasm2c)_i))
		return;
	ck_assert_int_eq(
		harness_translate(&one, (enum harness_wasm2c)_i, 8, programs[3].wat), 0);
	ck_assert_int_eq(harness_compile(&one), 0);
	ck_assert_int_eq(
		harness_translate(&two, (enum harness_wasm2c)_i, 8, programs[3].wat), 0);
	two.build.jobs = 1;
	ck_assert_int_eq(harness_compile(&two), 0);
	ck_assert_str_ne(one.build.work.path, two.build.work.path);
	uint8_t *a = bytes_of(one.object, &one_size), *b = bytes_of(two.object, &two_size);
	ck_assert_uint_eq(one_size, two_size);
	ck_assert_int_eq(memcmp(a, b, one_size), 0);
	harness_deinit(&one);
	harness_deinit(&two);
}
END_TEST

START_TEST(functions_keep_their_names)
{
	struct harness h;
	size_t size;
	bool found = false;

	ck_assert_int_eq(harness_translate(&h, HARNESS_OLD, 8,
				 PROGRAM("(table 1 1 funcref) (elem (i32.const 0) $deep_inside)"
					 "(func $deep_inside unreachable)",
					 "(call_indirect (i32.const 0))")),
		0);
	ck_assert_int_eq(harness_compile(&h), 0);
	const uint8_t *bytes = bytes_of(h.object, &size);
	const struct object_header *head = (const void *)bytes;
	const struct object_function *f = (const void *)(bytes + head->functions_offset);
	for (uint32_t i = 0; i < head->functions_count; i++) {
		ck_assert(i == 0 || f[i].code > f[i - 1].code);
		if (f[i].name_bytes == strlen("deep_inside") &&
			memcmp(bytes + head->names_offset + f[i].name_offset, "deep_inside",
				f[i].name_bytes) == 0) {
			ck_assert_uint_eq(f[i].index, 2);
			found = true;
		}
	}
	ck_assert(found);
	ck_assert_uint_eq(f[head->functions_count - 1].index, OBJECT_NOT_WASM);
	harness_deinit(&h);
}
END_TEST

START_TEST(a_changed_text_is_not_known)
{
	CLEANUP(freep) uint8_t *bytes = NULL;
	struct harness h;
	size_t size;

	if (!harness_has((enum harness_wasm2c)_i))
		return;
	ck_assert_int_eq(harness_translate(&h, (enum harness_wasm2c)_i, 0, programs[3].wat), 0);
	ck_assert_int_eq(work_read(&h.build.work, "m.c", GIB, &bytes, &size), 0);
	char *text = (char *)bytes, *clz = strstr(text, "I32_CLZ(x)"),
	     *instance = strstr(text, "_instantiate(");
	ck_assert(clz && instance);
	size_t head = translate_head(h.build.tools.family, text, size);
	ck_assert_uint_gt(head, 0);
	*instance = 'X'; /* the module's own part */
	ck_assert_uint_eq(translate_head(h.build.tools.family, text, size), head);
	*clz = 'J'; /* what is the same for all */
	ck_assert_uint_eq(translate_head(h.build.tools.family, text, size), 0);
	ck_assert_uint_eq(translate_head(h.build.tools.family, "", 0), 0);
	harness_deinit(&h);
}
END_TEST

/* Reads all of a file of the work folder. */
static char *text_of(struct harness *h, const char *name)
{
	uint8_t *bytes = NULL;
	size_t size;

	ck_assert_int_eq(work_read(&h->build.work, name, GIB, &bytes, &size), 0);
	return (char *)bytes;
}

/* _i: two for each wasm2c, the second with vectors. */
START_TEST(the_text_is_cut_where_the_preamble_ends)
{
	enum harness_wasm2c which = (enum harness_wasm2c)(_i / 2);
	struct harness h;

	if (!harness_has(which) || (_i % 2 && which == HARNESS_OLD))
		return;
	ck_assert_int_eq(harness_translate(&h, which, 0,
				 _i % 2 ? PROGRAM("", "(drop (v128.load (i32.const 0)))")
					: programs[3].wat),
		0);
	CLEANUP(freep)
	char *whole = text_of(&h, "m.c"), *head = text_of(&h, "m-head.h"),
	     *rest = text_of(&h, "m_0.c");
	size_t n = strlen(head);
	ck_assert_int_eq(strncmp(whole, head, n), 0);
	ck_assert_str_eq(whole + n, rest);
	ck_assert_int_eq(head[n - 1], '\n');
	ck_assert_ptr_null(strstr(head, "init_memories"));
	ck_assert_ptr_null(strstr(rest, "#define "));
	harness_deinit(&h);
}
END_TEST

/* What the record of the object says about its form. */
static void form_is(struct harness *h, const char *wanted)
{
	static struct build_record record;
	struct stat st;

	ck_assert_int_eq(harness_compile(h), 0);
	ck_assert_int_eq(fstat(h->object, &st), 0);
	ck_assert_int_eq(record_read(h->object, (uint64_t)st.st_size, &record), 0);
	ck_assert_str_eq(record_value(&record, "form"), wanted);
	ck_assert_str_eq(record_value(&record, "tier"), "full");
	ck_assert_int_eq(strncmp(record_value(&record, "translator"), "wasm2c ", 7), 0);
	ck_assert_ptr_nonnull(strstr(record_value(&record, "flags"), " -fwrapv "));
	ck_assert_str_eq(record_value(&record, "relaxed-reads"), "no");
}

START_TEST(an_object_says_how_it_was_made)
{
	struct harness h;

	ck_assert_int_eq(harness_translate(&h, HARNESS_OLD, 0, programs[0].wat), 0);
	ck_assert(!h.build.plain);
	form_is(&h, "special");
	harness_deinit(&h);
}
END_TEST

START_TEST(a_growing_table_takes_the_plain_form)
{
	static const char wat[] = PROGRAM("(table $t 1 9 funcref)",
		"(drop (table.grow $t (ref.null func) (i32.const 2)))"
		"(call $exit (table.size $t))");
	struct harness h;

	ck_assert_int_eq(harness_translate(&h, HARNESS_OLD, 0, wat), 0);
	ck_assert(h.build.plain);
	form_is(&h, "plain its table grows");
	ck_assert_int_eq(harness_run(h.object), 3);
	harness_deinit(&h);
}
END_TEST

START_TEST(an_invalid_module_is_refused_in_one_line)
{
	static const char wat[] = PROGRAM("", "(drop (i32.add (i32.const 1) (i64.const 2)))");
	struct harness h;

	if (!harness_has((enum harness_wasm2c)_i))
		return;
	ck_assert_int_eq(harness_translate(&h, (enum harness_wasm2c)_i, 0, wat), BUILD_REFUSED);
	ck_assert_ptr_nonnull(strstr(h.build.reason, "invalid module: "));
	ck_assert_ptr_nonnull(strstr(h.build.reason, "type mismatch"));
	ck_assert_ptr_null(strchr(h.build.reason, '\n'));
	harness_deinit(&h);
}
END_TEST

static Suite *aotc_suite(void)
{
	Suite *s = suite_create("aotc");
	TCase *run = tcase_create("programs"), *object = tcase_create("object");

	tcase_set_timeout(run, 120);
	tcase_add_loop_test(run, programs_do_what_they_say, 0, HARNESS_WASM2CS);
	tcase_add_loop_test(run, programs_in_parts_do_what_they_say, 0, HARNESS_WASM2CS);
	tcase_add_loop_test(
		run, programs_of_the_quick_tier_do_what_they_say, 0, 3 * HARNESS_WASM2CS);
	tcase_add_loop_test(
		run, programs_of_an_unknown_translator_do_what_they_say, 0, HARNESS_WASM2CS);
	tcase_add_test(run, vectors_work_where_the_translator_knows_them);
	suite_add_tcase(s, run);
	tcase_set_timeout(object, 60);
	tcase_add_loop_test(object, the_same_module_gives_the_same_bytes, 0, HARNESS_WASM2CS);
	tcase_add_test(object, functions_keep_their_names);
	tcase_add_loop_test(object, a_changed_text_is_not_known, 0, HARNESS_WASM2CS);
	tcase_add_test(object, an_object_says_how_it_was_made);
	tcase_add_test(object, a_growing_table_takes_the_plain_form);
	tcase_add_loop_test(
		object, the_text_is_cut_where_the_preamble_ends, 0, 2 * HARNESS_WASM2CS);
	tcase_add_loop_test(
		object, an_invalid_module_is_refused_in_one_line, 0, HARNESS_WASM2CS);
	suite_add_tcase(s, object);
	return s;
}

CHECK_MAIN(aotc_suite)
