/*
 * check_parcels.c: bodies that come in fragments: however they are cut they arrive whole, once,
 * and only whole; who cuts them wrongly is a liar; the place for them has its limits.
 */
#include "runtime/parcels.h"
#include "runtime/tickets.h"
#include "tests/check_run.h"
#include "tests/runtime/world.h"

#define BYTES 5000u

static const uint8_t away[32] = "test:away";
static struct peer handler, client;
static uint8_t body[BYTES];

static void set_up(void)
{
	world_new();
	handler = world_handler(away, 1);
	client = world_client(2, 77);
	for (uint32_t i = 0; i < BYTES; i++)
		body[i] = (uint8_t)(i * 7 + i / 251);
}

static uint64_t ask(void)
{
	uint64_t id = 0;

	ck_assert_uint_eq(guest_send(away, "x", 1, RS_NEEDS_ANSWER, &id), RS_OK);
	return id;
}

static void part(struct peer *peer, uint16_t kind, uint64_t id, uint32_t offset, uint32_t bytes)
{
	ck_assert_int_eq(peer_part(peer, kind, id, body, BYTES, offset, bytes), 0);
}

static void expect_body(uint32_t kind)
{
	ck_assert_uint_eq(got.head.kind, kind);
	ck_assert_uint_eq(got.head.body_bytes, BYTES);
	ck_assert_mem_eq(guest_at(AT_OUT + sizeof(struct rs_delivery)), body, BYTES);
}

/* --- whole --- */

static const uint32_t cuts[] = { 1, 63, 64, 65, 999, 2500, BYTES - 1 };

START_TEST(however_it_is_cut_it_arrives_whole)
{
	uint32_t cut = cuts[_i];

	for (uint32_t at = 0, now; at < BYTES; at += now) {
		now = BYTES - at < cut ? BYTES - at : cut;
		ck_assert_int_eq(guest_look(), 0);
		part(&client, RECORD_MESSAGE, 5, at, now);
	}
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(RS_MESSAGE);
	ck_assert_uint_eq(got.head.process, 77);
	ck_assert_mem_eq(got.head.interface, world_handled, 32);
	ck_assert_uint_eq(guest_answer(got.head.id, RS_OK, "yes", 3), RS_OK);
	ck_assert_uint_eq(peer_hear(&client).head.id, 5);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(an_answer_arrives_whole_and_once)
{
	uint64_t id = ask();

	part(&handler, RECORD_ANSWER, id, 0, 3000);
	ck_assert_int_eq(guest_wait(&id, 1, 0), 0);
	part(&handler, RECORD_ANSWER, id, 3000, BYTES - 3000);
	ck_assert_int_eq(guest_wait(&id, 1, 0), 64 + BYTES);
	expect_body(RS_ANSWER);
	ck_assert_uint_eq(got.head.id, id);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(parcels_stash.live, 0);
}
END_TEST

START_TEST(one_after_the_other_on_one_lane)
{
	for (uint64_t id = 1; id <= 3; id++) {
		part(&client, RECORD_MESSAGE, id, 0, 2500);
		part(&client, RECORD_MESSAGE, id, 2500, 2500);
		peer_say(&client, RECORD_MESSAGE, 0, WORLD_SLOT, "hi", 2);
	}
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(guest_look(), 64 + BYTES);
		expect_body(RS_MESSAGE);
		ck_assert_int_eq(guest_look(), 66);
	}
}
END_TEST

START_TEST(a_small_buffer_is_told_the_size_and_loses_nothing)
{
	uint64_t id = ask();

	part(&handler, RECORD_ANSWER, id, 0, 4000);
	part(&handler, RECORD_ANSWER, id, 4000, 1000);
	part(&client, RECORD_MESSAGE, 5, 0, 4000);
	part(&client, RECORD_MESSAGE, 5, 4000, 1000);
	ck_assert(inbox_drain());
	for (uint32_t room = 0; room < 64 + BYTES; room += 500)
		ck_assert_int_eq(
			(int64_t)calls_next_message(NULL, 0, 0, AT_OUT, room, 0), 64 + BYTES);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(RS_ANSWER);
	for (uint32_t room = 0; room < 64 + BYTES; room += 500)
		ck_assert_int_eq(
			(int64_t)calls_next_message(NULL, 0, 0, AT_OUT, room, 0), 64 + BYTES);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(RS_MESSAGE);
}
END_TEST

