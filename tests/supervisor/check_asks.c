#include <stdio.h>
#include <string.h>

#include "supervisor/decisions/asks.h"
#include "tests/check_run.h"

#define TIMEOUT_MS 1000u
#define NS_PER_MS  1000000ull

static struct asks *asks;
static struct asks_party one = { .process = 1 }, two = { .process = 2 };
static const struct hash tcp = { .bytes = "tcp" }, files = { .bytes = "files" };

/* What was told last, and how often. */
static struct asks_question ended;
static enum asks_end how;
static bool for_ever;
static unsigned n_ended;

static void over(
	void *context, const struct asks_question *question, enum asks_end end, bool always)
{
	ck_assert_ptr_eq(context, &ended);
	ck_assert_ptr_null(asks_get(asks, question->number));
	ended = *question;
	how = end;
	for_ever = always;
	n_ended++;
}

static void setup(void)
{
	ck_assert_int_eq(asks_new(TIMEOUT_MS, over, &ended, &asks), 0);
}

static void teardown(void)
{
	asks = asks_free(asks);
}

static int put_at(struct asks_party *party, const struct hash *interface, const char *reason,
	uint64_t now_ns)
{
	return asks_put(asks, party, interface, BROKER_USE, reason, strlen(reason), now_ns);
}

static int put(struct asks_party *party, const struct hash *interface, const char *reason)
{
	return put_at(party, interface, reason, 0);
}

static struct hash numbered(uint32_t n)
{
	struct hash interface = { 0 };

	memcpy(interface.bytes, &n, sizeof(n));
	return interface;
}

/* ---- questions ---- */

START_TEST(a_question_stands_until_it_is_answered)
{
	ck_assert_int_eq(put(&one, &tcp, "to fetch"), 0);
	const struct asks_question *question = asks_next(asks, 0);
	ck_assert_ptr_nonnull(question);
	ck_assert_uint_eq(question->number, 1);
	ck_assert_ptr_eq(question->party, &one);
	ck_assert_str_eq(question->reason, "to fetch");
	ck_assert_int_eq(asks_answer(asks, 1, true, false), 0);
	ck_assert_int_eq(how, ASKS_ALLOWED);
	ck_assert(hash_equal(&ended.interface, &tcp));
	ck_assert_ptr_null(asks_next(asks, 0));
	ck_assert_int_eq(asks_answer(asks, 1, true, false), ASKS_NONE);
	ck_assert_uint_eq(n_ended, 1);
}
END_TEST

START_TEST(who_answers_says_how_and_for_how_long)
{
	ck_assert_int_eq(put(&one, &tcp, ""), 0);
	ck_assert_int_eq(put(&one, &files, ""), 0);
	ck_assert_int_eq(asks_answer(asks, 2, false, true), 0);
	ck_assert_int_eq(how, ASKS_DENIED);
	ck_assert(for_ever);
	ck_assert(hash_equal(&ended.interface, &files));
	ck_assert_int_eq(asks_answer(asks, 1, true, false), 0);
	ck_assert(!for_ever);
}
END_TEST

START_TEST(the_same_is_asked_once)
{
	ck_assert_int_eq(put(&one, &tcp, ""), 0);
	ck_assert_int_eq(put(&one, &tcp, ""), ASKS_STANDS);
	ck_assert_uint_eq(one.asked, 1);
	ck_assert_int_eq(put(&two, &tcp, ""), 0);
	ck_assert_int_eq(asks_put(asks, &one, &tcp, BROKER_HANDLE, "", 0, 0), 0);
	ck_assert_uint_eq(one.standing, 2);
}
END_TEST

