/*
 * check_hearing.c: messages to host interfaces: which are heard, when they may not be used any
 * more, and when there are too many of them.
 */
#include "interfaces/time.h"
#include "supervisor/workers/hosts.h"
#include "tests/check_run.h"
#include "tests/supervisor/fake_worker.h"

static struct fake worker;
static struct broker_verdict verdict; /* on everything but `interface` */

static struct broker_verdict on_policy(void *context, uint64_t process,
	const struct hash *program, const struct hash *interface, enum broker_right right)
{
	(void)context, (void)process, (void)program, (void)right;
	if (memcmp(interface->bytes, rs_interface_interface, HASH_BYTES) == 0)
		return (struct broker_verdict){ .status = RS_OK };
	return verdict;
}

static void set_up_judged(void)
{
	set_up();
	workers_policy(workers, on_policy, NULL);
	verdict = (struct broker_verdict){ .status = RS_OK };
	fake_ready(&worker, 1);
}

static void judge(struct broker_verdict now)
{
	verdict = now;
	workers_reconsider(workers, 0, NULL);
	pump();
}

static uint64_t table_slots(void)
{
	return worker.table->lanes[LANE_HOME].slots;
}

static struct worker_stats stats(void)
{
	struct worker_stats out;

	ck_assert(workers_stats(workers, 1, &out));
	return out;
}

static void log_text(uint32_t slot)
{
	const struct home_opened log = { .slot = slot };

	log_line(&worker, &log, RS_LOG_STDOUT, "hi\n");
	pump();
}

/* Waits for a time that never comes. */
static void ask_time(uint32_t slot, uint64_t id)
{
	struct rs_time_wait_until_request request = { .monotonic_ns = UINT64_MAX };
	uint8_t body[32];

	say(&worker, RECORD_MESSAGE, RS_NEEDS_ANSWER, id, slot, body,
		(uint32_t)rs_time_wait_until_body(&request, body, sizeof(body)));
	pump();
}

#define NOTHING UINT32_MAX

static uint32_t answered(uint64_t id)
{
	struct record head;
	uint8_t body[64];

	if (hear(&worker, &head, body, sizeof(body)) != RECORD_ANSWER)
		return NOTHING;
	ck_assert_uint_eq(head.id, id);
	return head.slot;
}

/* ---- slots ---- */

START_TEST(a_slot_stands_in_the_table_once_it_is_given)
{
	ck_assert_uint_eq(table_slots(), 0);
	struct home_opened opened = open_interface(&worker, rs_interface_log, 0);
	ck_assert_uint_eq(opened.status, RS_OK);
	ck_assert_uint_eq(opened.lane, LANE_HOME);
	ck_assert_uint_eq(table_slots(), 1ull << opened.slot);
}
END_TEST

START_TEST(a_slot_that_was_never_given_is_a_lie)
{
	log_text(HOSTS_LOG);
	ck_assert_uint_eq(broken_process, 1);
}
END_TEST

START_TEST(what_was_taken_away_is_denied_and_no_lie)
{
	uint32_t slot = open_interface(&worker, rs_interface_log, 0).slot;

	log_text(slot);
	ck_assert_uint_eq(output_bytes, 3);
	uint64_t version = worker.table->version;
	judge((struct broker_verdict){ .status = RS_DENIED });
	ck_assert_uint_eq(table_slots(), 0);
	ck_assert_uint_gt(worker.table->version, version);
	log_text(slot);
	ck_assert_uint_eq(output_bytes, 3);
	ask_time(slot, 7);
	ck_assert_uint_eq(answered(7), RS_DENIED);
	ck_assert_uint_eq(stats().denied, 2);
	ck_assert_uint_eq(stats().messages, 1);
	ck_assert_uint_eq(broken_process, 0);
	ck_assert_uint_eq(open_interface(&worker, rs_interface_log, 0).status, RS_DENIED);
}
END_TEST

START_TEST(what_is_given_again_is_heard_again)
{
	uint32_t slot = open_interface(&worker, rs_interface_log, 0).slot;

	judge((struct broker_verdict){ .status = RS_DENIED });
	judge((struct broker_verdict){ .status = RS_OK });
	ck_assert_uint_eq(open_interface(&worker, rs_interface_log, 0).status, RS_OK);
	log_text(slot);
	ck_assert_uint_eq(output_bytes, 3);
}
END_TEST

/* ---- limits ---- */

static uint32_t open_limited(const uint8_t interface[32], uint32_t body_bytes,
	uint32_t a_second, uint32_t outstanding)
{
	verdict.limits = (struct broker_limits){ body_bytes, a_second, outstanding };
	return open_interface(&worker, interface, 0).slot;
}

START_TEST(so_many_may_wait_for_an_answer)
{
	uint32_t slot = open_limited(rs_interface_time, 0, 0, 2);

	ask_time(slot, 7);
	ask_time(slot, 8);
	ck_assert_uint_eq(answered(7), NOTHING);
	ask_time(slot, 9);
	ck_assert_uint_eq(answered(9), RS_LIMIT);
	ck_assert_uint_eq(stats().limited, 1);
	say(&worker, RECORD_CANCEL, 0, 8, 0, "", 0);
	pump();
	ask_time(slot, 10);
	ck_assert_uint_eq(answered(10), NOTHING);
}
END_TEST

