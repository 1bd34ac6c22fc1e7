/*
 * Programs that start programs: what a child has, what its parent hears of it, and what neither
 * of them can take. Nothing is allowed here that was not said.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

#define PARENT "rsctl run --allow program \"$guests\"/parent.wasm"

static void set_up(void)
{
	run_rsd_with("--default-grant deny");
}

/* Adds a guest; its hash. */
static const char *add(const char *guest)
{
	char *hash = run("rsctl add \"$guests\"/%s.wasm", guest).out;

	hash[strcspn(hash, "\n")] = 0;
	ck_assert_uint_eq(strlen(hash), 64);
	return hash;
}

static bool has_said(uint64_t process, const char *text)
{
	return strstr(run_logs(process), text) != NULL;
}

static int alive(void)
{
	int n = -1;

	sscanf(run("rsctl ps -q | wc -l").out, "%d", &n);
	return n;
}

/* ---- starting, waiting, stopping ---- */

START_TEST(a_child_gets_its_words_and_its_parent_hears_its_end)
{
	const char *parent = add("parent");

	run_expect(
		0, "start: ok\nstatus 7\n", PARENT " run %s say %s some words", parent, parent);
	ck_assert(has_said(2, "some words V"));
	ck_assert_int_eq(run_number(run_process(2), "parent"), 1);
	ck_assert_int_eq(run_number(run_process(1), "parent"), -1);
}
END_TEST

START_TEST(a_trap_is_told_as_one)
{
	const struct run_said said = run(PARENT " run %s unreachable", add("trap"));

	ck_assert_msg(strncmp(said.out, "start: ok\nunreachable", 21) == 0, "%s", said.out);
}
END_TEST

START_TEST(a_child_ends_when_it_is_told_to)
{
	const char *parent = add("parent");

	run_expect(0, "start: ok\nstop: ok\nsignal 15\n", PARENT " stop %s", parent);
	run_expect(0, "start: ok\nstop: ok\nsignal 9\n", PARENT " kill %s", parent);
}
END_TEST

START_TEST(a_wait_can_be_cancelled)
{
	run_expect(0, "start: ok\nwait: ok\nanswer: cancelled\n", PARENT " cancel %s",
		add("parent"));
}
END_TEST

START_TEST(what_is_not_there_is_not_started)
{
	const char *parent = add("parent");

	run_expect(0, "start: bad argument\n",
		PARENT " run 0000000000000000000000000000000000000000000000000000000000000000");
	run_expect(0, "start: denied\n", "rsctl run \"$guests\"/parent.wasm run %s", parent);
}
END_TEST

START_TEST(children_are_their_parents_only)
{
	uint64_t keeper = run_start(
		"rsctl start --allow program \"$guests\"/parent.wasm keep %s", add("parent"));

	RUN_UNTIL(has_said(keeper, "start: ok"));
	run_expect(0,
		"wait: bad argument\nstop: bad argument\nwait: bad argument\nstop: bad "
		"argument\n"
		"wait: bad argument\nstop: bad argument\n",
		PARENT " forge %s %" PRIu64 " %" PRIu64 " 18446744073709551615", add("parent"),
		keeper, keeper + 1);
	ck_assert_int_eq(alive(), 2);
}
END_TEST

/* ---- grants ---- */

/* The worker asks example:echo; only who was given it is heard. */
START_TEST(a_child_has_what_its_parent_gives_and_has_itself)
{
	static const char echo[] =
		"6578616d706c653a6563686f0000000000000000000000000000000000000000";
	const char *ask = add("ask");

	run_start("rsctl start --allow register:%s \"$guests\"/echo.wasm", echo);
	run_expect(0, "start: ok\nstatus 1\n", PARENT " run %s word", ask);
	run_expect(0, "start: denied\n", PARENT " give %s %s", ask, echo);
	run_expect(0, "start: ok\nstatus 0\n",
		"rsctl run --allow program,%s \"$guests\"/parent.wasm give %s %s", echo, ask,
		echo);
}
END_TEST

/* ---- private instances ---- */

