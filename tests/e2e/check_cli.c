/*
 * The commands of rsctl with a real rsd and real programs: what a person gets.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/protocol.h"
#include "tests/check_run.h"
#include "tests/e2e/run.h"

#define HELLO      "\"$guests/hello.wasm\""
#define HELLO_TEXT "Hello from a locked process!\n"

static void expect_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in \"%.2000s\"", part, text);
}

/* `rsctl add`: the hash. */
static const char *add(const char *guest)
{
	struct run_said said = run_expect(0, NULL, "rsctl add \"$guests/%s.wasm\"", guest);

	ck_assert_uint_eq(said.out_bytes, 65);
	said.out[64] = 0;
	return said.out;
}

static json_t *json_of(const char *words)
{
	return run_json(run_expect(0, NULL, "rsctl %s --json", words).out);
}

/* --- run --- */

START_TEST(run_is_the_program)
{
	run_expect(0, HELLO_TEXT "argument 1: one\nargument 2: -x\nargument 3: --help\n",
		"rsctl run " HELLO " one -x --help");
	struct run_said said = run_expect(42, HELLO_TEXT, "rsctl run " HELLO " --exit 42");
	ck_assert_str_eq(said.err, "ending with status 42, as asked\n");
}
END_TEST

START_TEST(run_sets_the_environment_and_nothing_else)
{
	run_expect(0, "hi there\n", "GREETING=no rsctl run -e 'GREETING=hi there' " HELLO);
	run_expect(0, HELLO_TEXT, "GREETING=no rsctl run " HELLO);
	run_expect(CONTROL_USAGE, "", "rsctl run -e GREETING " HELLO);
}
END_TEST

START_TEST(run_takes_hashes_prefixes_and_standard_input)
{
	const char *hash = add("hello");

	run_expect(0, HELLO_TEXT, "rsctl run %s", hash);
	run_expect(0, HELLO_TEXT, "rsctl run %.6s", hash);
	run_expect(0, HELLO_TEXT, "rsctl run - <" HELLO);
}
END_TEST

START_TEST(run_passes_input_of_any_size)
{
	run_expect(0, "hello", "printf hello | rsctl run \"$guests/cat.wasm\"");
	run_expect(0, "", "rsctl run \"$guests/cat.wasm\" </dev/null");
	run_expect(0, NULL,
		"head -c 5000000 /dev/urandom >\"$here/much\" && "
		"rsctl run \"$guests/cat.wasm\" <\"$here/much\" | cmp - \"$here/much\"");
}
END_TEST

START_TEST(a_trap_is_one_line_who_called_whom_and_134)
{
	struct run_said said = run_expect(134, "", "rsctl run \"$guests/trap.wasm\" oob");

	expect_has(said.err, "rsctl: ");
	expect_has(said.err, "out of bounds");
	expect_has(said.err, "0xfffffff0");
	expect_has(said.err, "oob");
	const char *line = strchr(said.err, '\n') + 1;
	for (; *line; line = strchr(line, '\n') + 1)
		ck_assert_msg(strncmp(line, "  #", 3) == 0, "%s", said.err);
}
END_TEST

START_TEST(run_detached_is_start)
{
	uint64_t process = run_start("rsctl run -d " HELLO);

	RUN_UNTIL(run_is_gone(process));
	ck_assert_str_eq(run_logs(process), HELLO_TEXT);
}
END_TEST

START_TEST(what_is_no_module_is_refused)
{
	struct run_said said =
		run("printf nonsense >\"$here/x.wasm\"; rsctl run \"$here/x.wasm\"");

	ck_assert_int_eq(said.status, CONTROL_FAILED);
	ck_assert_ptr_nonnull(strstr(said.err, "rsctl: "));
	ck_assert_str_eq(said.out, "");
}
END_TEST

START_TEST(limits_reach_the_program)
{
	struct run_said said = run("rsctl run --cpu 1 \"$guests/trap.wasm\" spin");

	ck_assert_int_ne(said.status, 0);
	expect_has(said.err, "cpu limit: ");
	/* less than the module begins with */
	ck_assert_int_ne(run("rsctl run -m 64K " HELLO).status, 0);
}
END_TEST

static bool one_is(const char *state)
{
	json_t *rows = json_of("ps");

	return json_array_size(rows) == 1 &&
	       strcmp(run_text(json_array_get(rows, 0), "state"), state) == 0;
}

START_TEST(an_interrupt_stops_the_program)
{
	struct run_job job = run_behind("exec rsctl run \"$guests/trap.wasm\" spin");

	RUN_UNTIL(one_is("running"));
	kill(job.pid, SIGINT);
	struct run_said said = run_join(&job);
	ck_assert_int_eq(said.status, 128 + SIGTERM);
	expect_has(said.err, "stopped\n");
	ck_assert_uint_eq(json_array_size(json_of("ps")), 0);
}
END_TEST

