/*
 * Native clients: this test program joins the rsd of the test itself, and so do children that
 * it forks. What a Wasm program can do and must bear, they can and must as well; and whatever
 * becomes of rsd, the program that joined goes on.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "ipc/lane.h"
#include "runtime/client/quiet.h"
#include "runtime/client/rs_client.h"
#include "runtime/start.h"
#include "supervisor/processes/natives.h"
#include "tests/check_run.h"
#include "tests/e2e/run.h"

#define FOREVER (-1)
#define SOON_NS 100000000ll

static const uint8_t echo[32] = "example:echo", silent[32] = "example:silent",
		     ours[32] = "native:ours";
static union {
	struct rs_delivery head;
	uint8_t bytes[sizeof(struct rs_delivery) + RS_BODY_BYTES_DEFAULT];
} in;
#define body (in.bytes + sizeof(in.head))

static uint64_t join(const char *name)
{
	uint64_t process;
	int r = rs_client_join(NULL, name, &process);

	ck_assert_msg(r == 0, "%s: %s", rs_client_text(r), rs_client_why());
	return process;
}

/* The next delivery; it must come, and be of this kind. */
static void expect_kind(uint32_t kind)
{
	size_t bytes;
	int r = rs_client_next_message(NULL, 0, &in, sizeof(in), FOREVER, &bytes);

	ck_assert_msg(r == 0, "%s", rs_client_text(r));
	ck_assert_uint_eq(in.head.kind, kind);
	ck_assert_uint_eq(bytes, sizeof(in.head) + in.head.body_bytes);
}

static void expect_nothing(void)
{
	size_t bytes;

	ck_assert_int_eq(rs_client_next_message(NULL, 0, &in, sizeof(in), SOON_NS, &bytes),
		RS_TIMED_OUT);
}

static uint64_t send_to(const uint8_t interface[32], const void *what, size_t bytes)
{
	uint64_t id;
	int r = rs_client_send(interface, what, bytes, RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &id);

	ck_assert_msg(r == 0, "%s", rs_client_text(r));
	return id;
}

static void expect_answer(uint64_t id, uint32_t status)
{
	expect_kind(RS_ANSWER);
	ck_assert_uint_eq(in.head.id, id);
	ck_assert_uint_eq(in.head.status, status);
}

static void register_for(const uint8_t interface[32])
{
	int r = rs_client_register(interface, 0);

	ck_assert_msg(r == 0, "%s", rs_client_text(r));
}

/* ---- children ---- */

/* Joins, does its work, and ends with what that answers; never runs into check. */
static pid_t child(const char *name, int (*work)(void))
{
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(rs_client_join(NULL, name, NULL) ? 99 : work());
	}
	return pid;
}

static int status_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void kill_child(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(status_of(pid), 128 + SIGKILL);
}

static int handle_ours(void)
{
	size_t bytes;

	if (rs_client_register(ours, 0))
		return 1;
	for (;;) {
		int r = rs_client_next_message(NULL, 0, &in, sizeof(in), FOREVER, &bytes);
		if (r)
			return r == -EPIPE ? 0 : 2;
		if (in.head.kind == RS_NOTICE)
			return 0;
		if (in.head.kind == RS_MESSAGE && in.head.id &&
			rs_client_answer(&in.head, RS_OK, body, in.head.body_bytes))
			return 3;
	}
}

#define MESSAGES_HAD 61

/* Dies with all of them in its hands. */
static int take_some_and_die(void)
{
	size_t bytes;

	if (rs_client_register(silent, 0))
		return 1;
	for (int had = 0; had < MESSAGES_HAD; had += in.head.kind == RS_MESSAGE)
		if (rs_client_next_message(NULL, 0, &in, sizeof(in), FOREVER, &bytes))
			return 2;
	return raise(SIGKILL);
}

static int say_hello_and_stay(void)
{
	uint64_t id;

	if (rs_client_send(ours, "hello", 5, RS_ALLOW_DELAY, &id))
		return 1;
	for (;;)
		pause();
}

static int wait_for_any(void)
{
	size_t bytes;

	return rs_client_next_message(NULL, 0, &in, sizeof(in), FOREVER, &bytes) ? 1 : 0;
}

/* ---- joining ---- */

static void wait_until_handled(const char *interface)
{
	RUN_UNTIL(run("rsctl ps | grep -q '%s'", interface).status == 0);
}

START_TEST(who_joined_is_a_process)
{
	uint64_t process = join("one");
	const json_t *row = run_process(process);

	ck_assert_str_eq(run_text(row, "kind"), "native");
	ck_assert_str_eq(run_text(row, "name"), "one");
	ck_assert_str_eq(run_text(row, "state"), "running");
	ck_assert_int_eq(run_number(row, "pid"), getpid());
	run_expect(0, NULL, "rsctl ps | grep -q 'native *one *running'");
	run_expect(0, NULL, "rsctl inspect %" PRIu64 " | grep -q 'kind: native'", process);
	run_expect(0, NULL, "rsctl events | grep -q 'joined process=%" PRIu64 "'", process);
}
END_TEST

