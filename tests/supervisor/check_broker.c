/* check_broker.c: opening, registering, ends and quotas of the broker, and long random runs
 * that keep its promises. */
#include "supervisor/limits.h"
#include "tests/supervisor/broker_notebook.h"

/* ---- opening ---- */

START_TEST(an_open_without_a_handler_is_answered_at_once)
{
	start(1);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_NO_HANDLER);
}
END_TEST

START_TEST(first_use_makes_a_lane_and_the_second_use_takes_it)
{
	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(register_at(2, 1), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert(last.new_lane);
	uint32_t lane = last.lane, slot = last.slot;
	ck_assert_uint_eq(open_at(1, 1, 0), RS_OK);
	ck_assert(!last.new_lane);
	ck_assert_uint_eq(last.lane, lane);
	ck_assert_uint_ne(last.slot, slot);
}
END_TEST

START_TEST(a_host_interface_stays_on_the_home_lane)
{
	struct hash name = interface(0);

	ck_assert_int_eq(broker_add_host(broker, &name, 3), 0);
	start(1);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert_uint_eq(last.lane, LANE_HOME);
	ck_assert_uint_eq(last.slot, 3);
	ck_assert_uint_eq(host_slots[1], 1u << 3);
	ck_assert_uint_eq(register_at(1, 0), RS_DENIED);
}
END_TEST

START_TEST(who_waits_is_served_when_a_handler_comes_in_the_order_of_asking)
{
	start(1), start(2), start(3);
	ck_assert_uint_eq(open_at(1, 0, RS_ALLOW_DELAY), RS_NO_HANDLER);
	ck_assert_uint_eq(open_at(3, 0, RS_ALLOW_DELAY), RS_NO_HANDLER);
	ck_assert_uint_eq(open_at(1, 0, RS_ALLOW_DELAY), RS_NO_HANDLER); /* twice is once */
	uint32_t before = opened_count;
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(opened_count, before + 2);
	ck_assert_uint_eq(last.process, 3);
	ck_assert_uint_eq(last.id, 0);
	ck_assert_uint_eq(last.status, RS_OK);
}
END_TEST

START_TEST(one_process_may_wait_for_a_bounded_number_of_interfaces)
{
	start(1);
	for (uint32_t n = 0; n < BROKER_PENDING_MAX; n++)
		ck_assert_uint_eq(open_at(1, n, RS_ALLOW_DELAY), RS_NO_HANDLER);
	ck_assert_uint_eq(open_at(1, BROKER_PENDING_MAX, RS_ALLOW_DELAY), RS_LIMIT);
	start(2);
	ck_assert_uint_eq(open_at(2, BROKER_PENDING_MAX, RS_ALLOW_DELAY), RS_NO_HANDLER);
	/* who is served waits for one less */
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, BROKER_PENDING_MAX, RS_ALLOW_DELAY), RS_NO_HANDLER);
}
END_TEST

START_TEST(a_denied_program_opens_and_registers_nothing)
{
	deny = true;
	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_DENIED);
	ck_assert_uint_eq(open_at(1, 0, RS_ALLOW_DELAY), RS_DENIED);
}
END_TEST

START_TEST(a_process_may_talk_to_itself)
{
	start(1);
	ck_assert_uint_eq(register_at(1, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert_uint_eq(lanes[1][last.lane].peer, 1);
	uint32_t other = lanes[1][last.lane].peer_lane;
	broker_process_gone(broker, 1); /* its end is not told to itself */
	ck_assert_int_eq(lanes[1][last.lane].state, TABLE_OPEN);
	ck_assert_int_eq(lanes[1][other].state, TABLE_OPEN);
}
END_TEST

START_TEST(who_opens_a_new_lane_says_how_large)
{
	start(1), start(2), start(3);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, RS_ALLOW_DELAY), RS_OK);
	ck_assert_uint_eq(last_ring_log2, LANE_RING_SMALL);
	ck_assert_uint_eq(open_at(1, 0, HOME_OPEN_LARGE), RS_OK); /* there is one already */
	ck_assert(!last.new_lane);
	ck_assert_uint_eq(open_at(3, 0, HOME_OPEN_LARGE), RS_OK);
	ck_assert_uint_eq(last_ring_log2, LANE_RING_LARGE);
}
END_TEST

