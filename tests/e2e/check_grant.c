/*
 * What the user decides: who may use and handle what, from when on, and for how long.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/protocol.h"
#include "tests/check_run.h"
#include "tests/e2e/run.h"

#define CLIENT     "\"$guests\"/client.wasm"
#define ECHO       "\"$guests\"/echo.wasm"
#define HANDLER    "\"$guests\"/handler.wasm"
#define INSIST     "\"$guests\"/insist.wasm"
#define LET(words) run_expect(0, NULL, "rsctl " words)

/* Nothing is granted at first, and nobody is there to be asked. */
static void rsd_that_denies(void)
{
	run("rm -f \"$here\"/state/redshirt.db*");
	run_rsd_with("--default-grant deny");
}

static bool has_said(uint64_t process, const char *text)
{
	return strstr(run_logs(process), text) != NULL;
}

/* A handler of example:echo that may be one. */
static uint64_t start_echo(void)
{
	LET("grant --register " ECHO " example:echo");
	uint64_t process = run_start("rsctl start " ECHO);
	RUN_UNTIL(run("rsctl ps | grep -q 'running .* example:echo'").status == 0);
	return process;
}

/* One that asks example:echo all the time, and what it says last is `text`. */
static uint64_t start_insisting(const char *words, const char *text)
{
	uint64_t process = run_start("rsctl start " INSIST " example:echo %s", words);

	RUN_UNTIL(has_said(process, text));
	return process;
}

/* What it has said so far, in that order, and nothing else. */
static bool says(uint64_t process, const char *lines)
{
	return strcmp(run_logs(process), lines) == 0;
}

/* --- yes and no --- */

START_TEST(what_nobody_granted_is_denied)
{
	run_expect(1, "(denied)\n", "rsctl run " CLIENT " example:echo");
	uint64_t process = run_start("rsctl start " HANDLER " example:echo hello");
	RUN_UNTIL(has_said(process, "register: denied"));
	run_expect(0, NULL, "rsctl run \"$guests\"/hello.wasm");
	run_expect(
		0, NULL, "rsctl inspect --json %" PRIu64 " | grep '\"denied\": 1,'", process);
}
END_TEST

START_TEST(a_grant_holds_at_once_while_programs_run)
{
	start_echo();
	uint64_t process = start_insisting("", "denied");
	LET("grant " INSIST " example:echo");
	RUN_UNTIL(says(process, "denied\nok\n"));
	LET("revoke " INSIST " example:echo");
	RUN_UNTIL(says(process, "denied\nok\ndenied\n"));
	LET("grant --mediated '*' '*'");
	RUN_UNTIL(says(process, "denied\nok\ndenied\nok\n"));
	run_expect(0, NULL, "rsctl inspect %" PRIu64 " | grep mediated", process);
	LET("deny '*' example:echo");
	RUN_UNTIL(says(process, "denied\nok\ndenied\nok\ndenied\n"));
}
END_TEST

START_TEST(who_registered_lets_go_when_that_is_taken_back)
{
	LET("grant '*' example:x");
	LET("grant --register " HANDLER " example:x");
	uint64_t process = run_start("rsctl start " HANDLER " example:x hello");
	RUN_UNTIL(has_said(process, "register: ok"));
	run_expect(0, "hello\n", "rsctl run " CLIENT " example:x");
	LET("revoke --register " HANDLER " example:x");
	run_expect(1, "(nobody handles the interface)\n", "rsctl run " CLIENT " example:x");
	ck_assert(!run_is_gone(process));
}
END_TEST

START_TEST(what_is_denied_is_so_whatever_else_was_said)
{
	start_echo();
	run_expect(0, NULL, "rsctl run --allow example:echo " CLIENT " example:echo");
	LET("grant " CLIENT " example:echo");
	LET("deny " CLIENT " example:echo");
	run_expect(1, "(denied)\n", "rsctl run --allow example:echo " CLIENT " example:echo");
	LET("revoke " CLIENT " example:echo");
	LET("deny '*' example:echo");
	run_expect(1, "(denied)\n", "rsctl run --allow all " CLIENT " example:echo");
	LET("grant " CLIENT " example:echo"); /* fits better */
	run_expect(0, NULL, "rsctl run " CLIENT " example:echo");
}
END_TEST

START_TEST(the_basic_interfaces_can_be_taken_away)
{
	run_expect(0, NULL, "rsctl grants | grep -c 'built in' | grep -x 4");
	LET("deny \"$guests\"/hello.wasm log");
	run_expect(0, "", "rsctl run \"$guests\"/hello.wasm");
	LET("revoke \"$guests\"/hello.wasm log");
	run_expect(0, NULL, "rsctl run \"$guests\"/hello.wasm | grep .");
	LET("deny '*' log,random");
	run_expect(0, "", "rsctl run \"$guests\"/hello.wasm");
	run_expect(0, NULL, "rsctl grants | grep -c 'built in' | grep -x 2");
	LET("revoke '*' log,random");
	run_expect(0, NULL, "rsctl run \"$guests\"/hello.wasm | grep .");
	run_expect(3, "", "rsctl revoke '*' log");
}
END_TEST

