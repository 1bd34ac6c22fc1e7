/* check_workers.c: what workers say on their home lanes, and what they are told there. */
#include "interfaces/limits.h"
#include "supervisor/workers/worker.h"
#include "tests/supervisor/fake_worker.h"

/* ---- the ordinary way ---- */

START_TEST(a_worker_is_ready_when_it_says_so)
{
	struct fake fake;

	fake_ready(&fake, 1);
	ck_assert_uint_eq(broken_process, 0);
}
END_TEST

START_TEST(a_log_line_reaches_the_output)
{
	struct fake fake;

	fake_ready(&fake, 1);
	struct home_opened log = open_interface(&fake, rs_interface_log, 0);
	ck_assert_uint_eq(log.status, RS_OK);
	ck_assert_uint_eq(log.lane, LANE_HOME);
	log_line(&fake, &log, RS_LOG_STDOUT, "hello");
	pump();
	ck_assert_uint_eq(output_bytes, 5);
	ck_assert(memcmp(output, "hello", 5) == 0);
}
END_TEST

START_TEST(last_words_are_heard_after_the_end)
{
	struct fake fake;
	struct trap_report report;

	fake_ready(&fake, 1);
	struct home_opened log = open_interface(&fake, rs_interface_log, 0);
	log_line(&fake, &log, RS_LOG_STDERR, "bye");
	fake.own->trap = (struct trap_report){ .cause = 3, .address = 42 };
	block_output = true; /* even then: what was said is not lost */
	workers_gone(workers, 1, &report);
	ck_assert_uint_eq(output_bytes, 3);
	ck_assert_uint_eq(report.cause, 3);
	ck_assert_uint_eq(report.address, 42);
}
END_TEST

START_TEST(a_worker_that_ended_at_once_was_ready_all_the_same)
{
	struct fake fake;
	struct trap_report report;

	fake_start(&fake, 1);
	say(&fake, RECORD_READY, 0, 0, 0, "", 0);
	workers_gone(workers, 1, &report); /* its end was heard before its bell */
	ck_assert_uint_eq(ready_process, 1);
}
END_TEST

START_TEST(output_without_a_place_to_go_waits_in_the_ring)
{
	struct fake fake;

	fake_ready(&fake, 1);
	struct home_opened log = open_interface(&fake, rs_interface_log, 0);
	block_output = true;
	log_line(&fake, &log, RS_LOG_STDOUT, "");
	pump();
	ck_assert(ring_waiting(&(struct ring_in){
		.position = 0, .tail = fake.home.out.tail, .tail_seen = 0 })); /* published */
	ck_assert(!workers_waiting(workers)); /* and rsd may sleep over it */
	block_output = false;
	ck_assert(workers_waiting(workers));
}
END_TEST

START_TEST(after_work_the_processor_is_given_away_for_more_of_it)
{
	struct fake fake;

	fake_ready(&fake, 1);
	struct home_opened log = open_interface(&fake, rs_interface_log, 0);
	pump();
	pump(); /* nothing is there any more */
	log_line(&fake, &log, RS_LOG_STDOUT, "");
	ck_assert(!workers_yield(workers)); /* nobody was told anything */
	ck_assert(!workers_pump(workers));
	log_line(&fake, &log, RS_LOG_STDOUT, "");
	ck_assert(workers_yield(workers)); /* as if it had come meanwhile */
	block_output = true;
	ck_assert(!workers_yield(workers)); /* what cannot be taken is nothing to wake for */
}
END_TEST

