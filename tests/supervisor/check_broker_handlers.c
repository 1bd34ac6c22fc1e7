/* check_broker_handlers.c: bound interfaces, handlers that take over from others, and private
 * instances. */
#include "tests/supervisor/broker_notebook.h"

enum {
	CLIENT = 1, /* runs program 1 */
	OLD,        /* program 2 */
	NEW         /* program 3 */
};

static void three_start(void)
{
	start_of(CLIENT, 1), start_of(OLD, 2), start_of(NEW, 3);
}

static bool may_send(const struct opened *opened)
{
	return lanes[opened->process][opened->lane].slots >> opened->slot & 1;
}

static bool may_come(const struct opened *opened)
{
	return peer_of(opened->process, opened->lane)->slots >> opened->slot & 1;
}

/* ---- bound ---- */

START_TEST(only_the_bound_program_may_handle_it_and_needs_no_grant)
{
	three_start();
	grants[2][0][BROKER_HANDLE].status = RS_DENIED;
	ck_assert_int_eq(bind_to(0, 2), 0);
	ck_assert_uint_eq(register_at(NEW, 0), RS_DENIED);
	ck_assert_uint_eq(register_at(OLD, 0), RS_OK);
	start_of(4, 2);
	ck_assert_uint_eq(register_at(4, 0), RS_TAKEN); /* a second one of it */
	reconsider(0, 0);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK); /* it handles it still */
}
END_TEST

START_TEST(who_wants_it_waits_while_the_bound_program_is_started)
{
	bool delays = _i;

	three_start();
	ck_assert_int_eq(bind_to(0, 2), 0);
	ck_assert_uint_eq(started_count, 0); /* nobody wants it yet */
	ck_assert_uint_eq(open_at(CLIENT, 0, delays ? RS_ALLOW_DELAY : 0), HOME_LATER);
	ck_assert_uint_eq(started_count, 1);
	ck_assert_uint_eq(last_started, 0);
	ck_assert_uint_eq(register_at(OLD, 0), RS_OK);
	ck_assert_uint_eq(last.process, CLIENT);
	ck_assert_uint_eq(last.status, RS_OK);
	ck_assert_uint_eq(awaits[CLIENT][0].words, 1);
}
END_TEST

START_TEST(who_waited_before_it_was_bound_starts_it_too)
{
	three_start();
	ck_assert_uint_eq(open_at(CLIENT, 0, RS_ALLOW_DELAY), RS_NO_HANDLER);
	ck_assert_int_eq(bind_to(0, 2), 0);
	ck_assert_uint_eq(started_count, 1);
	ck_assert_uint_eq(register_at(OLD, 0), RS_OK);
	ck_assert_uint_eq(last.status, RS_OK);
}
END_TEST

START_TEST(who_was_told_that_nobody_handles_it_is_not_told_again)
{
	struct hash name = interface(0);

	three_start();
	ck_assert_uint_eq(open_at(CLIENT, 0, RS_ALLOW_DELAY), RS_NO_HANDLER);
	ck_assert_int_eq(bind_to(0, 2), 0);
	broker_start_failed(broker, &name);
	ck_assert_int_eq(unbind(0), 0);
	ck_assert_uint_eq(awaits[CLIENT][0].words, 0);
	ck_assert_uint_eq(register_at(OLD, 0), RS_OK);
	ck_assert_uint_eq(last.status, RS_OK);
}
END_TEST

START_TEST(a_start_that_fails_is_told_to_those_who_wait)
{
	struct hash name = interface(0);

	three_start();
	ck_assert_int_eq(bind_to(0, 2), 0);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER);
	ck_assert_uint_eq(open_at(NEW, 0, RS_ALLOW_DELAY), HOME_LATER);
	broker_start_failed(broker, &name);
	broker_start_failed(broker, &name);
	ck_assert_uint_eq(awaits[CLIENT][0].words, 1);
	ck_assert_uint_eq(awaits[NEW][0].words, 1);
	ck_assert_uint_eq(last.status, RS_NO_HANDLER);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER); /* the next one tries again */
	ck_assert_uint_eq(started_count, 3);
	ck_assert_uint_eq(register_at(OLD, 0), RS_OK);
	ck_assert_uint_eq(awaits[CLIENT][0].words, 2);
	ck_assert_uint_eq(awaits[NEW][0].words, 2); /* it could wait, and did */
}
END_TEST

static const struct {
	bool refuse, at_once;
} failures[] = { { true, false }, { false, true }, { true, true } };

