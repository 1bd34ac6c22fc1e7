/*
 * check_sending.c: how messages find their way out: opening, slots that are taken away, full
 * rings, bells, cancelling, and what waits for somebody to handle it.
 */
#include <pthread.h>

#include "tests/check_run.h"
#include "tests/runtime/world.h"

static const uint8_t away[32] = "test:away", other[32] = "test:other";
static struct peer handler;
static uint64_t id;

static void set_up(void)
{
	world_new();
	id = 99;
}

static uint32_t send_to(const uint8_t interface[32], uint64_t flags)
{
	return guest_send(interface, "hello", 5, flags, &id);
}

static void expect_message(struct heard heard, const char *body)
{
	ck_assert_uint_eq(heard.head.kind, RECORD_MESSAGE);
	ck_assert_uint_eq(heard.head.total_len, strlen(body));
	ck_assert_mem_eq(heard.body, body, strlen(body));
}

/* ---- ways ---- */

START_TEST(the_first_use_asks_rsd_once)
{
	struct home_open open;

	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, RS_NEEDS_ANSWER), RS_OK);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	struct heard asked = world_hear(RECORD_OPEN);
	memcpy(&open, asked.body, sizeof(open));
	ck_assert_mem_eq(open.interface, away, 32);
	ck_assert_uint_eq(open.flags, 0);
	ck_assert_uint_eq(world_hear(RECORD_OPEN).head.kind, 0);
	struct heard first = peer_hear(&handler), second = peer_hear(&handler);
	expect_message(first, "hello");
	ck_assert_uint_eq(first.head.flags, RS_NEEDS_ANSWER);
	ck_assert_uint_ne(first.head.id, 0);
	ck_assert_uint_eq(second.head.flags, 0);
	ck_assert_uint_eq(second.head.id, 0);
	ck_assert_uint_eq(id, 0); /* no answer, no id */
}
END_TEST

START_TEST(a_taken_lane_is_confirmed)
{
	struct home_lane lane;

	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	guest_look();
	struct heard taken = world_hear(RECORD_LANE_TAKEN);
	ck_assert_uint_eq(taken.head.kind, RECORD_LANE_TAKEN);
	memcpy(&lane, taken.body, sizeof(lane));
	ck_assert_uint_eq(lane.lane, 1);
	ck_assert_uint_eq(lane.generation, 1);
}
END_TEST

START_TEST(pieces_become_one_body)
{
	struct rs_piece pieces[] = { { AT_BODY, 3 }, { AT_BODY + 50, 0 }, { AT_BODY + 3, 4 } };

	handler = world_handler(away, 1);
	memcpy(guest_at(AT_INTERFACE), away, 32);
	memcpy(guest_at(AT_BODY), "onetwo!", 7);
	ck_assert_uint_eq(
		calls_emit_message(NULL, AT_INTERFACE, guest_pieces(pieces, 3), 3, 0, AT_ID),
		RS_OK);
	expect_message(peer_hear(&handler), "onetwo!");
}
END_TEST

START_TEST(why_there_is_no_way_is_the_answer)
{
	static const uint32_t rows[] = { RS_NO_HANDLER, RS_DENIED, RS_LIMIT };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		world_opened(away, rows[i], 0, 0, false);
		ck_assert_uint_eq(send_to(away, RS_NEEDS_ANSWER), rows[i]);
	}
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(host_interfaces_are_reached_on_the_home_lane)
{
	world_opened(rs_interface_time, RS_OK, LANE_HOME, 2, false);
	ck_assert_uint_eq(send_to(rs_interface_time, RS_NEEDS_ANSWER), RS_OK);
	struct heard heard = world_hear(RECORD_MESSAGE);
	expect_message(heard, "hello");
	ck_assert_uint_eq(heard.head.slot, 2);
	world_say(RECORD_ANSWER, heard.head.id, RS_OK, "now", 3);
	ck_assert_int_eq(guest_look(), 67);
	ck_assert_uint_eq(got.head.id, id);
}
END_TEST

START_TEST(a_slot_that_was_taken_away_is_asked_for_again)
{
	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	world_slots(&handler, 0);
	world_opened(away, RS_DENIED, 0, 0, false);
	ck_assert_uint_eq(send_to(away, 0), RS_DENIED);
	world_slots(&handler, 1);
	world_opened(away, RS_OK, 1, 0, false);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	ck_assert_uint_eq(peer_hear(&handler).head.kind, RECORD_MESSAGE);
	ck_assert_uint_eq(peer_hear(&handler).head.kind, RECORD_MESSAGE);
	ck_assert_uint_eq(peer_hear(&handler).head.kind, 0);
}
END_TEST