START_TEST(two_programs_get_a_lane)
{
	struct fake handler, client;
	struct record head;
	struct home_lane new_lane;
	uint32_t lane;

	fake_ready(&handler, 1);
	fake_ready(&client, 2);
	ck_assert_uint_eq(ask_interface(&handler, RS_INTERFACE_REGISTER, echo), RS_OK);
	ck_assert_uint_eq(ask_interface(&client, RS_INTERFACE_REGISTER, echo), RS_TAKEN);

	struct home_opened opened = open_interface(&client, echo, HOME_OPEN_LARGE);
	ck_assert_uint_eq(opened.status, RS_OK);
	ck_assert_uint_eq(opened.new_lane, 1);
	ck_assert_int_eq(take_lane(&client, &lane), 0);
	ck_assert_uint_eq(lane, opened.lane);
	ck_assert_int_eq(hear(&handler, &head, &new_lane, sizeof(new_lane)), RECORD_NEW_LANE);
	ck_assert_int_eq(take_lane(&handler, &lane), 0);
	ck_assert_uint_eq(lane, new_lane.lane);

	const struct table_lane *entry = &handler.table->lanes[lane];
	ck_assert_uint_eq(entry->state, TABLE_OPEN);
	ck_assert_uint_eq(entry->peer_process, 2);
	ck_assert_uint_eq(entry->ring_log2, LANE_RING_LARGE);
	ck_assert_uint_eq(client.table->lanes[opened.lane].ring_log2, LANE_RING_LARGE);
	ck_assert_uint_eq(entry->generation, new_lane.generation);
	ck_assert(entry->slots >> opened.slot & 1);
	ck_assert(memcmp(handler.table->interfaces[opened.slot], echo, 32) == 0);
	ck_assert_uint_eq(client.table->lanes[opened.lane].peer_process,
		0); /* nobody learns who handles */
}
END_TEST

START_TEST(who_waits_hears_of_the_handler_when_it_comes)
{
	struct fake handler, client;
	struct record head;
	struct home_opened opened;

	fake_ready(&client, 2);
	ck_assert_uint_eq(open_interface(&client, echo, RS_ALLOW_DELAY).status, RS_NO_HANDLER);
	fake_ready(&handler, 3);
	ck_assert_uint_eq(
		ask_interface(&client, RS_INTERFACE_UNREGISTER, echo), RS_BAD_ARGUMENT);
	struct home_opened host = open_interface(&handler, rs_interface_interface, 0);
	uint8_t body[64];
	say(&handler, RECORD_MESSAGE, 0, 0, host.slot, body,
		interface_body(RS_INTERFACE_REGISTER, echo, 0, body, sizeof(body)));
	pump();
	ck_assert_int_eq(hear(&client, &head, &opened, sizeof(opened)), RECORD_OPENED);
	ck_assert_uint_eq(head.id, 0);
	ck_assert_uint_eq(opened.status, RS_OK);
}
END_TEST

START_TEST(a_limit_for_bodies_reaches_both_ends)
{
	struct fake handler, client;

	fake_ready(&handler, 1);
	fake_ready(&client, 2);
	ck_assert_uint_eq(ask_limited(&handler, RS_INTERFACE_REGISTER, echo, 300000), RS_OK);
	ck_assert_uint_eq(handler.table->body_bytes_max[0], 300000);
	struct home_opened opened = open_interface(&client, echo, 0);
	ck_assert_uint_eq(opened.status, RS_OK);
	ck_assert_uint_eq(opened.body_bytes_max, 300000);
	ck_assert_uint_eq(client.table->lanes[opened.lane].ring_log2, LANE_RING_LARGE);
	struct record head;
	struct home_lane new_lane;
	ck_assert_int_eq(hear(&handler, &head, &new_lane, sizeof(new_lane)), RECORD_NEW_LANE);
	ck_assert_uint_eq(ask_interface(&handler, RS_INTERFACE_REGISTER, echo), RS_OK);
	ck_assert_uint_eq(handler.table->body_bytes_max[0], RS_BODY_BYTES_DEFAULT);
}
END_TEST