START_TEST(a_start_may_be_refused_at_once)
{
	refuse_start = failures[_i].refuse;
	fail_at_once = failures[_i].at_once;
	three_start();
	ck_assert_int_eq(bind_to(0, 2), 0);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER);
	ck_assert_uint_eq(awaits[CLIENT][0].words, 1);
	ck_assert_uint_eq(last.status, RS_NO_HANDLER);
	ck_assert_uint_eq(open_at(NEW, 0, RS_ALLOW_DELAY), HOME_LATER);
	ck_assert_uint_eq(last.status, RS_NO_HANDLER);
	ck_assert_uint_eq(register_at(OLD, 0), RS_OK);
	ck_assert_uint_eq(last.process, NEW);
	ck_assert_uint_eq(last.status, RS_OK);
}
END_TEST

START_TEST(who_is_not_allowed_starts_nothing)
{
	three_start();
	ck_assert_int_eq(bind_to(0, 2), 0);
	grants[1][0][BROKER_USE].status = RS_DENIED;
	ck_assert_uint_eq(open_at(CLIENT, 0, RS_ALLOW_DELAY), RS_DENIED);
	say(0, BROKER_USE, 1, BROKER_ASK);
	ck_assert_uint_eq(open_at(CLIENT, 0, RS_ALLOW_DELAY), HOME_LATER);
	ck_assert_uint_eq(started_count, 0);
	say(0, BROKER_USE, 1, RS_OK); /* waits on, for the start now */
	ck_assert_uint_eq(started_count, 1);
	ck_assert_uint_eq(awaits[CLIENT][0].words, 0);
}
END_TEST

START_TEST(what_is_bound_no_more_is_as_if_it_never_was)
{
	three_start();
	grants[2][0][BROKER_HANDLE].status = RS_DENIED;
	ck_assert_int_eq(bind_to(0, 2), 0);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER);
	ck_assert_int_eq(unbind(0), 0);
	ck_assert_uint_eq(last.status, RS_NO_HANDLER);
	ck_assert_uint_eq(register_at(OLD, 0), RS_DENIED);
	ck_assert_int_eq(unbind(0), 0); /* twice is once */
	/* but a handler that came by it stays, whatever is looked at again, until it ends */
	ck_assert_int_eq(bind_to(0, 2), 0);
	ck_assert_uint_eq(register_at(OLD, 0), RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	ck_assert_int_eq(unbind(0), 0);
	broker_reconsider(broker, 0, NULL);
	ck_assert(may_send(&answered));
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	gone(OLD);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_NO_HANDLER);
}
END_TEST

START_TEST(what_the_host_handles_is_bound_to_nobody)
{
	struct hash name = interface(5);

	ck_assert_int_eq(broker_add_host(broker, &name, 3), 0);
	ck_assert_int_eq(bind_to(5, 2), BROKER_NOT);
}
END_TEST

/* ---- taking over ---- */

/* The client sends to the old one, then the interface is bound to the new one's program. */
static void bound_anew(bool mediated)
{
	grants[1][0][BROKER_USE].mediated = mediated;
	three_start();
	ck_assert_uint_eq(register_at(OLD, 0), RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	ck_assert_int_eq(bind_to(0, 3), 0);
}

START_TEST(the_old_one_handles_it_until_the_new_one_is_there)
{
	bound_anew(_i);
	const struct opened old = answered;
	ck_assert_uint_eq(started_count, 1);
	ck_assert(may_send(&old));
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	ck_assert_uint_eq(answered.lane, old.lane);
	ck_assert_uint_eq(started_count, 2); /* unless it is under way */
	ck_assert_uint_eq(replaced_count, 0);
}
END_TEST

START_TEST(what_was_sent_before_comes_to_the_old_one_and_the_rest_to_the_new_one)
{
	bound_anew(_i);
	const struct opened old = answered;
	ck_assert_uint_eq(register_at(NEW, 0), RS_OK);
	ck_assert_uint_eq(replaced_count, 1);
	ck_assert_uint_eq(last_replaced, OLD);
	ck_assert(!may_send(&old));
	ck_assert(may_come(&old));
	ck_assert_uint_eq(lanes[CLIENT][old.lane].revoked, 0);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	ck_assert_uint_eq(lanes[CLIENT][answered.lane].peer, NEW);
	ck_assert_uint_eq(lanes[CLIENT][answered.lane].mediated, _i);
	ck_assert(may_come(&old)); /* still */
	ck_assert_uint_eq(register_at(OLD, 0), RS_DENIED);
}
END_TEST

START_TEST(a_start_that_fails_leaves_the_old_one)
{
	struct hash name = interface(0);

	refuse_start = _i;
	bound_anew(false);
	broker_start_failed(broker, &name);
	ck_assert(may_send(&answered));
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
}
END_TEST

START_TEST(the_one_that_was_replaced_may_let_go_of_the_rest)
{
	bound_anew(false);
	const struct opened old = answered;
	ck_assert_uint_eq(register_at(NEW, 0), RS_OK);
	ck_assert_uint_eq(unregister_at(OLD, 0), RS_OK);
	ck_assert(!may_come(&old));
	ck_assert_uint_eq(unregister_at(OLD, 0), RS_BAD_ARGUMENT);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK); /* the new one does not mind */
	ck_assert_uint_eq(lanes[CLIENT][answered.lane].peer, NEW);
}
END_TEST

