/*
 * check_lane_stress.c: two processes on one lane that go to sleep as often as they can, with
 * random pauses before every access to shared words. Nothing may be lost, doubled, torn or
 * slept through.
 *
 * The code under test is included here, so that its atomic operations can be given the pauses;
 * nothing of it is changed otherwise. SOAK_SECONDS in the environment says how long all of it
 * shall take; without it a few seconds.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "ipc/bell.c"
#include "ipc/lane.c"
#include "ipc/ring.c"
#include "tests/check_run.h"
#include "tests/ipc/dawdle.c"
#include "tests/ipc/dawdle.h"

#define LOG2     12u /* the smallest ring: soon full */
#define BODY_MAX 2016u
#ifndef SLEEP_MAX_MS
#define SLEEP_MAX_MS 20000 /* nobody sleeps this long unless a wake-up was lost */
#endif
#define BURST_MAX      64u
#define QUICK_SECONDS  7
#define SLICE_MESSAGES 64 /* between looks at the clock */
#define NO_WISH        UINT32_MAX
#ifdef __SANITIZE_THREAD__
#define PROCESSES 0 /* it sees what one process does, so only the threads are worth running */
#else
#define PROCESSES 1
#endif

_Static_assert(BODY_MAX == (1u << LOG2) / 2 - sizeof(struct record), "the largest body");

/* ---- two sides of a lane ---- */

struct side {
	struct lane lane;
	struct own_page *own;
	int bell;
	const char *name;
	uint64_t put, got;       /* last ids */
	uint64_t sleeps, wishes; /* times it slept at all, and for room */
};
static struct side client, handler;