START_TEST(a_private_instance_reaches_that_child_and_is_nobody_elses)
{
	static const char expected[] = "start: ok\nstart: ok\nprivate: ok\nfirst\nprivate: ok\n"
				       "second\nprivate: ok\nfirst\nprivate: ok\nsecond\n";
	const char *parent = add("parent"), *private = add("private");
	uint64_t owner =
		run_start("rsctl start --allow program \"$guests\"/parent.wasm private %s %s",
			parent, private);

	RUN_UNTIL(strlen(run_logs(owner)) == sizeof(expected) - 1 + 65);
	const char *said = run_logs(owner);
	ck_assert_msg(strncmp(said, expected, sizeof(expected) - 1) == 0, "%s", said);
	said += sizeof(expected) - 1;
	run_expect(0, "reach: denied\n",
		"rsctl run --allow all \"$guests\"/parent.wasm reach %.64s", said);
	run_expect(0, "reach: nobody handles the interface\n",
		"rsctl run --allow all \"$guests\"/parent.wasm reach "
		"746573743a707269766174650000000000000000000000000000000000000000");
}
END_TEST

/* ---- limits ---- */

START_TEST(a_spawn_bomb_ends_at_the_allowance)
{
	const char *parent = add("parent");
	uint64_t bomb = run_start(
		"rsctl start --allow program --children 5 \"$guests\"/parent.wasm bomb %s",
		parent);

	RUN_UNTIL(has_said(bomb, "again: "));
	ck_assert_str_eq(run_logs(bomb),
		"5, then start: a limit is reached\nagain: a limit is reached\n");
	ck_assert_int_eq(alive(), 6);
	ck_assert_int_eq(run_number(run_process(bomb), "spawns_refused"), 2);
	run_expect(0, "1\n", "rsctl events | grep -c spawn-refused");
	run_expect(0, NULL, "rsctl inspect %" PRIu64 " | grep -q allowance", bomb);
}
END_TEST

START_TEST(memory_is_shared_out_as_well)
{
	uint64_t bomb = run_start("rsctl start --allow program --children-memory 24M "
				  "\"$guests\"/parent.wasm bomb %s",
		add("parent"));

	RUN_UNTIL(has_said(bomb, "again: "));
	ck_assert_msg(
		has_said(bomb, "3, then start: a limit is reached"), "%s", run_logs(bomb));
}
END_TEST

START_TEST(nobody_is_too_deep)
{
	const char *parent = add("parent");
	uint64_t root = run_start("rsctl start --allow program --children-depth 2 "
				  "\"$guests\"/parent.wasm deep %s",
		parent);

	RUN_UNTIL(run_is_gone(root));
	ck_assert_str_eq(run_logs(root), "start: ok\nstatus 0\n");
	ck_assert_str_eq(run_logs(root + 1), "start: ok\nstatus 0\n");
	ck_assert_str_eq(run_logs(root + 2), "start: a limit is reached\n");
	ck_assert_ptr_null(run_process(root + 3));
}
END_TEST

START_TEST(children_end_with_their_parent_and_so_do_theirs)
{
	const char *parent = add("parent");
	uint64_t keeper = run_start(
		"rsctl start --allow program \"$guests\"/parent.wasm keep %s", parent);

	RUN_UNTIL(has_said(keeper, "start: ok"));
	ck_assert_int_eq(alive(), 2);
	run_expect(0, NULL, "rsctl kill %" PRIu64, keeper);
	RUN_UNTIL(alive() == 0);
	ck_assert_str_eq(run_text(run_process(keeper + 1), "cause"), "killed");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("spawn");
	TCase *starts = run_case_with("starts", set_up),
	      *rights = run_case_with("grants", set_up),
	      *limits = run_case_with("limits", set_up);

	tcase_add_test(starts, a_child_gets_its_words_and_its_parent_hears_its_end);
	tcase_add_test(starts, a_trap_is_told_as_one);
	tcase_add_test(starts, a_child_ends_when_it_is_told_to);
	tcase_add_test(starts, a_wait_can_be_cancelled);
	tcase_add_test(starts, what_is_not_there_is_not_started);
	tcase_add_test(starts, children_are_their_parents_only);
	tcase_add_test(rights, a_child_has_what_its_parent_gives_and_has_itself);
	tcase_add_test(rights, a_private_instance_reaches_that_child_and_is_nobody_elses);
	tcase_add_test(limits, a_spawn_bomb_ends_at_the_allowance);
	tcase_add_test(limits, memory_is_shared_out_as_well);
	tcase_add_test(limits, nobody_is_too_deep);
	tcase_add_test(limits, children_end_with_their_parent_and_so_do_theirs);
	suite_add_tcase(s, starts);
	suite_add_tcase(s, rights);
	suite_add_tcase(s, limits);
	return s;
}

CHECK_MAIN(suite)