START_TEST(others_are_served_while_it_comes)
{
	uint64_t id = ask(), other = ask();
	struct peer second = world_client(3, 78);

	part(&client, RECORD_MESSAGE, 5, 0, 2500);
	part(&handler, RECORD_ANSWER, id, 0, 2500);
	peer_say(&second, RECORD_MESSAGE, 0, WORLD_SLOT, "hi", 2);
	ck_assert_int_eq(guest_look(), 66);
	ck_assert_uint_eq(got.head.process, 78);
	ck_assert_int_eq(guest_wait(&other, 1, 0), 0);
	part(&handler, RECORD_ANSWER, id, 2500, 2500);
	peer_say(&handler, RECORD_ANSWER, other, RS_OK, "other", 5);
	ck_assert_int_eq(guest_wait(&other, 1, 0), 69); /* the long one is kept */
	part(&client, RECORD_MESSAGE, 5, 2500, 2500);
	ck_assert_int_eq(guest_wait(&id, 1, 0), 64 + BYTES);
	expect_body(RS_ANSWER);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(RS_MESSAGE);
}
END_TEST

/* --- not to its end --- */

START_TEST(what_is_taken_back_never_was)
{
	part(&client, RECORD_MESSAGE, 5, 0, 2500);
	ck_assert_int_eq(guest_look(), 0);
	peer_say(&client, RECORD_ABORT, 5, 0, "", 0);
	peer_say(&client, RECORD_MESSAGE, 5, WORLD_SLOT, "hi", 2);
	ck_assert_int_eq(guest_look(), 66);
	ck_assert_uint_eq(parcels_stash.live, 0);
}
END_TEST

START_TEST(an_answer_that_is_taken_back_is_still_to_come)
{
	uint64_t id = ask();

	part(&handler, RECORD_ANSWER, id, 0, 2500);
	peer_say(&handler, RECORD_ABORT, id, 0, "", 0);
	ck_assert_int_eq(guest_look(), 0);
	peer_say(&handler, RECORD_ANSWER, id, RS_OK, "short", 5);
	ck_assert_int_eq(guest_look(), 69);
}
END_TEST

START_TEST(who_dies_in_the_middle_said_nothing)
{
	uint64_t id = ask();

	part(&handler, RECORD_ANSWER, id, 0, 2500);
	part(&client, RECORD_MESSAGE, 5, 0, 2500);
	world_state(&handler, TABLE_PEER_DEAD);
	world_state(&client, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.id, id);
	ck_assert_uint_eq(got.head.status, RS_HANDLER_GONE);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(parcels_stash.live, 0);
}
END_TEST

START_TEST(who_dies_after_the_end_said_it)
{
	uint64_t none[] = { ask() };

	part(&client, RECORD_MESSAGE, 5, 0, 2500);
	part(&client, RECORD_MESSAGE, 5, 2500, 2500);
	world_state(&client, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_wait(none, 1, 0), 0);
	ck_assert(inbox_drain()); /* it is put together, and waits */
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(RS_MESSAGE);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_PROCESS_GONE);
}
END_TEST

START_TEST(the_rest_of_a_cancelled_answer_is_passed_over)
{
	uint64_t id = ask(), other = ask();

	part(&handler, RECORD_ANSWER, id, 0, 2500);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(guest_cancel(id), RS_OK);
	ck_assert_uint_eq(guest_cancel(other), RS_OK);
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_int_eq(guest_look(), 64);
	part(&handler, RECORD_ANSWER, id, 2500, 2500);
	part(&handler, RECORD_ANSWER, other, 0, 2500); /* all of it late */
	part(&handler, RECORD_ANSWER, other, 2500, 2500);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(parcels_stash.live, 0);
	ck_assert_uint_eq(ends.all[1].state, END_OPEN);
}
END_TEST

START_TEST(an_interface_taken_away_while_it_comes_is_not_served)
{
	part(&client, RECORD_MESSAGE, 5, 0, 2500);
	ck_assert_int_eq(guest_look(), 0);
	world_slots(&client, 0);
	part(&client, RECORD_MESSAGE, 5, 2500, 2500);
	ck_assert_int_eq(guest_look(), 0);
	struct heard heard = peer_hear(&client);
	ck_assert_uint_eq(heard.head.id, 5);
	ck_assert_uint_eq(heard.head.slot, RS_HANDLER_GONE);
	ck_assert_uint_eq(parcels_stash.live, 0);
}
END_TEST

