/* check_tickets.c: ids are given once, found by one look, and finished in the order of their
 * end. */
#include "runtime/tickets.h"
#include "tests/check_run.h"

START_TEST(an_id_is_never_given_again)
{
	uint64_t before = 0;

	for (int i = 0; i < 100000; i++) {
		struct ticket *ticket = tickets_new(&tickets_own, TICKET_SENT, 1);

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
	static struct ticket *all[TICKETS_MAX];
	uint32_t n = 0;

	while ((all[n] = tickets_new(&tickets_own, TICKET_SENT, 1)))
		n++;
	ck_assert_uint_eq(n, TICKETS_MAX - 1);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_ptr_eq(tickets_find(&tickets_own, all[i]->id), all[i]);
	tickets_free(&tickets_own, all[77]);
	ck_assert_ptr_nonnull(tickets_new(&tickets_own, TICKET_SENT, 1));
	ck_assert_ptr_null(tickets_new(&tickets_own, TICKET_SENT, 1));
}
END_TEST

START_TEST(moot_tickets_give_way_when_room_is_needed)
{
	struct ticket *moot = tickets_new(&tickets_others, TICKET_ASKED, 1);
	uint64_t id = moot->id;

	tickets_lane_gone(1, 0);
	ck_assert_uint_eq(tickets_find(&tickets_others, id)->state, TICKET_MOOT);
	for (uint32_t i = 0; i < TICKETS_MAX - 1; i++)
		ck_assert_ptr_nonnull(tickets_new(&tickets_others, TICKET_ASKED, 2));
	ck_assert_ptr_null(tickets_find(&tickets_others, id));
	ck_assert_ptr_null(tickets_new(&tickets_others, TICKET_ASKED, 2));
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
		tickets[i] = tickets_new(&tickets_own, TICKET_SENT, 1);
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
	struct ticket *here = tickets_new(&tickets_own, TICKET_SENT, 1),
		      *there = tickets_new(&tickets_own, TICKET_SENT, 2),
		      *asked = tickets_new(&tickets_others, TICKET_ASKED, 2);

	asked->peer_id = 9;
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
	TCase *ids = tcase_create("ids"), *ends = tcase_create("ends");

	tcase_add_test(ids, an_id_is_never_given_again);
	tcase_add_test(ids, there_is_a_limit_and_room_again_after_it);
	tcase_add_test(ids, moot_tickets_give_way_when_room_is_needed);
	tcase_add_test(ids, numbers_that_were_never_given_are_found_nowhere);
	tcase_add_test(ends, the_finished_stand_in_line);
	tcase_add_test(ends, a_lane_that_goes_takes_its_own_tickets_only);
	suite_add_tcase(suite, ids);
	suite_add_tcase(suite, ends);
	return suite;
}

CHECK_MAIN(tickets_suite)
