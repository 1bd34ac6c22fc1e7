#include <signal.h>

#include "interfaces/program.h"
#include "supervisor/workers/host_program.h"
#include "tests/interfaces/made_up.h"
#include "tests/supervisor/fake_launcher.h"

static void *host;
static struct process *parent;
static struct hash module;
static uint64_t next_id = 1;

static void begin_with_host(void)
{
	begin("launcher stay");
	add_to_store("module", &module);
	const struct children_parts with = { .processes = parts.processes,
		.programs = parts.programs,
		.workers = parts.workers,
		.events = parts.events };
	host = host_program.new(&made_up_env);
	ck_assert_ptr_nonnull(host);
	host_program_begin(host, &with);
	parts.limits = limits_default();
	parts.limits.memory_bytes = MIB;
	parts.limits.cpu_s = 10;
	parent = run_one(&module, parts.limits);
}

static void end_with_host(void)
{
	host_program_end(host);
	host_program.free(host);
	tear_down();
}

/* ---- what is said to it ---- */

static struct rs_program_start_request usual(void)
{
	return (struct rs_program_start_request){ .program = { module.bytes, HASH_BYTES } };
}

static void send_start(const struct rs_program_start_request *request)
{
	static uint8_t body[16 * 1024];
	int64_t bytes = rs_program_start_body(request, body, sizeof(body));

	ck_assert_int_gt(bytes, 0);
	made_up_send(&host_program, host, parent->id, next_id++, body, (uint32_t)bytes);
}

static struct process *youngest(void)
{
	struct process *last = NULL;

	for (struct process *p = NULL; (p = roster_next(parts.roster, p));)
		last = p;
	return last;
}

static struct process *starts(const struct rs_program_start_request *request)
{
	send_start(request);
	struct process *p = youngest();
	ck_assert_uint_eq(p->parent, parent->id);
	return p;
}

static void refuses(const struct rs_program_start_request *request, uint32_t status)
{
	uint32_t before = made_up.answers_count, alive = processes_alive(parts.processes);

	send_start(request);
	ck_assert_uint_eq(made_up.answers_count, before + 1);
	ck_assert_uint_eq(made_up.answers[before].status, status);
	ck_assert_uint_eq(made_up.answers[before].bytes, 0);
	ck_assert_uint_eq(processes_alive(parts.processes), alive);
}

/* ---- Start ---- */

START_TEST(words_and_variables_become_strings)
{
	static const struct rs_text words[] = { { "one", 3 }, { "", 0 } };
	static const struct rs_program_variable variables[] = { { { "K", 1 }, { "a=b", 3 } },
		{ { "E", 1 }, { "", 0 } } };
	struct rs_program_start_request request = usual();
	char expected[64], name[HASH_HEX_SIZE];

	rs_program_start_request_set_arguments(&request, words, 2);
	rs_program_start_request_set_environment(&request, variables, 2);
	const struct process *p = starts(&request);
	hash_to_hex(&module, name);
	int n = snprintf(
		expected, sizeof(expected), "%.12s%cone%c%cK=a=b%cE=%c", name, 0, 0, 0, 0, 0);
	ck_assert_uint_eq(p->arguments, 3);
	ck_assert_uint_eq(p->variables, 2);
	ck_assert_uint_eq(p->strings_bytes, (uint32_t)n);
	ck_assert_mem_eq(p->strings, expected, (size_t)n);
}
END_TEST

START_TEST(what_is_left_out_is_the_parents_but_children)
{
	const struct rs_program_start_request request = usual();
	const struct process *p = starts(&request);

	ck_assert_uint_eq(p->limits.memory_bytes, MIB);
	ck_assert_uint_eq(p->limits.cpu_s, 10);
	ck_assert_uint_eq(p->limits.outstanding, LIMITS_OUTSTANDING_MAX);
	ck_assert_uint_eq(p->limits.children, 0);
	ck_assert_uint_eq(p->allowance->total.processes, 0);
}
END_TEST

START_TEST(limits_are_what_was_said)
{
	struct rs_program_start_request request = usual();

	request.has_limits = true;
	request.limits = (struct rs_program_limits){ .has_memory_bytes = true,
		.memory_bytes = 1,
		.has_cpu_ns = true,
		.cpu_ns = 1000000001,
		.has_children = true,
		.children = 3,
		.has_outstanding = true,
		.outstanding = 5 };
	const struct process *p = starts(&request);
	ck_assert_uint_eq(p->limits.memory_bytes, 64 * KIB); /* whole pages */
	ck_assert_uint_eq(p->limits.cpu_s, 2);
	ck_assert_uint_eq(p->limits.outstanding, 5);
	ck_assert_uint_eq(p->allowance->total.processes, 3);
	ck_assert_uint_eq(p->allowance->total.memory_bytes, 64 * KIB);
	ck_assert_uint_eq(p->allowance->depth, LIMITS_CHILDREN_DEPTH_DEFAULT - 1);
}
END_TEST

START_TEST(limits_that_nobody_can_have_are_refused)
{
	static const struct rs_program_limits wrong[] = {
		{ .has_memory_bytes = true, .memory_bytes = 0 },
		{ .has_memory_bytes = true, .memory_bytes = UINT64_MAX },
		{ .has_cpu_ns = true, .cpu_ns = UINT64_MAX },
		{ .has_children = true, .children = UINT32_MAX },
		{ .has_outstanding = true, .outstanding = 0 },
		{ .has_outstanding = true, .outstanding = UINT32_MAX },
		{ .has_children_memory_bytes = true, .children_memory_bytes = UINT64_MAX },
	};
	struct rs_program_start_request request = usual();

	request.has_limits = true;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		request.limits = wrong[i];
		refuses(&request, RS_BAD_ARGUMENT);
	}
}
END_TEST