START_TEST(a_reason_that_was_missing_is_news_and_another_is_not)
{
	ck_assert_int_eq(put(&one, &tcp, ""), 0);
	ck_assert_int_eq(put(&one, &files, ""), 0);
	uint64_t news = asks_next(asks, asks_next(asks, 0)->news)->news;
	ck_assert_ptr_null(asks_next(asks, news));
	ck_assert_int_eq(put(&one, &tcp, "please"), ASKS_STANDS);
	const struct asks_question *question = asks_next(asks, news);
	ck_assert_ptr_nonnull(question);
	ck_assert_uint_eq(question->number, 1);
	uint64_t changes = asks_changes(asks);
	ck_assert_int_eq(put(&one, &tcp, "or else"), ASKS_STANDS);
	ck_assert_str_eq(question->reason, "please");
	ck_assert_uint_eq(asks_changes(asks), changes);
}
END_TEST

START_TEST(every_change_can_be_seen)
{
	uint64_t before = asks_changes(asks);

	ck_assert_int_eq(put(&one, &tcp, ""), 0);
	uint64_t put_then = asks_changes(asks);
	ck_assert_uint_ne(put_then, before);
	ck_assert_int_eq(asks_answer(asks, 1, true, false), 0);
	ck_assert_uint_ne(asks_changes(asks), put_then);
}
END_TEST

/* ---- bounds ---- */

START_TEST(a_process_has_few_questions_and_the_rest_is_counted)
{
	for (uint32_t i = 0; i < ASKS_PER_PROCESS; i++) {
		const struct hash interface = numbered(i);
		ck_assert(asks_room(asks, &one, &interface, BROKER_USE));
		ck_assert_int_eq(put(&one, &interface, ""), 0);
	}
	ck_assert(!asks_room(asks, &one, &tcp, BROKER_USE));
	for (unsigned i = 0; i < 1000; i++)
		ck_assert_int_eq(put(&one, &tcp, ""), ASKS_FULL);
	ck_assert_uint_eq(one.refused, 1000);
	ck_assert_uint_eq(one.asked, ASKS_PER_PROCESS);
	const struct hash first = numbered(0);
	ck_assert(asks_room(asks, &one, &first, BROKER_USE));
	ck_assert_int_eq(put(&two, &tcp, ""), 0);
}
END_TEST

START_TEST(after_an_answer_there_is_room_again)
{
	for (uint32_t i = 0; i < ASKS_PER_PROCESS; i++) {
		const struct hash interface = numbered(i);
		ck_assert_int_eq(put(&one, &interface, ""), 0);
	}
	ck_assert_int_eq(asks_answer(asks, 3, false, false), 0);
	ck_assert_int_eq(put(&one, &tcp, ""), 0);
}
END_TEST

START_TEST(all_together_have_a_bound_too)
{
	static struct asks_party many[ASKS_MAX / ASKS_PER_PROCESS];

	for (uint32_t i = 0; i < ASKS_MAX; i++) {
		const struct hash interface = numbered(i);
		ck_assert_int_eq(put(&many[i / ASKS_PER_PROCESS], &interface, ""), 0);
	}
	ck_assert(!asks_room(asks, &one, &tcp, BROKER_USE));
	ck_assert_int_eq(put(&one, &tcp, ""), ASKS_FULL);
	asks_process_gone(asks, &many[0]);
	ck_assert_int_eq(put(&one, &tcp, ""), 0);
}
END_TEST

/* ---- time and ends ---- */

START_TEST(who_is_not_answered_in_time_is_told_so)
{
	ck_assert_uint_eq(asks_deadline_ns(asks), UINT64_MAX);
	ck_assert_int_eq(put_at(&one, &tcp, "", 5 * NS_PER_MS), 0);
	ck_assert_int_eq(put_at(&two, &tcp, "", 6 * NS_PER_MS), 0);
	ck_assert_uint_eq(asks_deadline_ns(asks), (TIMEOUT_MS + 5) * NS_PER_MS);
	asks_tick(asks, (TIMEOUT_MS + 5) * NS_PER_MS - 1);
	ck_assert_uint_eq(n_ended, 0);
	asks_tick(asks, (TIMEOUT_MS + 5) * NS_PER_MS);
	ck_assert_uint_eq(n_ended, 1);
	ck_assert_int_eq(how, ASKS_TIMED_OUT);
	ck_assert_ptr_eq(ended.party, &one);
	ck_assert_uint_eq(asks_deadline_ns(asks), (TIMEOUT_MS + 6) * NS_PER_MS);
}
END_TEST

