#include <stdio.h>
#include <string.h>

#include "interfaces/log.h"
#include "supervisor/processes/journal.h"
#include "tests/check_run.h"

static struct journal *journal;
static struct journal_book *book;
static struct journal_line line;

static void set_up(void)
{
	ck_assert_int_eq(journal_new(&journal), 0);
	ck_assert_int_eq(journal_open(journal, &book), 0);
}

static void tear_down(void)
{
	book = journal_book_free(book);
	journal = journal_free(journal);
}

static void print(const char *text)
{
	journal_write(book, RS_LOG_STDOUT, 7, text, strlen(text));
}

static void expect(struct journal_cursor *cursor, uint32_t stream, const char *text)
{
	ck_assert_int_eq(journal_next(book, cursor, &line), 0);
	ck_assert_uint_eq(line.stream, stream);
	ck_assert_uint_eq(line.bytes, strlen(text));
	ck_assert_mem_eq(line.text, text, line.bytes);
}

START_TEST(lines_come_back_as_they_were_written)
{
	struct journal_cursor cursor = journal_last(book, UINT64_MAX);

	print("one\ntwo\n\nfo");
	ck_assert_int_eq(journal_next(book, &cursor, &line), 0);
	ck_assert_int_eq(line.time_ms, 7);
	expect(&cursor, RS_LOG_STDOUT, "two");
	expect(&cursor, RS_LOG_STDOUT, "");
	ck_assert_int_eq(journal_next(book, &cursor, &line), JOURNAL_END);
	print("ur\n");
	expect(&cursor, RS_LOG_STDOUT, "four");
	ck_assert_int_eq(journal_next(book, &cursor, &line), JOURNAL_END);
}
END_TEST

START_TEST(streams_do_not_mix_inside_a_line)
{
	struct journal_cursor cursor = journal_last(book, UINT64_MAX);

	print("out");
	journal_write(book, RS_LOG_STDERR, 8, "err", 3);
	journal_write(book, RS_LOG_WARNING, 8, "logged", 6);
	print("put\n");
	journal_write(book, RS_LOG_STDERR, 9, "or\n", 3);
	expect(&cursor, RS_LOG_WARNING, "logged");
	expect(&cursor, RS_LOG_STDOUT, "output");
	ck_assert_int_eq(line.time_ms, 7);
	expect(&cursor, RS_LOG_STDERR, "error");
}
END_TEST

START_TEST(what_was_no_whole_line_is_kept_at_the_end)
{
	struct journal_cursor cursor = journal_last(book, UINT64_MAX);

	print("prompt> ");
	ck_assert_int_eq(journal_next(book, &cursor, &line), JOURNAL_END);
	journal_close(book);
	expect(&cursor, RS_LOG_STDOUT, "prompt> ");
}
END_TEST

START_TEST(bytes_are_kept_whatever_they_are)
{
	struct journal_cursor cursor = journal_last(book, UINT64_MAX);
	static const char odd[] = "\xff\0\x1b[2J\xc3\n";

	journal_write(book, RS_LOG_STDOUT, 1, odd, sizeof(odd) - 1);
	ck_assert_int_eq(journal_next(book, &cursor, &line), 0);
	ck_assert_uint_eq(line.bytes, sizeof(odd) - 2);
	ck_assert_mem_eq(line.text, odd, line.bytes);
}
END_TEST

START_TEST(a_long_line_is_cut_into_several)
{
	static char text[3 * JOURNAL_LINE_MAX + 10];
	struct journal_cursor cursor = journal_last(book, UINT64_MAX);

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\n';
	journal_write(book, RS_LOG_STDOUT, 1, text, sizeof(text));
	uint64_t total = 0;
	while (journal_next(book, &cursor, &line) == 0)
		total += line.bytes;
	ck_assert_uint_eq(total, sizeof(text) - 1);
	/* and in pieces that are never a whole line */
	for (int i = 0; i < 100; i++)
		journal_write(book, RS_LOG_STDERR, 1, text, 1000);
	journal_close(book);
	total = 0;
	while (journal_next(book, &cursor, &line) == 0)
		total += line.bytes;
	ck_assert_uint_eq(total, 100000);
}
END_TEST

