#include "tests/runtime/made_up_worker.h"

/* --- polling --- */

#define EVENTS_AT 4096u
#define COUNT_AT  8192u

static struct wasi_event event(uint32_t i)
{
	struct wasi_event event;

	memcpy(&event, MEMORY + EVENTS_AT + i * sizeof(event), sizeof(event));
	return event;
}

/* Answers how many events there are. */
static uint32_t poll_of(const struct wasi_subscription *subscriptions, uint32_t count)
{
	memcpy(MEMORY + 1, subscriptions, count * sizeof(*subscriptions));
	ck_assert_uint_eq(wasi_poll_oneoff(NULL, 1, EVENTS_AT, count, COUNT_AT), WASI_OK);
	return u32_at(COUNT_AT);
}

static struct wasi_subscription after(uint64_t userdata, uint64_t ns)
{
	return (struct wasi_subscription){
		.userdata = userdata, .id = WASI_CLOCK_MONOTONIC, .timeout_ns = ns
	};
}

static struct wasi_subscription at(uint64_t userdata, uint32_t clock, uint64_t ns)
{
	return (struct wasi_subscription){ .userdata = userdata,
		.id = clock,
		.timeout_ns = ns,
		.flags = WASI_SUBCLOCK_ABSOLUTE };
}

static struct wasi_subscription stream(uint64_t userdata, uint8_t type, uint32_t fd)
{
	return (struct wasi_subscription){ .userdata = userdata, .type = type, .id = fd };
}

START_TEST(a_poll_of_one_clock_is_a_sleep)
{
	struct wasi_subscription one = after(42, 3000);

	ck_assert_uint_eq(poll_of(&one, 1), 1);
	ck_assert_uint_eq(slept_until_ns, 5003000);
	ck_assert_uint_eq(event(0).userdata, 42);
	ck_assert_uint_eq(event(0).error, WASI_OK);
	ck_assert_uint_eq(event(0).type, WASI_EVENT_CLOCK);
}
END_TEST

START_TEST(the_first_moment_of_several_ends_the_poll)
{
	struct wasi_subscription several[] = { after(1, 9000),
		at(2, WASI_CLOCK_MONOTONIC, 5000000 + 4000), after(3, UINT64_MAX),
		after(4, 4000), at(5, WASI_CLOCK_PROCESS_CPUTIME, 4000) };

	ck_assert_uint_eq(poll_of(several, 5), 3);
	ck_assert_uint_eq(slept_until_ns, 5004000);
	ck_assert_uint_eq(event(0).userdata, 2);
	ck_assert_uint_eq(event(1).userdata, 4);
	ck_assert_uint_eq(event(2).userdata, 5);
}
END_TEST

START_TEST(an_absolute_moment_of_the_wall_clock_is_as_far_away_as_it_is)
{
	uint64_t real = ((uint64_t)time(NULL) + 1000) * 1000000000u;
	struct wasi_subscription one = at(1, WASI_CLOCK_REALTIME, real);

	ck_assert_uint_eq(poll_of(&one, 1), 1);
	ck_assert_uint_gt(slept_until_ns, 990 * 1000000000ull);
	ck_assert_uint_le(slept_until_ns, 1001 * 1000000000ull);
}
END_TEST

START_TEST(what_is_past_is_now)
{
	struct wasi_subscription several[] = { at(1, WASI_CLOCK_MONOTONIC, 0),
		at(2, WASI_CLOCK_REALTIME, 1), after(3, 0), after(4, 1) };

	ck_assert_uint_eq(poll_of(several, 4), 3);
	ck_assert_uint_eq(now_ns, 5000000);
}
END_TEST

START_TEST(mistakes_in_a_subscription_are_its_event)
{
	struct wasi_subscription several[] = { after(1, 5000), at(2, WASI_CLOCKS, 0),
		stream(3, WASI_EVENT_FD_READ, 3), stream(4, WASI_EVENT_FD_WRITE, 0),
		stream(5, WASI_EVENT_FD_READ, UINT32_MAX), stream(6, WASI_EVENT_FD_READ, 1) };

	ck_assert_uint_eq(poll_of(several, 6), 5);
	ck_assert_uint_eq(event(0).userdata, 2);
	ck_assert_uint_eq(event(0).error, WASI_INVAL);
	for (uint32_t i = 1; i < 5; i++)
		ck_assert_uint_eq(event(i).error, WASI_BADF);
	ck_assert_uint_eq(now_ns, 5000000);
}
END_TEST

