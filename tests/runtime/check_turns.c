/*
 * check_turns.c: whose turn it is. Whatever the others do, a client is heard soon, and what
 * lies in a lane is found however long it was idle.
 */
#include "runtime/parcels.h"
#include "runtime/tickets.h"
#include "tests/check_run.h"
#include "tests/runtime/world.h"

#define CLIENTS 200u /* of which most are idle */
#define SOON    80   /* deliveries to others before a client is heard */
#define PROCESS 1000u

static struct peer clients[CLIENTS + 1]; /* by lane */
static int64_t patience_ns;

static void set_up(void)
{
	world_new();
	for (uint32_t i = 1; i <= CLIENTS; i++) {
		clients[i] = world_client(i, PROCESS + i);
		ck_assert_int_eq(guest_look(), 0);
		while (world_hear(RECORD_LANE_TAKEN).head.kind)
			;
	}
}

static int say(uint32_t i, uint16_t kind, uint64_t id)
{
	return peer_say(&clients[i], kind, id, WORLD_SLOT, "hi", 2);
}

static void fill(uint32_t i, uint16_t kind)
{
	while (say(i, kind, 0) == 0)
		;
}

/* The lane from which the next message comes; 0: nothing. */
static uint32_t next(int64_t timeout_ns)
{
	int64_t bytes = guest_wait(NULL, 0, timeout_ns);

	ck_assert_int_ge(bytes, 0);
	return bytes ? (uint32_t)(got.head.process - PROCESS) : 0;
}

/* ---- fair ---- */

START_TEST(a_quiet_client_is_heard_beside_a_flood)
{
	int64_t timeout = _i ? 0 : -1;

	fill(7, RECORD_MESSAGE);
	for (uint32_t quiet = 1; quiet <= CLIENTS; quiet += 31) {
		uint32_t n = 0, from;

		for (int k = 0; k < 10; k++)
			ck_assert_uint_eq(next(timeout), 7);
		ck_assert_int_eq(say(quiet, RECORD_MESSAGE, 0), 0);
		for (; (from = next(timeout)) != quiet; n++) {
			ck_assert_uint_eq(from, 7);
			fill(7, RECORD_MESSAGE);
		}
		ck_assert_int_lt(n, SOON);
	}
}
END_TEST

START_TEST(a_flood_that_delivers_nothing_keeps_nobody_waiting)
{
	fill(7, RECORD_CANCEL);
	ck_assert_int_eq(say(150, RECORD_MESSAGE, 0), 0);
	ck_assert_uint_eq(next(_i ? 0 : -1), 150);
	/* a part of it was read meanwhile, and not all */
	ck_assert_uint_gt(ends.all[7].lane.in.position, 0);
	ck_assert_uint_lt(ends.all[7].lane.in.position, clients[7].lane.out.position / 2);
}
END_TEST

START_TEST(busy_clients_take_turns)
{
	uint32_t heard[CLIENTS + 1] = { 0 };

	for (uint32_t i = 3; i <= CLIENTS; i += 13)
		fill(i, RECORD_MESSAGE);
	for (uint32_t n = 0; n < 50 * 16; n++)
		heard[next(-1)]++;
	for (uint32_t i = 3; i <= CLIENTS; i += 13)
		ck_assert_uint_eq(heard[i], 50);
}
END_TEST

START_TEST(who_waits_for_many_answers_waits_alone)
{
	uint64_t id = 0, first = 0;
	uint32_t from;

	do {
		while (say(5, RECORD_MESSAGE, id + 1) == 0)
			id++;
		from = next(0);
		first = first ? first : got.head.id;
	} while (from == 5);
	ck_assert_uint_eq(from, 0); /* it has its share */
	for (uint32_t i = 1; i <= 2 * TICKETS_LANE_SURE; i++) {
		ck_assert_int_eq(say(6, RECORD_MESSAGE, i), 0);
		ck_assert_uint_eq(next(-1), 6);
	}
	ck_assert_uint_eq(next(1000), 0);
	for (uint32_t i = 1; i <= 2 * TICKETS_LANE_SURE; i++)
		tickets_moot(tickets_asked(6, i));
	ck_assert_uint_eq(guest_answer(first, RS_OK, "", 0), RS_OK);
	ck_assert_uint_eq(next(-1), 5);
	ck_assert_uint_eq(next(0), 0);
}
END_TEST

