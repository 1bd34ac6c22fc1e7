/* check_broker_grants.c: what people say, while things are open, waiting and under way. */
#include "tests/supervisor/broker_notebook.h"

enum {
	CLIENT = 1, /* runs program 1 */
	HANDLER,    /* program 2 */
	OTHER       /* program 3 */
};
#define ALL 0 /* processes */

static void three_start(void)
{
	start_of(CLIENT, 1), start_of(HANDLER, 2), start_of(OTHER, 3);
}

/* Open, direct or not; what the client was told stands in `answered`. */
static void one_is_open(void)
{
	three_start();
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
}

static bool may_send(const struct opened *opened)
{
	return lanes[opened->process][opened->lane].slots >> opened->slot & 1;
}

static bool may_come(const struct opened *opened)
{
	return peer_of(opened->process, opened->lane)->slots >> opened->slot & 1;
}

/* ---- asking ---- */

START_TEST(who_must_be_asked_for_waits_and_the_question_is_put)
{
	three_start();
	grants[1][0][BROKER_USE].status = BROKER_ASK;
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER);
	ck_assert_uint_eq(asked_count, 1);
	ck_assert_uint_eq(last_asked.process, CLIENT);
	ck_assert_int_eq(last_asked.right, BROKER_USE);
	ck_assert_uint_eq(awaits[CLIENT][0].words, 0);
}
END_TEST

START_TEST(yes_opens_and_no_denies_and_either_is_the_last_word)
{
	static const uint32_t words[] = { RS_OK, RS_DENIED, RS_LIMIT };

	three_start();
	grants[1][0][BROKER_USE].status = BROKER_ASK;
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER);
	say(0, BROKER_USE, 1, words[_i]);
	ck_assert_uint_eq(last.id, 0);
	ck_assert_uint_eq(last.status, words[_i]);
	reconsider(ALL, 0);
	broker_reconsider(broker, CLIENT, NULL);
	broker_reconsider(broker, ALL, NULL);
	ck_assert_uint_eq(awaits[CLIENT][0].words, 1);
}
END_TEST

START_TEST(an_answer_for_one_process_is_not_one_for_another)
{
	three_start();
	start_of(4, 1);
	grants[1][0][BROKER_USE].status = BROKER_ASK;
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER);
	ck_assert_uint_eq(open_at(4, 0, 0), HOME_LATER);
	grants[1][0][BROKER_USE].status = RS_OK;
	reconsider(4, 0);
	ck_assert_uint_eq(awaits[4][0].words, 1);
	ck_assert_uint_eq(awaits[CLIENT][0].words, 0);
	broker_reconsider(broker, CLIENT, NULL);
	ck_assert_uint_eq(awaits[CLIENT][0].words, 1);
}
END_TEST

START_TEST(those_who_waited_for_an_answer_are_served_in_the_order_they_came)
{
	uint32_t before = opened_count;

	start(HANDLER);
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_OK);
	grants[0][0][BROKER_USE].status = BROKER_ASK;
	for (uint64_t p = 3; p < 7; p++) {
		start(p);
		ck_assert_uint_eq(open_at(p, 0, 0), HOME_LATER);
	}
	before = opened_count;
	say(0, BROKER_USE, 0, RS_OK);
	ck_assert_uint_eq(opened_count, before + 4);
	ck_assert_uint_eq(last.process, 6);
}
END_TEST

START_TEST(yes_without_a_handler_tells_those_who_cannot_wait)
{
	bool delays = _i;

	three_start();
	grants[1][0][BROKER_USE].status = BROKER_ASK;
	ck_assert_uint_eq(open_at(CLIENT, 0, delays ? RS_ALLOW_DELAY : 0), HOME_LATER);
	say(0, BROKER_USE, 1, RS_OK);
	ck_assert_uint_eq(last.id, 0);
	ck_assert_uint_eq(last.status, RS_NO_HANDLER);
	uint32_t before = opened_count;
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_OK);
	ck_assert_uint_eq(opened_count, before + delays);
	if (delays)
		ck_assert_uint_eq(last.status, RS_OK);
}
END_TEST

