/*
 * check_fragments.c: long bodies on their way out: in order and whole, with a peer that reads,
 * that does not, that ends, and that sends one of its own at the same time.
 */
#include <pthread.h>

#include "runtime/fragments.h"
#include "runtime/parcels.h"
#include "runtime/tickets.h"
#include "tests/check_run.h"
#include "tests/runtime/world.h"

enum {
	AT_LONG = 131072,
	LONG_BYTES = 131072 - 4096
}; /* at the end of memory */

static const uint8_t away[32] = "test:away", other[32] = "test:other";
static struct peer handler, client;
static uint8_t expected[LONG_BYTES];

static void set_up(void)
{
	world_new();
	handler = world_handler(away, 1);
	client = world_client(2, 77);
	for (uint32_t i = 0; i < LONG_BYTES; i++)
		expected[i] = (uint8_t)(i * 13 + i / 255);
	memcpy(guest_at(AT_LONG), expected, LONG_BYTES);
	memcpy(guest_at(AT_INTERFACE), away, 32);
}

static uint32_t send_pieces(const struct rs_piece *pieces, uint32_t n, uint64_t flags)
{
	return calls_emit_message(NULL, AT_INTERFACE, guest_pieces(pieces, n), n, flags, AT_ID);
}

static uint32_t send_long(uint64_t flags)
{
	struct rs_piece piece = { AT_LONG, LONG_BYTES };

	return send_pieces(&piece, 1, flags);
}

/* --- somebody who reads in a thread of his own --- */

static struct reading {
	struct lane *lane;
	uint8_t body[LONG_BYTES];
	struct record first;
	uint32_t bytes, records;
	uint64_t answer; /* sends a body of its own first, as message of this id */
} reading;

static void take_part(void)
{
	struct record head;
	const uint8_t *at;

	if (ring_peek(&reading.lane->in, &head, &at))
		return;
	if (!reading.records++)
		reading.first = head;
	ck_assert_uint_eq(head.kind, reading.first.kind);
	ck_assert_uint_eq(head.id, reading.first.id);
	ck_assert_uint_eq(head.offset, reading.bytes);
	ck_assert_uint_eq(head.total_len, LONG_BYTES);
	memcpy(reading.body + head.offset, at, head.frag_len);
	reading.bytes += head.frag_len;
	ring_consume(&reading.lane->in, head.frag_len);
	lane_tell(reading.lane);
}

static void send_own(void)
{
	for (uint32_t at = 0, now; reading.answer && at < LONG_BYTES; at += now) {
		now = LONG_BYTES - at < 8000 ? LONG_BYTES - at : 8000;
		while (peer_part(
			&client, RECORD_MESSAGE, reading.answer, expected, LONG_BYTES, at, now))
			usleep(100);
	}
}

static void *read_all(void *unused)
{
	(void)unused;
	send_own();
	while (reading.bytes < LONG_BYTES)
		take_part();
	return NULL;
}

static pthread_t reader(struct peer *peer)
{
	pthread_t thread;

	reading.lane = &peer->lane;
	pthread_create(&thread, NULL, read_all, NULL);
	return thread;
}

/* --- whole --- */

START_TEST(a_long_message_goes_out_whole)
{
	pthread_t thread = reader(&handler);

	ck_assert_uint_eq(send_long(RS_NEEDS_ANSWER), RS_OK);
	pthread_join(thread, NULL);
	ck_assert_mem_eq(reading.body, expected, LONG_BYTES);
	ck_assert_uint_eq(reading.first.kind, RECORD_MESSAGE);
	peer_say(&handler, RECORD_ANSWER, reading.first.id, RS_OK, "yes", 3);
	ck_assert_int_eq(guest_look(), 67);
	ck_assert_int_eq(memcmp(&got.head.id, guest_at(AT_ID), sizeof(uint64_t)), 0);
	ck_assert_uint_eq(peer_hear(&handler).head.kind, 0);
}
END_TEST

START_TEST(pieces_need_not_end_where_fragments_do)
{
	static const uint32_t sizes[] = { 1, 0, 3999, 4000, 1, 30000, 0, 70000 };
	struct rs_piece pieces[ARRAY_LEN(sizes) + 2];
	pthread_t thread = reader(&handler);
	uint32_t n = 0, at = 0;

	for (; n < ARRAY_LEN(sizes); at += sizes[n++])
		pieces[n] = (struct rs_piece){ AT_LONG + at, sizes[n] };
	pieces[n++] = (struct rs_piece){ AT_LONG + at, LONG_BYTES - at };
	pieces[n++] = (struct rs_piece){ AT_LONG, 0 };
	ck_assert_uint_eq(send_pieces(pieces, n, 0), RS_OK);
	pthread_join(thread, NULL);
	ck_assert_mem_eq(reading.body, expected, LONG_BYTES);
}
END_TEST

