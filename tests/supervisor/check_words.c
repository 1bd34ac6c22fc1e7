#include <stdio.h>
#include <string.h>

#include "supervisor/decisions/names.h"
#include "supervisor/workers/hosts.h"
#include "tests/check_run.h"

static struct names *names;
static const struct hash one = { "\x12\x34\x56 one" }, two = { "\x12\x34\x99 two" };

static void set_up(void)
{
	ck_assert_int_eq(names_new(&names), 0);
}

static void tear_down(void)
{
	names = names_free(names);
}

static void teach(const struct hash *interface, const char *text)
{
	ck_assert_int_eq(names_reserve(names, interface, text), 0);
	names_add(names, interface, text, 5);
}

static bool means(const char *word, const struct hash *interface)
{
	struct hash found;

	return names_find(names, word, &found) == 0 && hash_equal(&found, interface);
}

START_TEST(host_interfaces_have_their_names)
{
	struct hash log_ = hosts_interface(HOSTS_LOG), found;

	ck_assert(means("log", &log_));
	ck_assert_str_eq(names_get(names, &log_), "log");
	ck_assert_int_eq(names_find(names, "logs", &found), NAMES_NONE);
}
END_TEST

START_TEST(host_interfaces_keep_their_names)
{
	struct hash log_ = hosts_interface(HOSTS_LOG);

	ck_assert_int_eq(names_reserve(names, &one, "log"), NAMES_OF_HOST);
	ck_assert_int_eq(names_reserve(names, &log_, "mine"), NAMES_OF_HOST);
	ck_assert(!names_remove(names, &log_));
}
END_TEST

START_TEST(what_is_no_name_is_refused)
{
	static const char *const bad[] = { "", "1abc", "a b", "a,b", "a:b", "a/b", "*", "all",
		"caf\xc3\xa9",
		"abcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcdefabcd",
		"a123456789012345678901234567890123456789012345678901234567890123456789" };

	ck_assert_int_eq(names_reserve(names, &one, bad[_i]), NAMES_BAD_WORD);
}
END_TEST

START_TEST(a_name_taught_again_means_the_newer)
{
	struct hash found;

	teach(&one, "counter");
	teach(&two, "counter");
	ck_assert(means("counter", &two));
	ck_assert_ptr_null(names_get(names, &one));
	teach(&two, "sum");
	ck_assert_int_eq(names_find(names, "counter", &found), NAMES_NONE);
	ck_assert_str_eq(names_get(names, &two), "sum");
}
END_TEST

START_TEST(beginnings_of_digits_mean_what_is_known)
{
	struct hash found;

	teach(&one, "first");
	ck_assert(means("1234", &one));
	ck_assert(means("123456", &one));
	ck_assert_int_eq(names_find(names, "123", &found), NAMES_BAD_WORD);
	teach(&two, "second");
	ck_assert_int_eq(names_find(names, "1234", &found), NAMES_AMBIGUOUS);
	ck_assert(means("123499", &two));
	ck_assert_int_eq(names_find(names, "1235", &found), NAMES_NONE);
}
END_TEST

START_TEST(what_is_offered_is_known_as_well)
{
	struct names_search search;
	struct hash found;

	teach(&one, "first");
	names_begin(&search, "12349");
	names_offer_all(&search, names);
	ck_assert_int_eq(names_found(&search, &found), NAMES_NONE);
	names_offer(&search, &two);
	names_offer(&search, &two);
	ck_assert_int_eq(names_found(&search, &found), 0);
	ck_assert(hash_equal(&found, &two));
}
END_TEST

START_TEST(a_name_comes_before_digits)
{
	teach(&one, "beef");
	teach(&(struct hash){ "\xbe\xef" }, "other");
	ck_assert(means("beef", &one));
}
END_TEST

START_TEST(all_digits_mean_themselves)
{
	char hex[HASH_HEX_SIZE];

	ck_assert(means(hash_to_hex(&two, hex), &two));
	hex[0] = 'x';
	ck_assert(!means(hex, &two));
}
END_TEST

START_TEST(readable_bytes_are_their_own_name)
{
	const struct hash echo = { "example:echo" }, dirty = { "example:\x1b[2J" },
			  longer = { "example:echo\0x" };
	char hex[HASH_HEX_SIZE];

	ck_assert(means("example:echo", &echo));
	ck_assert_str_eq(names_text(names, &echo, hex), "example:echo");
	ck_assert_uint_eq(strlen(names_text(names, &dirty, hex)), 64);
	ck_assert_uint_eq(strlen(names_text(names, &longer, hex)), 64);
	ck_assert(!means("example:an-echo-that-is-far-too-long", &echo));
}
END_TEST

START_TEST(there_are_so_many)
{
	struct hash interface = { "" };
	char text[16];
	int r = 0;

	for (uint32_t i = 0; (r = names_reserve(names, &interface, "fits")) == 0; i++) {
		memcpy(interface.bytes, &i, sizeof(i));
		snprintf(text, sizeof(text), "n%u", i);
		names_add(names, &interface, text, 1);
	}
	ck_assert_int_eq(r, NAMES_FULL);
	ck_assert(names_remove(names, &interface));
	ck_assert_int_eq(names_reserve(names, &interface, "fits"), 0);
	names_release(names);
}
END_TEST

START_TEST(rows_come_in_order)
{
	const struct names_row *row = NULL;
	char last[NAMES_TEXT_MAX + 1] = "";
	size_t n = 0;

	teach(&one, "Zebra");
	for (; (row = names_next(names, n ? last : NULL)); n++) {
		ck_assert_str_gt(row->text, last);
		strcpy(last, row->text);
	}
	ck_assert_uint_eq(n, HOSTS_COUNT + 1);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("words");
	TCase *taught = tcase_create("taught"), *words = tcase_create("words");

	tcase_add_checked_fixture(taught, set_up, tear_down);
	tcase_add_test(taught, host_interfaces_have_their_names);
	tcase_add_test(taught, host_interfaces_keep_their_names);
	tcase_add_loop_test(taught, what_is_no_name_is_refused, 0, 11);
	tcase_add_test(taught, a_name_taught_again_means_the_newer);
	tcase_add_test(taught, there_are_so_many);
	tcase_add_test(taught, rows_come_in_order);
	suite_add_tcase(s, taught);
	tcase_add_checked_fixture(words, set_up, tear_down);
	tcase_add_test(words, beginnings_of_digits_mean_what_is_known);
	tcase_add_test(words, what_is_offered_is_known_as_well);
	tcase_add_test(words, a_name_comes_before_digits);
	tcase_add_test(words, all_digits_mean_themselves);
	tcase_add_test(words, readable_bytes_are_their_own_name);
	suite_add_tcase(s, words);
	return s;
}
CHECK_MAIN(suite)
