#include "tests/supervisor/compile_fixture.h"

START_TEST(a_program_becomes_an_object)
{
	struct wish wish;
	char bytes[64] = "";

	get(&wish, "good day\n");
	ck_assert_msg(wish.outcome == COMPILE_DONE, "%s", wish.why);
	ck_assert_int_gt(pread(wish.object->fd, bytes, sizeof(bytes), 0), 0);
	ck_assert_str_eq(bytes, "object of day\n");
	ck_assert_int_eq(fcntl(wish.object->fd, F_GET_SEALS) & F_SEAL_WRITE, F_SEAL_WRITE);
	shelf_drop(wish.object);
}
END_TEST

START_TEST(many_who_ask_wait_for_one_compile)
{
	static struct wish wishes[50];
	struct hash program = add("slow\n");

	settled = 0;
	for (size_t i = 0; i < ARRAY_LEN(wishes); i++)
		ask(&wishes[i], &program);
	turn_for(&settled, 50, 20000);
	for (size_t i = 0; i < ARRAY_LEN(wishes); i++) {
		ck_assert_int_eq(wishes[i].calls, 1);
		ck_assert_int_eq(wishes[i].outcome, COMPILE_DONE);
		ck_assert_ptr_eq(wishes[i].object, wishes[0].object);
		shelf_drop(wishes[i].object);
	}
	ck_assert_int_eq(compiles(), 1);
}
END_TEST

START_TEST(the_second_time_comes_from_the_shelf_and_then_from_disk)
{
	struct wish wish;

	get(&wish, "good day\n");
	shelf_drop(wish.object);
	struct hash program = wish.want.program;
	ask(&wish, &program);
	ck_assert_int_eq(wish.calls, 1); /* at once */
	shelf_drop(wish.object);
	close_all();
	open_all();
	get(&wish, "good day\n");
	ck_assert_int_eq(wish.outcome, COMPILE_DONE);
	shelf_drop(wish.object);
	ck_assert_int_eq(compiles(), 1);
}
END_TEST

START_TEST(a_damaged_object_is_built_again)
{
	struct wish wish;
	struct lookup_key keys[OBJECT_TIERS];
	char hex[HASH_HEX_SIZE], file[128];

	get(&wish, "good day\n");
	shelf_drop(wish.object);
	ck_assert_uint_eq(compile_keys(compile, &wish.want.program, keys), 1);
	close_all();
	snprintf(file, sizeof(file), "objects/%s", hash_to_hex(&keys[0].key, hex));
	ck_assert_int_eq(truncate(path(file), 5), 0);
	open_all();
	get(&wish, "good day\n");
	ck_assert_int_eq(wish.outcome, COMPILE_DONE);
	shelf_drop(wish.object);
	ck_assert_int_eq(compiles(), 2);
}
END_TEST

START_TEST(a_refusal_is_remembered_over_a_restart)
{
	struct wish wish;

	get(&wish, "bad thing\n");
	ck_assert_int_eq(wish.outcome, COMPILE_REFUSED);
	ck_assert_str_eq(wish.why, "imports env.foo, which nothing provides");
	close_all();
	open_all();
	get(&wish, "bad thing\n");
	ck_assert_int_eq(wish.outcome, COMPILE_REFUSED);
	ck_assert_str_eq(wish.why, "imports env.foo, which nothing provides");
	ck_assert_int_eq(compiles(), 1);
}
END_TEST

START_TEST(a_failure_is_told_and_tried_again)
{
	struct wish wish;

	get(&wish, "broken\n");
	ck_assert_int_eq(wish.outcome, COMPILE_FAILED);
	ck_assert_str_eq(wish.why, "out of luck");
	get(&wish, "broken\n");
	ck_assert_int_eq(compiles(), 2);
	get(&wish, "mute\n");
	ck_assert_str_eq(wish.why, "the compiler ended with code 1");
	get(&wish, "killed\n");
	ck_assert_str_eq(wish.why, "the compiler was killed by signal 9");
	get(&wish, "long\n");
	ck_assert_int_eq(wish.outcome, COMPILE_FAILED);
}
END_TEST

START_TEST(a_program_that_is_not_there_is_missing)
{
	struct hash program = hash_sha256("never added", 11);
	struct wish wish;

	settled = 0;
	ask(&wish, &program);
	turn_for(&settled, 1, 20000);
	ck_assert_int_eq(wish.outcome, COMPILE_MISSING);
}
END_TEST

