/*
 * check_again.c: a program that was refused for want of room hears once that it may try again:
 * never not at all, never twice, and of a lane that is gone as well.
 */
#include <pthread.h>

#include "runtime/again.h"
#include "tests/check_run.h"
#include "tests/runtime/world.h"

static const uint8_t away[32] = "test:away", other[32] = "test:other";
static struct peer handler, client;
static uint8_t big[16000]; /* two of them fill a ring */

static void set_up(void)
{
	world_new();
	handler = world_handler(away, 1);
	client = world_client(2, 77);
}

static uint32_t fill(const uint8_t interface[32], uint32_t bytes, uint64_t flags)
{
	uint64_t id;
	uint32_t n = 0, status;

	while ((status = guest_send(interface, big, bytes, flags, &id)) == RS_OK)
		n++;
	ck_assert_uint_eq(status, RS_BUSY);
	return n;
}

static void read_all(struct peer *peer)
{
	while (peer_hear(peer).head.kind)
		;
}

static void expect_notice(int64_t bytes)
{
	ck_assert_int_eq(bytes, 64);
	ck_assert_uint_eq(got.head.kind, RS_NOTICE);
	ck_assert_uint_eq(got.head.status, RS_NOTICE_ROOM);
	ck_assert_uint_eq(got.head.id, 0);
}

/* --- once --- */