START_TEST(output_is_always_ready)
{
	struct wasi_subscription several[] = { after(1, 5000),
		stream(2, WASI_EVENT_FD_WRITE, 1), stream(3, WASI_EVENT_FD_WRITE, 2) };

	ck_assert_uint_eq(poll_of(several, 3), 2);
	ck_assert_uint_eq(event(0).userdata, 2);
	ck_assert_uint_gt(event(0).bytes, 0);
	ck_assert_uint_eq(now_ns, 5000000);
}
END_TEST

START_TEST(input_without_somebody_attached_is_ready_to_end)
{
	struct wasi_subscription several[] = { after(1, 5000),
		stream(2, WASI_EVENT_FD_READ, 0) };

	ck_assert_uint_eq(poll_of(several, 2), 1);
	ck_assert_uint_eq(event(0).userdata, 2);
	ck_assert_uint_eq(event(0).bytes, 0);
	ck_assert_uint_eq(event(0).flags, WASI_EVENT_HANGUP);
	ck_assert_uint_eq(asked.count, 0);
}
END_TEST

static uint64_t console_asked_until(void)
{
	struct rs_console_wait_request request;
	uint32_t rpc;
	struct rs_bytes message = asked_message(&rpc);

	ck_assert_uint_eq(asked.count, 1);
	ck_assert_mem_eq(asked.interface, rs_interface_console, 32);
	ck_assert_uint_eq(rpc, RS_CONSOLE_WAIT);
	ck_assert_int_eq(
		rs_console_wait_request_decode(&request, message.at, message.bytes), 0);
	return request.has_until_ns ? request.until_ns : UINT64_MAX;
}

static void will_tell(uint32_t bytes, bool ended)
{
	struct rs_console_wait_answer answer = { bytes, ended };

	asked.answer_bytes = (uint32_t)rs_console_wait_answer_encode(
		&answer, asked.answer, sizeof(asked.answer));
}

START_TEST(input_wakes_a_poll_before_its_time)
{
	struct wasi_subscription several[] = { after(1, 5000),
		stream(2, WASI_EVENT_FD_READ, 0) };

	attach();
	will_tell(17, false);
	asked.takes_until_ns = 5002000;
	ck_assert_uint_eq(poll_of(several, 2), 1);
	ck_assert_uint_eq(console_asked_until(), 5005000);
	ck_assert_uint_eq(event(0).userdata, 2);
	ck_assert_uint_eq(event(0).bytes, 17);
	ck_assert_uint_eq(event(0).flags, 0);
	ck_assert_uint_eq(sleeps, 0);
}
END_TEST

START_TEST(input_that_does_not_come_leaves_the_poll_to_its_time)
{
	struct wasi_subscription several[] = { stream(2, WASI_EVENT_FD_READ, 0),
		after(1, 5000) };

	attach();
	asked.status = RS_TIMED_OUT;
	asked.takes_until_ns = 5005000;
	ck_assert_uint_eq(poll_of(several, 2), 1);
	ck_assert_uint_eq(event(0).userdata, 1);
}
END_TEST

START_TEST(input_is_only_looked_at_when_something_else_is_ready)
{
	struct wasi_subscription several[] = { stream(1, WASI_EVENT_FD_READ, 0),
		stream(2, WASI_EVENT_FD_WRITE, 1) };

	attach();
	asked.status = RS_TIMED_OUT;
	ck_assert_uint_eq(poll_of(several, 2), 1);
	ck_assert_uint_eq(console_asked_until(), 0);
	ck_assert_uint_eq(event(0).userdata, 2);
}
END_TEST

START_TEST(the_end_of_input_wakes_a_poll)
{
	struct wasi_subscription one = stream(2, WASI_EVENT_FD_READ, 0);

	attach();
	will_tell(0, true);
	ck_assert_uint_eq(poll_of(&one, 1), 1);
	ck_assert_uint_eq(console_asked_until(), UINT64_MAX);
	ck_assert_uint_eq(event(0).flags, WASI_EVENT_HANGUP);
}
END_TEST

