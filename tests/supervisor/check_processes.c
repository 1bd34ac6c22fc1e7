#include "tests/supervisor/fake_launcher.h"

static struct process *start(struct limits limits)
{
	static const char module[] = "module";
	struct hash name = hash_sha256(module, sizeof(module));
	const struct processes_request request = { .program = name,
		.name = "x",
		.limits = limits,
		.strings = "x\0a\0K=V",
		.strings_bytes = 8,
		.arguments = 2,
		.variables = 1 };
	struct store_put *put;
	struct process *p;

	ck_assert_int_eq(store_put_new(parts.store, 100, &put), 0);
	ck_assert_int_eq(store_put_write(put, module, sizeof(module)), 0);
	ck_assert_int_eq(store_put_commit(put, NULL, &name), 0);
	store_put_free(put);
	ck_assert_int_eq(processes_start(parts.processes, &request, &p), 0);
	return p;
}

static void turn_to(const struct process *p, enum process_state state)
{
	for (int i = 0; i < 6000 && p->state != state; i++)
		turn(1);
	ck_assert_str_eq(process_state_text(p->state), process_state_text(state));
	ck_assert_int_eq(p->state, state);
}

/* It is a process, but never says that it is ready. */
static struct process *started(void)
{
	struct process *p = start(parts.limits);

	for (int i = 0; i < 6000 && p->pidfd < 0; i++)
		turn(1);
	ck_assert_int_ge(p->pidfd, 0);
	ck_assert_int_eq(p->state, PROCESS_STARTING);
	return p;
}

static void is_gone(const struct process *p, enum ending_cause cause, int status)
{
	turn_to(p, PROCESS_GONE);
	ck_assert_msg(p->ending.cause == cause && p->ending.status == status, "%s, %d: %s",
		ending_text(p->ending.cause), p->ending.status, p->ending.detail);
	ck_assert_int_eq(p->pidfd, -1);
	ck_assert_ptr_null(p->object);
	ck_assert_uint_eq(processes_alive(parts.processes), 0);
}

START_TEST(one_that_ends_before_it_is_ready_failed_to_start)
{
	begin("launcher end");
	is_gone(start(parts.limits), ENDING_START_FAILED, CONTROL_FAILED);
}
END_TEST

START_TEST(a_launcher_that_cannot_fork_fails_the_start)
{
	begin("launcher refuse");
	struct process *p = start(parts.limits);
	is_gone(p, ENDING_START_FAILED, CONTROL_FAILED);
	ck_assert_ptr_nonnull(strstr(p->ending.detail, "fork"));
}
END_TEST

START_TEST(a_kill_ends_it_at_once)
{
	begin("launcher stay");
	struct process *p = started();
	processes_signal(parts.processes, p, SIGKILL);
	is_gone(p, ENDING_KILLED, 128 + SIGKILL);
}
END_TEST

START_TEST(a_stop_before_it_runs_is_a_kill)
{
	begin("launcher stay");
	struct process *p = started();
	processes_stop(parts.processes, p, 100000);
	is_gone(p, ENDING_STOPPED, 128 + SIGTERM);
}
END_TEST

START_TEST(a_stop_during_the_compile_leaves_nothing)
{
	begin("launcher stay");
	struct process *p = start(parts.limits);
	ck_assert_int_eq(p->state, PROCESS_COMPILING);
	processes_stop(parts.processes, p, 1000);
	is_gone(p, ENDING_STOPPED, 128 + SIGTERM);
	turn_for(200);
}
END_TEST

START_TEST(a_kill_before_the_pidfd_is_known_waits_for_it)
{
	begin("launcher mute");
	struct process *p = start(parts.limits);
	turn_to(p, PROCESS_STARTING);
	processes_signal(parts.processes, p, SIGKILL);
	turn_for(100);
	ck_assert_int_eq(p->state, PROCESS_STOPPING);
	setenv("REDSHIRT_LOG", "launcher stay", 1); /* the next one */
	parts.launch = launch_free(parts.launch);
}
END_TEST

