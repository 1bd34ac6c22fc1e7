/*
 * Programs built by clang and rustc for WASI, unmodified: what they are given, what they print
 * and read, what they see of clocks and chance.
 */
#include <check.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

/* --- what they are given, what they print --- */

static const char *const hellos[] = { "hello", "hello_rust" };

/* Rust is built where there is a compiler for it. */
static bool is_built(const char *guest)
{
	return run("test -f $guests/%s.wasm", guest).status == 0;
}

START_TEST(arguments_environment_and_status_reach_programs_of_any_language)
{
	const char *hello = hellos[_i];

	if (!is_built(hello))
		return;
	run_expect(0, "Hello from a locked process!\n", "rsctl run $guests/%s.wasm", hello);
	struct run_said said = run_expect(7, "Moin\nargument 1: a b\nargument 2: \n",
		"rsctl run -e GREETING=Moin $guests/%s.wasm --exit 7 'a b' ''", hello);
	ck_assert_str_eq(said.err, "ending with status 7, as asked\n");
}
END_TEST

START_TEST(no_line_is_lost_however_fast_they_come)
{
	run_expect(0, "50000\n",
		"rsctl run $guests/flood.wasm 50000 | awk '$2 + 0 != NR - 1 { print \"lost\", "
		"NR; "
		"exit } END { print NR }'");
}
END_TEST

START_TEST(input_of_any_size_comes_through_unchanged)
{
	run_expect(0, "",
		"head -c 1000000 /dev/urandom >$here/in && rsctl run $guests/cat.wasm "
		"<$here/in | "
		"cmp - $here/in");
	run_expect(0, "", "rsctl run $guests/cat.wasm </dev/null");
}
END_TEST

START_TEST(a_program_waits_for_input_no_longer_than_it_wants)
{
	struct run_said said = run("rsctl compile $guests/poll_input.wasm && (sleep 0.4; echo "
				   "one; sleep 0.4; echo "
				   "three) | rsctl run $guests/poll_input.wasm 50");

	ck_assert_int_eq(said.status, 0);
	ck_assert_ptr_nonnull(strstr(said.out, "in vain\n4 bytes\nin vain\n"));
	ck_assert_ptr_nonnull(strstr(said.out, "in vain\n6 bytes\nthe end\n"));
}
END_TEST

/* --- guests that check for themselves --- */

static const char *const saying_ok[] = { "wasi_errors", "clock", "random" };

START_TEST(what_a_guest_checks_holds)
{
	run_expect(0, "ok\n", "rsctl run $guests/%s.wasm </dev/null", saying_ok[_i]);
}
END_TEST

START_TEST(a_program_needs_no_library)
{
	run_expect(0, "a program needs three calls, no more\n", "rsctl run $guests/bare.wasm");
}
END_TEST

/* Many small ones, some in flight that fill rings many times over, one at a time. */
static const struct {
	const char *words, *said;
} storms[] = {
	{ "5000 256 8", "5000 sent, 5000 answered, 0 not\n" },
	{ "500 64 16000", "500 sent, 500 answered, 0 not\n" },
	{ "1000 1 0", "1000 sent, 1000 answered, 0 not\n" },
};

START_TEST(each_of_many_messages_is_answered_once)
{
	run_start("rsctl start $guests/echo.wasm");
	run_expect(0, storms[_i].said, "rsctl run $guests/storm.wasm %s", storms[_i].words);
}
END_TEST

static TCase *new_case(Suite *s, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, run_folders, run_folders_end);
	tcase_add_checked_fixture(tc, run_rsd, run_rsd_end);
	suite_add_tcase(s, tc);
	return tc;
}

static Suite *suite(void)
{
	Suite *s = suite_create("wasi guests");
	TCase *text = new_case(s, "text"), *inside = new_case(s, "inside");

	tcase_add_loop_test(text,
		arguments_environment_and_status_reach_programs_of_any_language, 0,
		ARRAY_LEN(hellos));
	tcase_add_test(text, no_line_is_lost_however_fast_they_come);
	tcase_add_test(text, input_of_any_size_comes_through_unchanged);
	tcase_add_test(text, a_program_waits_for_input_no_longer_than_it_wants);
	tcase_add_loop_test(inside, what_a_guest_checks_holds, 0, ARRAY_LEN(saying_ok));
	tcase_add_test(inside, a_program_needs_no_library);
	tcase_add_loop_test(
		inside, each_of_many_messages_is_answered_once, 0, ARRAY_LEN(storms));
	return s;
}

CHECK_MAIN(suite)
