/*
 * Programs that are bound to interfaces: started when somebody sends, started once, started no
 * more than so often, replaced while messages flow.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/switches.h"

/* ---- started when it is wanted ---- */

static size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (; (text = strstr(text, what)); text++)
		n++;
	return n;
}

/* How often this happened. */
static size_t events(const char *event)
{
	char key[64];

	snprintf(key, sizeof(key), "\"event\":\"%s\"", event);
	return count_of(run_expect(0, NULL, "rsctl events --json").out, key);
}

#define BIND "rsctl bind example:one "

static void bind_to(const char *words)
{
	run_expect(0, "", BIND "%s", words);
}

#define HANDLER "\"$guests\"/handler.wasm example:one first"
#define SECOND  "\"$here\"/second.wasm example:one second"
#define CLIENT  "rsctl run \"$guests\"/client.wasm example:one"

START_TEST(a_bound_program_is_started_by_the_first_message)
{
	bind_to(HANDLER);
	ck_assert_ptr_null(strstr(run_expect(0, NULL, "rsctl ps").out, "handler"));
	run_expect(0, "first\nfirst\n", CLIENT " 2");
	run_expect(0, "first\n", CLIENT " 1");
	ck_assert_uint_eq(events("lazy-start"), 1);
	const json_t *row =
		json_array_get(run_json(run_expect(0, NULL, "rsctl ps --json").out), 0);
	ck_assert_str_eq(run_text(row, "for"), "example:one");
}
END_TEST

START_TEST(it_is_started_once_although_twenty_want_it)
{
	bind_to(HANDLER);
	run_expect(0, NULL,
		"rsctl compile \"$guests\"/client.wasm && for i in $(seq 20); do\n" CLIENT
		" 3 >\"$here\"/said.$i & pids=\"$pids $!\"; done\n"
		"for pid in $pids; do wait $pid || exit 1; done\n"
		"test $(cat \"$here\"/said.* | grep -c first) = 60");
	ck_assert_uint_eq(events("lazy-start"), 1);
}
END_TEST

START_TEST(who_waited_before_the_bind_is_served)
{
	struct run_job waits = run_behind(CLIENT " 1 wait");

	RUN_UNTIL(strstr(run_expect(0, NULL, "rsctl interfaces").out, "for a handler"));
	bind_to(HANDLER);
	ck_assert_str_eq(run_join(&waits).out, "first\n");
}
END_TEST

START_TEST(after_its_end_the_next_message_starts_it_again)
{
	bind_to(HANDLER);
	run_expect(0, "first\n", CLIENT " 1");
	run_expect(0, NULL, "rsctl stop $(rsctl ps -q)");
	run_expect(0, "first\n", CLIENT " 1");
	ck_assert_uint_eq(events("lazy-start"), 2);
}
END_TEST

START_TEST(a_binding_outlives_rsd)
{
	bind_to(HANDLER " ");
	run_expect(0, NULL, "rsctl shutdown");
	run_rsd_ended();
	run_rsd();
	ck_assert_ptr_nonnull(strstr(run_expect(0, NULL, "rsctl interfaces --json").out,
		"\"args\":[\"example:one\",\"first\"]"));
	run_expect(0, "first\n", CLIENT " 1");
}
END_TEST

START_TEST(what_is_unbound_is_not_started_and_stays_if_it_runs)
{
	bind_to(HANDLER);
	run_expect(0, "first\n", CLIENT " 1");
	run_expect(0, "", "rsctl unbind example:one");
	run_expect(0, "first\n", CLIENT " 1");
	run_expect(0, NULL, "rsctl stop $(rsctl ps -q)");
	run_expect(1, "(nobody handles the interface)\n", CLIENT " 1");
	ck_assert_int_eq(run("rsctl unbind example:one").status, 3);
}
END_TEST

/* ---- when that does not help ---- */

