#include <stdio.h>
#include <string.h>

#include "aotc/mend.h"
#include "aotc/pack.h"
#include "tests/aotc/harness.h"
#include "tests/check_run.h"

/* What newer translators can do and Debian's cannot: in one program each, as a compile takes
 * most of the time. A part that is wrong ends it with a number of its own. */
#define IMPORTS                                                                             \
	"(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"        \
	"(import \"wasi_snapshot_preview1\" \"fd_close\" (func $close (param i32) (result " \
	"i32)))"
#define EXPECT(number, condition) \
	"(if (i32.eqz " condition ") (then (call $exit (i32.const " #number "))))"

static const char tail_calls[] =
	"(module " IMPORTS "(memory 1 3) (global $g (mut i64) (i64.const 0))"
	"(type $step (func (param i32 i64) (result i64))) (type $close (func (param i32) "
	"(result i32)))"
	"(table 4 4 funcref) (elem (i32.const 0) $even $odd $close)"
	/* to and fro, directly and through the table, with locals, memory and a global */
	"(func $even (type $step) (local i32 i64 f64)"
	" (local.set 3 (i64.add (local.get 1) (i64.const 1)))"
	" (global.set $g (local.get 3))"
	" (i64.store (i32.const 8) (local.get 3))"
	" (if (i32.eqz (local.get 0)) (then (return (local.get 1))))"
	" (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (local.get 3)))"
	"(func $odd (type $step) (local f32 f32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32)"
	" (local.set 4 (i32.sub (local.get 0) (i32.const 1)))"
	" (local.set 13 (i32.const 0))"
	" (return_call_indirect (type $step) (local.get 4) (i64.add (i64.load (i32.const 8)) "
	"(i64.const 1)) (local.get 13)))"
	/* many values, several results */
	"(func $pair (param i32 f64 f32 i64) (result i64 f64)"
	" (if (i32.eqz (local.get 0)) (then (return (local.get 3) (local.get 1))))"
	" (return_call $pair (i32.sub (local.get 0) (i32.const 1)) (f64.add (local.get 1) "
	"(f64.const 0.5)) (local.get 2) (i64.add (local.get 3) (i64.const 2))))"
	"(func $none (local i32) (return_call $also_none))"
	"(func $also_none (i32.store8 (i32.const 3) (i32.const 9)))"
	/* what is imported, directly and through the table */
	"(func $ask (param i32) (result i32) (return_call $close (local.get 0)))"
	"(func $ask_table (param i32) (result i32) (return_call_indirect (type $close) "
	"(local.get 0) (i32.const 2)))"
	/* a call in between grows memory */
	"(func $grow (param i32) (result i32) (drop (memory.grow (i32.const 1)))"
	" (if (local.get 0) (then (return_call $grow (i32.sub (local.get 0) (i32.const 1)))))"
	" (i32.store (i32.const 196604) (i32.const 5)) (return_call $last (i32.const 196604)))"
	"(func $last (param i32) (result i32) (i32.load (local.get 0)))"
	"(func (export \"_start\") (local i64 f64)" EXPECT(2,
		"(i64.eq (call $even (i32.const 10000000) (i64.const 0)) (i64.const "
		"10000000))") EXPECT(3,
		"(i64.eq (global.get $g) (i64.const 10000001))") "(call $pair (i32.const 10) "
								 "(f64.const 1) (f32.const 0) "
								 "(i64.const 4)) (local.set 1) "
								 "(local.set 0)" EXPECT(4,
									 "(i64."
									 "eq "
									 "(loca"
									 "l."
									 "get "
									 "0) "
									 "(i64."
									 "const"
									 " 24)"
									 ")") EXPECT(5,
									 "(f64.eq (local.get "
									 "1) (f64.const 6))") "(call $none)" EXPECT(6,
									 "(i32.eq (i32.load8_u "
									 "(i32.const 3)) "
									 "(i32.const 9))")
									 EXPECT(7,
										 "(i32.eq "
										 "(call $ask "
										 "(i32.const "
										 "6)) "
										 "(i32.const "
										 "7))") EXPECT(8,
										 "(i32.eq "
										 "(call "
										 "$ask_table "
										 "(i32.const "
										 "7)) "
										 "(i32.const "
										 "8))") EXPECT(9,
										 "(i32.eq "
										 "(call $grow "
										 "(i32.const "
										 "1)) "
										 "(i32.const "
										 "5))") "(retur"
											"n_"
											"call "
											"$exit "
											"(i32."
											"const "
											"42)))"
											")";

