/*
 * Programs that talk: who handles, who waits, who is told, and what nobody can do to the
 * others.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

static bool has_said(uint64_t process, const char *text)
{
	return strstr(run_logs(process), text) != NULL;
}

static uint64_t start_registered(const char *words)
{
	uint64_t process = run_start("rsctl start %s", words);

	RUN_UNTIL(has_said(process, "register: ok"));
	return process;
}

#define SILENT "\"$guests\"/silent.wasm"

static void ends_with(uint64_t process, int status)
{
	RUN_UNTIL(run_is_gone(process));
	ck_assert_msg(run_number(run_process(process), "status") == status, "%s, it said: %s",
		run_text(run_process(process), "detail"), run_logs(process));
}

/* --- ask and echo --- */

START_TEST(an_answer_comes_back)
{
	run_start("rsctl start \"$guests\"/echo.wasm");
	run_expect(0, "one\ntwo\n", "rsctl run \"$guests\"/ask.wasm one two");
}
END_TEST

START_TEST(a_handler_learns_who_sends_to_it_and_of_nobody_else)
{
	run_expect(0, NULL, "rsctl add \"$guests\"/ask.wasm >\"$here/ask\"");
	uint64_t other = run_start("rsctl start \"$guests\"/silent.wasm");
	uint64_t who = start_registered("\"$guests\"/who.wasm");
	struct run_said said = run_expect(0, NULL,
		"rsctl run --name friend \"$guests\"/ask.wasm me %" PRIu64 " %" PRIu64
		" 0 18446744073709551615",
		other, who);
	struct run_said wanted = run_expect(0, NULL,
		"echo \"friend $(cat \"$here/ask\")\"; for i in 1 2 3 4; do echo \"bad "
		"argument\"; done");
	ck_assert_str_eq(said.out, wanted.out);
}
END_TEST

START_TEST(who_asks_first_waits)
{
	struct run_job ask = run_behind("rsctl run \"$guests\"/ask.wasm one two");

	RUN_UNTIL(run("rsctl ps --json | grep -q '\"waits_for\":\\[\"'").status == 0);
	ck_assert(run_is_going(&ask));
	run_start("rsctl start \"$guests\"/echo.wasm");
	struct run_said said = run_join(&ask);
	ck_assert_str_eq(said.out, "one\ntwo\n");
	ck_assert_int_eq(said.status, 0);
}
END_TEST

START_TEST(two_clients_each_get_their_own_answers)
{
	run_start("rsctl start \"$guests\"/echo.wasm");
	struct run_job one = run_behind("rsctl run \"$guests\"/storm.wasm 3000 64 100");
	struct run_job two = run_behind("rsctl run \"$guests\"/storm.wasm 3000 16 3000");
	struct run_said said_one = run_join(&one), said_two = run_join(&two);

	ck_assert_str_eq(said_one.out, "3000 sent, 3000 answered, 0 not\n");
	ck_assert_str_eq(said_two.out, "3000 sent, 3000 answered, 0 not\n");
}
END_TEST

START_TEST(without_a_handler_a_message_is_refused_at_once)
{
	run_expect(1, "(nobody handles the interface)\n",
		"rsctl run \"$guests\"/client.wasm example:nobody 1");
}
END_TEST

START_TEST(a_program_may_be_its_own_client)
{
	run_expect(0, "ok\n", "rsctl run \"$guests\"/self.wasm");
}
END_TEST

START_TEST(twenty_programs_start_at_once)
{
	run_start("rsctl start \"$guests\"/echo.wasm");
	run_expect(0, "", "rsctl run \"$guests\"/ask.wasm"); /* compiled once */
	run_expect(0, NULL,
		"for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do\n"
		"rsctl run \"$guests\"/ask.wasm $i >\"$here\"/said.$i & pids=\"$pids $!\"; "
		"done\n"
		"for pid in $pids; do wait $pid || exit 1; done\n"
		"for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do\n"
		"echo $i | cmp - \"$here\"/said.$i || exit 1; done");
}
END_TEST