START_TEST(strings_that_would_become_others_are_refused)
{
	static const struct rs_text words[] = { { "a\0b", 3 } };
	static const struct rs_program_variable variables[] = {
		{ { "", 0 }, { "v", 1 } },
		{ { "a=b", 3 }, { "v", 1 } },
		{ { "a\0b", 3 }, { "v", 1 } },
		{ { "a", 1 }, { "v\0w", 3 } },
	};
	struct rs_program_start_request request = usual();

	rs_program_start_request_set_arguments(&request, words, 1);
	refuses(&request, RS_BAD_ARGUMENT);
	for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
		request = usual();
		rs_program_start_request_set_environment(&request, &variables[i], 1);
		refuses(&request, RS_BAD_ARGUMENT);
	}
}
END_TEST

START_TEST(more_strings_than_there_may_be_are_refused)
{
	static struct rs_text words[START_STRINGS_MAX];
	struct rs_program_start_request request = usual();

	rs_program_start_request_set_arguments(&request, words, START_STRINGS_MAX);
	refuses(&request, RS_BAD_ARGUMENT); /* its own name is one more */
	rs_program_start_request_set_arguments(&request, words, START_STRINGS_MAX - 1);
	starts(&request);
}
END_TEST

START_TEST(hashes_have_their_length)
{
	const struct rs_bytes short_one = { module.bytes, HASH_BYTES - 1 };
	const struct rs_program_grant grant = { short_one, true, false };
	struct rs_program_start_request request = usual();

	request.program = short_one;
	refuses(&request, RS_BAD_ARGUMENT);
	request = usual();
	rs_program_start_request_set_grants(&request, &grant, 1);
	refuses(&request, RS_BAD_ARGUMENT);
	request = usual();
	rs_program_start_request_set_private_interfaces(&request, &short_one, 1);
	refuses(&request, RS_BAD_ARGUMENT);
}
END_TEST

START_TEST(more_grants_and_instances_than_may_be_are_refused)
{
	struct rs_program_grant grants[CHILDREN_GRANTS_MAX + 1];
	struct rs_bytes names[CHILDREN_PRIVATE_MAX + 1];
	struct rs_program_start_request request = usual();

	for (size_t i = 0; i < ARRAY_LEN(grants); i++)
		grants[i] = (struct rs_program_grant){ usual().program, true, true };
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		names[i] = usual().program;
	rs_program_start_request_set_grants(&request, grants, ARRAY_LEN(grants));
	refuses(&request, RS_BAD_ARGUMENT);
	request = usual();
	rs_program_start_request_set_private_interfaces(&request, names, ARRAY_LEN(names));
	refuses(&request, RS_BAD_ARGUMENT);
}
END_TEST

/* ---- answers ---- */

START_TEST(answers_can_be_read)
{
	const struct rs_program_start_request request = usual();
	struct rs_program_start_answer started;
	struct rs_program_wait_answer ended;
	struct process *p = starts(&request);

	turn_until_started(p);
	becomes_ready(p->id);
	ck_assert_int_eq(
		rs_program_start_answer_decode(&started, made_up.body, made_up.body_bytes), 0);
	ck_assert_uint_eq(started.child, p->id);
	ck_assert_uint_eq(started.instances.count, 0);

	const struct rs_program_stop_request stop = { .child = p->id };
	uint8_t body[64];
	int64_t bytes = rs_program_stop_body(&stop, body, sizeof(body));
	made_up_send(&host_program, host, parent->id, next_id++, body, (uint32_t)bytes);
	for (int i = 0; i < 6000 && p->state != PROCESS_GONE; i++)
		turn(1);
	ck_assert_int_eq(
		rs_program_wait_answer_decode(&ended, made_up.body, made_up.body_bytes), 0);
	ck_assert_uint_eq(ended.which_end, RS_PROGRAM_WAIT_ANSWER_SIGNAL);
	ck_assert_uint_eq(ended.end.signal, SIGKILL);
}
END_TEST

START_TEST(who_is_no_process_is_not_served)
{
	const struct rs_program_start_request request = usual();
	uint8_t body[128];
	int64_t bytes = rs_program_start_body(&request, body, sizeof(body));

	made_up_send(&host_program, host, 99999, 1, body, (uint32_t)bytes);
	ck_assert_uint_eq(made_up.answers[0].status, RS_UNSUPPORTED);
}
END_TEST

START_TEST(lies_are_refused)
{
	made_up_lies(&host_program, host);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("host_program");
	TCase *start = tcase_create("start"), *answers = tcase_create("answers");
	TCase *const cases[] = { start, answers };

	tcase_add_test(start, words_and_variables_become_strings);
	tcase_add_test(start, what_is_left_out_is_the_parents_but_children);
	tcase_add_test(start, limits_are_what_was_said);
	tcase_add_test(start, limits_that_nobody_can_have_are_refused);
	tcase_add_test(start, strings_that_would_become_others_are_refused);
	tcase_add_test(start, more_strings_than_there_may_be_are_refused);
	tcase_add_test(start, hashes_have_their_length);
	tcase_add_test(start, more_grants_and_instances_than_may_be_are_refused);
	tcase_add_test(answers, answers_can_be_read);
	tcase_add_test(answers, who_is_no_process_is_not_served);
	tcase_add_test(answers, lies_are_refused);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		tcase_add_checked_fixture(cases[i], begin_with_host, end_with_host);
		tcase_set_timeout(cases[i], 60);
		suite_add_tcase(s, cases[i]);
	}
	return s;
}

CHECK_MAIN(suite)