static const struct {
	uint64_t asked;
	uint32_t given, ring_log2;
} body_limits[] = {
	{ 0, RS_BODY_BYTES_DEFAULT, LANE_RING_SMALL },
	{ 1, 1, LANE_RING_SMALL },
	{ LANE_LARGE_FROM, LANE_LARGE_FROM, LANE_RING_SMALL },
	{ LANE_LARGE_FROM + 1, LANE_LARGE_FROM + 1, LANE_RING_LARGE },
	{ RS_BODY_BYTES_DEFAULT + 1, RS_BODY_BYTES_DEFAULT, LANE_RING_LARGE },
	{ UINT64_MAX, RS_BODY_BYTES_DEFAULT, LANE_RING_LARGE },
};

START_TEST(a_handler_says_how_long_bodies_may_be)
{
	struct hash name = interface(0);

	start(1), start(2);
	ck_assert_uint_eq(broker_register(broker, 2, &name, body_limits[_i].asked), RS_OK);
	ck_assert_uint_eq(broker_body_max(broker, &name), body_limits[_i].given);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert_uint_eq(last_ring_log2, body_limits[_i].ring_log2);
	ck_assert_uint_eq(broker_register(broker, 2, &name, 77), RS_OK);
	ck_assert_uint_eq(broker_body_max(broker, &name), 77);
	broker_process_gone(broker, 2);
	ck_assert_uint_eq(broker_body_max(broker, &name), RS_BODY_BYTES_DEFAULT);
}
END_TEST

START_TEST(no_handler_is_given_more_than_all_may_have)
{
	struct hash name = interface(0);

	broker_limit_bodies(broker, 1000);
	start(2);
	ck_assert_uint_eq(broker_body_max(broker, &name), 1000);
	ck_assert_uint_eq(broker_register(broker, 2, &name, 2000), RS_OK);
	ck_assert_uint_eq(broker_body_max(broker, &name), 1000);
}
END_TEST

START_TEST(a_lane_that_cannot_be_made_is_a_limit_and_leaves_nothing)
{
	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	refuse_connect = true;
	ck_assert_uint_eq(open_at(1, 0, 0), RS_LIMIT);
	refuse_connect = false;
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert(last.new_lane);
}
END_TEST

/* ---- registering ---- */

START_TEST(one_handler_at_a_time)
{
	start(1), start(2);
	ck_assert_uint_eq(register_at(1, 0), RS_OK);
	ck_assert_uint_eq(register_at(1, 0), RS_OK);
	ck_assert_uint_eq(register_at(2, 0), RS_TAKEN);
	ck_assert_uint_eq(unregister_at(2, 0), RS_BAD_ARGUMENT);
	ck_assert_uint_eq(unregister_at(1, 0), RS_OK);
	ck_assert_uint_eq(unregister_at(1, 0), RS_BAD_ARGUMENT);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
}
END_TEST

START_TEST(unregistering_takes_the_slot_away_from_both_ends)
{
	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	uint32_t lane = last.lane;
	ck_assert_uint_eq(unregister_at(2, 0), RS_OK);
	ck_assert_uint_eq(lanes[1][lane].slots, 0);
	ck_assert_uint_eq(lanes[2][lanes[1][lane].peer_lane].slots, 0);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_NO_HANDLER);
}
END_TEST

START_TEST(who_let_go_hears_nothing_more_of_a_dead_client_either)
{
	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(register_at(2, 1), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 1, 0), RS_OK);
	uint32_t at_handler = lanes[1][last.lane].peer_lane, slot = last.slot;
	broker_process_gone(broker, 1); /* what it said is still read */
	ck_assert_uint_eq(unregister_at(2, 0), RS_OK);
	ck_assert_uint_eq(lanes[2][at_handler].slots, 1ull << slot);
	ck_assert(broker_lane_done(broker, 2, at_handler));
}
END_TEST

START_TEST(a_slot_keeps_its_meaning_while_a_lane_lives_that_knew_it)
{
	struct hash first = interface(0);

	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	uint32_t lane = last.lane, slot = last.slot;
	ck_assert_uint_eq(unregister_at(2, 0), RS_OK);
	for (uint32_t n = 1; n < TABLE_SLOTS_MAX; n++)
		ck_assert_uint_eq(register_at(2, n), RS_OK);
	ck_assert_uint_eq(register_at(2, 999), RS_LIMIT);
	ck_assert(hash_equal(&names[2][slot], &first));
	/* once the lane is over on the handler's side, the number may be used again */
	ck_assert(broker_lane_done(broker, 2, lanes[1][lane].peer_lane));
	ck_assert_uint_eq(register_at(2, 999), RS_OK);
}
END_TEST