/* --- long bodies --- */

static void long_echo(const char *bytes, const char *says)
{
	run_expect(0, says, "rsctl run \"$guests\"/long.wasm ask example:echo %s", bytes);
}

START_TEST(long_bodies_come_back_as_they_were)
{
	run_start("rsctl start \"$guests\"/echo.wasm");
	long_echo("16353", "16353 ok\n");
	long_echo("262145", "262145 ok\n");
	long_echo("1048576", "1048576 ok\n");
	long_echo("16777216", "16777216 ok\n");
	long_echo("16777217", "too big\n");
	long_echo(
		"100 16777216 100", "100 ok\n16777216 ok\n100 ok\n"); /* through small rings */
}
END_TEST

static void cross(const char *what, const char *says)
{
	struct run_job one = run_behind(
		"rsctl run \"$guests\"/long.wasm cross example:one example:two %s", what);
	struct run_job two = run_behind(
		"rsctl run \"$guests\"/long.wasm cross example:two example:one %s", what);
	struct run_said said_one = run_join(&one), said_two = run_join(&two);

	ck_assert_str_eq(said_one.out, says);
	ck_assert_str_eq(said_two.out, says);
}

START_TEST(two_that_send_long_bodies_to_each_other_both_come_to_their_end)
{
	cross("3000000 10", "10 sent, 10 came\n");
	cross("16777216 3", "3 sent, 3 came\n");
}
END_TEST

START_TEST(a_long_body_to_oneself_arrives)
{
	run_expect(0, "3 sent, 3 came\n",
		"rsctl run \"$guests\"/long.wasm cross example:one example:one 3000000 3");
}
END_TEST

START_TEST(a_handler_with_little_room_says_so_and_is_never_stuck)
{
	uint64_t served =
		run_start("rsctl start \"$guests\"/long.wasm serve example:echo 300000");

	RUN_UNTIL(has_said(served, "registered"));
	long_echo("300000 300001 16777216 300000 10",
		"300000 ok\ntoo big\ntoo big\n300000 ok\n10 ok\n");
}
END_TEST

/* --- other limits --- */

static void run_rsd_long(void)
{
	run_rsd_with("--max-body 64M");
}

START_TEST(rsd_says_how_long_a_body_may_be)
{
	run_start("rsctl start \"$guests\"/echo.wasm");
	long_echo("67108864", "67108864 ok\n");
	long_echo("67108865", "too big\n");
}
END_TEST

START_TEST(a_limit_beyond_reason_is_refused)
{
	run_expect(2, "", "rsd --max-body 1025M 2>/dev/null");
	run_expect(2, "", "rsd --max-body 65535 2>/dev/null");
}
END_TEST

/* --- one handler after the other --- */

START_TEST(an_interface_has_one_handler)
{
	start_registered("\"$guests\"/handler.wasm example:one first");
	uint64_t second = run_start("rsctl start \"$guests\"/handler.wasm example:one second");

	RUN_UNTIL(has_said(second, "register: another process handles it"));
	run_expect(0, "first\n", "rsctl run \"$guests\"/client.wasm example:one 1");
}
END_TEST

START_TEST(a_handler_that_lets_go_is_followed_by_the_next)
{
	uint64_t first = start_registered("\"$guests\"/handler.wasm example:one first 2");

	run_expect(0, "first\nfirst\n", "rsctl run \"$guests\"/client.wasm example:one 2");
	RUN_UNTIL(has_said(first, "let go: ok"));
	run_expect(1, "(nobody handles the interface)\n",
		"rsctl run \"$guests\"/client.wasm example:one 1");
	struct run_job waits =
		run_behind("rsctl run \"$guests\"/client.wasm example:one 2 wait");
	start_registered("\"$guests\"/handler.wasm example:one second");
	ck_assert_str_eq(run_join(&waits).out, "second\nsecond\n");
	ck_assert(!run_is_gone(first));
}
END_TEST