/* What the worker says and what the launcher says come on different ways. */
START_TEST(a_stop_before_the_pidfd_is_known_is_sent_when_it_is)
{
	begin("launcher stay");
	struct process *p = start(parts.limits);
	turn_to(p, PROCESS_STARTING);
	ck_assert_int_eq(p->pidfd, -1);
	p->ran = true;
	processes_happened(p, PROCESS_READY);
	processes_stop(parts.processes, p, 3600 * 1000);
	ck_assert_int_eq(p->state, PROCESS_STOPPING);
	is_gone(p, ENDING_STOPPED, 128 + SIGTERM);
}
END_TEST

START_TEST(an_end_that_nobody_tells_is_seen_all_the_same)
{
	begin("launcher forget");
	is_gone(start(parts.limits), ENDING_UNKNOWN, CONTROL_FAILED);
}
END_TEST

START_TEST(when_the_launcher_dies_so_do_its_workers)
{
	begin("launcher stay");
	struct process *a = started(), *b = started();
	/* the launcher is the parent of its workers */
	char command[64];
	snprintf(command, sizeof(command), "kill -9 $(ps -o ppid= -p %d)", a->pid);
	ck_assert_int_eq(system(command), 0);
	turn_to(a, PROCESS_GONE);
	is_gone(b, ENDING_LAUNCHER_DIED, 128 + SIGKILL);
	ck_assert_int_eq(a->ending.cause, ENDING_LAUNCHER_DIED);
	/* and the next one starts the next */
	processes_signal(parts.processes, started(), SIGKILL);
}
END_TEST

START_TEST(a_start_under_way_ends_with_the_launcher)
{
	begin("launcher drop");
	is_gone(start(parts.limits), ENDING_LAUNCHER_DIED, 128 + SIGKILL);
}
END_TEST

START_TEST(more_starts_than_may_be_under_way_wait_their_turn)
{
	struct process *p[10];

	begin("launcher mute");
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		p[i] = start(parts.limits);
	struct process *extra;
	const struct processes_request request = {
		.program = p[0]->program, .name = "", .strings = ""
	};
	ck_assert_int_eq(processes_start(parts.processes, &request, &extra), PROCESSES_LIMIT);
	for (size_t i = 0; i < ARRAY_LEN(p); i++)
		turn_to(p[i], PROCESS_STARTING);
	processes_stop_all(parts.processes);
	ck_assert_int_eq(processes_start(parts.processes, &request, &extra), PROCESSES_ENDING);
}
END_TEST

START_TEST(the_gone_are_remembered_for_a_while)
{
	struct process *first = NULL, *p = NULL;
	uint32_t n = 0;

	begin("launcher refuse");
	for (uint32_t i = 0; i < ROSTER_GONE_MAX + 20; i++) {
		p = start(parts.limits);
		turn_to(p, PROCESS_GONE);
		if (i == 0)
			first = p; /* stays pinned */
		else
			roster_unpin(parts.roster, p);
	}
	for (struct process *q = NULL; (q = roster_next(parts.roster, q));)
		n++;
	ck_assert_uint_le(n, ROSTER_GONE_MAX + 1);
	ck_assert_ptr_eq(roster_get(parts.roster, first->id), first);
	ck_assert_ptr_null(roster_get(parts.roster, first->id + 1));
	roster_unpin(parts.roster, first);
}
END_TEST

/* ---- the same, as a client sees it ---- */

static void add_module(char hex[HASH_HEX_SIZE])
{
	struct process *p = start(parts.limits);
	struct store_entry entry = { .name = p->program, .size = 7 };
	bool known;

	ck_assert_int_eq(programs_add(parts.programs, &entry, NULL, &known), 0);
	hash_to_hex(&p->program, hex);
	processes_signal(parts.processes, p, SIGKILL);
	turn_to(p, PROCESS_GONE);
}

