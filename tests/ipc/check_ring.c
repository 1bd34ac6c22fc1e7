/* check_ring.c: order and limits of the ring, and a peer that writes whatever it likes into the
 * shared memory. */
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "ipc/lane.h"
#include "tests/check_run.h"

#define LOG2       12u /* the smallest whole page: wraps often */
#define RING_BYTES (1u << LOG2)

static struct lane client, handler; /* two mappings of one lane, as two processes would have */

static void set_up(void)
{
	CLEANUP(fd_closep) int fd = -1;
	struct lane_place a, b;

	ck_assert_int_eq(lane_new(LOG2, &fd), 0);
	ck_assert_int_eq(lane_reserve(LOG2, &a), 0);
	ck_assert_int_eq(lane_reserve(LOG2, &b), 0);
	ck_assert_int_eq(lane_map(&client, fd, a, LOG2, LANE_CLIENT), 0);
	ck_assert_int_eq(lane_map(&handler, fd, b, LOG2, LANE_HANDLER), 0);
}

static void tear_down(void)
{
	lane_unmap(&client);
	lane_unmap(&handler);
}

static int put(uint64_t id, const void *body, uint32_t bytes)
{
	struct record head = {
		.kind = RECORD_MESSAGE, .id = id, .frag_len = bytes, .total_len = bytes
	};

	return ring_put(&client.out, &head, body);
}

/* Takes one record out; its id, or 0 when there is none. */
static uint64_t get(uint8_t *body, uint32_t *bytes)
{
	struct record head;
	const uint8_t *at;

	if (ring_peek(&handler.in, &head, &at))
		return 0;
	if (body)
		memcpy(body, at, head.frag_len);
	if (bytes)
		*bytes = head.frag_len;
	ring_consume(&handler.in, head.frag_len);
	return head.id;
}

/* ---- order ---- */

START_TEST(records_come_out_as_they_went_in_over_many_rounds)
{
	uint8_t in[300], out[RING_BYTES];
	uint32_t bytes;

	for (uint64_t id = 1; id < 5000; id++) {
		memset(in, (int)id, sizeof(in));
		MUST(put(id, in, (uint32_t)(id % sizeof(in))) == 0);
		MUST(get(out, &bytes) == id);
		MUST(bytes == id % sizeof(in));
		MUST(memcmp(in, out, bytes) == 0);
	}
}
END_TEST

START_TEST(a_record_never_wraps)
{
	uint8_t in[1000], out[RING_BYTES];

	for (uint32_t i = 0; i < sizeof(in); i++)
		in[i] = (uint8_t)(i * 7);
	for (uint64_t id = 1; id < 200; id++) { /* 1088 bytes of room never divide 4096 */
		MUST(put(id, in, sizeof(in)) == 0);
		MUST(get(out, NULL) == id);
		MUST(memcmp(in, out, sizeof(in)) == 0);
	}
}
END_TEST

START_TEST(an_empty_ring_says_so)
{
	struct record head;
	const uint8_t *body;

	ck_assert_int_eq(ring_peek(&handler.in, &head, &body), RING_EMPTY);
	ck_assert(!ring_waiting(&handler.in));
	ck_assert_int_eq(put(1, "x", 1), 0);
	ck_assert(ring_waiting(&handler.in));
}
END_TEST

START_TEST(peek_consumes_nothing)
{
	struct record head;
	const uint8_t *body;

	ck_assert_int_eq(put(1, "x", 1), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(ring_peek(&handler.in, &head, &body), 0);
		ck_assert_uint_eq(head.id, 1);
	}
}
END_TEST

START_TEST(answers_travel_the_other_way)
{
	struct record head = { .kind = RECORD_ANSWER, .id = 5 }, got;
	const uint8_t *body;

	ck_assert_int_eq(ring_put(&handler.out, &head, ""), 0);
	ck_assert_int_eq(ring_peek(&client.in, &got, &body), 0);
	ck_assert_uint_eq(got.id, 5);
	ck_assert(!ring_waiting(&handler.in));
}
END_TEST

/* ---- limits ---- */

START_TEST(a_full_ring_refuses_and_takes_again_after_reading)
{
	uint64_t n = 0;

	while (put(n + 1, "", 0) == 0)
		n++;
	ck_assert_uint_eq(n, RING_BYTES / RECORD_ALIGN);
	ck_assert_uint_eq(get(NULL, NULL), 1);
	ring_tell(&handler.in);
	ck_assert_int_eq(put(n + 1, "", 0), 0);
	ck_assert_int_eq(put(n + 2, "", 0), RING_FULL);
	for (uint64_t id = 2; id <= n + 1; id++)
		MUST(get(NULL, NULL) == id);
}
END_TEST