static uint64_t be_asked(void)
{
	peer_say(&client, RECORD_MESSAGE, 5, WORLD_SLOT, "hi", 2);
	ck_assert_int_eq(guest_look(), 66);
	memcpy(guest_at(AT_ID), &got.head.id, sizeof(uint64_t));
	return got.head.id;
}

static uint32_t answer_long(uint64_t id)
{
	struct rs_piece piece = { AT_LONG, LONG_BYTES };

	memcpy(guest_at(AT_ID), &id, sizeof(id));
	return calls_emit_answer(NULL, AT_ID, guest_pieces(&piece, 1), 1, 70000);
}

START_TEST(a_long_answer_goes_out_whole_and_once)
{
	uint64_t id = be_asked();
	pthread_t thread = reader(&client);

	ck_assert_uint_eq(answer_long(id), RS_OK);
	pthread_join(thread, NULL);
	ck_assert_mem_eq(reading.body, expected, LONG_BYTES);
	ck_assert_uint_eq(reading.first.kind, RECORD_ANSWER);
	ck_assert_uint_eq(reading.first.id, 5);
	ck_assert_uint_eq(reading.first.slot, 70000);
	ck_assert_uint_eq(answer_long(id), RS_BAD_ARGUMENT);
}
END_TEST

START_TEST(two_that_send_to_each_other_both_come_to_their_end)
{
	reading.answer = 9; /* the peer reads nothing before all of its own is out */
	pthread_t thread = reader(&handler);

	ck_assert_uint_eq(send_long(0), RS_OK);
	pthread_join(thread, NULL);
	ck_assert_mem_eq(reading.body, expected, LONG_BYTES);
	struct inbox_want any = { .messages = true };
	static uint8_t whole[LONG_BYTES];
	struct inbox_sink sink = { .head = &got.head, .body = whole, .room = UINT32_MAX };
	ck_assert_int_eq(inbox_next(&any, &sink, 0), 64 + LONG_BYTES);
	ck_assert_mem_eq(whole, expected, LONG_BYTES);
}
END_TEST

START_TEST(messages_wait_in_their_order_while_a_body_goes_out)
{
	peer_say(&client, RECORD_MESSAGE, 1, WORLD_SLOT, "one", 3);
	peer_say(&client, RECORD_MESSAGE, 2, WORLD_SLOT, "three", 5);
	pthread_t thread = reader(&handler);
	ck_assert_uint_eq(send_long(0), RS_OK);
	pthread_join(thread, NULL);
	ck_assert_int_eq(guest_look(), 67);
	ck_assert_int_eq(guest_look(), 69);
}
END_TEST

START_TEST(what_was_kept_for_the_same_lane_does_not_go_between)
{
	uint64_t id;

	ck_assert_uint_eq(guest_send(away, "first", 5, 0, &id), RS_OK);
	ck_assert_uint_eq(peer_hear(&handler).head.total_len, 5);
	world_opened(other, RS_NO_HANDLER, 0, 0, false);
	ck_assert_uint_eq(guest_send(other, "kept", 4, RS_ALLOW_DELAY, &id), RS_OK);
	world_opened(other, RS_OK, handler.index, 0, false); /* read while it waits for room */
	memcpy(guest_at(AT_INTERFACE), away, 32);
	pthread_t thread = reader(&handler);
	ck_assert_uint_eq(send_long(0), RS_OK);
	pthread_join(thread, NULL);
	ck_assert_mem_eq(reading.body, expected, LONG_BYTES);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(peer_hear(&handler).head.total_len, 4);
}
END_TEST

/* --- large rings --- */

START_TEST(a_first_body_that_is_long_asks_for_large_rings)
{
	struct rs_piece pieces[] = { { 0, WORLD_PAGES * 65536u }, { AT_LONG, 1 } };
	struct home_open open;

	ck_assert_uint_eq(WORLD_PAGES * 65536u, LANE_LARGE_FROM);
	memcpy(guest_at(AT_INTERFACE), other, 32);
	for (uint32_t n = 1; n <= 2; n++) {
		world_opened(other, RS_DENIED, 0, 0, false);
		ck_assert_uint_eq(send_pieces(pieces, n, 0), RS_DENIED);
		struct heard heard = world_hear(RECORD_OPEN);
		memcpy(&open, heard.body, sizeof(open));
		ck_assert_uint_eq(open.flags, n == 1 ? 0 : HOME_OPEN_LARGE);
	}
}
END_TEST