static void *open_twice(void *unused)
{
	(void)unused;
	for (uint32_t n = 0; n < 2;) {
		if (world_hear(RECORD_OPEN).head.kind)
			world_opened(away, RS_OK, 1, 0, n++ == 0);
		else
			usleep(1000);
	}
	return NULL;
}

START_TEST(a_way_that_is_taken_back_at_once_is_no_way)
{
	pthread_t rsd;

	handler = world_peer(1, LANE_CLIENT, 0, 0); /* no slot */
	pthread_create(&rsd, NULL, open_twice, NULL);
	ck_assert_uint_eq(send_to(away, 0), RS_NO_HANDLER);
	pthread_join(rsd, NULL);
}
END_TEST

START_TEST(a_way_does_not_lead_to_what_its_lane_is_used_for_now)
{
	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	world_state(&handler, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 0);
	struct peer next = world_handler(other, 1); /* the same slot as well */
	ck_assert_uint_eq(send_to(other, 0), RS_OK);
	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	ck_assert_uint_eq(send_to(away, 0), RS_NO_HANDLER);
	expect_message(peer_hear(&next), "hello");
	ck_assert_uint_eq(peer_hear(&next).head.kind, 0);
}
END_TEST

START_TEST(many_interfaces_find_their_ways)
{
	uint8_t name[32] = "test:many";

	for (uint32_t i = 0; i < 2000; i++) {
		memcpy(name + 16, &i, sizeof(i));
		world_opened(name, RS_OK, LANE_HOME, i % 64, false);
		ck_assert_uint_eq(send_to(name, 0), RS_OK);
		ck_assert_uint_eq(world_hear(RECORD_MESSAGE).head.slot, i % 64);
		ck_assert_uint_eq(world_hear(RECORD_OPEN).head.kind, 0);
	}
}
END_TEST

/* ---- limits ---- */

START_TEST(a_full_ring_is_busy_until_it_is_read)
{
	uint32_t n = 0;

	handler = world_handler(away, 1);
	while (send_to(away, 0) == RS_OK)
		n++;
	ck_assert_uint_eq(n, (1u << LANE_RING_SMALL) / RECORD_ALIGN);
	ck_assert_uint_eq(send_to(away, 0), RS_BUSY);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_uint_eq(peer_hear(&handler).head.kind, RECORD_MESSAGE);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
}
END_TEST

START_TEST(no_more_is_asked_than_can_be_answered)
{
	uint64_t last = 0;
	uint32_t n = 0;

	handler = world_handler(away, 1);
	while (send_to(away, RS_NEEDS_ANSWER) == RS_OK) {
		last = id;
		peer_hear(&handler);
		n++;
	}
	ck_assert_uint_eq(n, (1u << LANE_RING_SMALL) / RECORD_ALIGN);
	ck_assert_uint_eq(send_to(away, RS_NEEDS_ANSWER), RS_BUSY);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	ck_assert_int_eq(peer_say(&handler, RECORD_ANSWER, last, RS_OK, "", 0), 0);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(send_to(away, RS_NEEDS_ANSWER), RS_OK);
}
END_TEST

START_TEST(a_body_beyond_a_record_does_not_wait_for_a_handler)
{
	static char big[CALLS_BODY_MAX + 1];

	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	ck_assert_uint_eq(
		guest_send(away, big, CALLS_BODY_MAX + 1, RS_ALLOW_DELAY, &id), RS_TOO_BIG);
	ck_assert_uint_eq(guest_send(away, big, CALLS_BODY_MAX, RS_ALLOW_DELAY, &id), RS_OK);
}
END_TEST

/* ---- bells ---- */

START_TEST(every_message_rings_a_sleeper_once_unless_more_follow)
{
	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, 0), RS_OK); /* awake */
	ck_assert_int_eq(world_rung(handler.rings), 0);
	atomic_store(&handler.page->sleep_epoch, 1);
	ck_assert_uint_eq(send_to(away, RS_MORE), RS_OK);
	ck_assert_uint_eq(send_to(away, RS_MORE), RS_OK);
	ck_assert_int_eq(world_rung(handler.rings), 0);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	ck_assert_int_eq(world_rung(handler.rings), 1);
	atomic_store(&handler.page->sleep_epoch, 3);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	ck_assert_int_eq(world_rung(handler.rings), 1);
}
END_TEST