/* The client goes on over the change, with one route to two handlers. */
START_TEST(a_client_follows_from_one_handler_to_the_next)
{
	run_start("rsctl start \"$guests\"/handler.wasm example:one first 3");
	struct run_job job = run_behind("rsctl run \"$guests\"/client.wasm example:one 6 wait");

	RUN_UNTIL(strstr(run_out_so_far(&job), "first\nfirst\nfirst\n"));
	run_start("rsctl start \"$guests\"/handler.wasm example:one second");
	ck_assert_str_eq(run_join(&job).out, "first\nfirst\nfirst\nsecond\nsecond\nsecond\n");
}
END_TEST

START_TEST(a_handler_that_ended_is_followed_by_the_next)
{
	uint64_t first = start_registered("\"$guests\"/handler.wasm example:one first");

	run_expect(0, "first\n", "rsctl run \"$guests\"/client.wasm example:one 1");
	run_expect(0, NULL, "rsctl stop %" PRIu64, first);
	ends_with(first, 0);
	start_registered("\"$guests\"/handler.wasm example:one second");
	run_expect(0, "second\n", "rsctl run \"$guests\"/client.wasm example:one 1");
}
END_TEST

/* --- what a handler is told --- */

START_TEST(a_client_that_goes_is_told_of_once_after_its_last_message)
{
	uint64_t silent = start_registered(SILENT);

	run_expect(0, "", "rsctl run \"$guests\"/leave.wasm 3");
	RUN_UNTIL(has_said(silent, "gone"));
	run_expect(0, "", "rsctl run \"$guests\"/leave.wasm 2");
	run_expect(0, NULL, "rsctl stop %" PRIu64, silent);
	ends_with(silent, 0);
	ck_assert_str_eq(run_logs(silent), "register: ok\nmessage\nmessage\nmessage\ngone\n"
					   "message\nmessage\ngone\nnotice\n");
}
END_TEST

START_TEST(a_message_is_cancelled_once_for_both_sides)
{
	uint64_t silent = start_registered(SILENT);

	run_expect(0, "ok\n", "rsctl run \"$guests\"/cancel.wasm");
	RUN_UNTIL(has_said(silent, "gone"));
	ck_assert_str_eq(run_logs(silent), "register: ok\nmessage\ncancelled\ngone\n");
}
END_TEST

/* --- mistakes and limits --- */

START_TEST(bad_pointers_and_bad_bodies_are_answers)
{
	run_expect(0, "ok\n", "rsctl run \"$guests\"/bad_calls.wasm");
}
END_TEST

START_TEST(one_step_beyond_every_limit_is_refused)
{
	start_registered(SILENT);
	run_expect(0, "ok\n", "rsctl run \"$guests\"/bounds.wasm");
	/* and the next one has all of it again */
	run_expect(0, "ok\n", "rsctl run \"$guests\"/bounds.wasm");
}
END_TEST

START_TEST(a_program_may_wait_for_more_than_it_may_have)
{
	run_expect(0, NULL, "rsctl run \"$guests\"/timers.wasm");
}
END_TEST

/* --- who misbehaves --- */

START_TEST(who_never_listens_harms_nobody)
{
	run_start("rsctl start \"$guests\"/echo.wasm");
	uint64_t mute = run_start("rsctl start \"$guests\"/mute.wasm example:echo");

	RUN_UNTIL(has_said(mute, "busy"));
	run_expect(0, "2000 sent, 2000 answered, 0 not\n",
		"rsctl run \"$guests\"/storm.wasm 2000 32 200");
	ck_assert(!run_is_gone(mute));
	/* and its end frees what it held */
	run_expect(0, NULL, "rsctl kill %" PRIu64, mute);
	run_expect(0, "2000 sent, 2000 answered, 0 not\n",
		"rsctl run \"$guests\"/storm.wasm 2000 32 200");
}
END_TEST

