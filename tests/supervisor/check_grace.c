/* check_grace.c: when nobody can be in the middle of sending to a handler any more. */
#include "ipc/bell.h"
#include "supervisor/workers/grace.h"
#include "tests/supervisor/fake_worker.h"

static struct fake handler, client, other;

static void begin(void)
{
	fake_ready(&handler, 1);
	fake_ready(&client, 2);
	fake_ready(&other, 3);
	ck_assert_uint_eq(ask_interface(&handler, RS_INTERFACE_REGISTER, echo), RS_OK);
	ck_assert_uint_eq(open_interface(&client, echo, 0).status, RS_OK);
}

static bool over(struct grace *grace)
{
	return workers_grace_over(workers, grace);
}

static void sleep_once(struct fake *fake)
{
	bell_sleep_end(fake->own, bell_sleep_begin(fake->own));
}

START_TEST(who_sleeps_after_it_began_is_through)
{
	begin();
	struct grace *grace = workers_grace_begin(workers, 1);
	ck_assert(!over(grace));
	ck_assert(!over(grace));
	sleep_once(&client);
	ck_assert(over(grace));
	workers_grace_free(grace);
}
END_TEST

/* It may have woken already, and not be seen to have. */
START_TEST(a_sleep_that_began_before_does_not_count)
{
	begin();
	uint64_t epoch = bell_sleep_begin(client.own);
	struct grace *grace = workers_grace_begin(workers, 1);
	ck_assert(!over(grace));
	bell_sleep_end(client.own, epoch);
	ck_assert(!over(grace));
	epoch = bell_sleep_begin(client.own);
	ck_assert(over(grace));
	workers_grace_free(grace);
}
END_TEST

START_TEST(only_clients_of_this_handler_count)
{
	begin();
	struct grace *grace = workers_grace_begin(workers, 1);
	sleep_once(&other);
	sleep_once(&handler);
	ck_assert(!over(grace));
	sleep_once(&client);
	ck_assert(over(grace));
	workers_grace_free(grace);
	grace = workers_grace_begin(workers, 3);
	ck_assert(over(grace)); /* it has none */
	workers_grace_free(grace);
}
END_TEST

START_TEST(who_is_gone_is_through)
{
	struct trap_report report;

	begin();
	struct grace *grace = workers_grace_begin(workers, 1);
	workers_gone(workers, 2, &report);
	ck_assert(over(grace));
	workers_grace_free(grace);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("grace");
	TCase *tc = tcase_create("grace");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, who_sleeps_after_it_began_is_through);
	tcase_add_test(tc, a_sleep_that_began_before_does_not_count);
	tcase_add_test(tc, only_clients_of_this_handler_count);
	tcase_add_test(tc, who_is_gone_is_through);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
