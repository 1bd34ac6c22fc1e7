/* check_tickets.c: ids are given once, found by one look, and finished in the order of their
 * end. */
#include "runtime/tickets.h"
#include "tests/check_run.h"

START_TEST(an_id_is_never_given_again)
{
	uint64_t before = 0;

	for (int i = 0; i < 100000; i++) {
		struct ticket *ticket = tickets_new(TICKET_SENT, 1);

		ck_assert_ptr_nonnull(ticket);
		ck_assert_uint_ne(ticket->id, 0);
		ck_assert_uint_gt(ticket->id, before);
		before = ticket->id;
		tickets_free(&tickets_own, ticket);
		ck_assert_ptr_null(tickets_find(&tickets_own, before));
	}
}
END_TEST

START_TEST(there_is_a_limit_and_room_again_after_it)
{
	static struct ticket *all[TICKETS_OWN_MAX];
	uint32_t n = 0;

	while ((all[n] = tickets_new(TICKET_SENT, 1)))
		n++;
	ck_assert_uint_eq(n, TICKETS_OWN_MAX - 1);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_ptr_eq(tickets_find(&tickets_own, all[i]->id), all[i]);
	tickets_free(&tickets_own, all[77]);
	ck_assert_ptr_nonnull(tickets_new(TICKET_SENT, 1));
	ck_assert_ptr_null(tickets_new(TICKET_SENT, 1));
}
END_TEST

START_TEST(who_may_have_fewer_has_fewer)
{
	struct ticket *first;

	tickets_limit(3);
	first = tickets_new(TICKET_SENT, 1);
	ck_assert_ptr_nonnull(first);
	ck_assert_ptr_nonnull(tickets_new(TICKET_SENT, 1));
	ck_assert_ptr_nonnull(tickets_new(TICKET_SENT, 1));
	ck_assert_ptr_null(tickets_new(TICKET_SENT, 1));
	tickets_free(&tickets_own, first);
	ck_assert_ptr_nonnull(tickets_new(TICKET_SENT, 1));
	ck_assert_ptr_null(tickets_new(TICKET_SENT, 1));
}
END_TEST

/* ---- shares ---- */

static uint32_t ask_all(uint16_t lane)
{
	uint32_t n = 0;

	while (tickets_ask(lane, n + 1))
		n++;
	return n;
}

START_TEST(one_client_leaves_most_to_the_others)
{
	uint32_t first = ask_all(1), second = ask_all(2);

	ck_assert_uint_gt(first, TICKETS_MAX / 8);
	ck_assert_uint_lt(first, TICKETS_MAX / 2);
	ck_assert_uint_lt(second, first);
	ck_assert_uint_gt(second, first / 2);
}
END_TEST

START_TEST(every_lane_has_some_whatever_the_others_have)
{
	uint32_t all = 0;

	for (uint16_t lane = 1; lane < LANES_MAX / 2; lane++)
		all += ask_all(lane);
	for (uint16_t lane = LANES_MAX / 2; lane < LANES_MAX; lane++)
		for (uint32_t i = 0; i < TICKETS_LANE_SURE; i++, all++)
			ck_assert_ptr_nonnull(tickets_ask(lane, i + 1));
	ck_assert_uint_lt(all, TICKETS_MAX);
}
END_TEST

START_TEST(who_answers_may_ask_again)
{
	uint32_t n = ask_all(1);

	ask_all(2);
	ck_assert_ptr_null(tickets_ask(1, n + 1));
	/* what one gives back is there for whoever has less */
	for (uint32_t i = 1; i <= n; i++)
		tickets_free(&tickets_others, tickets_asked(1, i));
	ck_assert_ptr_null(tickets_asked(1, n / 2));
	ck_assert_uint_gt(ask_all(2), 0);
	ck_assert_uint_gt(ask_all(1), TICKETS_LANE_SURE);
}
END_TEST

START_TEST(what_is_moot_counts_for_nobody)
{
	uint32_t n = ask_all(1);

	for (uint32_t i = 1; i <= n; i += 2)
		tickets_moot(tickets_asked(1, i));
	ck_assert_uint_eq(ask_all(1), (n + 1) / 2);
	tickets_lane_gone(1, 0);
	ck_assert_uint_eq(ask_all(1), n);
}
END_TEST