/* --- limits --- */

static const struct {
	const char *limits, *words, *says;
} limits[] = {
	{ "--max-body 100", "100", "ok\n" },
	{ "--max-body 100", "101", "too big\n" },
	{ "--outstanding 4", "1 4", "ok\n" },
	{ "--outstanding 4", "1 5", "a limit is reached\n" },
	{ "--rate 10", "1 500", "a limit is reached\n" },
};

START_TEST(a_grant_has_its_limits)
{
	start_echo();
	run_expect(0, NULL, "rsctl grant %s " INSIST " example:echo", limits[_i].limits);
	uint64_t process = start_insisting(limits[_i].words, limits[_i].says);
	if (strcmp(limits[_i].says, "ok\n") == 0) /* a burst may be slow, and then be in time */
		ck_assert_str_eq(run_logs(process), limits[_i].says);
}
END_TEST

START_TEST(a_limit_can_be_taken_away)
{
	start_echo();
	LET("grant --max-body 10 " INSIST " example:echo");
	uint64_t process = start_insisting("11", "too big\n");
	LET("grant " INSIST " example:echo");
	RUN_UNTIL(says(process, "too big\nok\n"));
}
END_TEST

/* --- hard --- */

START_TEST(what_could_go_on_between_two_is_killed)
{
	uint64_t echo = start_echo();
	LET("grant " INSIST " example:echo");
	uint64_t direct = start_insisting("", "ok");
	uint64_t other = run_start("rsctl start \"$guests\"/silent.wasm");
	LET("revoke " INSIST " example:echo");
	RUN_UNTIL(says(direct, "ok\ndenied\n")); /* but it still has the lane */
	run_expect(0, NULL,
		"rsctl deny --hard " INSIST " example:echo | grep -x 'killed process %" PRIu64
		"'",
		direct);
	ck_assert(run_is_gone(direct));
	ck_assert(!run_is_gone(echo) && !run_is_gone(other));
}
END_TEST

START_TEST(who_never_had_a_lane_between_is_not_killed)
{
	start_echo();
	LET("grant --mediated " INSIST " example:echo");
	uint64_t mediated = start_insisting("", "ok");
	run_expect(0, "", "rsctl revoke --hard " INSIST " example:echo");
	RUN_UNTIL(says(mediated, "ok\ndenied\n"));
}
END_TEST

/* --- what is kept --- */

START_TEST(what_was_decided_survives_rsd)
{
	LET("grant --rate 1000 " CLIENT " example:echo");
	LET("deny '*' random");
	LET("interface add tests/interfaces/greeter.proto");
	char *before = run_expect(0, NULL, "rsctl grants --json").out;
	kill(run_rsd_pid(), SIGKILL);
	run_rsd_ended();
	run_rsd_with("--default-grant deny");
	run_expect(0, before, "rsctl grants --json");
	run_expect(0, NULL, "rsctl interface ls | grep '^greeter '");
	start_echo();
	run_expect(0, NULL, "rsctl run " CLIENT " example:echo");
}
END_TEST

/* It would not know what was denied. */
START_TEST(without_what_was_decided_rsd_does_not_start)
{
	LET("deny " CLIENT " example:echo");
	run_expect(0, NULL, "rsctl shutdown");
	run_rsd_ended();
	run_expect(0, NULL, "echo damaged >\"$here\"/state/redshirt.db");
	struct run_said said = run_expect(1, NULL, "rsd 2>&1");
	ck_assert_ptr_nonnull(strstr(said.out, "redshirt.db: file is not a database"));
	run_expect(0, NULL, "rm \"$here\"/state/redshirt.db");
	run_rsd();
}
END_TEST

/* --- words --- */

START_TEST(interfaces_are_called_as_they_were_taught)
{
	LET("grant " CLIENT " tests/interfaces/greeter.proto,time,*");
	run_expect(0, NULL, "rsctl grants | grep ' 869c0231a7ed '");
	run_expect(0, NULL,
		"rsctl interface add tests/interfaces/greeter.proto | grep ' greeter$'");
	run_expect(0, NULL, "rsctl grants | grep ' greeter '");
	LET("deny --register " CLIENT " greeter");
	LET("revoke " CLIENT " 869c");
	run_expect(0, "", "rsctl grants | grep ' greeter  *use '; true");
	run_expect(0, NULL, "rsctl grants | grep ' greeter  *register  *deny '");
	LET("interface rm greeter");
	run_expect(3, "", "rsctl grant " CLIENT " greeter");
	LET("interface add --name mine tests/interfaces/greeter.proto");
	LET("revoke --register " CLIENT " mine");
}
END_TEST

