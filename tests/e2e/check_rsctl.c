/*
 * rsctl's command line against something that only says what a test wants: usage, exit codes,
 * errors and hints, and servers that lie. What it does with a real rsd is in check_cli.c.
 */
#include "tests/check_run.h"
#include "tests/e2e/run.h"
#include "tests/supervisor/fake_rsd.h"

#define HEX_A "3fa9000000000000000000000000000000000000000000000000000000000001"
#define HEX_B "3fa9000000000000000000000000000000000000000000000000000000000002"

/* What the fake says: one JSON text per line, after it has heard the request. */
static const char *speech;

static void speak(int fd)
{
	static char request[CONTROL_PACKET_MAX + 1];
	const char *line = speech;

	fake_rsd_hear(fd, request, sizeof(request));
	while (*line) {
		size_t n = strcspn(line, "\n");
		fake_rsd_say(fd, CONTROL_JSON, line, n);
		line += n + (line[n] == '\n');
	}
}

#define ASK(what, words)                         \
	(speech = (what), fake_rsd_start(speak), \
		run("rsctl --socket %s " words, fake_rsd_path()))

#define WITHOUT_RSD(words) run("rsctl --socket %s " words, fake_rsd_path())

#define expect_status(said, expected)                                               \
	ck_assert_msg((said).status == (expected),                                  \
		"exit status %d, not %d; it said \"%s\" and \"%s\"", (said).status, \
		(expected), (said).out, (said).err)
#define expect_has(text, part) \
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in \"%.2000s\"", part, text)
#define expect_lacks(text, part) \
	ck_assert_msg(strstr(text, part) == NULL, "\"%s\" in \"%.2000s\"", part, text)

/* --- usage --- */

static const struct {
	const char *words, *said;
} mistakes[] = {
	{ "fly", "rsctl: fly: no such command\n" },
	{ "ps -x", "rsctl: ps: -x: no such option\n" },
	{ "ps 7", "rsctl: 7: one word too many\n" },
	{ "stop", "rsctl: stop: something is missing\n" },
	{ "stop seven", "rsctl: seven: not a process number\n" },
	{ "kill -s NONE 7", "rsctl: kill: --signal: expected a signal" },
	{ "run -m lots x", "rsctl: run: --memory: expected a size" },
	{ "run", "rsctl: run: something is missing\n" },
	{ "run --json x", "rsctl: run: --json needs --detach" },
	{ "--colour ps", "rsctl: options: --colour: no such option\n" },
	{ "help fly", "rsctl: fly: no such command\n" },
	{ "", "rsctl: command: none was given\n" },
};

START_TEST(a_mistake_is_one_line_and_a_hint_and_2)
{
	struct run_said said = run_expect(CONTROL_USAGE, "", "rsctl %s", mistakes[_i].words);

	expect_has(said.err, mistakes[_i].said);
}
END_TEST

START_TEST(every_command_has_help_and_completion)
{
	struct run_said commands = run_expect(0, NULL, "rsctl completion");

	for (char *name = strtok(commands.out, "\n"); name; name = strtok(NULL, "\n")) {
		struct run_said help = run_expect(0, NULL, "rsctl %s --help", name);
		expect_has(help.out, "usage: rsctl ");
		expect_has(help.out, "--socket PATH");
		struct run_said options = run_expect(0, NULL, "rsctl completion %s", name);
		expect_has(options.out, "--help\n");
	}
}
END_TEST

START_TEST(version_is_one_line)
{
	run_expect(0, "rsctl " REDSHIRT_VERSION "\n", "rsctl --version");
}
END_TEST

/* --- files and rsd that are not there --- */

START_TEST(a_file_that_is_not_there_is_3)
{
	struct run_said said = WITHOUT_RSD("run nothing.wasm");

	expect_status(said, CONTROL_NOT_FOUND);
	ck_assert_str_eq(said.err, "rsctl: nothing.wasm: No such file or directory\n");
}
END_TEST

