/*
 * check_grant_storm.c: the user changes his mind thousands of times while programs talk
 * (tests/e2e/grant_storm.h).
 */
#include "tests/check_run.h"
#include "tests/e2e/grant_storm.h"
#include "tests/e2e/run.h"

#define ROUNDS    500 /* in each storm: rsd's events and the numbers of processes begin anew */
#define STORMS    6
#define TIMEOUT_S 900

START_TEST(nothing_passes_without_a_grant_and_all_completes_once)
{
	grant_storm(ROUNDS, _i);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("grant storm");
	TCase *tc = run_case_with("storm", grant_storm_rsd);

	grant_storm_seed();
	tcase_set_timeout(tc, TIMEOUT_S);
	tcase_add_loop_test(
		tc, nothing_passes_without_a_grant_and_all_completes_once, 0, STORMS);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
