#include <string.h>

#include "supervisor/rsctl/program.h"
#include "tests/cache/scratch.h"
#include "tests/check_run.h"

/* The empty string's SHA-256, and its CIDv1 (raw, base32). */
#define EMPTY_HEX "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define EMPTY_CID "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"

static void expect_hash(const char *word, const char *hex)
{
	char out[HASH_HEX_SIZE];

	ck_assert_int_eq(program_hash(word, out), CONTROL_OK);
	ck_assert_str_eq(out, hex);
}

START_TEST(beginnings_of_hashes_are_passed_on)
{
	expect_hash("3fa9", "3fa9");
	expect_hash("3FA9", "3FA9");
	expect_hash(EMPTY_HEX, EMPTY_HEX);
}
END_TEST

START_TEST(a_cid_is_its_hash)
{
	expect_hash(EMPTY_CID, EMPTY_HEX);
}
END_TEST

START_TEST(what_is_no_name_of_a_program_is_refused)
{
	static const char *const lies[] = {
		"",
		"hello",
		"3fa9 ",
		"-3fa9",
		EMPTY_HEX "0",
		/* of another codec, another hash, another base; too long, with a bit too many
		 */
		"bafybeihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
		"bafkrgihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
		"zafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
		EMPTY_CID "a",
		"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvykv",
		"bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyk1",
	};
	char out[HASH_HEX_SIZE];

	for (size_t i = 0; i < ARRAY_LEN(lies); i++)
		ck_assert_msg(program_hash(lies[i], out) == CONTROL_NOT_FOUND, "%s was taken",
			lies[i]);
}
END_TEST

START_TEST(files_are_known_by_slash_ending_or_being_there)
{
	scratch_write("3fa9", "x", 1);
	ck_assert_int_eq(chdir(scratch), 0);
	ck_assert(program_is_file("3fa9"));
	ck_assert(!program_is_file("3fa8"));
	ck_assert(program_is_file("./3fa8"));
	ck_assert(program_is_file("gone.wasm"));
	ck_assert(!program_is_file(".wasm"));
	ck_assert(program_is_file("-"));
	ck_assert_int_eq(chdir("/"), 0);
}
END_TEST

static const struct {
	const char *word, *name;
} names[] = {
	{ "/a/b/hello.wasm", "hello" },
	{ "hello.wasm", "hello" },
	{ "./hello", "hello" },
	{ "-", "-" },
	{ EMPTY_HEX, "e3b0c44298fc" },
	{ "./", "" },
};

START_TEST(a_name_is_short)
{
	char out[CONTROL_NAME_MAX + 1];

	program_name(names[_i].word, out);
	ck_assert_str_eq(out, names[_i].name);
}
END_TEST

START_TEST(a_long_name_is_cut_between_characters)
{
	char word[3 + 2 * CONTROL_NAME_MAX] = "./x", out[CONTROL_NAME_MAX + 1];

	for (size_t i = 0; i + 2 < CONTROL_NAME_MAX; i++)
		strcat(word, "\xc3\xa9");
	program_name(word, out);
	ck_assert_uint_eq(strlen(out), CONTROL_NAME_MAX - 1); /* x and whole characters */
	ck_assert_int_eq(out[CONTROL_NAME_MAX - 2], (char)0xa9);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("program");
	TCase *t = tcase_create("hashes");

	tcase_add_test(t, beginnings_of_hashes_are_passed_on);
	tcase_add_test(t, a_cid_is_its_hash);
	tcase_add_test(t, what_is_no_name_of_a_program_is_refused);
	suite_add_tcase(s, t);
	t = tcase_create("files");
	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_add_test(t, files_are_known_by_slash_ending_or_being_there);
	tcase_add_loop_test(t, a_name_is_short, 0, ARRAY_LEN(names));
	tcase_add_test(t, a_long_name_is_cut_between_characters);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