START_TEST(what_is_neither_file_nor_hash_is_3)
{
	struct run_said said = WITHOUT_RSD("run hello");

	expect_status(said, CONTROL_NOT_FOUND);
	expect_has(said.err, "rsctl: hello: neither a file nor the beginning of a program's "
			     "hash\n");
}
END_TEST

START_TEST(a_given_socket_without_rsd_is_an_error_and_starts_none)
{
	struct run_said said = WITHOUT_RSD("ps");

	expect_status(said, CONTROL_FAILED);
	expect_has(said.err, "no rsd listens there\n");
}
END_TEST

/* --- what rsd says --- */

START_TEST(an_error_is_its_line_its_hints_and_its_code)
{
	struct run_said said =
		ASK("{\"error\": {\"code\": 3, \"what\": \"3fa9\", \"why\": \"two programs "
		    "begin so\", \"hint\": \"say more of it\", \"candidates\": [\"" HEX_A
		    "\", \"" HEX_B "\", 7]}}",
			"rm 3fa9");

	expect_status(said, CONTROL_NOT_FOUND);
	ck_assert_str_eq(said.err,
		"rsctl: 3fa9: two programs begin so\n  say more of it\n  " HEX_A "\n  " HEX_B
		"\n");
}
END_TEST

START_TEST(what_is_said_of_errors_cannot_move_a_terminal)
{
	struct run_said said =
		ASK("{\"error\": {\"code\": 1, \"what\": \"x\\u001b[2J\", \"why\": "
		    "\"a\\nb\\u009b\"}}",
			"ls");

	expect_status(said, CONTROL_FAILED);
	ck_assert_str_eq(said.err, "rsctl: x\\x1b[2J: a\\x0ab\\xc2\\x9b\n");
}
END_TEST

static const char two_programs[] =
	"{\"row\": {\"program\": \"" HEX_A
	"\", \"bytes\": 2048, \"added_ms\": 0, \"running\": 1, "
	"\"compiled\": \"yes\"}}\n"
	"{\"row\": {\"program\": \"" HEX_B "\", \"bytes\": 7, \"added_ms\": 0, \"running\": 0, "
	"\"compiled\": \"no\"}}\n"
	"{\"ok\": true}";

START_TEST(ls_is_a_table_with_short_hashes)
{
	struct run_said said = ASK(two_programs, "ls");

	expect_status(said, 0);
	expect_has(said.out, "PROGRAM ");
	expect_has(said.out, "3fa900000000  2 KiB  ");
	expect_lacks(said.out, HEX_A);
}
END_TEST

START_TEST(quiet_is_one_whole_id_a_line)
{
	struct run_said said = ASK(two_programs, "ls -q");

	ck_assert_str_eq(said.out, HEX_A "\n" HEX_B "\n");
}
END_TEST

START_TEST(json_is_one_array)
{
	struct run_said said = ASK(two_programs, "--json ls");

	expect_status(said, 0);
	ck_assert_uint_eq(json_array_size(run_json(said.out)), 2);
	said = ASK("{\"ok\": true}", "ls --json");
	ck_assert_uint_eq(json_array_size(run_json(said.out)), 0);
}
END_TEST

START_TEST(json_is_whole_when_rsd_goes_away_in_the_middle)
{
	struct run_said said = ASK("{\"row\": {\"process\": 1}}", "ps --json");

	expect_status(said, CONTROL_FAILED);
	ck_assert_uint_eq(json_array_size(run_json(said.out)), 1);
	expect_has(said.err, "rsd went away");
}
END_TEST

START_TEST(json_of_an_error_is_nothing)
{
	struct run_said said = ASK(
		"{\"error\": {\"code\": 4, \"what\": \"ls\", \"why\": \"no\"}}", "ls --json");

	expect_status(said, CONTROL_DENIED);
	ck_assert_str_eq(said.out, "");
}
END_TEST

START_TEST(ps_shows_what_a_process_handles_and_waits_for)
{
	struct run_said said =
		ASK("{\"row\": {\"process\": 12, \"program\": \"" HEX_A
		    "\", \"name\": \"echo\\u001b\", \"state\": \"running\", \"pid\": 99, "
		    "\"started_ms\": 1, \"handles\": [\"" HEX_B
		    "\"], \"waits_for\": [\"log\", \"time\"]}}\n{\"ok\": true}",
			"ps");

	expect_status(said, 0);
	expect_has(said.out, "     12  3fa900000000  echo\\x1b  running   99");
	expect_has(said.out, "3fa900000000  log,time\n");
}
END_TEST

