/*
 * check_calls.c: what a program may rely on: every mistake is an answer, nothing is lost for
 * want of room, a poll list gives what it names, and our own requests leave the rest alone.
 */
#include <pthread.h>
#include <time.h>

#include "tests/check_run.h"
#include "tests/runtime/world.h"

static const uint8_t away[32] = "test:away";
#define MEMORY_END (WORLD_PAGES * 65536u)

static struct peer handler, client;

static void set_up(void)
{
	world_new();
	handler = world_handler(away, 1);
}

static uint64_t ask(const char *body)
{
	uint64_t id = 0;

	ck_assert_uint_eq(
		guest_send(away, body, (uint32_t)strlen(body), RS_NEEDS_ANSWER, &id), RS_OK);
	return id;
}

static void answer(uint64_t id, const char *body)
{
	ck_assert_int_eq(
		peer_say(&handler, RECORD_ANSWER, id, RS_OK, body, (uint32_t)strlen(body)), 0);
}

static void expect_answer(uint64_t id, const char *body)
{
	ck_assert_uint_eq(got.head.kind, RS_ANSWER);
	ck_assert_uint_eq(got.head.id, id);
	ck_assert_uint_eq(got.head.body_bytes, strlen(body));
	ck_assert_mem_eq(got.body, body, strlen(body));
}

/* ---- mistakes ---- */

START_TEST(pointers_that_lead_nowhere_are_answers)
{
	static const struct {
		uint32_t interface, pieces, count, id;
	} rows[] = {
		{ MEMORY_END - 31, AT_PIECES, 1, AT_ID },
		{ UINT32_MAX, AT_PIECES, 1, AT_ID },
		{ AT_INTERFACE, MEMORY_END - 7, 1, AT_ID },
		{ AT_INTERFACE, UINT32_MAX - 3, 1, AT_ID },
		{ AT_INTERFACE, AT_PIECES, RS_PIECES_MAX + 1, AT_ID },
		{ AT_INTERFACE, AT_PIECES, UINT32_MAX, AT_ID },
		{ AT_INTERFACE, AT_PIECES, 1, MEMORY_END - 7 },
		{ AT_INTERFACE, AT_PIECES, 1, UINT32_MAX },
	};
	guest_body("x", 1);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_uint_eq(calls_emit_message(NULL, rows[i].interface, rows[i].pieces,
					  rows[i].count, 0, rows[i].id),
			RS_BAD_ARGUMENT);
	for (size_t i = 2; i < ARRAY_LEN(rows); i++)
		ck_assert_uint_eq(calls_emit_answer(NULL, rows[i].id, rows[i].pieces,
					  rows[i].count, RS_OK),
			RS_BAD_ARGUMENT);
}
END_TEST

START_TEST(pieces_that_lead_nowhere_are_answers)
{
	static const struct rs_piece rows[] = { { MEMORY_END, 1 }, { MEMORY_END - 1, 2 },
		{ 0, MEMORY_END + 1 }, { UINT32_MAX, 1 }, { 1, UINT32_MAX },
		{ UINT32_MAX, UINT32_MAX } };
	memcpy(guest_at(AT_INTERFACE), away, 32);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct rs_piece pieces[] = { { AT_BODY, 4 }, rows[i] };
		ck_assert_uint_eq(calls_emit_message(NULL, AT_INTERFACE,
					  guest_pieces(pieces, 2), 2, 0, AT_ID),
			RS_BAD_ARGUMENT);
	}
	ck_assert_uint_eq(peer_hear(&handler).head.kind, 0);
}
END_TEST

START_TEST(bytes_at_the_very_end_of_memory_are_its_own)
{
	struct rs_piece piece = { MEMORY_END - 5, 5 };

	memcpy(guest_at(MEMORY_END - 32), away, 32);
	ck_assert_uint_eq(calls_emit_message(NULL, MEMORY_END - 32, guest_pieces(&piece, 1), 1,
				  0, AT_ID + 3),
		RS_OK);
	ck_assert_uint_eq(peer_hear(&handler).head.frag_len, 5);
	piece = (struct rs_piece){ MEMORY_END, 0 };
	ck_assert_uint_eq(
		calls_emit_message(NULL, MEMORY_END - 32, guest_pieces(&piece, 1), 1, 0, AT_ID),
		RS_OK);
}
END_TEST

