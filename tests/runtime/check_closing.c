/*
 * check_closing.c: peers that end and peers that lie: every message completes exactly once, the
 * program hears of each client's end once and last, and rsd hears of what is let go.
 */
#include "tests/check_run.h"
#include "tests/runtime/world.h"

static const uint8_t away[32] = "test:away";
static struct peer handler, client;

static void set_up(void)
{
	world_new();
	handler = world_handler(away, 1);
	client = world_client(2, 77);
}

static uint64_t ask(void)
{
	uint64_t id;

	ck_assert_uint_eq(guest_send(away, "x", 1, RS_NEEDS_ANSWER, &id), RS_OK);
	return id;
}

static void say(const char *text)
{
	ck_assert_int_eq(
		peer_say(&client, RECORD_MESSAGE, 9, WORLD_SLOT, text, (uint32_t)strlen(text)),
		0);
}

static void expect_finished(uint64_t id, uint32_t status)
{
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_ANSWER);
	ck_assert_uint_eq(got.head.id, id);
	ck_assert_uint_eq(got.head.status, status);
}

static void expect_told(uint16_t kind, uint32_t index)
{
	struct home_lane lane;
	struct heard heard = world_hear(kind);

	ck_assert_uint_eq(heard.head.kind, kind);
	memcpy(&lane, heard.body, sizeof(lane));
	ck_assert_uint_eq(lane.lane, index);
	ck_assert_uint_eq(lane.generation, world.table->lanes[index].generation);
}

/* ---- handlers end ---- */

START_TEST(a_dead_handlers_answers_count_and_the_rest_completes_once)
{
	uint64_t ids[3];

	for (int i = 0; i < 3; i++)
		ids[i] = ask();
	peer_say(&handler, RECORD_ANSWER, ids[1], RS_OK, "yes", 3);
	world_state(&handler, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 67);
	ck_assert_uint_eq(got.head.id, ids[1]);
	expect_finished(ids[0], RS_HANDLER_GONE);
	expect_finished(ids[2], RS_HANDLER_GONE);
	ck_assert_int_eq(guest_look(), 0);
	expect_told(RECORD_LANE_DONE, 1);
	ck_assert_uint_eq(world_hear(RECORD_LANE_DONE).head.kind, 0);
}
END_TEST

START_TEST(who_waits_for_one_answer_is_told_that_its_handler_is_gone)
{
	uint64_t first = ask(), second = ask();

	world_state(&handler, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_wait(&second, 1, -1), 64);
	ck_assert_uint_eq(got.head.status, RS_HANDLER_GONE);
	expect_finished(first, RS_HANDLER_GONE);
}
END_TEST

START_TEST(nothing_is_read_from_a_closed_lane)
{
	uint64_t id = ask();

	peer_say(&handler, RECORD_ANSWER, id, RS_OK, "yes", 3);
	world_state(&handler, TABLE_CLOSED);
	expect_finished(id, RS_HANDLER_GONE);
	expect_told(RECORD_LANE_DONE, 1);
}
END_TEST

START_TEST(a_lane_that_was_let_go_can_come_again)
{
	uint64_t id = ask();

	world_state(&handler, TABLE_PEER_DEAD);
	expect_finished(id, RS_HANDLER_GONE);
	guest_look();
	handler = world_handler(away, 1);
	id = ask();
	ck_assert_uint_eq(world.table->lanes[1].generation, 2);
	peer_say(&handler, RECORD_ANSWER, id, RS_OK, "", 0);
	expect_finished(id, RS_OK);
}
END_TEST

START_TEST(a_lane_that_dies_before_it_is_taken_is_let_go)
{
	struct peer late = world_client(3, 78);

	world_state(&late, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 0); /* it never said a word */
	for (uint32_t i = 1; i <= 3; i++)
		expect_told(RECORD_LANE_TAKEN, i);
	expect_told(RECORD_LANE_DONE, 3);
}
END_TEST