START_TEST(the_next_lane_comes_only_after_the_last_was_taken)
{
	struct fake handler, a, b;
	struct record head;
	struct home_lane new_lane;
	uint32_t lane;

	fake_ready(&handler, 1);
	fake_ready(&a, 2);
	fake_ready(&b, 3);
	ck_assert_uint_eq(ask_interface(&handler, RS_INTERFACE_REGISTER, echo), RS_OK);
	ck_assert_uint_eq(open_interface(&a, echo, 0).status, RS_OK);
	ck_assert_uint_eq(
		open_interface(&b, echo, 0).status, RS_OK); /* answered at once all the same */
	ck_assert_int_eq(hear(&handler, &head, &new_lane, sizeof(new_lane)), RECORD_NEW_LANE);
	ck_assert_int_eq(take_lane(&handler, &lane), 0);
	ck_assert_int_eq(hear(&handler, &head, &new_lane, sizeof(new_lane)), 0);
	ck_assert_int_eq(take_lane(&handler, &lane), FDPASS_EMPTY);
	say(&handler, RECORD_LANE_TAKEN, 0, 0, 0, &new_lane, sizeof(new_lane));
	pump();
	ck_assert_int_eq(hear(&handler, &head, &new_lane, sizeof(new_lane)), RECORD_NEW_LANE);
	ck_assert_int_eq(take_lane(&handler, &lane), 0);
}
END_TEST

START_TEST(a_dead_peer_stands_in_the_table)
{
	struct fake handler, client;
	struct trap_report report;

	fake_ready(&handler, 1);
	fake_ready(&client, 2);
	ck_assert_uint_eq(ask_interface(&handler, RS_INTERFACE_REGISTER, echo), RS_OK);
	struct home_opened opened = open_interface(&client, echo, 0);
	uint64_t version = client.table->version;
	workers_gone(workers, 1, &report);
	ck_assert_uint_eq(client.table->lanes[opened.lane].state, TABLE_PEER_DEAD);
	ck_assert_uint_gt(client.table->version, version);
	ck_assert_uint_eq(open_interface(&client, echo, 0).status, RS_NO_HANDLER);
	struct home_lane done = { .lane = opened.lane,
		.generation = client.table->lanes[opened.lane].generation };
	say(&client, RECORD_LANE_DONE, 0, 0, 0, &done, sizeof(done));
	pump();
	ck_assert_uint_eq(client.table->lanes[opened.lane].state, TABLE_FREE);
	ck_assert_uint_eq(broken_process, 0);
}
END_TEST

/* ---- lies ---- */

static const struct lie {
	const char *name;
	uint16_t kind, flags;
	uint32_t slot, bytes;
} lies[] = {
	{ "an unknown kind", 99, 0, 0, 0 },
	{ "kind 0", 0, 0, 0, 0 },
	{ "a record only rsd sends", RECORD_OPENED, 0, 0, 0 },
	{ "ready twice", RECORD_READY, 0, 0, 0 },
	{ "a slot it was not given", RECORD_MESSAGE, 0, 1, 8 },
	{ "a slot that does not exist", RECORD_MESSAGE, 0, UINT32_MAX, 8 },
	{ "a short open", RECORD_OPEN, 0, 0, 8 },
	{ "a lane taken that nobody gave", RECORD_LANE_TAKEN, 0, 0, 16 },
	{ "a lane let go that is not there", RECORD_LANE_DONE, 0, 0, 16 },
	{ "a short lane", RECORD_LANE_DONE, 0, 0, 8 },
	{ "a peer accused that is not there", RECORD_LANE_BROKEN, 0, 0, 16 },
};

START_TEST(a_lie_is_the_end_of_the_liar_only)
{
	struct fake liar, other;
	uint8_t body[32];

	memset(body, 0xff, sizeof(body));
	fake_ready(&liar, 1);
	fake_ready(&other, 2);
	say(&liar, lies[_i].kind, lies[_i].flags, 1, lies[_i].slot, body, lies[_i].bytes);
	pump();
	ck_assert_msg(broken_process == 1, "%s", lies[_i].name);
	ck_assert_uint_eq(open_interface(&other, rs_interface_log, 0).status, RS_OK);
}
END_TEST