START_TEST(a_deaf_handler_harms_only_its_clients)
{
	start_registered(SILENT " deaf");
	uint64_t mute = run_start("rsctl start \"$guests\"/mute.wasm example:silent");

	run_start("rsctl start \"$guests\"/echo.wasm");
	RUN_UNTIL(has_said(mute, "busy"));
	run_expect(0, "still here\n", "rsctl run \"$guests\"/ask.wasm 'still here'");
}
END_TEST

START_TEST(a_flood_does_not_drown_a_polite_client)
{
	run_start("rsctl start \"$guests\"/echo.wasm");
	for (int i = 0; i < 3; i++)
		run_start("rsctl start \"$guests\"/storm.wasm 4000000000 256 100");
	run_expect(0, "200 sent, 200 answered, 0 not\n",
		"rsctl run \"$guests\"/storm.wasm 200 1 100");
	run_expect(0, "3\n", "rsctl ps | grep -c 'storm *running'");
}
END_TEST

START_TEST(a_flood_of_output_is_bounded_and_whole_for_who_reads)
{
	run_expect(0, NULL, "rsctl run \"$guests\"/flood.wasm 200000 >\"$here\"/flood");
	run_expect(0, "200000 200000\n",
		"echo $(wc -l <\"$here\"/flood) $(sort -u \"$here\"/flood | grep -c '^line "
		"[0-9]*$')");
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, an_answer_comes_back);
	tcase_add_test(tc, who_asks_first_waits);
	tcase_add_test(tc, a_handler_learns_who_sends_to_it_and_of_nobody_else);
	tcase_add_test(tc, two_clients_each_get_their_own_answers);
	tcase_add_test(tc, without_a_handler_a_message_is_refused_at_once);
	tcase_add_test(tc, a_program_may_be_its_own_client);
	tcase_add_test(tc, twenty_programs_start_at_once);
	tcase_add_test(tc, long_bodies_come_back_as_they_were);
	tcase_add_test(tc, two_that_send_long_bodies_to_each_other_both_come_to_their_end);
	tcase_add_test(tc, a_long_body_to_oneself_arrives);
	tcase_add_test(tc, a_handler_with_little_room_says_so_and_is_never_stuck);
	tcase_add_test(tc, a_limit_beyond_reason_is_refused);
	tcase_add_test(tc, an_interface_has_one_handler);
	tcase_add_test(tc, a_handler_that_lets_go_is_followed_by_the_next);
	tcase_add_test(tc, a_client_follows_from_one_handler_to_the_next);
	tcase_add_test(tc, a_handler_that_ended_is_followed_by_the_next);
	tcase_add_test(tc, a_client_that_goes_is_told_of_once_after_its_last_message);
	tcase_add_test(tc, a_message_is_cancelled_once_for_both_sides);
	tcase_add_test(tc, bad_pointers_and_bad_bodies_are_answers);
	tcase_add_test(tc, one_step_beyond_every_limit_is_refused);
	tcase_add_test(tc, a_program_may_wait_for_more_than_it_may_have);
	tcase_add_test(tc, who_never_listens_harms_nobody);
	tcase_add_test(tc, a_deaf_handler_harms_only_its_clients);
	tcase_add_test(tc, a_flood_does_not_drown_a_polite_client);
	tcase_add_test(tc, a_flood_of_output_is_bounded_and_whole_for_who_reads);
}

static void rsd_that_mediates(void)
{
	run_rsd_with("--mediate");
}

static Suite *suite(void)
{
	Suite *s = suite_create("messages");
	TCase *direct = run_case("direct"),
	      *mediated = run_case_with("mediated", rsd_that_mediates);

	add_tests(direct);
	add_tests(mediated); /* no program knows the difference */
	suite_add_tcase(s, direct);
	suite_add_tcase(s, mediated);
	TCase *longer = run_case_with("longer bodies", run_rsd_long);
	tcase_add_test(longer, rsd_says_how_long_a_body_may_be);
	suite_add_tcase(s, longer);
	return s;
}

CHECK_MAIN(suite)