/* ---- found ---- */

START_TEST(what_comes_is_found_wherever)
{
	static const int64_t timeouts[] = { 0, 1, 1000000000, -1 };

	for (uint32_t round = 0; round < 3; round++)
		for (uint32_t i = 1; i <= CLIENTS; i++) {
			ck_assert_int_eq(say(i, RECORD_MESSAGE, 0), 0);
			ck_assert_uint_eq(next(timeouts[_i]), i);
		}
	ck_assert_uint_eq(next(0), 0);
	ck_assert(!ends_any(&ends.hot));
}
END_TEST

START_TEST(what_came_with_the_lane_is_found)
{
	struct peer late = world_peer(CLIENTS + 1, LANE_HANDLER, 5, 1u << WORLD_SLOT);
	struct home_lane body = { .lane = late.index, .generation = 1 };

	peer_say(&late, RECORD_MESSAGE, 0, WORLD_SLOT, "hi", 2);
	world_say(RECORD_NEW_LANE, 0, late.index, &body, sizeof(body));
	ck_assert_int_eq(guest_wait(NULL, 0, -1), 66);
	ck_assert_uint_eq(got.head.process, 5);
}
END_TEST

START_TEST(a_lane_that_is_used_again_begins_anew)
{
	for (uint64_t use = 1; use <= 3; use++) {
		ck_assert_int_eq(say(9, RECORD_MESSAGE, 0), 0);
		ck_assert_uint_eq(next(-1), 9);
		world_state(&clients[9], TABLE_PEER_DEAD);
		ck_assert_int_eq(guest_wait(NULL, 0, -1), 64);
		ck_assert_uint_eq(got.head.kind, RS_PROCESS_GONE);
		ck_assert_int_eq(guest_look(), 0);
		ck_assert(!ends_has(&ends.hot, 9));
		world_state(&clients[9], TABLE_FREE);
		while (world_hear(RECORD_LANE_DONE).head.kind)
			;
		clients[9] = world_client(9, PROCESS + 9);
		ck_assert_int_eq(guest_look(), 0);
	}
}
END_TEST

START_TEST(an_answer_is_found_beside_one_that_finds_no_place)
{
	static const uint8_t one[32] = "test:one", two[32] = "test:two";
	struct peer first = world_handler(one, CLIENTS + 1);
	uint64_t ids[2];

	ck_assert_uint_eq(guest_send(one, "", 0, RS_NEEDS_ANSWER, &ids[0]), RS_OK);
	struct peer second = world_handler(two, CLIENTS + 2);
	ck_assert_uint_eq(guest_send(two, "", 0, RS_NEEDS_ANSWER, &ids[1]), RS_OK);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_ne(stash_add(&parcels_stash, 1, parcels_stash.bytes - 64), STASH_NONE);
	peer_say(&first, RECORD_ANSWER, ids[0], RS_OK, got.body, 200);
	ck_assert_int_eq(guest_wait(&ids[1], 1, -1), -RS_LIMIT);
	/* the first one is known to be stuck, of the second nothing is known yet */
	peer_say(&second, RECORD_ANSWER, ids[1], RS_OK, "yes", 3);
	ck_assert_int_eq(guest_wait(&ids[1], 1, -1), 67);
}
END_TEST

/* ---- who was replaced ---- */

static void notice(uint32_t which, uint32_t bytes)
{
	static const uint8_t body[32];

	world_say(RECORD_NOTICE, 0, which, body, bytes);
}