START_TEST(a_name_that_was_not_granted_may_not_join)
{
	ck_assert_int_eq(rs_client_join(NULL, "other", NULL), RS_DENIED);
	ck_assert_str_eq(rs_client_why(), "this name may not join");
	ck_assert_int_eq(rs_client_fd(), -1);
	join("two");
}
END_TEST

START_TEST(what_is_no_name_may_not_join)
{
	static const char *const names[] = { "", "a b", "a\"", "a\\", "*", "\xc3\xa4", "a/b",
		"a\n", "1234567890123456789012345678901234567890123456789012345678901234x" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_int_eq(rs_client_join(NULL, names[i], NULL), RS_BAD_ARGUMENT);
}
END_TEST

START_TEST(one_identity_at_a_time)
{
	uint64_t first = join("one");

	ck_assert_int_eq(rs_client_join(NULL, "two", NULL), -EISCONN);
	ck_assert_int_eq(rs_client_leave(), 0);
	ck_assert_int_eq(rs_client_leave(), -ENOTCONN);
	ck_assert(run_is_gone(first));
	ck_assert_str_eq(run_text(run_process(first), "cause"), "left");
	ck_assert_uint_gt(join("two"), first);
}
END_TEST

START_TEST(nothing_works_outside)
{
	uint64_t id;
	size_t bytes;

	ck_assert_int_eq(rs_client_send(echo, "", 0, 0, &id), -ENOTCONN);
	ck_assert_int_eq(rs_client_emit_answer(1, NULL, 0, RS_OK), -ENOTCONN);
	ck_assert_int_eq(
		rs_client_next_message(NULL, 0, &in, sizeof(in), 0, &bytes), -ENOTCONN);
	ck_assert_int_eq(rs_client_prepare(), -ENOTCONN);
	ck_assert_int_eq(rs_client_register(ours, 0), -ENOTCONN);
	ck_assert_int_eq(rs_client_join("/nowhere/control.sock", "one", NULL), -ENOENT);
	ck_assert_msg(strstr(rs_client_why(), "/nowhere/control.sock"), "%s", rs_client_why());
}
END_TEST

START_TEST(addresses_that_are_taken_are_told)
{
	void *at = mmap((void *)(LANE_RANGE_BASE + 64 * MIB), 4096, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	ck_assert_ptr_ne(at, MAP_FAILED);
	ck_assert_int_eq(rs_client_join(NULL, "one", NULL), -EEXIST);
	ck_assert_int_eq(munmap(at, 4096), 0);
	join("one");
}
END_TEST

static bool is_taken(uint64_t address)
{
	void *at = mmap((void *)address, 4096, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (at != MAP_FAILED)
		munmap(at, 4096);
	return at == MAP_FAILED;
}

START_TEST(addresses_stay_taken_when_a_lane_goes)
{
	pid_t pid = child("two", handle_ours);
	size_t bytes;

	ck_assert(!is_taken(LANE_RINGS + LANE_SLOT_BYTES));
	wait_until_handled("native:ours");
	join("one");
	expect_answer(send_to(ours, "", 0), RS_OK);
	kill_child(pid);
	while (run("rsctl ps | grep -q two").status == 0)
		(void)!rs_client_next_message(NULL, 0, &in, sizeof(in), SOON_NS, &bytes);
	expect_nothing();
	ck_assert(is_taken(LANE_RINGS + LANE_SLOT_BYTES));
	ck_assert_int_eq(rs_client_leave(), 0);
	ck_assert(!is_taken(LANE_RINGS + LANE_SLOT_BYTES));
}
END_TEST

START_TEST(no_more_join_than_may)
{
	static pid_t pids[NATIVES_MAX];

	for (size_t i = 0; i < NATIVES_MAX; i++)
		pids[i] = child("one", wait_for_any);
	RUN_UNTIL(run("test $(rsctl ps -q | wc -l) = %u", NATIVES_MAX).status == 0);
	ck_assert_int_eq(rs_client_join(NULL, "one", NULL), RS_LIMIT);
	kill_child(pids[0]);
	RUN_UNTIL(rs_client_join(NULL, "one", NULL) == 0);
	for (size_t i = 1; i < NATIVES_MAX; i++)
		kill_child(pids[i]);
}
END_TEST

/* ---- messages ---- */

START_TEST(it_asks_a_wasm_program)
{
	run_start("rsctl start \"$guests\"/echo.wasm");
	join("one");
	uint64_t id = send_to(echo, "hello", 5);

	expect_answer(id, RS_OK);
	ck_assert_uint_eq(in.head.body_bytes, 5);
	ck_assert_mem_eq(body, "hello", 5);
}
END_TEST

START_TEST(a_wasm_program_asks_it)
{
	join("one");
	register_for(echo);
	struct run_job job = run_behind("rsctl run \"$guests\"/ask.wasm one two");

	for (int i = 0; i < 2; i++) {
		expect_kind(RS_MESSAGE);
		ck_assert_mem_eq(in.head.interface, echo, 32);
		ck_assert_int_eq(
			rs_client_answer(&in.head, RS_OK, body, in.head.body_bytes), 0);
	}
	expect_kind(RS_PROCESS_GONE);
	ck_assert_str_eq(run_join(&job).out, "one\ntwo\n");
}
END_TEST

START_TEST(native_clients_ask_each_other)
{
	struct iovec pieces[] = { { (void *)(uintptr_t) "he", 2 }, { NULL, 0 },
		{ (void *)(uintptr_t) "llo", 3 } };
	pid_t pid = child("two", handle_ours);
	uint64_t id;

	join("one");
	ck_assert_int_eq(rs_client_emit_message(ours, pieces, ARRAY_LEN(pieces),
				 RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &id),
		0);
	expect_answer(id, RS_OK);
	ck_assert_mem_eq(body, "hello", 5);
	ck_assert_int_eq(rs_client_leave(), 0);
	kill_child(pid);
}
END_TEST

static void ask_with_long_bodies(const uint8_t interface[32])
{
	static uint8_t sent[RS_BODY_BYTES_DEFAULT];
	static const size_t sizes[] = { 40000, 1000003, RS_BODY_BYTES_DEFAULT };

	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (uint8_t)(i * 7 + i / 251);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		struct iovec pieces[] = { { sent, 10001 }, { sent + 10001, sizes[i] - 10001 } };
		uint64_t id;
		int r = rs_client_emit_message(
			interface, pieces, 2, RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &id);

		ck_assert_msg(r == 0, "%s", rs_client_text(r));
		expect_answer(id, RS_OK);
		ck_assert_uint_eq(in.head.body_bytes, sizes[i]);
		ck_assert(memcmp(body, sent, sizes[i]) == 0);
	}
}

START_TEST(long_bodies_go_to_wasm_and_back)
{
	uint64_t process = run_start("rsctl start \"$guests\"/echo.wasm");

	RUN_UNTIL(run("rsctl ps | grep -q 'example:echo'").status == 0);
	join("one");
	ask_with_long_bodies(echo);
	ck_assert(!run_is_gone(process));
}
END_TEST

START_TEST(long_bodies_go_to_native_and_back)
{
	pid_t pid = child("two", handle_ours);

	wait_until_handled("native:ours");
	join("one");
	ask_with_long_bodies(ours);
	kill_child(pid);
}
END_TEST

START_TEST(mistakes_are_answers)
{
	struct iovec too_many[RS_PIECES_MAX + 1] = { { NULL, 0 } },
					      too_long = { NULL, SIZE_MAX };
	uint64_t id, poll_list[] = { 12345 };
	size_t bytes;

	join("one");
	ck_assert_int_eq(rs_client_emit_message(ours, too_many, ARRAY_LEN(too_many), 0, &id),
		RS_BAD_ARGUMENT);
	ck_assert_int_eq(rs_client_send(ours, "", 0, 8, &id), RS_BAD_ARGUMENT);
	ck_assert_int_eq(rs_client_send(ours, "", 0, 0, &id), RS_NO_HANDLER);
	ck_assert_int_eq(rs_client_emit_answer(12345, NULL, 0, RS_OK), RS_BAD_ARGUMENT);
	ck_assert_int_eq(rs_client_next_message(poll_list, 1, &in, sizeof(in), 0, &bytes),
		RS_BAD_ARGUMENT);
	ck_assert_int_eq(
		rs_client_next_message(NULL, 0, &in, sizeof(in), -2, &bytes), RS_BAD_ARGUMENT);
	register_for(ours);
	ck_assert_int_eq(rs_client_emit_message(ours, &too_long, 1, 0, &id), RS_TOO_BIG);
	ck_assert_int_eq(rs_client_unregister(ours), 0);
	ck_assert_int_eq(rs_client_unregister(ours), RS_BAD_ARGUMENT);
}
END_TEST

START_TEST(a_delivery_that_does_not_fit_is_kept)
{
	size_t bytes;

	join("one");
	register_for(ours);
	uint64_t id = send_to(ours, "hello", 5);
	ck_assert_int_eq(rs_client_next_message(NULL, 0, &in, 10, FOREVER, &bytes), RS_TOO_BIG);
	ck_assert_uint_eq(bytes, sizeof(in.head) + 5);
	expect_kind(RS_MESSAGE);
	ck_assert_int_eq(rs_client_answer(&in.head, 7, "", 0), 0);
	expect_answer(id, 7);
	expect_nothing();
}
END_TEST

START_TEST(what_it_lets_go_of_completes_as_cancelled)
{
	join("one");
	register_for(silent);
	uint64_t id = send_to(silent, "hello", 5);

	expect_kind(RS_MESSAGE);
	ck_assert_int_eq(rs_client_cancel(id), 0);
	expect_answer(id, RS_CANCELLED);
	expect_kind(RS_CANCELLED_BY);
}
END_TEST

/* ---- death ---- */

START_TEST(each_message_to_a_killed_native_handler_completes_once)
{
	pid_t pid = child("two", take_some_and_die);
	struct run_job job =
		run_behind("rsctl run \"$guests\"/storm.wasm 60 60 64 example:silent");

	wait_until_handled("example:silent"); /* what is kept goes out in later calls only */
	join("one");
	uint64_t id = send_to(silent, "?", 1);
	ck_assert_int_eq(status_of(pid), 128 + SIGKILL);
	expect_answer(id, RS_HANDLER_GONE);
	expect_nothing();
	ck_assert_str_eq(run_join(&job).out, "60 sent, 0 answered, 60 not\n");
}
END_TEST

START_TEST(of_a_killed_native_client_its_last_message_is_read_and_then_its_end_once)
{
	join("one");
	register_for(ours);
	pid_t pid = child("two", say_hello_and_stay);

	RUN_UNTIL(run("rsctl inspect --json $(rsctl ps -q | tail -n 1) | "
		      "grep -q '\"talks_to\": *\\[$'")
			  .status == 0);
	kill_child(pid);
	expect_kind(RS_MESSAGE);
	ck_assert_mem_eq(body, "hello", 5);
	uint64_t process = in.head.process;
	expect_kind(RS_PROCESS_GONE);
	ck_assert_uint_eq(in.head.process, process);
	expect_nothing();
	ck_assert(run_is_gone(process));
	ck_assert_str_eq(run_text(run_process(process), "detail"), "its process ended");
}
END_TEST

START_TEST(who_leaves_is_gone_for_its_handlers_and_clients)
{
	uint64_t echoing = run_start("rsctl start \"$guests\"/echo.wasm -v");
	struct run_job job =
		run_behind("rsctl run \"$guests\"/storm.wasm 60 60 64 example:silent");

	join("one");
	uint64_t id = send_to(echo, "hello", 5);
	expect_answer(id, RS_OK);
	register_for(silent);
	for (int i = 0; i < 60; i++)
		expect_kind(RS_MESSAGE);
	ck_assert_int_eq(rs_client_leave(), 0);
	ck_assert_str_eq(run_join(&job).out, "60 sent, 0 answered, 60 not\n");
	RUN_UNTIL(strstr(run_logs(echoing), "gone: process"));
}
END_TEST

START_TEST(the_program_lives_when_rsd_is_killed)
{
	pid_t other = child("two", handle_ours);
	size_t bytes;
	uint64_t id;

	wait_until_handled("native:ours");
	join("one");
	id = send_to(ours, "hello", 5); /* its bell is held by one who lives on */
	expect_answer(id, RS_OK);
	(void)run_find("launcher");
	ck_assert_int_eq(kill(run_rsd_pid(), SIGKILL), 0);
	ck_assert_int_eq(
		rs_client_next_message(NULL, 0, &in, sizeof(in), FOREVER, &bytes), -EPIPE);
	ck_assert_int_eq(rs_client_send(echo, "", 0, 0, &id), -EPIPE);
	ck_assert_int_eq(rs_client_prepare(), -EPIPE);
	ck_assert_int_eq(rs_client_join(NULL, "one", NULL), -EPIPE);
	ck_assert_int_eq(status_of(other), 0);
	run_rsd_ended();
	ck_assert_int_eq(rs_client_leave(), 0);
	run_rsd_with("--native one");
	join("one");
	register_for(ours);
	(void)send_to(ours, "again", 5);
	expect_kind(RS_MESSAGE);
	ck_assert_mem_eq(body, "again", 5);
}
END_TEST

START_TEST(first_use_of_an_interface_ends_when_rsd_is_killed)
{
	uint64_t id;

	join("one");
	(void)run_find("launcher");
	ck_assert_int_eq(kill(run_rsd_pid(), SIGKILL), 0);
	run_rsd_ended();
	ck_assert_int_eq(rs_client_send(echo, "", 0, RS_NEEDS_ANSWER, &id), -EPIPE);
}
END_TEST

START_TEST(who_is_killed_is_expelled_and_its_program_lives)
{
	uint64_t mute = run_start("rsctl start \"$guests\"/silent.wasm");
	uint64_t process = join("one");
	size_t bytes;

	register_for(ours);
	uint64_t id = send_to(silent, "?", 1);
	struct run_job job = run_behind("rsctl run \"$guests\"/client.wasm native:ours 1 wait");
	expect_kind(RS_MESSAGE);
	run_expect(0, NULL, "rsctl kill %" PRIu64, process);
	expect_answer(id, RS_HANDLER_GONE);
	expect_kind(RS_PROCESS_GONE);
	ck_assert_int_eq(
		rs_client_next_message(NULL, 0, &in, sizeof(in), FOREVER, &bytes), -EPIPE);
	ck_assert_str_eq(run_text(run_process(process), "cause"), "killed");
	ck_assert(!run_is_gone(mute));
	ck_assert_int_eq(rs_client_leave(), 0);

	ck_assert_uint_gt(join("one"), process);
	register_for(ours); /* its client asks again, and then somebody else */
	expect_kind(RS_MESSAGE);
	ck_assert_int_eq(rs_client_answer(&in.head, RS_OK, "back", 4), 0);
	ck_assert_str_eq(run_join(&job).out, "back\n");
}
END_TEST

START_TEST(who_is_stopped_is_told_and_may_leave)
{
	uint64_t process = join("one");
	struct run_job job = run_behind("rsctl stop %" PRIu64, process);

	expect_kind(RS_NOTICE);
	ck_assert_uint_eq(in.head.status, RS_NOTICE_STOP);
	ck_assert_int_eq(rs_client_leave(), 0);
	ck_assert_int_eq(run_join(&job).status, 0);
	ck_assert_str_eq(run_text(run_process(process), "cause"), "stopped");
}
END_TEST

START_TEST(who_does_not_leave_in_time_is_expelled)
{
	uint64_t process = join("one");
	size_t bytes;

	run_expect(0, NULL, "rsctl stop --timeout 0.1 %" PRIu64, process);
	ck_assert_str_eq(run_text(run_process(process), "cause"), "killed");
	expect_kind(RS_NOTICE);
	ck_assert_int_eq(
		rs_client_next_message(NULL, 0, &in, sizeof(in), FOREVER, &bytes), -EPIPE);
}
END_TEST

START_TEST(rsd_signals_nothing_it_did_not_start)
{
	uint64_t process = join("one");
	struct run_said said = run_expect(2, "", "rsctl kill --signal TERM %" PRIu64, process);

	ck_assert_msg(strstr(said.err, "not rsd's to signal"), "%s", said.err);
	ck_assert(!run_is_gone(process));
}
END_TEST

START_TEST(rsd_ends_when_it_is_asked_to_though_somebody_has_joined)
{
	pid_t pid = child("two", handle_ours);

	wait_until_handled("native:ours");
	(void)run_find("launcher");
	run_expect(0, NULL, "rsctl shutdown");
	ck_assert_int_eq(status_of(pid), 0);
	run_rsd_ended();
}
END_TEST

/* ---- in the program of others ---- */

static volatile sig_atomic_t signals;

static void count_signal(int signal)
{
	(void)signal;
	signals++;
}

START_TEST(a_dead_peers_bell_is_no_signal)
{
	uint64_t id;

	signal(SIGPIPE, count_signal);
	join("one");
	for (int i = 0; i < 20; i++) {
		pid_t pid = child("two", handle_ours);

		wait_until_handled("native:ours");
		expect_answer(send_to(ours, "hello", 5), RS_OK);
		poll(NULL, 0, 10); /* it sleeps, so that it would be rung */
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		RUN_UNTIL(waitid(P_PID, (id_t)pid, &(siginfo_t){ 0 },
				  WEXITED | WNOHANG | WNOWAIT) == 0);
		for (int k = 0; k < 5; k++)
			(void)rs_client_send(ours, "hello", 5, 0, &id);
		ck_assert_int_eq(status_of(pid), 128 + SIGKILL);
		RUN_UNTIL(rs_client_send(ours, "", 0, 0, &id) == RS_NO_HANDLER);
	}
	ck_assert_int_eq(signals, 0);
}
END_TEST

START_TEST(a_write_to_a_dead_pipe_is_quiet_on_older_kernels_as_well)
{
	int ends[2];
	sigset_t waiting, pipe_set;

	signal(SIGPIPE, count_signal);
	ck_assert_int_eq(pipe(ends), 0);
	close(ends[0]);
	quiet_held_back(ends[1], "", 1);
	ck_assert_int_eq(signals, 0);
	/* one that waits already is not ours to take */
	sigemptyset(&pipe_set);
	sigaddset(&pipe_set, SIGPIPE);
	sigprocmask(SIG_BLOCK, &pipe_set, NULL);
	raise(SIGPIPE);
	quiet_held_back(ends[1], "", 1);
	sigpending(&waiting);
	ck_assert(sigismember(&waiting, SIGPIPE));
	ck_assert_int_eq(signals, 0);
}
END_TEST

START_TEST(signals_do_not_end_a_wait)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	pid_t pid = child("two", handle_ours);
	const struct sigaction action = { .sa_handler = count_signal };

	join("one");
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	for (int i = 0; i < 200; i++)
		expect_answer(send_to(ours, "hello", 5), RS_OK);
	expect_nothing();
	setitimer(ITIMER_REAL, &never, NULL);
	ck_assert_int_gt(signals, 0);
	kill_child(pid);
}
END_TEST

START_TEST(a_child_has_not_joined_and_may_join_itself)
{
	uint64_t process = join("one"), id;

	register_for(ours);
	pid_t pid = fork();
	if (pid == 0) {
		bool out = rs_client_send(ours, "", 0, 0, &id) == -ENOTCONN &&
			   rs_client_register(ours, 0) == -ENOTCONN &&
			   rs_client_prepare() == -ENOTCONN;
		bool in_then = rs_client_join(NULL, "two", &id) == 0 && id > process &&
			       rs_client_send(ours, "mine", 4, 0, &id) == 0;
		_exit(out && in_then ? 0 : 1);
	}
	ck_assert_int_eq(status_of(pid), 0);
	expect_kind(RS_MESSAGE);
	ck_assert_mem_eq(body, "mine", 4);
	expect_kind(RS_PROCESS_GONE);
	ck_assert(!run_is_gone(process));
}
END_TEST

/* Its descriptors are copies, so only the pidfd can tell that the one who joined is gone. */
static int leave_a_child_behind(void)
{
	if (rs_client_register(ours, 0))
		return 1;
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, 0);
		poll(NULL, 0, 60000);
		_exit(0);
	}
	return 0;
}

