#include <sys/mman.h>

#include "tests/check_run.h"
#include "tests/supervisor/made_manifest.h"

static struct made module, records;
static struct manifest *manifest;

static void set_up(void)
{
	made_module(&module);
	records.count = 0;
}

static void tear_down(void)
{
	manifest = manifest_free(manifest);
}

/* From exactly so many bytes: one more that is read, and AddressSanitizer sees it. */
static int read_bytes(size_t count)
{
	uint8_t *copy = malloc(count + !count);

	memcpy(copy, module.bytes, count);
	manifest_free(manifest);
	manifest = NULL;
	int r = manifest_read_bytes(copy, count, &manifest);
	free(copy);
	return r;
}

static int read_module(void)
{
	return read_bytes(module.count);
}

static int read_records(void)
{
	made_manifest(&module, &records);
	return read_module();
}

static void check_malformed(const char *wrong)
{
	const struct hash any = made_interface(1);

	ck_assert_int_eq(read_module(), MANIFEST_MALFORMED);
	ck_assert_str_eq(manifest->wrong, wrong);
	ck_assert_uint_eq(manifest->count, 0);
	ck_assert(!manifest_allows(manifest, &any, MANIFEST_USE));
}

/* --- what it says --- */

START_TEST(rows_are_read_in_their_order)
{
	made_record(&records, MANIFEST_USE, 1, "tcp", "to fetch pages");
	made_record(&records, MANIFEST_REGISTER, 2, "example.Pages", "");
	ck_assert_int_eq(read_records(), 0);
	ck_assert_ptr_null(manifest->wrong);
	ck_assert_uint_eq(manifest->count, 2);
	ck_assert_int_eq(manifest->rows[0].right, MANIFEST_USE);
	ck_assert_uint_eq(manifest->rows[0].interface.bytes[31], 1);
	ck_assert_str_eq(manifest->rows[0].name, "tcp");
	ck_assert_str_eq(manifest->rows[0].reason, "to fetch pages");
	ck_assert_int_eq(manifest->rows[1].right, MANIFEST_REGISTER);
	ck_assert_uint_eq(manifest->rows[1].interface.bytes[0], 2);
	ck_assert_str_eq(manifest->rows[1].name, "example.Pages");
	ck_assert_str_eq(manifest->rows[1].reason, "");
}
END_TEST

START_TEST(it_allows_what_it_names_and_nothing_else)
{
	const struct hash one = made_interface(1), two = made_interface(2);

	made_record(&records, MANIFEST_USE, 1, "one", "");
	made_record(&records, MANIFEST_REGISTER, 2, "two", "");
	ck_assert_int_eq(read_records(), 0);
	ck_assert(manifest_allows(manifest, &one, MANIFEST_USE));
	ck_assert(!manifest_allows(manifest, &one, MANIFEST_REGISTER));
	ck_assert(!manifest_allows(manifest, &two, MANIFEST_USE));
	ck_assert(manifest_allows(manifest, &two, MANIFEST_REGISTER));
}
END_TEST

START_TEST(a_module_without_one_may_what_the_user_grants)
{
	const struct hash any = made_interface(1);

	made_section(&module, "name", "xyz", 3);
	made_section(&module, "redshirt.manifests", "xyz", 3);
	made_section(&module, "redshirt.manifesT", "xyz", 3);
	ck_assert_int_eq(read_module(), 0);
	ck_assert_ptr_null(manifest);
	ck_assert(manifest_allows(NULL, &any, MANIFEST_REGISTER));
}
END_TEST

START_TEST(an_empty_one_allows_nothing)
{
	const struct hash any = made_interface(1);

	ck_assert_int_eq(read_records(), 0);
	ck_assert_ptr_nonnull(manifest);
	ck_assert_uint_eq(manifest->count, 0);
	ck_assert(!manifest_allows(manifest, &any, MANIFEST_USE));
}
END_TEST

START_TEST(what_is_no_module_has_none)
{
	static const char *const texts[] = { "", "#!/bin/sh\n", "\0asm", "\0asm\2\0\0\0\0" };
	static const size_t bytes[] = { 0, 10, 4, 9 };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		memcpy(module.bytes, texts[i], bytes[i]);
		ck_assert_int_eq(read_bytes(bytes[i]), 0);
		ck_assert_ptr_null(manifest);
	}
}
END_TEST

START_TEST(sections_are_put_together)
{
	for (uint8_t i = 1; i <= 3; i++) {
		records.count = 0;
		made_record(&records, MANIFEST_USE, i, "some", "why");
		made_section(&module, "between", "12345", 5);
		made_manifest(&module, &records);
	}
	ck_assert_int_eq(read_module(), 0);
	ck_assert_uint_eq(manifest->count, 3);
	for (uint8_t i = 1; i <= 3; i++)
		ck_assert_uint_eq(manifest->rows[i - 1].interface.bytes[7], i);
}
END_TEST

