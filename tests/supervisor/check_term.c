#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/rsctl/term.h"
#include "tests/check_run.h"

static int reader;
static struct term term;

static void to_a_terminal(void)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	reader = fds[0];
	term = (struct term){ .fd = fds[1], .escape = true };
}

static void write_bytes(const char *bytes, size_t size)
{
	ck_assert_int_eq(term_write(&term, bytes, size), 0);
}

/* What has come out since the last call. */
static const char *seen(void)
{
	static char out[8192];

	fcntl(reader, F_SETFL, O_NONBLOCK);
	ssize_t n = read(reader, out, sizeof(out) - 1);
	out[n > 0 ? n : 0] = 0;
	return out;
}

START_TEST(plain_text_passes_with_newlines_and_tabs)
{
	static const char text[] =
		"a \"quoted\" C:\\path\n\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";

	write_bytes(text, strlen(text));
	ck_assert_str_eq(seen(), text);
}
END_TEST

START_TEST(nothing_that_moves_the_terminal_passes)
{
	static const struct {
		const char *bytes, *shown;
	} rows[] = {
		{ "\033[2J", "\\x1b[2J" },
		{ "\033]0;title\a", "\\x1b]0;title\\x07" },
		{ "over\rwritten", "over\\x0dwritten" },
		{ "\b\x7f", "\\x08\\x7f" },
		{ "\xc2\x9b", "\\xc2\\x9b" },          /* C1: another escape */
		{ "\xe2\x80\xae", "\\xe2\\x80\\xae" }, /* turns the direction */
		{ "\xc0\x80", "\\xc0\\x80" },          /* overlong zero */
		{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* surrogate */
		{ "\xff\xfe", "\\xff\\xfe" },
		{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		write_bytes(rows[i].bytes, strlen(rows[i].bytes));
		ck_assert_int_eq(term_flush(&term), 0);
		ck_assert_str_eq(seen(), rows[i].shown);
	}
}
END_TEST

START_TEST(zero_bytes_are_shown)
{
	write_bytes("a\0b", 3);
	ck_assert_str_eq(seen(), "a\\x00b");
}
END_TEST

START_TEST(a_character_split_anywhere_comes_out_whole)
{
	static const char text[] = "x\xf0\x9f\x98\x80y\xe2\x82\xacz";

	for (size_t cut = 0; cut <= strlen(text); cut++) {
		char all[64] = "";

		write_bytes(text, cut);
		strcat(all, seen());
		write_bytes(text + cut, strlen(text) - cut);
		strcat(all, seen());
		ck_assert_str_eq(all, text);
	}
}
END_TEST

START_TEST(a_character_in_single_bytes_comes_out_whole)
{
	static const char text[] = "\xf0\x9f\x98\x80";

	for (size_t i = 0; i < 3; i++) {
		write_bytes(text + i, 1);
		ck_assert_str_eq(seen(), "");
	}
	write_bytes(text + 3, 1);
	ck_assert_str_eq(seen(), text);
}
END_TEST

START_TEST(a_beginning_without_an_end_is_escaped_once_it_is_known)
{
	write_bytes("\xf0\x9f", 2);
	ck_assert_str_eq(seen(), "");
	write_bytes("ab", 2);
	ck_assert_str_eq(seen(), "\\xf0\\x9fab");
	write_bytes("\xe2\x82", 2);
	ck_assert_int_eq(term_flush(&term), 0);
	ck_assert_str_eq(seen(), "\\xe2\\x82");
}
END_TEST

START_TEST(an_escape_sequence_split_in_two_is_still_escaped)
{
	write_bytes("\033", 1);
	write_bytes("[2J", 3);
	ck_assert_str_eq(seen(), "\\x1b[2J");
}
END_TEST

START_TEST(a_pipe_gets_every_byte_as_it_is)
{
	term.escape = false;
	write_bytes("\033[2J\0\xff", 6);
	const char *out = seen();
	ck_assert_int_eq(memcmp(out, "\033[2J\0\xff", 6), 0);
}
END_TEST

START_TEST(a_pipe_is_no_terminal)
{
	struct term t;

	term_init(&t, term.fd);
	ck_assert(!t.escape);
}
END_TEST

START_TEST(more_than_a_buffer_comes_out_whole)
{
	static char text[60001], all[60001 * 4];
	size_t n = 0;

	memset(text, 'x', 60000);
	text[4094] = '\033';
	fcntl(reader, F_SETPIPE_SZ, 1 << 20);
	write_bytes(text, 60000);
	for (const char *part = seen(); *part; part = seen()) {
		memcpy(all + n, part, strlen(part));
		n += strlen(part);
	}
	ck_assert_uint_eq(n, 60003);
	ck_assert_int_eq(memcmp(all + 4094, "\\x1bx", 5), 0);
}
END_TEST

START_TEST(a_reader_that_went_away_is_an_error_of_its_own)
{
	signal(SIGPIPE, SIG_IGN);
	close(reader);
	ck_assert_int_eq(term_write(&term, "x", 1), -EPIPE);
}
END_TEST

START_TEST(a_line_is_one_line)
{
	char *line = term_escaped_line("a\nb\tc\033", 6);

	ck_assert_str_eq(line, "a\\x0ab\\x09c\\x1b");
	free(line);
	line = term_escaped_line("", 0);
	ck_assert_str_eq(line, "");
	free(line);
}
END_TEST

START_TEST(progress_says_nothing_to_a_pipe)
{
	int fds[2];
	char out[8];

	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_ge(dup2(fds[1], STDERR_FILENO), 0);
	term_progress("compiling");
	term_progress("");
	fcntl(fds[0], F_SETFL, O_NONBLOCK);
	ck_assert_int_eq(read(fds[0], out, sizeof(out)), -1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("term");
	TCase *t = tcase_create("escaping");

	tcase_add_checked_fixture(t, to_a_terminal, NULL);
	tcase_add_test(t, plain_text_passes_with_newlines_and_tabs);
	tcase_add_test(t, nothing_that_moves_the_terminal_passes);
	tcase_add_test(t, zero_bytes_are_shown);
	tcase_add_test(t, a_character_split_anywhere_comes_out_whole);
	tcase_add_test(t, a_character_in_single_bytes_comes_out_whole);
	tcase_add_test(t, a_beginning_without_an_end_is_escaped_once_it_is_known);
	tcase_add_test(t, an_escape_sequence_split_in_two_is_still_escaped);
	tcase_add_test(t, a_pipe_gets_every_byte_as_it_is);
	tcase_add_test(t, a_pipe_is_no_terminal);
	tcase_add_test(t, more_than_a_buffer_comes_out_whole);
	tcase_add_test(t, a_reader_that_went_away_is_an_error_of_its_own);
	suite_add_tcase(s, t);
	t = tcase_create("lines");
	tcase_add_test(t, a_line_is_one_line);
	tcase_add_test(t, progress_says_nothing_to_a_pipe);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