/* ---- ends ---- */

START_TEST(the_end_of_a_handler_is_told_after_its_interfaces_are_free)
{
	start(1), start(2), start(3);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	uint32_t lane = last.lane;
	ck_assert_uint_eq(open_at(3, 0, 0), RS_OK);
	broker_process_gone(broker, 2);
	ck_assert_int_eq(lanes[1][lane].state, TABLE_PEER_DEAD);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_NO_HANDLER);
	ck_assert_uint_eq(register_at(3, 0), RS_OK);
	/* its lane index is not used again before the client let go of it */
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert_uint_ne(last.lane, lane);
	ck_assert(broker_lane_done(broker, 1, lane));
	ck_assert(!broker_lane_done(broker, 1, lane));
}
END_TEST

START_TEST(the_end_of_a_client_is_told_to_the_handler)
{
	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	uint32_t at_handler = lanes[1][last.lane].peer_lane;
	broker_process_gone(broker, 1);
	ck_assert_int_eq(lanes[2][at_handler].state, TABLE_PEER_DEAD);
}
END_TEST

START_TEST(a_process_that_closes_its_end_closes_the_other)
{
	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	uint32_t lane = last.lane, at_handler = lanes[1][lane].peer_lane;
	ck_assert(broker_lane_done(broker, 2, at_handler));
	ck_assert_int_eq(lanes[1][lane].state, TABLE_CLOSED);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert(last.new_lane);
}
END_TEST

START_TEST(an_accused_lane_is_closed_at_both_ends)
{
	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	uint32_t lane = last.lane, at_handler = lanes[1][lane].peer_lane;
	ck_assert(broker_lane_broken(broker, 2, at_handler));
	ck_assert_int_eq(lanes[1][lane].state, TABLE_CLOSED);
	ck_assert_int_eq(lanes[2][at_handler].state, TABLE_CLOSED);
	ck_assert(broker_lane_broken(broker, 1, lane)); /* the other may say so too */
	ck_assert(broker_lane_done(broker, 1, lane));
	ck_assert(broker_lane_done(broker, 2, at_handler));
	ck_assert(!broker_lane_broken(broker, 2, at_handler));
}
END_TEST

START_TEST(lies_about_lanes_are_seen)
{
	start(1);
	ck_assert(!broker_lane_done(broker, 1, LANE_HOME));
	ck_assert(!broker_lane_broken(broker, 1, LANE_HOME));
	ck_assert(!broker_lane_done(broker, 1, 5));
	ck_assert(!broker_lane_done(broker, 1, LANES_MAX));
	ck_assert(!broker_lane_done(broker, 1, UINT32_MAX));
	ck_assert(!broker_lane_done(broker, 99, 1));
}
END_TEST

START_TEST(a_process_that_waited_and_ended_is_forgotten)
{
	start(1), start(2);
	ck_assert_uint_eq(open_at(1, 0, RS_ALLOW_DELAY), RS_NO_HANDLER);
	broker_process_gone(broker, 1);
	uint32_t before = opened_count;
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(opened_count, before);
}
END_TEST

/* ---- mediated ---- */