START_TEST(a_program_does_not_outlive_its_terminal)
{
	struct run_job job = run_behind("exec rsctl run \"$guests/trap.wasm\" spin");

	RUN_UNTIL(json_array_size(json_of("ps")) == 1);
	kill(job.pid, SIGKILL);
	run_join(&job);
	RUN_UNTIL(json_array_size(json_of("ps")) == 0);
}
END_TEST

START_TEST(a_reader_that_goes_away_ends_it)
{
	run_expect(0, "x", "yes x | rsctl run \"$guests/cat.wasm\" | head -c 1");
	RUN_UNTIL(json_array_size(json_of("ps")) == 0);
}
END_TEST

START_TEST(terminals_see_no_escapes_of_programs)
{
	struct run_said said = run("script -qec \"rsctl run -e GREETING=$(printf '\\033[2Jx') "
				   "$guests/hello.wasm\" /dev/null </dev/null");

	expect_has(said.out, "\\x1b[2Jx\r\n");
	ck_assert_ptr_null(strstr(said.out, "\033[2J"));
	said = run("rsctl run -e GREETING=\"$(printf '\\033[2Jx')\" " HELLO);
	ck_assert_str_eq(said.out, "\033[2Jx\n");
}
END_TEST

/* --- programs --- */

START_TEST(add_prints_the_hash_once_per_file)
{
	struct run_said sum = run_expect(0, NULL, "sha256sum <" HELLO " | cut -d' ' -f1");

	run_expect(0, sum.out, "rsctl add " HELLO);
	run_expect(0, sum.out, "rsctl add " HELLO); /* known already is fine */
	struct run_said both = run("rsctl add " HELLO " /nowhere.wasm \"$guests/cat.wasm\"");
	ck_assert_int_eq(both.status, CONTROL_NOT_FOUND);
	ck_assert_uint_eq(both.out_bytes, 130);
}
END_TEST

START_TEST(ls_lists_what_was_added_and_rm_removes_it)
{
	const char *hash = add("hello");
	json_t *rows = json_of("ls");
	bool found = false;
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) found |= strcmp(run_text(row, "program"), hash) == 0;
	ck_assert(found);
	expect_has(run_expect(0, NULL, "rsctl ls -q").out, hash);
	run_expect(0, "", "rsctl rm %s", hash);
	ck_assert_ptr_null(strstr(run_expect(0, NULL, "rsctl ls -q").out, hash));
	run_expect(CONTROL_NOT_FOUND, "", "rsctl rm %s", hash);
	run_expect(CONTROL_NOT_FOUND, "", "rsctl start %s", hash);
}
END_TEST

START_TEST(rm_of_what_runs_needs_force)
{
	const char *hash = add("echo");
	uint64_t process = run_start("rsctl start %s", hash);
	struct run_said said = run("rsctl rm %s", hash);

	ck_assert_int_ne(said.status, 0);
	expect_has(said.err, "rsctl: ");
	run_expect(0, "", "rsctl rm -f %s", hash);
	ck_assert(run_is_gone(process));
}
END_TEST

START_TEST(a_prefix_of_two_names_both)
{
	/* among many small files two begin alike */
	run_expect(0, NULL,
		"for i in $(seq 700); do printf '\\0asm\\1\\0\\0\\0\\0\\6\\5%%05d' $i "
		">\"$here/$i.wasm\"; done; cd \"$here\"; sha256sum [0-9]*.wasm | sort >sums; "
		"cut -c1-4 sums | uniq -d | head -n 1 >twice; test -s twice; "
		"grep \"^$(cat twice)\" sums | sed 's/.* //' | xargs rsctl add >added");
	struct run_said said =
		run_expect(CONTROL_USAGE, "", "rsctl start $(cat \"$here/twice\")");
	struct run_said lines = run_expect(0, NULL, "sed 's/^/  /' \"$here/added\" | sort");
	expect_has(said.err, "rsctl: ");
	for (char *line = strtok(lines.out, "\n"); line; line = strtok(NULL, "\n"))
		expect_has(said.err, line);
}
END_TEST

START_TEST(a_prefix_that_is_too_short_is_said_to_be)
{
	add("hello");
	struct run_said said = run("rsctl start abc");

	ck_assert(said.status == CONTROL_USAGE || said.status == CONTROL_NOT_FOUND);
	expect_has(said.err, "rsctl: abc");
}
END_TEST