START_TEST(more_on_one_lane_is_rung_by_the_last_on_another)
{
	struct peer second;

	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	second = world_handler(other, 2);
	ck_assert_uint_eq(send_to(other, 0), RS_OK);
	atomic_store(&handler.page->sleep_epoch, 1);
	atomic_store(&second.page->sleep_epoch, 1);
	ck_assert_uint_eq(send_to(away, RS_MORE), RS_OK);
	ck_assert_uint_eq(send_to(other, 0), RS_OK);
	ck_assert_int_eq(world_rung(handler.rings), 1);
	ck_assert_int_eq(world_rung(second.rings), 1);
}
END_TEST

START_TEST(more_is_rung_when_the_program_waits)
{
	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, 0), RS_OK);
	atomic_store(&handler.page->sleep_epoch, 1);
	ck_assert_uint_eq(send_to(away, RS_MORE), RS_OK);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_int_eq(world_rung(handler.rings), 1);
}
END_TEST

START_TEST(answers_ring_at_the_end_of_the_batch)
{
	struct peer client = world_client(2, 77);

	for (uint64_t i = 1; i <= 3; i++)
		peer_say(&client, RECORD_MESSAGE, i, WORLD_SLOT, "hi", 2);
	ck_assert_int_eq(guest_look(), 66);
	ck_assert_uint_eq(guest_answer(got.head.id, RS_OK, "a", 1), RS_OK);
	atomic_store(&client.page->sleep_epoch, 1);
	ck_assert_int_eq(guest_look(), 66);
	inbox_busy_since = INT64_MAX; /* as if no time had passed since */
	ck_assert_uint_eq(guest_answer(got.head.id, RS_OK, "b", 1), RS_OK);
	ck_assert_int_eq(world_rung(client.rings), 0);
	ck_assert_int_eq(guest_look(), 66);
	ck_assert_uint_eq(guest_answer(got.head.id, RS_OK, "c", 1), RS_OK);
	ck_assert_int_eq(world_rung(client.rings), 1); /* nothing waits any more */
	for (uint64_t i = 1; i <= 3; i++)
		ck_assert_uint_eq(peer_hear(&client).head.id, i);
}
END_TEST

/* ---- cancelling ---- */

START_TEST(cancelling_completes_at_once_and_tells_the_handler)
{
	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, RS_NEEDS_ANSWER), RS_OK);
	uint64_t mine = id;
	ck_assert_uint_eq(guest_cancel(mine), RS_OK);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.id, mine);
	ck_assert_uint_eq(got.head.status, RS_CANCELLED);
	ck_assert_uint_eq(peer_hear(&handler).head.kind, RECORD_MESSAGE);
	struct heard heard = peer_hear(&handler);
	ck_assert_uint_eq(heard.head.kind, RECORD_CANCEL);
	ck_assert_uint_eq(heard.head.id, mine);
	/* rsd is not troubled with it */
	ck_assert_uint_eq(world_hear(RECORD_MESSAGE).head.kind, 0);
	/* the answer was on its way: nobody wants it, and that is no lie */
	peer_say(&handler, RECORD_ANSWER, mine, RS_OK, "late", 4);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(ends.all[1].state, END_OPEN);
}
END_TEST

START_TEST(cancelling_again_or_what_never_was_changes_nothing)
{
	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, RS_NEEDS_ANSWER), RS_OK);
	uint64_t mine = id;
	ck_assert_uint_eq(guest_cancel(mine), RS_OK);
	ck_assert_uint_eq(guest_cancel(mine), RS_OK);
	ck_assert_uint_eq(guest_cancel(mine + 1), RS_OK);
	ck_assert_uint_eq(guest_cancel(0), RS_OK);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(what_was_answered_is_not_cancelled)
{
	uint64_t mine, nothing[] = { 0 };

	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, RS_NEEDS_ANSWER), RS_OK);
	mine = id;
	peer_say(&handler, RECORD_ANSWER, mine, RS_OK, "done", 4);
	ck_assert_int_eq(guest_wait(nothing, 1, 0), 0); /* it is kept now */
	ck_assert_uint_eq(guest_cancel(mine), RS_OK);
	ck_assert_int_eq(guest_look(), 68);
	ck_assert_uint_eq(got.head.status, RS_OK);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(a_handler_hears_of_a_cancel_and_its_answer_is_dropped)
{
	struct peer client = world_client(2, 77);

	peer_say(&client, RECORD_MESSAGE, 5, WORLD_SLOT, "hi", 2);
	ck_assert_int_eq(guest_look(), 66);
	uint64_t mine = got.head.id;
	peer_say(&client, RECORD_CANCEL, 5, 0, "", 0);
	peer_say(&client, RECORD_CANCEL, 5, 0, "", 0); /* again: nothing */
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_CANCELLED_BY);
	ck_assert_uint_eq(got.head.id, mine);
	ck_assert_uint_eq(got.head.process, 77);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(guest_answer(mine, RS_OK, "late", 4), RS_OK);
	ck_assert_uint_eq(peer_hear(&client).head.kind, 0);
}
END_TEST

