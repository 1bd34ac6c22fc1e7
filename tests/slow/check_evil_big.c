/* Hostile modules of up to tens of megabytes: within limits all the same. */
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/evil.h"
#include "tests/e2e/run.h"

/* What DESIGN section 9 allows a module of 64 MB to cost would take an hour; this is what they
 * do take, and some more. */
static const struct evil_budget budget = { 600 * 1000, 4 * MIB };

static void setup(void)
{
	run_folders();
	run_limit_s = 900;
	evil_make("--big");
}

static void each(enum evil_verdict verdict)
{
	EVIL_EACH(module, verdict)
	{
		if (strncmp(module->name, "big_", 4) == 0)
			evil_wrong(module, evil_compile(module, &budget));
	}
	evil_conclude();
}

START_TEST(big_ones_that_must_be_refused_are)
{
	each(EVIL_REFUSED);
}
END_TEST

START_TEST(big_ones_that_must_be_accepted_are)
{
	each(EVIL_ACCEPTED);
}
END_TEST

START_TEST(big_ones_that_are_a_matter_of_limits_keep_within_them)
{
	each(EVIL_EITHER);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("evil big");
	TCase *tc = tcase_create("modules");

	tcase_set_timeout(tc, 240);
	tcase_add_unchecked_fixture(tc, setup, run_folders_end);
	tcase_add_test(tc, big_ones_that_must_be_refused_are);
	tcase_add_test(tc, big_ones_that_must_be_accepted_are);
	tcase_add_test(tc, big_ones_that_are_a_matter_of_limits_keep_within_them);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
