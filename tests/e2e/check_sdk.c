/*
 * What programs/ gives to those who write programs, each in every form it has: the event loop
 * in C, the futures in Rust, with and without WASI.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

/* The same programs once per form. */
static const struct form {
	const char *cases; /* tests/guests/: one promise per word */
	const char *echo, *ask;
} forms[] = {
	{ "loop", "echo_loop", "ask_loop" },
	{ "sdk_rust", "echo_rust", "ask_rust" },
};
enum {
	FORMS = ARRAY_LEN(forms)
};

/* Rust is built where there is a compiler for it. */
static bool is_built(const char *guest)
{
	return run("test -f \"$guests\"/%s.wasm", guest).status == 0;
}
#define EACH_FORM(f)                                               \
	for (const struct form *f = forms; f < forms + FORMS; f++) \
		if (is_built(f->cases))

static bool has_said(uint64_t process, const char *text)
{
	return strstr(run_logs(process), text) != NULL;
}

static uint64_t start_registered(const char *guest, const char *words)
{
	uint64_t process = run_start("rsctl start \"$guests\"/%s.wasm %s", guest, words);

	RUN_UNTIL(run_is_gone(process) || has_said(process, "register: ok"));
	return process;
}

/* Ends it, kindly; it must end well. */
static void stop(uint64_t process)
{
	run_expect(0, NULL, "rsctl stop %" PRIu64, process);
	RUN_UNTIL(run_is_gone(process));
	ck_assert_msg(run_number(run_process(process), "status") == 0, "it said: %s",
		run_logs(process));
}

/* --- what a program says of itself --- */

static void check_manifest(const char *guest, const char *right, const char *interface,
	const char *called, const char *reason)
{
	run_expect(0, NULL, "rsctl add \"$guests\"/%s.wasm >\"$here/hash\"", guest);
	struct run_said said =
		run_expect(0, NULL, "rsctl inspect --json $(cat \"$here/hash\")");
	const json_t *manifest =
		json_object_get(json_object_get(run_json(said.out), "program"), "manifest");
	const json_t *record = json_array_get(manifest, 0);

	ck_assert_uint_eq(json_array_size(manifest), 1);
	ck_assert_str_eq(run_text(record, "right"), right);
	ck_assert_str_eq(run_text(record, "interface"), interface);
	ck_assert_str_eq(run_text(record, "called"), called);
	ck_assert_str_eq(run_text(record, "reason"), reason);
}

START_TEST(a_manifest_is_shown_before_the_first_start)
{
	char *hash =
		run_expect(0, NULL, "rsctl interface hash tests/interfaces/greeter.proto").out;

	hash[strcspn(hash, "\n")] = 0;
	check_manifest("greet", "use", hash, "tests.greeter.Greeter",
		"to greet those whom it is told of");
	check_manifest("greeter", "register", hash, "tests.greeter.Greeter",
		"to greet in many ways, among them politely");
	run_expect(0, NULL,
		"rsctl inspect $(cat \"$here/hash\") | grep '^register .* "
		"\"tests.greeter.Greeter\"  \"to greet in many ways'");
	if (is_built("echo_rust"))
		check_manifest("echo_rust", "register", "example:echo", "example:echo",
			"to answer with the same bytes");
	if (is_built("echo_rust_bare"))
		check_manifest("echo_rust_bare", "register", "example:echo", "example:echo",
			"to answer with the same bytes");
}
END_TEST

/* --- a program that is its own client --- */

static const char *const promises[] = { "many", "order", "long", "fixed", "full", "kept" };

START_TEST(what_is_promised_is_kept)
{
	EACH_FORM(form)
	run_expect(0, "ok\n", "rsctl run \"$guests\"/%s.wasm %s", form->cases, promises[_i]);
}
END_TEST