/* --- lies --- */

#define FIRST .kind = RECORD_MESSAGE, .id = 5, .slot = WORLD_SLOT, .flags = RS_NEEDS_ANSWER
static const struct {
	const char *name;
	bool begun; /* 2500 of BYTES came before */
	struct record head;
} lies[] = {
	{ "not from the beginning", false,
		{ FIRST, .total_len = BYTES, .offset = 64, .frag_len = 100 } },
	{ "too big", false,
		{ FIRST, .total_len = RS_BODY_BYTES_DEFAULT + 1, .frag_len = 100 } },
	{ "nothing of something", false, { FIRST, .total_len = BYTES } },
	{ "an end of nothing", false, { .kind = RECORD_ABORT, .id = 5 } },
	{ "an answer from a client", false,
		{ .kind = RECORD_ANSWER, .id = 5, .total_len = BYTES, .frag_len = 100 } },
	{ "a cancel in parts", false,
		{ .kind = RECORD_CANCEL, .id = 5, .total_len = BYTES, .frag_len = 100 } },
	{ "a slot that cannot be, at its end", false,
		{ .kind = RECORD_MESSAGE, .slot = TABLE_SLOTS_MAX, .frag_len = 1 } },
	{ "a gap", true, { FIRST, .total_len = BYTES, .offset = 2501, .frag_len = 100 } },
	{ "once more", true, { FIRST, .total_len = BYTES, .offset = 2400, .frag_len = 100 } },
	{ "from the beginning", true, { FIRST, .total_len = BYTES, .frag_len = 2500 } },
	{ "another size", true,
		{ FIRST, .total_len = BYTES - 1, .offset = 2500, .frag_len = 2499 } },
	{ "nothing more", true, { FIRST, .total_len = BYTES, .offset = 2500 } },
	{ "another id", true,
		{ .kind = RECORD_MESSAGE,
			.id = 6,
			.slot = WORLD_SLOT,
			.flags = RS_NEEDS_ANSWER,
			.total_len = BYTES,
			.offset = 2500,
			.frag_len = 100 } },
	{ "another slot", true,
		{ .kind = RECORD_MESSAGE,
			.id = 5,
			.flags = RS_NEEDS_ANSWER,
			.total_len = BYTES,
			.offset = 2500,
			.frag_len = 100 } },
	{ "other flags", true,
		{ .kind = RECORD_MESSAGE,
			.id = 5,
			.slot = WORLD_SLOT,
			.total_len = BYTES,
			.offset = 2500,
			.frag_len = 100 } },
	{ "a whole message between", true, { FIRST, .total_len = 2, .frag_len = 2 } },
	{ "a cancel between", true, { .kind = RECORD_CANCEL, .id = 5 } },
	{ "an end of another", true, { .kind = RECORD_ABORT, .id = 6 } },
	{ "an end with a body", true,
		{ .kind = RECORD_ABORT, .id = 5, .total_len = 4, .frag_len = 4 } },
};

START_TEST(parts_that_make_no_whole_are_lies)
{
	if (lies[_i].begun)
		part(&client, RECORD_MESSAGE, 5, 0, 2500);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_int_eq(peer_put(&client, &lies[_i].head, body), 0);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_msg(ends.all[2].state == END_BROKEN, "%s", lies[_i].name);
	ck_assert_uint_eq(parcels_stash.live, 0);
}
END_TEST

START_TEST(an_answer_that_begins_before_its_message_is_a_lie)
{
	uint64_t id = ask(), next = id + TICKETS_MAX + 1;

	part(&handler, RECORD_ANSWER, next, 0, 2500);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(ask(), next);
	part(&handler, RECORD_ANSWER, next, 2500, 2500);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(guest_look(), 64);
		ck_assert_uint_eq(got.head.status, RS_HANDLER_GONE);
	}
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(ends.all[1].state, END_BROKEN);
}
END_TEST

/* --- room --- */

static void begin_large(struct peer *peer)
{
	ck_assert_int_eq(
		peer_part(peer, RECORD_MESSAGE, 5, body, RS_BODY_BYTES_DEFAULT, 0, 100), 0);
}

