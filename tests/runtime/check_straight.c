/*
 * check_straight.c: long bodies that go straight to where the program wants them: whatever
 * comes between, the program gets them whole and once, or not at all, and its memory is its own
 * again whenever a call ends.
 */
#include <pthread.h>

#include "runtime/parcels.h"
#include "runtime/tickets.h"
#include "tests/check_run.h"
#include "tests/runtime/world.h"

#define BYTES 5000u
#define PART  2500u /* what comes first */

static const uint8_t away[32] = "test:away";
static struct peer handler, client, second;
static uint8_t body[BYTES];
static uint64_t id; /* of a message that waits for its answer */

static void set_up(void)
{
	world_new();
	handler = world_handler(away, 1);
	client = world_client(2, 77);
	second = world_client(3, 78);
	for (uint32_t i = 0; i < BYTES; i++)
		body[i] = (uint8_t)(i * 7 + i / 251 + 1);
	ck_assert_uint_eq(guest_send(away, "x", 1, RS_NEEDS_ANSWER, &id), RS_OK);
}

/* A long body is a message from the client or the answer to ours. */
enum {
	MESSAGE,
	ANSWER,
	KINDS
};

static void part(int kind, uint32_t offset, uint32_t bytes)
{
	ck_assert_int_eq(
		kind == MESSAGE
			? peer_part(&client, RECORD_MESSAGE, 5, body, BYTES, offset, bytes)
			: peer_part(&handler, RECORD_ANSWER, id, body, BYTES, offset, bytes),
		0);
}

static void expect_body(int kind)
{
	ck_assert_uint_eq(got.head.kind, kind == MESSAGE ? RS_MESSAGE : RS_ANSWER);
	ck_assert_uint_eq(got.head.body_bytes, BYTES);
	ck_assert_mem_eq(guest_at(AT_OUT + sizeof(struct rs_delivery)), body, BYTES);
	ck_assert_uint_eq(parcels_stash.live, 0);
}

/* The program uses its memory for something else. */
static void scribble(void)
{
	memset(guest_at(AT_OUT), 0xaa, OUT_BYTES);
}

/* --- what others do while the program waits --- */

struct act {
	void (*run)(int kind);
	int kind;
};

static void first_part(int kind)
{
	part(kind, 0, PART);
}

static void last_part(int kind)
{
	part(kind, PART, BYTES - PART);
}

static void take_back(int kind)
{
	peer_say(kind == MESSAGE ? &client : &handler, RECORD_ABORT, kind == MESSAGE ? 5 : id,
		0, "", 0);
}

static void gap(int kind)
{
	part(kind, PART + 1, 100);
}

static void die(int kind)
{
	world_state(kind == MESSAGE ? &client : &handler, TABLE_PEER_DEAD);
}

static void take_away(int kind)
{
	(void)kind;
	world_slots(&client, 0);
}

static void say_hi(int kind)
{
	(void)kind;
	peer_say(&second, RECORD_MESSAGE, 0, WORLD_SLOT, "hi", 2);
}

static const struct act *script;

static void *play(void *unused)
{
	(void)unused;
	for (const struct act *act = script; act->run; act++) {
		usleep(5000);
		act->run(act->kind);
	}
	return NULL;
}

/* What the program gets when it waits meanwhile. */
static int64_t wait_while(const struct act *acts, int64_t timeout_ns)
{
	pthread_t thread;

	script = acts;
	pthread_create(&thread, NULL, play, NULL);
	int64_t bytes = guest_wait(NULL, 0, timeout_ns);
	pthread_join(thread, NULL);
	return bytes;
}

#define SOON (100 * 1000000ll) /* after all that happens */

/* --- whole --- */