START_TEST(an_answer_makes_room_for_another)
{
	const struct home_opened host = { .slot = open_limited(rs_interface_random, 0, 0, 1) };

	for (uint64_t id = 1; id <= 3; id++) {
		ask_random(&worker, &host, id, 4);
		pump();
		ck_assert_uint_eq(answered(id), RS_OK);
	}
}
END_TEST

START_TEST(a_refusal_is_no_answer_to_another_of_that_id)
{
	uint32_t slot = open_limited(rs_interface_time, 0, 0, 1);

	ask_time(slot, 7);
	for (int i = 0; i < 3; i++) {
		ask_time(slot, 7);
		ck_assert_uint_eq(answered(7), RS_LIMIT);
	}
}
END_TEST

START_TEST(a_long_body_is_too_big)
{
	uint32_t slot = open_limited(rs_interface_time, 4, 0, 0);

	ask_time(slot, 7);
	ck_assert_uint_eq(answered(7), RS_TOO_BIG);
}
END_TEST

START_TEST(what_wants_no_answer_is_dropped)
{
	uint32_t slot = open_limited(rs_interface_log, 4, 0, 0);

	log_text(slot);
	ck_assert_uint_eq(output_bytes, 0);
	ck_assert_uint_eq(stats().limited, 1);
	judge((struct broker_verdict){ .status = RS_OK });
	log_text(slot);
	ck_assert_uint_eq(output_bytes, 3);
}
END_TEST

/* ---- what a process may do ---- */

static struct rs_interface_state_answer state(const uint8_t interface[32])
{
	struct rs_interface_state_request request = { .interface = { interface, HASH_BYTES } };
	struct home_opened to = open_interface(&worker, rs_interface_interface, 0);
	struct rs_interface_state_answer out;
	struct record head;
	uint8_t body[64];

	say(&worker, RECORD_MESSAGE, RS_NEEDS_ANSWER, 5, to.slot, body,
		(uint32_t)rs_interface_state_body(&request, body, sizeof(body)));
	pump();
	ck_assert_uint_eq(hear(&worker, &head, body, sizeof(body)), RECORD_ANSWER);
	ck_assert_uint_eq(head.slot, RS_OK);
	ck_assert_int_eq(rs_interface_state_answer_decode(&out, body, head.total_len), 0);
	return out;
}

START_TEST(a_process_is_told_what_it_may_do)
{
	verdict.limits = (struct broker_limits){ 1000, 7, 3 };
	struct rs_interface_state_answer out = state(rs_interface_time);
	ck_assert_int_eq(out.grant, RS_INTERFACE_GRANT_ALLOW);
	ck_assert(out.handled);
	ck_assert_uint_eq(out.body_bytes_max, 1000);
	ck_assert_uint_eq(out.messages_a_second, 7);
	ck_assert_uint_eq(out.outstanding_max, 3);
}
END_TEST

START_TEST(of_what_it_may_not_use_it_learns_nothing)
{
	static const uint32_t statuses[] = { RS_DENIED, BROKER_ASK };
	static const int32_t grants[] = { RS_INTERFACE_GRANT_DENY, RS_INTERFACE_GRANT_ASK };

	verdict.status = statuses[_i];
	struct rs_interface_state_answer out = state(rs_interface_time);
	ck_assert_int_eq(out.grant, grants[_i]);
	ck_assert(!out.handled);
	ck_assert_uint_eq(out.body_bytes_max, 0);
}
END_TEST

static Suite *hearing_suite(void)
{
	Suite *suite = suite_create("hearing");
	TCase *slots = tcase_create("slots"), *limits = tcase_create("limits"),
	      *told = tcase_create("told");
	TCase *all[] = { slots, limits, told };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_add_checked_fixture(all[i], set_up_judged, tear_down);
		suite_add_tcase(suite, all[i]);
	}
	tcase_add_test(slots, a_slot_stands_in_the_table_once_it_is_given);
	tcase_add_test(slots, a_slot_that_was_never_given_is_a_lie);
	tcase_add_test(slots, what_was_taken_away_is_denied_and_no_lie);
	tcase_add_test(slots, what_is_given_again_is_heard_again);
	tcase_add_test(limits, so_many_may_wait_for_an_answer);
	tcase_add_test(limits, an_answer_makes_room_for_another);
	tcase_add_test(limits, a_refusal_is_no_answer_to_another_of_that_id);
	tcase_add_test(limits, a_long_body_is_too_big);
	tcase_add_test(limits, what_wants_no_answer_is_dropped);
	tcase_add_test(told, a_process_is_told_what_it_may_do);
	tcase_add_loop_test(told, of_what_it_may_not_use_it_learns_nothing, 0, 2);
	return suite;
}

CHECK_MAIN(hearing_suite)