START_TEST(a_compile_that_nobody_wants_any_more_is_asked_to_end)
{
	struct hash program = add("hang\n");
	struct wish wish, other;
	const int never = 0;
	struct stat st;

	ask(&wish, &program);
	ask(&other, &program);
	turn_for(&never, 1, 700);
	ck_assert_str_eq(compile_progress(&wish.want).stage, "front");
	ck_assert_uint_eq(compile_progress(&wish.want).total, 3);
	compile_drop(&wish.want);
	turn_for(&never, 1, 200);
	ck_assert_int_ne(stat(path("asked"), &st), 0); /* the other still wants it */
	compile_drop(&other.want);
	compile_drop(&other.want);
	for (int i = 0; i < 100 && stat(path("asked"), &st); i++)
		turn_for(&never, 1, 50);
	ck_assert_int_eq(stat(path("asked"), &st), 0);
	ck_assert_int_eq(wish.calls + other.calls, 0);
}
END_TEST

static struct wish *dropped_by_the_next;

static void ready_and_drop(struct compile_want *want, enum compile_outcome outcome,
	struct shelf_object *object, const char *why)
{
	ready(want, outcome, object, why);
	compile_drop(&dropped_by_the_next->want);
}

START_TEST(who_is_told_may_drop_what_he_likes)
{
	struct hash slow = add("slow"), hang = add("hang");
	struct wish first, second, other;
	const int never = 0;

	dropped_by_the_next = &other;
	settled = 0;
	ask(&first, &slow);
	first.want.ready = ready_and_drop;
	ask(&second, &slow);
	ask(&other, &hang);
	turn_for(&settled, 2, 20000);
	turn_for(&never, 1, 300);
	ck_assert_int_eq(first.outcome, COMPILE_DONE);
	ck_assert_int_eq(second.outcome, COMPILE_DONE);
	ck_assert_int_eq(other.calls, 0);
	ck_assert_int_eq(builds_of("full"), 2);
	shelf_drop(first.object);
	shelf_drop(second.object);
}
END_TEST

START_TEST(one_that_does_not_end_when_asked_is_killed)
{
	struct hash program = add("stubborn\n");
	struct wish wish, again;
	const int never = 0;

	ask(&wish, &program);
	turn_for(&never, 1, 500);
	compile_drop(&wish.want);
	/* whoever asks meanwhile gets a compile of his own */
	ask(&again, &program);
	turn_for(&never, 1, 500);
	ck_assert_int_eq(compiles(), 2);
	compile_drop(&again.want);
	turn_for(&never, 1, 3500);
}
END_TEST

START_TEST(tear_down_ends_what_compiles)
{
	struct hash program = add("hang\n");
	struct wish wish;
	const int never = 0;
	struct stat st;

	ask(&wish, &program);
	turn_for(&never, 1, 500);
	compile_drop(&wish.want);
	ask(&wish, &program);
	turn_for(&never, 1, 300);
	close_all();
	ck_assert_int_eq(stat(path("asked"), &st), 0);
	open_all();
}
END_TEST

START_TEST(without_a_toolchain_every_wish_fails_until_there_is_one)
{
	struct wish wish;

	touch("broken");
	close_all();
	open_all();
	get(&wish, "good day\n");
	ck_assert_int_eq(wish.outcome, COMPILE_FAILED);
	ck_assert_ptr_nonnull(strstr(wish.why, "no cc"));
	unlink(path("broken"));
	get(&wish, "good day\n");
	ck_assert_int_eq(wish.outcome, COMPILE_DONE);
	shelf_drop(wish.object);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("compile");
	TCase *ways = tcase_create("ways"), *ends = tcase_create("ends");

	tcase_add_checked_fixture(ways, set_up, tear_down);
	tcase_add_checked_fixture(ends, set_up, tear_down);
	tcase_add_test(ways, a_program_becomes_an_object);
	tcase_add_test(ways, many_who_ask_wait_for_one_compile);
	tcase_add_test(ways, the_second_time_comes_from_the_shelf_and_then_from_disk);
	tcase_add_test(ways, a_damaged_object_is_built_again);
	tcase_add_test(ways, a_refusal_is_remembered_over_a_restart);
	tcase_add_test(ways, a_failure_is_told_and_tried_again);
	tcase_add_test(ways, a_program_that_is_not_there_is_missing);
	tcase_add_test(ways, without_a_toolchain_every_wish_fails_until_there_is_one);
	tcase_add_test(ends, a_compile_that_nobody_wants_any_more_is_asked_to_end);
	tcase_add_test(ends, who_is_told_may_drop_what_he_likes);
	tcase_add_test(ends, one_that_does_not_end_when_asked_is_killed);
	tcase_add_test(ends, tear_down_ends_what_compiles);
	tcase_set_timeout(ways, 60);
	tcase_set_timeout(ends, 60);
	suite_add_tcase(s, ways);
	suite_add_tcase(s, ends);
	return s;
}

CHECK_MAIN(suite)
