/*
 * rsctl run, attached to something that only says what a test wants: input by credit, signals,
 * output to pipes and to terminals.
 */
#include <check.h>
#include <poll.h>
#include <stdio.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"
#include "tests/supervisor/fake_rsd.h"

#define STARTED "{\"started\": {\"process\": 7, \"program\": \"3fa9\"}}"
#define ENDED   "{\"ok\": true, \"status\": 0, \"cause\": \"exited\"}"
#define RUN     "rsctl --socket %s run 3fa9"

/* On the other side of the socket Check does not hear us: what was wrong is said as output. */
static void expect_packet(int fd, const char *expected)
{
	char packet[1024], wrong[2200];

	fake_rsd_hear(fd, packet, sizeof(packet));
	if (strcmp(packet, expected) == 0)
		return;
	int n = snprintf(wrong, sizeof(wrong), "%chear: %s, not: %s\n", CONTROL_STREAM_OUT,
		packet, expected);
	fake_rsd_say(fd, CONTROL_DATA, wrong, (size_t)n);
	_exit(1);
}

static void begin(int fd)
{
	char request[1024];

	fake_rsd_hear(fd, request, sizeof(request));
	if (!strstr(request, "\"op\":\"run\"") || !strstr(request, "\"stdin\":true"))
		_exit(1);
	fake_rsd_json(fd, STARTED);
}

static void say_output(int fd, const char *text)
{
	char packet[1024];
	int n = snprintf(packet, sizeof(packet), "%c%s", CONTROL_STREAM_OUT, text);

	fake_rsd_say(fd, CONTROL_DATA, packet, (size_t)n);
}

/* Text may hold zeros. */
#define SAY_DATA(fd, text) fake_rsd_say(fd, CONTROL_DATA, text, sizeof(text) - 1)

/* --- input --- */

static void take_input_by_credit(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	begin(fd);
	if (poll(&p, 1, 200) != 0) { /* nothing may come that was not asked for */
		say_output(fd, "input without credit\n");
		return;
	}
	fake_rsd_json(fd, "{\"input\": {\"bytes\": 3}}");
	expect_packet(fd, "Dhel");
	fake_rsd_json(fd, "{\"input\": {\"bytes\": 1}}");
	expect_packet(fd, "Dl");
	fake_rsd_json(fd, "{\"input\": {\"bytes\": 100}}");
	expect_packet(fd, "Do");
	expect_packet(fd, "J{\"input_end\":true}");
	fake_rsd_json(fd, ENDED);
}

START_TEST(input_goes_out_as_far_as_credit_goes)
{
	fake_rsd_start(take_input_by_credit);
	run_expect(0, "", "printf hello | " RUN, fake_rsd_path());
}
END_TEST

START_TEST(closed_input_is_an_end)
{
	fake_rsd_start(take_input_by_credit);
	struct run_said said = run(RUN " <&-", fake_rsd_path());

	ck_assert_ptr_nonnull(strstr(said.out, "J{\"input_end\":true}, not: Dhel"));
}
END_TEST

static void grant_too_much(int fd)
{
	begin(fd);
	fake_rsd_json(fd, "{\"input\": {\"bytes\": 9223372036854775807}}");
	fake_rsd_json(fd, "{\"input\": {\"bytes\": 9223372036854775807}}");
	fake_rsd_json(fd, "{\"input\": {\"bytes\": 9223372036854775807}}");
	expect_packet(fd, "Dhello");
	fake_rsd_json(fd, ENDED);
}

START_TEST(more_credit_than_there_are_numbers_is_a_lot_of_credit)
{
	fake_rsd_start(grant_too_much);
	run_expect(0, "", "printf hello | " RUN, fake_rsd_path());
}
END_TEST

/* --- signals --- */

static void be_stopped(int fd)
{
	begin(fd);
	say_output(fd, "ready\n");
	expect_packet(fd, "J{\"signal\":\"stop\"}");
	say_output(fd, "asked\n");
	expect_packet(fd, "J{\"signal\":\"kill\"}");
	fake_rsd_json(fd, "{\"ok\": true, \"status\": 137, \"cause\": \"killed\"}");
}