START_TEST(ps_of_the_ended_shows_how)
{
	struct run_said said =
		ASK("{\"row\": {\"process\": 12, \"program\": \"" HEX_A
		    "\", \"state\": \"gone\", \"started_ms\": 1000, \"ended_ms\": 4000, "
		    "\"status\": 134, \"cause\": \"trap\", \"detail\": \"out of bounds\"}}\n"
		    "{\"ok\": true}",
			"ps -a");

	expect_has(said.out, "  3s  ");
	expect_has(said.out, "134 out of bounds\n");
}
END_TEST

START_TEST(rows_that_lack_everything_are_shown_as_nothing)
{
	struct run_said said =
		ASK("{\"row\": {}}\n{\"row\": {\"process\": \"x\", \"handles\": [1, {}, "
		    "null], \"started_ms\": -5, \"bytes\": -1}}\n{\"ok\": true}",
			"ps -a");

	expect_status(said, 0);
}
END_TEST

START_TEST(logs_go_where_the_program_sent_them)
{
	struct run_said said = ASK("{\"row\": {\"stream\": \"stdout\", \"text\": \"one\\n\"}}\n"
				   "{\"row\": {\"stream\": \"stderr\", \"text\": \"two\"}}\n"
				   "{\"row\": {\"stream\": \"warning\", \"text\": \"three\"}}\n"
				   "{\"missed\": 5}\n{\"ok\": true}",
		"logs 7");

	expect_status(said, 0);
	ck_assert_str_eq(said.out, "one\nwarning: three\n");
	expect_has(said.err, "two\n");
	expect_has(said.err, "5 lines are missing");
}
END_TEST

START_TEST(followed_logs_are_one_json_object_a_line)
{
	struct run_said said =
		ASK("{\"row\": {\"text\": \"a\"}}\n{\"row\": {\"text\": \"b\"}}\n"
		    "{\"ok\": true}",
			"logs -f --json 7");

	ck_assert_str_eq(said.out, "{\"text\":\"a\"}\n{\"text\":\"b\"}\n");
}
END_TEST

START_TEST(inspect_shows_what_it_does_not_know_as_well)
{
	struct run_said said =
		ASK("{\"row\": {\"process\": {\"process\": 7, \"memory_bytes\": 2097152, "
		    "\"args\": [\"a\\u001b\"], \"new\": {\"deep\": [true, null]}}}}\n"
		    "{\"ok\": true}",
			"inspect 7");

	expect_status(said, 0);
	ck_assert_str_eq(said.out, "process:\n  process: 7\n  memory_bytes: 2097152 (2 MiB)\n"
				   "  args:\n    - a\\x1b\n  new:\n    deep:\n      - yes\n"
				   "      - -\n");
}
END_TEST

/* What the program calls things is quoted and escaped, and beside it is what rsd knows. */
#define MANIFEST                                                                            \
	"{\"row\": {\"program\": {\"running\": 0, \"manifest\": 2}}}\n"                     \
	"{\"row\": {\"manifest\": {\"right\": \"use\", \"interface\": \"" HEX_A "\", "      \
	"\"grant\": \"deny\", \"called\": \"time\", \"reason\": \"a\\nuse\\u001b[2J\"}}}\n" \
	"{\"row\": {\"manifest\": {\"right\": \"register\", \"interface\": \"log\", "       \
	"\"called\": \"\""                                                                  \
	", \"reason\": \"\"}}}\n{\"ok\": true}"