START_TEST(whoever_ever_said_that_it_can_wait_waits_on)
{
	three_start();
	grants[1][0][BROKER_USE].status = BROKER_ASK;
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER);
	ck_assert_uint_eq(open_at(CLIENT, 0, RS_ALLOW_DELAY), HOME_LATER);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER);
	say(0, BROKER_USE, 1, RS_OK);
	ck_assert_uint_eq(last.status, RS_NO_HANDLER);
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_OK);
	ck_assert_uint_eq(last.status, RS_OK);
}
END_TEST

START_TEST(a_question_for_which_there_is_no_room_is_a_no)
{
	three_start();
	refuse_ask = true;
	grants[1][0][BROKER_USE].status = BROKER_ASK;
	ck_assert_uint_eq(open_at(CLIENT, 0, RS_ALLOW_DELAY), HOME_LATER);
	ck_assert_uint_eq(last.id, 0);
	ck_assert_uint_eq(last.status, RS_DENIED);
	grants[2][0][BROKER_HANDLE].status = BROKER_ASK;
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_DENIED);
	struct broker_use use;
	ck_assert(broker_use(broker, CLIENT, &use));
	ck_assert_uint_eq(use.denied, 1);
	ck_assert(broker_use(broker, HANDLER, &use));
	ck_assert_uint_eq(use.denied, 1);
}
END_TEST

START_TEST(who_waits_for_an_answer_counts_among_those_who_wait)
{
	three_start();
	deny = false;
	for (uint32_t n = 0; n < INTERFACES; n++)
		grants[1][n][BROKER_USE].status = BROKER_ASK;
	for (uint32_t n = 1000; n < 1000 + BROKER_PENDING_MAX - 1; n++)
		ck_assert_uint_eq(open_at(CLIENT, n, RS_ALLOW_DELAY), RS_NO_HANDLER);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER);
	ck_assert_uint_eq(open_at(CLIENT, 1, 0), RS_LIMIT);
	ck_assert_uint_eq(asked_count, 1); /* nothing is asked for nobody */
}
END_TEST

START_TEST(registering_is_asked_for_as_well)
{
	three_start();
	grants[2][0][BROKER_HANDLE].status = BROKER_ASK;
	ck_assert_uint_eq(register_at(HANDLER, 0), BROKER_ASK);
	ck_assert_int_eq(last_asked.right, BROKER_HANDLE);
	ck_assert_uint_eq(last_asked.process, HANDLER);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_NO_HANDLER);
	grants[2][0][BROKER_HANDLE].status = RS_OK;
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_OK); /* decided: it is called again */
}
END_TEST

START_TEST(a_program_of_which_nobody_decides_ends_and_is_forgotten)
{
	three_start();
	grants[1][0][BROKER_USE].status = BROKER_ASK;
	ck_assert_uint_eq(open_at(CLIENT, 0, RS_ALLOW_DELAY), HOME_LATER);
	gone(CLIENT);
	uint32_t before = opened_count;
	say(0, BROKER_USE, 1, RS_OK);
	ck_assert_uint_eq(opened_count, before);
}
END_TEST

/* ---- revoking ---- */

static const struct { /* how it is looked at again */
	uint64_t process;
	bool named;
} again[] = { { ALL, true }, { CLIENT, true }, { CLIENT, false }, { ALL, false } };

static void look_again(int i)
{
	struct hash name = interface(0);

	broker_reconsider(broker, again[i].process, again[i].named ? &name : NULL);
}

START_TEST(what_is_revoked_is_taken_away_at_both_ends)
{
	static const uint32_t statuses[] = { RS_DENIED, BROKER_ASK };

	for (size_t k = 0; k < ARRAY_LEN(statuses); k++) {
		tear_down(), set_up();
		one_is_open();
		const struct opened open = answered;
		grants[1][0][BROKER_USE].status = statuses[k];
		look_again(_i);
		ck_assert(!may_send(&open));
		ck_assert(!may_come(&open));
		ck_assert(lanes[CLIENT][open.lane].revoked >> open.slot & 1);
		ck_assert(peer_of(CLIENT, open.lane)->revoked >> open.slot & 1);
		ck_assert_int_eq(lanes[CLIENT][open.lane].state, TABLE_OPEN);
	}
}
END_TEST

