#include <pthread.h>

#include "supervisor/offload.h"
#include "tests/check_run.h"

static struct loop *loop;
static struct offload *offload;
static pthread_t loop_thread;

static void set_up(void)
{
	loop_thread = pthread_self();
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(offload_new(loop, &offload), 0);
}

static void tear_down(void)
{
	offload = offload_free(offload);
	loop = loop_free(loop);
}

struct work {
	struct offload_job job;
	int number, *done;
	bool on_helper, on_loop;
	uint32_t sleep_us;
};

static int order[OFFLOAD_JOBS_MAX + 8];

static void run(struct offload_job *job)
{
	struct work *work = (struct work *)(void *)job;

	work->on_helper = !pthread_equal(pthread_self(), loop_thread);
	if (work->sleep_us)
		usleep(work->sleep_us);
}

static void done(struct offload_job *job)
{
	struct work *work = (struct work *)(void *)job;

	work->on_loop = pthread_equal(pthread_self(), loop_thread);
	order[(*work->done)++] = work->number;
}

static void prepare(struct work *work, int number, int *count)
{
	*work = (struct work){
		.job = { .run = run, .done = done }, .number = number, .done = count
	};
}

static void turn_until(const int *count, int value)
{
	uint64_t end = loop_now_ns() + 5000000000ull;

	while (*count < value && loop_now_ns() < end) {
		ck_assert_int_eq(loop_wait(loop, end), 0);
		loop_dispatch(loop);
	}
	ck_assert_int_eq(*count, value);
}

START_TEST(jobs_run_elsewhere_and_come_back_in_order)
{
	struct work works[100];
	int count = 0;

	for (int i = 0; i < 100; i++) {
		prepare(&works[i], i, &count);
		ck_assert_int_eq(offload_push(offload, &works[i].job), 0);
	}
	turn_until(&count, 100);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(order[i], i);
		ck_assert(works[i].on_helper);
		ck_assert(works[i].on_loop);
	}
}
END_TEST

START_TEST(a_full_queue_refuses)
{
	static struct work works[OFFLOAD_JOBS_MAX + 1];
	int count = 0;

	for (uint32_t i = 0; i < OFFLOAD_JOBS_MAX; i++) {
		prepare(&works[i], (int)i, &count);
		ck_assert_int_eq(offload_push(offload, &works[i].job), 0);
	}
	prepare(&works[OFFLOAD_JOBS_MAX], 0, &count);
	ck_assert_int_eq(offload_push(offload, &works[OFFLOAD_JOBS_MAX].job), OFFLOAD_FULL);
	turn_until(&count, OFFLOAD_JOBS_MAX);
	ck_assert_int_eq(offload_push(offload, &works[OFFLOAD_JOBS_MAX].job), 0);
	turn_until(&count, OFFLOAD_JOBS_MAX + 1);
}
END_TEST

START_TEST(free_brings_every_job_back)
{
	struct work works[20];
	int count = 0;

	for (int i = 0; i < 20; i++) {
		prepare(&works[i], i, &count);
		works[i].sleep_us = 1000;
		ck_assert_int_eq(offload_push(offload, &works[i].job), 0);
	}
	offload = offload_free(offload);
	ck_assert_int_eq(count, 20);
}
END_TEST

static int refused;

static void push_again(struct offload_job *job)
{
	refused = offload_push(offload, job);
}

START_TEST(at_the_end_nothing_new_is_taken)
{
	struct work work = { .job = { .run = run, .done = push_again } };

	ck_assert_int_eq(offload_push(offload, &work.job), 0);
	offload = offload_free(offload);
	ck_assert_int_eq(refused, OFFLOAD_FULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("offload");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, jobs_run_elsewhere_and_come_back_in_order);
	tcase_add_test(all, a_full_queue_refuses);
	tcase_add_test(all, free_brings_every_job_back);
	tcase_add_test(all, at_the_end_nothing_new_is_taken);
	tcase_set_timeout(all, 30);
	suite_add_tcase(s, all);
	return s;
}

CHECK_MAIN(suite)
