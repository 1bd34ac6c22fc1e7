/*
 * check_later.c: rsd makes up its mind (HOME_LATER): what is sent meanwhile waits, and
 * completes once, whatever rsd says in the end.
 */
#include <pthread.h>

#include "runtime/held.h"
#include "runtime/sending.h"
#include "tests/check_run.h"
#include "tests/runtime/world.h"

static const uint8_t away[32] = "test:away";
static struct peer handler;
static char big[CALLS_BODY_MAX + 1];

static void set_up(void)
{
	world_new();
	world_opened(away, HOME_LATER, 0, 0, false);
}

static uint64_t send_one(const char *body, uint64_t flags)
{
	uint64_t id = 99;

	ck_assert_uint_eq(guest_send(away, body, (uint32_t)strlen(body), flags, &id), RS_OK);
	return id;
}

static void expect_completed(uint64_t id, uint32_t status)
{
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_ANSWER);
	ck_assert_uint_eq(got.head.id, id);
	ck_assert_uint_eq(got.head.status, status);
}

static void expect_notice(void)
{
	ck_assert_int_eq(guest_look(), 64);
	ck_assert_uint_eq(got.head.kind, RS_NOTICE);
	ck_assert_uint_eq(got.head.status, RS_NOTICE_ROOM);
}

static void expect_heard(struct heard heard, uint64_t id, const char *body)
{
	ck_assert_uint_eq(heard.head.kind, RECORD_MESSAGE);
	ck_assert_uint_eq(heard.head.id, id);
	ck_assert_uint_eq(heard.head.total_len, strlen(body));
	ck_assert_mem_eq(heard.body, body, strlen(body));
}

/* The flags of the next open; UINT32_MAX: none came. */
static uint32_t opened_with(void)
{
	struct heard heard = world_hear(RECORD_OPEN);
	struct home_open open;

	memcpy(&open, heard.body, sizeof(open));
	return heard.head.kind ? open.flags : UINT32_MAX;
}

/* ---- what rsd may say ---- */

