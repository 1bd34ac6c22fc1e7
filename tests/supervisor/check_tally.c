/* check_tally.c: counters are added and kept, whatever they are, and a file is whole or gone.
 */
#include <fcntl.h>
#include <stdio.h>

#include "cache/folder.h"
#include "supervisor/compiling/tally.h"
#include "tests/supervisor/fake_counting.h"

static char home[64];
static int folder = -1;
static struct tally tally;
static const struct hash program = { .bytes = { 1 } }, toolchain = { .bytes = { 2 } },
			 another = { .bytes = { 3 } };

static void set_up(void)
{
	strcpy(home, "/tmp/redshirt-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(home));
	ck_assert_int_eq(folder_open(home, &folder), 0);
	tally_init(&tally, 1000);
}

static void tear_down(void)
{
	char command[128];

	tally_deinit(&tally);
	fd_closep(&folder);
	snprintf(command, sizeof(command), "rm -r %s", home);
	ck_assert_int_eq(system(command), 0);
}

static int add(uint64_t id, uint64_t first, uint64_t last, const struct hash *with)
{
	CLEANUP(fd_closep) int object = counting_object(id);
	CLEANUP(fd_closep) int counters = counted(first, last);

	return tally_add(&tally, object, counters, with);
}

static uint64_t counter(size_t i)
{
	uint64_t value;

	memcpy(&value, tally.body + sizeof(struct profile) + sizeof(struct skeleton) + 8 * i,
		8);
	return value;
}

static void again(void)
{
	ck_assert_int_eq(tally_write(folder, &program, &tally), 0);
	tally_deinit(&tally);
	ck_assert_int_eq(tally_read(folder, &program, &tally), 0);
}

START_TEST(what_runs_counted_is_added_up)
{
	ck_assert_int_eq(add(5, 1, 10, &toolchain), 0);
	again();
	ck_assert_int_eq(add(5, 2, 20, &toolchain), 0);
	again();
	ck_assert_uint_eq(tally.head.runs, 2);
	ck_assert_uint_eq(counter(0), 3);
	ck_assert_uint_eq(counter(1), 0);
	ck_assert_uint_eq(counter(COUNTERS - 1), 30);
}
END_TEST

START_TEST(a_sum_stops_at_the_largest_number)
{
	ck_assert_int_eq(add(5, UINT64_MAX - 1, 1, &toolchain), 0);
	ck_assert_int_eq(add(5, 5, UINT64_MAX, &toolchain), 0);
	ck_assert_uint_eq(counter(0), UINT64_MAX);
	ck_assert_uint_eq(counter(COUNTERS - 1), UINT64_MAX);
}
END_TEST

START_TEST(what_another_object_counted_is_thrown_away)
{
	ck_assert_int_eq(add(5, 1, 1, &toolchain), 0);
	tally_settle(&tally);
	ck_assert_int_eq(add(6, 7, 7, &toolchain), 0);
	ck_assert_uint_eq(tally.head.runs, 1);
	ck_assert_uint_eq(counter(0), 7);
	ck_assert(!tally_is_settled(&tally.head));
	ck_assert_int_eq(add(6, 8, 8, &another), 0);
	ck_assert_uint_eq(tally.head.runs, 1);
	ck_assert_uint_eq(counter(0), 8);
}
END_TEST

START_TEST(a_run_that_counted_nothing_is_none)
{
	ck_assert_int_eq(add(5, 0, 0, &toolchain), TALLY_NOTHING);
	ck_assert_uint_eq(tally.head.runs, 0);
}
END_TEST

START_TEST(an_object_without_counters_adds_nothing)
{
	CLEANUP(fd_closep) int object = counting_object(5);
	CLEANUP(fd_closep) int counters = counted(1, 1);
	struct object_header head;

	ck_assert_int_eq(pread(object, &head, sizeof(head), 0), sizeof(head));
	head.counters_bytes = COUNTERS_BYTES_MAX + HOST_PAGE_BYTES;
	ck_assert_int_eq(pwrite(object, &head, sizeof(head), 0), sizeof(head));
	ck_assert_int_eq(tally_add(&tally, object, counters, &toolchain), TALLY_STRANGE);
	head.counters_bytes = 0;
	ck_assert_int_eq(pwrite(object, &head, sizeof(head), 0), sizeof(head));
	ck_assert_int_eq(tally_add(&tally, object, counters, &toolchain), TALLY_STRANGE);
	head.counters_bytes = 2 * HOST_PAGE_BYTES; /* more than there is memory */
	ck_assert_int_eq(pwrite(object, &head, sizeof(head), 0), sizeof(head));
	ck_assert_int_eq(tally_add(&tally, object, counters, &toolchain), -EIO);
}
END_TEST

START_TEST(each_settled_state_has_a_name_of_its_own)
{
	struct hash first;

	tally_settle(&tally);
	ck_assert(!tally_is_settled(&tally.head)); /* nothing was counted */
	ck_assert_int_eq(add(5, 1, 1, &toolchain), 0);
	tally_settle(&tally);
	first = tally.head.settled;
	ck_assert(tally_is_settled(&tally.head));
	ck_assert_int_eq(add(5, 1, 1, &toolchain), 0);
	ck_assert(hash_equal(&tally.head.settled, &first));
	tally_settle(&tally);
	ck_assert(!hash_equal(&tally.head.settled, &first));
}
END_TEST

START_TEST(a_descriptor_for_aotc_stands_at_the_profile)
{
	struct profile profile;
	int fd = -1;

	ck_assert_int_eq(tally_open(folder, &program, &fd), TALLY_NONE);
	ck_assert_int_eq(tally_write(folder, &program, &tally), 0);
	ck_assert_int_eq(tally_open(folder, &program, &fd), TALLY_NONE);
	ck_assert_int_eq(add(5, 1, 1, &toolchain), 0);
	ck_assert_int_eq(tally_write(folder, &program, &tally), 0);
	ck_assert_int_eq(tally_open(folder, &program, &fd), 0);
	ck_assert_int_eq(read(fd, &profile, sizeof(profile)), sizeof(profile));
	ck_assert_mem_eq(profile.magic, PROFILE_MAGIC, sizeof(profile.magic));
	ck_assert_uint_eq(profile.counters_id, 5);
	close(fd);
}
END_TEST

/* ---- damage ---- */

START_TEST(a_file_with_one_wrong_byte_is_dropped)
{
	char name[HASH_HEX_SIZE];
	struct tally damaged;
	uint8_t byte;

	ck_assert_int_eq(add(5, 1, 1, &toolchain), 0);
	size_t bytes = sizeof(tally.head) + tally.body_bytes;
	for (size_t at = 0; at < bytes; at += at < 300 ? 7 : 997) {
		ck_assert_int_eq(tally_write(folder, &program, &tally), 0);
		int fd = openat(folder, hash_to_hex(&program, name), O_RDWR | O_CLOEXEC);
		ck_assert_int_eq(pread(fd, &byte, 1, (off_t)at), 1);
		byte ^= 0x40;
		ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)at), 1);
		close(fd);
		ck_assert_int_eq(tally_read(folder, &program, &damaged), TALLY_DAMAGED);
		ck_assert_int_eq(tally_read(folder, &program, &damaged), TALLY_NONE);
	}
}
END_TEST