START_TEST(a_fragment_where_none_may_be_is_a_lie)
{
	struct fake fake;
	struct record head = { .kind = RECORD_OPEN, .frag_len = 8, .total_len = 16 };

	fake_ready(&fake, 1);
	ck_assert_int_eq(ring_put(&fake.home.out, &head, "12345678"), 0);
	pump();
	ck_assert_uint_eq(broken_process, 1);
}
END_TEST

START_TEST(a_scribbled_home_lane_is_a_lie)
{
	struct fake fake;

	fake_ready(&fake, 1);
	atomic_store(&fake.home.out.tail->position, 7);
	pump();
	ck_assert_uint_eq(broken_process, 1);
}
END_TEST

START_TEST(nothing_is_heard_before_ready)
{
	struct fake fake;
	struct home_open open = { .flags = 0 };

	fake_start(&fake, 1);
	say(&fake, RECORD_OPEN, 0, 1, 0, &open, sizeof(open));
	pump();
	ck_assert_uint_eq(broken_process, 1);
}
END_TEST

START_TEST(a_page_that_others_could_write_is_refused)
{
	struct fake fake;
	int fds[START_FDS];

	ck_assert_int_eq(workers_add(workers, 1, &a_program, fds), 0);
	struct lane_place place;
	ck_assert_int_eq(lane_reserve(LANE_RING_SMALL, &place), 0);
	ck_assert_int_eq(
		lane_map(&fake.home, fds[START_HOME_LANE], place, LANE_RING_SMALL, LANE_CLIENT),
		0);
	say(&fake, RECORD_READY, 0, 0, 0, "", 0);
	pump();
	ck_assert_uint_eq(broken_process, 1);
	ck_assert_str_eq(broken_why, "its own page is not sealed");
}
END_TEST

START_TEST(who_asks_and_does_not_listen_ends)
{
	struct fake fake;

	fake_ready(&fake, 1);
	struct home_opened host = open_interface(&fake, rs_interface_random, 0);
	for (uint64_t id = 1; id < 10000 && !broken_process; id++) {
		ask_random(&fake, &host, id, 4000);
		pump();
	}
	ck_assert_uint_eq(broken_process, 1);
	ck_assert_str_eq(broken_why, "it asks and does not listen");
}
END_TEST

START_TEST(answers_without_room_wait_and_come_in_order)
{
	struct fake fake;
	struct record head;
	uint8_t body[4096];

	fake_ready(&fake, 1);
	struct home_opened host = open_interface(&fake, rs_interface_random, 0);
	for (uint64_t id = 1; id <= 100; id++) { /* 400 KB of answers, a ring of 32 KiB */
		ask_random(&fake, &host, id, 4000);
		pump();
	}
	for (uint64_t id = 1; id <= 100; id++) {
		MUST(hear(&fake, &head, body, sizeof(body)) == RECORD_ANSWER);
		MUST(head.id == id);
		MUST(head.frag_len == 4000 + 3); /* tag 1, length 2 */
		pump();
	}
	ck_assert_uint_eq(broken_process, 0);
}
END_TEST

/* Behind the index: field 1 is a name of so many bytes. */
#define NAME_OF(n) 0x0a, n
static const struct {
	uint32_t request, bytes, status;
	uint8_t message[4];
} odd[] = {
	{ RS_INTERFACE_REGISTER, 0, RS_MALFORMED, { 0 } },
	{ RS_INTERFACE_REGISTER, 3, RS_MALFORMED, { 0 } },
	{ RS_INTERFACE_REGISTER, 4, RS_MALFORMED, { 0 } },
	{ RS_INTERFACE_REGISTER, 4 + 2 + 31, RS_MALFORMED, { NAME_OF(31) } },
	{ RS_INTERFACE_REGISTER, 4 + 2 + 33, RS_MALFORMED, { NAME_OF(33) } },
	{ RS_INTERFACE_REGISTER, 4 + 2 + 31, RS_MALFORMED, { NAME_OF(32) } },
	{ RS_INTERFACE_UNREGISTER, 4, RS_MALFORMED, { 0 } },
	{ RS_INTERFACE_UNREGISTER, 4 + 2 + 31, RS_MALFORMED, { NAME_OF(31) } },
	{ RS_INTERFACE_UNREGISTER, 4 + 2 + 32, RS_BAD_ARGUMENT, { NAME_OF(32) } },
	{ RS_INTERFACE_CANCEL, 4 + 5, RS_MALFORMED, { 0x09 } },
	{ RS_INTERFACE_CANCEL, 4 + 9, RS_OK, { 0x09 } },
	{ RS_INTERFACE_RPCS, 4, RS_UNSUPPORTED, { 0 } },
	{ UINT32_MAX, 64, RS_UNSUPPORTED, { 0 } },
	{ RS_INTERFACE_REGISTER, RS_INTERFACE_BODY_BYTES_MAX + 1, RS_TOO_BIG, { 0 } },
};