/* With room for the largest. */
static int64_t wait_large(int64_t timeout_ns)
{
	static uint8_t large[RS_BODY_BYTES_DEFAULT];
	struct inbox_want any = { .answers = true, .messages = true };
	struct inbox_sink sink = {
		.head = &got.head, .body = large, .room = 64 + sizeof(large)
	};

	return inbox_next(&any, &sink, timeout_ns);
}

START_TEST(messages_leave_room_for_answers)
{
	uint64_t id = ask();
	struct peer more[3];

	begin_large(&client);
	for (uint32_t i = 0; i < ARRAY_LEN(more); i++) {
		more[i] = world_client(3 + i, 78 + i);
		begin_large(&more[i]);
	}
	ck_assert_int_eq(wait_large(0), 0);
	uint32_t coming = 0;
	for (uint32_t i = 2; i < 6; i++)
		coming += ends.all[i].parcel == PARCEL_COMING;
	ck_assert_uint_eq(
		coming, parcels_message_bytes(RS_BODY_BYTES_DEFAULT) / RS_BODY_BYTES_DEFAULT);
	part(&handler, RECORD_ANSWER, id, 0, 2500);
	part(&handler, RECORD_ANSWER, id, 2500, 2500);
	ck_assert_int_eq(guest_wait(&id, 1, 0), 64 + BYTES);
}
END_TEST

START_TEST(who_found_no_room_goes_on_when_some_is_given_back)
{
	struct peer more[3];

	begin_large(&client);
	for (uint32_t i = 0; i < ARRAY_LEN(more); i++) {
		more[i] = world_client(3 + i, 78 + i);
		begin_large(&more[i]);
	}
	ck_assert_int_eq(wait_large(0), 0);
	for (uint32_t i = 2; i < 6; i++) /* those that come end, the others follow */
		if (ends.all[i].parcel == PARCEL_COMING)
			peer_say(i == 2 ? &client : &more[i - 3], RECORD_ABORT, 5, 0, "", 0);
	ck_assert_int_eq(wait_large(0), 0);
	uint32_t coming = 0;
	for (uint32_t i = 2; i < 6; i++)
		coming += ends.all[i].parcel == PARCEL_COMING;
	ck_assert_uint_ge(coming, 1);
}
END_TEST

static uint32_t in_state(enum parcel_state state)
{
	uint32_t n = 0;

	for (uint32_t i = 2; i < 6; i++)
		n += ends.all[i].parcel == state && ends.all[i].state == END_OPEN;
	return n;
}

START_TEST(who_does_not_go_on_loses_the_room_to_others)
{
	struct peer more[3];

	begin_large(&client);
	for (uint32_t i = 0; i < ARRAY_LEN(more); i++) {
		more[i] = world_client(3 + i, 78 + i);
		begin_large(&more[i]);
	}
	ck_assert_int_eq(wait_large(PARCELS_IDLE_NS / 2), 0);
	ck_assert_uint_eq(in_state(PARCEL_COMING), 3);
	ck_assert_uint_eq(in_state(PARCEL_NONE), 1); /* waits in its ring */
	uint32_t last = 2;
	while (ends.all[last].parcel)
		last++;
	ck_assert_int_eq(wait_large(2 * PARCELS_IDLE_NS), 0);
	ck_assert_uint_eq(ends.all[last].parcel, PARCEL_COMING);
	ck_assert_uint_eq(in_state(PARCEL_COMING), 3);
	ck_assert_uint_eq(in_state(PARCEL_NONE), 0); /* one of the others is no more */
}
END_TEST

START_TEST(nobody_is_hurried_while_there_is_room)
{
	uint64_t began = ends_clock_ns();

	begin_large(&client);
	ck_assert_int_eq(wait_large(5 * PARCELS_IDLE_NS / 4), 0);
	ck_assert_uint_ge(ends_clock_ns() - began, PARCELS_IDLE_NS);
	ck_assert_uint_eq(ends.all[2].parcel, PARCEL_COMING);
}
END_TEST