static const struct {
	int status;
	const char *words;
} odd[] = {
	{ CONTROL_NOT_FOUND, "grant '*' nosuch" },
	{ CONTROL_NOT_FOUND, "grant '*' 123456" },
	{ CONTROL_USAGE, "grant '*' 123" },
	{ CONTROL_USAGE, "grant '*' ''" },
	{ CONTROL_USAGE, "grant '*' ','" },
	{ CONTROL_USAGE, "grant '*' 'a b'" },
	{ CONTROL_NOT_FOUND, "grant '*' log,nosuch" },
	{ CONTROL_NOT_FOUND, "grant nosuch log" },
	{ CONTROL_NOT_FOUND, "grant 123456 log" },
	{ CONTROL_NOT_FOUND, "grant '' log" },
	{ CONTROL_USAGE, "grant 'native:a b' log" },
	{ CONTROL_USAGE, "grant '*'" },
	{ CONTROL_USAGE, "grant '*' log more" },
	{ CONTROL_USAGE, "grant --rate 4294967296 '*' log" },
	{ CONTROL_USAGE, "grant --rate x '*' log" },
	{ CONTROL_USAGE, "grant --hard '*' log" },
	{ CONTROL_USAGE, "deny --hard --register '*' log" },
	{ CONTROL_NOT_FOUND, "revoke '*' example:never" },
	{ CONTROL_NOT_FOUND, "revoke '*' example:never,log" },
	{ CONTROL_NOT_FOUND, "grants nosuch" },
	{ CONTROL_USAGE, "interface add interfaces/log.proto" },
	{ CONTROL_USAGE, "interface add --name 1x tests/interfaces/greeter.proto" },
	{ CONTROL_USAGE, "interface add --name time tests/interfaces/greeter.proto" },
	{ CONTROL_USAGE, "interface rm log" },
	{ CONTROL_NOT_FOUND, "interface rm nosuch" },
	{ CONTROL_USAGE, "interface rm" },
};

START_TEST(odd_words_change_nothing)
{
	char *before = run_expect(0, NULL, "rsctl grants --json").out;

	for (size_t i = 0; i < ARRAY_LEN(odd); i++)
		run_expect(odd[i].status, "", "rsctl %s 2>/dev/null", odd[i].words);
	run_expect(0, before, "rsctl grants --json");
}
END_TEST

START_TEST(scripts_get_json)
{
	json_t *said = run_json(run_expect(0, NULL,
		"rsctl grant --json --mediated --max-body 1K native:clock example:x,'*'")
					.out);
	ck_assert_str_eq(run_text(said, "right"), "use");
	ck_assert_uint_eq(json_array_size(json_object_get(said, "interfaces")), 2);
	json_t *rows = run_json(run_expect(0, NULL, "rsctl grants --json native:clock").out);
	ck_assert_uint_eq(json_array_size(rows), 4 + 2);
	const json_t *row = json_array_get(rows, 5);
	ck_assert_str_eq(run_text(row, "interface"), "example:x");
	ck_assert_str_eq(run_text(row, "grant"), "allow");
	ck_assert_int_eq(run_number(row, "body_bytes_max"), 1024);
	ck_assert_int_gt(run_number(row, "since_ms"), 0);
	ck_assert(json_is_true(json_object_get(row, "mediated")));
	ck_assert(json_is_false(json_object_get(row, "built_in")));
	run_expect(0, NULL, "rsctl events | grep ' granted program=.* use example:x$'");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("grant");
	TCase *tc = run_case_with("grants", rsd_that_denies);

	tcase_add_test(tc, what_nobody_granted_is_denied);
	tcase_add_test(tc, a_grant_holds_at_once_while_programs_run);
	tcase_add_test(tc, who_registered_lets_go_when_that_is_taken_back);
	tcase_add_test(tc, what_is_denied_is_so_whatever_else_was_said);
	tcase_add_test(tc, the_basic_interfaces_can_be_taken_away);
	tcase_add_loop_test(tc, a_grant_has_its_limits, 0, (int)ARRAY_LEN(limits));
	tcase_add_test(tc, a_limit_can_be_taken_away);
	tcase_add_test(tc, what_could_go_on_between_two_is_killed);
	tcase_add_test(tc, who_never_had_a_lane_between_is_not_killed);
	tcase_add_test(tc, what_was_decided_survives_rsd);
	tcase_add_test(tc, without_what_was_decided_rsd_does_not_start);
	tcase_add_test(tc, interfaces_are_called_as_they_were_taught);
	tcase_add_test(tc, odd_words_change_nothing);
	tcase_add_test(tc, scripts_get_json);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