START_TEST(a_request_that_is_not_as_it_should_be_is_answered_so)
{
	struct fake fake;
	struct record head;
	uint8_t body[RS_INTERFACE_BODY_BYTES_MAX + 1] = { 0 }, nothing[1];

	fake_ready(&fake, 1);
	struct home_opened host = open_interface(&fake, rs_interface_interface, 0);
	memcpy(body, &odd[_i].request, 4);
	memcpy(body + 4, odd[_i].message, sizeof(odd[_i].message));
	say(&fake, RECORD_MESSAGE, 0, 0, host.slot, body, odd[_i].bytes);
	pump();
	ck_assert_int_eq(hear(&fake, &head, nothing, 0), 0); /* no answer was wanted */
	say(&fake, RECORD_MESSAGE, RS_NEEDS_ANSWER, 9, host.slot, body, odd[_i].bytes);
	pump();
	ck_assert_int_eq(hear(&fake, &head, nothing, 0), RECORD_ANSWER);
	ck_assert_uint_eq(head.slot, odd[_i].status);
	ck_assert_uint_eq(broken_process, 0);
}
END_TEST

/* ---- a person is asked who may handle what ---- */

static uint32_t decision, questions;
static char reason_heard[64];
static bool no_room;

static struct broker_verdict decided(void *context, uint64_t process,
	const struct hash *program, const struct hash *interface, enum broker_right right)
{
	(void)context, (void)process, (void)program, (void)interface;
	return (struct broker_verdict){ .status = right == BROKER_HANDLE ? decision : RS_OK };
}

static bool asked(void *context, uint64_t process, const struct hash *interface,
	enum broker_right right, const char *reason, size_t n)
{
	(void)context, (void)process, (void)interface, (void)right;
	ck_assert_uint_lt(n, sizeof(reason_heard));
	if (n)
		memcpy(reason_heard, reason, n);
	questions++;
	return !no_room;
}

/* Somebody is there to be asked, and has not answered yet. */
static struct home_opened person_is_asked(struct fake *fake)
{
	const struct workers_asker asker = { .ask = asked };

	decision = BROKER_ASK;
	questions = 0;
	no_room = false;
	memset(reason_heard, 0, sizeof(reason_heard));
	workers_policy(workers, decided, NULL);
	workers_set_asker(workers, &asker);
	fake_ready(fake, 1);
	return open_interface(fake, rs_interface_interface, 0);
}

static void say_register(
	struct fake *fake, const struct home_opened *host, uint64_t id, uint8_t which)
{
	uint8_t interface[32] = { which }, body[64];

	say(fake, RECORD_MESSAGE, RS_NEEDS_ANSWER, id, host->slot, body,
		interface_body(RS_INTERFACE_REGISTER, interface, 0, body, sizeof(body)));
	pump();
}

/* 0: no answer is there. */
static uint64_t hear_status(struct fake *fake, uint32_t *status)
{
	struct record head;
	char nothing[1];

	if (hear(fake, &head, nothing, 0) != RECORD_ANSWER)
		return 0;
	*status = head.slot;
	return head.id;
}