START_TEST(what_others_may_and_other_interfaces_stay)
{
	one_is_open();
	const struct opened revoked = answered;
	ck_assert_uint_eq(open_at(OTHER, 0, 0), RS_OK);
	const struct opened of_other = answered;
	ck_assert_uint_eq(register_at(HANDLER, 1), RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 1, 0), RS_OK);
	const struct opened another = answered;
	ck_assert_uint_eq(another.lane, revoked.lane);
	say(0, BROKER_USE, 1, RS_DENIED);
	ck_assert(!may_send(&revoked));
	ck_assert(may_send(&of_other) && may_come(&of_other));
	ck_assert(may_send(&another) && may_come(&another));
}
END_TEST

START_TEST(what_was_revoked_and_is_granted_again_goes_another_way)
{
	one_is_open();
	const struct opened old = answered;
	ck_assert_uint_eq(register_at(HANDLER, 1), RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 1, 0), RS_OK); /* the lane is of use all the same */
	say(0, BROKER_USE, 1, RS_DENIED);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_DENIED);
	say(0, BROKER_USE, 1, RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	ck_assert(answered.new_lane);
	ck_assert_uint_ne(answered.lane, old.lane);
	ck_assert(!may_come(&old)); /* what was sent while it was not granted */
	ck_assert_int_eq(lanes[CLIENT][old.lane].state, TABLE_OPEN);
}
END_TEST

START_TEST(granting_and_revoking_a_thousand_times_takes_no_more_lanes)
{
	struct broker_use use;

	three_start();
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_OK);
	for (uint32_t n = 0; n < 1000; n++) {
		say(0, BROKER_USE, 1, RS_OK);
		MUST(open_at(CLIENT, 0, 0) == RS_OK);
		say(0, BROKER_USE, 1, RS_DENIED);
		for (uint32_t i = 1; i < 5; i++) { /* as they do who are told */
			if (lanes[CLIENT][i].state == TABLE_CLOSED)
				MUST(broker_lane_done(broker, CLIENT, i));
			if (lanes[HANDLER][i].state == TABLE_CLOSED)
				MUST(broker_lane_done(broker, HANDLER, i));
		}
		MUST(broker_use(broker, CLIENT, &use) && use.lanes <= 2);
	}
}
END_TEST

START_TEST(a_handler_that_may_not_any_more_lets_go)
{
	static const uint64_t whose[] = { ALL, HANDLER };

	one_is_open();
	const struct opened open = answered;
	struct hash name = interface(0);
	grants[2][0][BROKER_HANDLE].status = RS_DENIED;
	broker_reconsider(broker, whose[_i & 1], _i & 2 ? NULL : &name);
	ck_assert(!may_send(&open));
	ck_assert(!may_come(&open));
	ck_assert_uint_eq(lanes[CLIENT][open.lane].revoked, 0); /* the client did nothing */
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_NO_HANDLER);
	ck_assert_uint_eq(register_at(HANDLER, 0), RS_DENIED);
	ck_assert_uint_eq(register_at(OTHER, 0), RS_OK);
}
END_TEST

START_TEST(what_a_dead_client_was_allowed_still_comes)
{
	one_is_open();
	uint32_t lane = lanes[CLIENT][answered.lane].peer_lane, slot = answered.slot;
	gone(CLIENT);
	say(0, BROKER_USE, 1, RS_DENIED);
	ck_assert(lanes[HANDLER][lane].slots >> slot & 1);
}
END_TEST

/* ---- host interfaces ---- */