START_TEST(what_was_touched_is_given_back_when_nothing_lay_there_for_a_while)
{
	static uint8_t full[2 * MIB];

	memset(full, 0xff, sizeof(full));
	for (uint32_t at = 0; at < sizeof(full); at += 8192) {
		ck_assert_int_eq(
			peer_part(&client, RECORD_MESSAGE, 0, full, sizeof(full), at, 8192), 0);
		inbox_sleep_drained(0); /* there is something */
		ck_assert(inbox_drain());
	}
	ck_assert_int_eq(guest_wait(NULL, 0, 0), 64 + (int64_t)sizeof(full));
	const uint8_t *lay = stash_at(&parcels_stash, 0)->data;
	ck_assert_int_eq(wait_large(0), 64 + (int64_t)sizeof(full));
	ck_assert_int_eq(guest_wait(NULL, 0, PARCELS_KEEP_NS / 2), 0);
	ck_assert_uint_eq(lay[MIB], 0xff);
	ck_assert_int_eq(guest_wait(NULL, 0, PARCELS_KEEP_NS), 0);
	ck_assert_uint_eq(lay[MIB], 0);
	ck_assert_uint_eq(parcels_stash.touched, 0);
	part(&client, RECORD_MESSAGE, 0, 0, BYTES - 1); /* and it is used again */
	ck_assert_int_eq(guest_look(), 0);
	part(&client, RECORD_MESSAGE, 0, BYTES - 1, 1);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(RS_MESSAGE);
}
END_TEST

START_TEST(a_full_place_is_told_not_waited_for)
{
	uint64_t last = ask();
	int64_t r = 0;
	uint32_t n = 0;

	for (; r == 0 && n < 100; n++) { /* long answers nobody wants yet */
		uint64_t id = ask();

		for (uint32_t at = 0; r == 0 && at < MIB; at += 8192) {
			static const uint8_t zero[MIB];

			ck_assert_int_eq(
				peer_part(&handler, RECORD_ANSWER, id, zero, MIB, at, 8192), 0);
			r = guest_wait(&last, 1, 0);
		}
		while (peer_hear(&handler).head.kind)
			;
	}
	ck_assert_int_eq(r, -RS_LIMIT);
	ck_assert_uint_ge(n, parcels_bytes(RS_BODY_BYTES_DEFAULT) / MIB - 1);
	ck_assert_int_eq(guest_look(), 64 + MIB);
	struct inbox_want any = { .answers = true };
	struct inbox_sink nowhere = { .head = &got.head, .room = UINT64_MAX };
	ck_assert_int_eq(inbox_next(&any, &nowhere, 0), 64 + MIB);
	ck_assert_int_eq(guest_wait(&last, 1, 0), 0); /* there is room again */
}
END_TEST

static Suite *parcels_suite(void)
{
	Suite *suite = suite_create("parcels");
	TCase *whole = tcase_create("whole"), *part_of = tcase_create("not to its end"),
	      *lie = tcase_create("lies"), *room = tcase_create("room");
	TCase *all[] = { whole, part_of, lie, room };

	tcase_add_loop_test(whole, however_it_is_cut_it_arrives_whole, 0, ARRAY_LEN(cuts));
	tcase_add_test(whole, an_answer_arrives_whole_and_once);
	tcase_add_test(whole, one_after_the_other_on_one_lane);
	tcase_add_test(whole, a_small_buffer_is_told_the_size_and_loses_nothing);
	tcase_add_test(whole, others_are_served_while_it_comes);
	tcase_add_test(part_of, what_is_taken_back_never_was);
	tcase_add_test(part_of, an_answer_that_is_taken_back_is_still_to_come);
	tcase_add_test(part_of, who_dies_in_the_middle_said_nothing);
	tcase_add_test(part_of, who_dies_after_the_end_said_it);
	tcase_add_test(part_of, the_rest_of_a_cancelled_answer_is_passed_over);
	tcase_add_test(part_of, an_interface_taken_away_while_it_comes_is_not_served);
	tcase_add_loop_test(lie, parts_that_make_no_whole_are_lies, 0, ARRAY_LEN(lies));
	tcase_add_test(lie, an_answer_that_begins_before_its_message_is_a_lie);
	tcase_add_test(room, messages_leave_room_for_answers);
	tcase_add_test(room, who_found_no_room_goes_on_when_some_is_given_back);
	tcase_add_test(room, who_does_not_go_on_loses_the_room_to_others);
	tcase_add_test(room, nobody_is_hurried_while_there_is_room);
	tcase_add_test(room, what_was_touched_is_given_back_when_nothing_lay_there_for_a_while);
	tcase_add_test(room, a_full_place_is_told_not_waited_for);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_set_timeout(all[i], 10);
		tcase_add_checked_fixture(all[i], set_up, NULL);
		suite_add_tcase(suite, all[i]);
	}
	return suite;
}

CHECK_MAIN(parcels_suite)