static void expect_notice(uint32_t which)
{
	ck_assert_int_gt(guest_wait(NULL, 0, patience_ns), 0);
	ck_assert_uint_eq(got.head.kind, RS_NOTICE);
	ck_assert_uint_eq(got.head.status, which);
}

START_TEST(who_was_replaced_is_asked_to_end_after_all_that_was_sent)
{
	uint32_t sent = 0;

	patience_ns = _i ? 0 : -1;
	notice(RS_NOTICE_REPLACED, 32);
	expect_notice(RS_NOTICE_REPLACED);
	notice(RS_NOTICE_STOP, 8);
	while (say(3, RECORD_MESSAGE, 0) == 0)
		sent++;
	for (uint32_t i = 10; i < 20; i++, sent++)
		ck_assert_int_eq(say(i, RECORD_MESSAGE, 0), 0);
	for (; sent; sent--)
		ck_assert_uint_ne(next(patience_ns), 0);
	expect_notice(RS_NOTICE_STOP);
	ck_assert_uint_eq(next(0), 0);
}
END_TEST

START_TEST(half_of_a_body_is_waited_for)
{
	static const uint8_t body[20000];

	patience_ns = 0;
	ck_assert_int_eq(peer_part(&clients[3], RECORD_MESSAGE, 0, body, 20000, 0, 12000), 0);
	notice(RS_NOTICE_REPLACED, 32);
	notice(RS_NOTICE_STOP, 8);
	expect_notice(RS_NOTICE_REPLACED);
	ck_assert_uint_eq(next(0), 0);
	ck_assert_int_eq(
		peer_part(&clients[3], RECORD_MESSAGE, 0, body, 20000, 12000, 8000), 0);
	ck_assert_uint_eq(next(0), 3);
	expect_notice(RS_NOTICE_STOP);
}
END_TEST

START_TEST(who_was_not_replaced_is_asked_at_once)
{
	patience_ns = -1;
	fill(3, RECORD_MESSAGE);
	notice(RS_NOTICE_STOP, 8);
	for (uint32_t n = 0; n < 2 && guest_wait(NULL, 0, -1) > 0; n++)
		if (got.head.kind == RS_NOTICE)
			return;
	ck_abort_msg("the notice waits");
}
END_TEST

static Suite *turns_suite(void)
{
	Suite *suite = suite_create("turns");
	TCase *fair = tcase_create("fair"), *found = tcase_create("found"),
	      *replaced = tcase_create("replaced");

	tcase_add_checked_fixture(fair, set_up, NULL);
	tcase_add_loop_test(fair, a_quiet_client_is_heard_beside_a_flood, 0, 2);
	tcase_add_loop_test(fair, a_flood_that_delivers_nothing_keeps_nobody_waiting, 0, 2);
	tcase_add_test(fair, busy_clients_take_turns);
	tcase_add_test(fair, who_waits_for_many_answers_waits_alone);
	tcase_add_checked_fixture(found, set_up, NULL);
	tcase_add_loop_test(found, what_comes_is_found_wherever, 0, 4);
	tcase_add_test(found, what_came_with_the_lane_is_found);
	tcase_add_test(found, a_lane_that_is_used_again_begins_anew);
	tcase_add_test(found, an_answer_is_found_beside_one_that_finds_no_place);
	suite_add_tcase(suite, fair);
	suite_add_tcase(suite, found);
	tcase_add_checked_fixture(replaced, set_up, NULL);
	tcase_add_loop_test(
		replaced, who_was_replaced_is_asked_to_end_after_all_that_was_sent, 0, 2);
	tcase_add_test(replaced, half_of_a_body_is_waited_for);
	tcase_add_test(replaced, who_was_not_replaced_is_asked_at_once);
	suite_add_tcase(suite, replaced);
	return suite;
}

CHECK_MAIN(turns_suite)
