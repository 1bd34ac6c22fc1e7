/*
 * What rsctl does when the rsd it starts does not come up: a tree with the real rsctl and an
 * rsd that is a shell script. The rsd that comes up is in check_cli.c.
 */
#include <string.h>

#include "supervisor/protocol.h"
#include "supervisor/rsctl/private.h"
#include "tests/check_run.h"
#include "tests/e2e/run.h"

static void with_rsd(const char *script)
{
	run_expect(0, NULL,
		"mkdir -p \"$here/tree/bin\" && cp -u \"$(command -v rsctl)\" "
		"\"$here/tree/bin/\" && printf '#!/bin/sh\\n%%s\\n' '%s' "
		">\"$here/tree/bin/rsd\" && chmod +x \"$here/tree/bin/rsd\"",
		script);
}

#define PS "\"$here/tree/bin/rsctl\" ps"

static void expect_has(const char *text, const char *part)
{
	ck_assert_msg(strstr(text, part) != NULL, "no \"%s\" in \"%.2000s\"", part, text);
}

START_TEST(its_last_words_are_shown)
{
	with_rsd("echo hello; echo; echo \"rsd: error: io_uring is forbidden here\" >&2; exit "
		 "1");
	struct run_said said = run_expect(CONTROL_FAILED, "", PS);

	expect_has(said.err,
		"rsctl: rsd: it did not start: rsd: error: io_uring is forbidden here\n");
	expect_has(said.err, "/state/rsd.log\n");
}
END_TEST

START_TEST(only_what_it_said_this_time_counts)
{
	with_rsd("echo old words >&2; exit 1");
	run_expect(CONTROL_FAILED, "", PS);
	with_rsd("exit 1");
	expect_has(run_expect(CONTROL_FAILED, "", PS).err, "it said nothing");
}
END_TEST

START_TEST(what_it_says_cannot_move_a_terminal)
{
	with_rsd("printf \"\\\\033[2Jgone\" >&2; exit 1");
	expect_has(run_expect(CONTROL_FAILED, "", PS).err, "\\x1b[2Jgone\n");
}
END_TEST

START_TEST(a_tree_without_rsd_is_said)
{
	with_rsd("");
	run_expect(0, NULL, "rm \"$here/tree/bin/rsd\"");
	expect_has(
		run_expect(CONTROL_FAILED, "", PS).err, "bin/rsd: No such file or directory");
}
END_TEST

START_TEST(one_that_never_listens_is_not_waited_for_for_ever)
{
	with_rsd("echo $$ >\"$here/pid\"; exec sleep 60");
	struct run_said said = run_expect(CONTROL_FAILED, "", PS);

	run_expect(0, NULL, "kill $(cat \"$here/pid\")");
	expect_has(said.err, "it does not listen after 10 s");
}
END_TEST

START_TEST(it_has_no_terminal_no_folder_and_no_streams_of_ours)
{
	with_rsd("readlink /proc/self/fd/0 /proc/self/cwd; echo \"$@\"; "
		 "ps -o tty= -p $$; set -- /proc/$$/fd/*; echo $#; exit 1");
	run_expect(CONTROL_FAILED, "", PS);
	/* descriptors: three, those of the script and of the folder that is listed */
	run_expect(0, "/dev/null\n/\n--idle-exit 30\n?\n5\n", "cat \"$here/state/rsd.log\"");
}
END_TEST

START_TEST(its_log_does_not_grow_for_ever)
{
	with_rsd("echo again; exit 1");
	run_expect(0, NULL,
		"mkdir -p -m 700 \"$here/state\" && "
		"head -c 2000000 /dev/zero >\"$here/state/rsd.log\"");
	run_expect(CONTROL_FAILED, "", PS);
	run_expect(0, "again\n", "cat \"$here/state/rsd.log\"");
}
END_TEST

START_TEST(a_folder_of_everybodys_is_refused)
{
	with_rsd("exit 1");
	run_expect(0, NULL, "mkdir \"$here/run\" && chmod 777 \"$here/run\"");
	expect_has(run_expect(CONTROL_FAILED, "", PS).err, "others may write to it");
}
END_TEST

START_TEST(what_needs_no_rsd_starts_none)
{
	with_rsd("touch \"$here/started\"");
	run_expect(CONTROL_FAILED, NULL, "\"$here/tree/bin/rsctl\" version");
	run_expect(CONTROL_FAILED, "", "\"$here/tree/bin/rsctl\" stop 1");
	run_expect(CONTROL_FAILED, "", "\"$here/tree/bin/rsctl\" shutdown");
	run_expect(1, "", "test -e \"$here/started\"");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("private");
	TCase *t = tcase_create("an rsd that does not come up");

	/* checked: every test has folders of its own */
	tcase_add_checked_fixture(t, run_folders, run_folders_end);
	tcase_set_timeout(t, 30);
	tcase_add_test(t, its_last_words_are_shown);
	tcase_add_test(t, only_what_it_said_this_time_counts);
	tcase_add_test(t, what_it_says_cannot_move_a_terminal);
	tcase_add_test(t, a_tree_without_rsd_is_said);
	tcase_add_test(t, one_that_never_listens_is_not_waited_for_for_ever);
	tcase_add_test(t, it_has_no_terminal_no_folder_and_no_streams_of_ours);
	tcase_add_test(t, its_log_does_not_grow_for_ever);
	tcase_add_test(t, a_folder_of_everybodys_is_refused);
	tcase_add_test(t, what_needs_no_rsd_starts_none);
	suite_add_tcase(s, t);
	return s;
}

CHECK_MAIN(suite)
