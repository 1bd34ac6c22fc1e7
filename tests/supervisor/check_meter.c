/* check_meter.c: the limits of a grant: long bodies, too many a second, too many at a time. */
#include "supervisor/workers/meter.h"
#include "tests/check_run.h"

#define SECOND 1000000000ull
#define BEGIN  (7 * SECOND)

static struct meter meter;

static void limit(uint32_t body_bytes, uint32_t a_second, uint32_t outstanding)
{
	const struct broker_limits limits = { body_bytes, a_second, outstanding };

	meter_set(&meter, &limits, BEGIN);
}

static void set_up(void)
{
	meter = (struct meter){ 0 };
}

/* As many as go at this time. */
static uint32_t burst(uint64_t now_ns, uint32_t most)
{
	uint32_t n = 0;

	for (; n < most && meter_check(&meter, 0, false, now_ns) == RS_OK; n++)
		meter_take(&meter, false);
	return n;
}

START_TEST(without_limits_everything_goes)
{
	limit(0, 0, 0);
	ck_assert(!meter_timed(&meter));
	for (uint32_t i = 0; i < 10000; i++) {
		ck_assert_uint_eq(meter_check(&meter, UINT32_MAX, true, 0), RS_OK);
		meter_take(&meter, true);
	}
}
END_TEST

START_TEST(a_long_body_is_too_big)
{
	limit(100, 0, 0);
	ck_assert_uint_eq(meter_check(&meter, 100, false, 0), RS_OK);
	ck_assert_uint_eq(meter_check(&meter, 101, false, 0), RS_TOO_BIG);
}
END_TEST

static const uint32_t rates[] = { 1, 3, 7, 1000, 999999 };

START_TEST(a_seconds_worth_may_come_at_once)
{
	uint32_t rate = rates[_i];

	limit(0, rate, 0);
	ck_assert(meter_timed(&meter));
	ck_assert_uint_eq(burst(BEGIN, rate + 1), rate);
	ck_assert_uint_eq(meter_check(&meter, 0, false, BEGIN), RS_LIMIT);
	ck_assert_uint_eq(burst(BEGIN + SECOND, rate + 1), rate);
	/* none are saved up */
	ck_assert_uint_eq(burst(BEGIN + 100 * SECOND, rate + 1), rate);
	ck_assert_uint_eq(meter_check(&meter, 0, false, BEGIN + 101 * SECOND), RS_OK);
	ck_assert_uint_eq(burst(BEGIN + 102 * SECOND, rate + 1), rate);
}
END_TEST

START_TEST(what_comes_evenly_at_its_rate_goes_for_ever)
{
	uint32_t rate = rates[_i];

	limit(0, rate, 0);
	burst(BEGIN, rate);
	for (uint64_t n = 1; n <= 10000;
		n++) /* rounded up: the first moment that is late enough */
		ck_assert_uint_eq(burst(BEGIN + (n * SECOND + rate - 1) / rate, 2), 1);
}
END_TEST

START_TEST(checking_costs_nothing)
{
	limit(0, 1, 1);
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(meter_check(&meter, 0, true, BEGIN), RS_OK);
	meter_take(&meter, true);
	ck_assert_uint_eq(meter_check(&meter, 0, true, BEGIN), RS_LIMIT);
}
END_TEST

START_TEST(time_that_goes_back_gives_nothing)
{
	limit(0, 1, 0);
	ck_assert_uint_eq(burst(BEGIN, 2), 1);
	ck_assert_uint_eq(burst(BEGIN - SECOND, 2), 0);
	ck_assert_uint_eq(burst(BEGIN + SECOND - 1, 2), 0);
	ck_assert_uint_eq(burst(BEGIN + SECOND, 2), 1);
}
END_TEST

START_TEST(the_highest_rate_does_not_overflow)
{
	limit(0, UINT32_MAX, 0);
	ck_assert_uint_eq(burst(UINT64_MAX, 1000), 1000);
	ck_assert_uint_eq(burst(UINT64_MAX, 1000), 1000);
}
END_TEST

START_TEST(so_many_wait_for_an_answer)
{
	limit(0, 0, 2);
	for (int i = 0; i < 2; i++) {
		ck_assert_uint_eq(meter_check(&meter, 0, true, 0), RS_OK);
		meter_take(&meter, true);
	}
	ck_assert_uint_eq(meter_check(&meter, 0, true, 0), RS_LIMIT);
	ck_assert_uint_eq(
		meter_check(&meter, 0, false, 0), RS_OK); /* that one waits for none */
	meter_answered(&meter);
	ck_assert_uint_eq(meter_check(&meter, 0, true, 0), RS_OK);
	meter_answered(&meter);
	meter_answered(&meter); /* one too many is nothing */
	ck_assert_uint_eq(meter.outstanding, 0);
}
END_TEST

START_TEST(the_same_limits_again_give_nothing_new)
{
	limit(0, 3, 2);
	burst(BEGIN, 3);
	meter_take(&meter, true);
	limit(0, 3, 1);
	ck_assert_uint_eq(burst(BEGIN, 1), 0);
	ck_assert_uint_eq(meter_check(&meter, 0, true, BEGIN + SECOND), RS_LIMIT);
	limit(0, 5, 2);
	ck_assert_uint_eq(burst(BEGIN, 9), 5); /* another rate begins anew */
}
END_TEST

static Suite *meter_suite(void)
{
	Suite *suite = suite_create("meter");
	TCase *tc = tcase_create("limits");

	tcase_add_checked_fixture(tc, set_up, NULL);
	tcase_add_test(tc, without_limits_everything_goes);
	tcase_add_test(tc, a_long_body_is_too_big);
	tcase_add_loop_test(tc, a_seconds_worth_may_come_at_once, 0, ARRAY_LEN(rates));
	tcase_add_loop_test(
		tc, what_comes_evenly_at_its_rate_goes_for_ever, 0, ARRAY_LEN(rates));
	tcase_add_test(tc, checking_costs_nothing);
	tcase_add_test(tc, time_that_goes_back_gives_nothing);
	tcase_add_test(tc, the_highest_rate_does_not_overflow);
	tcase_add_test(tc, so_many_wait_for_an_answer);
	tcase_add_test(tc, the_same_limits_again_give_nothing_new);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(meter_suite)
