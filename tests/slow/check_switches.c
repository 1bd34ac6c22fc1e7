/*
 * Handlers that replace each other again and again while messages flow: none is lost, none
 * comes twice, whether rsd passes them on or not, and with every SDK.
 */
#include "tests/check_run.h"
#include "tests/e2e/switches.h"

START_TEST(fifty_switches_lose_nothing)
{
	switches(50, 3, 32, 64);
}
END_TEST

START_TEST(nor_do_they_of_long_bodies)
{
	switches(20, 2, 8, 100000);
}
END_TEST

/* Each of them drains what is there when it is asked to end. */
START_TEST(nor_do_programs_of_any_sdk)
{
	static const char *const programs[] = { "echo", "echo_loop", "echo_rust" };

	run_expect(0, "", "rsctl bind example:echo \"$guests\"/echo.wasm");
	run_expect(0, NULL,
		"rsctl compile \"$guests\"/echo.wasm \"$guests\"/echo_loop.wasm "
		"\"$guests\"/echo_rust.wasm \"$guests\"/storm.wasm");
	for (int round = 0; round < 4; round++) {
		struct run_job storm =
			run_behind("rsctl run \"$guests\"/storm.wasm 20000 64 200");
		for (size_t i = 1; i <= 6 && run_is_going(&storm); i++)
			run_expect(0, "", "rsctl bind example:echo \"$guests\"/%s.wasm",
				programs[i % ARRAY_LEN(programs)]);
		ck_assert_str_eq(run_join(&storm).out, "20000 sent, 20000 answered, 0 not\n");
	}
}
END_TEST

static void rsd_that_mediates(void)
{
	run_rsd_with("--tier full --mediate");
}

static Suite *suite(void)
{
	Suite *s = suite_create("switches");
	TCase *both[] = { run_case_with("direct", run_rsd_full),
		run_case_with("mediated", rsd_that_mediates) };

	run_limit_s = 300;
	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		tcase_set_timeout(both[i], 600);
		tcase_add_test(both[i], fifty_switches_lose_nothing);
		tcase_add_test(both[i], nor_do_they_of_long_bodies);
		tcase_add_test(both[i], nor_do_programs_of_any_sdk);
		suite_add_tcase(s, both[i]);
	}
	return s;
}

CHECK_MAIN(suite)
