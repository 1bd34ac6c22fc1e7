/*
 * What happens when a part of the system is killed: the harm ends where that part ends, whoever
 * waits is told exactly once, and what comes next works.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/wait.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

static void kill_by_number(pid_t pid, int signal)
{
	ck_assert_int_gt(pid, 1);
	ck_assert_int_eq(kill(pid, signal), 0);
}

static pid_t pid_of(uint64_t process)
{
	pid_t pid = (pid_t)run_number(run_process(process), "pid");

	ck_assert_int_gt(pid, 1);
	return pid;
}

static bool has_cause(uint64_t process, const char *cause)
{
	return run_is_gone(process) &&
	       strcmp(run_text(run_process(process), "cause"), cause) == 0;
}

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (text = strstr(text, what); text; text = strstr(text + 1, what))
		n++;
	return n;
}

static bool has_said(uint64_t process, const char *what, size_t times)
{
	return count_of(run_logs(process), what) >= times;
}

static uint64_t start_silent(void)
{
	uint64_t process = run_start("rsctl start \"$guests\"/silent.wasm");

	RUN_UNTIL(has_said(process, "register: ok", 1));
	return process;
}

static bool is_running(const char *name)
{
	return run("rsctl ps | grep -q '%s *running'", name).status == 0;
}

static void everything_works(void)
{
	uint64_t echo = run_start("rsctl start \"$guests\"/echo.wasm");

	run_expect(0, "hello\n", "rsctl run \"$guests\"/ask.wasm hello");
	run_expect(0, NULL, "rsctl kill %" PRIu64, echo);
}

/* --- a worker --- */

START_TEST(a_killed_worker_is_shown_as_killed_by_a_signal)
{
	uint64_t other = run_start("rsctl start \"$guests\"/trap.wasm spin");
	uint64_t process = run_start("rsctl start \"$guests\"/trap.wasm spin");

	kill_by_number(pid_of(process), SIGKILL);
	RUN_UNTIL(has_cause(process, "signal"));
	ck_assert_int_eq(run_number(run_process(process), "status"), 128 + SIGKILL);
	ck_assert(!run_is_gone(other));
	everything_works();
}
END_TEST

START_TEST(who_runs_a_killed_worker_is_told)
{
	struct run_job job = run_behind("rsctl run --name spinner \"$guests\"/trap.wasm spin");

	RUN_UNTIL(is_running("spinner"));
	kill_by_number(
		pid_of((uint64_t)atoll(run_expect(0, NULL, "rsctl ps -q").out)), SIGKILL);
	struct run_said said = run_join(&job);
	ck_assert_int_eq(said.status, 128 + SIGKILL);
	ck_assert_msg(strstr(said.err, "signal 9"), "%s", said.err);
}
END_TEST

/* --- a handler --- */

START_TEST(each_message_to_a_killed_handler_completes_once)
{
	uint64_t silent = start_silent();
	struct run_job one =
		run_behind("rsctl run \"$guests\"/storm.wasm 60 60 64 example:silent");
	struct run_job two =
		run_behind("rsctl run \"$guests\"/storm.wasm 40 40 400 example:silent");

	RUN_UNTIL(has_said(silent, "message", 100));
	ck_assert(run_is_going(&one) && run_is_going(&two));
	kill_by_number(pid_of(silent), SIGKILL);
	struct run_said said_one = run_join(&one), said_two = run_join(&two);
	ck_assert_str_eq(said_one.out, "60 sent, 0 answered, 60 not\n");
	ck_assert_str_eq(said_two.out, "40 sent, 0 answered, 40 not\n");
	ck_assert_int_eq(said_one.status, 3);
	ck_assert_int_eq(said_two.status, 3);
}
END_TEST

/* Anywhere in the traffic. storm itself sees whether anything completes twice or with the bytes
 * of another; what never completes keeps it from its end. */