START_TEST(there_is_room_again_is_told_once)
{
	fill(away, sizeof(big), 0);
	ck_assert_int_eq(guest_look(), 0);
	read_all(&handler);
	expect_notice(guest_look());
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(who_was_not_refused_hears_nothing)
{
	uint64_t id;

	ck_assert_uint_eq(guest_send(away, big, sizeof(big), 0, &id), RS_OK);
	read_all(&handler);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(many_refusals_are_one_notice_and_the_next_is_another)
{
	uint64_t id;

	fill(away, sizeof(big), 0);
	for (int i = 0; i < 5; i++)
		ck_assert_uint_eq(guest_send(away, big, sizeof(big), 0, &id), RS_BUSY);
	read_all(&handler);
	expect_notice(guest_look());
	ck_assert_int_eq(guest_look(), 0);
	fill(away, sizeof(big), 0);
	read_all(&handler);
	expect_notice(guest_look());
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(too_little_room_is_none)
{
	uint64_t id;

	ck_assert_uint_eq(guest_send(away, big, 8000, 0, &id), RS_OK);
	fill(away, sizeof(big), 0);
	fill(away, 100, 0);
	ck_assert_uint_eq(peer_hear(&handler).head.total_len, 8000);
	ck_assert_int_eq(guest_look(), 0); /* enough for the last, not for the one before */
	read_all(&handler);
	expect_notice(guest_look());
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(each_lane_is_told_of)
{
	fill(away, sizeof(big), 0);
	struct peer second = world_handler(other, 3);
	fill(other, sizeof(big), 0);
	read_all(&second);
	expect_notice(guest_look());
	ck_assert_int_eq(guest_look(), 0);
	read_all(&handler);
	expect_notice(guest_look());
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(what_else_there_is_goes_first)
{
	fill(away, sizeof(big), 0);
	read_all(&handler);
	peer_say(&client, RECORD_MESSAGE, 0, WORLD_SLOT, "hi", 2);
	ck_assert_int_eq(guest_look(), 66);
	expect_notice(guest_look());
}
END_TEST

START_TEST(it_is_kept_for_whoever_wants_notices)
{
	uint64_t id;

	ck_assert_uint_eq(guest_send(away, big, 1, RS_NEEDS_ANSWER, &id), RS_OK);
	fill(away, sizeof(big), 0);
	read_all(&handler);
	ck_assert_int_eq(guest_wait(&id, 1, 0), 0);
	ck_assert_int_eq((int64_t)calls_next_message(NULL, 0, 0, AT_OUT, 63, 0), 64);
	expect_notice(guest_look());
}
END_TEST

/* --- what was refused --- */

START_TEST(a_long_body)
{
	struct rs_piece piece = { AT_OUT, OUT_BYTES };

	memcpy(guest_at(AT_INTERFACE), away, 32);
	ck_assert_uint_eq(
		calls_emit_message(NULL, AT_INTERFACE, guest_pieces(&piece, 1), 1, 0, AT_ID),
		RS_BUSY);
	ck_assert_int_eq(guest_look(), 0);
	peer_hear(&handler);
	peer_hear(&handler);
	expect_notice(guest_look());
}
END_TEST

START_TEST(an_answer)
{
	uint64_t id;

	do {
		peer_say(&client, RECORD_MESSAGE, 5, WORLD_SLOT, "hi", 2);
		ck_assert_int_eq(guest_look(), 66);
		id = got.head.id;
	} while (guest_answer(id, RS_OK, big, sizeof(big)) == RS_OK);
	ck_assert_int_eq(guest_look(), 0);
	int64_t bytes = 0;
	while (bytes == 0 && peer_hear(&client).head.kind)
		bytes = guest_look();
	expect_notice(bytes);
	ck_assert_uint_eq(guest_answer(id, RS_OK, big, sizeof(big)), RS_OK);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(a_cancel)
{
	uint64_t id;

	ck_assert_uint_eq(guest_send(away, big, 1, RS_NEEDS_ANSWER, &id), RS_OK);
	fill(away, 0, 0);
	ck_assert_uint_eq(guest_cancel(id), RS_BUSY);
	ck_assert_int_eq(guest_look(), 0);
	peer_hear(&handler);
	expect_notice(guest_look());
	ck_assert_uint_eq(guest_cancel(id), RS_OK);
}
END_TEST

START_TEST(a_message_behind_one_that_is_kept)
{
	uint64_t id;

	ck_assert_uint_eq(guest_send(away, big, 8000, 0, &id), RS_OK);
	ck_assert_uint_eq(guest_send(away, big, 16000, 0, &id), RS_OK);
	world_opened(other, RS_NO_HANDLER, 0, 0, false);
	ck_assert_uint_eq(guest_send(other, big, 16000, RS_ALLOW_DELAY, &id), RS_OK);
	world_opened(other, RS_OK, handler.index, 0, false);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(guest_send(other, big, 1, 0, &id), RS_BUSY);
	ck_assert_int_eq(guest_look(), 0); /* room for this one, but not for the other */
	read_all(&handler);
	ck_assert_int_eq(guest_look(), 64);
	expect_notice(64);
	ck_assert_uint_eq(peer_hear(&handler).head.total_len, 16000);
	ck_assert_uint_eq(guest_send(other, big, 1, 0, &id), RS_OK);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(a_message_to_rsd)
{
	world_opened(rs_interface_time, RS_OK, LANE_HOME, 2, false);
	fill(rs_interface_time, sizeof(big), 0);
	ck_assert_int_eq(guest_look(), 0);
	while (lane_hear(&world.home).head.kind)
		;
	expect_notice(guest_look());
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(one_id_too_many_waits_for_an_answer_not_for_room)
{
	uint64_t last = 0;
	uint32_t n = 0;
	struct heard heard;

	for (;; n++) {
		uint32_t status = guest_send(away, big, 1, RS_NEEDS_ANSWER, &last);

		if (status == RS_BUSY && !peer_hear(&handler).head.kind)
			break;
		if (n == 0)
			heard = peer_hear(&handler);
	}
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_int_eq(guest_wait(NULL, 0, 20 * 1000000), 0);
	peer_say(&handler, RECORD_ANSWER, heard.head.id, RS_OK, "yes", 3);
	ck_assert_int_eq(guest_look(), 67);
	expect_notice(guest_look());
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

/* --- while it sleeps --- */

static void *read_later(void *peer)
{
	usleep(20000);
	read_all(peer);
	return NULL;
}

static void *die_later(void *peer)
{
	usleep(20000);
	world_state(peer, TABLE_PEER_DEAD);
	return NULL;
}

START_TEST(room_wakes)
{
	pthread_t thread;

	fill(away, sizeof(big), 0);
	pthread_create(&thread, NULL, read_later, &handler);
	expect_notice(guest_wait(NULL, 0, -1));
	pthread_join(thread, NULL);
}
END_TEST

/* Whatever the order in which refusal and reading fall, the sleep ends. */
static void *read_now(void *peer)
{
	for (int i = 0; i < 2;)
		i += peer_hear(peer).head.kind != 0;
	return NULL;
}

START_TEST(room_that_comes_at_any_time_wakes)
{
	for (int i = 0; i < 2000; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, read_now, &handler);
		uint64_t id;
		int sent = 0;
		while (sent < 2) {
			if (guest_send(away, big, sizeof(big), 0, &id) == RS_OK)
				sent++;
			else
				expect_notice(guest_wait(NULL, 0, -1));
		}
		pthread_join(thread, NULL);
		while (guest_look())
			;
	}
}
END_TEST

/* --- the lane ends --- */

START_TEST(who_waits_for_room_hears_of_the_end)
{
	pthread_t thread;
	uint64_t id;

	fill(away, sizeof(big), 0);
	pthread_create(&thread, NULL, die_later, &handler);
	expect_notice(guest_wait(NULL, 0, -1));
	pthread_join(thread, NULL);
	ck_assert_int_eq(guest_look(), 0);
	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	ck_assert_uint_eq(guest_send(away, big, sizeof(big), 0, &id), RS_NO_HANDLER);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(the_next_use_of_the_lane_knows_nothing_of_it)
{
	fill(away, sizeof(big), 0);
	world_state(&handler, TABLE_PEER_DEAD);
	expect_notice(guest_look());
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(ends.all[1].state, END_NONE);
	world_state(&handler, TABLE_FREE);
	struct peer next = world_handler(away, 1);
	uint64_t id;
	ck_assert_uint_eq(guest_send(away, big, sizeof(big), 0, &id), RS_OK);
	read_all(&next);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(an_end_after_the_notice_is_no_second_one)
{
	fill(away, sizeof(big), 0);
	read_all(&handler);
	expect_notice(guest_look());
	world_state(&handler, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

/* --- the runtime's own --- */

START_TEST(what_the_runtime_sends_is_no_business_of_the_program)
{
	pthread_t thread;

	fill(away, sizeof(big), 0);
	read_all(&handler);
	expect_notice(guest_look());
	uint64_t id;
	while (guest_send(away, big, 8000, 0, &id) == RS_OK && !ring_waiting(&handler.lane.in))
		;
	pthread_create(&thread, NULL, read_later, &handler);
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(calls_send(away, big, 8000), RS_OK);
	pthread_join(thread, NULL);
	read_all(&handler);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

static Suite *again_suite(void)
{
	Suite *suite = suite_create("again");
	TCase *once = tcase_create("once"), *what = tcase_create("what was refused"),
	      *sleeps = tcase_create("sleep"), *end = tcase_create("end");
	TCase *all[] = { once, what, sleeps, end };

	tcase_add_test(once, there_is_room_again_is_told_once);
	tcase_add_test(once, who_was_not_refused_hears_nothing);
	tcase_add_test(once, many_refusals_are_one_notice_and_the_next_is_another);
	tcase_add_test(once, too_little_room_is_none);
	tcase_add_test(once, each_lane_is_told_of);
	tcase_add_test(once, what_else_there_is_goes_first);
	tcase_add_test(once, it_is_kept_for_whoever_wants_notices);
	tcase_add_test(what, a_long_body);
	tcase_add_test(what, an_answer);
	tcase_add_test(what, a_cancel);
	tcase_add_test(what, a_message_behind_one_that_is_kept);
	tcase_add_test(what, a_message_to_rsd);
	tcase_add_test(what, one_id_too_many_waits_for_an_answer_not_for_room);
	tcase_add_test(what, what_the_runtime_sends_is_no_business_of_the_program);
	tcase_add_test(sleeps, room_wakes);
	tcase_add_test(sleeps, room_that_comes_at_any_time_wakes);
	tcase_add_test(end, who_waits_for_room_hears_of_the_end);
	tcase_add_test(end, the_next_use_of_the_lane_knows_nothing_of_it);
	tcase_add_test(end, an_end_after_the_notice_is_no_second_one);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_set_timeout(all[i], 20);
		tcase_add_checked_fixture(all[i], set_up, NULL);
		suite_add_tcase(suite, all[i]);
	}
	return suite;
}

CHECK_MAIN(again_suite)
