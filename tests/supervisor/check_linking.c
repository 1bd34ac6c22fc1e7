/* check_linking.c: mediated lanes between two workers that this file plays: what their tables
 * say, and when. */
#include <stdio.h>

#include "interfaces/time.h"
#include "tests/supervisor/fake_worker.h"

enum {
	HANDLER = 1, /* processes */
	CLIENT = 2
};

/* One end of the lane, as its worker would map it. */
struct end {
	struct fake fake;
	struct lane lane;
	uint32_t index;
};
static struct end handler, client;
static uint32_t slot;

static struct lane take_mapped(struct fake *fake, uint32_t *index, enum lane_role role)
{
	struct home_lane_tag tag;
	struct lane_place place;
	struct lane lane;
	int fds[HOME_FDS];

	ck_assert_int_eq(
		fdpass_receive(fake->fds[START_SOCKET], &tag, sizeof(tag), fds, HOME_FDS), 0);
	*index = tag.lane;
	ck_assert_int_eq(lane_reserve(fake->table->lanes[tag.lane].ring_log2, &place), 0);
	ck_assert_int_eq(lane_map(&lane, fds[HOME_FD_LANE], place,
				 fake->table->lanes[tag.lane].ring_log2, role),
		0);
	const struct own_page *page =
		mmap(NULL, OWN_PAGE_BYTES, PROT_READ, MAP_SHARED, fds[HOME_FD_PAGE], 0);
	ck_assert_ptr_ne(page, MAP_FAILED);
	lane.peer = (struct bell_peer){ .page = page, .fd = fds[HOME_FD_BELL] };
	close(fds[HOME_FD_LANE]);
	close(fds[HOME_FD_PAGE]);
	return lane;
}

static void taken(struct end *end)
{
	struct home_lane body = { .lane = end->index,
		.generation = end->fake.table->lanes[end->index].generation };

	say(&end->fake, RECORD_LANE_TAKEN, 0, 0, 0, &body, sizeof(body));
	pump();
}

/* Says something about the lane as its worker would. */
static void of_lane(struct end *end, uint16_t kind)
{
	struct home_lane body = { .lane = end->index,
		.generation = end->fake.table->lanes[end->index].generation };

	say(&end->fake, kind, 0, 0, end->index, &body, sizeof(body));
	pump();
}

static void open_lane(void)
{
	struct home_opened opened = open_interface(&client.fake, echo, 0);
	struct record head;
	struct home_lane body;

	ck_assert_uint_eq(opened.status, RS_OK);
	slot = opened.slot;
	client.lane = take_mapped(&client.fake, &client.index, LANE_CLIENT);
	taken(&client);
	ck_assert_uint_eq(client.index, opened.lane);
	ck_assert_int_eq(hear(&handler.fake, &head, &body, sizeof(body)), RECORD_NEW_LANE);
	handler.lane = take_mapped(&handler.fake, &handler.index, LANE_HANDLER);
	taken(&handler);
}

static void set_up_pair(void)
{
	set_up();
	workers_mediate(workers, true);
	fake_ready(&handler.fake, HANDLER);
	fake_ready(&client.fake, CLIENT);
	ck_assert_uint_eq(ask_interface(&handler.fake, RS_INTERFACE_REGISTER, echo), RS_OK);
	open_lane();
}

static bool send_one(struct end *from, uint64_t id, uint32_t bytes)
{
	static const uint8_t body[16000];
	struct record head = { .kind = from == &client ? RECORD_MESSAGE : RECORD_ANSWER,
		.id = id,
		.slot = slot,
		.frag_len = bytes,
		.total_len = bytes };

	return ring_put(&from->lane.out, &head, body) == 0;
}

/* The id of what came; 0: nothing did. */
static uint64_t take_one(struct end *at)
{
	struct record head;
	const uint8_t *body;

	if (ring_peek(&at->lane.in, &head, &body))
		return 0;
	ring_consume(&at->lane.in, head.frag_len);
	ring_tell(&at->lane.in);
	return head.id;
}

static uint32_t state_of(const struct end *end)
{
	return end->fake.table->lanes[end->index].state;
}

static void gone(uint64_t process)
{
	struct trap_report report;

	workers_gone(workers, process, &report);
}