START_TEST(a_handler_killed_in_full_traffic_loses_nothing)
{
	for (int i = 0; i < 5; i++) {
		uint64_t echo = run_start("rsctl start \"$guests\"/echo.wasm");
		struct run_job storm = run_behind(
			"rsctl run --name storm \"$guests\"/storm.wasm 300000 100 64");

		RUN_UNTIL(is_running("storm") || !run_is_going(&storm));
		poll(NULL, 0, 10 * i);
		kill_by_number(pid_of(echo), SIGKILL);
		/* what is sent now waits for the next one, so there has to be one */
		RUN_UNTIL(run_is_gone(echo));
		echo = run_start("rsctl start \"$guests\"/echo.wasm");
		struct run_said said = run_join(&storm);
		if ((said.status != 0 && said.status != 3) ||
			strncmp(said.out, "300000 sent", 11) != 0)
			ck_abort_msg("%d: %s%s", said.status, said.out, said.err);
		run_expect(0, NULL, "rsctl kill %" PRIu64, echo);
	}
}
END_TEST

START_TEST(a_stopped_handler_harms_only_who_waits_for_it)
{
	uint64_t stopped =
		run_start("rsctl start \"$guests\"/handler.wasm example:stopped back");
	uint64_t echo = run_start("rsctl start \"$guests\"/echo.wasm");

	run_expect(0, "back\n", "rsctl run \"$guests\"/client.wasm example:stopped 1 wait");
	kill_by_number(pid_of(stopped), SIGSTOP);
	struct run_job waits =
		run_behind("rsctl run \"$guests\"/client.wasm example:stopped 2");
	run_expect(0, "2000 sent, 2000 answered, 0 not\n",
		"rsctl run \"$guests\"/storm.wasm 2000 32 200");
	ck_assert(run_is_going(&waits) && !run_is_gone(echo));
	kill_by_number(pid_of(stopped), SIGCONT);
	struct run_said said = run_join(&waits);
	ck_assert_str_eq(said.out, "back\nback\n");
}
END_TEST

START_TEST(a_stopped_handler_can_be_stopped_for_good)
{
	uint64_t stopped =
		run_start("rsctl start \"$guests\"/handler.wasm example:stopped back");

	kill_by_number(pid_of(stopped), SIGSTOP);
	run_expect(0, NULL, "rsctl stop --timeout 0.2 %" PRIu64, stopped);
	ck_assert(run_is_gone(stopped));
}
END_TEST

/* --- the launcher --- */

START_TEST(without_the_launcher_all_workers_end_and_a_new_one_comes)
{
	uint64_t echo = run_start("rsctl start \"$guests\"/echo.wasm");
	struct run_job attached = run_behind("rsctl run \"$guests\"/trap.wasm spin");
	struct run_family family;

	RUN_UNTIL(run("rsctl ps -q | wc -l | grep -qx 2").status == 0);
	pid_t launcher = run_find("launcher");
	run_family(launcher, &family);
	ck_assert_uint_eq(family.count, 2);
	kill_by_number(launcher, SIGKILL);
	RUN_UNTIL(run_family_is_gone(&family));
	RUN_UNTIL(has_cause(echo, "launcher died"));
	ck_assert_int_ne(run_join(&attached).status, 0);
	everything_works();
	ck_assert_int_ne(run_find("launcher"), launcher);
}
END_TEST

/* --- the compiler --- */

/* A module that takes the compiler a second or two. */
static void make_slow_module(void)
{
	run_expect(0, "",
		"python3 -c \"import sys; sys.path.append('tests/evil'); import evil\n"
		"code = evil.branches(1500) + evil.arithmetic(%d)\n"
		"locals = [(200, evil.I32)]\n"
		"open('$here/slow.wasm', 'wb').write(evil.module(code, locals))\"",
		5000 + getpid() % 1000);
}

static const char *cached_objects(void)
{
	return run_expect(0, NULL, "find \"$here\"/cache -type f | sort").out;
}