START_TEST(one_that_only_ends_is_not_started_for_ever)
{
	bind_to("\"$guests\"/hello.wasm");
	for (int i = 0; i < 8; i++)
		run_expect(1, "(nobody handles the interface)\n", CLIENT " 1");
	ck_assert_uint_eq(events("lazy-start"), 5);
	ck_assert_uint_eq(events("bind-failed"), 6);
	ck_assert_ptr_nonnull(strstr(run_expect(0, NULL, "rsctl interfaces").out, ", resting"));
	/* the user need not wait */
	bind_to(HANDLER);
	run_expect(0, "first\n", CLIENT " 1");
}
END_TEST

START_TEST(one_that_is_refused_is_said_to_be)
{
	run_expect(0, NULL, "printf 'no module' >\"$here\"/no.wasm");
	bind_to("\"$here\"/no.wasm");
	run_expect(1, "(nobody handles the interface)\n", CLIENT " 1");
	ck_assert_ptr_nonnull(
		strstr(run_expect(0, NULL, "rsctl events").out, "bind-failed process="));
	ck_assert_ptr_nonnull(strstr(run_expect(0, NULL, "rsctl events").out, "refused"));
}
END_TEST

START_TEST(who_is_patient_waits_on_when_it_fails)
{
	bind_to("\"$guests\"/hello.wasm");
	struct run_job waits = run_behind(CLIENT " 1 wait");

	RUN_UNTIL(events("bind-failed") == 1);
	ck_assert(run_is_going(&waits));
	bind_to(HANDLER);
	ck_assert_str_eq(run_join(&waits).out, "first\n");
}
END_TEST

/* ---- whose it is ---- */

START_TEST(only_the_bound_program_may_register)
{
	bind_to(HANDLER);
	uint64_t squatter = run_start("rsctl start " SECOND);
	RUN_UNTIL(strstr(run_logs(squatter), "register: denied"));
	run_expect(0, "first\n", CLIENT " 1");
}
END_TEST

START_TEST(nobody_is_bound_to_what_rsd_handles)
{
	struct run_said said = run("rsctl bind log " HANDLER);

	ck_assert_int_eq(said.status, 4);
	ck_assert_str_eq(said.err, "rsctl: log: this one is not for programs to handle\n");
}
END_TEST

START_TEST(a_bound_program_is_not_removed_by_mistake)
{
	bind_to(HANDLER);
	struct run_said said = run("rsctl rm $(rsctl ls -q)");

	ck_assert_int_eq(said.status, 1);
	ck_assert_ptr_nonnull(strstr(said.err, "it is bound to the interface example:one"));
	run_expect(0, NULL, "rsctl rm -f $(rsctl ls -q)");
	ck_assert_ptr_null(strstr(run_expect(0, NULL, "rsctl interfaces").out, "example:one"));
}
END_TEST

START_TEST(a_file_that_is_not_there_binds_nothing)
{
	ck_assert_int_eq(run(BIND "./nothing.wasm").status, 3);
	ck_assert_int_eq(run(BIND "0123456789").status, 3);
	ck_assert_ptr_null(strstr(run_expect(0, NULL, "rsctl interfaces").out, "example"));
}
END_TEST

/* ---- one after the other ---- */

START_TEST(another_takes_over_at_once)
{
	bind_to(HANDLER);
	run_expect(0, "first\n", CLIENT " 1");
	bind_to(SECOND);
	run_expect(0, "second\n", CLIENT " 1");
	RUN_UNTIL(strcmp(run_expect(0, NULL, "rsctl ps -q | wc -l").out, "1\n") == 0);
}
END_TEST