/* --- limits --- */

START_TEST(more_than_a_body_may_have_is_too_big)
{
	struct rs_piece pieces[RS_PIECES_MAX];

	for (uint32_t i = 0; i < RS_PIECES_MAX; i++) /* 64 x 256 KiB, and one byte */
		pieces[i] = (struct rs_piece){ 0, WORLD_PAGES * 65536u };
	ck_assert_uint_eq(WORLD_PAGES * 65536u * RS_PIECES_MAX, RS_BODY_BYTES_DEFAULT);
	ck_assert_uint_eq(memory_grow(WORLD_PAGES, 1), 0);
	pieces[0].bytes++;
	ck_assert_uint_eq(send_pieces(pieces, RS_PIECES_MAX, 0), RS_TOO_BIG);
	ck_assert_uint_eq(peer_hear(&handler).head.kind, 0);
	be_asked();
	ck_assert_uint_eq(calls_emit_answer(NULL, AT_ID, guest_pieces(pieces, RS_PIECES_MAX),
				  RS_PIECES_MAX, RS_OK),
		RS_TOO_BIG);
	ck_assert_uint_eq(guest_answer(got.head.id, RS_OK, "ok", 2), RS_OK);
}
END_TEST

START_TEST(more_than_the_handler_wants_is_too_big)
{
	struct home_opened body = {
		.status = RS_OK, .lane = handler.index, .body_bytes_max = 100
	};
	uint64_t id;

	memcpy(body.interface, other, 32);
	world_say(RECORD_OPENED, 1, handler.index, &body, sizeof(body));
	ck_assert_uint_eq(guest_send(other, expected, 101, RS_ALLOW_DELAY, &id), RS_TOO_BIG);
	ck_assert_uint_eq(send_long(0), RS_TOO_BIG);
	ck_assert_uint_eq(peer_hear(&handler).head.kind, 0);
	ck_assert_uint_eq(guest_send(other, expected, 100, 0, &id), RS_OK);
	ck_assert_uint_eq(peer_hear(&handler).head.total_len, 100);
}
END_TEST

START_TEST(rsd_takes_no_long_bodies)
{
	world_opened(rs_interface_time, RS_OK, LANE_HOME, 2, false);
	memcpy(guest_at(AT_INTERFACE), rs_interface_time, 32);
	ck_assert_uint_eq(send_long(0), RS_TOO_BIG);
	ck_assert_uint_eq(world_hear(RECORD_MESSAGE).head.kind, 0);
}
END_TEST

/* --- no room --- */

/* What came of a body before it was taken back. */
static uint32_t hear_parts(struct peer *peer)
{
	uint32_t parts = 0;
	struct heard heard = peer_hear(peer);

	for (; heard.head.kind == RECORD_MESSAGE || heard.head.kind == RECORD_ANSWER; parts++)
		heard = peer_hear(peer);
	ck_assert_uint_eq(heard.head.kind, RECORD_ABORT);
	return parts;
}

START_TEST(who_does_not_read_is_not_waited_for_for_ever)
{
	ck_assert_uint_eq(send_long(RS_NEEDS_ANSWER), RS_BUSY);
	ck_assert_uint_eq(send_long(RS_NEEDS_ANSWER), RS_BUSY); /* the ring is full: at once */
	ck_assert_uint_eq(tickets_own.used, 1); /* the first one's was given back */
	ck_assert_uint_eq(ends.all[1].unanswered, 0);
	ck_assert_uint_eq(hear_parts(&handler), 8);
	ck_assert_uint_eq(peer_hear(&handler).head.kind, 0);
	pthread_t thread = reader(&handler);
	ck_assert_uint_eq(send_long(0), RS_OK);
	pthread_join(thread, NULL);
	ck_assert_mem_eq(reading.body, expected, LONG_BYTES);
}
END_TEST

START_TEST(without_room_for_the_first_part_nothing_is_sent)
{
	uint64_t id, before = ends_clock_ns();

	while (guest_send(away, expected, 1000, 0, &id) == RS_OK)
		;
	ck_assert_uint_eq(send_long(0), RS_BUSY);
	ck_assert_uint_lt(ends_clock_ns() - before, FRAGMENTS_STILL_NS);
	for (struct heard heard = peer_hear(&handler); heard.head.kind;
		heard = peer_hear(&handler))
		ck_assert_uint_eq(heard.head.total_len, 1000);
}
END_TEST

