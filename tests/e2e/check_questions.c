/*
 * What nobody has decided yet is asked: the program waits, a person answers with rsctl or where
 * they sit, and what they say holds for the process or for the program.
 */
#include <stdio.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"
#include "tests/e2e/terminal.h"

#define ASKER "$guests/asker.wasm"

static void patient(void)
{
	run_rsd_with("--default-grant ask");
}

static void impatient(void)
{
	run_rsd_with("--default-grant ask --ask-timeout 500ms");
}

/* Of an interface with a handler that was allowed to be one. */
static uint64_t start_handler(const char *interface)
{
	char hex[65];
	size_t n = strlen(interface);

	for (size_t i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", i < n ? (unsigned char)interface[i] : 0);
	uint64_t handler = run_start(
		"rsctl start --allow register:%s " ASKER " handle %s", hex, interface);
	RUN_UNTIL(strstr(run_logs(handler), "register: ok\n"));
	return handler;
}

static const json_t *pending(void)
{
	return run_json(run_expect(0, NULL, "rsctl pending --json").out);
}

/* The only question that stands, which comes in time. */
static const json_t *the_question(void)
{
	RUN_UNTIL(json_array_size(pending()) == 1);
	return json_array_get(pending(), 0);
}

static void answer(const char *options, const char *grant)
{
	run_expect(0, "", "rsctl answer %s %" PRIi64 " %s", options,
		run_number(the_question(), "number"), grant);
}

static bool has_event(const char *words)
{
	return strstr(run_expect(0, NULL, "rsctl events").out, words);
}

#define FIVE_OK "sent\n1 ok\n2 ok\n3 ok\n4 ok\n5 ok\n"
#define DENIED  "sent\n1 denied\n"

/* ---- held, and let go ---- */

START_TEST(a_call_is_held_and_goes_through_in_its_order)
{
	uint64_t handler = start_handler("held");
	struct run_job job = run_behind("exec rsctl run " ASKER " send held 5");
	const json_t *question = the_question();

	ck_assert_str_eq(run_text(question, "name"), "asker");
	ck_assert_str_eq(run_text(question, "right"), "use");
	RUN_UNTIL(strstr(run_out_so_far(&job), "sent\n"));
	ck_assert_str_eq(run_logs(handler), "register: ok\n");
	answer("", "allow");
	struct run_said said = run_join(&job);
	ck_assert_int_eq(said.status, 0);
	ck_assert_str_eq(said.out, FIVE_OK);
	ck_assert_str_eq(run_logs(handler), "register: ok\n1\n2\n3\n4\n5\n");
	ck_assert(has_event("asked process="));
	ck_assert(has_event(": allowed"));
}
END_TEST

START_TEST(what_is_denied_completes_so)
{
	uint64_t handler = start_handler("denied");
	struct run_job job = run_behind("exec rsctl run " ASKER " send denied 1");

	answer("", "deny");
	ck_assert_str_eq(run_join(&job).out, DENIED);
	ck_assert_str_eq(run_logs(handler), "register: ok\n");
}
END_TEST

START_TEST(who_wants_to_handle_is_asked_as_well)
{
	uint64_t handler = run_start("rsctl start " ASKER " handle mine");

	ck_assert_str_eq(run_text(the_question(), "right"), "register");
	ck_assert_str_eq(run_logs(handler), "");
	answer("", "allow");
	RUN_UNTIL(strstr(run_logs(handler), "register: ok\n"));
}
END_TEST

START_TEST(an_end_takes_its_questions_away)
{
	uint64_t handler = run_start("rsctl start " ASKER " handle gone");

	(void)the_question();
	run_expect(0, NULL, "rsctl kill %" PRIu64, handler);
	ck_assert_uint_eq(json_array_size(pending()), 0);
}
END_TEST

START_TEST(nobody_there_is_a_no)
{
	(void)start_handler("nobody");
	run_expect(0, DENIED, "rsctl run " ASKER " send nobody 1");
	ck_assert(has_event(": timed out"));
}
END_TEST

START_TEST(a_plea_that_nobody_answers_times_out)
{
	run_expect(0, "plead: timed out\n", "rsctl run " ASKER " plead late please");
	ck_assert_uint_eq(json_array_size(pending()), 0);
}
END_TEST

/* ---- asked in so many words ---- */

static const struct {
	const char *grant, *out;
} pleas[] = { { "allow", "plead: ok\n" }, { "deny", "plead: denied\n" } };

START_TEST(a_program_asks_and_says_why)
{
	struct run_job job =
		run_behind("exec rsctl run " ASKER " plead plea%d 'please, \"news\"'", _i);

	ck_assert_str_eq(run_text(the_question(), "reason"), "please, \"news\"");
	ck_assert_int_eq(run_number(the_question(), "number"), 1);
	answer("", pleas[_i].grant);
	ck_assert_str_eq(run_join(&job).out, pleas[_i].out);
}
END_TEST

START_TEST(what_is_allowed_already_is_not_asked)
{
	run_expect(0, "plead: ok\n", "rsctl run --allow all " ASKER " plead known why");
	run_expect(0, "plead: denied\n",
		"rsctl run --deny all --allow log,console " ASKER " plead known why");
	ck_assert_uint_eq(json_array_size(pending()), 0);
}
END_TEST

START_TEST(a_hostile_reason_is_one_line_that_obeys_nobody)
{
	struct run_job job = run_behind("exec rsctl run " ASKER " plead hostile "
					"\"$(printf 'x\\033[2J\\nrsctl: \\342\\200\\256y')\"");

	(void)the_question();
	terminal_begin("rsctl pending; rsctl events; exec rsctl pending --follow");
	RUN_UNTIL(strstr(terminal_shown(), "never: "));
	ck_assert_ptr_null(strchr(terminal_shown(), 0x1b));
	ck_assert_ptr_null(strstr(terminal_shown(), "\xe2\x80\xae"));
	ck_assert_ptr_null(strstr(terminal_shown(), "\nrsctl: y"));
	terminal_type("n\n");
	ck_assert_str_eq(run_join(&job).out, "plead: denied\n");
	kill(terminal.pid, SIGTERM);
	(void)terminal_end();
}
END_TEST

START_TEST(a_flood_of_questions_is_bounded_and_counted)
{
	(void)start_handler("meanwhile");
	uint64_t process = run_start("rsctl start " ASKER " flood flood 100000");

	run_expect(0, FIVE_OK, "rsctl run --allow all " ASKER " send meanwhile 5");
	RUN_UNTIL(strstr(run_logs(process), "plead: "));
	ck_assert_str_eq(run_logs(process), "plead: a limit is reached\n");
	ck_assert_uint_eq(json_array_size(pending()), 8);
	ck_assert_int_eq(run_number(run_process(process), "asked"), 8);
	ck_assert_int_eq(run_number(run_process(process), "ask_refused"), 50000 - 7 + 1);
	ck_assert(has_event("ask-refused"));
}
END_TEST

/* ---- for how long ---- */

START_TEST(once_ends_with_the_process)
{
	(void)start_handler("once");
	for (int i = 0; i < 2; i++) {
		struct run_job job = run_behind("exec rsctl run " ASKER " send once 5");
		answer("", "allow");
		ck_assert_str_eq(run_join(&job).out, FIVE_OK);
	}
}
END_TEST

START_TEST(always_outlives_rsd)
{
	static const struct {
		const char *interface, *grant, *out;
	} rows[] = { { "always", "allow", FIVE_OK },
		{ "never", "deny",
			"sent\n1 denied\n2 denied\n3 denied\n4 denied\n5 denied\n" } };

	(void)start_handler(rows[_i].interface);
	struct run_job job =
		run_behind("exec rsctl run " ASKER " send %s 5", rows[_i].interface);
	answer("--always", rows[_i].grant);
	ck_assert_str_eq(run_join(&job).out, rows[_i].out);
	run_rsd_end();
	patient();
	(void)start_handler(rows[_i].interface);
	run_expect(0, rows[_i].out, "rsctl run " ASKER " send %s 5", rows[_i].interface);
}
END_TEST

START_TEST(a_run_can_be_allowed_and_denied_from_its_start)
{
	(void)start_handler("flags");
	run_expect(0, FIVE_OK, "rsctl run --allow all " ASKER " send flags 5");
	run_expect(
		0, DENIED, "rsctl run --deny all --allow log,console " ASKER " send flags 1");
	run_expect(1, "register: denied\n",
		"rsctl run --deny register:all " ASKER " handle other");
	run_expect(3, "", "rsctl run --allow nothing-is-called-so " ASKER " send flags 1");
	run_expect(2, "", "rsctl run --allow a! " ASKER " send flags 1");
}
END_TEST

/* ---- at a terminal ---- */

static const struct {
	const char *typed, *shown;
	bool kept; /* the next run is not asked */
} at_terminals[] = {
	{ "y\n", "said: ok", false },
	{ "n\n", "said: denied", false },
	{ "a\n", "said: ok", true },
	{ "never\n", "said: denied", true },
};

START_TEST(a_run_asks_the_person_at_its_terminal)
{
	char interface[16];

	snprintf(interface, sizeof(interface), "terminal%d", _i);
	(void)start_handler(interface);
	terminal_begin("rsctl run " ASKER " lines %s < /dev/null", interface);
	RUN_UNTIL(strstr(terminal_shown(), "never: "));
	ck_assert_ptr_nonnull(strstr(terminal_shown(), "rsctl: asker: process "));
	ck_assert_ptr_nonnull(strstr(terminal_shown(), "wants to use"));
	terminal_type(at_terminals[_i].typed);
	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_ptr_nonnull(strstr(terminal_shown(), at_terminals[_i].shown));
	if (at_terminals[_i].kept)
		ck_assert_ptr_nonnull(strstr(
			run_expect(0, NULL, "rsctl run " ASKER " lines %s", interface).out,
			at_terminals[_i].shown));
}
END_TEST

START_TEST(the_next_line_is_the_answer_and_the_one_after_is_input)
{
	(void)start_handler("input");
	terminal_begin("rsctl run " ASKER " lines input");
	RUN_UNTIL(strstr(terminal_shown(), "never: "));
	terminal_type("what?\n");
	RUN_UNTIL(strstr(strstr(terminal_shown(), "never: ") + 1, "never: "));
	terminal_type("y\n");
	RUN_UNTIL(strstr(terminal_shown(), "said: ok"));
	terminal_type("hello\n\x04");
	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_ptr_nonnull(strstr(terminal_shown(), "got hello"));
	ck_assert_ptr_null(strstr(terminal_shown(), "got y"));
	ck_assert_ptr_null(strstr(terminal_shown(), "got what"));
}
END_TEST

START_TEST(an_answer_from_elsewhere_takes_the_question_away)
{
	(void)start_handler("elsewhere");
	terminal_begin("rsctl run " ASKER " lines elsewhere");
	RUN_UNTIL(strstr(terminal_shown(), "never: "));
	answer("", "allow");
	RUN_UNTIL(strstr(terminal_shown(), "decided already"));
	terminal_type("hello\n\x04");
	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_ptr_nonnull(strstr(terminal_shown(), "got hello"));
}
END_TEST

START_TEST(who_follows_answers_for_all)
{
	(void)start_handler("follow");
	terminal_begin("exec rsctl pending --follow");
	struct run_job job = run_behind("exec rsctl run " ASKER " send follow 5");
	RUN_UNTIL(strstr(terminal_shown(), "never: "));
	terminal_type("y\n");
	ck_assert_str_eq(run_join(&job).out, FIVE_OK);
	kill(terminal.pid, SIGTERM);
	ck_assert_int_eq(terminal_end(), 128 + SIGTERM);
}
END_TEST

START_TEST(no_ask_shows_no_question)
{
	(void)start_handler("noask");
	terminal_begin("rsctl run --no-ask " ASKER " lines noask < /dev/null");
	answer("", "allow");
	ck_assert_int_eq(terminal_end(), 0);
	ck_assert_ptr_null(strstr(terminal_shown(), "never: "));
}
END_TEST

/* ---- listings ---- */

START_TEST(questions_are_listed_and_followed)
{
	run_expect(0, "[]\n", "rsctl pending --json");
	(void)run_start("rsctl start " ASKER " handle list");
	int64_t number = run_number(the_question(), "number");
	const char *table = run_expect(0, NULL, "rsctl pending").out;
	ck_assert_ptr_nonnull(strstr(table, "REASON"));
	ck_assert_ptr_nonnull(strstr(table, "asker"));
	ck_assert_int_eq(atoll(run_expect(0, NULL, "rsctl pending -q").out), number);
	struct run_job job = run_behind("exec rsctl pending --follow --json");
	RUN_UNTIL(strstr(run_out_so_far(&job), "\"register\""));
	answer("", "deny");
	RUN_UNTIL(strstr(run_out_so_far(&job), "\"over\":true"));
	kill(job.pid, SIGTERM);
	run_join(&job);
	run_expect(3, "", "rsctl answer %" PRIi64 " deny", number);
	run_expect(2, "", "rsctl answer %" PRIi64 " perhaps", number);
	run_expect(2, "", "rsctl answer x deny");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("questions");
	TCase *asked = run_case_with("asked", patient),
	      *late = run_case_with("late", impatient);

	tcase_add_test(asked, a_call_is_held_and_goes_through_in_its_order);
	tcase_add_test(asked, what_is_denied_completes_so);
	tcase_add_test(asked, who_wants_to_handle_is_asked_as_well);
	tcase_add_test(asked, an_end_takes_its_questions_away);
	tcase_add_loop_test(asked, a_program_asks_and_says_why, 0, ARRAY_LEN(pleas));
	tcase_add_test(asked, what_is_allowed_already_is_not_asked);
	tcase_add_test(asked, a_hostile_reason_is_one_line_that_obeys_nobody);
	tcase_add_test(asked, a_flood_of_questions_is_bounded_and_counted);

	tcase_add_test(asked, once_ends_with_the_process);
	tcase_add_loop_test(asked, always_outlives_rsd, 0, 2);
	tcase_add_test(asked, a_run_can_be_allowed_and_denied_from_its_start);
	tcase_add_loop_test(
		asked, a_run_asks_the_person_at_its_terminal, 0, ARRAY_LEN(at_terminals));
	tcase_add_test(asked, the_next_line_is_the_answer_and_the_one_after_is_input);
	tcase_add_test(asked, an_answer_from_elsewhere_takes_the_question_away);
	tcase_add_test(asked, who_follows_answers_for_all);
	tcase_add_test(asked, no_ask_shows_no_question);
	tcase_add_test(asked, questions_are_listed_and_followed);
	suite_add_tcase(s, asked);
	tcase_add_test(late, nobody_there_is_a_no);
	tcase_add_test(late, a_plea_that_nobody_answers_times_out);
	suite_add_tcase(s, late);
	return s;
}

CHECK_MAIN(suite)