static const char null_tail_call[] =
	"(module (table 1 1 funcref) (func (export \"_start\") (return_call_indirect "
	"(i32.const 0))))";

static const char exceptions[] =
	"(module " IMPORTS
	"(memory 1 3) (tag $one (param i32)) (tag $two (param i64 f64)) (tag "
	"$none) (tag $like_none)"
	"(func $throw (param i32)"
	" (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $one (i32.const 11))))"
	" (if (i32.eq (local.get 0) (i32.const 2)) (then (throw $two (i64.const 5) (f64.const "
	"2.5))))"
	" (if (i32.eq (local.get 0) (i32.const 3)) (then (throw $none)))"
	" (if (i32.eq (local.get 0) (i32.const 4)) (then (throw $like_none))))"
	/* which handler: its number; locals and parameters changed before the throw are kept,
	 */
	/* what lay on the stack is still there */
	"(func $which (param i32) (result i32) (local i32 i64)"
	" (local.set 1 (i32.const 100))"
	" (i32.add (i32.load (i32.const 64)) (try (result i32) (do (try $t (result i32)"
	"  (do (local.set 1 (i32.const 1000)) (call $throw (local.get 0)) (local.set 1 "
	"(i32.const 0)) (i32.const 10))"
	"  (catch $one (i32.add (local.get 1)))"
	"  (catch $two (drop) (local.set 2) (i32.add (local.get 1) (i32.wrap_i64 (local.get "
	"2))))"
	"  (catch $like_none (i32.const 4))))"
	" (catch_all (i32.add (local.get 1) (i32.const 3))))))"
	/* out of a try by branches; the handler outside is the right one afterwards */
	"(func $leave (param i32) (result i32)"
	" (try (result i32) (do"
	"  (block $b (try $t (do (block $in (br_table $in $t $b (local.get 0))) (return "
	"(i32.const "
	"20)))"
	"   (catch_all (return (i32.const 99)))))"
	"  (call $throw (i32.const 3)) (i32.const 98))"
	" (catch $none (i32.const 21)) (catch $one (drop) (i32.const 97))))"
	/* thrown again, from inside another handler, a hundred thousand times in one frame */
	"(func $again (result i32) (local i32 i32)"
	" (loop $l"
	"  (try (do (try $o (do (throw $one (local.get 0)))"
	"    (catch_all (try (do (throw $two (i64.const 1) (f64.const 1))) (catch_all (rethrow "
	"$o)))))) "
	"   (catch $one (local.set 1 (i32.add (i32.and (i32.const 1)) (local.get 1)))))"
	"  (local.set 0 (i32.add (local.get 0) (i32.const 1)))"
	"  (br_if $l (i32.lt_u (local.get 0) (i32.const 100000))))"
	" (local.get 1))"
	/* past the handler between */
	"(func $delegated (result i32)"
	" (try $o (result i32) (do (try (result i32) (do (try (result i32) (do (call $throw "
	"(i32.const 1)) (i32.const 0)) (delegate $o)))"
	"   (catch_all (i32.const 96)))) (catch $one)))"
	/* memory that grew before the throw is there in the handler */
	"(func $grow (drop (memory.grow (i32.const 1))) (throw $none))"
	"(func $grown (result i32)"
	" (try (do (call $grow)) (catch_all (memory.fill (i32.const 131068) (i32.const 7) "
	"(i32.const 4))))"
	" (i32.load8_u (i32.const 131071)))"
	"(func $deep (param i32) (if (i32.eqz (local.get 0)) (then (throw $one (i32.const 8))))"
	" (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.store (i32.const 32) "
	"(i32.const 1)))"
	"(func (export \"_start\") (local i32)"
	"(i32.store (i32.const 64) (i32.const 7))" EXPECT(
		2, "(i32.eq (call $which (i32.const 0)) (i32.const 17))") EXPECT(3,
		"(i32.eq (call $which (i32.const 1)) (i32.const 1018))") EXPECT(4,
		"(i32.eq (call $which (i32.const 2)) (i32.const 1012))") EXPECT(5,
		"(i32.eq (call $which (i32.const 3)) (i32.const 1010))") EXPECT(6,
		"(i32.eq (call $which (i32.const 4)) (i32.const 11))") EXPECT(7,
		"(i32.eq (call $leave (i32.const 0)) (i32.const 20))") EXPECT(8,
		"(i32.eq (call $leave (i32.const 1)) (i32.const 21))") EXPECT(9,
		"(i32.eq (call $leave (i32.const 2)) (i32.const 21))") EXPECT(10,
		"(i32.eq (call $again) (i32.const 50000))") EXPECT(11,
		"(i32.eq (call $delegated) (i32.const 11))") EXPECT(12,
		"(i32.eq (call $grown) (i32.const 7))") "(try (do (call $deep (i32.const "
							"5000))) (catch $one (local.set "
							"0)))" EXPECT(13,
								"(i32.eq (local.get 0) "
								"(i32.const 8))") EXPECT(14,
								"(i32.eqz (i32.load (i32.const "
								"32)))") "(call $exit "
									 "(i32.const 42))))";