START_TEST(a_file_that_was_cut_is_dropped)
{
	const off_t sizes[] = { 0, 7, sizeof(struct tally_head) - 1, sizeof(struct tally_head),
		sizeof(struct tally_head) + 9 };
	char name[HASH_HEX_SIZE];
	struct tally damaged;

	ck_assert_int_eq(add(5, 1, 1, &toolchain), 0);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		ck_assert_int_eq(tally_write(folder, &program, &tally), 0);
		int fd = openat(folder, hash_to_hex(&program, name), O_RDWR | O_CLOEXEC);
		ck_assert_int_eq(ftruncate(fd, sizes[i]), 0);
		close(fd);
		ck_assert_int_eq(tally_read(folder, &program, &damaged), TALLY_DAMAGED);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tally");
	TCase *adding = tcase_create("adding"), *damage = tcase_create("damage");

	tcase_add_checked_fixture(adding, set_up, tear_down);
	tcase_add_test(adding, what_runs_counted_is_added_up);
	tcase_add_test(adding, a_sum_stops_at_the_largest_number);
	tcase_add_test(adding, what_another_object_counted_is_thrown_away);
	tcase_add_test(adding, a_run_that_counted_nothing_is_none);
	tcase_add_test(adding, an_object_without_counters_adds_nothing);
	tcase_add_test(adding, each_settled_state_has_a_name_of_its_own);
	tcase_add_test(adding, a_descriptor_for_aotc_stands_at_the_profile);
	suite_add_tcase(s, adding);
	tcase_add_checked_fixture(damage, set_up, tear_down);
	tcase_add_test(damage, a_file_with_one_wrong_byte_is_dropped);
	tcase_add_test(damage, a_file_that_was_cut_is_dropped);
	suite_add_tcase(s, damage);
	return s;
}

CHECK_MAIN(suite)