START_TEST(a_cancel_that_wants_an_answer_gets_one_from_rsd)
{
	struct rs_interface_cancel_request request;
	uint8_t body[32];

	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, RS_NEEDS_ANSWER), RS_OK);
	request.id = id;
	int64_t bytes = rs_interface_cancel_body(&request, body, sizeof(body));
	world_opened(rs_interface_interface, RS_OK, LANE_HOME, 0, false);
	ck_assert_uint_eq(
		guest_send(rs_interface_interface, body, (uint32_t)bytes, RS_NEEDS_ANSWER, &id),
		RS_OK);
	ck_assert_uint_eq(world_hear(RECORD_MESSAGE).head.id, id);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.status, RS_CANCELLED);
}
END_TEST

/* As protobuf reads it: what is not known is skipped. */
START_TEST(a_cancel_with_more_in_it_is_one_all_the_same)
{
	struct rs_interface_cancel_request request;
	uint8_t body[RS_INTERFACE_BODY_BYTES_MAX + 3] = { 0 };

	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, RS_NEEDS_ANSWER), RS_OK);
	request.id = id;
	size_t bytes = (size_t)rs_interface_cancel_body(&request, body, sizeof(body));
	size_t more = sizeof(body) - 3 - bytes - 3; /* field 15: its tag, its length, zeroes */
	memcpy(body + bytes, (uint8_t[]){ 0x7a, (uint8_t)(more | 0x80), (uint8_t)(more >> 7) },
		3);
	world_opened(rs_interface_interface, RS_OK, LANE_HOME, 0, false);
	body[bytes + 1]++; /* one byte too long: nobody reads it, nothing is cancelled */
	ck_assert_uint_eq(guest_send(rs_interface_interface, body,
				  RS_INTERFACE_BODY_BYTES_MAX + 1, 0, &id),
		RS_OK);
	ck_assert_int_eq(guest_look(), 0);
	body[bytes + 1]--;
	ck_assert_uint_eq(
		guest_send(rs_interface_interface, body, RS_INTERFACE_BODY_BYTES_MAX, 0, &id),
		RS_OK);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.status, RS_CANCELLED);
}
END_TEST

START_TEST(what_cannot_be_read_cancels_nothing)
{
	static const uint8_t bodies[][16] = { { 0, 0, 0, 0, 0x09, 1 }, { 1, 0, 0, 0, 0x09, 1 },
		{ RS_INTERFACE_CANCEL, 0, 0, 0, 0x08, 1 },
		{ RS_INTERFACE_CANCEL, 0, 0, 0, 0x09, 1, 0, 0, 0, 0, 0, 0, 0, 0x0b } };

	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, RS_NEEDS_ANSWER), RS_OK);
	world_opened(rs_interface_interface, RS_OK, LANE_HOME, 0, false);
	for (size_t i = 0; i < ARRAY_LEN(bodies); i++)
		for (uint32_t bytes = 0; bytes <= sizeof(bodies[i]); bytes++)
			ck_assert_uint_eq(
				guest_send(rs_interface_interface, bodies[i], bytes, 0, &id),
				RS_OK);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

/* ---- nobody handles it yet ---- */

static void hold(uint32_t n, uint64_t ids[])
{
	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	for (uint32_t i = 0; i < n; i++) {
		char body = (char)('a' + i);

		ck_assert_uint_eq(
			guest_send(away, &body, 1, RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &ids[i]),
			RS_OK);
	}
}