START_TEST(a_compile_that_is_killed_leaves_the_cache_whole)
{
	make_slow_module();
	everything_works(); /* so that the cache is there */
	const char *before = cached_objects();
	struct run_job job = run_behind("rsctl run \"$here\"/slow.wasm");

	RUN_UNTIL(run_find("cc1"));
	ck_assert(run_is_going(&job));
	kill_by_number(run_find("aotc"), SIGKILL);
	struct run_said said = run_join(&job);
	ck_assert_int_eq(said.status, 1);
	ck_assert_msg(strstr(said.err, "compile"), "%s", said.err);
	ck_assert_ptr_eq(strchr(said.err, '\n'), said.err + strlen(said.err) - 1);
	ck_assert_str_eq(cached_objects(), before);
	RUN_UNTIL(!run_find("cc1") && !run_find("aotc"));
	run_expect(0, "", "rsctl run \"$here\"/slow.wasm");
}
END_TEST

START_TEST(a_compile_that_nobody_waits_for_ends)
{
	make_slow_module();
	struct run_job job = run_behind("rsctl run \"$here\"/slow.wasm");

	RUN_UNTIL(run_find("cc1"));
	kill_by_number(job.pid, SIGKILL);
	(void)run_join(&job);
	RUN_UNTIL(!run_find("cc1") && !run_find("aotc"));
	everything_works();
}
END_TEST

/* --- rsd --- */

START_TEST(nothing_survives_rsd_and_the_next_one_goes_on)
{
	make_slow_module();
	uint64_t echo = run_start("rsctl start \"$guests\"/echo.wasm");
	char *programs = run_expect(0, NULL, "rsctl ls -q | sort").out;
	struct run_job compile = run_behind("rsctl run \"$here\"/slow.wasm");
	struct run_job attached = run_behind("rsctl run \"$guests\"/trap.wasm spin");

	RUN_UNTIL(run_find("cc1") && is_running("trap"));
	ck_assert(run_find("launcher") && run_find("aotc") && !run_is_gone(echo));
	kill_by_number(pid_of(echo), SIGSTOP); /* whatever state it is in */
	kill_by_number(run_rsd_pid(), SIGKILL);
	run_rsd_ended();
	ck_assert_int_eq(run_join(&compile).status, 1);
	ck_assert_int_eq(run_join(&attached).status, 1);

	run_rsd_full();
	run_expect(0, NULL, "test \"$(rsctl ls -q | sort | grep -c -F '%s')\" -ge 1", programs);
	run_expect(0, "", "rsctl ps -q");
	everything_works();
	uint64_t after = run_start("rsctl start \"$guests\"/echo.wasm");
	ck_assert_uint_gt(after, echo);
}
END_TEST

START_TEST(rsd_that_is_asked_to_end_ends_everything)
{
	for (size_t i = 0; i < 3; i++)
		run_start("rsctl start \"$guests\"/silent.wasm");
	(void)run_find("launcher"); /* looks at the family */
	run_expect(0, NULL, "rsctl shutdown");
	run_rsd_ended();
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, a_killed_worker_is_shown_as_killed_by_a_signal);
	tcase_add_test(tc, who_runs_a_killed_worker_is_told);
	tcase_add_test(tc, each_message_to_a_killed_handler_completes_once);
	tcase_add_test(tc, a_handler_killed_in_full_traffic_loses_nothing);
	tcase_add_test(tc, a_stopped_handler_harms_only_who_waits_for_it);
	tcase_add_test(tc, a_stopped_handler_can_be_stopped_for_good);
	tcase_add_test(tc, without_the_launcher_all_workers_end_and_a_new_one_comes);
	tcase_add_test(tc, a_compile_that_is_killed_leaves_the_cache_whole);
	tcase_add_test(tc, a_compile_that_nobody_waits_for_ends);
	tcase_add_test(tc, nothing_survives_rsd_and_the_next_one_goes_on);
	tcase_add_test(tc, rsd_that_is_asked_to_end_ends_everything);
}

static Suite *suite(void)
{
	Suite *s = suite_create("kills");
	TCase *tc = run_case_with("parts", run_rsd_full);

	add_tests(tc);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