static const char uncaught[] =
	"(module (tag $e) (func (export \"_start\") (try (do) (catch_all)) (throw $e)))";

/* A catch_all of several statements behind catches: they are for the other exceptions only. */
static const char two_kinds[] =
	"(module " IMPORTS "(tag $a) (tag $b) (tag $c)"
	"(func $throw (param i32) (if (i32.eqz (local.get 0)) (then (throw $a)))"
	" (if (i32.eq (local.get 0) (i32.const 1)) (then (throw $b))) (throw $c))"
	"(func $f (param i32) (result i32) (local i32)"
	" (try (do (call $throw (local.get 0)))"
	"  (catch $a (local.set 1 (i32.add (local.get 1) (i32.const 1))))"
	"  (catch $b (if (local.get 0) (then (local.set 1 (i32.const 2))) (else (local.set 1 "
	"(i32.const 9)))))"
	"  (catch_all (try (do (throw $a)) (catch $b) (catch_all (nop) (local.set 1 (i32.add "
	"(local.get 1) (i32.const 10)))))"
	"   (loop $l (local.set 1 (i32.add (local.get 1) (i32.const 3))) (br_if $l (i32.lt_u "
	"(local.get 1) (i32.const 20))))"
	"   (local.set 0 (i32.const 0))))"
	" (try (do (call $throw (local.get 0))) (catch $a) (catch_all))"
	" (local.get 1))"
	"(func (export \"_start\")" EXPECT(2, "(i32.eq (call $f (i32.const 0)) (i32.const 1))")
		EXPECT(3, "(i32.eq (call $f (i32.const 1)) (i32.const 2))") EXPECT(4,
			"(i32.eq (call $f (i32.const 2)) (i32.const 22))") "(call $exit "
									   "(i32.const 42))))";

static const char both[] =
	"(module (tag $e) (func $f (return_call $f)) (func (export \"_start\") (throw $e)))";

static const char constants[] =
	"(module " IMPORTS
	"(memory 1) (table 8 8 funcref) (global $a i32 (i32.add (i32.const 3) "
	"(i32.mul (i32.const 2) (i32.const 10))))"
	"(global $b i64 (i64.sub (i64.const 1) (i64.const -5)))"
	"(elem (offset (i32.sub (i32.const 7) (i32.const 4))) $f) (func $f (result i32) "
	"(i32.const "
	"4))"
	"(data (offset (i32.add (i32.const 16) (i32.const 4))) \"\\09\")"
	"(func (export \"_start\") (call $exit (i32.add (i32.add (global.get $a) (i32.wrap_i64 "
	"(global.get $b)))"
	" (i32.add (call_indirect (result i32) (i32.const 3)) (i32.load8_u (i32.const "
	"20)))))))";

static const char unknown[] =
	"(module (import \"env\" \"nothing\" (func $n (param i32 f64) (result i64)))" IMPORTS
	"(table 2 2 funcref) (elem (i32.const 0) $n $c)"
	"(func $c (param i32 f64) (result i64) (i64.const 1))"
	"(func (export \"_start\") (local i32) (local.set 0 (call $close (i32.const 0)))"
	" (drop (call_indirect (param i32 f64) (result i64) (i32.const 1) (f64.const 2) "
	"(local.get "
	"0)))"
	" (drop (call $n (i32.const 1) (f64.const 2)))))";