START_TEST(the_policy_says_which_interface_is_mediated)
{
	struct hash watched = interface(1);

	start(1), start(2);
	mediate_one = &watched;
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(register_at(2, 1), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert(!last_mediated);
	uint32_t direct = last.lane;
	ck_assert_uint_eq(open_at(1, 1, 0), RS_OK);
	ck_assert(last_mediated);
	ck_assert(last.new_lane);
	ck_assert_uint_ne(last.lane, direct);
	/* and each of the two goes on by its own way */
	ck_assert_uint_eq(open_at(1, 1, 0), RS_OK);
	ck_assert(!last.new_lane);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert_uint_eq(last.lane, direct);
}
END_TEST

START_TEST(what_the_policy_does_not_say_the_broker_does)
{
	struct broker_actions actions = { .opened = on_opened,
		.connect = on_connect,
		.slots = on_slots,
		.lane_state = on_lane_state,
		.handles = on_handles };

	broker_free(broker);
	ck_assert_int_eq(broker_new(&actions, NULL, NULL, &broker), 0);
	broker_mediate(broker, true);
	start(1), start(2);
	ck_assert_uint_eq(open_at(1, 0, RS_ALLOW_DELAY), RS_NO_HANDLER);
	ck_assert_uint_eq(register_at(2, 0), RS_OK); /* who waited is served the same way */
	ck_assert_uint_eq(last.status, RS_OK);
	ck_assert(last_mediated);
}
END_TEST

START_TEST(what_is_mediated_from_now_on_cannot_be_sent_past_rsd)
{
	struct hash watched = interface(0);

	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(register_at(2, 1), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	uint32_t direct = last.lane, slot = last.slot;
	ck_assert_uint_eq(open_at(1, 1, 0), RS_OK);
	mediate_one = &watched;
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert_uint_ne(last.lane, direct);
	ck_assert(!(lanes[1][direct].slots >> slot & 1));
	ck_assert_uint_ne(lanes[1][direct].slots, 0); /* the other interface stays */
}
END_TEST

START_TEST(who_waited_and_may_not_any_more_is_told_so)
{
	start(1), start(2);
	ck_assert_uint_eq(open_at(1, 0, RS_ALLOW_DELAY), RS_NO_HANDLER);
	deny_use = true;
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(last.process, 1);
	ck_assert_uint_eq(last.status, RS_DENIED);
}
END_TEST

/* ---- quotas: only counted, for there are more processes than the notebook has pages ---- */

static uint32_t served[1 + LANES_MAX + LIMITS_LANES_AS_CLIENT], served_count, connects;

static void count_opened(void *context, uint64_t process, uint64_t id, const struct hash *name,
	uint32_t status, uint32_t lane, uint32_t slot, bool new_lane)
{
	(void)context;
	last = (struct opened){ process, id, *name, status, lane, slot, new_lane };
	answered = last;
	opened_count++;
	answered_count++;
	if (id == 0)
		served[served_count++] = (uint32_t)process;
}

static bool count_connect(void *context, const struct broker_connect *wanted)
{
	(void)context, (void)wanted;
	connects++;
	return true;
}

static void no_slots(
	void *context, uint64_t process, uint32_t lane, uint64_t slots, uint64_t revoked)
{
	(void)context, (void)process, (void)lane, (void)slots, (void)revoked;
}

static void no_state(void *context, uint64_t process, uint32_t lane, enum table_state state)
{
	(void)context, (void)process, (void)lane, (void)state;
}

static void no_name(void *context, uint64_t process, uint32_t slot, const struct hash *name,
	uint32_t body_bytes_max)
{
	(void)body_bytes_max;
	(void)context, (void)process, (void)slot, (void)name;
}

static void set_up_counting(void)
{
	const struct broker_actions actions = { .opened = count_opened,
		.connect = count_connect,
		.slots = no_slots,
		.lane_state = no_state,
		.handles = no_name };

	deny = deny_use = false;
	mediate_one = NULL;
	opened_count = served_count = connects = 0;
	ck_assert_int_eq(broker_new(&actions, policy, NULL, &broker), 0);
}

static struct broker_use use_of(uint64_t process)
{
	struct broker_use use;

	MUST(broker_use(broker, process, &use));
	return use;
}

/* Process 1 opens a lane to each of n handlers, which are 2, 3 ...; how many it got. */
static uint32_t open_to_many(uint32_t n, uint32_t flags)
{
	uint32_t got = 0;

	start(1);
	for (uint32_t i = 0; i < n; i++) {
		start(2 + i);
		MUST(register_at(2 + i, i) == RS_OK);
		uint32_t status = open_at(1, i, flags);
		MUST(status == (got == i ? status : RS_LIMIT)); /* once refused, always */
		got += status == RS_OK;
	}
	return got;
}

START_TEST(a_client_has_a_bounded_number_of_lanes)
{
	const uint32_t most =
		LIMITS_LANES_AS_CLIENT < LANES_MAX - 1 ? LIMITS_LANES_AS_CLIENT : LANES_MAX - 1;

	ck_assert_uint_eq(open_to_many(most + 3, 0), most);
	ck_assert_uint_eq(last.status, RS_LIMIT);
	ck_assert_uint_eq(use_of(1).lanes, most);
	ck_assert_uint_eq(use_of(1).lane_bytes, most * lane_file_bytes(LANE_RING_SMALL));
	ck_assert_uint_eq(use_of(1).refused, 3);
	ck_assert_uint_eq(use_of(2).lanes, 0); /* who is asked pays nothing */
	/* an interface on a lane it has costs nothing */
	ck_assert_uint_eq(register_at(2, 9999), RS_OK);
	ck_assert_uint_eq(open_at(1, 9999, 0), RS_OK);
}
END_TEST

START_TEST(large_lanes_count_as_what_they_take)
{
	const uint64_t most = LIMITS_LANE_BYTES / lane_file_bytes(LANE_RING_LARGE);

	ck_assert_uint_eq(open_to_many((uint32_t)most + 2, HOME_OPEN_LARGE), most);
	ck_assert_uint_eq(open_at(1, (uint32_t)most, 0), RS_OK); /* a small one still fits */
}
END_TEST

START_TEST(a_mediated_lane_counts_twice)
{
	const uint64_t most = LIMITS_LANE_BYTES / lane_file_bytes(LANE_RING_LARGE) / 2;

	broker_mediate(broker, true);
	ck_assert_uint_eq(open_to_many((uint32_t)most + 2, HOME_OPEN_LARGE), most);
}
END_TEST

START_TEST(a_lane_is_paid_for_until_both_ends_let_go)
{
	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 0, 0), RS_OK);
	ck_assert(broker_lane_done(broker, 1, last.lane));
	ck_assert_uint_eq(use_of(1).lanes, 1); /* the handler has it mapped still */
	ck_assert(broker_lane_done(broker, 2, 1));
	ck_assert_uint_eq(use_of(1).lanes, 0);
	ck_assert_uint_eq(use_of(1).lane_bytes, 0);
}
END_TEST

