/*
 * check_ends.c: sets of lanes, where lanes are mapped, and as many of them as there can be.
 */
#include <sys/resource.h>

#include "tests/check_run.h"
#include "tests/runtime/world.h"

/* ---- sets ---- */

static const uint32_t some[] = { 0, 1, 62, 63, 64, 127, 128, 700, LANES_MAX - 1 };

START_TEST(a_set_is_walked_in_order)
{
	struct ends_set set = { 0 };
	uint32_t i = 0;

	for (size_t k = ARRAY_LEN(some); k; k--)
		ends_add(&set, some[k - 1]);
	for (size_t k = 0; k < ARRAY_LEN(some); k++, i++) {
		i = ends_next(&set, i);
		ck_assert_uint_eq(i, some[k]);
	}
	ck_assert_uint_eq(ends_next(&set, i), LANES_MAX);
}
END_TEST

START_TEST(a_set_is_empty_after_the_last)
{
	struct ends_set set = { 0 };

	ck_assert(!ends_any(&set));
	ck_assert_uint_eq(ends_next(&set, 0), LANES_MAX);
	for (size_t k = 0; k < ARRAY_LEN(some); k++)
		ends_add(&set, some[k]);
	for (size_t k = 0; k < ARRAY_LEN(some); k++) {
		ck_assert_uint_eq(ends_first(&set), some[k]);
		ck_assert(ends_has(&set, some[k]));
		ends_remove(&set, some[k]);
		ck_assert(!ends_has(&set, some[k]));
	}
	ck_assert(!ends_any(&set));
	ends_remove(&set, 5); /* was not there */
	ck_assert(!ends_any(&set));
}
END_TEST

START_TEST(a_set_takes_in_another)
{
	struct ends_set set = { 0 }, more = { 0 };

	ends_add(&set, 3);
	ends_add(&more, 900);
	ends_join(&set, &more);
	ck_assert_uint_eq(ends_first(&set), 3);
	ck_assert_uint_eq(ends_next(&set, 4), 900);
}
END_TEST

/* ---- lanes ---- */

static void set_up(void)
{
	struct rlimit files;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
	files.rlim_cur =
		files.rlim_max; /* the peers of all lanes are in this process as well */
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
	world_new();
}

static uint64_t from_base(const void *at)
{
	return (uint64_t)(uintptr_t)at - LANE_RANGE_BASE;
}

START_TEST(what_is_looked_at_lies_together)
{
	for (uint32_t i = 1; i <= 3; i++) {
		world_client(i, 100 + i);
		ck_assert_int_eq(guest_look(), 0);
		const struct lane *lane = &ends.all[i].lane;
		const struct lane *before = &ends.all[i - 1].lane;
		ck_assert_ptr_eq(lane->place.control, before->place.control + 4096);
		ck_assert_ptr_eq(
			lane->peer.page, (const uint8_t *)before->peer.page + OWN_PAGE_BYTES);
	}
}
END_TEST

START_TEST(every_lane_there_is_can_be_taken)
{
	static struct peer peers[LANES_MAX];

	for (uint32_t i = 1; i < LANES_MAX; i++) {
		peers[i] = world_client(i, 10000 + i);
		ck_assert_int_eq(guest_look(), 0);
		ck_assert_uint_eq(ends.all[i].state, END_OPEN);
		while (world_hear(RECORD_LANE_TAKEN).head.kind)
			;
	}
	const struct lane *last = &ends.all[LANES_MAX - 1].lane;
	ck_assert_uint_le(
		from_base(last->place.rings) + LANE_SLOT_BYTES, 1ull << LANE_RANGE_BITS);
	for (uint32_t i = LANES_MAX - 1; i; i--) {
		ck_assert_int_eq(
			peer_say(&peers[i], RECORD_MESSAGE, 1, WORLD_SLOT, "hello", 5), 0);
		ck_assert_int_gt(guest_look(), 0);
		ck_assert_uint_eq(got.head.process, 10000 + i);
	}
	ck_assert_int_eq(guest_look(), 0);
}
END_TEST

static Suite *ends_suite(void)
{
	Suite *suite = suite_create("ends");
	TCase *sets = tcase_create("sets"), *lanes = tcase_create("lanes");

	tcase_add_test(sets, a_set_is_walked_in_order);
	tcase_add_test(sets, a_set_is_empty_after_the_last);
	tcase_add_test(sets, a_set_takes_in_another);
	tcase_add_checked_fixture(lanes, set_up, NULL);
	tcase_set_timeout(lanes, 60);
	tcase_add_test(lanes, what_is_looked_at_lies_together);
	tcase_add_test(lanes, every_lane_there_is_can_be_taken);
	suite_add_tcase(suite, sets);
	suite_add_tcase(suite, lanes);
	return suite;
}

CHECK_MAIN(ends_suite)