START_TEST(a_child_that_stays_does_not_keep_its_parents_membership)
{
	ck_assert_int_eq(status_of(child("two", leave_a_child_behind)), 0);
	RUN_UNTIL(run("test $(rsctl ps -q | wc -l) = 0").status == 0);
}
END_TEST

static bool is_readable(int ms)
{
	struct pollfd p = { .fd = rs_client_fd(), .events = POLLIN };

	return poll(&p, 1, ms) == 1;
}

/* As rs_client.h says it is to be done. */
static void turn_loop(void)
{
	size_t bytes;

	while (rs_client_next_message(NULL, 0, &in, sizeof(in), 0, &bytes) == 0)
		if (in.head.kind == RS_MESSAGE && in.head.id)
			ck_assert_int_eq(
				rs_client_answer(&in.head, RS_OK, body, in.head.body_bytes), 0);
	if (rs_client_prepare() == 0 && !is_readable(1000))
		ck_assert_int_eq(rs_client_next_message(NULL, 0, &in, sizeof(in), 0, &bytes),
			RS_TIMED_OUT);
}

START_TEST(an_event_loop_misses_nothing)
{
	join("one");
	register_for(echo);
	struct run_job one = run_behind("rsctl run \"$guests\"/storm.wasm 20000 1");
	struct run_job two = run_behind("rsctl run \"$guests\"/storm.wasm 20000 100 300");

	while (run_is_going(&one) || run_is_going(&two))
		turn_loop();
	ck_assert_str_eq(run_join(&one).out, "20000 sent, 20000 answered, 0 not\n");
	ck_assert_str_eq(run_join(&two).out, "20000 sent, 20000 answered, 0 not\n");
}
END_TEST