/* Until nothing more is taken from its ring; how much was sent. */
static uint64_t stuff(struct end *from)
{
	uint64_t n = 0;

	for (uint64_t before = UINT64_MAX; before != n;) {
		before = n;
		while (send_one(from, n + 1, 1000))
			n++;
		pump();
	}
	return n;
}

/* ---- the ordinary way ---- */

START_TEST(the_two_talk_and_do_not_see_the_difference)
{
	const struct table_lane *at_handler = &handler.fake.table->lanes[handler.index];

	ck_assert_uint_eq(at_handler->peer_process, CLIENT);
	ck_assert_uint_eq(client.fake.table->lanes[client.index].peer_process, 0);
	ck_assert(at_handler->slots >> slot & 1);
	ck_assert(send_one(&client, 7, 100));
	ck_assert(workers_waiting(workers));
	pump();
	ck_assert(!workers_waiting(workers));
	ck_assert_uint_eq(take_one(&handler), 7);
	ck_assert(send_one(&handler, 7, 50));
	pump();
	ck_assert_uint_eq(take_one(&client), 7);
}
END_TEST

static struct worker_mediated seen;

static bool see(void *context, const struct worker_mediated *mediated)
{
	(void)context;
	seen = *mediated;
	return true;
}

START_TEST(what_passed_is_counted_for_both)
{
	struct worker_stats stats;

	for (uint64_t id = 1; id <= 3; id++)
		ck_assert(send_one(&client, id, 100));
	pump();
	ck_assert(send_one(&handler, 1, 50));
	pump();
	workers_each_mediated(workers, HANDLER, see, NULL);
	ck_assert(seen.handler);
	ck_assert_uint_eq(seen.peer, CLIENT);
	ck_assert_uint_eq(seen.messages, 3);
	ck_assert_uint_eq(seen.answers, 1);
	ck_assert_uint_eq(seen.bytes, 350);
	workers_each_mediated(workers, CLIENT, see, NULL);
	ck_assert(!seen.handler);
	ck_assert_uint_eq(seen.peer, HANDLER);
	ck_assert(workers_stats(workers, CLIENT, &stats));
	ck_assert_uint_eq(stats.lanes, 1);
	ck_assert_uint_eq(stats.lane_bytes, 2 * lane_file_bytes(LANE_RING_SMALL));
}
END_TEST

START_TEST(a_flood_takes_turns_with_home_lanes)
{
	struct end *sender = _i ? &client : &handler;

	stuff(sender);
	ck_assert(!workers_waiting(workers)); /* no room: rsd sleeps over it */
	ck_assert_uint_eq(open_interface(&client.fake, rs_interface_log, 0).status, RS_OK);
}
END_TEST

START_TEST(unregistering_takes_the_slot_away_from_both)
{
	ck_assert_uint_eq(ask_interface(&handler.fake, RS_INTERFACE_UNREGISTER, echo), RS_OK);
	ck_assert_uint_eq(handler.fake.table->lanes[handler.index].slots, 0);
	ck_assert_uint_eq(client.fake.table->lanes[client.index].slots, 0);
}
END_TEST

START_TEST(two_that_conspire_are_cut_off_all_the_same)
{
	ck_assert_uint_eq(ask_interface(&handler.fake, RS_INTERFACE_UNREGISTER, echo), RS_OK);
	ck_assert(send_one(&client, 1, 10)); /* it does not care what its table says */
	pump();
	ck_assert_uint_eq(take_one(&handler), 0);
}
END_TEST

static struct hash echo_name(void)
{
	struct hash name;

	memcpy(name.bytes, echo, HASH_BYTES);
	return name;
}

START_TEST(what_was_sent_before_another_took_over_is_passed_on_to_the_old_one)
{
	const struct hash name = echo_name(), other = { "another program" };
	struct fake next;

	for (uint64_t id = 1; id <= 3; id++)
		ck_assert(send_one(&client, id, 100)); /* rsd did not look yet */
	ck_assert_int_eq(workers_bind(workers, &name, &other), 0);
	a_program = other;
	fake_ready(&next, 3);
	for (uint64_t id = 1; id <= 3; id++)
		ck_assert_uint_eq(take_one(&handler), id);
	ck_assert(send_one(&client, 4, 100));
	ck_assert_uint_eq(ask_interface(&next, RS_INTERFACE_REGISTER, echo), RS_OK);
	ck_assert_uint_eq(client.fake.table->lanes[client.index].slots, 0);
	pump();
	ck_assert_uint_eq(take_one(&handler), 4);
	struct home_opened opened = open_interface(&client.fake, echo, 0);
	ck_assert_uint_eq(opened.status, RS_OK);
	ck_assert_uint_ne(opened.lane, client.index);
	ck_assert_uint_eq(broken_process, 0);
}
END_TEST