START_TEST(a_program_needs_no_wasi_for_it)
{
	run_expect(0, "ok\n", "rsctl run \"$guests\"/bare_loop.wasm");
	if (!is_built("sdk_rust_bare"))
		return;
	run_expect(0, "ok\n", "rsctl run \"$guests\"/sdk_rust_bare.wasm");
	uint64_t echo = run_start("rsctl start \"$guests\"/echo_rust_bare.wasm");
	run_expect(0, "is\nanybody\nthere?\n", "rsctl run \"$guests\"/ask_rust_bare.wasm");
	stop(echo);
}
END_TEST

START_TEST(messages_are_answered_refused_dropped_and_handed_on)
{
	if (is_built("sdk_rust"))
		run_expect(0, "ok\n", "rsctl run \"$guests\"/sdk_rust.wasm handles");
}
END_TEST

START_TEST(all_languages_mean_the_same_by_a_number)
{
	const char *said = run_expect(0, NULL, "rsctl run \"$guests\"/loop.wasm numbers").out;

	EACH_FORM(form)
	run_expect(0, said, "rsctl run \"$guests\"/%s.wasm numbers", form->cases);
}
END_TEST

/* --- the examples --- */

START_TEST(requests_are_pipelined_and_answered_in_order)
{
	EACH_FORM(echoes)
	{
		uint64_t echo = run_start("rsctl start \"$guests\"/%s.wasm", echoes->echo);

		EACH_FORM(asks)
		run_expect(0, "0\n",
			"seq 500 >\"$here\"/want; rsctl run \"$guests\"/%s.wasm 60000 "
			"$(seq 500) | cmp - \"$here\"/want; echo $?",
			asks->ask);
		stop(echo);
	}
}
END_TEST

START_TEST(a_timer_cancels_what_nobody_answers)
{
	EACH_FORM(form)
	{
		struct run_said said = run_expect(
			1, "", "rsctl run \"$guests\"/%s.wasm 50 one two", form->ask);

		ck_assert_ptr_nonnull(strstr(said.err, ": one: cancelled\n"));
		ck_assert_ptr_nonnull(strstr(said.err, ": two: cancelled\n"));
	}
}
END_TEST

/* --- two programs --- */

START_TEST(what_is_cancelled_ends_once_for_both_sides)
{
	EACH_FORM(form)
	{
		uint64_t silent = start_registered("silent", "");

		run_expect(0, "ok\n", "rsctl run \"$guests\"/%s.wasm cancel", form->cases);
		RUN_UNTIL(has_said(silent, "gone"));
		run_expect(
			0, "100\n", "rsctl logs %" PRIu64 " | grep -c '^cancelled$'", silent);
		stop(silent);
	}
}
END_TEST

START_TEST(when_the_handler_dies_every_ask_ends_once)
{
	EACH_FORM(form)
	{
		uint64_t silent = start_registered("silent", "");
		struct run_job job =
			run_behind("rsctl run \"$guests\"/%s.wasm gone", form->cases);

		RUN_UNTIL(strstr(run_out_so_far(&job), "asked\n"));
		run_expect(0, NULL, "rsctl kill %" PRIu64, silent);
		struct run_said said = run_join(&job);
		ck_assert_str_eq(said.out, "asked\nok\n");
	}
}
END_TEST

START_TEST(a_client_that_takes_no_answers_keeps_no_other_waiting)
{
	EACH_FORM(form)
	{
		uint64_t echo = run_start("rsctl start \"$guests\"/%s.wasm", form->echo);
		uint64_t mute = run_start("rsctl start \"$guests\"/mute.wasm example:echo");

		RUN_UNTIL(has_said(mute, "busy"));
		run_expect(0, "2000 sent, 2000 answered, 0 not\n",
			"rsctl run \"$guests\"/storm.wasm 2000 32 200");
		ck_assert(!run_is_gone(mute));
		run_expect(0, NULL, "rsctl kill %" PRIu64, mute);
		stop(echo);
	}
}
END_TEST

