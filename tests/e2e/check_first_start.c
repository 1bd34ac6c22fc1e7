/*
 * The tiers of real programs, from the first start on: what runs at once, what is made behind
 * it, and what is said of it.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

/* Some machines have no quick compiler; then there is one tier, and nothing of this. */
static bool has_quick(void)
{
	if (run("aotc --toolchain | grep -q '^id quick '").status == 0)
		return true;
	printf("skipped: there is no quick compiler (Debian: apt-get install tcc)\n");
	return false;
}

/* A module of its own for each test: what was compiled is kept from one to the next. */
static const char *guest(const char *name, const char *as)
{
	static char hash[80];
	struct run_said said = run_expect(0, NULL,
		"{ cat \"$guests\"/%s.wasm && printf '\\000\\005\\004%s!'; } "
		">\"$here\"/%s.wasm && "
		"rsctl add \"$here\"/%s.wasm",
		name, as, as, as);

	snprintf(hash, sizeof(hash), "%.*s", (int)strcspn(said.out, "\n"), said.out);
	return hash;
}

static const json_t *inspected(const char *what, const char *of)
{
	json_t *whole = run_json(run_expect(0, NULL, "rsctl inspect --json %s", of).out);

	return json_object_get(whole, what);
}

/* Of the best object that is there; "": none. */
static const char *tier_of(const char *program)
{
	const json_t *objects = json_object_get(inspected("program", program), "objects");

	return run_text(json_array_get(objects, 0), "tier");
}

static const json_t *object_of(uint64_t process)
{
	char number[32];

	snprintf(number, sizeof(number), "%" PRIu64, process);
	return json_object_get(inspected("process", number), "object");
}

START_TEST(the_first_start_is_quick_and_the_next_one_full)
{
	if (!has_quick())
		return;
	const char *program = guest("silent", "aaa");
	uint64_t first = run_start("rsctl start %s", program);
	ck_assert_str_eq(run_text(object_of(first), "tier"), "quick");
	RUN_UNTIL(strcmp(tier_of(program), "full") == 0);
	uint64_t second = run_start("rsctl start %s", program);
	ck_assert_str_eq(run_text(object_of(second), "tier"), "full");
	ck_assert_str_eq(run_text(object_of(first), "tier"), "quick"); /* on which it runs */
	const json_t *known = inspected("program", program);
	ck_assert_uint_eq(json_array_size(json_object_get(known, "objects")), 2);
	ck_assert_ptr_null(json_object_get(known, "behind"));
}
END_TEST

START_TEST(what_an_object_is_made_of_is_told)
{
	static const char *const keys[] = { "form", "translator", "compiler", "cpu", "flags" };
	const json_t *object =
		object_of(run_start("rsctl start --best %s", guest("silent", "bbb")));

	ck_assert_str_eq(run_text(object, "tier"), "full");
	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		ck_assert_msg(run_text(object, keys[i])[0], "%s is missing", keys[i]);
	ck_assert_str_eq(run_text(object, "relaxed_reads"), "no");
	ck_assert_int_gt(run_number(object, "bytes"), 4096);
	ck_assert(json_real_value(json_object_get(object, "build_s")) > 0);
	ck_assert_int_gt(run_number(object, "built_ms"), 0);
}
END_TEST

START_TEST(who_waits_for_the_best_needs_no_quick_one)
{
	const char *program = guest("hello", "ccc");
	struct run_said said = run_expect(0, NULL, "rsctl run --best %s", program);

	ck_assert_str_ne(said.out, "");
	const json_t *known = inspected("program", program);
	ck_assert_uint_eq(json_array_size(json_object_get(known, "objects")), 1);
	ck_assert_str_eq(tier_of(program), "full");
}
END_TEST

START_TEST(compile_returns_when_it_can_run_or_waits_for_the_best)
{
	if (!has_quick())
		return;
	const char *program = guest("hello", "ddd");
	json_t *final = run_json(run_expect(0, NULL, "rsctl compile --json %s", program).out);
	ck_assert_str_eq(run_text(final, "tier"), "quick");
	ck_assert_str_eq(run_text(final, "behind"), "full");
	final = run_json(run_expect(0, NULL, "rsctl compile --wait --json %s", program).out);
	ck_assert_str_eq(run_text(final, "tier"), "full");
	ck_assert_ptr_null(json_object_get(final, "behind"));
}
END_TEST