START_TEST(other_sections_are_skipped_whatever_they_hold)
{
	made_byte(&module, 10);
	made_u32(&module, 300);
	memset(module.bytes + module.count, 0xff, 300);
	module.count += 300;
	made_record(&records, MANIFEST_USE, 9, "nine", "");
	ck_assert_int_eq(read_records(), 0);
	ck_assert_uint_eq(manifest->count, 1);
}
END_TEST

START_TEST(a_padded_length_is_one)
{
	static const uint8_t head[] = { 0, 0x94, 0x80, 0x80, 0x80, 0x00, 0x91, 0x80, 0x00 };

	made_bytes(&module, head, sizeof(head));
	made_bytes(&module, MANIFEST_SECTION, 17);
	ck_assert_int_eq(read_module(), 0);
	ck_assert_ptr_nonnull(manifest);
}
END_TEST

START_TEST(a_file_says_the_same)
{
	CLEANUP(fd_closep) int fd = memfd_create("module", MFD_CLOEXEC);

	made_record(&records, MANIFEST_USE, 5, "five", "of five");
	made_manifest(&module, &records);
	ck_assert_int_eq(write(fd, module.bytes, module.count), (ssize_t)module.count);
	ck_assert_int_eq(manifest_read(fd, &manifest), 0);
	ck_assert_uint_eq(manifest->count, 1);
	ck_assert_str_eq(manifest->rows[0].reason, "of five");
}
END_TEST

START_TEST(what_cannot_be_read_is_an_error_of_ours)
{
	ck_assert_int_eq(manifest_read(-1, &manifest), -EBADF);
}
END_TEST

/* --- its limits --- */

static char *of_length(char *text, size_t bytes)
{
	memset(text, 'x', bytes);
	text[bytes] = 0;
	return text;
}

START_TEST(as_much_as_may_be_is_read)
{
	char name[MANIFEST_NAME_BYTES_MAX + 1], reason[MANIFEST_REASON_BYTES_MAX + 1];

	of_length(name, MANIFEST_NAME_BYTES_MAX);
	of_length(reason, MANIFEST_REASON_BYTES_MAX);
	for (uint8_t i = 0; i < MANIFEST_ROWS_MAX; i++)
		made_record(&records, MANIFEST_USE, i, name, reason);
	ck_assert_int_eq(read_records(), 0);
	ck_assert_uint_eq(manifest->count, MANIFEST_ROWS_MAX);
	ck_assert_str_eq(manifest->rows[MANIFEST_ROWS_MAX - 1].reason, reason);
}
END_TEST

START_TEST(more_records_than_may_be_are_refused)
{
	for (uint8_t i = 0; i <= MANIFEST_ROWS_MAX; i++)
		made_record(&records, MANIFEST_USE, i, "", "");
	made_manifest(&module, &records);
	check_malformed("the manifest has too many records");
}
END_TEST

START_TEST(also_when_they_come_in_many_sections)
{
	made_record(&records, MANIFEST_USE, 1, "", "");
	for (uint8_t i = 0; i <= MANIFEST_ROWS_MAX; i++)
		made_manifest(&module, &records);
	check_malformed("the manifest has too many records");
}
END_TEST

START_TEST(one_that_is_too_long_is_not_even_copied)
{
	made_byte(&module, 0);
	made_u32(&module, 18 + 40000);
	made_u32(&module, 17);
	made_bytes(&module, MANIFEST_SECTION, 17);
	memset(module.bytes + module.count, 1, 40000);
	module.count += 40000;
	check_malformed("the manifest is too long");
}
END_TEST

START_TEST(long_names_and_reasons_are_refused)
{
	char text[MANIFEST_REASON_BYTES_MAX + 2];

	made_record(
		&records, MANIFEST_USE, 1, of_length(text, MANIFEST_NAME_BYTES_MAX + 1), "");
	made_manifest(&module, &records);
	check_malformed("a name in the manifest is too long or has no end");
	set_up();
	made_record(
		&records, MANIFEST_USE, 1, "n", of_length(text, MANIFEST_REASON_BYTES_MAX + 1));
	made_manifest(&module, &records);
	check_malformed("a reason in the manifest is too long or has no end");
}
END_TEST

START_TEST(a_module_of_endless_sections_is_refused)
{
	for (uint32_t i = 0; i <= MANIFEST_SECTIONS_MAX; i++)
		made_section(&module, "", "", 0);
	check_malformed("the module has too many sections");
}
END_TEST

/* --- lies --- */