START_TEST(kept_messages_go_out_in_order_when_somebody_comes)
{
	uint64_t ids[3];

	hold(3, ids);
	ck_assert_uint_eq(send_to(away, 0), RS_NO_HANDLER); /* that one would not wait */
	ck_assert_int_eq(guest_look(), 0);
	handler = world_handler(away, 1);
	ck_assert_uint_eq(send_to(away, 0), RS_OK); /* overtakes nobody */
	for (uint32_t i = 0; i < 3; i++) {
		struct heard heard = peer_hear(&handler);
		ck_assert_uint_eq(heard.head.id, ids[i]);
		ck_assert_int_eq(heard.body[0], (char)('a' + i));
	}
	expect_message(peer_hear(&handler), "hello");
	peer_say(&handler, RECORD_ANSWER, ids[1], RS_OK, "b", 1);
	ck_assert_int_eq(guest_look(), 65);
	ck_assert_uint_eq(got.head.id, ids[1]);
}
END_TEST

START_TEST(kept_messages_keep_their_order_when_not_all_find_room)
{
	static const uint32_t bytes[] = { CALLS_BODY_MAX, 10 * KIB, CALLS_BODY_MAX, 1 };
	static const uint8_t big[CALLS_BODY_MAX];
	uint64_t ids[ARRAY_LEN(bytes)];

	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	for (size_t i = 0; i < ARRAY_LEN(bytes); i++)
		ck_assert_uint_eq(guest_send(away, big, bytes[i],
					  RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &ids[i]),
			RS_OK);
	handler = world_handler(away, 1);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(peer_hear(&handler).head.id, ids[0]);
	ck_assert_uint_eq(peer_hear(&handler).head.id, ids[1]);
	/* the last would have fitted */
	ck_assert_uint_eq(peer_hear(&handler).head.kind, 0);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(peer_hear(&handler).head.id, ids[2]);
	ck_assert_uint_eq(peer_hear(&handler).head.id, ids[3]);
}
END_TEST

START_TEST(kept_messages_go_out_while_the_program_waits)
{
	uint64_t ids[2];

	hold(2, ids);
	handler = world_handler(away, 1);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(peer_hear(&handler).head.id, ids[0]);
	ck_assert_uint_eq(peer_hear(&handler).head.id, ids[1]);
}
END_TEST

START_TEST(a_kept_message_can_be_cancelled)
{
	uint64_t ids[2];

	hold(2, ids);
	ck_assert_uint_eq(guest_cancel(ids[0]), RS_OK);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.id, ids[0]);
	ck_assert_uint_eq(got.head.status, RS_CANCELLED);
	handler = world_handler(away, 1);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(peer_hear(&handler).head.id, ids[1]);
	ck_assert_uint_eq(peer_hear(&handler).head.kind, 0);
}
END_TEST

START_TEST(kept_messages_end_when_rsd_says_no)
{
	uint64_t ids[2];

	hold(2, ids);
	world_opened(away, RS_DENIED, 0, 0, false);
	for (uint32_t i = 0; i < 2; i++) {
		ck_assert_int_eq(guest_look(), 64);
		ck_assert_uint_eq(got.head.id, ids[i]);
		ck_assert_uint_eq(got.head.status, RS_DENIED);
	}
}
END_TEST

START_TEST(keeping_has_a_limit)
{
	static char big[CALLS_BODY_MAX];
	uint32_t n = 0, status;

	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	while ((status = guest_send(away, big, sizeof(big), RS_ALLOW_DELAY, &id)) == RS_OK)
		n++;
	ck_assert_uint_eq(status, RS_LIMIT);
	ck_assert_uint_ge(n, 60);
	ck_assert_uint_lt(n, HELD_BYTES / sizeof(big));
}
END_TEST

START_TEST(kept_messages_find_the_next_handler_when_one_ends)
{
	uint64_t ids[2];

	hold(2, ids);
	handler = world_handler(away, 1);
	world_state(&handler, TABLE_PEER_DEAD); /* before anything was sent */
	ck_assert_int_eq(guest_look(), 0);
	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	ck_assert_int_eq(guest_look(), 0);
	handler = world_handler(away, 2);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(peer_hear(&handler).head.id, ids[0]);
	ck_assert_uint_eq(peer_hear(&handler).head.id, ids[1]);
}
END_TEST

START_TEST(an_answer_without_room_is_kept_and_sent_later)
{
	static char big[CALLS_BODY_MAX];
	struct peer client = world_client(2, 77);

	for (uint64_t i = 1; i <= 8; i++) {
		peer_say(&client, RECORD_MESSAGE, i, WORLD_SLOT, "hi", 2);
		ck_assert_int_eq(guest_look(), 66);
		ck_assert_uint_eq(guest_answer(got.head.id, RS_OK, big, sizeof(big)), RS_OK);
	}
	for (uint64_t i = 1; i <= 8; i++) {
		ck_assert_uint_eq(peer_hear(&client).head.id, i);
		guest_look();
	}
}
END_TEST