START_TEST(the_oldest_lines_go_and_a_reader_is_told_how_many)
{
	struct journal_cursor cursor = journal_last(book, UINT64_MAX);
	char text[64];

	for (int i = 0; i < 100000; i++) {
		snprintf(text, sizeof(text), "line %d\n", i);
		print(text);
	}
	ck_assert_int_eq(journal_next(book, &cursor, &line), JOURNAL_MISSED);
	uint64_t missed = line.missed;
	ck_assert_uint_gt(missed, 0);
	for (uint64_t i = missed; i < 100000; i++) {
		snprintf(text, sizeof(text), "line %llu", (unsigned long long)i);
		expect(&cursor, RS_LOG_STDOUT, text);
	}
	ck_assert_int_eq(journal_next(book, &cursor, &line), JOURNAL_END);
}
END_TEST

START_TEST(the_last_lines_can_be_asked_for)
{
	print("a\nb\nc\nd\n");
	struct journal_cursor cursor = journal_last(book, 2);
	expect(&cursor, RS_LOG_STDOUT, "c");
	expect(&cursor, RS_LOG_STDOUT, "d");
	cursor = journal_last(book, 0);
	ck_assert_int_eq(journal_next(book, &cursor, &line), JOURNAL_END);
	cursor = journal_last(book, 100);
	expect(&cursor, RS_LOG_STDOUT, "a");
}
END_TEST

static uint64_t fill(struct journal_book *b)
{
	static char text[1000];
	struct journal_cursor cursor;
	uint64_t total = 0;

	memset(text, 'x', sizeof(text));
	for (int i = 0; i < 400; i++)
		journal_write(b, RS_LOG_INFO, 1, text, sizeof(text));
	cursor = journal_last(b, UINT64_MAX);
	while (journal_next(b, &cursor, &line) == 0)
		total += line.bytes;
	return total;
}

START_TEST(all_books_together_are_bounded_and_the_living_come_first)
{
	static struct journal_book *books[600];
	uint64_t total = 0;

	for (size_t i = 0; i < ARRAY_LEN(books); i++) {
		ck_assert_int_eq(journal_open(journal, &books[i]), 0);
		uint64_t kept = fill(books[i]);
		ck_assert_uint_gt(kept, JOURNAL_BOOK_BYTES / 2);
		journal_close(books[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(books); i++) {
		struct journal_cursor cursor = journal_last(books[i], UINT64_MAX);
		while (journal_next(books[i], &cursor, &line) == 0)
			total += line.bytes;
	}
	ck_assert_uint_le(total, JOURNAL_TOTAL_BYTES);
	ck_assert_uint_gt(total, JOURNAL_TOTAL_BYTES / 2);
	struct journal_cursor first = journal_last(books[0], UINT64_MAX);
	ck_assert_int_eq(journal_next(books[0], &first, &line), JOURNAL_END);
	for (size_t i = 0; i < ARRAY_LEN(books); i++)
		journal_book_free(books[i]);
}
END_TEST

START_TEST(open_books_may_fill_the_budget_and_still_take_lines)
{
	static struct journal_book *books[400];

	for (size_t i = 0; i < ARRAY_LEN(books); i++) {
		ck_assert_int_eq(journal_open(journal, &books[i]), 0);
		fill(books[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(books); i++) {
		journal_write(books[i], RS_LOG_STDOUT, 1, "last\n", 5);
		journal_book_free(books[i]);
	}
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("journal");
	TCase *lines = tcase_create("lines"), *bounds = tcase_create("bounds");

	tcase_add_checked_fixture(lines, set_up, tear_down);
	tcase_add_checked_fixture(bounds, set_up, tear_down);
	tcase_add_test(lines, lines_come_back_as_they_were_written);
	tcase_add_test(lines, streams_do_not_mix_inside_a_line);
	tcase_add_test(lines, what_was_no_whole_line_is_kept_at_the_end);
	tcase_add_test(lines, bytes_are_kept_whatever_they_are);
	tcase_add_test(lines, a_long_line_is_cut_into_several);
	tcase_add_test(lines, the_last_lines_can_be_asked_for);
	tcase_add_test(bounds, the_oldest_lines_go_and_a_reader_is_told_how_many);
	tcase_add_test(bounds, all_books_together_are_bounded_and_the_living_come_first);
	tcase_add_test(bounds, open_books_may_fill_the_budget_and_still_take_lines);
	tcase_set_timeout(bounds, 60);
	suite_add_tcase(s, lines);
	suite_add_tcase(s, bounds);
	return s;
}

CHECK_MAIN(suite)
