#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/processes/ids.h"
#include "tests/check_run.h"

static char home[64];
static struct loop *loop;
static struct offload *offload;

static void set_up(void)
{
	strcpy(home, "/tmp/check_ids.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	ck_assert_int_eq(loop_new(&loop), 0);
	ck_assert_int_eq(offload_new(loop, &offload), 0);
}

static void tear_down(void)
{
	char command[96];

	offload = offload_free(offload);
	loop = loop_free(loop);
	snprintf(command, sizeof(command), "rm -rf %s", home);
	ck_assert_int_eq(system(command), 0);
}

static void turn(void)
{
	ck_assert_int_eq(loop_wait(loop, loop_now_ns() + 1000000), 0);
	loop_dispatch(loop);
}

/* As many numbers as wanted, one after the other. */
static uint64_t take(struct ids *ids, uint64_t count)
{
	uint64_t id = 0, last = 0;

	for (uint64_t i = 0; i < count; i++) {
		while (ids_take(ids, &id) == IDS_NONE)
			turn();
		ck_assert(last == 0 || id == last + 1);
		last = id;
	}
	return last;
}

START_TEST(numbers_begin_at_one_and_never_end)
{
	struct ids *ids;

	ck_assert_int_eq(ids_open(home, offload, &ids), 0);
	ck_assert_uint_eq(take(ids, 10 * IDS_BLOCK), 10 * IDS_BLOCK);
	offload = offload_free(offload);
	ids_close(ids);
}
END_TEST

START_TEST(a_clean_end_loses_no_number)
{
	struct ids *ids;

	for (uint64_t i = 1; i <= 5; i++) {
		ck_assert_int_eq(ids_open(home, offload, &ids), 0);
		ck_assert_uint_eq(take(ids, 1), i);
		ids_close(ids);
	}
}
END_TEST

START_TEST(a_crash_never_brings_a_number_back)
{
	struct ids *ids, *next;
	uint64_t last = 0;

	for (int i = 0; i < 5; i++) {
		ck_assert_int_eq(ids_open(home, offload, &ids), 0);
		uint64_t id = take(ids, 40 + 30 * (uint64_t)i);
		ck_assert_uint_gt(id, last);
		last = id;
		/* not closed: the next one opens what is on disk at this moment */
		ck_assert_int_eq(ids_open(home, offload, &next), 0);
		uint64_t first = take(next, 1);
		ck_assert_uint_gt(first, last);
		last = first;
		turn(); /* a write may be under way */
	}
}
END_TEST

START_TEST(a_damaged_file_is_not_guessed_at)
{
	static const char *const texts[] = { "", "0\n", "-5\n", "12", "12 \n", "x\n", " 7\n",
		"99999999999999999999999999\n", "5\n6\n" };
	char path[96];
	struct ids *ids;

	snprintf(path, sizeof(path), "%s/processes", home);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		ck_assert_int_eq(
			write(fd, texts[i], strlen(texts[i])), (ssize_t)strlen(texts[i]));
		close(fd);
		ck_assert_msg(ids_open(home, offload, &ids) == IDS_DAMAGED, "\"%s\"", texts[i]);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("ids");
	TCase *all = tcase_create("all");

	tcase_add_checked_fixture(all, set_up, tear_down);
	tcase_add_test(all, numbers_begin_at_one_and_never_end);
	tcase_add_test(all, a_clean_end_loses_no_number);
#ifndef __SANITIZE_ADDRESS__ /* what a crash leaves is what a leak checker looks for */
	tcase_add_test(all, a_crash_never_brings_a_number_back);
#else
	(void)a_crash_never_brings_a_number_back;
#endif
	tcase_add_test(all, a_damaged_file_is_not_guessed_at);
	suite_add_tcase(s, all);
	return s;
}

CHECK_MAIN(suite)