static uint32_t said; /* by the user */

static struct broker_verdict policy(void *context, uint64_t process, const struct hash *program,
	const struct hash *interface, enum broker_right right)
{
	const struct hash name = echo_name();

	(void)context, (void)process, (void)program;
	return (struct broker_verdict){
		.status = right == BROKER_USE && hash_equal(interface, &name) ? said : RS_OK
	};
}

START_TEST(what_is_revoked_passes_no_more_though_the_two_conspire)
{
	const struct hash name = echo_name();

	workers_policy(workers, policy, NULL);
	said = RS_DENIED;
	ck_assert(send_one(&client, 1, 100)); /* rsd did not look yet */
	workers_reconsider(workers, 0, &name);
	ck_assert(send_one(&client, 2, 100));
	pump();
	ck_assert_uint_eq(take_one(&handler), 0);
	ck_assert_uint_eq(open_interface(&client.fake, echo, 0).status, RS_DENIED);
	said = RS_OK; /* again: and what was sent meanwhile is not heard of */
	ck_assert(send_one(&client, 3, 100));
	struct home_opened opened = open_interface(&client.fake, echo, 0);
	ck_assert_uint_eq(opened.status, RS_OK);
	ck_assert_uint_ne(opened.lane, client.index);
	pump();
	ck_assert_uint_eq(take_one(&handler), 0);
}
END_TEST

static struct broker_verdict deny_all(void *context, uint64_t process,
	const struct hash *program, const struct hash *interface, enum broker_right right)
{
	(void)context, (void)process, (void)program, (void)interface, (void)right;
	return (struct broker_verdict){ .status = RS_DENIED };
}

START_TEST(a_host_interface_that_is_taken_away_is_taken_away_in_the_table)
{
	const struct table_lane *home = &client.fake.table->lanes[LANE_HOME];
	struct home_opened opened = open_interface(&client.fake, rs_interface_time, 0);
	struct hash name;

	memcpy(name.bytes, rs_interface_time, HASH_BYTES);
	ck_assert_uint_eq(opened.status, RS_OK);
	ck_assert(home->slots >> opened.slot & 1);
	workers_policy(workers, deny_all, NULL);
	workers_reconsider(workers, CLIENT, &name);
	ck_assert(!(home->slots >> opened.slot & 1));
	ck_assert(home->revoked >> opened.slot & 1);
}
END_TEST

/* ---- the end of one of them ---- */

static const struct {
	struct end *dies, *stays;
	uint64_t process;
} deaths[] = { { &client, &handler, CLIENT }, { &handler, &client, HANDLER } };

START_TEST(the_other_hears_of_it_after_all_that_was_published)
{
	struct end *dies = deaths[_i].dies, *stays = deaths[_i].stays;

	for (uint64_t id = 1; id <= 5; id++)
		ck_assert(send_one(dies, id, 100)); /* rsd did not look yet */
	gone(deaths[_i].process);
	ck_assert_uint_eq(state_of(stays), TABLE_PEER_DEAD);
	for (uint64_t id = 1; id <= 5; id++)
		ck_assert_uint_eq(take_one(stays), id);
	ck_assert_uint_eq(take_one(stays), 0);
	of_lane(stays, RECORD_LANE_DONE);
	ck_assert_uint_eq(state_of(stays), TABLE_FREE);
	ck_assert_uint_eq(broken_process, 0);
}
END_TEST

START_TEST(without_room_it_hears_of_it_later)
{
	struct end *dies = deaths[_i].dies, *stays = deaths[_i].stays;
	uint64_t n = stuff(dies), heard = 0;

	gone(deaths[_i].process);
	ck_assert_uint_eq(state_of(stays), TABLE_OPEN);
	ck_assert(!workers_waiting(workers));
	while (state_of(stays) == TABLE_OPEN) {
		ck_assert_uint_eq(take_one(stays), ++heard);
		pump();
	}
	ck_assert_uint_lt(heard, n);
	while (take_one(stays) == heard + 1)
		heard++;
	ck_assert_uint_eq(heard, n);
	of_lane(stays, RECORD_LANE_DONE);
	ck_assert_uint_eq(broken_process, 0);
}
END_TEST