START_TEST(a_host_interface_is_allowed_and_taken_away_on_the_home_lane)
{
	struct hash name = interface(5);

	ck_assert_int_eq(broker_add_host(broker, &name, 3), 0);
	start_of(CLIENT, 1);
	ck_assert_uint_eq(host_slots[CLIENT], 0);
	ck_assert_uint_eq(open_at(CLIENT, 5, 0), RS_OK);
	ck_assert_uint_eq(host_slots[CLIENT], 1u << 3);
	grants[1][5][BROKER_USE].status = RS_DENIED;
	broker_reconsider(broker, again[_i].process, again[_i].named ? &name : NULL);
	ck_assert_uint_eq(host_slots[CLIENT], 0);
	ck_assert_uint_eq(host_revoked[CLIENT], 1u << 3);
	ck_assert_uint_eq(open_at(CLIENT, 5, 0), RS_DENIED);
	say(5, BROKER_USE, 1, BROKER_ASK);
	ck_assert_uint_eq(open_at(CLIENT, 5, 0), HOME_LATER);
	say(5, BROKER_USE, 1, RS_OK);
	ck_assert_uint_eq(last.status, RS_OK);
	ck_assert_uint_eq(last.lane, LANE_HOME);
	ck_assert_uint_eq(host_slots[CLIENT], 1u << 3);
	ck_assert_uint_eq(host_revoked[CLIENT], 0);
}
END_TEST

/* ---- mediated, limits ---- */

START_TEST(what_becomes_mediated_is_taken_off_the_direct_lane)
{
	one_is_open();
	const struct opened direct = answered;
	grants[1][0][BROKER_USE].mediated = true;
	look_again(_i);
	ck_assert(!may_send(&direct));
	ck_assert(!may_come(&direct));
	ck_assert_uint_eq(lanes[CLIENT][direct.lane].revoked, 0); /* it may go on */
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	ck_assert(lanes[CLIENT][answered.lane].mediated);
}
END_TEST

START_TEST(what_is_mediated_no_more_stays_where_it_is_while_that_lasts)
{
	grants[1][0][BROKER_USE].mediated = true;
	one_is_open();
	const struct opened mediated = answered;
	grants[1][0][BROKER_USE].mediated = false;
	look_again(_i);
	ck_assert(may_send(&mediated) && may_come(&mediated));
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK); /* it would overtake what is there */
	ck_assert_uint_eq(answered.lane, mediated.lane);
}
END_TEST

START_TEST(limits_make_a_lane_mediated_and_are_told_before_it_is_used)
{
	const struct broker_limits limits = { .messages_a_second = 7 };

	one_is_open();
	ck_assert_uint_eq(last_limited.client, 0); /* of a direct one there are none */
	grants[1][0][BROKER_USE].limits = limits;
	reconsider(ALL, 0);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	ck_assert(lanes[CLIENT][answered.lane].mediated);
	ck_assert_uint_eq(last_limited.client, CLIENT);
	ck_assert_uint_eq(last_limited.lane, answered.lane);
	ck_assert_uint_eq(last_limited.slot, answered.slot);
	ck_assert_uint_eq(last_limited.limits.messages_a_second, 7);
	grants[1][0][BROKER_USE].limits.messages_a_second = 9;
	look_again(_i);
	ck_assert_uint_eq(last_limited.limits.messages_a_second, 9);
	ck_assert(may_send(&answered));
	grants[1][0][BROKER_USE].limits.messages_a_second = 0;
	look_again(_i);
	ck_assert_uint_eq(last_limited.limits.messages_a_second, 0);
}
END_TEST

START_TEST(host_interfaces_have_limits_too)
{
	struct hash name = interface(5);

	ck_assert_int_eq(broker_add_host(broker, &name, 3), 0);
	grants[1][5][BROKER_USE].limits.body_bytes_max = 100;
	start_of(CLIENT, 1);
	ck_assert_uint_eq(open_at(CLIENT, 5, 0), RS_OK);
	ck_assert_uint_eq(last_limited.lane, LANE_HOME);
	ck_assert_uint_eq(last_limited.slot, 3);
	ck_assert_uint_eq(last_limited.limits.body_bytes_max, 100);
	grants[1][5][BROKER_USE].limits.body_bytes_max = 50;
	reconsider(ALL, 5);
	ck_assert_uint_eq(last_limited.limits.body_bytes_max, 50);
}
END_TEST

