#include <poll.h>
#include <seccomp.h>
#include <string.h>

#include <sys/eventfd.h>

#include "supervisor/loop.h"
#include "tests/check_run.h"

#define MS 1000000ull

static struct loop *loop;

static void set_up(void)
{
	ck_assert_int_eq(loop_new(&loop), 0);
}

static void tear_down(void)
{
	loop = loop_free(loop);
}

/* Turns until *counter has the value, or for so long. */
static void turn_until(const int *counter, int value, uint64_t ms)
{
	uint64_t end = loop_now_ns() + ms * MS;

	while (*counter < value && loop_now_ns() < end) {
		ck_assert_int_eq(loop_wait(loop, end), 0);
		loop_dispatch(loop);
	}
}

struct seen {
	int calls, result, total;
	char text[64];
};

static void ready(void *context, int result)
{
	struct seen *seen = context;

	seen->calls++;
	seen->result = result;
}

static void bytes(void *context, const uint8_t *b, int n)
{
	struct seen *seen = context;

	seen->calls++;
	seen->result = n;
	if (n > 0 && seen->total + n < (int)sizeof(seen->text))
		memcpy(seen->text + seen->total, b, (size_t)n);
	seen->total += n > 0 ? n : 0;
}

START_TEST(poll_calls_once_when_there_is_something)
{
	struct seen seen = { 0 };
	uint64_t watch;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(loop_poll(loop, fds[0], POLLIN, ready, &seen, &watch), 0);
	turn_until(&seen.calls, 1, 20);
	ck_assert_int_eq(seen.calls, 0);
	ck_assert_int_eq(write(fds[1], "xy", 2), 2);
	turn_until(&seen.calls, 2, 50);
	ck_assert_int_eq(seen.calls, 1);
	ck_assert_int_eq(seen.result, POLLIN);
}
END_TEST

START_TEST(a_cancelled_watch_is_never_called)
{
	struct seen seen = { 0 }, other = { 0 };
	uint64_t watch, again;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(loop_poll(loop, fds[0], POLLIN, ready, &seen, &watch), 0);
	turn_until(&seen.calls, 1, 5);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	loop_cancel(loop, &watch); /* it may have come true already: that is the point */
	ck_assert_uint_eq(watch, 0);
	loop_cancel(loop, &watch);
	ck_assert_int_eq(loop_poll(loop, fds[0], POLLIN, ready, &other, &again), 0);
	turn_until(&other.calls, 1, 1000);
	ck_assert_int_eq(other.calls, 1);
	ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(a_descriptor_may_be_closed_right_after_the_cancel)
{
	struct seen seen = { 0 };

	for (int i = 0; i < 3000; i++) { /* more than the submission queue holds */
		uint64_t watch;
		int fd = eventfd(0, EFD_CLOEXEC);
		ck_assert_int_eq(loop_read(loop, fd, bytes, &seen, &watch), 0);
		loop_cancel(loop, &watch);
		close(fd);
	}
	turn_until(&seen.calls, 1, 20);
	ck_assert_int_eq(seen.calls, 0);
}
END_TEST

START_TEST(read_reads_again_and_again_until_the_end)
{
	struct seen seen = { 0 };
	uint64_t watch;
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(loop_read(loop, fds[0], bytes, &seen, &watch), 0);
	ck_assert_int_eq(write(fds[1], "one ", 4), 4);
	turn_until(&seen.total, 4, 1000);
	ck_assert_int_eq(write(fds[1], "two", 3), 3);
	turn_until(&seen.total, 7, 1000);
	ck_assert_str_eq(seen.text, "one two");
	close(fds[1]);
	int calls = seen.calls;
	turn_until(&seen.calls, calls + 1, 1000);
	ck_assert_int_eq(seen.result, 0);
	turn_until(&seen.calls, calls + 2, 20);
	ck_assert_int_eq(seen.calls, calls + 1);
}
END_TEST

struct chain {
	struct loop_timer timer;
	char *order;
	char letter;
	int *count;
};

static void note(void *context)
{
	struct chain *chain = context;

	chain->order[(*chain->count)++] = chain->letter;
}

START_TEST(timers_come_in_the_order_of_their_time)
{
	char order[8] = "";
	int count = 0;
	uint64_t now = loop_now_ns();
	struct chain chains[4] = { 0 };
	static const uint64_t after[] = { 12, 3, 7, 9 };

	for (int i = 0; i < 4; i++) {
		chains[i] = (struct chain){
			.order = order, .letter = (char)('a' + i), .count = &count
		};
		loop_timer_set(loop, &chains[i].timer, now + after[i] * MS, note, &chains[i]);
	}
	loop_timer_stop(&chains[3].timer);
	loop_timer_stop(&chains[3].timer);
	turn_until(&count, 3, 1000);
	turn_until(&count, 4, 20);
	ck_assert_str_eq(order, "bca");
	ck_assert(loop_now_ns() - now >= 12 * MS);
}
END_TEST

START_TEST(a_timer_that_is_set_again_moves)
{
	char order[8] = "";
	int count = 0;
	uint64_t now = loop_now_ns();
	struct chain chain = { .order = order, .letter = 'x', .count = &count };

	loop_timer_set(loop, &chain.timer, now + 5 * MS, note, &chain);
	loop_timer_set(loop, &chain.timer, now + 40 * MS, note, &chain);
	turn_until(&count, 1, 1000);
	ck_assert(loop_now_ns() - now >= 40 * MS);
	turn_until(&count, 2, 60);
	ck_assert_int_eq(count, 1);
}
END_TEST

START_TEST(wait_does_not_sleep_past_its_time)
{
	uint64_t begin = loop_now_ns();

	ck_assert_int_eq(loop_wait(loop, 0), 0);
	ck_assert(loop_now_ns() - begin < 500 * MS);
	ck_assert_int_eq(loop_wait(loop, begin + 30 * MS), 0);
	ck_assert(loop_now_ns() - begin >= 29 * MS);
}
END_TEST

START_TEST(watches_have_an_end)
{
	struct seen seen = { 0 };
	uint64_t watch;
	int fds[2], r = 0;
	uint32_t n = 0;

	ck_assert_int_eq(pipe(fds), 0);
	while (n <= LOOP_WATCHES_MAX && r == 0) {
		r = loop_poll(loop, fds[0], POLLIN, ready, &seen, &watch);
		n++;
	}
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_uint_eq(n, LOOP_WATCHES_MAX);
}
END_TEST

static void forbid_io_uring(int error)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	ck_assert_int_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint16_t)error),
				 SCMP_SYS(io_uring_setup), 0),
		0);
	ck_assert_int_eq(seccomp_load(filter), 0);
	seccomp_release(filter);
}