START_TEST(a_lane_whose_descriptors_do_not_come_is_no_lane)
{
	struct home_lane body = { .lane = 5 };

	world_say(RECORD_NEW_LANE, 0, 5, &body, sizeof(body));
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(ends.all[5].state, END_BROKEN);
	for (uint32_t i = 1; i <= 2; i++)
		expect_told(RECORD_LANE_TAKEN, i);
	expect_told(RECORD_LANE_TAKEN, 5);
	expect_told(RECORD_LANE_BROKEN, 5); /* so that the client does not wait for nobody */
	atomic_store(&world.table->lanes[5].state, TABLE_CLOSED);
	world_changed();
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(ends.all[5].state, END_NONE);
}
END_TEST

/* ---- clients end ---- */

START_TEST(the_end_of_a_client_is_told_once_after_its_last_message)
{
	say("one");
	say("two");
	world_state(&client, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 67);
	ck_assert_int_eq(guest_look(), 67);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_PROCESS_GONE);
	ck_assert_uint_eq(got.head.process, 77);
	ck_assert_int_eq(guest_look(), 0);
	expect_told(RECORD_LANE_DONE, 2);
}
END_TEST

START_TEST(a_client_that_never_spoke_ends_unnoticed)
{
	ck_assert_int_eq(guest_look(), 0);
	world_state(&client, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 0);
	expect_told(RECORD_LANE_DONE, 2);
}
END_TEST

START_TEST(the_end_of_a_client_that_does_not_fit_is_kept)
{
	say("one");
	ck_assert_int_eq(guest_look(), 67);
	world_state(&client, TABLE_PEER_DEAD);
	ck_assert_int_eq((int64_t)calls_next_message(NULL, 0, 0, AT_OUT, 63, 0), 64);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_PROCESS_GONE);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(an_answer_to_a_dead_client_is_no_mistake)
{
	say("one");
	ck_assert_int_eq(guest_look(), 67);
	uint64_t id = got.head.id;
	world_state(&client, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(guest_answer(id, RS_OK, "x", 1), RS_OK);
}
END_TEST

START_TEST(nobody_waits_for_answers_to_a_dead_clients_last_words)
{
	say("one");
	world_state(&client, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 67);
	ck_assert_uint_eq(got.head.id, 0);
}
END_TEST

START_TEST(who_waits_for_an_answer_is_not_told_of_clients)
{
	uint64_t id = ask();

	say("one");
	ck_assert_int_eq(guest_look(), 67);
	world_state(&client, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_wait(&id, 1, 1000000), 0);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_PROCESS_GONE);
}
END_TEST

/* ---- a client with two lanes: a mediated one, or one that was granted anew ---- */

static void say_on(struct peer *peer, const char *text)
{
	ck_assert_int_eq(
		peer_say(peer, RECORD_MESSAGE, 9, WORLD_SLOT, text, (uint32_t)strlen(text)), 0);
}

START_TEST(the_end_of_a_client_is_told_after_the_last_of_its_lanes)
{
	struct peer other = world_client(3, 77);

	say("one");
	say_on(&other, "two");
	world_state(&client, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 67);
	ck_assert_int_eq(guest_look(), 67);
	ck_assert_int_eq(guest_look(), 0); /* its last words may come on the other */
	say_on(&other, "three");
	world_state(&other, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 69);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_PROCESS_GONE);
	ck_assert_int_eq(guest_look(), 0);
	expect_told(RECORD_LANE_DONE, 2);
	expect_told(RECORD_LANE_DONE, 3);
}
END_TEST