START_TEST(a_hundred_thousand_lanes_one_after_the_other_leave_nothing)
{
	start(1), start(2);
	ck_assert_uint_eq(register_at(2, 0), RS_OK);
	for (uint32_t n = 0; n < 100000; n++) {
		bool client_first = n & 1;
		MUST(open_at(1, 0, n % 3 ? 0 : HOME_OPEN_LARGE) == RS_OK);
		MUST(last.new_lane && last.lane == 1); /* the same index again */
		MUST(broker_lane_done(broker, client_first ? 1 : 2, 1));
		MUST(broker_lane_done(broker, client_first ? 2 : 1, 1));
	}
	ck_assert_uint_eq(connects, 100000);
	ck_assert_uint_eq(use_of(1).lanes, 0);
	ck_assert_uint_eq(use_of(1).lane_bytes, 0);
}
END_TEST

START_TEST(who_pays_and_ends_leaves_no_debt)
{
	ck_assert_uint_eq(open_to_many(20, 0), 20);
	ck_assert(broker_lane_done(broker, 1, 3));
	broker_process_gone(broker, 1);
	for (uint64_t p = 2; p < 22; p++)
		ck_assert(broker_lane_done(broker, p, 1));
	ck_assert(!broker_lane_done(broker, 2, 1));
}
END_TEST

START_TEST(all_who_wait_are_served_until_the_handler_is_full)
{
	start(1);
	for (uint32_t p = 2; p < LANES_MAX + 3; p++) {
		start(p);
		MUST(open_at(p, 0, RS_ALLOW_DELAY) == RS_NO_HANDLER);
	}
	ck_assert_uint_eq(register_at(1, 0), RS_OK);
	ck_assert_uint_eq(served_count, LANES_MAX + 1);
	ck_assert_uint_eq(connects, LANES_MAX - 1);
	for (uint32_t i = 0; i < served_count; i++)
		MUST(served[i] == 2 + i);
	ck_assert_uint_eq(last.status, RS_LIMIT);
	ck_assert_uint_eq(use_of(LANES_MAX + 2).refused, 1);
	/* room again for the next */
	ck_assert(broker_lane_done(broker, 1, 7));
	ck_assert_uint_eq(open_at(LANES_MAX + 2, 0, 0), RS_OK);
}
END_TEST

/* ---- for people ---- */

static uint32_t relations[3];

static bool count_relation(
	void *context, enum broker_relation relation, const struct hash *name)
{
	(void)context, (void)name;
	relations[relation]++;
	return true;
}

