#include <string.h>

#include "supervisor/rsctl/table.h"
#include "tests/check_run.h"

static struct table *table;

static void with_columns(void)
{
	static const char *const headings[] = { ">N", "NAME", "STATE", NULL };

	ck_assert_int_eq(table_new(headings, &table), 0);
}

static void no_more(void)
{
	table = table_free(table);
}

static void row(const char *a, const char *b, const char *c)
{
	ck_assert_int_eq(table_row(table), 0);
	ck_assert_int_eq(table_cell(table, a), 0);
	ck_assert_int_eq(table_cell(table, b), 0);
	if (c)
		ck_assert_int_eq(table_cell(table, c), 0);
}

static const char *printed(void)
{
	static char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	table_print(table, to);
	fclose(to);
	return text;
}

START_TEST(columns_stand_below_each_other)
{
	row("7", "hello", "running");
	row("123", "x", "gone");
	ck_assert_str_eq(printed(), "  N  NAME   STATE\n"
				    "  7  hello  running\n"
				    "123  x      gone\n");
}
END_TEST

START_TEST(no_line_ends_with_blanks)
{
	row("7", "hello", "");
	row("8", "a", NULL);
	ck_assert_str_eq(printed(), "N  NAME   STATE\n"
				    "7  hello\n"
				    "8  a\n");
}
END_TEST

START_TEST(an_empty_table_is_its_headings)
{
	ck_assert_str_eq(printed(), "N  NAME  STATE\n");
}
END_TEST

START_TEST(characters_count_and_not_bytes)
{
	row("1", "\xc3\xa9\xc3\xa9", "x");
	row("2", "abcd", "x");
	ck_assert_str_eq(printed(), "N  NAME  STATE\n"
				    "1  \xc3\xa9\xc3\xa9    x\n"
				    "2  abcd  x\n");
}
END_TEST

START_TEST(a_cell_cannot_break_its_line)
{
	row("1", "a\nb\033[2J", "x");
	ck_assert_ptr_nonnull(strstr(printed(), "1  a\\x0ab\\x1b[2J  x\n"));
}
END_TEST

START_TEST(a_cell_too_many_is_refused)
{
	row("1", "2", "3");
	ck_assert_int_eq(table_cell(table, "4"), TABLE_FULL);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("table");
	TCase *t = tcase_create("table");

	tcase_add_checked_fixture(t, with_columns, no_more);
	tcase_add_test(t, columns_stand_below_each_other);
	tcase_add_test(t, no_line_ends_with_blanks);
	tcase_add_test(t, an_empty_table_is_its_headings);
	tcase_add_test(t, characters_count_and_not_bytes);
	tcase_add_test(t, a_cell_cannot_break_its_line);
	tcase_add_test(t, a_cell_too_many_is_refused);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