START_TEST(what_is_there_is_no_reason_to_sleep)
{
	size_t bytes;

	join("one");
	register_for(ours);
	ck_assert_int_eq(rs_client_prepare(), 0);
	ck_assert(!is_readable(0));
	uint64_t id = send_to(ours, "hello", 5);
	ck_assert_int_eq(rs_client_prepare(), RS_BUSY);
	expect_kind(RS_MESSAGE);
	ck_assert_int_eq(rs_client_prepare(), 0);
	ck_assert_int_eq(rs_client_answer(&in.head, RS_OK, "", 0), 0);
	ck_assert_int_eq(rs_client_next_message(&id, 1, &in, 3, 0, &bytes), RS_TOO_BIG);
	ck_assert_int_eq(rs_client_prepare(), RS_BUSY);
	expect_answer(id, RS_OK);
	ck_assert_int_eq(rs_client_prepare(), 0);
}
END_TEST

START_TEST(an_event_loop_hears_of_the_end)
{
	uint64_t process = join("one");
	size_t bytes;

	ck_assert_int_eq(rs_client_prepare(), 0);
	run_expect(0, NULL, "rsctl kill %" PRIu64, process);
	/* its bell may ring before its socket is closed: then there is nothing yet */
	int r = 0;
	while (r == 0) {
		ck_assert(is_readable(FOREVER));
		r = rs_client_next_message(NULL, 0, &in, sizeof(in), 0, &bytes);
		if (r == RS_TIMED_OUT)
			r = rs_client_prepare();
	}
	ck_assert_int_eq(r, -EPIPE);
}
END_TEST