START_TEST(what_a_process_handles_waits_for_and_talks_to_is_told)
{
	memset(relations, 0, sizeof(relations));
	start(1), start(2);
	ck_assert_uint_eq(register_at(1, 0), RS_OK);
	ck_assert_uint_eq(register_at(2, 1), RS_OK);
	ck_assert_uint_eq(open_at(1, 1, 0), RS_OK);
	ck_assert_uint_eq(open_at(1, 2, RS_ALLOW_DELAY), RS_NO_HANDLER);
	broker_each(broker, 1, count_relation, NULL);
	ck_assert_uint_eq(relations[BROKER_HANDLES], 1);
	ck_assert_uint_eq(relations[BROKER_WAITS_FOR], 1);
	ck_assert_uint_eq(relations[BROKER_TALKS_TO], 1);
	ck_assert(broker_handles_any(broker, 1));
	ck_assert(!broker_handles_any(broker, 3));
}
END_TEST

static Suite *broker_suite(void)
{
	Suite *suite = suite_create("broker");
	const struct {
		const char *name;
		const TTest *tests[10];
	} cases[] = {
		{ "open",
			{ an_open_without_a_handler_is_answered_at_once,
				first_use_makes_a_lane_and_the_second_use_takes_it,
				a_host_interface_stays_on_the_home_lane,
				who_waits_is_served_when_a_handler_comes_in_the_order_of_asking,
				one_process_may_wait_for_a_bounded_number_of_interfaces,
				a_denied_program_opens_and_registers_nothing,
				a_process_may_talk_to_itself,
				who_opens_a_new_lane_says_how_large,
				a_lane_that_cannot_be_made_is_a_limit_and_leaves_nothing } },
		{ "register",
			{ one_handler_at_a_time,
				unregistering_takes_the_slot_away_from_both_ends,
				who_let_go_hears_nothing_more_of_a_dead_client_either,
				a_slot_keeps_its_meaning_while_a_lane_lives_that_knew_it } },
		{ "end", { the_end_of_a_handler_is_told_after_its_interfaces_are_free,
				 the_end_of_a_client_is_told_to_the_handler,
				 a_process_that_closes_its_end_closes_the_other,
				 an_accused_lane_is_closed_at_both_ends,
				 lies_about_lanes_are_seen,
				 a_process_that_waited_and_ended_is_forgotten } },
		{ "mediated", { the_policy_says_which_interface_is_mediated,
				      what_the_policy_does_not_say_the_broker_does,
				      what_is_mediated_from_now_on_cannot_be_sent_past_rsd,
				      who_waited_and_may_not_any_more_is_told_so } },
		{ "people", { what_a_process_handles_waits_for_and_talks_to_is_told } },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		TCase *tcase = tcase_create(cases[i].name);
		tcase_add_checked_fixture(tcase, set_up, tear_down);
		for (size_t k = 0; cases[i].tests[k]; k++)
			tcase_add_test(tcase, cases[i].tests[k]);
		suite_add_tcase(suite, tcase);
	}
	TCase *bodies = tcase_create("bodies");
	tcase_add_checked_fixture(bodies, set_up, tear_down);
	tcase_add_loop_test(
		bodies, a_handler_says_how_long_bodies_may_be, 0, ARRAY_LEN(body_limits));
	tcase_add_test(bodies, no_handler_is_given_more_than_all_may_have);
	suite_add_tcase(suite, bodies);
	TCase *quotas = tcase_create("quotas");
	tcase_add_checked_fixture(quotas, set_up_counting, tear_down);
	tcase_add_test(quotas, a_client_has_a_bounded_number_of_lanes);
	tcase_add_test(quotas, large_lanes_count_as_what_they_take);
	tcase_add_test(quotas, a_mediated_lane_counts_twice);
	tcase_add_test(quotas, a_lane_is_paid_for_until_both_ends_let_go);
	tcase_add_test(quotas, a_hundred_thousand_lanes_one_after_the_other_leave_nothing);
	tcase_add_test(quotas, who_pays_and_ends_leaves_no_debt);
	tcase_add_test(quotas, all_who_wait_are_served_until_the_handler_is_full);
	suite_add_tcase(suite, quotas);
	return suite;
}

CHECK_MAIN(broker_suite)
