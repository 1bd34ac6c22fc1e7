#include <signal.h>

#include "supervisor/units.h"
#include "tests/check_run.h"

START_TEST(counts_are_digits_and_nothing_else)
{
	static const char *const lies[] = { "", "-1", "+1", " 1", "1 ", "0x10", "1.0",
		"18446744073709551616", "99999999999999999999999" };
	uint64_t n;

	ck_assert(units_count("0", &n) && n == 0);
	ck_assert(units_count("18446744073709551615", &n) && n == UINT64_MAX);
	for (size_t i = 0; i < ARRAY_LEN(lies); i++)
		ck_assert_msg(!units_count(lies[i], &n), "%s was taken", lies[i]);
}
END_TEST

START_TEST(sizes_are_powers_of_1024)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} rows[] = {
		{ "0", 0 },
		{ "65536", 65536 },
		{ "64K", 64 * KIB },
		{ "64kib", 64 * KIB },
		{ "1.5M", 1536 * KIB },
		{ "2G", 2 * GIB },
		{ "4GiB", 4 * GIB },
		{ ".5k", 512 },
		{ "10B", 10 },
	};
	uint64_t bytes;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ck_assert_msg(units_size(rows[i].text, &bytes), "%s", rows[i].text);
		ck_assert_uint_eq(bytes, rows[i].bytes);
	}
}
END_TEST

START_TEST(what_is_no_size_is_refused)
{
	static const char *const lies[] = { "", "K", "-1", "1X", "1 K", "1KK", "1.2.3", ".",
		"inf", "nan", "0x1", "1e3", "99999999999G",
		"111111111111111111111111111111111111111111111111111111111" };
	uint64_t bytes;

	for (size_t i = 0; i < ARRAY_LEN(lies); i++)
		ck_assert_msg(!units_size(lies[i], &bytes), "%s was taken", lies[i]);
}
END_TEST

START_TEST(durations_are_seconds_unless_they_say)
{
	uint64_t ms;

	ck_assert(units_duration("5", &ms) && ms == 5000);
	ck_assert(units_duration("0.5", &ms) && ms == 500);
	ck_assert(units_duration("250ms", &ms) && ms == 250);
	ck_assert(units_duration("2m", &ms) && ms == 120000);
	ck_assert(units_duration("1h", &ms) && ms == 3600000);
	ck_assert(!units_duration("soon", &ms));
	ck_assert(!units_duration("-5", &ms));
}
END_TEST

START_TEST(signals_have_names_and_numbers)
{
	int n;

	ck_assert(units_signal("TERM", &n) && n == SIGTERM);
	ck_assert(units_signal("sigkill", &n) && n == SIGKILL);
	ck_assert(units_signal("10", &n) && n == 10);
	ck_assert(!units_signal("0", &n));
	ck_assert(!units_signal("4096", &n));
	ck_assert(!units_signal("NOSUCH", &n));
	ck_assert(!units_signal("", &n));
}
END_TEST

START_TEST(sizes_read_well)
{
	char out[UNITS_TEXT_SIZE];

	ck_assert_str_eq(units_size_text(out, 0), "0 B");
	ck_assert_str_eq(units_size_text(out, 1023), "1023 B");
	ck_assert_str_eq(units_size_text(out, 1024), "1 KiB");
	ck_assert_str_eq(units_size_text(out, 1300), "1.3 KiB");
	ck_assert_str_eq(units_size_text(out, 10 * MIB + 500 * KIB), "10 MiB");
	ck_assert_str_eq(units_size_text(out, UINT64_MAX), "16777216 TiB");
}
END_TEST

START_TEST(spans_read_well)
{
	char out[UNITS_TEXT_SIZE];

	ck_assert_str_eq(units_span_text(out, -5), "0s");
	ck_assert_str_eq(units_span_text(out, 59999), "59s");
	ck_assert_str_eq(units_span_text(out, 192000), "3m 12s");
	ck_assert_str_eq(units_span_text(out, 3600000), "1h 0m");
	ck_assert_str_eq(units_span_text(out, INT64_MAX), "106751991167d 7h");
}
END_TEST

START_TEST(times_read_well_and_none_is_too_far)
{
	char out[UNITS_TEXT_SIZE];

	setenv("TZ", "UTC", 1);
	ck_assert_str_eq(units_time_text(out, 1700000000123), "2023-11-14T22:13:20.123");
	ck_assert_str_eq(units_time_text(out, -1), "-1ms");
	ck_assert_str_eq(units_time_text(out, INT64_MAX), "292278994-08-17T07:12:55.807");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("units");
	TCase *t = tcase_create("reading");

	tcase_add_test(t, counts_are_digits_and_nothing_else);
	tcase_add_test(t, sizes_are_powers_of_1024);
	tcase_add_test(t, what_is_no_size_is_refused);
	tcase_add_test(t, durations_are_seconds_unless_they_say);
	tcase_add_test(t, signals_have_names_and_numbers);
	suite_add_tcase(s, t);
	t = tcase_create("writing");
	tcase_add_test(t, sizes_read_well);
	tcase_add_test(t, spans_read_well);
	tcase_add_test(t, times_read_well_and_none_is_too_far);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
