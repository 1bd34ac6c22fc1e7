/*
 * check_grant_gusts.c: a short grant storm (tests/e2e/grant_storm.h); check_grant_storm has the
 * long one.
 */
#include "tests/check_run.h"
#include "tests/e2e/grant_storm.h"
#include "tests/e2e/run.h"

#define ROUNDS 100

START_TEST(nothing_passes_without_a_grant_and_all_completes_once)
{
	grant_storm(ROUNDS, _i);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("grant gusts");
	TCase *tc = run_case_with("gusts", grant_storm_rsd);

	grant_storm_seed();
	tcase_add_test(tc, nothing_passes_without_a_grant_and_all_completes_once);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