START_TEST(after_busy_the_loop_hears_of_room)
{
	pid_t pid = child("two", handle_ours);
	uint8_t some[8192] = { 0 };
	uint64_t id;
	int r;

	wait_until_handled("native:ours");
	join("one");
	expect_answer(send_to(ours, "", 0), RS_OK);
	ck_assert_int_eq(kill(pid, SIGSTOP), 0);
	while ((r = rs_client_send(ours, some, sizeof(some), 0, &id)) == 0)
		;
	ck_assert_int_eq(r, RS_BUSY);
	ck_assert_int_eq(rs_client_prepare(), 0);
	ck_assert(!is_readable(50));
	ck_assert_int_eq(kill(pid, SIGCONT), 0);
	ck_assert(is_readable(FOREVER));
	expect_kind(RS_NOTICE);
	ck_assert_uint_eq(in.head.status, RS_NOTICE_ROOM);
	ck_assert_int_eq(rs_client_send(ours, some, sizeof(some), 0, &id), 0);
	kill_child(pid);
}
END_TEST

START_TEST(the_header_stands_alone)
{
	/* what builds guests knows C++ as well; g++ is not asked for by anything */
	static const char *const compilers[] = { "gcc -x c -std=c11",
		"clang -x c++ -std=c++11" };

	for (size_t i = 0; i < ARRAY_LEN(compilers); i++)
		run_expect(0, "",
			"echo '#include <rs_client.h>' | %s -pedantic-errors -Wall -Wextra "
			"-Werror "
			"-fsyntax-only -I \"$REDSHIRT_TREE\"/include/redshirt -",
			compilers[i]);
}
END_TEST

