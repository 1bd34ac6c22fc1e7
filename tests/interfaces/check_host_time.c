#include "interfaces/time.h"
#include "tests/interfaces/made_up.h"

#define PER_PROCESS 1024u
#define IN_ALL      65536u

static void *time_host;

static void setup(void)
{
	time_host = host_time.new(&made_up_env);
	ck_assert_ptr_nonnull(time_host);
}

static void teardown(void)
{
	host_time.free(time_host);
}

static void wait_for(uint64_t process, uint64_t id, uint64_t ns)
{
	struct rs_time_wait_for_request wait = { ns };
	uint8_t body[16];

	made_up_send(&host_time, time_host, process, id, body,
		(uint32_t)rs_time_wait_for_body(&wait, body, sizeof(body)));
}

static void wait_until(uint64_t process, uint64_t id, uint64_t ns)
{
	struct rs_time_wait_until_request wait = { ns };
	uint8_t body[16];

	made_up_send(&host_time, time_host, process, id, body,
		(uint32_t)rs_time_wait_until_body(&wait, body, sizeof(body)));
}

/* Moves the clock and lets the host work as the loop would: until nothing is due. */
static void pass_until(uint64_t ns)
{
	made_up.monotonic_ns = ns;
	while (host_time.deadline_ns(time_host) <= ns)
		host_time.tick(time_host, ns);
}

static void expect_answer(uint32_t index, uint64_t process, uint64_t id, uint32_t status)
{
	ck_assert_uint_lt(index, made_up.answers_count);
	ck_assert_uint_eq(made_up.answers[index].process, process);
	ck_assert_uint_eq(made_up.answers[index].id, id);
	ck_assert_uint_eq(made_up.answers[index].status, status);
}

START_TEST(now_tells_both_clocks)
{
	uint32_t request = RS_TIME_NOW;
	struct rs_time_now_answer now;

	ck_assert_uint_eq(
		made_up_ask(&host_time, time_host, 1, 1, &request, sizeof(request)), RS_OK);
	ck_assert_int_eq(rs_time_now_answer_decode(&now, made_up.body, made_up.body_bytes), 0);
	ck_assert_uint_eq(now.monotonic_ns, made_up.monotonic_ns);
	ck_assert_uint_eq(now.realtime_ns, made_up.realtime_ns);
}
END_TEST

START_TEST(a_wait_ends_when_it_is_time_and_not_before)
{
	ck_assert_uint_eq(host_time.deadline_ns(time_host), UINT64_MAX);
	wait_until(1, 10, 2000000);
	ck_assert_uint_eq(host_time.deadline_ns(time_host), 2000000);
	host_time.tick(time_host, 1999999);
	ck_assert_uint_eq(made_up.answers_count, 0);
	host_time.tick(time_host, 2000000);
	ck_assert_uint_eq(made_up.answers_count, 1);
	expect_answer(0, 1, 10, RS_OK);
	ck_assert_uint_eq(made_up.answers[0].bytes, 0);
	ck_assert_uint_eq(host_time.deadline_ns(time_host), UINT64_MAX);
}
END_TEST

START_TEST(wait_for_counts_from_now)
{
	wait_for(1, 10, 500);
	ck_assert_uint_eq(host_time.deadline_ns(time_host), made_up.monotonic_ns + 500);
}
END_TEST

START_TEST(what_is_past_is_answered_at_once)
{
	wait_until(1, 10, 0);
	wait_until(1, 11, made_up.monotonic_ns);
	wait_for(1, 12, 0);
	ck_assert_uint_eq(made_up.answers_count, 3);
	expect_answer(2, 1, 12, RS_OK);
}
END_TEST

START_TEST(a_wait_beyond_the_end_of_time_never_ends)
{
	wait_for(1, 10, UINT64_MAX);
	wait_until(1, 11, UINT64_MAX);
	ck_assert_uint_eq(host_time.deadline_ns(time_host), UINT64_MAX);
	host_time.tick(time_host, UINT64_MAX);
	ck_assert_uint_eq(made_up.answers_count, 0);
}
END_TEST

