/*
 * check_scribbler.c: a process that writes what it likes over all of a lane while an honest one
 * reads and writes there. Under AddressSanitizer as well, but the buffer that ends at a guard
 * page needs none.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "ipc/lane.h"
#include "tests/check_run.h"

#define LOG2      12u
#define BODY_MAX  2016u
#define SECONDS   1
#define PAGE      4096
#define ALIGN_LIE 60 /* bytes, where RECORD_ALIGN is honest */

_Static_assert(BODY_MAX == (1u << LOG2) / 2 - sizeof(struct record), "the largest body");

static struct lane client, handler;
static int lane_fd;

static void set_up(void)
{
	struct lane_place a, b;

	ck_assert_int_eq(lane_new(LOG2, &lane_fd), 0);
	ck_assert_int_eq(lane_reserve(LOG2, &a), 0);
	ck_assert_int_eq(lane_reserve(LOG2, &b), 0);
	ck_assert_int_eq(lane_map(&client, lane_fd, a, LOG2, LANE_CLIENT), 0);
	ck_assert_int_eq(lane_map(&handler, lane_fd, b, LOG2, LANE_HANDLER), 0);
}

static void tear_down(void)
{
	lane_unmap(&client);
	lane_unmap(&handler);
	close(lane_fd);
}

static uint64_t dice = 88172645463325252ull;

static uint64_t roll(void)
{
	dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17; /* Marsaglia, "Xorshift" */
	return dice;
}

static uint64_t seconds_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec;
}

/* ---- the scribbler ---- */

static void set(_Atomic uint64_t *word, uint64_t value)
{
	atomic_store_explicit(word, value, memory_order_relaxed);
}

static uint64_t get(_Atomic uint64_t *word)
{
	return atomic_load_explicit(word, memory_order_relaxed);
}

/* One header that changes under the reader's eyes: right, then wrong, then right. */
static void lie_in_header(volatile struct record *at)
{
	uint64_t x = roll();
	uint32_t most = x & 1 ? 600 : 2 * BODY_MAX;

	at->total_len = x & 2 ? (uint32_t)(x >> 8) : 2 * BODY_MAX;
	at->offset = x & 12 ? 0 : (uint32_t)(x >> 16);
	for (int i = 0; i < 4; i++) {
		at->frag_len = (uint32_t)(x >> 24) % most;
		at->frag_len = 0x7fffffff;
	}
	at->frag_len = (uint32_t)(x >> 36) % most;
}

static void lie_in_positions(struct lane_control *control, uint64_t head)
{
	uint64_t x = roll(), records = (x >> 8) % 72;

	set(&control->request_tail.position,
		head + records * (x & 7 ? RECORD_ALIGN : ALIGN_LIE));
	if (x % 64 == 0)
		set(&control->request_tail.position, x);
	atomic_store_explicit(
		&control->request_tail.want_space, (uint32_t)x & 1, memory_order_relaxed);
	set(&control->answer_head.position,
		x & 0x700 ? get(&control->answer_tail.position) : x * RECORD_ALIGN);
}

static void scribble(void)
{
	struct lane_control *control = (void *)client.place.control;
	uint64_t mask = client.out.bytes - 1;

	for (;;) {
		uint64_t head = get(&control->request_head.position);
		uint64_t near = head + roll() % 4 * RECORD_ALIGN;
		lie_in_header((void *)(client.out.data + (near & mask)));
		lie_in_positions(control, head);
		client.out.data[roll() & mask] = (uint8_t)roll();
	}
}

static pid_t scribbler(void)
{
	fflush(NULL);
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		scribble();
	}
	return pid;
}

/* ---- the honest side ---- */

/* Ends where nothing is mapped: one byte too many is fatal. */
static uint8_t *guarded_body(void)
{
	uint8_t *at = mmap(
		NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	ck_assert_int_eq(mprotect(at + PAGE, PAGE, PROT_NONE), 0);
	return at + PAGE - BODY_MAX;
}

struct score {
	uint64_t taken, refused, sent;
};

static void read_one(uint8_t *body, struct score *score)
{
	struct ring_in *in = &handler.in;
	struct record head;
	const uint8_t *at;
	int r = ring_peek(in, &head, &at);

	if (r == RING_BROKEN) { /* where a lane is closed; here it goes on as a new one */
		score->refused++;
		in->tail_seen = in->position;
	}
	if (r)
		return;
	MUST(head.frag_len <= BODY_MAX);
	MUST((uint64_t)head.offset + head.frag_len <= head.total_len);
	MUST(at + head.frag_len <= in->data + 2 * in->bytes);
	memcpy(body, at, head.frag_len);
	ring_consume(in, head.frag_len);
	MUST(in->position <= in->tail_seen);
	score->taken++;
}

static void send_one(const uint8_t *body, struct score *score)
{
	struct ring_out *out = &handler.out;
	struct record head = { .frag_len = (uint32_t)(roll() % (BODY_MAX + 1)) };

	score->sent += ring_put(out, &head, body) == 0;
	MUST(out->position - out->head_seen <= out->bytes);
}

START_TEST(a_scribbling_process_makes_nobody_leave_the_lane)
{
	struct score score = { 0 };
	uint8_t *body = guarded_body();
	pid_t pid = scribbler();
	uint64_t end = seconds_now() + SECONDS + 1; /* of whole seconds */

	while (seconds_now() < end)
		for (int i = 0; i < 1000; i++) {
			read_one(body, &score);
			send_one(body, &score);
			if (roll() % 4 == 0)
				ring_tell(&handler.in);
		}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	ck_assert_uint_gt(score.taken, 0);
	ck_assert_uint_gt(score.refused, 0);
	ck_assert_uint_gt(score.sent, 0);
}
END_TEST

START_TEST(a_lane_cannot_be_cut_short_or_grow)
{
	off_t bytes = (off_t)lane_file_bytes(LOG2);

	ck_assert_int_ne(ftruncate(lane_fd, bytes - PAGE), 0);
	ck_assert_int_ne(ftruncate(lane_fd, bytes + PAGE), 0);
	ck_assert_int_ne(fcntl(lane_fd, F_ADD_SEALS, F_SEAL_FUTURE_WRITE), 0);
}
END_TEST

static Suite *scribbler_suite(void)
{
	Suite *suite = suite_create("scribbler");
	TCase *hostile = tcase_create("hostile peer");

	tcase_add_checked_fixture(hostile, set_up, tear_down);
	tcase_add_test(hostile, a_scribbling_process_makes_nobody_leave_the_lane);
	tcase_add_test(hostile, a_lane_cannot_be_cut_short_or_grow);
	tcase_set_timeout(hostile, 30);
	suite_add_tcase(suite, hostile);
	return suite;
}

CHECK_MAIN(scribbler_suite)