START_TEST(compile_makes_the_next_start_quick)
{
	run_expect(0, NULL, "rm -rf \"$here/cache/objects\"/*");
	struct run_said said = run_expect(0, NULL, "rsctl compile " HELLO);
	expect_has(said.out, "of native code in");
	json_t *row, *rows = json_of("ls");
	size_t i;
	const char *hash = add("hello");
	json_array_foreach(rows, i, row)
	{
		if (strcmp(run_text(row, "program"), hash) == 0)
			ck_assert_str_eq(run_text(row, "compiled"), "yes");
	}
}
END_TEST

/* --- processes --- */

START_TEST(start_ps_inspect_stop)
{
	uint64_t process = run_start("rsctl start -e A=1 \"$guests/echo.wasm\" -v");
	const json_t *row = run_process(process);

	ck_assert_str_eq(run_text(row, "name"), "echo");
	RUN_UNTIL(json_array_size(json_object_get(run_process(process), "handles")) == 1);
	expect_has(run_expect(0, NULL, "rsctl ps").out, "example:echo");
	char words[64];
	snprintf(words, sizeof(words), "inspect %llu", (unsigned long long)process);
	json_t *known = json_object_get(json_of(words), "process");
	ck_assert_int_eq(run_number(known, "process"), (int64_t)process);
	ck_assert_uint_eq(json_array_size(json_object_get(known, "args")), 2);
	expect_has(run_expect(0, NULL, "rsctl %s", words).out, "process:");
	run_expect(0, "", "rsctl stop %llu", (unsigned long long)process);
	ck_assert(run_is_gone(process));
	ck_assert_int_eq(run_number(run_process(process), "status"), 0);
	expect_has(run_expect(0, NULL, "rsctl ps -a").out, "gone");
}
END_TEST

START_TEST(two_programs_talk)
{
	uint64_t echo = run_start("rsctl start \"$guests/echo.wasm\"");

	run_expect(0, "one\ntwo\n", "rsctl run \"$guests/ask.wasm\" one two");
	run_expect(0, "", "rsctl stop %llu", (unsigned long long)echo);
}
END_TEST

START_TEST(kill_kills_and_stop_gives_up_waiting)
{
	uint64_t one = run_start("rsctl start \"$guests/trap.wasm\" spin");
	uint64_t two = run_start("rsctl start \"$guests/trap.wasm\" spin");

	run_expect(0, "", "rsctl kill %llu", (unsigned long long)one);
	ck_assert_int_eq(run_number(run_process(one), "status"), 137);
	run_expect(0, "", "rsctl stop -t 200ms %llu", (unsigned long long)two);
	ck_assert(run_is_gone(two));
}
END_TEST

START_TEST(processes_that_are_not_there_are_3)
{
	run_expect(CONTROL_NOT_FOUND, "", "rsctl stop 999999");
	run_expect(CONTROL_NOT_FOUND, "", "rsctl kill 999999");
	run_expect(CONTROL_NOT_FOUND, "", "rsctl logs 999999");
	run_expect(CONTROL_NOT_FOUND, "", "rsctl inspect 999999");
}
END_TEST

START_TEST(logs_are_the_last_lines_and_follow_to_the_end)
{
	uint64_t process = run_start("rsctl start " HELLO " a b c");

	RUN_UNTIL(run_is_gone(process));
	run_expect(0, "argument 2: b\nargument 3: c\n", "rsctl logs -n 2 %llu",
		(unsigned long long)process);
	run_expect(0, HELLO_TEXT "argument 1: a\nargument 2: b\nargument 3: c\n",
		"rsctl logs -f %llu", (unsigned long long)process);
	struct run_said said =
		run_expect(0, NULL, "rsctl logs -f --json %llu", (unsigned long long)process);
	size_t n = 0;
	for (char *line = strtok(said.out, "\n"); line; line = strtok(NULL, "\n"), n++)
		run_json(line);
	ck_assert_uint_eq(n, 4);
}
END_TEST

START_TEST(followed_logs_come_while_it_runs)
{
	uint64_t process = run_start("rsctl start \"$guests/echo.wasm\" -v");
	struct run_job job =
		run_behind("exec rsctl logs -f %llu 2>&1", (unsigned long long)process);

	run_expect(0, "x\n", "rsctl run \"$guests/ask.wasm\" x");
	RUN_UNTIL(strstr(run_out_so_far(&job), "gone: process"));
	ck_assert(run_is_going(&job));
	run_expect(0, "", "rsctl stop %llu", (unsigned long long)process);
	ck_assert_int_eq(run_join(&job).status, 0);
}
END_TEST

