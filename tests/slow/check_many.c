/*
 * As many programs as rsd takes: the last one works like the first, one more is refused in a
 * line, and there is still room to compile.
 */
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

#define KEPT_FREE 20 /* for the programs of the test itself */

/* How many may run at once on this machine. */
static int64_t most(void)
{
	struct run_said said = run_expect(0, NULL, "rsctl doctor --json 2>&1");
	json_t *about = json_loads(said.out, 0, NULL);
	int64_t n = run_number(json_object_get(about, "limits"), "processes");

	json_decref(about);
	ck_assert_int_gt(n, 100);
	return n;
}

static void start_many(int64_t n)
{
	run_expect(0, "",
		"rsctl add \"$guests\"/silent.wasm >\"$here\"/program\n"
		"for i in $(seq %" PRId64 "); do\n"
		"rsctl start $(cat \"$here\"/program) >>\"$here\"/started || exit 1; done",
		n);
}

START_TEST(the_last_works_like_the_first)
{
	start_many(most() - KEPT_FREE);
	run_start("rsctl start \"$guests\"/echo.wasm"); /* compiled here */
	run_expect(0, "2000 sent, 2000 answered, 0 not\n",
		"rsctl run \"$guests\"/storm.wasm 2000 32 200");
	run_expect(0, NULL, "rsctl kill $(tail -n 1 \"$here\"/started)");
}
END_TEST

START_TEST(one_too_many_is_refused_and_the_others_go_on)
{
	start_many(most());
	struct run_said said = run("rsctl start $(cat \"$here\"/program)");
	ck_assert_int_eq(said.status, 1);
	ck_assert_ptr_eq(strchr(said.err, '\n'), said.err + strlen(said.err) - 1);
	run_expect(0, NULL, "rsctl kill $(head -n 1 \"$here\"/started)");
	run_expect(0, NULL, "rsctl start $(cat \"$here\"/program)");
}
END_TEST

static void fresh(void)
{
	run_folders();
	run_rsd();
}

static void end(void)
{
	run_rsd_end();
	run_folders_end();
}

static Suite *suite(void)
{
	Suite *s = suite_create("many");
	TCase *tc = tcase_create("programs");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, fresh, end);
	tcase_add_test(tc, the_last_works_like_the_first);
	tcase_add_test(tc, one_too_many_is_refused_and_the_others_go_on);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