START_TEST(unknown_versions_and_rights_are_refused)
{
	made_record(&records, MANIFEST_USE, 1, "n", "r");
	records.bytes[0] = 2;
	made_manifest(&module, &records);
	check_malformed("a record of the manifest has an unknown version");
	for (int right = 0; right < 256; right++) {
		set_up();
		made_record(&records, right, 1, "n", "r");
		made_manifest(&module, &records);
		if (right != MANIFEST_USE && right != MANIFEST_REGISTER)
			check_malformed("a record of the manifest has an unknown right");
	}
}
END_TEST

START_TEST(a_record_does_not_go_on_in_the_next_section)
{
	struct made half;

	made_record(&records, MANIFEST_USE, 1, "n", "r");
	half = records;
	half.count = 20;
	made_manifest(&module, &half);
	memcpy(half.bytes, records.bytes + 20, records.count - 20);
	half.count = records.count - 20;
	made_manifest(&module, &half);
	check_malformed("a record of the manifest is cut off");
}
END_TEST

START_TEST(one_bad_record_takes_all_with_it)
{
	made_record(&records, MANIFEST_USE, 1, "good", "");
	made_byte(&records, MANIFEST_VERSION);
	made_manifest(&module, &records);
	check_malformed("a record of the manifest is cut off");
}
END_TEST

START_TEST(sections_that_lie_about_their_size_are_refused)
{
	made_byte(&module, 0);
	made_u32(&module, 0xffffffff);
	check_malformed("a section of the module reaches beyond its end");
	set_up();
	made_bytes(&module, "\0\xff\xff\xff\xff\xff\xff", 7);
	check_malformed("a section of the module has no size");
	set_up();
	made_bytes(&module, "\0\1\xff", 3);
	check_malformed("a custom section of the module has no name");
	set_up();
	made_byte(&module, 3);
	check_malformed("a section of the module has no size");
}
END_TEST

/* The name is looked at within the section, not in what follows it. */
START_TEST(a_name_that_reaches_beyond_its_section_is_none)
{
	made_bytes(&module, "\0\5\x11reds", 7);
	made_section(&module, "x", "", 0);
	ck_assert_int_eq(read_module(), 0);
	ck_assert_ptr_null(manifest);
}
END_TEST

START_TEST(cut_anywhere_it_allows_no_more)
{
	const struct hash one = made_interface(1), two = made_interface(2);

	made_record(&records, MANIFEST_USE, 1, "one", "reason");
	made_manifest(&module, &records);
	for (size_t cut = 9; cut < module.count; cut++) {
		int r = read_bytes(cut);
		MUST(r == MANIFEST_MALFORMED && manifest->wrong);
		MUST(!manifest_allows(manifest, &one, MANIFEST_USE));
		MUST(!manifest_allows(manifest, &two, MANIFEST_USE));
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("manifest");
	TCase *says = tcase_create("says"), *limits = tcase_create("limits"),
	      *lies = tcase_create("lies");

	tcase_add_checked_fixture(says, set_up, tear_down);
	tcase_add_test(says, rows_are_read_in_their_order);
	tcase_add_test(says, it_allows_what_it_names_and_nothing_else);
	tcase_add_test(says, a_module_without_one_may_what_the_user_grants);
	tcase_add_test(says, an_empty_one_allows_nothing);
	tcase_add_test(says, what_is_no_module_has_none);
	tcase_add_test(says, sections_are_put_together);
	tcase_add_test(says, other_sections_are_skipped_whatever_they_hold);
	tcase_add_test(says, a_padded_length_is_one);
	tcase_add_test(says, a_file_says_the_same);
	tcase_add_test(says, what_cannot_be_read_is_an_error_of_ours);
	suite_add_tcase(s, says);
	tcase_add_checked_fixture(limits, set_up, tear_down);
	tcase_add_test(limits, as_much_as_may_be_is_read);
	tcase_add_test(limits, more_records_than_may_be_are_refused);
	tcase_add_test(limits, also_when_they_come_in_many_sections);
	tcase_add_test(limits, one_that_is_too_long_is_not_even_copied);
	tcase_add_test(limits, long_names_and_reasons_are_refused);
	tcase_add_test(limits, a_module_of_endless_sections_is_refused);
	suite_add_tcase(s, limits);
	tcase_add_checked_fixture(lies, set_up, tear_down);
	tcase_add_test(lies, unknown_versions_and_rights_are_refused);
	tcase_add_test(lies, a_record_does_not_go_on_in_the_next_section);
	tcase_add_test(lies, one_bad_record_takes_all_with_it);
	tcase_add_test(lies, sections_that_lie_about_their_size_are_refused);
	tcase_add_test(lies, a_name_that_reaches_beyond_its_section_is_none);
	tcase_add_test(lies, cut_anywhere_it_allows_no_more);
	suite_add_tcase(s, lies);
	return s;
}

CHECK_MAIN(suite)