START_TEST(input_that_cannot_be_waited_for_is_an_event_with_its_error)
{
	struct wasi_subscription one = stream(2, WASI_EVENT_FD_READ, 0);

	attach();
	asked.status = RS_DENIED;
	ck_assert_uint_eq(poll_of(&one, 1), 1);
	ck_assert_uint_eq(event(0).error, WASI_ACCES);
	ck_assert_uint_eq(event(0).flags, 0);
	asked.status = RS_OK;
	memcpy(asked.answer, "\x08", 1); /* a tag, and no number behind it */
	asked.answer_bytes = 1;
	ck_assert_uint_eq(poll_of(&one, 1), 1);
	ck_assert_uint_eq(event(0).error, WASI_IO);
}
END_TEST

START_TEST(a_poll_that_cannot_be_read_does_not_sleep)
{
	static const struct {
		uint32_t in, out, count, count_out, error;
	} bad[] = {
		{ 0, EVENTS_AT, 0, COUNT_AT, WASI_INVAL },
		{ 0, EVENTS_AT, WASI_SUBSCRIPTIONS_MAX + 1, COUNT_AT, WASI_INVAL },
		{ 0, EVENTS_AT, UINT32_MAX, COUNT_AT, WASI_INVAL },
		{ END - 47, EVENTS_AT, 1, COUNT_AT, WASI_FAULT },
		{ UINT32_MAX, EVENTS_AT, 1, COUNT_AT, WASI_FAULT },
		{ 0, END - 31, 1, COUNT_AT, WASI_FAULT },
		{ 0, EVENTS_AT, 1, END - 3, WASI_FAULT },
		{ END - 95, EVENTS_AT, 2, COUNT_AT, WASI_FAULT },
		{ 0, END - 63, 2, COUNT_AT, WASI_FAULT },
	};
	struct wasi_subscription unknown = { .type = WASI_EVENTS };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_uint_eq(wasi_poll_oneoff(NULL, bad[i].in, bad[i].out, bad[i].count,
					  bad[i].count_out),
			bad[i].error);
	for (uint32_t type = WASI_EVENTS; type < 256; type++) {
		unknown.type = (uint8_t)type;
		memcpy(MEMORY, &unknown, sizeof(unknown));
		ck_assert_uint_eq(
			wasi_poll_oneoff(NULL, 0, EVENTS_AT, 1, COUNT_AT), WASI_INVAL);
	}
	ck_assert_uint_eq(sleeps, 0);
}
END_TEST

START_TEST(as_many_subscriptions_as_there_may_be_are_all_served)
{
	uint32_t events = WASI_SUBSCRIPTIONS_MAX * sizeof(struct wasi_subscription);

	for (uint32_t i = 0; i < WASI_SUBSCRIPTIONS_MAX; i++) {
		struct wasi_subscription one = after(i, 1000);
		memcpy(MEMORY + i * sizeof(one), &one, sizeof(one));
	}
	ck_assert_uint_eq(
		wasi_poll_oneoff(NULL, 0, events, WASI_SUBSCRIPTIONS_MAX, END - 4), WASI_OK);
	ck_assert_uint_eq(u32_at(END - 4), WASI_SUBSCRIPTIONS_MAX);
	for (uint32_t i = 0; i < WASI_SUBSCRIPTIONS_MAX; i++)
		ck_assert_uint_eq(u64_at(events + i * sizeof(struct wasi_event)), i);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("wasi_poll");
	TCase *polling = add_case(s, "polling");

	tcase_add_test(polling, a_poll_of_one_clock_is_a_sleep);
	tcase_add_test(polling, the_first_moment_of_several_ends_the_poll);
	tcase_add_test(polling, an_absolute_moment_of_the_wall_clock_is_as_far_away_as_it_is);
	tcase_add_test(polling, what_is_past_is_now);
	tcase_add_test(polling, mistakes_in_a_subscription_are_its_event);
	tcase_add_test(polling, output_is_always_ready);
	tcase_add_test(polling, input_without_somebody_attached_is_ready_to_end);
	tcase_add_test(polling, input_wakes_a_poll_before_its_time);
	tcase_add_test(polling, input_that_does_not_come_leaves_the_poll_to_its_time);
	tcase_add_test(polling, input_is_only_looked_at_when_something_else_is_ready);
	tcase_add_test(polling, the_end_of_input_wakes_a_poll);
	tcase_add_test(polling, input_that_cannot_be_waited_for_is_an_event_with_its_error);
	tcase_add_test(polling, a_poll_that_cannot_be_read_does_not_sleep);
	tcase_add_test(polling, as_many_subscriptions_as_there_may_be_are_all_served);
	return s;
}

CHECK_MAIN(suite)