START_TEST(a_registration_waits_for_a_person)
{
	static const uint32_t answers[] = { RS_OK, RS_DENIED };
	struct fake fake;
	uint32_t status;
	struct home_opened host = person_is_asked(&fake);

	say_register(&fake, &host, 7, 1);
	say_register(&fake, &host, 8, 2);
	ck_assert_uint_eq(questions, 2);
	workers_reconsider(workers, 0, NULL); /* nothing was decided */
	workers_reconsider(workers, 99, NULL);
	ck_assert_uint_eq(hear_status(&fake, &status), 0);
	decision = answers[_i];
	workers_reconsider(workers, 1, NULL);
	for (uint64_t id = 7; id <= 8; id++) {
		ck_assert_uint_eq(hear_status(&fake, &status), id);
		ck_assert_uint_eq(status, answers[_i]);
	}
	workers_reconsider(workers, 1, NULL);
	ck_assert_uint_eq(hear_status(&fake, &status), 0); /* once */
}
END_TEST

START_TEST(only_so_many_registrations_wait)
{
	struct fake fake;
	uint32_t status;
	struct home_opened host = person_is_asked(&fake);

	for (uint8_t which = 1; which <= WORKER_PETITIONS_MAX + 1; which++)
		say_register(&fake, &host, which, which);
	ck_assert_uint_eq(hear_status(&fake, &status), WORKER_PETITIONS_MAX + 1);
	ck_assert_uint_eq(status, RS_LIMIT);
	ck_assert_uint_eq(hear_status(&fake, &status), 0);
}
END_TEST

START_TEST(a_registration_that_is_cancelled_waits_no_more)
{
	struct fake fake;
	uint32_t status;
	struct home_opened host = person_is_asked(&fake);

	say_register(&fake, &host, 7, 1);
	say_register(&fake, &host, 8, 2);
	say(&fake, RECORD_CANCEL, 0, 7, 0, "", 0);
	say(&fake, RECORD_CANCEL, 0, 99, 0, "", 0);
	pump();
	decision = RS_OK;
	workers_reconsider(workers, 0, NULL);
	ck_assert_uint_eq(hear_status(&fake, &status), 8);
	ck_assert_uint_eq(hear_status(&fake, &status), 0);
}
END_TEST

static void say_ask(struct fake *fake, const struct home_opened *host, uint64_t id,
	int32_t right, const char *reason)
{
	static const uint8_t interface[HASH_BYTES] = { 7 };
	const struct rs_interface_ask_request request = { .interface = { interface,
								  sizeof(interface) },
		.right = right,
		.reason = { reason, strlen(reason) } };
	uint8_t body[256];
	int64_t bytes = rs_interface_ask_body(&request, body, sizeof(body));

	ck_assert_int_gt(bytes, 0);
	say(fake, RECORD_MESSAGE, id ? RS_NEEDS_ANSWER : 0, id, host->slot, body,
		(uint32_t)bytes);
	pump();
}

static const struct hash asked_for = { .bytes = { 7 } };

START_TEST(who_asks_is_told_what_was_decided)
{
	static const uint32_t answers[] = { RS_OK, RS_DENIED };
	struct fake fake;
	uint32_t status;
	struct home_opened host = person_is_asked(&fake);

	say_ask(&fake, &host, 7, RS_INTERFACE_RIGHT_REGISTER, "because");
	ck_assert_str_eq(reason_heard, "because");
	ck_assert_uint_eq(hear_status(&fake, &status), 0);
	decision = answers[_i];
	workers_reconsider(workers, 1, NULL);
	ck_assert_uint_eq(hear_status(&fake, &status), 7);
	ck_assert_uint_eq(status, answers[_i]);
	say_ask(&fake, &host, 8, RS_INTERFACE_RIGHT_REGISTER, "again");
	ck_assert_uint_eq(hear_status(&fake, &status), 8); /* at once */
	ck_assert_uint_eq(status, answers[_i]);
	ck_assert_uint_eq(questions, 1);
}
END_TEST