START_TEST(what_is_wanted_never_touches_its_room)
{
	const struct act acts[] = { { first_part, _i }, { last_part, _i }, { NULL } };
	static const uint8_t zero[BYTES];

	ck_assert_int_eq(wait_while(acts, -1), 64 + BYTES);
	expect_body(_i);
	ck_assert_mem_eq(stash_at(&parcels_stash, 0)->data, zero, BYTES);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(a_small_buffer_is_told_the_size_at_the_first_part)
{
	first_part(_i);
	for (uint32_t room = 0; room < 64 + BYTES; room += 500)
		ck_assert_int_eq(
			(int64_t)calls_next_message(NULL, 0, 0, AT_OUT, room, 0), 64 + BYTES);
	ck_assert_uint_eq(parcels_stash.live, 0);
	ck_assert_uint_eq(ends.all[_i == MESSAGE ? 2 : 1].parcel, PARCEL_NONE);
	last_part(_i);
	ck_assert_int_eq(
		(int64_t)calls_next_message(NULL, 0, 0, AT_OUT, 64 + BYTES - 1, 0), 64 + BYTES);
	ck_assert_int_eq(
		(int64_t)calls_next_message(NULL, 0, 0, AT_OUT, 64 + BYTES, 0), 64 + BYTES);
	memcpy(&got, guest_at(AT_OUT), sizeof(got));
	expect_body(_i);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(what_the_size_was_told_of_may_still_be_taken_back)
{
	first_part(_i);
	ck_assert_int_eq((int64_t)calls_next_message(NULL, 0, 0, AT_OUT, 64, 0), 64 + BYTES);
	take_back(_i);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(parcels_stash.live, 0);
}
END_TEST

START_TEST(two_at_a_time_both_arrive)
{
	const struct act acts[] = { { first_part, MESSAGE }, { first_part, ANSWER },
		{ last_part, _i }, { NULL } };

	ck_assert_int_eq(wait_while(acts, -1), 64 + BYTES);
	ck_assert_uint_eq(got.head.kind, _i == MESSAGE ? RS_MESSAGE : RS_ANSWER);
	ck_assert_mem_eq(guest_at(AT_OUT + sizeof(struct rs_delivery)), body, BYTES);
	scribble();
	last_part(!_i);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(!_i);
}
END_TEST

/* --- something comes between --- */

START_TEST(a_call_that_ends_leaves_the_memory_alone)
{
	first_part(_i);
	ck_assert_int_eq(guest_look(), 0);
	scribble();
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_mem_eq(stash_at(&parcels_stash, 0)->data, body, PART);
	for (uint32_t i = 0; i < OUT_BYTES; i++)
		ck_assert_uint_eq(((uint8_t *)guest_at(AT_OUT))[i], 0xaa);
	last_part(_i);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(_i);
}
END_TEST

START_TEST(a_call_that_runs_out_of_time_leaves_the_memory_alone)
{
	const struct act acts[] = { { first_part, _i }, { NULL } };

	ck_assert_int_eq(wait_while(acts, SOON), 0);
	scribble();
	last_part(_i);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(_i);
}
END_TEST

START_TEST(what_is_there_goes_before_what_is_still_coming)
{
	const struct act acts[] = { { first_part, _i }, { say_hi, 0 }, { NULL } };

	ck_assert_int_eq(wait_while(acts, -1), 66);
	ck_assert_uint_eq(got.head.process, 78);
	ck_assert_mem_eq(got.body, "hi", 2);
	scribble();
	last_part(_i);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(_i);
}
END_TEST

START_TEST(a_size_that_is_told_goes_before_it_as_well)
{
	static const uint8_t large[OUT_BYTES];

	first_part(MESSAGE);
	ck_assert_int_eq(peer_part(&second, RECORD_MESSAGE, 6, large, OUT_BYTES, 0, 100), 0);
	ck_assert_int_eq(guest_look(), 64 + OUT_BYTES);
	scribble();
	last_part(MESSAGE);
	while (guest_look() != 64 + BYTES)
		;
	expect_body(MESSAGE);
}
END_TEST

/* Others are heard although there is always more of it. */
static void *feed(void *unused)
{
	static uint8_t large[RS_BODY_BYTES_DEFAULT];

	(void)unused;
	for (uint32_t at = 0; at < sizeof(large); at += 4096) {
		if (at == 3 * MIB)
			say_hi(0);
		while (peer_part(&client, RECORD_MESSAGE, 5, large, sizeof(large), at, 4096))
			usleep(20);
	}
	return NULL;
}

START_TEST(a_body_without_end_does_not_keep_others_waiting)
{
	static uint8_t large[RS_BODY_BYTES_DEFAULT];
	struct inbox_want any = { .messages = true };
	struct inbox_sink sink = {
		.head = &got.head, .body = large, .room = 64 + sizeof(large)
	};
	pthread_t thread;

	pthread_create(&thread, NULL, feed, NULL);
	ck_assert_int_eq(inbox_next(&any, &sink, -1), 66);
	memset(large, 0xaa, sizeof(large));
	ck_assert_int_eq(inbox_next(&any, &sink, -1), 64 + sizeof(large));
	pthread_join(thread, NULL);
	for (uint32_t i = 0; i < sizeof(large); i++)
		ck_assert(large[i] == 0);
}
END_TEST

START_TEST(without_a_number_for_the_answer_it_waits_in_its_room)
{
	const struct act acts[] = { { first_part, MESSAGE }, { last_part, MESSAGE }, { NULL } };
	struct ticket *ticket = NULL, *more;

	while ((more = tickets_ask(2, 1)))
		ticket = more;
	ck_assert_int_eq(wait_while(acts, SOON), 0);
	ck_assert_uint_eq(ends.all[2].parcel, PARCEL_WHOLE);
	scribble();
	tickets_free(&tickets_others, ticket);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(MESSAGE);
}
END_TEST

/* --- not to its end --- */

START_TEST(what_is_taken_back_never_was)
{
	const struct act acts[] = { { first_part, _i }, { take_back, _i }, { say_hi, 0 },
		{ NULL } };

	ck_assert_int_eq(wait_while(acts, -1), 66);
	ck_assert_uint_eq(parcels_stash.live, 0);
	ck_assert_int_eq(guest_look(), 0);
	first_part(_i);
	last_part(_i);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(_i);
}
END_TEST

static const struct {
	void (*run)(int kind);
	enum end_state then;
} ends_badly[] = { { die, END_NONE }, { gap, END_BROKEN } };

START_TEST(who_ends_in_the_middle_said_nothing)
{
	int bad = _i / KINDS, kind = _i % KINDS;
	const struct act acts[] = { { first_part, kind }, { ends_badly[bad].run, kind },
		{ NULL } };

	ck_assert_int_eq(wait_while(acts, SOON), kind == MESSAGE ? 0 : 64);
	if (kind == ANSWER)
		ck_assert_uint_eq(got.head.status, RS_HANDLER_GONE);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(ends.all[kind == MESSAGE ? 2 : 1].state, ends_badly[bad].then);
	ck_assert_uint_eq(parcels_stash.live, 0);
}
END_TEST

START_TEST(an_interface_that_is_taken_away_in_the_middle_is_not_served)
{
	const struct act acts[] = { { first_part, MESSAGE }, { take_away, 0 },
		{ last_part, MESSAGE }, { NULL } };

	ck_assert_int_eq(wait_while(acts, SOON), 0);
	struct heard heard = peer_hear(&client);
	ck_assert_uint_eq(heard.head.id, 5);
	ck_assert_uint_eq(heard.head.slot, RS_HANDLER_GONE);
	ck_assert_uint_eq(parcels_stash.live, 0);
}
END_TEST

START_TEST(what_may_not_come_is_passed_over_though_it_may_later)
{
	world_slots(&client, 0);
	first_part(MESSAGE);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(parcels_stash.live, 0);
	world_slots(&client, 1u << WORLD_SLOT);
	last_part(MESSAGE);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(peer_hear(&client).head.slot, RS_HANDLER_GONE);
}
END_TEST

/* --- longer than the program wants --- */

START_TEST(what_is_longer_than_the_program_wants_is_refused_for_it)
{
	world_limit(BYTES - 1);
	first_part(MESSAGE);
	ck_assert_int_eq((int64_t)calls_next_message(NULL, 0, 0, AT_OUT, 64, 0), 0);
	ck_assert_uint_eq(parcels_stash.live, 0);
	last_part(MESSAGE);
	peer_say(&client, RECORD_MESSAGE, 0, WORLD_SLOT, "hi", 2);
	ck_assert_int_eq(guest_look(), 66);
	struct heard heard = peer_hear(&client);
	ck_assert_uint_eq(heard.head.id, 5);
	ck_assert_uint_eq(heard.head.slot, RS_TOO_BIG);
	ck_assert_uint_eq(peer_hear(&client).head.kind, 0);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(so_is_what_is_whole)
{
	world_limit(2);
	peer_say(&client, RECORD_MESSAGE, 5, WORLD_SLOT, "abc", 3);
	peer_say(&client, RECORD_MESSAGE, 0, WORLD_SLOT, "abc", 3);
	peer_say(&client, RECORD_MESSAGE, 6, WORLD_SLOT, "ab", 2);
	ck_assert_int_eq(guest_look(), 66);
	ck_assert_uint_eq(peer_hear(&client).head.slot, RS_TOO_BIG);
	ck_assert_uint_eq(peer_hear(&client).head.kind, 0);
}
END_TEST

START_TEST(what_fits_exactly_is_taken)
{
	world_limit(BYTES);
	first_part(MESSAGE);
	last_part(MESSAGE);
	ck_assert_int_eq(guest_look(), 64 + BYTES);
	expect_body(MESSAGE);
}
END_TEST

static Suite *straight_suite(void)
{
	Suite *suite = suite_create("straight");
	TCase *whole = tcase_create("whole"), *between = tcase_create("between"),
	      *part_of = tcase_create("not to its end"), *longer = tcase_create("too long");
	TCase *all[] = { whole, between, part_of, longer };

	tcase_add_loop_test(whole, what_is_wanted_never_touches_its_room, 0, KINDS);
	tcase_add_loop_test(whole, a_small_buffer_is_told_the_size_at_the_first_part, 0, KINDS);
	tcase_add_loop_test(whole, what_the_size_was_told_of_may_still_be_taken_back, 0, KINDS);
	tcase_add_loop_test(whole, two_at_a_time_both_arrive, 0, KINDS);
	tcase_add_loop_test(between, a_call_that_ends_leaves_the_memory_alone, 0, KINDS);
	tcase_add_loop_test(
		between, a_call_that_runs_out_of_time_leaves_the_memory_alone, 0, KINDS);
	tcase_add_loop_test(between, what_is_there_goes_before_what_is_still_coming, 0, KINDS);
	tcase_add_test(between, a_size_that_is_told_goes_before_it_as_well);
	tcase_add_test(between, a_body_without_end_does_not_keep_others_waiting);
	tcase_add_test(between, without_a_number_for_the_answer_it_waits_in_its_room);
	tcase_add_loop_test(part_of, what_is_taken_back_never_was, 0, KINDS);
	tcase_add_loop_test(part_of, who_ends_in_the_middle_said_nothing, 0,
		(int)ARRAY_LEN(ends_badly) * KINDS);
	tcase_add_test(part_of, an_interface_that_is_taken_away_in_the_middle_is_not_served);
	tcase_add_test(part_of, what_may_not_come_is_passed_over_though_it_may_later);
	tcase_add_test(longer, what_is_longer_than_the_program_wants_is_refused_for_it);
	tcase_add_test(longer, so_is_what_is_whole);
	tcase_add_test(longer, what_fits_exactly_is_taken);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_set_timeout(all[i], 20);
		tcase_add_checked_fixture(all[i], set_up, NULL);
		suite_add_tcase(suite, all[i]);
	}
	return suite;
}

CHECK_MAIN(straight_suite)