START_TEST(everything_that_reads_speaks_json)
{
	static const char *const words[] = { "ps", "ps -a", "ls", "events", "version",
		"doctor" };

	run_expect(0, NULL, "rsctl run " HELLO);
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		json_of(words[i]);
}
END_TEST

START_TEST(events_tell_of_starts_and_ends)
{
	run_expect(0, NULL, "rsctl run " HELLO);
	struct run_said said = run_expect(0, NULL, "rsctl events");

	expect_has(said.out, " started process=");
	expect_has(said.out, " ended process=");
}
END_TEST

START_TEST(doctor_is_well)
{
	struct run_said said = run_expect(0, NULL, "rsctl doctor");

	expect_has(said.out, "seccomp");
	expect_has(said.out, "translator wasm2c");
}
END_TEST

/* --- a private rsd --- */

static bool nobody_listens(void)
{
	return run("rsctl version").status == CONTROL_FAILED;
}

START_TEST(run_starts_a_private_rsd)
{
	run_expect(0, HELLO_TEXT, "rsctl run " HELLO);
	run_expect(0, NULL, "rsctl version");
	run_expect(0, "", "rsctl shutdown");
	RUN_UNTIL(nobody_listens());
}
END_TEST

START_TEST(many_that_start_one_at_once_share_it)
{
	run_expect(0, "8\n",
		"rm -f \"$here/state/rsd.log\"; for i in 1 2 3 4 5 6 7 8; do rsctl run " HELLO
		" & done >\"$here/all\"; wait; grep -c locked \"$here/all\"");
	run_expect(0, "1\n", "grep -c event=ready \"$here/state/rsd.log\"");
	run_expect(0, "", "rsctl shutdown");
	RUN_UNTIL(nobody_listens());
}
END_TEST

START_TEST(a_second_rsd_says_who_has_the_folder)
{
	run_expect(0, NULL, "rsctl ls");
	struct run_said said = run("rsd");
	ck_assert_int_ne(said.status, 0);
	expect_has(said.err, "another rsd");
	run_expect(0, "", "rsctl shutdown");
	RUN_UNTIL(nobody_listens());
}
END_TEST

static TCase *with_rsd(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_add_unchecked_fixture(t, run_folders, run_folders_end);
	tcase_add_checked_fixture(t, run_rsd, run_rsd_end);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	return t;
}

static Suite *suite(void)
{
	Suite *s = suite_create("cli");
	TCase *t = with_rsd(s, "run");

	tcase_add_test(t, run_is_the_program);
	tcase_add_test(t, run_sets_the_environment_and_nothing_else);
	tcase_add_test(t, run_takes_hashes_prefixes_and_standard_input);
	tcase_add_test(t, run_passes_input_of_any_size);
	tcase_add_test(t, a_trap_is_one_line_who_called_whom_and_134);
	tcase_add_test(t, run_detached_is_start);
	tcase_add_test(t, what_is_no_module_is_refused);
	tcase_add_test(t, limits_reach_the_program);
	tcase_add_test(t, an_interrupt_stops_the_program);
	tcase_add_test(t, a_program_does_not_outlive_its_terminal);
	tcase_add_test(t, a_reader_that_goes_away_ends_it);
	tcase_add_test(t, terminals_see_no_escapes_of_programs);
	t = with_rsd(s, "programs");
	tcase_add_test(t, add_prints_the_hash_once_per_file);
	tcase_add_test(t, ls_lists_what_was_added_and_rm_removes_it);
	tcase_add_test(t, rm_of_what_runs_needs_force);
	tcase_add_test(t, a_prefix_of_two_names_both);
	tcase_add_test(t, a_prefix_that_is_too_short_is_said_to_be);
	tcase_add_test(t, compile_makes_the_next_start_quick);
	t = with_rsd(s, "processes");
	tcase_add_test(t, start_ps_inspect_stop);
	tcase_add_test(t, two_programs_talk);
	tcase_add_test(t, kill_kills_and_stop_gives_up_waiting);
	tcase_add_test(t, processes_that_are_not_there_are_3);
	tcase_add_test(t, logs_are_the_last_lines_and_follow_to_the_end);
	tcase_add_test(t, followed_logs_come_while_it_runs);
	tcase_add_test(t, everything_that_reads_speaks_json);
	tcase_add_test(t, events_tell_of_starts_and_ends);
	tcase_add_test(t, doctor_is_well);
	t = tcase_create("private rsd");
	tcase_add_unchecked_fixture(t, run_folders, run_folders_end);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, run_starts_a_private_rsd);
	tcase_add_test(t, many_that_start_one_at_once_share_it);
	tcase_add_test(t, a_second_rsd_says_who_has_the_folder);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