START_TEST(a_lane_that_is_closed_for_another_is_not_the_end_of_its_client)
{
	say("one");
	ck_assert_int_eq(guest_look(), 67);
	struct peer other = world_client(3, 77); /* not taken yet */
	world_state(&client, TABLE_CLOSED);
	ck_assert_int_eq(guest_look(), 0);
	if (_i) {
		say_on(&other, "two");
		ck_assert_int_eq(guest_look(), 67);
		ck_assert_int_eq(guest_look(), 0);
		expect_told(RECORD_LANE_DONE, 2); /* the other will tell */
	}
	world_state(&other, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_PROCESS_GONE);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

/* ---- slots ---- */

START_TEST(a_message_to_a_slot_that_was_taken_away_comes_back)
{
	struct heard heard;

	say("one");
	world_slots(&client, 0);
	ck_assert_int_eq(guest_look(), 0);
	heard = peer_hear(&client);
	ck_assert_uint_eq(heard.head.kind, RECORD_ANSWER);
	ck_assert_uint_eq(heard.head.id, 9);
	ck_assert_uint_eq(heard.head.slot, RS_HANDLER_GONE);
	ck_assert_uint_eq(ends.all[2].state, END_OPEN);
}
END_TEST

START_TEST(a_message_to_a_slot_that_was_revoked_is_denied)
{
	say("one");
	world_revoke(&client, 1u << WORLD_SLOT);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(peer_hear(&client).head.slot, RS_DENIED);
}
END_TEST

START_TEST(what_was_delivered_before_can_still_be_answered)
{
	say("one");
	ck_assert_int_eq(guest_look(), 67);
	world_slots(&client, 0);
	ck_assert_uint_eq(guest_answer(got.head.id, RS_OK, "x", 1), RS_OK);
	ck_assert_uint_eq(peer_hear(&client).head.slot, RS_OK);
}
END_TEST

/* ---- lies ---- */

static const struct lie {
	const char *what;
	struct record head;
} to_client[] = { /* on the answer ring */
	{ "a message", { .kind = RECORD_MESSAGE } },
	{ "a cancel", { .kind = RECORD_CANCEL, .id = 1 } },
	{ "a word of rsd's", { .kind = RECORD_OPENED } },
	{ "another word of rsd's", { .kind = RECORD_NEW_LANE } },
	{ "a notice", { .kind = RECORD_NOTICE } },
	{ "no kind", { .kind = 0 } },
	{ "a kind that is none", { .kind = 65535 } },
	{ "an answer to nothing", { .kind = RECORD_ANSWER, .id = 0 } },
	{ "an answer to what was never asked", { .kind = RECORD_ANSWER, .id = 0x7777 } },
	{ "an answer to all ones", { .kind = RECORD_ANSWER, .id = UINT64_MAX } },
	{ "a part of an answer", { .kind = RECORD_ANSWER, .id = 1, .total_len = 100 } },
	{ "more than the whole", { .kind = RECORD_ANSWER, .id = 1, .offset = 5 } },
	{ "more than there is", { .kind = RECORD_ANSWER, .id = 1, .frag_len = 20000 } },
	{ "all there can be", { .kind = RECORD_ANSWER, .id = 1, .frag_len = UINT32_MAX } },
}, to_handler[] = { /* on the request ring */
	{ "an answer", { .kind = RECORD_ANSWER, .id = 1 } },
	{ "a word of rsd's", { .kind = RECORD_OPENED } },
	{ "no kind", { .kind = 0 } },
	{ "a slot that is none", { .kind = RECORD_MESSAGE, .slot = TABLE_SLOTS_MAX } },
	{ "a slot far away", { .kind = RECORD_MESSAGE, .slot = UINT32_MAX } },
	{ "an answer wanted by nobody",
		{ .kind = RECORD_MESSAGE, .slot = WORLD_SLOT, .flags = RS_NEEDS_ANSWER } },
	{ "a part of a message",
		{ .kind = RECORD_MESSAGE, .slot = WORLD_SLOT, .total_len = 5 } },
	{ "more than there is",
		{ .kind = RECORD_MESSAGE, .slot = WORLD_SLOT, .frag_len = 20000 } },
};

/* Puts a record as it is, whatever it says of itself. */
static void lie(struct peer *peer, const struct record *head)
{
	struct record *to = ring_reserve(&peer->lane.out, 0);

	ck_assert_ptr_nonnull(to);
	*to = *head;
	ring_commit(&peer->lane.out, 0);
}

START_TEST(a_handler_that_lies_is_not_believed)
{
	uint64_t id = ask();

	lie(&handler, &to_client[_i].head);
	peer_say(&handler, RECORD_ANSWER, id, RS_OK, "trust me", 8);
	ck_assert_msg(guest_look() == 64, "%s", to_client[_i].what);
	ck_assert_uint_eq(got.head.id, id);
	ck_assert_uint_eq(got.head.status, RS_HANDLER_GONE);
	ck_assert_int_eq(guest_look(), 0);
	expect_told(RECORD_LANE_BROKEN, 1);
	world_state(&handler, TABLE_CLOSED);
	ck_assert_int_eq(guest_look(), 0);
	expect_told(RECORD_LANE_DONE, 1);
}
END_TEST

START_TEST(a_client_that_lies_is_gone)
{
	say("one");
	ck_assert_int_eq(guest_look(), 67);
	uint64_t id = got.head.id;
	lie(&client, &to_handler[_i].head);
	say("two");
	ck_assert_msg(guest_look() == 64, "%s", to_handler[_i].what);
	ck_assert_uint_eq(got.head.kind, RS_PROCESS_GONE);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(guest_answer(id, RS_OK, "x", 1), RS_OK); /* dropped */
	expect_told(RECORD_LANE_BROKEN, 2);
	ck_assert_uint_eq(world_hear(RECORD_LANE_DONE).head.kind, 0); /* rsd takes it back */
	world_state(&client, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 0);
	expect_told(RECORD_LANE_DONE, 2);
}
END_TEST

START_TEST(an_answer_on_the_wrong_lane_is_a_lie)
{
	uint64_t id = ask();
	struct peer second;
	uint64_t other;

	second = world_handler((const uint8_t *)"test:second....................", 3);
	ck_assert_uint_eq(guest_send((const uint8_t *)"test:second....................", "x", 1,
				  RS_NEEDS_ANSWER, &other),
		RS_OK);
	peer_say(&second, RECORD_ANSWER, id, RS_OK, "mine", 4);
	expect_finished(other, RS_HANDLER_GONE);
	ck_assert_int_eq(guest_look(), 0);
	peer_say(&handler, RECORD_ANSWER, id, RS_OK, "yes", 3);
	ck_assert_int_eq(guest_look(), 67);
}
END_TEST

START_TEST(an_answer_given_twice_is_a_lie)
{
	uint64_t id = ask(), other = ask();

	peer_say(&handler, RECORD_ANSWER, id, RS_OK, "yes", 3);
	peer_say(&handler, RECORD_ANSWER, id, RS_OK, "yes", 3);
	ck_assert_int_eq(guest_look(), 67);
	expect_finished(other, RS_HANDLER_GONE);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(positions_that_cannot_be_are_lies)
{
	static const uint64_t tails[] = { 1, 63, (1u << LANE_RING_SMALL) + 64, UINT64_MAX,
		UINT64_MAX - 63, 1ull << 63 };
	uint64_t id = ask();

	atomic_store((_Atomic uint64_t *)&handler.lane.out.tail->position, tails[_i]);
	expect_finished(id, RS_HANDLER_GONE);
	expect_told(RECORD_LANE_BROKEN, 1);
}
END_TEST

START_TEST(a_lying_handler_is_no_handler_until_rsd_has_it_back)
{
	uint64_t id;

	ask();
	lie(&handler, &(struct record){ .kind = 99 });
	ck_assert_int_eq(guest_look(), 64);
	world_opened(away, RS_OK, 1, 0, false); /* rsd does not know yet */
	ck_assert_uint_eq(guest_send(away, "x", 1, 0, &id), RS_HANDLER_GONE);
}
END_TEST

START_TEST(a_flood_of_nothing_does_not_keep_others_waiting)
{
	struct peer second = world_client(3, 78);

	ck_assert_int_eq(guest_look(), 0);
	while (peer_say(&client, RECORD_CANCEL, 12345, 0, "", 0) == 0)
		;
	peer_say(&second, RECORD_MESSAGE, 0, WORLD_SLOT, "hi", 2);
	ck_assert_int_eq(guest_look(), 66);
	ck_assert_uint_eq(got.head.process, 78);
}
END_TEST

START_TEST(senders_are_served_in_turn)
{
	struct peer second = world_client(3, 78);
	int of[2] = { 0 };

	for (uint64_t i = 1; i <= 100; i++)
		ck_assert_int_eq(peer_say(&client, RECORD_MESSAGE, i, WORLD_SLOT, "hi", 2), 0);
	for (uint64_t i = 1; i <= 10; i++)
		ck_assert_int_eq(peer_say(&second, RECORD_MESSAGE, i, WORLD_SLOT, "hi", 2), 0);
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(guest_look(), 66);
		of[got.head.process - 77]++;
	}
	ck_assert_int_eq(of[1], 10);
}
END_TEST

static Suite *closing_suite(void)
{
	Suite *suite = suite_create("closing");
	TCase *handlers = tcase_create("handlers"), *clients = tcase_create("clients"),
	      *slots = tcase_create("slots"), *lies = tcase_create("lies");
	TCase *all[] = { handlers, clients, slots, lies };

	tcase_add_test(handlers, a_dead_handlers_answers_count_and_the_rest_completes_once);
	tcase_add_test(handlers, who_waits_for_one_answer_is_told_that_its_handler_is_gone);
	tcase_add_test(handlers, nothing_is_read_from_a_closed_lane);
	tcase_add_test(handlers, a_lane_that_was_let_go_can_come_again);
	tcase_add_test(handlers, a_lane_that_dies_before_it_is_taken_is_let_go);
	tcase_add_test(handlers, a_lane_whose_descriptors_do_not_come_is_no_lane);
	tcase_add_test(clients, the_end_of_a_client_is_told_once_after_its_last_message);
	tcase_add_test(clients, a_client_that_never_spoke_ends_unnoticed);
	tcase_add_test(clients, the_end_of_a_client_that_does_not_fit_is_kept);
	tcase_add_test(clients, an_answer_to_a_dead_client_is_no_mistake);
	tcase_add_test(clients, nobody_waits_for_answers_to_a_dead_clients_last_words);
	tcase_add_test(clients, who_waits_for_an_answer_is_not_told_of_clients);
	tcase_add_test(clients, the_end_of_a_client_is_told_after_the_last_of_its_lanes);
	tcase_add_loop_test(
		clients, a_lane_that_is_closed_for_another_is_not_the_end_of_its_client, 0, 2);
	tcase_add_test(slots, a_message_to_a_slot_that_was_taken_away_comes_back);
	tcase_add_test(slots, a_message_to_a_slot_that_was_revoked_is_denied);
	tcase_add_test(slots, what_was_delivered_before_can_still_be_answered);
	tcase_add_loop_test(lies, a_handler_that_lies_is_not_believed, 0, ARRAY_LEN(to_client));
	tcase_add_loop_test(lies, a_client_that_lies_is_gone, 0, ARRAY_LEN(to_handler));
	tcase_add_test(lies, an_answer_on_the_wrong_lane_is_a_lie);
	tcase_add_test(lies, an_answer_given_twice_is_a_lie);
	tcase_add_loop_test(lies, positions_that_cannot_be_are_lies, 0, 6);
	tcase_add_test(lies, a_lying_handler_is_no_handler_until_rsd_has_it_back);
	tcase_add_test(lies, a_flood_of_nothing_does_not_keep_others_waiting);
	tcase_add_test(lies, senders_are_served_in_turn);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_add_checked_fixture(all[i], set_up, NULL);
		suite_add_tcase(suite, all[i]);
	}
	return suite;
}

CHECK_MAIN(closing_suite)