START_TEST(who_asks_is_told_that_nobody_said_anything)
{
	struct fake fake;
	uint32_t status;
	struct home_opened host = person_is_asked(&fake);

	say_ask(&fake, &host, 7, RS_INTERFACE_RIGHT_REGISTER, "");
	say_register(&fake, &host, 8, 7);
	workers_unanswered(workers, 1, &asked_for, BROKER_USE); /* that was not asked for */
	ck_assert_uint_eq(hear_status(&fake, &status), 0);
	workers_unanswered(workers, 1, &asked_for, BROKER_HANDLE);
	ck_assert_uint_eq(hear_status(&fake, &status), 7);
	ck_assert_uint_eq(status, RS_TIMED_OUT);
	decision = RS_DENIED;
	workers_reconsider(workers, 1, &asked_for);
	ck_assert_uint_eq(hear_status(&fake, &status), 8);
	ck_assert_uint_eq(status, RS_DENIED);
}
END_TEST

START_TEST(a_question_that_is_cancelled_was_asked_all_the_same)
{
	struct fake fake;
	uint32_t status;
	struct home_opened host = person_is_asked(&fake);

	say_ask(&fake, &host, 7, RS_INTERFACE_RIGHT_REGISTER, "");
	say(&fake, RECORD_CANCEL, 0, 7, 0, "", 0);
	pump();
	ck_assert_uint_eq(questions, 1);
	decision = RS_OK;
	workers_reconsider(workers, 1, NULL);
	ck_assert_uint_eq(hear_status(&fake, &status), 0);
}
END_TEST

START_TEST(no_more_is_asked_than_there_is_room_for)
{
	struct fake fake;
	struct worker_stats stats;
	uint32_t status;
	struct home_opened host = person_is_asked(&fake);

	for (uint64_t id = 1; id <= WORKER_PETITIONS_MAX + 1; id++)
		say_ask(&fake, &host, id, RS_INTERFACE_RIGHT_REGISTER, "");
	ck_assert_uint_eq(hear_status(&fake, &status), WORKER_PETITIONS_MAX + 1);
	ck_assert_uint_eq(status, RS_LIMIT);
	no_room = true;
	say_ask(&fake, &host, 99, RS_INTERFACE_RIGHT_REGISTER, "");
	say_ask(&fake, &host, 0, RS_INTERFACE_RIGHT_REGISTER, ""); /* wants no answer */
	ck_assert_uint_eq(hear_status(&fake, &status), 99);
	ck_assert_uint_eq(status, RS_LIMIT);
	ck_assert_uint_eq(hear_status(&fake, &status), 0);
	ck_assert(workers_stats(workers, 1, &stats));
	ck_assert_uint_eq(stats.refused, 3);
}
END_TEST

START_TEST(a_right_that_is_none_is_malformed)
{
	struct fake fake;
	uint32_t status;
	struct home_opened host = person_is_asked(&fake);

	say_ask(&fake, &host, 7, 2, "");
	ck_assert_uint_eq(hear_status(&fake, &status), 7);
	ck_assert_uint_eq(status, RS_MALFORMED);
	ck_assert_uint_eq(questions, 0);
}
END_TEST

START_TEST(nobody_but_rsd_writes_a_table)
{
	struct fake fake;

	fake_ready(&fake, 1);
	ck_assert_ptr_eq(mmap(NULL, TABLE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED,
				 fake.fds[START_TABLE], 0),
		MAP_FAILED);
	ck_assert_int_ne(
		mprotect((void *)(uintptr_t)fake.table, TABLE_BYTES, PROT_READ | PROT_WRITE),
		0);
}
END_TEST

START_TEST(a_notice_reaches_the_worker)
{
	struct fake fake;
	struct record head;
	uint64_t ms;

	fake_ready(&fake, 1);
	ck_assert_int_eq(workers_notice_stop(workers, 1, 10000), 0);
	ck_assert_int_eq(workers_notice_stop(workers, 2, 10000), WORKERS_NOT_SENT);
	ck_assert_int_eq(hear(&fake, &head, &ms, sizeof(ms)), RECORD_NOTICE);
	ck_assert_uint_eq(head.slot, RS_NOTICE_STOP);
	ck_assert_uint_eq(ms, 10000);
}
END_TEST