START_TEST(an_interface_is_handed_over)
{
	EACH_FORM(form)
	{
		uint64_t first = start_registered(form->cases, "hand first 3");
		struct run_job job =
			run_behind("rsctl run \"$guests\"/client.wasm example:one 6 wait");

		RUN_UNTIL(strstr(run_out_so_far(&job), "first\nfirst\nfirst\n"));
		RUN_UNTIL(has_said(first, "let go: ok"));
		uint64_t second = start_registered(form->cases, "hand second");
		ck_assert_str_eq(
			run_join(&job).out, "first\nfirst\nfirst\nsecond\nsecond\nsecond\n");
		stop(second);
		run_expect(0, NULL, "rsctl stop %" PRIu64 " || :", first);
		RUN_UNTIL(run_is_gone(first));
	}
}
END_TEST

START_TEST(a_handler_hears_of_clients_that_cancel_and_go_and_of_the_stop)
{
	EACH_FORM(form)
	{
		uint64_t watch = start_registered(form->cases, "watch");

		run_expect(0, "", "rsctl run \"$guests\"/leave.wasm 2");
		RUN_UNTIL(has_said(watch, "gone or cancelled"));
		run_expect(0, "ok\n", "rsctl run \"$guests\"/cancel.wasm");
		stop(watch);
		ck_assert_str_eq(run_logs(watch),
			"register: ok\nmessage\nmessage\ngone or cancelled\nmessage\n"
			"gone or cancelled\ngone or cancelled\nnotice\nok\n");
	}
}
END_TEST

/* --- messages by a definition --- */

START_TEST(what_a_definition_says_is_sent_and_handled)
{
	uint64_t counter = run_start("rsctl start \"$guests\"/counter.wasm");

	run_expect(0, "2\n42\nred\nblue\n", "rsctl run \"$guests\"/count.wasm 2 red 40 blue");
	if (is_built("count_rust"))
		run_expect(0, "600\n", "rsctl run \"$guests\"/count_rust.wasm 8 550");
	stop(counter);
	counter = run_start("rsctl start \"$guests\"/counter.wasm");
	run_expect(0, "ok\n", "rsctl run \"$guests\"/count_loop.wasm");
	stop(counter);
}
END_TEST

START_TEST(a_definition_means_the_same_in_both_languages)
{
	if (!is_built("counter_rust"))
		return;
	uint64_t counter = start_registered("counter_rust", "");
	run_expect(1, "20\n22\n", "rsctl run \"$guests\"/count.wasm 20 2"); /* it has no List */
	run_expect(0, "42\n", "rsctl run \"$guests\"/count_rust.wasm 10 10");
	stop(counter);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("sdk");
	TCase *tc = run_case("programs");

	tcase_add_test(tc, a_manifest_is_shown_before_the_first_start);
	tcase_add_loop_test(tc, what_is_promised_is_kept, 0, ARRAY_LEN(promises));
	tcase_add_test(tc, a_program_needs_no_wasi_for_it);
	tcase_add_test(tc, messages_are_answered_refused_dropped_and_handed_on);
	tcase_add_test(tc, all_languages_mean_the_same_by_a_number);
	tcase_add_test(tc, requests_are_pipelined_and_answered_in_order);
	tcase_add_test(tc, a_timer_cancels_what_nobody_answers);
	tcase_add_test(tc, what_is_cancelled_ends_once_for_both_sides);
	tcase_add_test(tc, when_the_handler_dies_every_ask_ends_once);
	tcase_add_test(tc, a_client_that_takes_no_answers_keeps_no_other_waiting);
	tcase_add_test(tc, an_interface_is_handed_over);
	tcase_add_test(tc, a_handler_hears_of_clients_that_cancel_and_go_and_of_the_stop);
	tcase_add_test(tc, what_a_definition_says_is_sent_and_handled);
	tcase_add_test(tc, a_definition_means_the_same_in_both_languages);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