START_TEST(the_largest_record_fits_twice)
{
	static uint8_t body[RING_BYTES];
	uint32_t most = ring_body_max(RING_BYTES);

	ck_assert_int_eq(put(1, body, most), 0);
	ck_assert_int_eq(put(2, body, most), 0);
	ck_assert_int_eq(put(3, "", 0), RING_FULL);
	ck_assert_uint_eq(get(NULL, NULL), 1);
	ck_assert_uint_eq(get(NULL, NULL), 2);
}
END_TEST

START_TEST(who_waits_for_room_is_awaited_once_half_is_free)
{
	while (put(1, "", 0) == 0)
		;
	ck_assert(!ring_space_awaited(&handler.in));
	ck_assert(!ring_want_space(&client.out, 0));
	for (uint32_t i = 0; i < RING_BYTES / RECORD_ALIGN; i++) {
		MUST(get(NULL, NULL) == 1);
		ring_tell(&handler.in);
		MUST(ring_space_awaited(&handler.in) ==
			(i + 1 >= RING_BYTES / RECORD_ALIGN / 2));
	}
	ck_assert(ring_want_space(&client.out, 0));
	ring_got_space(&client.out);
	ck_assert(!ring_space_awaited(&handler.in));
}
END_TEST

/* ---- a lying producer ---- */

static struct lane_control *control(struct lane *lane)
{
	return (void *)lane->place.control;
}

static int peek(void)
{
	struct record head;
	const uint8_t *body;

	return ring_peek(&handler.in, &head, &body);
}

static const uint64_t tail_lies[] = { 1, 63, 65, RING_BYTES + 64, UINT64_MAX, UINT64_MAX - 63,
	1ull << 63 };

START_TEST(a_wild_tail_is_broken)
{
	atomic_store(&control(&client)->request_tail.position, tail_lies[_i]);
	ck_assert_int_eq(peek(), RING_BROKEN);
}
END_TEST

START_TEST(a_tail_that_goes_back_is_broken)
{
	ck_assert_int_eq(put(1, "", 0), 0);
	ck_assert_int_eq(put(2, "", 0), 0);
	ck_assert_uint_eq(get(NULL, NULL), 1);
	ck_assert_uint_eq(get(NULL, NULL), 2);
	atomic_store(&control(&client)->request_tail.position, 64);
	ck_assert_int_eq(peek(), RING_BROKEN);
}
END_TEST

static const struct record head_lies[] = {
	{ .frag_len = UINT32_MAX, .total_len = UINT32_MAX },
	{ .frag_len = RING_BYTES, .total_len = RING_BYTES },
	{ .frag_len = 33, .total_len = 33 }, /* one byte more than the published room */
	{ .frag_len = RING_BYTES / 2, .total_len = RING_BYTES / 2 },
	{ .frag_len = 8, .total_len = 4 },
	{ .frag_len = 8, .total_len = 8, .offset = 1 },
	{ .frag_len = 8, .total_len = 16, .offset = UINT32_MAX },
};

START_TEST(a_lying_header_is_broken)
{
	memcpy(client.out.data, &head_lies[_i], sizeof(struct record));
	atomic_store(&control(&client)->request_tail.position, 64);
	ck_assert_int_eq(peek(), RING_BROKEN);
}
END_TEST

START_TEST(the_copy_is_checked_not_the_memory)
{
	struct record head;
	const uint8_t *body;

	ck_assert_int_eq(put(1, "abc", 3), 0);
	ck_assert_int_eq(ring_peek(&handler.in, &head, &body), 0);
	((struct record *)(void *)client.out.data)->frag_len = UINT32_MAX; /* after the check */
	ring_consume(&handler.in, head.frag_len);
	ck_assert_int_eq(peek(), RING_EMPTY);
}
END_TEST

/* ---- a lying consumer ---- */

static const uint64_t head_wishes[] = { 1, 128, UINT64_MAX, 1ull << 63 };

START_TEST(a_wild_head_gives_no_room)
{
	while (put(1, "", 0) == 0)
		;
	atomic_store(&control(&client)->request_head.position, RING_BYTES + head_wishes[_i]);
	ck_assert_int_eq(put(1, "", 0), RING_FULL);
}
END_TEST

START_TEST(a_head_that_goes_back_gives_no_room)
{
	while (put(1, "", 0) == 0)
		;
	atomic_store(&control(&client)->request_head.position, 128);
	ck_assert_int_eq(put(1, "", 0), 0);
	ck_assert_int_eq(put(1, "", 0), 0);
	atomic_store(&control(&client)->request_head.position, 64);
	ck_assert_int_eq(put(1, "", 0), RING_FULL);
}
END_TEST

/* ---- a scribbler beside an honest consumer ---- */

static _Atomic bool scribbling;

