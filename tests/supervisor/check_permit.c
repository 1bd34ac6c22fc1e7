#include <string.h>

#include "supervisor/decisions/permit.h"
#include "tests/check_run.h"

static struct permit permit;
static const struct hash tcp = { "tcp" }, files = { "files" };

static void tear_down(void)
{
	permit_deinit(&permit);
}

START_TEST(nothing_was_said_at_first)
{
	ck_assert_int_eq(permit_once(&permit, &tcp, BROKER_USE), PERMIT_SILENT);
	ck_assert(!permit_has(&permit, &tcp, BROKER_USE));
}
END_TEST

START_TEST(the_last_answer_counts)
{
	ck_assert_int_eq(permit_answer(&permit, &tcp, BROKER_USE, true), 0);
	ck_assert_int_eq(permit_once(&permit, &tcp, BROKER_USE), PERMIT_ALLOWED);
	ck_assert_int_eq(permit_answer(&permit, &tcp, BROKER_USE, false), 0);
	ck_assert_int_eq(permit_once(&permit, &tcp, BROKER_USE), PERMIT_DENIED);
	ck_assert_int_eq(permit_once(&permit, &tcp, BROKER_HANDLE), PERMIT_SILENT);
	ck_assert_int_eq(permit_once(&permit, &files, BROKER_USE), PERMIT_SILENT);
}
END_TEST

START_TEST(what_names_the_interface_comes_before_all)
{
	ck_assert_int_eq(permit_answer(&permit, NULL, BROKER_USE, true), 0);
	ck_assert_int_eq(permit_answer(&permit, &tcp, BROKER_USE, false), 0);
	ck_assert_int_eq(permit_once(&permit, &tcp, BROKER_USE), PERMIT_DENIED);
	ck_assert_int_eq(permit_once(&permit, &files, BROKER_USE), PERMIT_ALLOWED);
	ck_assert_int_eq(permit_once(&permit, &files, BROKER_HANDLE), PERMIT_SILENT);
}
END_TEST

START_TEST(a_child_has_what_it_was_given)
{
	permit_adopt(&permit, 7);
	ck_assert_int_eq(permit_give(&permit, &tcp, BROKER_USE), 0);
	ck_assert(permit_has(&permit, &tcp, BROKER_USE));
	ck_assert(!permit_has(&permit, &tcp, BROKER_HANDLE));
	ck_assert(!permit_has(&permit, &files, BROKER_USE));
	ck_assert_int_eq(permit_once(&permit, &tcp, BROKER_USE), PERMIT_SILENT);
}
END_TEST

START_TEST(there_are_so_many_of_each)
{
	struct hash one = { "" };

	for (uint32_t i = 0; i < PERMIT_ROWS_MAX; i++) {
		memcpy(one.bytes, &i, sizeof(i));
		ck_assert_int_eq(permit_answer(&permit, &one, BROKER_USE, true), 0);
	}
	ck_assert_int_eq(permit_answer(&permit, &tcp, BROKER_USE, true), PERMIT_FULL);
	ck_assert_int_eq(permit_answer(&permit, &one, BROKER_USE, false), 0);
	ck_assert_int_eq(permit_once(&permit, &one, BROKER_USE), PERMIT_DENIED);
	ck_assert_int_eq(permit_give(&permit, &tcp, BROKER_USE), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("permit");
	TCase *answers = tcase_create("answers");

	tcase_add_checked_fixture(answers, NULL, tear_down);
	tcase_add_test(answers, nothing_was_said_at_first);
	tcase_add_test(answers, the_last_answer_counts);
	tcase_add_test(answers, what_names_the_interface_comes_before_all);
	tcase_add_test(answers, a_child_has_what_it_was_given);
	tcase_add_test(answers, there_are_so_many_of_each);
	suite_add_tcase(s, answers);
	return s;
}
CHECK_MAIN(suite)
