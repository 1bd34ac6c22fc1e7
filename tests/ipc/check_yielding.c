/* check_yielding.c: a yield is tried where it pays, and hardly ever where it does not. */
#include "ipc/yielding.h"
#include "tests/check_run.h"

#define QUICK 6000u     /* two switches */
#define SLICE 9000000u  /* what a busy process takes: 3 ms */
#define WAITS 10000000u /* a minute of ping-pong */

/* Yields in so many waits. */
static uint32_t yields(struct yielding *yielding, uint32_t waits, uint64_t ticks, bool came)
{
	uint32_t n = 0;

	while (waits--)
		if (yielding_may(yielding)) {
			yielding_was(yielding, ticks, came);
			n++;
		}
	return n;
}

START_TEST(while_it_pays_every_wait_yields)
{
	struct yielding yielding = { 0 };

	ck_assert_uint_eq(yields(&yielding, 100000, QUICK, true), 100000);
}
END_TEST

START_TEST(beside_a_busy_process_there_is_hardly_ever_one)
{
	struct yielding yielding = { 0 };
	uint32_t n = yields(&yielding, WAITS, SLICE, _i);

	ck_assert_uint_ge(n, 1);
	ck_assert_uint_le((uint64_t)n * SLICE, WAITS * (YIELDING_GAINS / 8ull) + SLICE);
}
END_TEST

START_TEST(where_nobody_else_is_it_is_tried_now_and_then)
{
	struct yielding yielding = { 0 };
	uint32_t n = yields(&yielding, WAITS, 900, false);

	ck_assert_uint_ge(n, WAITS / 100);
	ck_assert_uint_le(n, WAITS / 4);
}
END_TEST

START_TEST(a_short_disturbance_is_soon_forgotten)
{
	struct yielding yielding = { 0 };

	yields(&yielding, 10 * YIELDING_PROOF, QUICK, true);
	yielding_was(&yielding, 10 * YIELDING_SLOW, true);
	ck_assert_uint_ge(yields(&yielding, 2000, QUICK, true), 1000);
}
END_TEST

START_TEST(a_few_that_pay_make_no_trust)
{
	struct yielding fresh = { 0 }, yielding = { 0 };

	yielding_was(&fresh, SLICE, false);
	for (uint32_t i = 0; i < 100; i++) {
		yields(&yielding, YIELDING_PROOF / 2, QUICK, true);
		yielding_was(&yielding, SLICE, true);
		ck_assert_uint_eq(yielding.skip, fresh.skip);
		yielding.skip = 0;
	}
}
END_TEST

START_TEST(no_yield_is_so_slow_that_there_is_none_ever_after)
{
	struct yielding yielding = { 0 };

	yielding_was(&yielding, UINT64_MAX, true);
	ck_assert_uint_ge(yields(&yielding, 1000000, QUICK, true), 500000);
}
END_TEST

static Suite *yielding_suite(void)
{
	Suite *suite = suite_create("yielding");
	TCase *pays = tcase_create("pays");

	tcase_add_test(pays, while_it_pays_every_wait_yields);
	tcase_add_loop_test(pays, beside_a_busy_process_there_is_hardly_ever_one, 0, 2);
	tcase_add_test(pays, where_nobody_else_is_it_is_tried_now_and_then);
	tcase_add_test(pays, a_short_disturbance_is_soon_forgotten);
	tcase_add_test(pays, a_few_that_pay_make_no_trust);
	tcase_add_test(pays, no_yield_is_so_slow_that_there_is_none_ever_after);
	suite_add_tcase(suite, pays);
	return suite;
}

CHECK_MAIN(yielding_suite)
