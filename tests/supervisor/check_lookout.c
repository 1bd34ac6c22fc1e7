/* check_lookout.c: words that change are found, whoever comes and goes meanwhile. */
#include "supervisor/workers/lookout.h"
#include "tests/check_run.h"

#define MANY 1000u

static struct lookout lookout;
static struct lookout_item items[MANY];
static _Atomic uint64_t words[MANY];
static bool met[MANY];

static void watch(uint32_t i)
{
	items[i].kind = (int)i;
	lookout_watch(&lookout, &items[i], &words[i], atomic_load(&words[i]));
}

static void set_up(void)
{
	ck_assert_int_eq(lookout_claim(&lookout, MANY), 0);
	for (uint32_t i = 0; i < MANY; i++)
		watch(i);
}

static void tear_down(void)
{
	for (uint32_t i = 0; i < MANY; i++)
		lookout_forget(&lookout, &items[i]);
	lookout_unclaim(&lookout, MANY);
	ck_assert_uint_eq(lookout.count, 0);
	lookout_deinit(&lookout);
}

/* What a scan meets; each is seen with that. How many. */
static uint32_t meet(struct lookout_scan scan)
{
	struct lookout_item *item;
	uint32_t n = 0;

	for (uint32_t i = 0; i < MANY; i++)
		met[i] = false;
	for (; (item = lookout_next(&lookout, &scan)); n++) {
		met[item->kind] = true;
		watch((uint32_t)item->kind);
	}
	return n;
}

START_TEST(what_did_not_change_is_not_met)
{
	ck_assert_uint_eq(meet(lookout_all(&lookout)), 0);
	ck_assert_uint_eq(meet(lookout_lately(&lookout)), 0);
}
END_TEST

START_TEST(what_changed_is_met_once)
{
	for (uint32_t i = 0; i < MANY; i += 7)
		atomic_fetch_add(&words[i], 64);
	ck_assert_uint_eq(meet(lookout_all(&lookout)), (MANY + 6) / 7);
	for (uint32_t i = 0; i < MANY; i++)
		ck_assert(met[i] == (i % 7 == 0));
	ck_assert_uint_eq(meet(lookout_all(&lookout)), 0);
}
END_TEST

/* One that went to the front in this scan pushes another one back, which may be passed over:
 * the next scan finds it. */
START_TEST(all_that_changed_are_met_in_a_few_scans)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < MANY; i++)
		atomic_fetch_add(&words[i], 1);
	for (uint32_t scans = 0; n < MANY && scans < 20; scans++)
		n += meet(lookout_all(&lookout));
	ck_assert_uint_eq(n, MANY);
}
END_TEST

START_TEST(who_had_something_is_found_by_the_short_look)
{
	atomic_fetch_add(&words[900], 1);
	ck_assert_uint_eq(meet(lookout_lately(&lookout)), 0);
	ck_assert_uint_eq(meet(lookout_all(&lookout)), 1);
	atomic_fetch_add(&words[900], 1);
	ck_assert_uint_eq(meet(lookout_lately(&lookout)), 1);
	ck_assert(met[900]);
	/* until as many others had something */
	for (uint32_t i = 100; i < 100 + LOOKOUT_LATELY; i++) {
		atomic_fetch_add(&words[i], 1);
		meet(lookout_all(&lookout));
	}
	atomic_fetch_add(&words[900], 1);
	ck_assert_uint_eq(meet(lookout_lately(&lookout)), 0);
	ck_assert_uint_eq(meet(lookout_all(&lookout)), 1);
}
END_TEST

START_TEST(what_is_forgotten_is_not_met_and_the_others_are)
{
	for (uint32_t i = 0; i < MANY; i++)
		if (i % 3)
			lookout_forget(&lookout, &items[i]);
	lookout_forget(&lookout, &items[1]); /* twice is nothing */
	for (uint32_t i = 0; i < MANY; i++)
		atomic_fetch_add(&words[i], 1);
	uint32_t n = 0;
	for (uint32_t scans = 0; scans < 20; scans++) {
		n += meet(lookout_all(&lookout));
		for (uint32_t i = 0; i < MANY; i++)
			ck_assert(!met[i] || i % 3 == 0);
	}
	ck_assert_uint_eq(n, (MANY + 2) / 3);
}
END_TEST

/* As when a worker is ended by what another one said. */
START_TEST(a_scan_survives_that_items_go_meanwhile)
{
	struct lookout_scan scan = lookout_all(&lookout);
	struct lookout_item *item;
	uint32_t n = 0;

	for (uint32_t i = 0; i < MANY; i++)
		atomic_fetch_add(&words[i], 1);
	for (; (item = lookout_next(&lookout, &scan)); n++) {
		lookout_forget(&lookout, item);
		lookout_forget(&lookout, &items[(uint32_t)item->kind * 31 % MANY]);
	}
	ck_assert_uint_le(n, MANY);
	scan = lookout_all(&lookout);
	while ((item = lookout_next(&lookout, &scan)))
		lookout_forget(&lookout, item);
}
END_TEST

START_TEST(every_one_of_the_latest_is_first_in_turn)
{
	bool first[LOOKOUT_LATELY] = { false };

	for (uint32_t n = 0; n < LOOKOUT_LATELY; n++) {
		for (uint32_t i = 0; i < LOOKOUT_LATELY; i++)
			atomic_fetch_add(&words[i], 1);
		struct lookout_scan scan = lookout_lately(&lookout);
		const struct lookout_item *item = lookout_next(&lookout, &scan);
		ck_assert_ptr_nonnull(item);
		first[item->kind] = true;
	}
	for (uint32_t i = 0; i < LOOKOUT_LATELY; i++)
		ck_assert(first[i]);
}
END_TEST

static Suite *lookout_suite(void)
{
	Suite *suite = suite_create("lookout");
	TCase *tc = tcase_create("words");

	tcase_add_checked_fixture(tc, set_up, tear_down);
	tcase_add_test(tc, what_did_not_change_is_not_met);
	tcase_add_test(tc, what_changed_is_met_once);
	tcase_add_test(tc, all_that_changed_are_met_in_a_few_scans);
	tcase_add_test(tc, who_had_something_is_found_by_the_short_look);
	tcase_add_test(tc, what_is_forgotten_is_not_met_and_the_others_are);
	tcase_add_test(tc, a_scan_survives_that_items_go_meanwhile);
	tcase_add_test(tc, every_one_of_the_latest_is_first_in_turn);
	suite_add_tcase(suite, tc);
	return suite;
}

CHECK_MAIN(lookout_suite)