/* Its one function would jump over the guard page: tcc does not touch the pages of a frame. */
START_TEST(a_program_that_is_unfit_for_quick_says_why)
{
	if (!has_quick())
		return;
	run_expect(0, "",
		"{ echo '(module (memory (export \"memory\") 1) (func (export \"_start\") "
		"(local '; "
		"yes i64 | head -n 45000; echo ')'; yes '(i64.const 1)' | head -n 25000; "
		"yes drop | head -n 25000; echo '))'; } >\"$here\"/big.wat && "
		"wat2wasm \"$here\"/big.wat -o \"$here\"/big.wasm");
	run_expect(0, "", "rsctl run \"$here\"/big.wasm");
	const json_t *known =
		inspected("program", run_expect(0, NULL, "rsctl add \"$here\"/big.wasm").out);
	ck_assert_msg(strstr(run_text(known, "not_quick"), "bytes of stack") != NULL, "%s",
		run_text(known, "not_quick"));
	ck_assert_uint_eq(json_array_size(json_object_get(known, "objects")), 1);
}
END_TEST

START_TEST(nothing_is_made_behind_a_program_that_was_removed)
{
	if (!has_quick())
		return;
	const char *program = guest("hello", "eee");
	run_expect(0, NULL, "rsctl run %s && rsctl rm %s", program, program);
	RUN_UNTIL(!run_find("aotc"));
	run_expect(0, NULL, "test -z \"$(rsctl ls -q | grep %s)\"", program);
}
END_TEST

static void rsd_that_is_idle_soon(void)
{
	run_rsd_with("--idle-exit 100ms");
}

/* Otherwise who always runs a program alone would run the quick one for ever. */
START_TEST(an_idle_rsd_ends_after_what_it_makes_behind)
{
	char program[80];

	strcpy(program, guest("hello", "fff"));
	run_expect(0, NULL, "rsctl run %s", program);
	run_rsd_ended();
	run_rsd();
	/* as soon as it knows its tools */
	RUN_UNTIL(strcmp(run_text(inspected("program", program), "compiled"), "unknown") != 0);
	ck_assert_str_eq(tier_of(program), "full");
	const json_t *objects = json_object_get(inspected("program", program), "objects");
	ck_assert_ptr_nonnull(json_object_get(json_array_get(objects, 0), "build_s"));
}
END_TEST

START_TEST(without_the_wish_nothing_is_quick)
{
	char program[80];

	strcpy(program, guest("hello", "ggg"));
	run_expect(0, NULL, "rsctl run %s", program);
	const json_t *known = inspected("program", program);
	ck_assert_str_eq(tier_of(program), "full");
	ck_assert_uint_eq(json_array_size(json_object_get(known, "objects")), 1);
}
END_TEST

START_TEST(unknown_tiers_and_processors_are_refused)
{
	run_expect(2, "", "rsd --tier profiled 2>/dev/null");
	run_expect(2, "", "rsd --target-cpu z80 2>/dev/null");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("first_start");
	TCase *starts = run_case("starts"),
	      *idle = run_case_with("idle", rsd_that_is_idle_soon),
	      *full = run_case_with("full", run_rsd_full);

	tcase_add_test(starts, the_first_start_is_quick_and_the_next_one_full);
	tcase_add_test(starts, what_an_object_is_made_of_is_told);
	tcase_add_test(starts, who_waits_for_the_best_needs_no_quick_one);
	tcase_add_test(starts, compile_returns_when_it_can_run_or_waits_for_the_best);
	tcase_add_test(starts, a_program_that_is_unfit_for_quick_says_why);
	tcase_add_test(starts, nothing_is_made_behind_a_program_that_was_removed);
	tcase_add_test(idle, an_idle_rsd_ends_after_what_it_makes_behind);
	tcase_add_test(full, without_the_wish_nothing_is_quick);
	tcase_add_test(full, unknown_tiers_and_processors_are_refused);
	suite_add_tcase(s, starts);
	suite_add_tcase(s, idle);
	suite_add_tcase(s, full);
	return s;
}

CHECK_MAIN(suite)
