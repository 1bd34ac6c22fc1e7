#include "tests/supervisor/control_fixture.h"

/* The timeouts of the control socket, in real time: CONTROL_IDLE_S and a little more. */

#define IDLE_MS ((uint64_t)CONTROL_IDLE_S * 1000)

static bool is_closed(int fd)
{
	char byte[16];

	return recv(fd, byte, sizeof(byte), MSG_PEEK) == 0;
}

START_TEST(who_owes_something_and_is_silent_is_let_go)
{
	int mute = enter(), half = enter(), lingering = enter(), follower = enter(),
	    busy = enter();

	ck_assert(say_text(half, "{\"op\": \"add\", \"bytes\": 100}"));
	ck_assert(say_text(lingering, "{\"op\": \"ps\"}")); /* has its answer, does not close */
	ck_assert(say_text(follower, "{\"op\": \"events\", \"follow\": true}"));
	ck_assert(say_text(busy, "{\"op\": \"add\", \"bytes\": 100}"));
	turn_for(200);
	ck_assert_uint_eq(control_clients(control), 5);
	for (int i = 0; i < 8; i++) { /* slow, but not idle */
		turn_for(IDLE_MS / 4);
		ck_assert(say(busy, CONTROL_DATA, "x", 1));
	}
	turn_for(1000);
	ck_assert(is_closed(mute));
	ck_assert(is_closed(half));
	ck_assert(!is_closed(follower));
	ck_assert(!is_closed(busy));
	ck_assert_uint_eq(control_clients(control), 2);
}
END_TEST

START_TEST(who_does_not_take_rows_is_let_go_and_others_are_not)
{
	bool known;

	for (uint32_t i = 0; i < 20000; i++) {
		struct store_entry entry = { .name = hash_sha256(&i, sizeof(i)), .size = 1 };
		ck_assert_int_eq(programs_add(parts.programs, &entry, NULL, &known), 0);
	}
	int stalled = enter(), follower = enter();
	ck_assert(say_text(stalled, "{\"op\": \"ls\"}"));
	ck_assert(say_text(follower, "{\"op\": \"events\", \"follow\": true}"));
	for (int i = 0; i < 5000; i++) {
		events_add(parts.events, "tick", 1, NULL, "%s", "");
		turn(0);
	}
	turn_for(2 * IDLE_MS + 2000);
	ck_assert_uint_eq(control_clients(control), 1); /* a follower may take its time */
	close(stalled);
	close(follower);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("idle");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_set_timeout(all, 200);
	tcase_add_test(all, who_owes_something_and_is_silent_is_let_go);
	tcase_add_test(all, who_does_not_take_rows_is_let_go_and_others_are_not);
	suite_add_tcase(s, all);
	return s;
}

CHECK_MAIN(suite)
