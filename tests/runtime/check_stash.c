/* check_stash.c: things that wait are found again, however they are moved, and never overflow.
 */
#include <string.h>

#include "runtime/stash.h"
#include "tests/check_run.h"

#define BYTES 4096u

static uint32_t places[64];
static struct stash stash;

static void moved(uint32_t owner, uint32_t place)
{
	places[owner] = place;
}

static void set_up(void)
{
	stash.moved = moved;
	ck_assert_int_eq(stash_init(&stash, NULL, BYTES), 0);
}

static uint32_t add(uint32_t owner, uint32_t bytes)
{
	uint32_t place = stash_add(&stash, owner, bytes);

	if (place != STASH_NONE) {
		places[owner] = place;
		memset(stash_at(&stash, place)->data, (int)owner, bytes);
	}
	return place;
}

static void expect(uint32_t owner, uint32_t bytes)
{
	const struct stash_thing *thing = stash_at(&stash, places[owner]);

	ck_assert_uint_eq(thing->owner, owner);
	ck_assert_uint_eq(thing->bytes, bytes);
	for (uint32_t i = 0; i < bytes; i++)
		ck_assert_uint_eq(thing->data[i], owner);
}

START_TEST(things_stand_in_the_order_of_their_coming)
{
	for (uint32_t i = 0; i < 3; i++)
		add(i, 10 + i);
	uint32_t place = stash_from(&stash, 0);
	for (uint32_t i = 0; i < 3; i++) {
		ck_assert_uint_eq(stash_at(&stash, place)->owner, i);
		place = stash_from(&stash, stash_after(&stash, place));
	}
	ck_assert_uint_eq(place, STASH_NONE);
}
END_TEST

START_TEST(what_does_not_fit_is_refused)
{
	ck_assert_uint_eq(add(1, BYTES), STASH_NONE);
	ck_assert_uint_eq(add(1, UINT32_MAX), STASH_NONE);
	ck_assert_uint_ne(add(1, BYTES - 64), STASH_NONE);
	ck_assert_uint_eq(add(2, 64), STASH_NONE);
	expect(1, BYTES - 64);
}
END_TEST

START_TEST(holes_are_closed_when_room_is_needed)
{
	for (uint32_t i = 0; i < 8; i++)
		ck_assert_uint_ne(add(i, 400), STASH_NONE);
	for (uint32_t i = 0; i < 8; i += 2)
		stash_remove(&stash, places[i]);
	for (uint32_t i = 8; i < 12; i++)
		ck_assert_uint_ne(add(i, 400), STASH_NONE);
	for (uint32_t i = 1; i < 8; i += 2)
		expect(i, 400);
	for (uint32_t i = 8; i < 12; i++)
		expect(i, 400);
}
END_TEST

START_TEST(only_what_is_filled_is_moved)
{
	static const uint8_t zero[1000];

	for (uint32_t i = 0; i < 3; i++)
		ck_assert_uint_ne(add(i, 1000), STASH_NONE);
	memset(stash_at(&stash, places[0])->data, 0, 1000);
	stash_at(&stash, places[1])->filled = 100;
	stash_remove(&stash, places[0]);
	stash_remove(&stash, places[2]);
	ck_assert_uint_ne(add(3, 2000), STASH_NONE);
	const struct stash_thing *moved_on = stash_at(&stash, places[1]);
	ck_assert_uint_eq(places[1], 0);
	ck_assert_uint_eq(moved_on->bytes, 1000);
	for (uint32_t i = 0; i < 100; i++)
		ck_assert_uint_eq(moved_on->data[i], 1);
	ck_assert_mem_eq(moved_on->data + 100, zero, 900);
}
END_TEST

START_TEST(what_was_touched_can_be_given_back)
{
	static const uint8_t zero[3000];

	ck_assert_uint_ne(add(1, 3000), STASH_NONE);
	const struct stash_thing *thing = stash_at(&stash, places[1]);
	stash_remove(&stash, places[1]);
	ck_assert_uint_ge(stash.touched, 3000);
	stash_rest(&stash);
	ck_assert_uint_eq(stash.touched, 0);
	ck_assert_mem_eq(thing->data, zero, 3000);
	ck_assert_uint_ne(add(1, 3000), STASH_NONE);
	expect(1, 3000);
}
END_TEST

START_TEST(an_empty_stash_begins_anew)
{
	for (uint32_t round = 0; round < 100; round++) {
		ck_assert_uint_ne(add(1, 3000), STASH_NONE);
		stash_remove(&stash, places[1]);
		ck_assert_uint_eq(stash_from(&stash, 0), STASH_NONE);
	}
}
END_TEST

START_TEST(a_thing_may_be_empty)
{
	ck_assert_uint_ne(add(1, 0), STASH_NONE);
	expect(1, 0);
}
END_TEST

static Suite *stash_suite(void)
{
	Suite *suite = suite_create("stash");
	TCase *order = tcase_create("order"), *limits = tcase_create("limits");

	tcase_add_checked_fixture(order, set_up, NULL);
	tcase_add_checked_fixture(limits, set_up, NULL);
	tcase_add_test(order, things_stand_in_the_order_of_their_coming);
	tcase_add_test(order, an_empty_stash_begins_anew);
	tcase_add_test(order, a_thing_may_be_empty);
	tcase_add_test(limits, what_does_not_fit_is_refused);
	tcase_add_test(limits, what_was_touched_can_be_given_back);
	tcase_add_test(limits, only_what_is_filled_is_moved);
	tcase_add_test(limits, holes_are_closed_when_room_is_needed);
	suite_add_tcase(suite, order);
	suite_add_tcase(suite, limits);
	return suite;
}

CHECK_MAIN(stash_suite)