START_TEST(a_thousand_workers_come_and_go_and_leave_no_descriptor)
{
	struct trap_report report;
	int first = dup(0), fds[START_FDS];

	close(first);
	for (uint64_t p = 1; p <= 1000; p++) {
		MUST(workers_add(workers, p, &a_program, fds) == 0);
		workers_close_fds(fds);
		if (p > 20)
			workers_gone(workers, p - 20, &report);
	}
	for (uint64_t p = 981; p <= 1000; p++)
		workers_gone(workers, p, &report);
	int last = dup(0);
	ck_assert_int_eq(first, last);
	close(last);
}
END_TEST

static Suite *workers_suite(void)
{
	Suite *suite = suite_create("workers");
	TCase *life = tcase_create("life"), *hostile = tcase_create("hostile worker"),
	      *person = tcase_create("a person is asked");

	tcase_add_test(life, a_worker_is_ready_when_it_says_so);
	tcase_add_test(life, a_log_line_reaches_the_output);
	tcase_add_test(life, last_words_are_heard_after_the_end);
	tcase_add_test(life, a_worker_that_ended_at_once_was_ready_all_the_same);
	tcase_add_test(life, output_without_a_place_to_go_waits_in_the_ring);
	tcase_add_test(life, after_work_the_processor_is_given_away_for_more_of_it);
	tcase_add_test(life, two_programs_get_a_lane);
	tcase_add_test(life, who_waits_hears_of_the_handler_when_it_comes);
	tcase_add_test(life, a_limit_for_bodies_reaches_both_ends);
	tcase_add_test(life, the_next_lane_comes_only_after_the_last_was_taken);
	tcase_add_test(life, a_dead_peer_stands_in_the_table);
	tcase_add_test(life, a_notice_reaches_the_worker);
	tcase_add_test(life, a_thousand_workers_come_and_go_and_leave_no_descriptor);
	tcase_add_loop_test(hostile, a_lie_is_the_end_of_the_liar_only, 0, ARRAY_LEN(lies));
	tcase_add_test(hostile, a_fragment_where_none_may_be_is_a_lie);
	tcase_add_test(hostile, a_scribbled_home_lane_is_a_lie);
	tcase_add_test(hostile, nothing_is_heard_before_ready);
	tcase_add_test(hostile, a_page_that_others_could_write_is_refused);
	tcase_add_test(hostile, who_asks_and_does_not_listen_ends);
	tcase_add_test(hostile, answers_without_room_wait_and_come_in_order);
	tcase_add_loop_test(hostile, a_request_that_is_not_as_it_should_be_is_answered_so, 0,
		ARRAY_LEN(odd));
	tcase_add_test(hostile, nobody_but_rsd_writes_a_table);
	tcase_add_loop_test(person, a_registration_waits_for_a_person, 0, 2);
	tcase_add_test(person, only_so_many_registrations_wait);
	tcase_add_test(person, a_registration_that_is_cancelled_waits_no_more);
	tcase_add_loop_test(person, who_asks_is_told_what_was_decided, 0, 2);
	tcase_add_test(person, who_asks_is_told_that_nobody_said_anything);
	tcase_add_test(person, a_question_that_is_cancelled_was_asked_all_the_same);
	tcase_add_test(person, no_more_is_asked_than_there_is_room_for);
	tcase_add_test(person, a_right_that_is_none_is_malformed);
	tcase_add_checked_fixture(person, set_up, tear_down);
	tcase_add_checked_fixture(life, set_up, tear_down);
	tcase_add_checked_fixture(hostile, set_up, tear_down);
	suite_add_tcase(suite, life);
	suite_add_tcase(suite, hostile);
	suite_add_tcase(suite, person);
	return suite;
}

CHECK_MAIN(workers_suite)
