/*
 * check_sim.c: the broker under a simulated world (world.h), from one seed after the other.
 *
 *     SIM_SEEDS=10000   that many runs, from seed 0; a few hundred without it
 *     SIM_SEED=4711     this run alone, and what happens in it
 */
#include "tests/check_run.h"
#include "tests/sim/world.h"

#define SEEDS_QUICK 400u
#define BATCH       100u /* runs in one test */

static uint64_t number(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

START_TEST(no_run_breaks_a_promise)
{
	uint64_t end = number("SIM_SEEDS", SEEDS_QUICK), from = (uint64_t)_i * BATCH;

	for (uint64_t seed = from; seed < from + BATCH && seed < end; seed++)
		world_run(seed, false);
}
END_TEST

START_TEST(the_one_run_that_was_asked_for)
{
	world_run(number("SIM_SEED", 0), true);
}
END_TEST

static Suite *sim_suite(void)
{
	Suite *suite = suite_create("sim");
	TCase *runs = tcase_create("runs");
	uint64_t seeds = number("SIM_SEEDS", SEEDS_QUICK);

	if (getenv("SIM_SEED"))
		tcase_add_test(runs, the_one_run_that_was_asked_for);
	else
		tcase_add_loop_test(
			runs, no_run_breaks_a_promise, 0, (int)((seeds + BATCH - 1) / BATCH));
	tcase_set_timeout(runs, 60);
	suite_add_tcase(suite, runs);
	return suite;
}

CHECK_MAIN(sim_suite)