START_TEST(unknown_flags_and_timeouts_are_answers)
{
	uint64_t id;

	ck_assert_uint_eq(guest_send(away, "x", 1, RS_FLAGS_ALL + 1, &id), RS_BAD_ARGUMENT);
	ck_assert_uint_eq(guest_send(away, "x", 1, 1ull << 63, &id), RS_BAD_ARGUMENT);
	ck_assert_int_eq(guest_wait(NULL, 0, -2), -RS_BAD_ARGUMENT);
	ck_assert_int_eq(guest_wait(NULL, 0, INT64_MIN), -RS_BAD_ARGUMENT);
}
END_TEST

START_TEST(waiting_into_nowhere_is_an_answer)
{
	static const struct {
		uint32_t poll, count, out, bytes;
	} rows[] = {
		{ 0, 0, MEMORY_END - 63, 64 },
		{ 0, 0, UINT32_MAX, 64 },
		{ 0, 0, 1, UINT32_MAX },
		{ MEMORY_END - 7, 1, AT_OUT, 64 },
		{ UINT32_MAX - 6, 1, AT_OUT, 64 },
		{ 0, RS_POLL_MAX + 1, AT_OUT, 64 },
		{ 0, UINT32_MAX, AT_OUT, 64 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_int_eq((int64_t)calls_next_message(NULL, rows[i].poll, rows[i].count,
					 rows[i].out, rows[i].bytes, 0),
			-RS_BAD_ARGUMENT);
}
END_TEST

START_TEST(an_answer_to_nothing_is_a_mistake)
{
	client = world_client(2, 77);
	ck_assert_uint_eq(guest_answer(0, RS_OK, "x", 1), RS_BAD_ARGUMENT);
	ck_assert_uint_eq(guest_answer(12345, RS_OK, "x", 1), RS_BAD_ARGUMENT);
	ck_assert_uint_eq(guest_answer(UINT64_MAX, RS_OK, "x", 1), RS_BAD_ARGUMENT);
	peer_say(&client, RECORD_MESSAGE, 9, WORLD_SLOT, "hi", 2);
	ck_assert_int_eq(guest_look(), 66);
	ck_assert_uint_eq(guest_answer(got.head.id + 1, RS_OK, "x", 1), RS_BAD_ARGUMENT);
	ck_assert_uint_eq(guest_answer(got.head.id, RS_OK, "x", 1), RS_OK);
	ck_assert_uint_eq(guest_answer(got.head.id, RS_OK, "x", 1), RS_BAD_ARGUMENT);
}
END_TEST

/* ---- room ---- */

START_TEST(a_delivery_that_does_not_fit_is_kept)
{
	uint64_t id = ask("hello");

	answer(id, "world");
	for (uint32_t room = 0; room < 69; room++) {
		ck_assert_int_eq((int64_t)calls_next_message(NULL, 0, 0, AT_OUT, room, 0), 69);
		ck_assert_uint_eq(*(uint32_t *)guest_at(AT_OUT), 0);
	}
	ck_assert_int_eq((int64_t)calls_next_message(NULL, 0, 0, AT_OUT, 69, 0), 69);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(a_message_that_does_not_fit_is_kept)
{
	client = world_client(2, 77);
	peer_say(&client, RECORD_MESSAGE, 9, WORLD_SLOT, "hello", 5);
	ck_assert_int_eq((int64_t)calls_next_message(NULL, 0, 0, AT_OUT, 68, 0), 69);
	ck_assert_int_eq(guest_look(), 69);
	ck_assert_uint_eq(got.head.kind, RS_MESSAGE);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(a_kept_answer_that_does_not_fit_stays_kept)
{
	uint64_t first = ask("1"), second = ask("2");

	answer(first, "first");
	answer(second, "second");
	ck_assert_int_eq(guest_wait(&second, 1, 0), 70);
	ck_assert_int_eq((int64_t)calls_next_message(NULL, 0, 0, AT_OUT, 64, 0), 69);
	ck_assert_int_eq(guest_look(), 69);
	expect_answer(first, "first");
	ck_assert_uint_eq(ends.all[1].unanswered, 0); /* and none takes room any more */
}
END_TEST

/* ---- poll lists ---- */

START_TEST(a_poll_list_gives_only_what_it_names)
{
	uint64_t first = ask("1"), second = ask("2"), left;

	client = world_client(2, 77);
	peer_say(&client, RECORD_MESSAGE, 9, WORLD_SLOT, "hi", 2);
	answer(first, "one");
	answer(second, "two");
	ck_assert_int_eq(guest_wait(&second, 1, 0), 67);
	expect_answer(second, "two");
	memcpy(&left, guest_at(AT_POLL), sizeof(left));
	ck_assert_uint_eq(left, 0); /* served */
	ck_assert_int_eq(guest_wait(&first, 1, 0), 67);
	expect_answer(first, "one");
	ck_assert_int_eq(guest_look(), 66);
	ck_assert_uint_eq(got.head.kind, RS_MESSAGE);
}
END_TEST

START_TEST(a_zero_in_a_poll_list_names_messages)
{
	uint64_t id = ask("1"), ids[] = { 0, 0 };

	client = world_client(2, 77);
	answer(id, "one");
	ck_assert_int_eq(guest_wait(ids, 2, 0), 0);
	peer_say(&client, RECORD_MESSAGE, 9, WORLD_SLOT, "hi", 2);
	ck_assert_int_eq(guest_wait(ids, 2, 0), 66);
	ck_assert_uint_eq(got.head.kind, RS_MESSAGE);
	ck_assert_int_eq(guest_look(), 67);
	expect_answer(id, "one");
}
END_TEST

START_TEST(a_poll_list_with_an_unknown_id_is_a_mistake)
{
	uint64_t id = ask("1"), ids[] = { id, id + 1 };

	ck_assert_int_eq(guest_wait(ids, 2, 0), -RS_BAD_ARGUMENT);
	answer(id, "one");
	ck_assert_int_eq(guest_wait(&id, 1, 0), 67);
	ck_assert_int_eq(guest_wait(&id, 1, 0), -RS_BAD_ARGUMENT); /* it was served */
}
END_TEST

START_TEST(a_poll_list_may_stand_at_any_address)
{
	uint64_t id = ask("1");

	answer(id, "one");
	memcpy(guest_at(AT_POLL + 3), &id, sizeof(id));
	ck_assert_int_eq(
		(int64_t)calls_next_message(NULL, AT_POLL + 3, 1, AT_OUT + 1, 67, 0), 67);
}
END_TEST

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

START_TEST(waiting_for_one_answer_sleeps_while_others_come)
{
	uint64_t first = ask("1"), second = ask("2");

	client = world_client(2, 77);
	peer_say(&client, RECORD_MESSAGE, 9, WORLD_SLOT, "hi", 2);
	answer(first, "one");
	uint64_t before = cpu_ns(), since = calls_monotonic_ns();
	ck_assert_int_eq(guest_wait(&second, 1, 200000000), 0);
	ck_assert_uint_ge(calls_monotonic_ns() - since, 200000000);
	ck_assert_uint_lt(cpu_ns() - before, 50000000);
}
END_TEST

static void *answer_later(void *id)
{
	usleep(50000);
	answer(*(uint64_t *)id, "late");
	return NULL;
}

START_TEST(a_sleeping_program_is_woken)
{
	uint64_t id = ask("1");
	pthread_t thread;

	pthread_create(&thread, NULL, answer_later, &id);
	ck_assert_int_eq(guest_wait(NULL, 0, -1), 68);
	expect_answer(id, "late");
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(a_notice_is_for_who_takes_messages)
{
	uint64_t id = ask("1"), left_ms = 5000, found;

	world_say(RECORD_NOTICE, 0, RS_NOTICE_STOP, &left_ms, sizeof(left_ms));
	ck_assert_int_eq(guest_wait(&id, 1, 0), 0);
	answer(id, "one");
	ck_assert_int_eq(guest_wait(&id, 1, 0), 67);
	ck_assert_int_eq((int64_t)calls_next_message(NULL, 0, 0, AT_OUT, 71, 0), 72);
	ck_assert_int_eq(guest_look(), 72);
	ck_assert_uint_eq(got.head.kind, RS_NOTICE);
	ck_assert_uint_eq(got.head.status, RS_NOTICE_STOP);
	memcpy(&found, got.body, sizeof(found));
	ck_assert_uint_eq(found, left_ms);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

/* ---- our own requests ---- */

static void *serve(void *answer_bytes)
{
	struct heard heard;

	do {
		usleep(1000);
		heard = world_hear(RECORD_MESSAGE);
	} while (!heard.head.kind);
	world_say(RECORD_ANSWER, heard.head.id, RS_OK, "0123456789",
		*(const uint32_t *)answer_bytes);
	return NULL;
}

START_TEST(a_request_leaves_the_rest_for_the_program)
{
	uint64_t id = ask("1");
	uint32_t bytes = 10, room = 16;
	char text[16];
	pthread_t thread;

	answer(id, "one");
	client = world_client(2, 77);
	peer_say(&client, RECORD_MESSAGE, 9, WORLD_SLOT, "hi", 2);
	world_opened(rs_interface_random, RS_OK, LANE_HOME, 2, false);
	pthread_create(&thread, NULL, serve, &bytes);
	ck_assert_uint_eq(calls_request(rs_interface_random, "abcd", 4, text, &room), RS_OK);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(room, 10);
	ck_assert_mem_eq(text, "0123456789", 10);
	int answers = 0, messages = 0;
	while (guest_look() > 0) {
		answers += got.head.kind == RS_ANSWER;
		messages += got.head.kind == RS_MESSAGE;
	}
	ck_assert_int_eq(answers, 1);
	ck_assert_int_eq(messages, 1);
}
END_TEST

START_TEST(an_answer_too_big_for_us_is_taken_all_the_same)
{
	uint32_t bytes = 10, room = 4;
	char text[16];
	pthread_t thread;

	world_opened(rs_interface_random, RS_OK, LANE_HOME, 2, false);
	pthread_create(&thread, NULL, serve, &bytes);
	ck_assert_uint_eq(
		calls_request(rs_interface_random, "abcd", 4, text, &room), RS_TOO_BIG);
	pthread_join(thread, NULL);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

static void *read_log(void *lines)
{
	for (int n = *(int *)lines; n;) {
		if (world_hear(RECORD_MESSAGE).head.kind)
			n--;
		else
			usleep(100);
	}
	return NULL;
}

START_TEST(sending_waits_for_room_and_loses_nothing)
{
	static char line[1000];
	int lines = 500;
	pthread_t thread;

	world_opened(rs_interface_log, RS_OK, LANE_HOME, 1, false);
	pthread_create(&thread, NULL, read_log, &lines);
	for (int i = 0; i < lines; i++)
		ck_assert_uint_eq(calls_send(rs_interface_log, line, sizeof(line)), RS_OK);
	pthread_join(thread, NULL);
}
END_TEST

START_TEST(sleeping_lasts_as_long_as_it_should)
{
	uint64_t until = calls_monotonic_ns() + 20000000;

	calls_sleep_until(until);
	ck_assert_uint_ge(calls_monotonic_ns(), until);
	calls_sleep_until(0); /* long ago */
}
END_TEST

static Suite *calls_suite(void)
{
	Suite *suite = suite_create("calls");
	TCase *mistakes = tcase_create("mistakes"), *room = tcase_create("room"),
	      *poll = tcase_create("poll"), *own = tcase_create("own");

	tcase_add_checked_fixture(mistakes, set_up, NULL);
	tcase_add_test(mistakes, pointers_that_lead_nowhere_are_answers);
	tcase_add_test(mistakes, pieces_that_lead_nowhere_are_answers);
	tcase_add_test(mistakes, bytes_at_the_very_end_of_memory_are_its_own);
	tcase_add_test(mistakes, unknown_flags_and_timeouts_are_answers);
	tcase_add_test(mistakes, waiting_into_nowhere_is_an_answer);
	tcase_add_test(mistakes, an_answer_to_nothing_is_a_mistake);
	tcase_add_checked_fixture(room, set_up, NULL);
	tcase_add_test(room, a_delivery_that_does_not_fit_is_kept);
	tcase_add_test(room, a_message_that_does_not_fit_is_kept);
	tcase_add_test(room, a_kept_answer_that_does_not_fit_stays_kept);
	tcase_add_checked_fixture(poll, set_up, NULL);
	tcase_add_test(poll, a_poll_list_gives_only_what_it_names);
	tcase_add_test(poll, a_zero_in_a_poll_list_names_messages);
	tcase_add_test(poll, a_poll_list_with_an_unknown_id_is_a_mistake);
	tcase_add_test(poll, a_poll_list_may_stand_at_any_address);
	tcase_add_test(poll, waiting_for_one_answer_sleeps_while_others_come);
	tcase_add_test(poll, a_sleeping_program_is_woken);
	tcase_add_test(poll, a_notice_is_for_who_takes_messages);
	tcase_add_checked_fixture(own, set_up, NULL);
	tcase_add_test(own, a_request_leaves_the_rest_for_the_program);
	tcase_add_test(own, an_answer_too_big_for_us_is_taken_all_the_same);
	tcase_add_test(own, sending_waits_for_room_and_loses_nothing);
	tcase_add_test(own, sleeping_lasts_as_long_as_it_should);
	suite_add_tcase(suite, mistakes);
	suite_add_tcase(suite, room);
	suite_add_tcase(suite, poll);
	suite_add_tcase(suite, own);
	return suite;
}

CHECK_MAIN(calls_suite)