START_TEST(a_machine_without_io_uring_is_told_from_one_that_forbids_it)
{
	struct loop *none;
	int error = _i ? EPERM : ENOSYS;

	forbid_io_uring(error);
	ck_assert_int_eq(loop_new(&none), -error);
}
END_TEST

START_TEST(every_refusal_has_a_line)
{
	static const int errors[] = { -ENOSYS, -EPERM, -ENOMEM, -EOPNOTSUPP, -EINVAL };

	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		ck_assert_uint_gt(strlen(loop_why(errors[i])), 5);
	ck_assert_ptr_nonnull(strstr(loop_why(-ENOSYS), "io_uring"));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("loop");
	TCase *watches = tcase_create("watches"), *timers = tcase_create("timers"),
	      *refusals = tcase_create("refusals");

	tcase_add_checked_fixture(watches, set_up, tear_down);
	tcase_add_checked_fixture(timers, set_up, tear_down);
	tcase_add_test(watches, poll_calls_once_when_there_is_something);
	tcase_add_test(watches, a_cancelled_watch_is_never_called);
	tcase_add_test(watches, a_descriptor_may_be_closed_right_after_the_cancel);
	tcase_add_test(watches, read_reads_again_and_again_until_the_end);
	tcase_add_test(watches, watches_have_an_end);
	tcase_add_test(refusals, every_refusal_has_a_line);
	tcase_add_loop_test(
		refusals, a_machine_without_io_uring_is_told_from_one_that_forbids_it, 0, 2);
	tcase_add_test(timers, timers_come_in_the_order_of_their_time);
	tcase_add_test(timers, a_timer_that_is_set_again_moves);
	tcase_add_test(timers, wait_does_not_sleep_past_its_time);
	tcase_set_timeout(watches, 30);
	suite_add_tcase(s, watches);
	suite_add_tcase(s, timers);
	suite_add_tcase(s, refusals);
	return s;
}

CHECK_MAIN(suite)