START_TEST(the_example_of_the_readme_works)
{
	run_start("rsctl start \"$guests\"/echo.wasm");
	run_expect(0, "hello\nyou\n",
		"\"$REDSHIRT_TREE\"/share/redshirt/programs/native_ask hello you");
}
END_TEST

static void add_host(TCase *tc)
{
	tcase_add_test(tc, a_dead_peers_bell_is_no_signal);
	tcase_add_test(tc, a_write_to_a_dead_pipe_is_quiet_on_older_kernels_as_well);
	tcase_add_test(tc, signals_do_not_end_a_wait);
	tcase_add_test(tc, a_child_has_not_joined_and_may_join_itself);
	tcase_add_test(tc, a_child_that_stays_does_not_keep_its_parents_membership);
	tcase_add_test(tc, an_event_loop_misses_nothing);
	tcase_add_test(tc, what_is_there_is_no_reason_to_sleep);
	tcase_add_test(tc, an_event_loop_hears_of_the_end);
	tcase_add_test(tc, after_busy_the_loop_hears_of_room);
	tcase_add_test(tc, the_header_stands_alone);
	tcase_add_test(tc, the_example_of_the_readme_works);
}

/* ---- who does not mean well ---- */

/* What rsd gives to one who joins, without the library. */
struct given {
	int fds[START_FDS];
	uint64_t process;
};