START_TEST(moot_tickets_give_way_when_room_is_needed)
{
	struct ticket *moot = tickets_ask(1, 1);
	uint64_t id = moot->id;

	tickets_lane_gone(1, 0);
	ck_assert_uint_eq(tickets_find(&tickets_others, id)->state, TICKET_MOOT);
	for (uint16_t lane = 2; tickets_find(&tickets_others, id); lane++) {
		ck_assert_uint_lt(lane, LANES_MAX);
		for (uint32_t n = ask_all(lane); n; n--)
			if (n > TICKETS_LANE_SURE) /* as if nobody wanted them any more */
				tickets_moot(tickets_asked(lane, n));
	}
	ck_assert_ptr_null(tickets_asked(1, 1));
}
END_TEST

START_TEST(numbers_that_were_never_given_are_found_nowhere)
{
	static const uint64_t numbers[] = { 0, 1, TICKETS_MAX, TICKETS_MAX + 1, UINT64_MAX,
		1ull << 63 };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		ck_assert_ptr_null(tickets_find(&tickets_own, numbers[i]));
}
END_TEST

START_TEST(the_finished_stand_in_line)
{
	struct ticket *tickets[4];

	for (int i = 0; i < 4; i++)
		tickets[i] = tickets_new(TICKET_SENT, 1);
	tickets_finish(tickets[2], 5, TICKET_NO_BODY);
	tickets_finish(tickets[0], 6, TICKET_NO_BODY);
	tickets_finish(tickets[3], 7, TICKET_NO_BODY);
	tickets_told(tickets[0]); /* out of the middle */
	ck_assert_ptr_eq(tickets_finished(), tickets[2]);
	tickets_told(tickets[2]);
	ck_assert_ptr_eq(tickets_finished(), tickets[3]);
	tickets_told(tickets[3]);
	ck_assert_ptr_null(tickets_finished());
	tickets_finish(tickets[1], 8, TICKET_NO_BODY);
	ck_assert_ptr_eq(tickets_finished(), tickets[1]);
}
END_TEST

START_TEST(a_lane_that_goes_takes_its_own_tickets_only)
{
	struct ticket *here = tickets_new(TICKET_SENT, 1), *there = tickets_new(TICKET_SENT, 2),
		      *asked = tickets_ask(2, 9);

	tickets_lane_gone(1, 7);
	ck_assert_uint_eq(here->state, TICKET_FINISHED);
	ck_assert_uint_eq(here->status, 7);
	ck_assert_uint_eq(there->state, TICKET_SENT);
	ck_assert_ptr_eq(tickets_asked(2, 9), asked);
	ck_assert_ptr_null(tickets_asked(1, 9));
}
END_TEST

static Suite *tickets_suite(void)
{
	Suite *suite = suite_create("tickets");
	TCase *ids = tcase_create("ids"), *shares = tcase_create("shares"),
	      *ends = tcase_create("ends");

	tcase_add_test(ids, an_id_is_never_given_again);
	tcase_add_test(ids, there_is_a_limit_and_room_again_after_it);
	tcase_add_test(ids, who_may_have_fewer_has_fewer);
	tcase_add_test(ids, numbers_that_were_never_given_are_found_nowhere);
	tcase_add_test(shares, one_client_leaves_most_to_the_others);
	tcase_add_test(shares, every_lane_has_some_whatever_the_others_have);
	tcase_add_test(shares, who_answers_may_ask_again);
	tcase_add_test(shares, what_is_moot_counts_for_nobody);
	tcase_add_test(shares, moot_tickets_give_way_when_room_is_needed);
	tcase_add_test(ends, the_finished_stand_in_line);
	tcase_add_test(ends, a_lane_that_goes_takes_its_own_tickets_only);
	suite_add_tcase(suite, ids);
	suite_add_tcase(suite, shares);
	suite_add_tcase(suite, ends);
	return suite;
}

CHECK_MAIN(tickets_suite)