static const char reactor[] =
	"(module " IMPORTS " (func (export \"_initialize\") (call $exit (i32.const 42)))"
	" (func (export \"other\") (call $exit (i32.const 1))))";

static const struct form {
	const char *name;
	uint64_t part_bytes;
	bool plain;
} forms[] = {
	{ "special", 0, false },
	{ "plain", 0, true },
	{ "special, in parts", 64, false },
	{ "plain, in parts", 64, true },
};

static void run_forms(const char *wat, int code)
{
	if (!harness_has(HARNESS_NEW))
		return;
	for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
		int ended =
			harness_run_text(HARNESS_NEW, forms[i].part_bytes, forms[i].plain, wat);
		ck_assert_msg(
			ended == code, "%s: ended with %d, not %d", forms[i].name, ended, code);
	}
}

START_TEST(ten_million_tail_calls_take_no_stack)
{
	run_forms(tail_calls, 42);
}
END_TEST

START_TEST(a_tail_call_to_nothing_is_a_trap)
{
	if (harness_has(HARNESS_NEW))
		ck_assert_int_eq(harness_run_text(HARNESS_NEW, 0, false, null_tail_call),
			HARNESS_TRAP + TRAP_INDIRECT_CALL);
}
END_TEST

START_TEST(exceptions_find_their_handlers)
{
	run_forms(exceptions, 42);
}
END_TEST

START_TEST(what_is_for_all_others_is_for_them_alone)
{
	run_forms(two_kinds, 42);
}
END_TEST

START_TEST(an_exception_that_nobody_catches_is_a_trap)
{
	if (harness_has(HARNESS_NEW))
		ck_assert_int_eq(harness_run_text(HARNESS_NEW, 0, false, uncaught),
			HARNESS_TRAP + TRAP_EXCEPTION);
}
END_TEST

START_TEST(constants_are_worked_out_for_both_families)
{
	ck_assert_int_eq(harness_run_text(HARNESS_OLD, 0, false, constants), 42);
	if (harness_has(HARNESS_NEW))
		ck_assert_int_eq(harness_run_text(HARNESS_NEW, 0, false, constants), 42);
}
END_TEST

START_TEST(an_import_that_nothing_provides_ends_who_calls_it)
{
	struct harness h;

	ck_assert_int_eq(harness_translate(&h, HARNESS_OLD, 0, unknown), BUILD_REFUSED);
	ck_assert_str_eq(h.build.reason, "imports env.nothing, which nothing provides");
	harness_deinit(&h);
	harness_plan.unknown_imports = true;
	for (uint32_t i = 0; i < HARNESS_WASM2CS; i++)
		for (uint64_t part_bytes = 0; part_bytes <= 8; part_bytes += 8)
			if (harness_has(i))
				ck_assert_int_eq(
					harness_run_text(i, part_bytes, false, unknown),
					HARNESS_TRAP + TRAP_IMPORT);
	if (access("/usr/bin/tcc", X_OK) == 0) {
		harness_plan.tier = OBJECT_QUICK;
		ck_assert_int_eq(harness_run_text(HARNESS_OLD, 0, false, unknown),
			HARNESS_TRAP + TRAP_IMPORT);
	}
}
END_TEST

START_TEST(an_unknown_import_is_called_by_its_name)
{
	struct harness h;

	harness_plan.unknown_imports = true;
	ck_assert_int_eq(harness_translate(&h, HARNESS_OLD, 0, unknown), 0);
	const struct facts *facts = &h.build.facts;
	ck_assert_uint_eq(facts->n.unknown_count, 1);
	ck_assert_uint_eq(facts->unknown[0], 0);
	ck_assert_uint_eq(pack_function_index(facts, "Z_hZ_u0"), 0);
	ck_assert_uint_eq(pack_function_index(facts, "w2c_h_u0"), 0);
	ck_assert_uint_eq(pack_function_index(facts, "w2c_h_u99"), OBJECT_NOT_WASM);
	ck_assert_uint_eq(facts->function_names[0].bytes, strlen("env.nothing"));
	ck_assert_mem_eq(facts->names + facts->function_names[0].offset, "env.nothing",
		strlen("env.nothing"));
	harness_deinit(&h);
}
END_TEST

