/*
 * check_meters.c: the limits of all slots of a lane, and which message an answer is to: against
 * a plain list of what should be known.
 */
#include <stdlib.h>

#include "supervisor/workers/meters.h"
#include "tests/check_run.h"

static struct meters meters;

static void set_up(void)
{
	meters = (struct meters){ 0 };
}

static void tear_down(void)
{
	meters_deinit(&meters);
}

static void limit_outstanding(uint32_t slot, uint32_t most)
{
	const struct broker_limits limits = { .outstanding_max = most };

	meters_set(&meters, slot, &limits);
}

static struct record message(uint32_t slot, uint64_t id)
{
	return (struct record){ .kind = RECORD_MESSAGE,
		.flags = id ? RS_NEEDS_ANSWER : 0,
		.slot = slot,
		.id = id };
}

static uint32_t send_one(uint32_t slot, uint64_t id)
{
	struct record head = message(slot, id);
	uint32_t status = meters_check(&meters, &head);

	if (status == RS_OK)
		meters_take(&meters, &head);
	return status;
}

START_TEST(only_the_limited_slot_is_limited)
{
	limit_outstanding(3, 1);
	for (uint64_t id = 1; id <= 100; id++)
		ck_assert_uint_eq(send_one(2, id), RS_OK);
	ck_assert_uint_eq(send_one(3, 200), RS_OK);
	ck_assert_uint_eq(send_one(3, 201), RS_LIMIT);
	ck_assert_uint_eq(send_one(3, 0), RS_OK); /* no answer is wanted */
	for (uint64_t id = 1; id <= 100; id++)
		meters_answered(&meters, id); /* of the other slot */
	ck_assert_uint_eq(send_one(3, 201), RS_LIMIT);
	meters_answered(&meters, 200);
	ck_assert_uint_eq(send_one(3, 201), RS_OK);
}
END_TEST

START_TEST(an_answer_frees_one_of_its_own_slot)
{
	limit_outstanding(0, 1);
	limit_outstanding(63, 1);
	ck_assert_uint_eq(send_one(0, 1), RS_OK);
	ck_assert_uint_eq(send_one(63, 2), RS_OK);
	meters_answered(&meters, 2);
	ck_assert_uint_eq(send_one(0, 3), RS_LIMIT);
	ck_assert_uint_eq(send_one(63, 3), RS_OK);
}
END_TEST

START_TEST(an_id_that_is_used_twice_counts_twice)
{
	limit_outstanding(1, 2);
	ck_assert_uint_eq(send_one(1, 7), RS_OK);
	ck_assert_uint_eq(send_one(1, 7), RS_OK);
	ck_assert_uint_eq(send_one(1, 7), RS_LIMIT);
	meters_answered(&meters, 7);
	ck_assert_uint_eq(send_one(1, 8), RS_OK);
	ck_assert_uint_eq(send_one(1, 8), RS_LIMIT);
}
END_TEST

START_TEST(what_was_sent_before_the_limit_is_not_counted)
{
	ck_assert_uint_eq(send_one(1, 7), RS_OK);
	limit_outstanding(1, 1);
	ck_assert_uint_eq(send_one(1, 8), RS_OK);
	meters_answered(&meters, 7);
	ck_assert_uint_eq(send_one(1, 9), RS_LIMIT);
}
END_TEST

START_TEST(what_was_counted_still_counts_when_the_limit_comes_again)
{
	limit_outstanding(1, 1);
	ck_assert_uint_eq(send_one(1, 7), RS_OK);
	limit_outstanding(1, 0);
	ck_assert_uint_eq(send_one(1, 8), RS_OK);
	limit_outstanding(1, 1);
	ck_assert_uint_eq(send_one(1, 9), RS_LIMIT);
	meters_answered(&meters, 7);
	ck_assert_uint_eq(send_one(1, 9), RS_OK);
}
END_TEST

START_TEST(what_we_remember_has_an_end)
{
	uint64_t n = 0;

	limit_outstanding(1, UINT32_MAX);
	while (send_one(1, n + 1) == RS_OK)
		n++;
	ck_assert_uint_eq(n, METERS_ASKED_MAX);
	for (uint64_t id = 1; id <= n; id++)
		meters_answered(&meters, id);
	ck_assert_uint_eq(meters.asked_count, 0);
	ck_assert_uint_eq(send_one(1, 1), RS_OK);
}
END_TEST

/* Many messages and answers in any order, some ids used again, some never sent. */
START_TEST(it_agrees_with_a_plain_list)
{
	static uint64_t ids[2][1000];
	uint32_t counts[2] = { 0 };

	srand(1);
	limit_outstanding(0, 1000);
	limit_outstanding(1, 1000);
	for (uint32_t n = 0; n < 200000; n++) {
		uint32_t slot = (uint32_t)rand() % 2, count = counts[slot];
		uint64_t id = (uint64_t)(rand() % 3000) * 2 + 1 + slot;

		if (rand() % 2) {
			ck_assert_uint_eq(send_one(slot, id), count < 1000 ? RS_OK : RS_LIMIT);
			if (count < 1000)
				ids[slot][counts[slot]++] = id;
			continue;
		}
		meters_answered(&meters, id);
		for (uint32_t i = 0; i < count; i++)
			if (ids[slot][i] == id) {
				ids[slot][i] = ids[slot][--counts[slot]];
				break;
			}
		ck_assert_uint_eq(meters.asked_count, counts[0] + counts[1]);
		ck_assert_uint_eq(meters.slots[slot].outstanding, counts[slot]);
	}
}
END_TEST

static Suite *meters_suite(void)
{
	Suite *suite = suite_create("meters");
	TCase *tc = tcase_create("outstanding");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, only_the_limited_slot_is_limited);
	tcase_add_test(tc, an_answer_frees_one_of_its_own_slot);
	tcase_add_test(tc, an_id_that_is_used_twice_counts_twice);
	tcase_add_test(tc, what_was_sent_before_the_limit_is_not_counted);
	tcase_add_test(tc, what_was_counted_still_counts_when_the_limit_comes_again);
	tcase_add_test(tc, what_we_remember_has_an_end);
	tcase_add_test(tc, it_agrees_with_a_plain_list);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(meters_suite)
