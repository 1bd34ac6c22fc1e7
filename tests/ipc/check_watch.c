/* check_watch.c: one look at many rings says which of them have something, and no other. */
#include "ipc/watch.h"
#include "tests/check_run.h"

static _Atomic uint64_t tails[64];
static struct watch watches[64];

static void set_up(void)
{
	for (uint32_t i = 0; i < 64; i++) {
		tails[i] = 64 * i;
		watches[i] = (struct watch){ .tail = &tails[i], .position = 64 * i };
	}
}

START_TEST(where_nothing_came_nothing_is_said)
{
	for (uint32_t n = 0; n <= 64; n++)
		ck_assert_uint_eq(watch_look(watches, n), 0);
}
END_TEST

START_TEST(each_one_has_its_own_bit)
{
	uint32_t n = 1 + (uint32_t)_i * 9;

	for (uint32_t i = 0; i < n; i++) {
		tails[i] += 64;
		ck_assert_uint_eq(watch_look(watches, n), 1ull << i);
		watches[i].position += 64;
	}
	ck_assert_uint_eq(watch_look(watches, n), 0);
}
END_TEST

START_TEST(what_lies_beyond_is_not_looked_at)
{
	tails[40] += 64;
	watches[41].tail = NULL;
	ck_assert_uint_eq(watch_look(watches, 40), 0);
	ck_assert_uint_eq(watch_look(watches, 41), 1ull << 40);
}
END_TEST

START_TEST(without_a_ring_nothing_ever_comes)
{
	for (uint32_t i = 0; i < 64; i++)
		watches[i] = watch_nothing();
	ck_assert_uint_eq(watch_look(watches, 64), 0);
}
END_TEST

START_TEST(an_entry_is_where_its_reader_is)
{
	static _Alignas(64) uint8_t data[2 * 4096];
	static struct ring_tail tail;
	static struct ring_head head;
	struct ring_out out = { .data = data, .bytes = 4096, .tail = &tail, .head = &head };
	struct ring_in in = { .data = data, .bytes = 4096, .tail = &tail, .head = &head };
	struct watch watch = watch_ring(&in);
	struct record record = { .kind = RECORD_MESSAGE };
	const uint8_t *body;

	ck_assert_int_eq(ring_put(&out, &record, ""), 0);
	ck_assert_uint_eq(watch_look(&watch, 1), 1);
	ck_assert_int_eq(ring_peek(&in, &record, &body), 0);
	ring_consume(&in, 0);
	ck_assert_uint_eq(watch_look(&watch, 1), 1); /* not renewed */
	watch = watch_ring(&in);
	ck_assert_uint_eq(watch_look(&watch, 1), 0);
}
END_TEST

static Suite *watch_suite(void)
{
	Suite *suite = suite_create("watch");
	TCase *look = tcase_create("look");

	tcase_add_checked_fixture(look, set_up, NULL);
	tcase_add_test(look, where_nothing_came_nothing_is_said);
	tcase_add_loop_test(look, each_one_has_its_own_bit, 0, 8);
	tcase_add_test(look, what_lies_beyond_is_not_looked_at);
	tcase_add_test(look, without_a_ring_nothing_ever_comes);
	tcase_add_test(look, an_entry_is_where_its_reader_is);
	suite_add_tcase(suite, look);
	return suite;
}

CHECK_MAIN(watch_suite)