START_TEST(the_questions_of_a_process_go_with_it)
{
	ck_assert_int_eq(put(&one, &tcp, ""), 0);
	ck_assert_int_eq(put(&two, &tcp, ""), 0);
	ck_assert_int_eq(put(&one, &files, ""), 0);
	asks_process_gone(asks, &one);
	ck_assert_uint_eq(n_ended, 2);
	ck_assert_int_eq(how, ASKS_GONE);
	ck_assert_uint_eq(one.standing, 0);
	ck_assert_ptr_eq(asks_next(asks, 0)->party, &two);
}
END_TEST

/* ---- reasons ---- */

static const struct {
	const char *said, *shown;
} reasons[] = {
	{ "it wants \"news\" from a\\b", "it wants \"news\" from a\\b" },
	{ "a\nb\tc", "a b c" },
	{ "a\x1b[2Jb", "a\xef\xbf\xbd[2Jb" },
	{ "\xc3\xa4", "\xc3\xa4" },
	{ "\xc3", "\xef\xbf\xbd" },
	{ "\xe2\x80\xae"
	  "evil",
		"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
		"evil" },
	{ "\x7f", "\xef\xbf\xbd" },
};

START_TEST(a_reason_becomes_one_line_of_utf8)
{
	ck_assert_int_eq(put(&one, &tcp, reasons[_i].said), 0);
	ck_assert_str_eq(asks_next(asks, 0)->reason, reasons[_i].shown);
}
END_TEST

START_TEST(a_long_reason_is_cut_between_two_characters)
{
	char text[2 * ASKS_REASON_BYTES];

	for (size_t i = 0; i + 2 < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	ck_assert_int_eq(
		asks_put(asks, &one, &tcp, BROKER_USE, text, sizeof(text) / 3 * 3, 0), 0);
	ck_assert_uint_eq(strlen(asks_next(asks, 0)->reason), ASKS_REASON_BYTES / 3 * 3);
}
END_TEST

START_TEST(a_zero_in_a_reason_does_not_end_it)
{
	ck_assert_int_eq(asks_put(asks, &one, &tcp, BROKER_USE, "a\0b", 3, 0), 0);
	ck_assert_str_eq(asks_next(asks, 0)->reason, "a\xef\xbf\xbd"
						     "b");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("asks");
	TCase *questions = tcase_create("questions"), *bounds = tcase_create("bounds"),
	      *time = tcase_create("time and ends"), *texts = tcase_create("reasons");
	TCase *all[] = { questions, bounds, time, texts };

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		tcase_add_checked_fixture(all[i], setup, teardown);
		suite_add_tcase(s, all[i]);
	}
	tcase_add_test(questions, a_question_stands_until_it_is_answered);
	tcase_add_test(questions, who_answers_says_how_and_for_how_long);
	tcase_add_test(questions, the_same_is_asked_once);
	tcase_add_test(questions, a_reason_that_was_missing_is_news_and_another_is_not);
	tcase_add_test(questions, every_change_can_be_seen);
	tcase_add_test(bounds, a_process_has_few_questions_and_the_rest_is_counted);
	tcase_add_test(bounds, after_an_answer_there_is_room_again);
	tcase_add_test(bounds, all_together_have_a_bound_too);
	tcase_add_test(time, who_is_not_answered_in_time_is_told_so);
	tcase_add_test(time, the_questions_of_a_process_go_with_it);
	tcase_add_loop_test(texts, a_reason_becomes_one_line_of_utf8, 0, ARRAY_LEN(reasons));
	tcase_add_test(texts, a_long_reason_is_cut_between_two_characters);
	tcase_add_test(texts, a_zero_in_a_reason_does_not_end_it);
	return s;
}

CHECK_MAIN(suite)