START_TEST(there_is_always_room_to_take_a_body_back)
{
	uint64_t id;

	for (int i = 0; i < 8; i++) /* now eight fragments would fill it to the last byte */
		ck_assert_uint_eq(guest_send(away, "small", 5, 0, &id), RS_OK);
	ck_assert_uint_eq(send_long(0), RS_BUSY);
	for (int i = 0; i < 8; i++)
		ck_assert_uint_eq(peer_hear(&handler).head.total_len, 5);
	ck_assert_uint_eq(hear_parts(&handler), 7);
}
END_TEST

START_TEST(an_answer_that_found_no_room_can_be_given_again)
{
	uint64_t id = be_asked();

	ck_assert_uint_eq(answer_long(id), RS_BUSY);
	ck_assert_uint_eq(hear_parts(&client), 8);
	ck_assert_uint_eq(guest_answer(id, RS_OK, "short", 5), RS_OK);
	ck_assert_uint_eq(peer_hear(&client).head.total_len, 5);
}
END_TEST

START_TEST(answers_that_wait_already_go_first)
{
	static char big[CALLS_BODY_MAX];
	uint64_t id;

	for (int i = 0; i < 4; i++) {
		id = be_asked();
		ck_assert_uint_eq(guest_answer(id, RS_OK, big, sizeof(big)), RS_OK);
	}
	id = be_asked();
	ck_assert_uint_eq(answer_long(id), RS_BUSY);
	ck_assert_uint_eq(peer_hear(&client).head.total_len, sizeof(big));
	ck_assert_uint_eq(answer_long(id), RS_BUSY);
}
END_TEST

/* --- death in the middle --- */

static void *die(void *peer)
{
	usleep(20000);
	world_state(peer, TABLE_PEER_DEAD);
	return NULL;
}

START_TEST(a_handler_that_dies_in_the_middle_has_nothing)
{
	pthread_t thread;

	pthread_create(&thread, NULL, die, &handler);
	ck_assert_uint_eq(send_long(RS_NEEDS_ANSWER), RS_HANDLER_GONE);
	pthread_join(thread, NULL);
	ck_assert_int_eq(guest_look(), 0); /* no id was given, so nothing completes */
}
END_TEST

START_TEST(a_client_that_dies_in_the_middle_wants_no_answer)
{
	uint64_t id = be_asked();
	pthread_t thread;

	pthread_create(&thread, NULL, die, &client);
	ck_assert_uint_eq(answer_long(id), RS_OK);
	pthread_join(thread, NULL);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_PROCESS_GONE);
	ck_assert_uint_eq(answer_long(id), RS_BAD_ARGUMENT);
}
END_TEST

static Suite *fragments_suite(void)
{
	Suite *suite = suite_create("fragments");
	TCase *whole = tcase_create("whole"), *limits = tcase_create("limits"),
	      *room = tcase_create("no room"), *death = tcase_create("death"),
	      *large = tcase_create("large rings");
	TCase *all[] = { whole, large, limits, room, death };

	tcase_add_test(whole, a_long_message_goes_out_whole);
	tcase_add_test(whole, pieces_need_not_end_where_fragments_do);
	tcase_add_test(whole, a_long_answer_goes_out_whole_and_once);
	tcase_add_test(whole, two_that_send_to_each_other_both_come_to_their_end);
	tcase_add_test(whole, messages_wait_in_their_order_while_a_body_goes_out);
	tcase_add_test(whole, what_was_kept_for_the_same_lane_does_not_go_between);
	tcase_add_test(large, a_first_body_that_is_long_asks_for_large_rings);
	tcase_add_test(limits, more_than_a_body_may_have_is_too_big);
	tcase_add_test(limits, more_than_the_handler_wants_is_too_big);
	tcase_add_test(limits, rsd_takes_no_long_bodies);
	tcase_add_test(room, who_does_not_read_is_not_waited_for_for_ever);
	tcase_add_test(room, without_room_for_the_first_part_nothing_is_sent);
	tcase_add_test(room, there_is_always_room_to_take_a_body_back);
	tcase_add_test(room, an_answer_that_found_no_room_can_be_given_again);
	tcase_add_test(room, answers_that_wait_already_go_first);
	tcase_add_test(death, a_handler_that_dies_in_the_middle_has_nothing);
	tcase_add_test(death, a_client_that_dies_in_the_middle_wants_no_answer);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_add_checked_fixture(all[i], set_up, NULL);
		suite_add_tcase(suite, all[i]);
	}
	return suite;
}

CHECK_MAIN(fragments_suite)