static void *scribble(void *unused)
{
	uint64_t x = 88172645463325252ull;

	(void)unused;
	while (atomic_load(&scribbling)) {
		x ^= x << 13, x ^= x >> 7, x ^= x << 17; /* Marsaglia, "Xorshift RNGs" */
		struct record head = { .frag_len =
					       x & 1 ? (uint32_t)(x >> 40) % 600 : (uint32_t)x,
			.kind = (uint16_t)(x >> 8) };
		head.total_len = x & 2 ? head.frag_len : (uint32_t)(x >> 3);
		memcpy(client.out.data + (x >> 20) % (RING_BYTES / 64) * 64, &head,
			sizeof(head));
		atomic_store_explicit(&control(&client)->request_tail.position,
			handler.in.position + (x >> 50) % 80 * (x & 4 ? 64 : 60),
			memory_order_relaxed);
		if (x % 64 == 0)
			sched_yield();
	}
	return NULL;
}

START_TEST(a_scribbler_never_makes_the_consumer_leave_the_ring)
{
	pthread_t thread;
	uint64_t taken = 0, refused = 0, sum = 0;

	atomic_store(&scribbling, true);
	ck_assert_int_eq(pthread_create(&thread, NULL, scribble, NULL), 0);
	/* on a busy machine the two take turns: go on until both kinds were seen */
	for (uint32_t i = 0; i < 1000000 || taken < 50 || refused < 50; i++) {
		struct record head;
		const uint8_t *body;
		int r = ring_peek(&handler.in, &head, &body);
		if (r == RING_BROKEN) {
			refused++;
			handler.in.tail_seen =
				handler.in.position; /* a lane would be closed here: go on */
		}
		if (r) {
			sched_yield();
			continue;
		}
		MUST(body >= handler.in.data &&
			body + head.frag_len <= handler.in.data + 2 * RING_BYTES);
		for (uint32_t k = 0; k < head.frag_len; k += 64)
			sum += body[k];
		ring_consume(&handler.in, head.frag_len);
		taken++;
	}
	atomic_store(&scribbling, false);
	pthread_join(thread, NULL);
	ck_assert_uint_ge(taken + (sum & 1), 50); /* sum: so that the bytes are really read */
}
END_TEST

/* ---- two threads, one honest lane ---- */

#define MESSAGES 300000u

static void *produce(void *unused)
{
	(void)unused;
	for (uint64_t id = 1; id <= MESSAGES;)
		if (put(id, &id, sizeof(id)) == 0)
			id++;
		else
			sched_yield();
	return NULL;
}

START_TEST(nothing_is_lost_doubled_or_torn_between_two_threads)
{
	pthread_t thread;
	uint64_t body = 0;

	ck_assert_int_eq(pthread_create(&thread, NULL, produce, NULL), 0);
	for (uint64_t want = 1; want <= MESSAGES;) {
		uint64_t id = get((uint8_t *)&body, NULL);
		if (!id) {
			ring_tell(&handler.in);
			sched_yield();
			continue;
		}
		MUST(id == want);
		MUST(body == want);
		want++;
	}
	pthread_join(thread, NULL);
}
END_TEST

static Suite *ring_suite(void)
{
	Suite *suite = suite_create("ring");
	TCase *order = tcase_create("order"), *limits = tcase_create("limits"),
	      *hostile = tcase_create("hostile peer"), *threads = tcase_create("threads");

	tcase_add_test(order, records_come_out_as_they_went_in_over_many_rounds);
	tcase_add_test(order, a_record_never_wraps);
	tcase_add_test(order, an_empty_ring_says_so);
	tcase_add_test(order, peek_consumes_nothing);
	tcase_add_test(order, answers_travel_the_other_way);
	tcase_add_test(limits, a_full_ring_refuses_and_takes_again_after_reading);
	tcase_add_test(limits, the_largest_record_fits_twice);
	tcase_add_test(limits, who_waits_for_room_is_awaited_once_half_is_free);
	tcase_add_loop_test(hostile, a_wild_tail_is_broken, 0, ARRAY_LEN(tail_lies));
	tcase_add_test(hostile, a_tail_that_goes_back_is_broken);
	tcase_add_loop_test(hostile, a_lying_header_is_broken, 0, ARRAY_LEN(head_lies));
	tcase_add_test(hostile, the_copy_is_checked_not_the_memory);
	tcase_add_loop_test(hostile, a_wild_head_gives_no_room, 0, ARRAY_LEN(head_wishes));
	tcase_add_test(hostile, a_head_that_goes_back_gives_no_room);
	tcase_add_test(hostile, a_scribbler_never_makes_the_consumer_leave_the_ring);
	tcase_add_test(threads, nothing_is_lost_doubled_or_torn_between_two_threads);
	tcase_set_timeout(threads, 60);
	tcase_set_timeout(hostile, 60);

	TCase *cases[] = { order, limits, hostile, threads };
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		tcase_add_checked_fixture(cases[i], set_up, tear_down);
		suite_add_tcase(suite, cases[i]);
	}
	return suite;
}

CHECK_MAIN(ring_suite)