START_TEST(who_does_not_want_the_rest_need_not_take_it)
{
	struct end *stays = deaths[_i].stays;

	stuff(deaths[_i].dies);
	gone(deaths[_i].process);
	of_lane(stays, RECORD_LANE_BROKEN);
	ck_assert_uint_eq(state_of(stays), TABLE_PEER_DEAD);
	of_lane(stays, RECORD_LANE_DONE);
	ck_assert_uint_eq(state_of(stays), TABLE_FREE);
	ck_assert_uint_eq(broken_process, 0);
}
END_TEST

START_TEST(who_lets_go_before_it_is_told_harms_itself_only)
{
	struct end *stays = deaths[_i].stays;

	stuff(deaths[_i].dies);
	gone(deaths[_i].process);
	of_lane(stays, RECORD_LANE_DONE);
	ck_assert_uint_eq(state_of(stays), TABLE_FREE);
	pump();
	ck_assert(!workers_waiting(workers));
}
END_TEST

START_TEST(a_lie_after_the_end_of_the_other_ends_it_as_well)
{
	struct end *stays = deaths[_i].stays;
	struct record lie = { .kind = RECORD_READY };

	stuff(deaths[_i].dies);
	gone(deaths[_i].process);
	ck_assert_int_eq(ring_put(&stays->lane.out, &lie, ""), 0);
	pump();
	ck_assert_uint_eq(state_of(stays), TABLE_PEER_DEAD);
}
END_TEST

START_TEST(both_may_end)
{
	stuff(deaths[_i].dies);
	gone(deaths[_i].process);
	gone(deaths[!_i].process);
	pump();
	ck_assert(!workers_waiting(workers));
}
END_TEST

START_TEST(the_next_handler_gets_a_lane_while_the_last_one_is_still_heard)
{
	struct fake next;

	stuff(&handler);
	gone(HANDLER);
	fake_ready(&next, 3);
	ck_assert_uint_eq(ask_interface(&next, RS_INTERFACE_REGISTER, echo), RS_OK);
	struct home_opened opened = open_interface(&client.fake, echo, 0);
	ck_assert_uint_eq(opened.status, RS_OK);
	ck_assert_uint_ne(opened.lane, client.index);
	ck_assert_uint_eq(state_of(&client), TABLE_OPEN);
}
END_TEST

/* ---- lies ---- */

START_TEST(a_lie_closes_both_ends)
{
	struct end *liar = deaths[_i].dies, *other = deaths[_i].stays;
	struct record lie = { .kind = RECORD_READY };

	ck_assert(send_one(liar, 1, 10));
	ck_assert_int_eq(ring_put(&liar->lane.out, &lie, ""), 0);
	pump();
	ck_assert_uint_eq(state_of(liar), TABLE_CLOSED);
	ck_assert_uint_eq(state_of(other), TABLE_CLOSED);
	ck_assert_uint_eq(
		broken_process, 0); /* as with a direct lane: it is over, that is all */
	of_lane(liar, RECORD_LANE_DONE);
	of_lane(other, RECORD_LANE_DONE);
	struct worker_stats stats;
	ck_assert(workers_stats(workers, CLIENT, &stats));
	ck_assert_uint_eq(stats.lane_bytes, 0);
}
END_TEST

START_TEST(what_is_closed_passes_nothing)
{
	struct end *accuser = deaths[_i].dies, *other = deaths[_i].stays;

	ck_assert(send_one(other, 1, 10));
	say(&accuser->fake, RECORD_LANE_BROKEN, 0, 0, accuser->index,
		&(struct home_lane){ .lane = accuser->index,
			.generation = accuser->fake.table->lanes[accuser->index].generation },
		sizeof(struct home_lane));
	pump();
	ck_assert_uint_eq(state_of(other), TABLE_CLOSED);
	uint64_t before = take_one(accuser); /* it may have passed just before */
	ck_assert_uint_le(before, 1);
	ck_assert(send_one(other, 2, 10)); /* colluding or not: rsd is not there any more */
	pump();
	ck_assert_uint_eq(take_one(accuser), 0);
}
END_TEST