START_TEST(inspect_shows_a_manifest_as_the_programs_words)
{
	struct run_said said = ASK(MANIFEST, "inspect 3fa9");

	expect_status(said, 0);
	ck_assert_str_eq(said.out,
		"program:\n  running: 0\n  manifest: yes: it may do no more than that\n"
		"\nmanifest, in the program's own words:\n"
		"RIGHT     INTERFACE     GRANT  CALLS IT  SAYS WHY\n"
		"use       3fa900000000  deny   \"time\"    \"a\\x0ause\\x1b[2J\"\n"
		"register  log           -      \"\"        \"\"\n");
}
END_TEST

START_TEST(inspect_puts_the_manifest_into_one_json)
{
	struct run_said said = ASK(MANIFEST, "inspect --json 3fa9");
	json_t *all = json_loads(said.out, 0, NULL);
	json_t *list = json_object_get(json_object_get(all, "program"), "manifest");

	expect_status(said, 0);
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(
		json_string_value(json_object_get(json_array_get(list, 0), "called")), "time");
	json_decref(all);
}
END_TEST

START_TEST(inspect_says_what_is_wrong_with_a_manifest)
{
	struct run_said said = ASK("{\"row\": {\"program\": {\"manifest\": 0, "
				   "\"manifest_wrong\": \"it is bad\"}}}\n{\"ok\": true}",
		"inspect 3fa9");

	ck_assert_str_eq(said.out, "program:\n  manifest: malformed (it is bad): it may use "
				   "and handle nothing\n");
	said = ASK(
		"{\"row\": {\"program\": {\"running\": 1}}}\n{\"ok\": true}", "inspect 3fa9");
	ck_assert_str_eq(said.out, "program:\n  running: 1\n  manifest: none: it may do "
				   "whatever it is granted\n");
}
END_TEST

START_TEST(the_status_of_run_is_the_programs)
{
	struct run_said said =
		ASK("{\"started\": {\"process\": 1, \"program\": \"" HEX_A "\"}}\n"
		    "{\"ok\": true, \"status\": 42, \"cause\": \"exited\"}",
			"run 3fa9");

	expect_status(said, 42);
	ck_assert_str_eq(said.err, "");
}
END_TEST

START_TEST(a_trap_is_said_in_one_line)
{
	struct run_said said =
		ASK("{\"ok\": true, \"status\": 134, \"cause\": \"trap\", \"detail\": \"out "
		    "of bounds at 0xfffffff0 in function oob\"}",
			"run 3fa9");

	expect_status(said, 134);
	ck_assert_str_eq(
		said.err, "rsctl: 3fa9: out of bounds at 0xfffffff0 in function oob\n");
}
END_TEST

/* --- a server that lies --- */

static const char *const lies[] = {
	"hello",
	"{\"ok\": false}",
	"{\"row\": {}}\n{\"started\": {\"process\": 1, \"program\": \"x\"}}",
	"{\"row\": 1}",
};

START_TEST(what_is_no_rsd_is_said_to_be_none)
{
	struct run_said said = ASK(lies[_i], "ps");

	expect_status(said, CONTROL_FAILED);
	expect_has(said.err, "what listens there is no rsd, or not of this version\n");
}
END_TEST

START_TEST(ids_of_a_liar_are_not_printed)
{
	struct run_said said =
		ASK("{\"row\": {\"program\": \"\\u001b[2J\"}}\n{\"ok\": true}", "ls -q");

	expect_status(said, CONTROL_FAILED);
	ck_assert_str_eq(said.out, "");
}
END_TEST

START_TEST(a_status_that_is_none_is_a_failure)
{
	struct run_said said = ASK(
		"{\"ok\": true, \"status\": 4294967296, \"cause\": \"exited\"}", "run 3fa9");

	expect_status(said, CONTROL_FAILED);
}
END_TEST

static void speak_for_ever(int fd)
{
	static char request[CONTROL_PACKET_MAX + 1];

	fake_rsd_hear(fd, request, sizeof(request));
	for (ssize_t n = 1; n > 0;)
		n = send(fd, "J{\"row\": {}}", 12, MSG_NOSIGNAL);
}

START_TEST(rows_without_end_have_one)
{
	fake_rsd_start(speak_for_ever);
	struct run_said said = WITHOUT_RSD("ls");

	expect_status(said, CONTROL_FAILED);
	expect_has(said.err, "it is too long to be held here\n");
}
END_TEST