START_TEST(either_of_the_two_may_end)
{
	bound_anew(false);
	const struct opened old = answered;
	ck_assert_uint_eq(register_at(NEW, 0), RS_OK);
	if (_i) {
		gone(OLD);
		ck_assert_int_eq(lanes[CLIENT][old.lane].state, TABLE_PEER_DEAD);
		ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	} else {
		gone(NEW);
		ck_assert(may_come(&old));
		ck_assert_uint_eq(open_at(CLIENT, 0, 0), HOME_LATER); /* started anew */
	}
	ck_assert_int_eq(unbind(0), 0);
}
END_TEST

START_TEST(what_is_revoked_does_not_come_to_the_old_one_either)
{
	static const uint64_t whose[] = { 0, CLIENT };
	struct hash name = interface(0);

	bound_anew(false);
	const struct opened old = answered;
	ck_assert_uint_eq(register_at(NEW, 0), RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	grants[1][0][BROKER_USE].status = RS_DENIED;
	broker_reconsider(broker, whose[_i & 1], _i & 2 ? NULL : &name);
	ck_assert(!may_come(&old));
	ck_assert(!may_come(&answered));
	all_is_granted();
}
END_TEST

START_TEST(one_that_was_replaced_may_come_back)
{
	bound_anew(_i);
	const struct opened first = answered;
	ck_assert_uint_eq(register_at(NEW, 0), RS_OK);
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	const struct opened second = answered;
	ck_assert_int_eq(bind_to(0, 2), 0);
	ck_assert_uint_eq(register_at(OLD, 0), RS_OK);
	ck_assert_uint_eq(last_replaced, NEW);
	ck_assert(!may_send(&second) && may_come(&second));
	ck_assert_uint_eq(open_at(CLIENT, 0, 0), RS_OK);
	ck_assert_uint_eq(answered.lane, first.lane); /* nothing is overtaken */
	ck_assert_uint_eq(answered.slot, first.slot);
	ck_assert(may_send(&first) && may_come(&first));
}
END_TEST

START_TEST(the_slot_of_one_that_was_replaced_means_nothing_else)
{
	bound_anew(false);
	const struct opened old = answered;
	ck_assert_uint_eq(register_at(NEW, 0), RS_OK);
	for (uint32_t n = 100; n < 100 + TABLE_SLOTS_MAX - 1; n++)
		ck_assert_uint_eq(register_at(OLD, n), RS_OK);
	ck_assert_uint_eq(register_at(OLD, 999), RS_LIMIT);
	struct hash name = interface(0);
	ck_assert(hash_equal(&names[OLD][old.slot], &name));
}
END_TEST

START_TEST(without_room_for_another_interface_nothing_is_taken_over)
{
	bound_anew(false);
	for (uint32_t n = 100; n < 100 + TABLE_SLOTS_MAX; n++)
		ck_assert_uint_eq(register_at(NEW, n), RS_OK);
	ck_assert_uint_eq(register_at(NEW, 0), RS_LIMIT);
	ck_assert(may_send(&answered));
	ck_assert_uint_eq(replaced_count, 0);
}
END_TEST

/* ---- private instances: 9 to its owner, 0 to its child ---- */

enum {
	OWNER = CLIENT,
	CHILD = OLD,
	STRANGER = NEW
};

static int instance_of(uint32_t name, uint64_t owner, uint64_t child, uint32_t of)
{
	struct hash instance = interface(name), meant = interface(of);
	int r = broker_instance(broker, &instance, owner, child, &meant);

	if (r == 0) {
		means[name] = of;
		owners[child][of] = owner;
	}
	return r;
}

static void end_instance(uint32_t name)
{
	struct hash instance = interface(name);

	broker_instance_end(broker, &instance);
}

#define INSTANCE 9u
#define MEANT    1u

static void instance_is_open(void)
{
	three_start();
	grants[1][INSTANCE][BROKER_USE].status = RS_DENIED; /* nobody grants such a name */
	grants[2][MEANT][BROKER_HANDLE].status = RS_DENIED;
	grants[2][MEANT][BROKER_USE].status = RS_DENIED;
	ck_assert_int_eq(instance_of(INSTANCE, OWNER, CHILD, MEANT), 0);
	ck_assert_uint_eq(register_at(CHILD, MEANT), RS_OK);
	ck_assert_uint_eq(open_at(OWNER, INSTANCE, 0), RS_OK);
}

START_TEST(the_owner_reaches_its_child_under_the_name_it_means)
{
	struct hash meant = interface(MEANT);

	instance_is_open();
	ck_assert_uint_eq(lanes[OWNER][answered.lane].peer, CHILD);
	ck_assert(hash_equal(&names[CHILD][answered.slot], &meant));
	broker_reconsider(broker, 0, NULL); /* no grant is needed, and none takes it away */
	ck_assert(may_send(&answered) && may_come(&answered));
	all_is_granted();
}
END_TEST

START_TEST(nobody_else_may_use_it_and_everybody_else_may_handle_what_it_means)
{
	instance_is_open();
	ck_assert_uint_eq(open_at(STRANGER, INSTANCE, RS_ALLOW_DELAY), RS_DENIED);
	ck_assert_uint_eq(open_at(CHILD, INSTANCE, 0), RS_DENIED);
	ck_assert_uint_eq(asked_count, 0);
	ck_assert_uint_eq(register_at(STRANGER, INSTANCE), RS_DENIED);
	ck_assert_uint_eq(register_at(CHILD, INSTANCE), RS_DENIED);
	ck_assert_int_eq(bind_to(INSTANCE, 3), BROKER_NOT);
	ck_assert_uint_eq(open_at(STRANGER, MEANT, 0), RS_NO_HANDLER);
	ck_assert_uint_eq(register_at(STRANGER, MEANT), RS_OK);
	ck_assert_uint_eq(open_at(OWNER, MEANT, 0), RS_OK);
	ck_assert_uint_eq(lanes[OWNER][answered.lane].peer, STRANGER);
}
END_TEST

START_TEST(messages_wait_until_the_child_has_registered)
{
	start_of(OWNER, 1);
	ck_assert_int_eq(instance_of(INSTANCE, OWNER, CHILD, MEANT), 0); /* not there yet */
	ck_assert_uint_eq(open_at(OWNER, INSTANCE, 0), HOME_LATER);
	ck_assert_uint_eq(started_count, 0);
	start_of(CHILD, 2);
	ck_assert_uint_eq(register_at(CHILD, MEANT), RS_OK);
	ck_assert_uint_eq(last.process, OWNER);
	ck_assert_uint_eq(last.status, RS_OK);
}
END_TEST

START_TEST(what_waits_is_told_when_the_child_is_gone)
{
	static const uint32_t flags[] = { 0, RS_ALLOW_DELAY };

	start_of(OWNER, 1);
	ck_assert_int_eq(instance_of(INSTANCE, OWNER, CHILD, MEANT), 0);
	ck_assert_uint_eq(open_at(OWNER, INSTANCE, flags[_i & 1]), HOME_LATER);
	if (_i & 2)
		start_of(CHILD, 2);
	if (_i & 4)
		end_instance(INSTANCE);
	else
		gone(CHILD);
	ck_assert_uint_eq(last.id, 0);
	ck_assert_uint_eq(last.status, _i & 1 ? RS_HANDLER_GONE : RS_NO_HANDLER);
	means[INSTANCE] = 0;
	ck_assert_uint_eq(open_at(OWNER, INSTANCE, 0), RS_NO_HANDLER); /* unknown */
}
END_TEST

START_TEST(it_ends_with_either_of_the_two)
{
	instance_is_open();
	const struct opened open = answered;
	uint32_t other = lanes[OWNER][open.lane].peer_lane;
	if (_i) {
		gone(CHILD);
		ck_assert_int_eq(lanes[OWNER][open.lane].state, TABLE_PEER_DEAD);
		ck_assert_uint_eq(open_at(OWNER, INSTANCE, 0), RS_DENIED);
	} else {
		gone(OWNER);
		ck_assert(lanes[CHILD][other].slots >> open.slot & 1); /* is still read */
		ck_assert(!broker_handles_any(broker, CHILD));
		start_of(5, 1);
		ck_assert_uint_eq(register_at(CHILD, MEANT), RS_DENIED);
	}
	ck_assert_int_eq(instance_of(INSTANCE, STRANGER, 6, MEANT), 0); /* the name is free */
}
END_TEST

START_TEST(one_that_is_ended_before_is_closed_to_both)
{
	instance_is_open();
	end_instance(INSTANCE);
	ck_assert(!may_send(&answered));
	ck_assert(!may_come(&answered));
	end_instance(INSTANCE);
	ck_assert_uint_eq(open_at(OWNER, INSTANCE, 0), RS_DENIED);
}
END_TEST

START_TEST(instances_are_bounded_and_have_names_of_their_own)
{
	three_start();
	ck_assert_uint_eq(register_at(STRANGER, 2), RS_OK);
	ck_assert_int_eq(instance_of(2, OWNER, CHILD, MEANT), BROKER_NOT);
	ck_assert_int_eq(instance_of(INSTANCE, 99, CHILD, MEANT), BROKER_NOT);
	ck_assert_int_eq(instance_of(INSTANCE, OWNER, CHILD, MEANT), 0);
	ck_assert_int_eq(instance_of(INSTANCE, OWNER, 7, MEANT), BROKER_NOT);
	ck_assert_int_eq(instance_of(INSTANCE + 1, OWNER, CHILD, MEANT), BROKER_NOT);
	for (uint32_t n = 1; n < BROKER_INSTANCES_MAX; n++) {
		struct hash name = interface(1000 + n), meant = interface(n + 1);
		MUST(broker_instance(broker, &name, OWNER, 7, &meant) == 0);
	}
	struct hash name = interface(3000), meant = interface(3001);
	ck_assert_int_eq(broker_instance(broker, &name, OWNER, 7, &meant), BROKER_NOT);
	gone(OWNER);
	ck_assert_int_eq(broker_instance(broker, &name, CHILD, 7, &meant), 0);
}
END_TEST

START_TEST(a_child_with_two_owners_keeps_them_apart)
{
	three_start();
	ck_assert_int_eq(instance_of(INSTANCE, OWNER, CHILD, MEANT), 0);
	ck_assert_int_eq(instance_of(INSTANCE + 1, STRANGER, CHILD, 2), 0);
	ck_assert_uint_eq(register_at(CHILD, MEANT), RS_OK);
	ck_assert_uint_eq(register_at(CHILD, 2), RS_OK);
	ck_assert_uint_eq(open_at(OWNER, INSTANCE, 0), RS_OK);
	uint32_t slot = answered.slot;
	ck_assert_uint_eq(open_at(STRANGER, INSTANCE + 1, 0), RS_OK);
	ck_assert_uint_ne(answered.slot, slot);
	ck_assert_uint_eq(unregister_at(CHILD, MEANT), RS_OK);
	ck_assert_uint_eq(open_at(OWNER, INSTANCE, 0), HOME_LATER); /* it may come back */
	ck_assert_uint_eq(open_at(STRANGER, INSTANCE + 1, 0), RS_OK);
}
END_TEST

START_TEST(one_that_handled_it_for_all_does_so_for_its_owner_alone_from_then_on)
{
	three_start();
	ck_assert_uint_eq(register_at(CHILD, MEANT), RS_OK);
	ck_assert_uint_eq(open_at(STRANGER, MEANT, 0), RS_OK);
	const struct opened stranger = answered;
	ck_assert_int_eq(instance_of(INSTANCE, OWNER, CHILD, MEANT), 0);
	ck_assert_uint_eq(register_at(CHILD, MEANT), RS_OK);
	ck_assert_uint_eq(open_at(OWNER, INSTANCE, 0), RS_OK);
	ck_assert_uint_ne(answered.slot, stranger.slot);
	ck_assert(may_send(&stranger)); /* what it had, it has */
}
END_TEST

/* ---- for people ---- */

static struct broker_interface shown[8];
static uint32_t shown_count;

static bool note_interface(void *context, const struct broker_interface *interface)
{
	(void)context;
	shown[shown_count++] = *interface;
	return shown_count < ARRAY_LEN(shown);
}

static const struct broker_interface *shown_as(uint32_t n)
{
	shown_count = 0;
	broker_each_interface(broker, note_interface, NULL);
	for (uint32_t i = 0; i < shown_count; i++)
		if (number_of(shown[i].interface) == n)
			return &shown[i];
	ck_abort_msg("interface %u is not shown", n);
	return NULL;
}

START_TEST(who_handles_what_is_shown_with_what_is_bound_and_waited_for)
{
	struct hash bound = program(3);

	instance_is_open();
	ck_assert_int_eq(bind_to(5, 3), 0);
	ck_assert_uint_eq(open_at(OWNER, 5, 0), HOME_LATER);
	ck_assert_uint_eq(shown_as(5)->waiting, 1);
	ck_assert_uint_eq(shown_as(5)->handler, 0);
	ck_assert(hash_equal(shown_as(5)->bound, &bound));
	ck_assert_uint_eq(shown_as(INSTANCE)->owner, OWNER);
	ck_assert_uint_eq(shown_as(INSTANCE)->child, CHILD);
	ck_assert_uint_eq(number_of(shown_as(INSTANCE)->means), MEANT);
	ck_assert_uint_eq(shown_as(INSTANCE)->handler, CHILD);
	ck_assert_ptr_null(shown_as(INSTANCE)->bound);
	ck_assert_uint_eq(shown_count, 2);
}
END_TEST

static Suite *broker_handlers_suite(void)
{
	Suite *suite = suite_create("broker_handlers");
	const struct {
		const char *name;
		struct {
			const TTest *test;
			int loops; /* 0: once */
		} tests[12];
	} cases[] = {
		{ "bound", { { only_the_bound_program_may_handle_it_and_needs_no_grant, 0 },
				   { who_wants_it_waits_while_the_bound_program_is_started, 2 },
				   { who_waited_before_it_was_bound_starts_it_too, 0 },
				   { who_was_told_that_nobody_handles_it_is_not_told_again, 0 },
				   { a_start_that_fails_is_told_to_those_who_wait, 0 },
				   { a_start_may_be_refused_at_once, ARRAY_LEN(failures) },
				   { who_is_not_allowed_starts_nothing, 0 },
				   { what_is_bound_no_more_is_as_if_it_never_was, 0 },
				   { what_the_host_handles_is_bound_to_nobody, 0 } } },
		{ "taking over",
			{ { the_old_one_handles_it_until_the_new_one_is_there, 2 },
				{ what_was_sent_before_comes_to_the_old_one_and_the_rest_to_the_new_one,
					2 },
				{ a_start_that_fails_leaves_the_old_one, 2 },
				{ the_one_that_was_replaced_may_let_go_of_the_rest, 0 },
				{ either_of_the_two_may_end, 2 },
				{ what_is_revoked_does_not_come_to_the_old_one_either, 4 },
				{ one_that_was_replaced_may_come_back, 2 },
				{ the_slot_of_one_that_was_replaced_means_nothing_else, 0 },
				{ without_room_for_another_interface_nothing_is_taken_over,
					0 } } },
		{ "instances",
			{ { the_owner_reaches_its_child_under_the_name_it_means, 0 },
				{ nobody_else_may_use_it_and_everybody_else_may_handle_what_it_means,
					0 },
				{ messages_wait_until_the_child_has_registered, 0 },
				{ what_waits_is_told_when_the_child_is_gone, 8 },
				{ it_ends_with_either_of_the_two, 2 },
				{ one_that_is_ended_before_is_closed_to_both, 0 },
				{ instances_are_bounded_and_have_names_of_their_own, 0 },
				{ a_child_with_two_owners_keeps_them_apart, 0 },
				{ one_that_handled_it_for_all_does_so_for_its_owner_alone_from_then_on,
					0 } } },
		{ "people", { { who_handles_what_is_shown_with_what_is_bound_and_waited_for,
				    0 } } },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		TCase *tcase = tcase_create(cases[i].name);
		tcase_add_checked_fixture(tcase, set_up, tear_down);
		for (size_t k = 0; cases[i].tests[k].test; k++)
			tcase_add_loop_test(tcase, cases[i].tests[k].test, 0,
				cases[i].tests[k].loops ? cases[i].tests[k].loops : 1);
		suite_add_tcase(suite, tcase);
	}
	return suite;
}

CHECK_MAIN(broker_handlers_suite)