static void fault(const struct side *me, const char *what)
{
	fprintf(stderr, "%s after %lu out and %lu in: %s\n", me->name, me->put, me->got, what);
	abort();
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t slice_ns(uint32_t slices)
{
	const char *soak = getenv("SOAK_SECONDS");
	uint64_t seconds = soak ? strtoul(soak, NULL, 10) : 0;

	return (seconds ? seconds : QUICK_SECONDS) * 1000000000u / slices;
}

static void block(struct side *me)
{
	struct pollfd bell = { .fd = me->bell, .events = POLLIN };
	uint8_t rings[4096];

	me->sleeps++;
	if (poll(&bell, 1, SLEEP_MAX_MS) != 1)
		fault(me, "a wake-up was lost");
	if (read(me->bell, rings, sizeof(rings)) <= 0)
		fault(me, "the bell is gone");
}

/* The steps of ends_sleep() in runtime/ends.c. */
static void rest(struct side *me, bool listen, uint32_t want_bytes)
{
	lane_ring(&me->lane);
	lane_tell(&me->lane);
	uint64_t epoch = bell_sleep_begin(me->own);
	bool come = listen && ring_waiting(&me->lane.in);
	if (!come && want_bytes != NO_WISH) {
		come = ring_want_space(&me->lane.out, want_bytes);
		me->wishes += !come;
	}
	if (!come)
		block(me);
	bell_sleep_end(me->own, epoch);
	if (want_bytes != NO_WISH)
		ring_got_space(&me->lane.out);
}

/* A body that says which it is in every word, so that a torn or stale one is seen. */
static void write_body(uint64_t *body, uint64_t id, uint32_t bytes)
{
	for (uint32_t i = 0; i < (bytes + 7) / 8; i++)
		body[i] = id * 0x9e3779b97f4a7c15ull + i;
}

static bool put(struct side *me, uint16_t kind, uint64_t id, uint32_t bytes)
{
	static __thread uint64_t body[BODY_MAX / 8 + 1];
	struct record head = {
		.frag_len = bytes, .total_len = bytes, .kind = kind, .id = id, .slot = ~bytes
	};

	write_body(body, id, bytes);
	if (ring_put(&me->lane.out, &head, body))
		return false;
	me->put = id;
	return true;
}

/* 0: *head is the next record, checked against what it must be, still in the ring. */
static int next(struct side *me, struct record *head)
{
	static __thread uint64_t body[BODY_MAX / 8 + 1], wanted[BODY_MAX / 8 + 1];
	const uint8_t *at;
	int r = ring_peek(&me->lane.in, head, &at);

	if (r == RING_BROKEN)
		fault(me, "an honest peer seems to lie");
	if (r)
		return r;
	memcpy(body, at, head->frag_len);
	write_body(wanted, head->id, head->frag_len);
	if (head->id != me->got + 1)
		fault(me, "a record is lost or doubled");
	if (head->slot != ~head->frag_len || memcmp(body, wanted, head->frag_len))
		fault(me, "a record is torn");
	return 0;
}

static void done_with(struct side *me, const struct record *head)
{
	me->got = head->id;
	ring_consume(&me->lane.in, head->frag_len);
}

/* Ends a batch now and then, as the end of a call does. */
static void settle(struct side *me, uint32_t one_in)
{
	if (dawdle_roll() % one_in)
		return;
	lane_ring(&me->lane);
	lane_tell(&me->lane);
}

static uint32_t some_bytes(void)
{
	static const uint32_t most[] = { 0, 8, 100, 1000, BODY_MAX };

	return (uint32_t)(dawdle_roll() % (most[dawdle_roll() % ARRAY_LEN(most)] + 1));
}

/* ---- the client: bursts of requests, then all answers or only some ---- */

static void read_answers(struct side *me)
{
	struct record head;

	while (next(me, &head) == 0) {
		done_with(me, &head);
		settle(me, 8);
	}
}

/* Waiting for room, it goes on reading: nobody may wait for room without. */
static void send_one(struct side *me, uint16_t kind)
{
	uint32_t bytes = some_bytes();

	while (!put(me, kind, me->put + 1, bytes)) {
		read_answers(me);
		rest(me, true, bytes);
	}
	settle(me, 4);
}

static void wait_for_answers(struct side *me, uint64_t outstanding)
{
	for (;;) {
		read_answers(me);
		if (me->put - me->got <= outstanding)
			return;
		rest(me, true, NO_WISH);
	}
}

static void run_client(struct side *me, uint64_t for_ns)
{
	uint64_t end_ns = now_ns() + for_ns, looked_at = 0;

	for (bool time_left = true; time_left;) {
		uint64_t burst = dawdle_roll() % 4 ? 1 : dawdle_roll() % BURST_MAX;

		for (uint64_t i = 0; i < burst; i++)
			send_one(me, RECORD_MESSAGE);
		wait_for_answers(me, dawdle_roll() % 2 ? 0 : dawdle_roll() % BURST_MAX);
		if (me->put - looked_at >= SLICE_MESSAGES) {
			looked_at = me->put;
			time_left = now_ns() < end_ns;
		}
	}
	send_one(me, RECORD_CANCEL); /* the last one */
	wait_for_answers(me, 0);
}

/* ---- the handler: one answer to each request; without room for it, it reads no further ----
 */

/* False: no room for the answer, which has *want_bytes. The request stays in the ring. */
static bool answer(struct side *me, const struct record *request, uint32_t *want_bytes)
{
	uint32_t bytes = *want_bytes == NO_WISH ? some_bytes() : *want_bytes;

	*want_bytes = bytes;
	if (!put(me, RECORD_ANSWER, request->id, bytes))
		return false;
	*want_bytes = NO_WISH;
	done_with(me, request);
	settle(me, 4);
	return true;
}

static void run_handler(struct side *me)
{
	uint32_t want_bytes = NO_WISH;

	for (;;) {
		struct record head;

		while (next(me, &head) == 0 && answer(me, &head, &want_bytes))
			if (head.kind == RECORD_CANCEL) {
				lane_ring(&me->lane);
				return;
			}
		rest(me, want_bytes == NO_WISH, want_bytes);
	}
}

/* ---- set-up ---- */

static struct own_page *new_page(void)
{
	void *at = mmap(NULL, OWN_PAGE_BYTES, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	return at;
}

static void connect(struct side *a, struct side *b)
{
	int ring_b;

	b->own = new_page();
	ck_assert_int_eq(bell_open(&b->bell, &ring_b), 0);
	a->lane.peer = (struct bell_peer){ .page = b->own, .fd = ring_b };
}

/* With one mapping for both, ThreadSanitizer can see what two threads do to it. */
static void set_up_lane(bool one_mapping)
{
	CLEANUP(fd_closep) int fd = -1;
	struct lane_place a, b;

	client = (struct side){ .name = "client" };
	handler = (struct side){ .name = "handler" };
	ck_assert_int_eq(lane_new(LOG2, &fd), 0);
	ck_assert_int_eq(lane_reserve(LOG2, &a), 0);
	ck_assert_int_eq(lane_reserve(LOG2, &b), 0);
	ck_assert_int_eq(lane_map(&client.lane, fd, a, LOG2, LANE_CLIENT), 0);
	ck_assert_int_eq(
		lane_map(&handler.lane, fd, one_mapping ? a : b, LOG2, LANE_HANDLER), 0);
	connect(&client, &handler);
	connect(&handler, &client);
}

/* To the n-th processor we may use, or the last. */
static void pin(int n)
{
	cpu_set_t all, one;
	int chosen = -1;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE && n >= 0; cpu++)
		if (CPU_ISSET(cpu, &all)) {
			chosen = cpu;
			n--;
		}
	CPU_ZERO(&one);
	CPU_SET(chosen, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

static pid_t child(void)
{
	fflush(NULL);
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	return pid;
}

/* ---- honest peers ---- */

static const struct {
	int handler_cpu;
	uint32_t pause_one_in;
} grounds[] = { { 0, 0 }, { 0, 2 }, { 0, 16 }, { 1, 0 }, { 1, 4 }, { 1, 32 } };
#define SLICES (ARRAY_LEN(grounds) + 1)

static void must_be_well(uint64_t sleeps, uint64_t wishes)
{
	ck_assert_uint_eq(client.got, client.put);
	ck_assert_uint_gt(sleeps, 0); /* or nothing was tried */
	ck_assert_uint_gt(wishes, 0);
}

START_TEST(two_processes_lose_double_tear_and_sleep_through_nothing)
{
	set_up_lane(false);
	dawdle_one_in = grounds[_i].pause_one_in;
	pid_t pid = child();
	if (pid == 0) {
		dawdle_stir(1);
		pin(grounds[_i].handler_cpu);
		run_handler(&handler);
		_exit(handler.sleeps && handler.wishes ? 0 : 2);
	}
	pin(0);
	run_client(&client, slice_ns(SLICES));
	int status;
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	must_be_well(client.sleeps, client.wishes);
}
END_TEST

static void *handler_thread(void *unused)
{
	(void)unused;
	dawdle_stir(1);
	run_handler(&handler);
	return NULL;
}

START_TEST(two_threads_on_one_mapping_race_for_nothing)
{
	pthread_t thread;

	set_up_lane(true);
	dawdle_one_in = 16;
	ck_assert_int_eq(pthread_create(&thread, NULL, handler_thread, NULL), 0);
	run_client(&client, slice_ns(SLICES));
	pthread_join(thread, NULL);
	must_be_well(client.sleeps + handler.sleeps, client.wishes + handler.wishes);
}
END_TEST

static Suite *lane_stress_suite(void)
{
	Suite *suite = suite_create("lane stress");
	TCase *honest = tcase_create("honest peers");
	double timeout_s = (double)slice_ns(1) / 1e9 + SLEEP_MAX_MS / 1000.0 + 10;

	tcase_add_loop_test(honest, two_processes_lose_double_tear_and_sleep_through_nothing, 0,
		PROCESSES * ARRAY_LEN(grounds));
	tcase_add_test(honest, two_threads_on_one_mapping_race_for_nothing);
	tcase_set_timeout(honest, timeout_s);
	suite_add_tcase(suite, honest);
	return suite;
}

CHECK_MAIN(lane_stress_suite)