START_TEST(one_that_fails_to_take_over_changes_nothing)
{
	static const char *const before[] = { "bind", "start" };

	if (_i == 0)
		bind_to(HANDLER);
	else
		run_start("rsctl start " HANDLER);
	RUN_UNTIL(strcmp(run(CLIENT " 1").out, "first\n") == 0);
	struct run_said said = run(BIND "\"$guests\"/hello.wasm");
	ck_assert_msg(said.status == 1, "%s", before[_i]);
	ck_assert_str_eq(said.err, "rsctl: example:one: exited\n");
	run_expect(0, "first\n", CLIENT " 1");
	run_expect(0, NULL, "rsctl stop $(rsctl ps -q)");
	if (_i == 0)
		run_expect(0, "first\n", CLIENT " 1");
	else
		run_expect(1, "(nobody handles the interface)\n", CLIENT " 1");
}
END_TEST

START_TEST(of_two_that_are_to_take_over_the_last_does)
{
	bind_to(HANDLER);
	run_expect(0, "first\n", CLIENT " 1");
	/* it registers for something else, and would be waited for */
	struct run_job job = run_behind(BIND "\"$here\"/second.wasm example:other x");
	RUN_UNTIL(events("hand-over") == 1);
	bind_to(SECOND);
	struct run_said said = run_join(&job);
	ck_assert_int_eq(said.status, 1);
	ck_assert_ptr_nonnull(strstr(said.err, "another program was bound meanwhile"));
	run_expect(0, "second\n", CLIENT " 1");
}
END_TEST

START_TEST(a_flood_loses_nothing_while_handlers_change)
{
	switches(4, 2, 16, 64);
}
END_TEST

START_TEST(long_bodies_are_not_lost_either)
{
	switches(2, 1, 4, 100000);
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, a_bound_program_is_started_by_the_first_message);
	tcase_add_test(tc, it_is_started_once_although_twenty_want_it);
	tcase_add_test(tc, who_waited_before_the_bind_is_served);
	tcase_add_test(tc, after_its_end_the_next_message_starts_it_again);
	tcase_add_test(tc, a_binding_outlives_rsd);
	tcase_add_test(tc, what_is_unbound_is_not_started_and_stays_if_it_runs);
	tcase_add_test(tc, one_that_only_ends_is_not_started_for_ever);
	tcase_add_test(tc, one_that_is_refused_is_said_to_be);
	tcase_add_test(tc, who_is_patient_waits_on_when_it_fails);
	tcase_add_test(tc, only_the_bound_program_may_register);
	tcase_add_test(tc, nobody_is_bound_to_what_rsd_handles);
	tcase_add_test(tc, a_bound_program_is_not_removed_by_mistake);
	tcase_add_test(tc, a_file_that_is_not_there_binds_nothing);
	tcase_add_test(tc, another_takes_over_at_once);
	tcase_add_loop_test(tc, one_that_fails_to_take_over_changes_nothing, 0, 2);
	tcase_add_test(tc, of_two_that_are_to_take_over_the_last_does);
}

static void add_switches(TCase *tc)
{
	tcase_add_test(tc, a_flood_loses_nothing_while_handlers_change);
	tcase_add_test(tc, long_bodies_are_not_lost_either);
}

/* What was compiled is kept from test to test, and so is what was bound. */
static void begin(const char *more)
{
	run_rsd_with(more);
	run_expect(0, "",
		"for i in $(rsctl interfaces -q); do rsctl unbind $i || exit 1; done\n"
		"cp \"$guests\"/handler.wasm \"$here\"/second.wasm && "
		"printf '\\0\\2\\1x' >>\"$here\"/second.wasm");
}

static void set_up(void)
{
	begin("");
}

static void rsd_that_mediates(void)
{
	begin("--mediate");
}

static Suite *suite(void)
{
	Suite *s = suite_create("bindings");
	TCase *direct = run_case_with("direct", set_up),
	      *mediated = run_case_with("mediated", rsd_that_mediates);

	add_tests(direct);
	add_switches(direct);
	suite_add_tcase(s, direct);
	add_switches(mediated); /* no program knows the difference */
	suite_add_tcase(s, mediated);
	return s;
}

CHECK_MAIN(suite)
