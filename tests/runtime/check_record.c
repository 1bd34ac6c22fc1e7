#include <stdio.h>
#include <string.h>

#include <sys/mman.h>

#include "runtime/record.h"
#include "tests/check_run.h"

static struct {
	struct object_header head;
	char text[64];
} file;
static struct build_record record;
static int fd;

static void fill(const char *text)
{
	file.head = (struct object_header){ .magic = OBJECT_MAGIC,
		.abi_version = OBJECT_ABI_VERSION,
		.record_offset = sizeof(file.head),
		.record_bytes = strlen(text) };
	snprintf(file.text, sizeof(file.text), "%s", text);
}

static void open_file(void)
{
	fd = memfd_create("object", MFD_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	fill("tier full\nform plain it was asked for\ntiers 3\n");
}

static void close_file(void)
{
	fd_closep(&fd);
}

static int read_it(void)
{
	ck_assert_int_eq(pwrite(fd, &file, sizeof(file), 0), sizeof(file));
	return record_read(fd, sizeof(file), &record);
}

START_TEST(values_are_found_by_their_keys)
{
	ck_assert_int_eq(read_it(), 0);
	ck_assert_str_eq(record_value(&record, "tier"), "full");
	ck_assert_str_eq(record_value(&record, "form"), "plain it was asked for");
	ck_assert_str_eq(record_value(&record, "tiers"), "3");
	ck_assert_ptr_null(record_value(&record, "plain"));
	ck_assert_ptr_null(record_value(&record, "tie"));
	ck_assert_ptr_null(record_value(&record, ""));
}
END_TEST

START_TEST(an_object_may_have_no_record)
{
	fill("");
	ck_assert_int_eq(read_it(), 0);
	ck_assert_ptr_null(record_value(&record, "tier"));
}
END_TEST

START_TEST(a_damaged_text_is_none)
{
	static const char *const texts[] = { "tier full", "tier\n", " full\n", "\n",
		"tier full\n\nform plain\n", "tier \033[2J\n", "tier full\nform a\tb\n",
		"tier f\303\274ll\n" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		fill(texts[i]);
		ck_assert_msg(read_it() == RECORD_NONE, "%zu", i);
		ck_assert_ptr_null(record_value(&record, "tier"));
	}
}
END_TEST

START_TEST(a_lying_header_is_noticed)
{
	static const struct {
		uint64_t offset, bytes;
	} lies[] = { { sizeof(file) - 1, 2 }, { UINT64_MAX, 2 }, { 2, UINT64_MAX },
		{ 0, OBJECT_RECORD_BYTES_MAX + 1 }, { sizeof(file) + 1, 0 } };

	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		file.head.record_offset = lies[i].offset;
		file.head.record_bytes = lies[i].bytes;
		ck_assert_msg(read_it() == RECORD_NONE, "%zu", i);
	}
	fill("tier full\n");
	file.head.abi_version--;
	ck_assert_int_eq(read_it(), RECORD_NONE);
	fill("tier full\n");
	file.head.magic[0]++;
	ck_assert_int_eq(read_it(), RECORD_NONE);
	fill("tier full\n");
	ck_assert_int_eq(read_it(), 0);
	ck_assert_int_eq(record_read(fd, sizeof(file.head) - 1, &record), RECORD_NONE);
	ck_assert_int_eq(record_read(-1, sizeof(file), &record), RECORD_NONE);
}
END_TEST

static Suite *record_suite(void)
{
	Suite *s = suite_create("record");
	TCase *tc = tcase_create("lines");

	tcase_add_checked_fixture(tc, open_file, close_file);
	tcase_add_test(tc, values_are_found_by_their_keys);
	tcase_add_test(tc, an_object_may_have_no_record);
	tcase_add_test(tc, a_damaged_text_is_none);
	tcase_add_test(tc, a_lying_header_is_noticed);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(record_suite)