START_TEST(a_reactor_is_initialised_and_ends)
{
	ck_assert_int_eq(harness_run_text(HARNESS_OLD, 0, false, reactor), 42);
}
END_TEST

static void expect_refusal(enum harness_wasm2c which, const char *wat, const char *reason)
{
	struct harness h;

	if (!harness_has(which))
		return;
	ck_assert_int_eq(harness_translate(&h, which, 0, wat), BUILD_REFUSED);
	ck_assert_msg(strstr(h.build.reason, reason), "refused because it %s", h.build.reason);
	harness_deinit(&h);
}

START_TEST(what_the_translator_cannot_do_is_refused_by_name)
{
	expect_refusal(HARNESS_OLD, null_tail_call,
		"uses tail calls, which wasm2c 1.0.32 cannot translate: install a newer WABT");
	expect_refusal(HARNESS_OLD, uncaught,
		"uses exceptions, which wasm2c 1.0.32 cannot translate: install a newer WABT");
	expect_refusal(HARNESS_NEW, both,
		"uses exceptions and tail calls, which cannot be translated together");
}
END_TEST

/* The forms in which the translator prints what is mended, and what is left alone. */
static const struct {
	const char *text, *mended;
	int answer;
} mends[] = {
	{ "", "", 0 },
	{ "void f(w2c_m* instance) {\n  u32 var_i0, var_i1;\n}\n",
		"void f(w2c_m* instance) {\n  u32 var_i0, var_i1;\n}\n", 0 },
	{ "    void *instance_ptr_storage;\n    void **instance_ptr = &instance_ptr_storage;\n",
		"    void *instance_ptr_storage = instance;\n    void **instance_ptr = "
		"&instance_ptr_storage;\n",
		0 },
	{ "  w2c_m* instance = *instance_ptr;\n",
		"  w2c_m* instance = *instance_ptr; FUNC_PROLOGUE;\n", 0 },
	{ "  u64   u32 var_i0,\n      var_i1;\n  f64 var_d0;\nvar_l0 = 0,\n      var_l1 = 0;\n "
	  " f32 "
	  "var_l2 = 0;\n",
		"  u32 var_i0,\n      var_i1;\n  f64 var_d0;\n  u64 var_l0 = 0,\n      var_l1 "
		"= "
		"0;\n  f32 var_l2 = 0;\n",
		0 },
	{ "  u64   u32 var_i0;\n  u64   u32 var_i1;\nvar_l0 = 0;\n", NULL, MEND_STRANGE },
	{ "  u64   u32 var_i0;\n  i = 0;\n", NULL, MEND_STRANGE },
};

START_TEST(a_text_is_mended_where_it_is_known_to_be_wrong)
{
	char *mended = NULL;
	size_t size = 0;

	ck_assert_int_eq(
		mend_tail_calls(mends[_i].text, strlen(mends[_i].text), &mended, &size),
		mends[_i].answer);
	if (mends[_i].answer == 0) {
		ck_assert_str_eq(mended, mends[_i].mended);
		ck_assert_uint_eq(size, strlen(mended));
	}
	free(mended);
}
END_TEST

static Suite *families_suite(void)
{
	Suite *s = suite_create("families");
	TCase *run = tcase_create("programs"), *text = tcase_create("text");

	tcase_set_timeout(run, 120);
	tcase_add_test(run, ten_million_tail_calls_take_no_stack);
	tcase_add_test(run, a_tail_call_to_nothing_is_a_trap);
	tcase_add_test(run, exceptions_find_their_handlers);
	tcase_add_test(run, what_is_for_all_others_is_for_them_alone);
	tcase_add_test(run, an_exception_that_nobody_catches_is_a_trap);
	tcase_add_test(run, constants_are_worked_out_for_both_families);
	tcase_add_test(run, an_import_that_nothing_provides_ends_who_calls_it);
	tcase_add_test(run, an_unknown_import_is_called_by_its_name);
	tcase_add_test(run, a_reactor_is_initialised_and_ends);
	tcase_add_test(run, what_the_translator_cannot_do_is_refused_by_name);
	suite_add_tcase(s, run);
	tcase_add_loop_test(
		text, a_text_is_mended_where_it_is_known_to_be_wrong, 0, ARRAY_LEN(mends));
	suite_add_tcase(s, text);
	return s;
}

CHECK_MAIN(families_suite)