/* ---- to oneself, and again and again ---- */

START_TEST(a_process_that_talks_to_itself_ends_cleanly)
{
	struct record head;
	struct home_lane body;
	uint32_t lane;

	ck_assert_uint_eq(open_interface(&handler.fake, rs_interface_log, 0).status, RS_OK);
	say(&handler.fake, RECORD_OPEN, 0, 99, 0,
		&(struct home_open){ .interface = "example:echo" }, sizeof(struct home_open));
	pump();
	ck_assert_int_eq(hear(&handler.fake, &head, &body, sizeof(body)), RECORD_NEW_LANE);
	ck_assert_int_eq(take_lane(&handler.fake, &lane), 0);
	gone(HANDLER);
	pump();
	ck_assert(!workers_waiting(workers));
}
END_TEST

static size_t lines_of(const char *path, const char *text)
{
	FILE *file = fopen(path, "r");
	char line[512];
	size_t n = 0;

	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		n += strstr(line, text) != NULL;
	fclose(file);
	return n;
}

static void let_go(struct end *end)
{
	munmap((void *)(uintptr_t)end->lane.peer.page, OWN_PAGE_BYTES);
	close(end->lane.peer.fd);
	lane_unmap(&end->lane);
	of_lane(end, RECORD_LANE_DONE);
}

START_TEST(a_thousand_lanes_one_after_the_other_leave_nothing)
{
	size_t mapped = lines_of("/proc/self/maps", "memfd:lane");
	int first = dup(0), last;

	close(first);
	for (uint32_t n = 0; n < 1000; n++) {
		let_go(n & 1 ? &client : &handler);
		let_go(n & 1 ? &handler : &client);
		open_lane();
	}
	ck_assert_uint_eq(broken_process, 0);
	ck_assert_uint_eq(lines_of("/proc/self/maps", "memfd:lane"), mapped);
	last = dup(0);
	close(last);
	ck_assert_int_eq(first, last);
}
END_TEST

static TCase *new_case(Suite *suite, const char *name)
{
	TCase *tc = tcase_create(name);

	tcase_add_checked_fixture(tc, set_up_pair, tear_down);
	suite_add_tcase(suite, tc);
	return tc;
}

static Suite *linking_suite(void)
{
	Suite *suite = suite_create("linking");
	TCase *tc = new_case(suite, "ordinary");

	tcase_add_test(tc, the_two_talk_and_do_not_see_the_difference);
	tcase_add_test(tc, what_passed_is_counted_for_both);
	tcase_add_loop_test(tc, a_flood_takes_turns_with_home_lanes, 0, 2);
	tcase_add_test(tc, unregistering_takes_the_slot_away_from_both);
	tcase_add_test(tc, two_that_conspire_are_cut_off_all_the_same);
	tcase_add_test(tc, what_was_sent_before_another_took_over_is_passed_on_to_the_old_one);
	tcase_add_test(tc, what_is_revoked_passes_no_more_though_the_two_conspire);
	tcase_add_test(tc, a_host_interface_that_is_taken_away_is_taken_away_in_the_table);
	tcase_add_test(tc, a_process_that_talks_to_itself_ends_cleanly);
	tcase_add_test(tc, a_thousand_lanes_one_after_the_other_leave_nothing);
	tc = new_case(suite, "death");
	tcase_add_loop_test(tc, the_other_hears_of_it_after_all_that_was_published, 0, 2);
	tcase_add_loop_test(tc, without_room_it_hears_of_it_later, 0, 2);
	tcase_add_loop_test(tc, who_does_not_want_the_rest_need_not_take_it, 0, 2);
	tcase_add_loop_test(tc, who_lets_go_before_it_is_told_harms_itself_only, 0, 2);
	tcase_add_loop_test(tc, a_lie_after_the_end_of_the_other_ends_it_as_well, 0, 2);
	tcase_add_loop_test(tc, both_may_end, 0, 2);
	tcase_add_test(tc, the_next_handler_gets_a_lane_while_the_last_one_is_still_heard);
	tc = new_case(suite, "lies");
	tcase_add_loop_test(tc, a_lie_closes_both_ends, 0, 2);
	tcase_add_loop_test(tc, what_is_closed_passes_nothing, 0, 2);
	return suite;
}

CHECK_MAIN(linking_suite)