/* ---- for people ---- */

static uint32_t waiting_count;
static struct broker_waiting waiting[8];

static bool note_waiting(void *context, const struct broker_waiting *one)
{
	(void)context;
	waiting[waiting_count++] = *one;
	return true;
}

START_TEST(who_waits_and_why_and_since_when_is_told)
{
	struct hash name = interface(0);

	three_start();
	waiting_count = 0;
	grants[1][0][BROKER_USE].status = BROKER_ASK;
	clock_ms = 100;
	ck_assert_uint_eq(open_at(OTHER, 0, RS_ALLOW_DELAY), RS_NO_HANDLER);
	clock_ms = 200;
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER);
	clock_ms = 300;
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER); /* it waits since then */
	broker_each_waiting(broker, &name, note_waiting, NULL);
	ck_assert_uint_eq(waiting_count, 2);
	ck_assert_uint_eq(waiting[0].process, OTHER);
	ck_assert_int_eq(waiting[0].why, BROKER_WHY_DELAY);
	ck_assert_uint_eq(waiting[0].since_ms, 100);
	ck_assert_uint_eq(waiting[1].process, CLIENT);
	ck_assert_int_eq(waiting[1].why, BROKER_WHY_ASK);
	ck_assert_uint_eq(waiting[1].since_ms, 200);
}
END_TEST

static uint64_t direct[8];
static uint32_t direct_count;

static bool note_direct(void *context, uint64_t client)
{
	(void)context;
	direct[direct_count++] = client;
	return true;
}

static uint32_t count_direct(uint32_t of, uint32_t n)
{
	struct hash name = interface(n), who = program(of);

	direct_count = 0;
	broker_each_direct(broker, &who, &name, note_direct, NULL);
	return direct_count;
}

START_TEST(who_still_has_a_direct_lane_is_known_after_it_was_revoked)
{
	one_is_open();
	uint32_t lane = answered.lane;
	ck_assert_uint_eq(open_at(OTHER, 0, 0), RS_OK);
	say(0, BROKER_USE, 1, RS_DENIED);
	ck_assert_uint_eq(count_direct(1, 0), 1);
	ck_assert_uint_eq(direct[0], CLIENT);
	ck_assert_uint_eq(count_direct(1, 1), 0);
	ck_assert_uint_eq(count_direct(2, 0), 0);
	/* what they say about having let go of it may be a lie */
	ck_assert(broker_lane_done(broker, HANDLER, lanes[CLIENT][lane].peer_lane));
	ck_assert_uint_eq(count_direct(1, 0), 1);
	ck_assert(broker_lane_done(broker, CLIENT, lane));
	ck_assert_uint_eq(count_direct(1, 0), 1);
	ck_assert_uint_eq(count_direct(1, 1), 0);
	direct_count = 0;
	broker_each_direct(broker, NULL, NULL, note_direct, NULL); /* any, and of any */
	ck_assert_uint_eq(direct_count, 2);
}
END_TEST

START_TEST(who_outlives_its_handler_shares_nothing_with_anybody)
{
	one_is_open();
	uint32_t lane = answered.lane;
	gone(HANDLER);
	ck_assert_uint_eq(count_direct(1, 0), 0);
	ck_assert(broker_lane_done(broker, CLIENT, lane));
	ck_assert_uint_eq(count_direct(1, 0), 0);
}
END_TEST