static struct given join_by_hand(void)
{
	static const char request[] = "J{\"op\":\"join\",\"name\":\"two\"}";
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct given given;
	char text[4096] = "", control[CMSG_SPACE(sizeof(given.fds))];
	struct iovec iov = { text, sizeof(text) - 1 };
	struct msghdr m = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/run/control.sock", run_here());
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(send(fd, request, strlen(request), 0), (ssize_t)strlen(request));
	ck_assert_int_gt(recvmsg(fd, &m, MSG_CMSG_CLOEXEC), 0);
	const struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	ck_assert_msg(c && c->cmsg_len == CMSG_LEN((START_FDS - START_BELL) * sizeof(int)),
		"%s", text);
	memcpy(&given.fds[START_BELL], CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	ck_assert_int_eq(sscanf(text, "J{\"process\":%" SCNu64, &given.process), 1);
	close(fd);
	return given;
}

static void put_record(const struct given *given, const struct record *head)
{
	static uint64_t position;
	struct lane lane;
	struct lane_place place;
	uint64_t word = 1;

	ck_assert_int_eq(lane_reserve(LANE_RING_SMALL, &place), 0);
	ck_assert_int_eq(lane_map(&lane, given->fds[START_HOME_LANE], place, LANE_RING_SMALL,
				 LANE_CLIENT),
		0);
	lane.out.position = position;
	ck_assert_int_eq(ring_put(&lane.out, head, ""), 0);
	position = lane.out.position;
	ck_assert_int_eq(write(given->fds[START_RSD_BELL], &word, sizeof(word)), sizeof(word));
	lane_unmap(&lane);
}

static void ends_with_cause(uint64_t process, const char *cause, const char *detail)
{
	RUN_UNTIL(run_is_gone(process));
	ck_assert_str_eq(run_text(run_process(process), "cause"), cause);
	ck_assert_str_eq(run_text(run_process(process), "detail"), detail);
	run_start("rsctl start \"$guests\"/echo.wasm"); /* rsd is as well as ever */
	run_expect(0, "hello\n", "rsctl run \"$guests\"/ask.wasm hello");
}

START_TEST(an_own_page_that_is_not_sealed_is_refused)
{
	struct given given = join_by_hand();
	const struct record ready = { .kind = RECORD_READY };

	put_record(&given, &ready);
	ends_with_cause(given.process, "protocol", "its own page is not sealed");
}
END_TEST

START_TEST(a_record_out_of_place_is_the_end)
{
	struct given given = join_by_hand();
	const struct record open_first = { .kind = RECORD_OPEN };

	put_record(&given, &open_first);
	ends_with_cause(given.process, "protocol", "a record that has no place here");
}
END_TEST

START_TEST(garbage_on_the_home_lane_is_the_end)
{
	struct given given = join_by_hand();
	uint8_t garbage[4096];
	uint64_t word = 1;

	memset(garbage, 0xa5, sizeof(garbage));
	ck_assert_int_eq(pwrite(given.fds[START_HOME_LANE], garbage, sizeof(garbage), 0),
		sizeof(garbage));
	ck_assert_int_eq(write(given.fds[START_RSD_BELL], &word, sizeof(word)), sizeof(word));
	ends_with_cause(given.process, "protocol", "its home lane is broken");
}
END_TEST

START_TEST(garbage_on_the_socket_is_not_read)
{
	struct given given = join_by_hand();
	uint8_t garbage[1000] = { 1 };

	while (send(given.fds[START_SOCKET], garbage, sizeof(garbage), MSG_DONTWAIT) > 0)
		;
	run_expect(0, NULL, "rsctl ps");
	ck_assert(!run_is_gone(given.process));
	close(given.fds[START_SOCKET]);
	ends_with_cause(given.process, "left", "");
}
END_TEST

START_TEST(who_never_begins_is_let_go)
{
	struct given given = join_by_hand();

	ends_with_cause(
		given.process, "start failed", "it was given its lanes and said nothing");
}
END_TEST

START_TEST(garbage_on_the_control_socket_is_answered)
{
	static const char *const requests[] = { "{'op':'join'}", "{'op':'join','name':5}",
		"{'op':'join','name':''}", "{'op':'join','name':'two','more':1}",
		"{'op':'join','name':['two']}", "{'op':'join','name':'two\\\\u0000'}" };

	for (size_t i = 0; i < ARRAY_LEN(requests); i++)
		run_expect(0, "2\n",
			"python3 -c \"import socket, json; "
			"s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET); "
			"s.connect('$here/run/control.sock'); "
			"s.send(('J' + \\\"%s\\\".replace(chr(39), chr(34))).encode()); "
			"print(json.loads(s.recv(9999)[1:])['error']['code'])\"",
			requests[i]);
	run_expect(0, "", "rsctl ps -aq");
}
END_TEST

static void add_hostile(TCase *tc)
{
	tcase_add_test(tc, an_own_page_that_is_not_sealed_is_refused);
	tcase_add_test(tc, a_record_out_of_place_is_the_end);
	tcase_add_test(tc, garbage_on_the_home_lane_is_the_end);
	tcase_add_test(tc, garbage_on_the_socket_is_not_read);
	tcase_add_test(tc, who_never_begins_is_let_go);
	tcase_add_test(tc, garbage_on_the_control_socket_is_answered);
}

static void add_joining(TCase *tc)
{
	tcase_add_test(tc, who_joined_is_a_process);
	tcase_add_test(tc, a_name_that_was_not_granted_may_not_join);
	tcase_add_test(tc, what_is_no_name_may_not_join);
	tcase_add_test(tc, one_identity_at_a_time);
	tcase_add_test(tc, nothing_works_outside);
	tcase_add_test(tc, addresses_that_are_taken_are_told);
	tcase_add_test(tc, addresses_stay_taken_when_a_lane_goes);
	tcase_add_test(tc, no_more_join_than_may);
}

static void add_messages(TCase *tc)
{
	tcase_add_test(tc, it_asks_a_wasm_program);
	tcase_add_test(tc, a_wasm_program_asks_it);
	tcase_add_test(tc, native_clients_ask_each_other);
	tcase_add_test(tc, long_bodies_go_to_wasm_and_back);
	tcase_add_test(tc, long_bodies_go_to_native_and_back);
	tcase_add_test(tc, mistakes_are_answers);
	tcase_add_test(tc, a_delivery_that_does_not_fit_is_kept);
	tcase_add_test(tc, what_it_lets_go_of_completes_as_cancelled);
}

static void add_death(TCase *tc)
{
	tcase_add_test(tc, each_message_to_a_killed_native_handler_completes_once);
	tcase_add_test(
		tc, of_a_killed_native_client_its_last_message_is_read_and_then_its_end_once);
	tcase_add_test(tc, who_leaves_is_gone_for_its_handlers_and_clients);
	tcase_add_test(tc, the_program_lives_when_rsd_is_killed);
	tcase_add_test(tc, first_use_of_an_interface_ends_when_rsd_is_killed);
	tcase_add_test(tc, who_is_killed_is_expelled_and_its_program_lives);
	tcase_add_test(tc, who_is_stopped_is_told_and_may_leave);
	tcase_add_test(tc, who_does_not_leave_in_time_is_expelled);
	tcase_add_test(tc, rsd_signals_nothing_it_did_not_start);
	tcase_add_test(tc, rsd_ends_when_it_is_asked_to_though_somebody_has_joined);
}

/* ---- */

static void begin(void)
{
	run_rsd_with("--native one --native two --native asker");
}

/* Who has joined is given time when rsd ends. */
static void end(void)
{
	(void)!rs_client_leave();
	run_rsd_end();
}

static TCase *native_case(const char *name, void (*add)(TCase *tc))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, run_folders, run_folders_end);
	tcase_add_checked_fixture(tc, begin, end);
	add(tc);
	return tc;
}

static Suite *suite(void)
{
	Suite *s = suite_create("native clients");

	suite_add_tcase(s, native_case("joining", add_joining));
	suite_add_tcase(s, native_case("messages", add_messages));
	suite_add_tcase(s, native_case("death", add_death));
	suite_add_tcase(s, native_case("host", add_host));
	suite_add_tcase(s, native_case("hostile", add_hostile));
	return s;
}

CHECK_MAIN(suite)