START_TEST(the_same_moment_is_told_in_the_order_it_was_asked)
{
	for (uint64_t id = 1; id <= 100; id++)
		wait_until(id % 7, id, 5000000);
	pass_until(5000000);
	ck_assert_uint_eq(made_up.answers_count, 100);
	for (uint32_t i = 0; i < 100; i++)
		expect_answer(i, (i + 1) % 7, i + 1, RS_OK);
}
END_TEST

/* A model beside it: due[process][id], 0 when not waiting. */
static uint64_t due[40][500];

static uint64_t next_random(void)
{
	static uint64_t state = 88172645463325252ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* One assertion for all: Check writes each down, which is slow by the million. */
static void check_against_model(uint32_t from, uint64_t now)
{
	uint64_t last = 0;
	bool right = true;

	for (uint32_t i = from; i < made_up.answers_count; i++) {
		uint64_t *entry = &due[made_up.answers[i].process][made_up.answers[i].id];

		right &= *entry != 0 && *entry <= now && *entry >= last;
		last = *entry;
		*entry = 0;
	}
	for (size_t process = 0; process < 40; process++)
		for (size_t id = 1; id < 500; id++)
			right &= due[process][id] == 0 || due[process][id] > now;
	ck_assert(right);
}

START_TEST(thousands_of_waits_end_in_order_while_others_are_cancelled_or_gone)
{
	uint64_t now = made_up.monotonic_ns;

	for (int round = 0; round < 100; round++) {
		for (int i = 0; i < 400; i++) {
			uint64_t process = next_random() % 40, id = 1 + next_random() % 499;

			if (due[process][id]) {
				host_time.cancelled(time_host, process, id);
				due[process][id] = 0;
			} else {
				due[process][id] = now + 1 + next_random() % 20000;
				wait_until(process, id, due[process][id]);
			}
		}
		if (round % 10 == 9) {
			uint64_t gone = next_random() % 40;

			host_time.process_gone(time_host, gone);
			memset(due[gone], 0, sizeof(due[gone]));
		}
		uint32_t had = made_up.answers_count;
		now += 1000;
		pass_until(now);
		check_against_model(had, now);
	}
	ck_assert_uint_gt(made_up.answers_count, 5000);
}
END_TEST

START_TEST(a_process_has_its_limit_and_others_have_theirs)
{
	for (uint64_t id = 1; id <= PER_PROCESS + 1; id++)
		wait_until(1, id, 5000000 + id);
	ck_assert_uint_eq(made_up.answers_count, 1);
	expect_answer(0, 1, PER_PROCESS + 1, RS_LIMIT);
	wait_until(2, 1, 5000000);
	ck_assert_uint_eq(made_up.answers_count, 1);

	host_time.cancelled(time_host, 1, 17); /* makes room for one */
	wait_until(1, 17, 6000000);
	ck_assert_uint_eq(made_up.answers_count, 1);
	pass_until(7000000);
	ck_assert_uint_eq(made_up.answers_count, 1 + PER_PROCESS + 1);
}
END_TEST

START_TEST(all_together_have_a_limit)
{
	uint64_t process = 0;

	for (uint32_t n = 0; n < IN_ALL; n++) {
		process = 1 + n / PER_PROCESS;
		wait_until(process, n + 1, 5000000 + n);
	}
	ck_assert_uint_eq(made_up.answers_count, 0);
	wait_until(process + 1, 1, 5000000);
	expect_answer(0, process + 1, 1, RS_LIMIT);
	host_time.process_gone(time_host, 1);
	wait_until(process + 1, 2, 5000000);
	ck_assert_uint_eq(made_up.answers_count, 1);
}
END_TEST

START_TEST(one_tick_answers_so_many_and_the_rest_stays_due)
{
	for (uint64_t process = 1; process <= 3; process++)
		for (uint64_t id = 1; id <= 1000; id++)
			wait_until(process, id, 5000000);
	host_time.tick(time_host, 5000000);
	ck_assert_uint_eq(made_up.answers_count, 1024);
	ck_assert_uint_eq(host_time.deadline_ns(time_host), 5000000);
	pass_until(5000000);
	ck_assert_uint_eq(made_up.answers_count, 3000);
}
END_TEST

START_TEST(a_cancelled_wait_is_not_answered)
{
	wait_until(1, 10, 2000000);
	wait_until(2, 10, 2000000); /* another process, the same number */
	host_time.cancelled(time_host, 1, 10);
	host_time.cancelled(time_host, 1, 10);
	host_time.cancelled(time_host, 1, 99);
	host_time.cancelled(time_host, 99, 10);
	pass_until(3000000);
	ck_assert_uint_eq(made_up.answers_count, 1);
	expect_answer(0, 2, 10, RS_OK);
}
END_TEST

START_TEST(a_cancel_after_the_answer_changes_nothing)
{
	wait_until(1, 10, 2000000);
	pass_until(2000000);
	host_time.cancelled(time_host, 1, 10);
	wait_until(1, 11, 3000000);
	host_time.cancelled(time_host, 1, 10);
	pass_until(3000000);
	ck_assert_uint_eq(made_up.answers_count, 2);
	expect_answer(1, 1, 11, RS_OK);
}
END_TEST

START_TEST(the_waits_of_a_process_go_with_it)
{
	for (uint64_t id = 1; id <= 500; id++) {
		wait_until(1, id, 5000000 + id * 7919 % 500);
		wait_until(2, id, 5000000 + id * 104729 % 500);
	}
	host_time.process_gone(time_host, 1);
	host_time.process_gone(time_host, 1);
	host_time.process_gone(time_host, 99);
	pass_until(6000000);
	ck_assert_uint_eq(made_up.answers_count, 500);
	for (uint32_t i = 0; i < 500; i++)
		ck_assert_uint_eq(made_up.answers[i].process, 2);
}
END_TEST

START_TEST(a_wait_that_nobody_hears_of_is_not_kept)
{
	wait_until(1, 0, 5000000);
	ck_assert_uint_eq(host_time.deadline_ns(time_host), UINT64_MAX);
	ck_assert_uint_eq(made_up.answers_count, 0);
}
END_TEST

START_TEST(unreadable_bodies_are_harmless)
{
	/* a number that is cut short, in each of the waits */
	static const uint8_t cut[] = { 1, 0, 0, 0, 0x09, 1, 2, 3, 4, 5, 6, 7, 8 };

	made_up_lies(&host_time, time_host);
	for (uint32_t bytes = 5; bytes < sizeof(cut); bytes++)
		ck_assert_uint_eq(
			made_up_ask(&host_time, time_host, 1, 1, cut, bytes), RS_MALFORMED);
	ck_assert_uint_eq(host_time.deadline_ns(time_host), UINT64_MAX);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("host_time");
	TCase *clock = tcase_create("clock"), *limits = tcase_create("limits"),
	      *ends = tcase_create("cancel and gone"), *lies = tcase_create("hostile bodies");
	TCase *all[] = { clock, limits, ends, lies };

	tcase_add_test(clock, now_tells_both_clocks);
	tcase_add_test(clock, a_wait_ends_when_it_is_time_and_not_before);
	tcase_add_test(clock, wait_for_counts_from_now);
	tcase_add_test(clock, what_is_past_is_answered_at_once);
	tcase_add_test(clock, a_wait_beyond_the_end_of_time_never_ends);
	tcase_add_test(clock, the_same_moment_is_told_in_the_order_it_was_asked);
	tcase_add_test(
		clock, thousands_of_waits_end_in_order_while_others_are_cancelled_or_gone);
	tcase_add_test(limits, a_process_has_its_limit_and_others_have_theirs);
	tcase_add_test(limits, all_together_have_a_limit);
	tcase_add_test(limits, one_tick_answers_so_many_and_the_rest_stays_due);
	tcase_add_test(ends, a_cancelled_wait_is_not_answered);
	tcase_add_test(ends, a_cancel_after_the_answer_changes_nothing);
	tcase_add_test(ends, the_waits_of_a_process_go_with_it);
	tcase_add_test(ends, a_wait_that_nobody_hears_of_is_not_kept);
	tcase_add_test(lies, unreadable_bodies_are_harmless);
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_add_checked_fixture(all[i], setup, teardown);
		suite_add_tcase(s, all[i]);
	}
	return s;
}

CHECK_MAIN(suite)