START_TEST(a_run_whose_client_leaves_is_stopped)
{
	char hex[HASH_HEX_SIZE], request[256];

	begin("launcher stay");
	add_module(hex);
	int fd = enter();
	snprintf(request, sizeof(request), "{\"op\": \"run\", \"program\": \"%s\"}", hex);
	ck_assert(say_text(fd, request));
	turn_for(300);
	ck_assert_uint_eq(processes_alive(parts.processes), 1);
	close(fd);
	turn_for(300);
	ck_assert_uint_eq(processes_alive(parts.processes), 0);
}
END_TEST

START_TEST(input_without_credit_ends_the_run)
{
	char hex[HASH_HEX_SIZE], request[256];

	begin("launcher stay");
	add_module(hex);
	int fd = enter();
	snprintf(request, sizeof(request),
		"{\"op\": \"run\", \"program\": \"%s\", \"stdin\": true}", hex);
	ck_assert(say_text(fd, request));
	turn_for(200);
	ck_assert(say(fd, CONTROL_DATA, "x", 1));
	json_t *final = hear_final(fd, NULL);
	ck_assert_ptr_nonnull(json_object_get(final, "error"));
	json_decref(final);
	close(fd);
	turn_for(300);
	ck_assert_uint_eq(processes_alive(parts.processes), 0);
}
END_TEST

START_TEST(bad_requests_start_nothing)
{
	static const char *const fields[] = { "\"memory\": 0", "\"memory\": 4294967297",
		"\"cpu\": 99999999999", "\"env\": [\"KV\"]", "\"env\": [\"=V\"]",
		"\"name\": \"0123456789012345678901234567890123456789012345678901234567890123"
		"456789\"" };
	char hex[HASH_HEX_SIZE], request[400];

	begin("launcher stay");
	add_module(hex);
	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		snprintf(request, sizeof(request),
			"{\"op\": \"start\", \"program\": \"%s\", %s}", hex, fields[i]);
		ck_assert_msg(answer(request) == CONTROL_USAGE, "%s", fields[i]);
	}
	ck_assert_uint_eq(processes_alive(parts.processes), 0);
}
END_TEST

START_TEST(a_start_that_fails_says_why)
{
	char hex[HASH_HEX_SIZE], request[256];

	begin("launcher refuse");
	add_module(hex);
	snprintf(request, sizeof(request), "{\"op\": \"start\", \"program\": \"%s\"}", hex);
	ck_assert_int_eq(answer(request), CONTROL_FAILED);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("processes");
	TCase *ends = tcase_create("ends"), *clients = tcase_create("clients");
	TCase *const cases[] = { ends, clients };

	tcase_add_test(ends, one_that_ends_before_it_is_ready_failed_to_start);
	tcase_add_test(ends, a_launcher_that_cannot_fork_fails_the_start);
	tcase_add_test(ends, a_kill_ends_it_at_once);
	tcase_add_test(ends, a_stop_before_it_runs_is_a_kill);
	tcase_add_test(ends, a_stop_during_the_compile_leaves_nothing);
	tcase_add_test(ends, a_kill_before_the_pidfd_is_known_waits_for_it);
	tcase_add_test(ends, a_stop_before_the_pidfd_is_known_is_sent_when_it_is);
	tcase_add_test(ends, an_end_that_nobody_tells_is_seen_all_the_same);
	tcase_add_test(ends, when_the_launcher_dies_so_do_its_workers);
	tcase_add_test(ends, a_start_under_way_ends_with_the_launcher);
	tcase_add_test(ends, more_starts_than_may_be_under_way_wait_their_turn);
	tcase_add_test(ends, the_gone_are_remembered_for_a_while);
	tcase_add_test(clients, a_run_whose_client_leaves_is_stopped);
	tcase_add_test(clients, input_without_credit_ends_the_run);
	tcase_add_test(clients, bad_requests_start_nothing);
	tcase_add_test(clients, a_start_that_fails_says_why);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		tcase_add_checked_fixture(cases[i], NULL, tear_down);
		tcase_set_timeout(cases[i], 60);
		suite_add_tcase(s, cases[i]);
	}
	return s;
}

CHECK_MAIN(suite)