START_TEST(one_client_that_reads_nothing_fills_its_own_share_only)
{
	static char big[CALLS_BODY_MAX];
	struct peer deaf = world_client(2, 77), client = world_client(3, 78);
	uint32_t status = RS_OK;

	for (uint64_t i = 1; status == RS_OK; i++) {
		peer_say(&deaf, RECORD_MESSAGE, i, WORLD_SLOT, "hi", 2);
		ck_assert_int_eq(guest_look(), 66);
		status = guest_answer(got.head.id, RS_OK, big, sizeof(big));
		ck_assert_uint_lt(i, 100);
	}
	ck_assert_uint_eq(status, RS_BUSY);
	for (uint64_t i = 1; i <= 8; i++) {
		peer_say(&client, RECORD_MESSAGE, i, WORLD_SLOT, "hi", 2);
		ck_assert_int_eq(guest_look(), 66);
		ck_assert_uint_eq(guest_answer(got.head.id, RS_OK, big, sizeof(big)), RS_OK);
	}
}
END_TEST

static Suite *sending_suite(void)
{
	Suite *suite = suite_create("sending");
	TCase *ways = tcase_create("ways"), *limits = tcase_create("limits"),
	      *bells = tcase_create("bells"), *cancel = tcase_create("cancel"),
	      *held = tcase_create("held");
	TCase *all[] = { ways, limits, bells, cancel, held };

	tcase_add_test(ways, the_first_use_asks_rsd_once);
	tcase_add_test(ways, a_taken_lane_is_confirmed);
	tcase_add_test(ways, pieces_become_one_body);
	tcase_add_test(ways, why_there_is_no_way_is_the_answer);
	tcase_add_test(ways, host_interfaces_are_reached_on_the_home_lane);
	tcase_add_test(ways, a_slot_that_was_taken_away_is_asked_for_again);
	tcase_add_test(ways, a_way_that_is_taken_back_at_once_is_no_way);
	tcase_add_test(ways, a_way_does_not_lead_to_what_its_lane_is_used_for_now);
	tcase_add_test(ways, many_interfaces_find_their_ways);
	tcase_add_test(limits, a_full_ring_is_busy_until_it_is_read);
	tcase_add_test(limits, no_more_is_asked_than_can_be_answered);
	tcase_add_test(limits, a_body_beyond_a_record_does_not_wait_for_a_handler);
	tcase_add_test(bells, every_message_rings_a_sleeper_once_unless_more_follow);
	tcase_add_test(bells, more_on_one_lane_is_rung_by_the_last_on_another);
	tcase_add_test(bells, more_is_rung_when_the_program_waits);
	tcase_add_test(bells, answers_ring_at_the_end_of_the_batch);
	tcase_add_test(cancel, cancelling_completes_at_once_and_tells_the_handler);
	tcase_add_test(cancel, cancelling_again_or_what_never_was_changes_nothing);
	tcase_add_test(cancel, what_was_answered_is_not_cancelled);
	tcase_add_test(cancel, a_handler_hears_of_a_cancel_and_its_answer_is_dropped);
	tcase_add_test(cancel, a_cancel_that_wants_an_answer_gets_one_from_rsd);
	tcase_add_test(cancel, a_cancel_with_more_in_it_is_one_all_the_same);
	tcase_add_test(cancel, what_cannot_be_read_cancels_nothing);
	tcase_add_test(held, kept_messages_go_out_in_order_when_somebody_comes);
	tcase_add_test(held, kept_messages_keep_their_order_when_not_all_find_room);
	tcase_add_test(held, kept_messages_go_out_while_the_program_waits);
	tcase_add_test(held, a_kept_message_can_be_cancelled);
	tcase_add_test(held, kept_messages_end_when_rsd_says_no);
	tcase_add_test(held, keeping_has_a_limit);
	tcase_add_test(held, kept_messages_find_the_next_handler_when_one_ends);
	tcase_add_test(held, an_answer_without_room_is_kept_and_sent_later);
	tcase_add_test(held, one_client_that_reads_nothing_fills_its_own_share_only);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_add_checked_fixture(all[i], set_up, NULL);
		suite_add_tcase(suite, all[i]);
	}
	return suite;
}

CHECK_MAIN(sending_suite)