static void flood(int fd)
{
	static char request[CONTROL_PACKET_MAX + 1], bytes[1 + CONTROL_PAYLOAD_MAX];

	fake_rsd_hear(fd, request, sizeof(request));
	memset(bytes, 'x', sizeof(bytes));
	bytes[0] = CONTROL_DATA;
	bytes[1] = CONTROL_STREAM_OUT;
	while (send(fd, bytes, sizeof(bytes), MSG_NOSIGNAL) > 0)
		;
}

START_TEST(a_reader_that_went_away_ends_it_quietly)
{
	fake_rsd_start(flood);
	struct run_said said = run("rsctl --socket %s run 3fa9 | head -c 3", fake_rsd_path());

	expect_status(said, 0);
	ck_assert_str_eq(said.out, "xxx");
	ck_assert_str_eq(said.err, "");
}
END_TEST

START_TEST(a_full_disk_is_no_success)
{
	struct run_said said = run("rsctl help >/dev/full");

	expect_status(said, CONTROL_FAILED);
	expect_has(said.err, "rsctl: output: No space left on device\n");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("rsctl");
	TCase *t = tcase_create("usage");

	tcase_add_unchecked_fixture(t, run_folders, run_folders_end);
	tcase_set_timeout(t, 30);
	tcase_add_loop_test(t, a_mistake_is_one_line_and_a_hint_and_2, 0, ARRAY_LEN(mistakes));
	tcase_add_test(t, every_command_has_help_and_completion);
	tcase_add_test(t, version_is_one_line);
	tcase_add_test(t, a_full_disk_is_no_success);
	suite_add_tcase(s, t);
	t = tcase_create("nobody there");
	tcase_add_unchecked_fixture(t, run_folders, run_folders_end);
	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_add_test(t, a_file_that_is_not_there_is_3);
	tcase_add_test(t, what_is_neither_file_nor_hash_is_3);
	tcase_add_test(t, a_given_socket_without_rsd_is_an_error_and_starts_none);
	suite_add_tcase(s, t);
	t = tcase_create("what rsd says");
	tcase_add_unchecked_fixture(t, run_folders, run_folders_end);
	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_add_test(t, an_error_is_its_line_its_hints_and_its_code);
	tcase_add_test(t, what_is_said_of_errors_cannot_move_a_terminal);
	tcase_add_test(t, ls_is_a_table_with_short_hashes);
	tcase_add_test(t, quiet_is_one_whole_id_a_line);
	tcase_add_test(t, json_is_one_array);
	tcase_add_test(t, json_is_whole_when_rsd_goes_away_in_the_middle);
	tcase_add_test(t, json_of_an_error_is_nothing);
	tcase_add_test(t, ps_shows_what_a_process_handles_and_waits_for);
	tcase_add_test(t, ps_of_the_ended_shows_how);
	tcase_add_test(t, rows_that_lack_everything_are_shown_as_nothing);
	tcase_add_test(t, logs_go_where_the_program_sent_them);
	tcase_add_test(t, followed_logs_are_one_json_object_a_line);
	tcase_add_test(t, inspect_shows_what_it_does_not_know_as_well);
	tcase_add_test(t, inspect_shows_a_manifest_as_the_programs_words);
	tcase_add_test(t, inspect_puts_the_manifest_into_one_json);
	tcase_add_test(t, inspect_says_what_is_wrong_with_a_manifest);
	tcase_add_test(t, the_status_of_run_is_the_programs);
	tcase_add_test(t, a_trap_is_said_in_one_line);
	suite_add_tcase(s, t);
	t = tcase_create("hostile server");
	tcase_add_unchecked_fixture(t, run_folders, run_folders_end);
	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, what_is_no_rsd_is_said_to_be_none, 0, ARRAY_LEN(lies));
	tcase_add_test(t, ids_of_a_liar_are_not_printed);
	tcase_add_test(t, a_status_that_is_none_is_a_failure);
	tcase_add_test(t, rows_without_end_have_one);
	tcase_add_test(t, a_reader_that_went_away_ends_it_quietly);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
