#include <string.h>

#include "supervisor/processes/native.h"
#include "tests/check_run.h"

static struct native_grants grants;

START_TEST(a_name_has_letters_digits_and_little_else)
{
	static const char *const bad[] = { "", " ", "a b", "a\"", "a\\", "*", "a/b", "a\n",
		"\xc3\xa4" };
	static const char *const good[] = { "a", "asker", "example:echo-2.0_x" };
	char longest[CONTROL_NAME_MAX + 2];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!native_is_name(bad[i]), "%s", bad[i]);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ck_assert_msg(native_is_name(good[i]), "%s", good[i]);
	memset(longest, 'x', sizeof(longest));
	longest[CONTROL_NAME_MAX + 1] = 0;
	ck_assert(!native_is_name(longest));
	longest[CONTROL_NAME_MAX] = 0;
	ck_assert(native_is_name(longest));
}
END_TEST

/* Whatever is granted to a name by its hash one day must still mean that name. */
START_TEST(the_hash_of_a_name_stays_what_it_is)
{
	char hex[HASH_HEX_SIZE];
	struct hash hash = native_hash("asker");

	ck_assert_str_eq(hash_to_hex(&hash, hex),
		"2811b3568069fec819faa335a246090d2b398afb30cd932258d289cca1a3fc79");
}
END_TEST

START_TEST(without_a_grant_nobody_may_join)
{
	ck_assert(!native_may_join(NULL, "asker"));
	ck_assert(!native_may_join(&grants, "asker"));
}
END_TEST

START_TEST(who_was_granted_may_join_and_nobody_else)
{
	char words[] = "  asker  other ";

	ck_assert_int_eq(native_grant_words(&grants, words), 0);
	ck_assert(native_may_join(&grants, "asker"));
	ck_assert(native_may_join(&grants, "other"));
	ck_assert(!native_may_join(&grants, "aske"));
	ck_assert(!native_may_join(&grants, "askers"));
}
END_TEST

START_TEST(a_star_stands_for_any)
{
	ck_assert_int_eq(native_grant(&grants, NATIVE_ANY), 0);
	ck_assert(native_may_join(&grants, "asker"));
}
END_TEST

START_TEST(what_is_no_name_is_not_granted)
{
	char words[] = "asker a*";

	ck_assert_int_eq(native_grant(&grants, "a/b"), NATIVE_NO_NAME);
	ck_assert_int_eq(native_grant_words(&grants, words), NATIVE_NO_NAME);
}
END_TEST

START_TEST(grants_have_an_end)
{
	for (size_t i = 0; i < NATIVE_GRANTS_MAX; i++)
		ck_assert_int_eq(native_grant(&grants, "asker"), 0);
	ck_assert_int_eq(native_grant(&grants, "asker"), NATIVE_TOO_MANY);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("native");
	TCase *tc = tcase_create("grants");

	tcase_add_test(tc, a_name_has_letters_digits_and_little_else);
	tcase_add_test(tc, the_hash_of_a_name_stays_what_it_is);
	tcase_add_test(tc, without_a_grant_nobody_may_join);
	tcase_add_test(tc, who_was_granted_may_join_and_nobody_else);
	tcase_add_test(tc, a_star_stands_for_any);
	tcase_add_test(tc, what_is_no_name_is_not_granted);
	tcase_add_test(tc, grants_have_an_end);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