START_TEST(everything_is_kept_and_goes_out_in_order)
{
	uint64_t ids[4] = { send_one("a", 0), send_one("b", RS_NEEDS_ANSWER),
		send_one("c", RS_ALLOW_DELAY),
		send_one("d", RS_NEEDS_ANSWER | RS_ALLOW_DELAY) };

	ck_assert_uint_eq(opened_with(), 0);
	ck_assert_uint_eq(opened_with(), UINT32_MAX); /* rsd was asked once */
	ck_assert_int_eq(guest_look(), 0);
	handler = world_handler(away, 1);
	uint64_t last = send_one("e", RS_NEEDS_ANSWER);
	for (uint32_t i = 0; i < 4; i++) {
		char body[2] = { (char)('a' + i), 0 };
		expect_heard(peer_hear(&handler), ids[i], body);
	}
	expect_heard(peer_hear(&handler), last, "e");
	peer_say(&handler, RECORD_ANSWER, ids[1], RS_OK, "", 0);
	expect_completed(ids[1], RS_OK);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

static const uint32_t refusals[] = { RS_DENIED, RS_LIMIT };

START_TEST(a_no_completes_all_of_them_once)
{
	uint64_t first = send_one("a", RS_NEEDS_ANSWER);

	send_one("b", 0);
	uint64_t second = send_one("c", RS_NEEDS_ANSWER | RS_ALLOW_DELAY);
	world_opened(away, refusals[_i], 0, 0, false);
	expect_completed(first, refusals[_i]);
	expect_completed(second, refusals[_i]);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert(!held_any());
}
END_TEST

START_TEST(nobody_handles_it_ends_those_that_would_not_wait)
{
	uint64_t delayed = send_one("a", RS_NEEDS_ANSWER | RS_ALLOW_DELAY),
		 hasty = send_one("b", RS_NEEDS_ANSWER);

	ck_assert_uint_eq(opened_with(), RS_ALLOW_DELAY);
	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	expect_completed(hasty, RS_NO_HANDLER);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(opened_with(), UINT32_MAX); /* rsd remembers */
	handler = world_handler(away, 1);
	ck_assert_int_eq(guest_look(), 0);
	expect_heard(peer_hear(&handler), delayed, "a");
	ck_assert_uint_eq(peer_hear(&handler).head.kind, 0);
}
END_TEST

START_TEST(rsd_is_told_of_those_that_wait_if_it_does_not_know)
{
	uint64_t hasty = send_one("a", RS_NEEDS_ANSWER),
		 delayed = send_one("b", RS_NEEDS_ANSWER | RS_ALLOW_DELAY);

	ck_assert_uint_eq(opened_with(), 0);
	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	expect_completed(hasty, RS_NO_HANDLER);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(opened_with(), RS_ALLOW_DELAY);
	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(opened_with(), UINT32_MAX);
	handler = world_handler(away, 1);
	ck_assert_int_eq(guest_look(), 0);
	expect_heard(peer_hear(&handler), delayed, "b");
}
END_TEST

START_TEST(later_may_come_again)
{
	uint64_t first = send_one("a", RS_NEEDS_ANSWER);

	world_opened(away, HOME_LATER, 0, 0, false);
	ck_assert_int_eq(guest_look(), 0);
	uint64_t second = send_one("b", RS_NEEDS_ANSWER);
	ck_assert_uint_eq(opened_with(), 0);
	ck_assert_uint_eq(opened_with(), UINT32_MAX);
	handler = world_handler(away, 1);
	ck_assert_int_eq(guest_look(), 0);
	expect_heard(peer_hear(&handler), first, "a");
	expect_heard(peer_hear(&handler), second, "b");
}
END_TEST

START_TEST(later_may_come_for_what_was_awaited)
{
	uint64_t delayed = send_one("a", RS_NEEDS_ANSWER | RS_ALLOW_DELAY), none;

	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	ck_assert_uint_eq(guest_send(away, "b", 1, 0, &none), RS_NO_HANDLER);
	world_opened(away, HOME_LATER, 0, 0, false);
	uint64_t kept = send_one("c", RS_NEEDS_ANSWER);
	handler = world_handler(away, 1);
	ck_assert_int_eq(guest_look(), 0);
	expect_heard(peer_hear(&handler), delayed, "a");
	expect_heard(peer_hear(&handler), kept, "c");
}
END_TEST

START_TEST(a_way_that_is_over_before_they_went_is_asked_for_anew)
{
	uint64_t hasty = send_one("a", RS_NEEDS_ANSWER),
		 delayed = send_one("b", RS_NEEDS_ANSWER | RS_ALLOW_DELAY);

	ck_assert_uint_eq(opened_with(), 0);
	handler = world_handler(away, 1);
	world_state(&handler, TABLE_PEER_DEAD);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(opened_with(), 0); /* the first of them does not wait for a handler */
	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	expect_completed(hasty, RS_NO_HANDLER);
	ck_assert_int_eq(guest_look(), 0);
	ck_assert_uint_eq(opened_with(), RS_ALLOW_DELAY);
	handler = world_handler(away, 2);
	ck_assert_int_eq(guest_look(), 0);
	expect_heard(peer_hear(&handler), delayed, "b");
}
END_TEST

START_TEST(a_host_interface_that_was_taken_away_is_asked_for_again)
{
	uint64_t id;

	world_opened(rs_interface_time, RS_OK, LANE_HOME, 2, false);
	ck_assert_uint_eq(guest_send(rs_interface_time, "x", 1, 0, &id), RS_OK);
	ck_assert_uint_eq(opened_with(), 0);
	atomic_store(&world.table->lanes[LANE_HOME].slots, ~(1ull << 2));
	world_opened(rs_interface_time, HOME_LATER, 0, 0, false);
	ck_assert_uint_eq(guest_send(rs_interface_time, "y", 1, 0, &id), RS_OK);
	ck_assert_uint_eq(opened_with(), 0);
	ck_assert_uint_eq(world_hear(RECORD_MESSAGE).head.kind, 0); /* kept */
	atomic_store(&world.table->lanes[LANE_HOME].slots, UINT64_MAX);
	world_opened(rs_interface_time, RS_OK, LANE_HOME, 2, false);
	ck_assert_int_eq(guest_look(), 0);
	expect_heard(world_hear(RECORD_MESSAGE), 0, "y");
}
END_TEST

START_TEST(a_cancelled_one_stays_cancelled)
{
	uint64_t first = send_one("a", RS_NEEDS_ANSWER),
		 second = send_one("b", RS_NEEDS_ANSWER);

	ck_assert_uint_eq(guest_cancel(first), RS_OK);
	expect_completed(first, RS_CANCELLED);
	handler = world_handler(away, 1);
	ck_assert_int_eq(guest_look(), 0);
	expect_heard(peer_hear(&handler), second, "b");
	ck_assert_uint_eq(peer_hear(&handler).head.kind, 0);
}
END_TEST

/* ---- no room to keep it ---- */

static uint32_t send_big(uint32_t bytes, uint64_t flags)
{
	uint64_t id;

	return guest_send(away, big, bytes, flags, &id);
}

START_TEST(what_is_too_long_is_busy_until_rsd_has_said)
{
	ck_assert_uint_eq(send_big(sizeof(big), 0), RS_BUSY);
	ck_assert_uint_eq(send_big(sizeof(big), RS_ALLOW_DELAY), RS_BUSY);
	ck_assert_int_eq(guest_look(), 0);
	world_opened(away, HOME_LATER, 0, 0, false);
	ck_assert_int_eq(guest_look(), 0);
	handler = world_handler(away, 1);
	expect_notice();
	ck_assert_int_eq(guest_look(), 0); /* once */
	ck_assert_uint_eq(send_big(sizeof(big), 0), RS_OK);
}
END_TEST

START_TEST(what_is_too_long_hears_of_a_no_as_well)
{
	ck_assert_uint_eq(send_big(sizeof(big), 0), RS_BUSY);
	world_opened(away, RS_DENIED, 0, 0, false);
	expect_notice();
	world_opened(away, RS_DENIED, 0, 0, false);
	ck_assert_uint_eq(send_big(sizeof(big), 0), RS_DENIED);
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(what_finds_no_place_is_busy)
{
	uint32_t n = 0, status;

	while ((status = send_big(CALLS_BODY_MAX, n % 2 ? RS_ALLOW_DELAY : 0)) == RS_OK)
		n++;
	ck_assert_uint_eq(status, RS_BUSY);
	ck_assert_uint_ge(n, 60);
	ck_assert_int_eq(guest_look(), 0);
	world_opened(away, RS_DENIED, 0, 0, false);
	expect_notice();
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

START_TEST(a_long_one_waits_for_those_that_were_kept_before_it)
{
	for (int i = 0; i < 4; i++)
		ck_assert_uint_eq(send_big(CALLS_BODY_MAX, 0), RS_OK);
	handler = world_handler(away, 1);
	ck_assert_int_eq(guest_look(), 0); /* two found room */
	ck_assert_uint_eq(send_big(sizeof(big), RS_ALLOW_DELAY), RS_BUSY);
	for (int i = 0; i < 4; i++) {
		ck_assert_uint_eq(peer_hear(&handler).head.total_len, CALLS_BODY_MAX);
		(void)!guest_look();
	}
	ck_assert_uint_eq(send_big(sizeof(big), RS_ALLOW_DELAY), RS_OK);
}
END_TEST

START_TEST(who_was_refused_is_not_forgotten_for_others)
{
	uint8_t name[32] = "test:many";
	uint64_t id;

	ck_assert_uint_eq(send_big(sizeof(big), 0), RS_BUSY);
	for (uint32_t i = 0; i < 2000; i++) {
		memcpy(name + 16, &i, sizeof(i));
		world_opened(name, RS_OK, LANE_HOME, i % 64, false);
		ck_assert_uint_eq(guest_send(name, "x", 1, 0, &id), RS_OK);
		ck_assert_uint_eq(world_hear(RECORD_MESSAGE).head.slot, i % 64);
	}
	world_opened(away, RS_DENIED, 0, 0, false);
	expect_notice();
}
END_TEST

/* ---- what the runtime itself wants ---- */

static uint32_t said;

static struct heard await(uint16_t kind)
{
	for (;;) {
		struct heard heard = world_hear(kind);
		if (heard.head.kind)
			return heard;
		usleep(1000);
	}
}

/* rsd says so in a while; and once more, if somebody asks for it again. */
static void *decide(void *again)
{
	await(RECORD_OPEN);
	usleep(100000);
	world_opened(rs_interface_time, said, LANE_HOME, 2, false);
	if (said == RS_OK) {
		struct heard heard = await(RECORD_MESSAGE);
		if (heard.head.id)
			world_say(RECORD_ANSWER, heard.head.id, RS_OK, "now", 3);
	} else if (again) {
		await(RECORD_OPEN);
		world_opened(rs_interface_time, said, LANE_HOME, 2, false);
	}
	return NULL;
}

static uint64_t cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

START_TEST(an_own_request_waits_asleep)
{
	pthread_t rsd;
	char text[16];
	uint32_t bytes = sizeof(text);
	uint64_t before = cpu_ns();

	said = _i ? RS_DENIED : RS_OK;
	world_opened(rs_interface_time, HOME_LATER, 0, 0, false);
	pthread_create(&rsd, NULL, decide, &said);
	ck_assert_uint_eq(calls_request(rs_interface_time, "when", 4, text, &bytes), said);
	ck_assert_uint_lt(cpu_ns() - before, 50000000);
	pthread_join(rsd, NULL);
}
END_TEST

START_TEST(a_word_that_came_after_the_refusal_is_not_slept_over)
{
	struct body body = body_of("x", 1);
	uint64_t id;

	ck_assert_uint_eq(sending_message(away, &body, SENDING_UNKEPT, &id), RS_BUSY);
	world_opened(away, RS_DENIED, 0, 0, false);
	for (int i = 0; i < 3; i++) { /* the first sleep sees it, the next drain takes it */
		ck_assert(inbox_drain());
		sending_want_room(away, 1, SENDING_UNKEPT);
		inbox_sleep_drained(ENDS_FOREVER);
	}
}
END_TEST

START_TEST(own_output_is_sent_or_refused_and_never_just_kept)
{
	pthread_t rsd;

	said = _i ? RS_DENIED : RS_OK;
	world_opened(rs_interface_time, HOME_LATER, 0, 0, false);
	pthread_create(&rsd, NULL, decide, &said);
	ck_assert_uint_eq(calls_send(rs_interface_time, "text", 4), said);
	ck_assert(!held_any());
	pthread_join(rsd, NULL);
}
END_TEST

START_TEST(what_was_sent_goes_out_before_the_end)
{
	pthread_t rsd;
	uint64_t id;

	said = _i ? RS_DENIED : RS_OK;
	world_opened(rs_interface_time, HOME_LATER, 0, 0, false);
	ck_assert_uint_eq(guest_send(rs_interface_time, "x", 1, RS_ALLOW_DELAY, &id), RS_OK);
	ck_assert(held_sure());
	pthread_create(&rsd, NULL, decide, NULL);
	calls_last();
	ck_assert(!held_any());
	pthread_join(rsd, NULL);
}
END_TEST

START_TEST(what_waits_for_a_handler_does_not_keep_the_program)
{
	send_one("a", RS_ALLOW_DELAY);
	send_one("b", 0);
	world_opened(away, RS_NO_HANDLER, 0, 0, false);
	calls_last();
	ck_assert(held_any());
}
END_TEST

static Suite *later_suite(void)
{
	Suite *suite = suite_create("later");
	TCase *words = tcase_create("words"), *room = tcase_create("room"),
	      *own = tcase_create("own");
	TCase *all[] = { words, room, own };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_add_checked_fixture(all[i], set_up, NULL);
		suite_add_tcase(suite, all[i]);
	}
	tcase_add_test(words, everything_is_kept_and_goes_out_in_order);
	tcase_add_loop_test(words, a_no_completes_all_of_them_once, 0, ARRAY_LEN(refusals));
	tcase_add_test(words, nobody_handles_it_ends_those_that_would_not_wait);
	tcase_add_test(words, rsd_is_told_of_those_that_wait_if_it_does_not_know);
	tcase_add_test(words, later_may_come_again);
	tcase_add_test(words, later_may_come_for_what_was_awaited);
	tcase_add_test(words, a_way_that_is_over_before_they_went_is_asked_for_anew);
	tcase_add_test(words, a_host_interface_that_was_taken_away_is_asked_for_again);
	tcase_add_test(words, a_cancelled_one_stays_cancelled);
	tcase_add_test(room, what_is_too_long_is_busy_until_rsd_has_said);
	tcase_add_test(room, what_is_too_long_hears_of_a_no_as_well);
	tcase_add_test(room, what_finds_no_place_is_busy);
	tcase_add_test(room, a_long_one_waits_for_those_that_were_kept_before_it);
	tcase_add_test(room, who_was_refused_is_not_forgotten_for_others);
	tcase_add_loop_test(own, an_own_request_waits_asleep, 0, 2);
	tcase_add_test(own, a_word_that_came_after_the_refusal_is_not_slept_over);
	tcase_add_loop_test(own, own_output_is_sent_or_refused_and_never_just_kept, 0, 2);
	tcase_add_loop_test(own, what_was_sent_goes_out_before_the_end, 0, 2);
	tcase_add_test(own, what_waits_for_a_handler_does_not_keep_the_program);
	return suite;
}

CHECK_MAIN(later_suite)
