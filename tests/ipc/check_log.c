/* check_log.c: what may stand in a log line or on a terminal. */
#include <string.h>

#include "ipc/log.h"
#include "tests/check_run.h"

static const struct {
	const char *in, *out;
} texts[] = {
	{ "plain", "plain" },
	{ "caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80",
		"caf\xc3\xa9 \xe4\xb8\xad \xf0\x9f\x98\x80" },
	{ "\x1b[31mred", "\\x1b[31mred" },
	{ "a\nb\tc\r", "a\\x0ab\\x09c\\x0d" },
	{ "say \"\\\"", "say \\x22\\x5c\\x22" },
	{ "\xff\xfe", "\\xff\\xfe" },
	{ "\xc0\xaf", "\\xc0\\xaf" },                   /* overlong */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },          /* surrogate */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond U+10FFFF */
	{ "\xc2\x9b"
	  "2J",
		"\\xc2\\x9b2J" }, /* C1 control: CSI in one character */
	{ "\xe2\x80\xae"
	  "evil",
		"\\xe2\\x80\\xaeevil" }, /* right-to-left override */
	{ "cut \xe4\xb8", "cut \\xe4\\xb8" },
	{ "\x7f", "\\x7f" },
};

START_TEST(text_of_unknown_origin_is_made_plain)
{
	char out[128];

	ck_assert_str_eq(
		log_text(out, sizeof(out), texts[_i].in, strlen(texts[_i].in)), texts[_i].out);
}
END_TEST

START_TEST(text_is_cut_between_characters)
{
	char out[8];

	ck_assert_str_eq(log_text(out, sizeof(out), "12345678901", 11), "1234567");
	ck_assert_str_eq(log_text(out, sizeof(out), "12345\xe4\xb8\xad", 8), "12345");
	ck_assert_str_eq(log_text(out, sizeof(out), "12345\x01", 6), "12345");
	ck_assert_str_eq(log_text(out, 1, "x", 1), "");
}
END_TEST

START_TEST(a_zero_byte_is_shown_too)
{
	char out[32];

	ck_assert_str_eq(log_text(out, sizeof(out), "a\0b", 3), "a\\x00b");
}
END_TEST

static Suite *log_suite(void)
{
	Suite *suite = suite_create("log");
	TCase *tcase = tcase_create("log");

	tcase_add_loop_test(tcase, text_of_unknown_origin_is_made_plain, 0, ARRAY_LEN(texts));
	tcase_add_test(tcase, text_is_cut_between_characters);
	tcase_add_test(tcase, a_zero_byte_is_shown_too);
	suite_add_tcase(suite, tcase);
	return suite;
}

CHECK_MAIN(log_suite)