START_TEST(an_interrupt_asks_and_a_second_one_kills)
{
	static const int signals[] = { SIGINT, SIGTERM };

	fake_rsd_start(be_stopped);
	struct run_job job = run_behind("exec " RUN " <&-", fake_rsd_path());
	RUN_UNTIL(strstr(run_out_so_far(&job), "ready"));
	kill(job.pid, signals[_i]);
	RUN_UNTIL(strstr(run_out_so_far(&job), "asked"));
	kill(job.pid, signals[_i]);
	struct run_said said = run_join(&job);
	ck_assert_int_eq(said.status, 137);
	ck_assert_str_eq(said.err, "rsctl: 3fa9: killed\n");
}
END_TEST

static void wait_for_the_end(int fd)
{
	char request[1024];

	begin(fd);
	say_output(fd, "ready\n");
	/* the client's end of the line */
	while (fake_rsd_hear(fd, request, sizeof(request)) > 0)
		;
}

START_TEST(a_hangup_ends_it)
{
	fake_rsd_start(wait_for_the_end);
	struct run_job job = run_behind("exec " RUN " <&-", fake_rsd_path());
	RUN_UNTIL(strstr(run_out_so_far(&job), "ready"));
	kill(job.pid, SIGHUP);
	ck_assert_int_eq(run_join(&job).status, 128 + SIGHUP);
}
END_TEST

/* --- output --- */

static void write_everything(int fd)
{
	begin(fd);
	fake_rsd_json(fd,
		"{\"progress\": {\"stage\": \"com\\u001bpile\", \"done\": 1, \"total\": 3}}");
	SAY_DATA(fd, "\1\033[2J\xff\n");
	SAY_DATA(fd, "\2to\0stderr\n");
	SAY_DATA(fd, "\1\xe2\x82");
	SAY_DATA(fd, "\1\xac\n");
	fake_rsd_json(fd, ENDED);
}

START_TEST(pipes_get_every_byte)
{
	fake_rsd_start(write_everything);
	struct run_said said = run(RUN, fake_rsd_path());

	ck_assert_int_eq(said.status, 0);
	ck_assert_str_eq(said.out, "\033[2J\xff\n\xe2\x82\xac\n");
	ck_assert_int_eq(memcmp(said.err, "to\0stderr\n", 11), 0);
}
END_TEST

START_TEST(terminals_get_no_control_characters)
{
	fake_rsd_start(write_everything);
	struct run_said said =
		run("script -qec '" RUN "' /dev/null </dev/null", fake_rsd_path());

	ck_assert_int_eq(said.status, 0);
	ck_assert_ptr_nonnull(strstr(said.out, "\\x1b[2J\\xff\r\n"));
	ck_assert_ptr_nonnull(strstr(said.out, "to\\x00stderr\r\n"));
	ck_assert_ptr_nonnull(strstr(said.out, "\xe2\x82\xac\r\n"));
	/* progress: one line, written over, and its text is escaped as well */
	ck_assert_ptr_nonnull(strstr(said.out, "\r\033[K3fa9: com\\x1bpile 1/3\r\033[K"));
	ck_assert_ptr_null(strstr(said.out, "\033[2J"));
}
END_TEST

static TCase *new_case(Suite *s, const char *name)
{
	TCase *t = tcase_create(name);

	tcase_add_unchecked_fixture(t, run_folders, run_folders_end);
	tcase_add_checked_fixture(t, scratch_setup, scratch_teardown);
	suite_add_tcase(s, t);
	return t;
}

static Suite *suite(void)
{
	Suite *s = suite_create("attached");
	TCase *t = new_case(s, "input");

	tcase_add_test(t, input_goes_out_as_far_as_credit_goes);
	tcase_add_test(t, closed_input_is_an_end);
	tcase_add_test(t, more_credit_than_there_are_numbers_is_a_lot_of_credit);
	t = new_case(s, "signals");
	tcase_add_loop_test(t, an_interrupt_asks_and_a_second_one_kills, 0, 2);
	tcase_add_test(t, a_hangup_ends_it);
	t = new_case(s, "output");
	tcase_add_test(t, pipes_get_every_byte);
	tcase_add_test(t, terminals_get_no_control_characters);
	return s;
}

CHECK_MAIN(suite)