START_TEST(of_one_that_had_very_many_direct_lanes_it_is_assumed)
{
	one_is_open();
	for (uint32_t n = 100; n < 200; n++) {
		MUST(register_at(HANDLER, n) == RS_OK);
		MUST(open_at(CLIENT, n, 0) == RS_OK);
		uint32_t lane = answered.lane, other = lanes[CLIENT][lane].peer_lane;
		MUST(count_direct(1, n) == 1);
		MUST(broker_lane_done(broker, CLIENT, lane));
		MUST(broker_lane_done(broker, HANDLER, other));
		MUST(unregister_at(HANDLER, n) == RS_OK);
		MUST(count_direct(1, n) == 1);
	}
	ck_assert_uint_eq(count_direct(1, 999), 1);
	ck_assert_uint_eq(count_direct(3, 999), 0);
}
END_TEST

START_TEST(a_mediated_lane_is_none_of_them)
{
	grants[1][0][BROKER_USE].mediated = true;
	one_is_open();
	ck_assert_uint_eq(count_direct(1, 0), 0);
}
END_TEST

START_TEST(a_handler_knows_of_those_who_have_a_lane_to_it)
{
	one_is_open();
	ck_assert(broker_serves(broker, HANDLER, CLIENT));
	ck_assert(!broker_serves(broker, CLIENT, HANDLER));
	ck_assert(!broker_serves(broker, HANDLER, OTHER));
	ck_assert(!broker_serves(broker, HANDLER, 99));
	ck_assert(!broker_serves(broker, 99, CLIENT));
}
END_TEST

static Suite *broker_grants_suite(void)
{
	Suite *suite = suite_create("broker_grants");
	const struct {
		const char *name;
		const TTest *tests[10];
		int loops[10]; /* 0: once */
	} cases[] = {
		{ "asking",
			{ who_must_be_asked_for_waits_and_the_question_is_put,
				yes_opens_and_no_denies_and_either_is_the_last_word,
				an_answer_for_one_process_is_not_one_for_another,
				those_who_waited_for_an_answer_are_served_in_the_order_they_came,
				yes_without_a_handler_tells_those_who_cannot_wait,
				whoever_ever_said_that_it_can_wait_waits_on,
				a_question_for_which_there_is_no_room_is_a_no,
				who_waits_for_an_answer_counts_among_those_who_wait,
				registering_is_asked_for_as_well },
			{ 0, 3, 0, 0, 2 } },
		{ "asking, ends", { a_program_of_which_nobody_decides_ends_and_is_forgotten },
			{ 0 } },
		{ "revoking",
			{ what_is_revoked_is_taken_away_at_both_ends,
				what_others_may_and_other_interfaces_stay,
				what_was_revoked_and_is_granted_again_goes_another_way,
				granting_and_revoking_a_thousand_times_takes_no_more_lanes,
				a_handler_that_may_not_any_more_lets_go,
				what_a_dead_client_was_allowed_still_comes,
				a_host_interface_is_allowed_and_taken_away_on_the_home_lane },
			{ ARRAY_LEN(again), 0, 0, 0, 4, 0, ARRAY_LEN(again) } },
		{ "limits",
			{ what_becomes_mediated_is_taken_off_the_direct_lane,
				what_is_mediated_no_more_stays_where_it_is_while_that_lasts,
				limits_make_a_lane_mediated_and_are_told_before_it_is_used,
				host_interfaces_have_limits_too },
			{ ARRAY_LEN(again), ARRAY_LEN(again), ARRAY_LEN(again) } },
		{ "people",
			{ who_waits_and_why_and_since_when_is_told,
				who_still_has_a_direct_lane_is_known_after_it_was_revoked,
				who_outlives_its_handler_shares_nothing_with_anybody,
				of_one_that_had_very_many_direct_lanes_it_is_assumed,
				a_mediated_lane_is_none_of_them,
				a_handler_knows_of_those_who_have_a_lane_to_it },
			{ 0 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		TCase *tcase = tcase_create(cases[i].name);
		tcase_add_checked_fixture(tcase, set_up, tear_down);
		for (size_t k = 0; cases[i].tests[k]; k++)
			tcase_add_loop_test(tcase, cases[i].tests[k], 0,
				cases[i].loops[k] ? cases[i].loops[k] : 1);
		suite_add_tcase(suite, tcase);
	}
	return suite;
}

CHECK_MAIN(broker_grants_suite)
