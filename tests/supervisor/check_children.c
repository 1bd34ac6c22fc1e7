#include <signal.h>

#include "supervisor/processes/children.h"
#include "tests/supervisor/fake_launcher.h"

#define CHILDREN 8u /* at a time, of a parent that nobody has said anything about */

/* ---- what the parents heard ---- */

static struct heard_start {
	uint64_t parent, id, child;
	uint32_t status, count;
	struct hash instances[CHILDREN_PRIVATE_MAX];
} starts[128];
static struct heard_end {
	uint64_t parent, id;
	uint32_t status;
	struct ending ending;
} ends[128];
static size_t starts_count, ends_count;

static void on_started(void *context, uint64_t parent, uint64_t id, uint32_t status,
	uint64_t child, const struct hash *instances, uint32_t count)
{
	struct heard_start *heard_one = &starts[starts_count++];

	(void)context;
	MUST(id != 0 && count <= CHILDREN_PRIVATE_MAX && (count == 0 || status == RS_OK));
	*heard_one = (struct heard_start){
		.parent = parent, .id = id, .child = child, .status = status, .count = count
	};
	for (uint32_t i = 0; i < count; i++)
		heard_one->instances[i] = instances[i];
}

static void on_ended(void *context, uint64_t parent, uint64_t id, uint32_t status,
	const struct ending *ending)
{
	struct heard_end *heard_one = &ends[ends_count++];

	(void)context;
	MUST(id != 0 && (ending != NULL) == (status == RS_OK));
	*heard_one = (struct heard_end){ .parent = parent, .id = id, .status = status };
	if (ending)
		heard_one->ending = *ending;
}

/* ---- a parent, and what it asks for ---- */

static struct children *children;
static struct process *parent;
static const struct hash granted = { "granted" }, worker = { "worker" };
static struct hash module;

static struct broker_verdict made_up_policy(void *context, uint64_t process,
	const struct hash *program, const struct hash *interface, enum broker_right right)
{
	(void)context, (void)process, (void)program;
	return (struct broker_verdict){
		.status = hash_equal(interface, &granted) && right == BROKER_USE ? RS_OK
										 : BROKER_ASK
	};
}

static void begin_with_children(const char *way)
{
	const struct children_answers answers = { NULL, on_started, on_ended };

	begin(way);
	add_to_store("module", &module);
	const struct children_parts with = { .processes = parts.processes,
		.programs = parts.programs,
		.workers = parts.workers,
		.events = parts.events,
		.policy = made_up_policy };
	ck_assert_int_eq(children_new(&answers, &children), 0);
	children_begin(children, &with);
	parts.limits.outstanding = 1;
	parts.limits.children = CHILDREN;
	parts.limits.children_depth = 3;
	parts.limits.children_memory_bytes = 8 * MIB;
	starts_count = ends_count = 0;
	parent = run_one(&module, parts.limits);
}

static void end_with_children(void)
{
	children_parent_gone(children, parent->id);
	children_tick(children);
	children = children_free(children);
	tear_down();
}

static struct children_request usual(void)
{
	return (struct children_request){ .program = module,
		.limits = { .memory_bytes = MIB / 16, .outstanding = 1 },
		.strings = "x",
		.strings_bytes = 2,
		.arguments = 1 };
}

static uint64_t next_id = 1;

static struct process *youngest(void)
{
	struct process *last = NULL;

	for (struct process *p = NULL; (p = roster_next(parts.roster, p));)
		last = p;
	return last;
}

static struct process *begin_child(uint64_t of, const struct children_request *request)
{
	children_start(children, of, next_id++, request);
	struct process *p = youngest();
	ck_assert_uint_eq(p->parent, of);
	return p;
}

/* It runs, and its parent knows. */
static struct process *child_of(uint64_t of, const struct children_request *request)
{
	struct process *p = begin_child(of, request);
	size_t before = starts_count;

	turn_until_started(p);
	ck_assert_uint_eq(starts_count, before);
	becomes_ready(p->id);
	ck_assert_uint_eq(starts_count, before + 1);
	ck_assert_uint_eq(starts[before].status, RS_OK);
	ck_assert_uint_eq(starts[before].child, p->id);
	ck_assert_uint_eq(starts[before].parent, of);
	return p;
}

static struct process *a_child(void)
{
	const struct children_request request = usual();

	return child_of(parent->id, &request);
}

static void refused(const struct children_request *request, uint32_t status)
{
	size_t before = starts_count;
	uint32_t alive = processes_alive(parts.processes);

	children_start(children, parent->id, next_id++, request);
	ck_assert_uint_eq(starts_count, before + 1);
	ck_assert_uint_eq(starts[before].status, status);
	ck_assert_uint_eq(processes_alive(parts.processes), alive);
}

static void turn_to_gone(const struct process *p)
{
	for (int i = 0; i < 6000 && p->state != PROCESS_GONE; i++)
		turn(1);
	ck_assert_int_eq(p->state, PROCESS_GONE);
}

static void kill_and_bury(struct process *p)
{
	processes_signal(parts.processes, p, SIGKILL);
	turn_to_gone(p);
}

static void last_end_is(uint32_t status, enum ending_cause cause)
{
	ck_assert_uint_gt(ends_count, 0);
	ck_assert_uint_eq(ends[ends_count - 1].status, status);
	ck_assert_int_eq(ends[ends_count - 1].ending.cause, cause);
}

/* ---- starts ---- */

START_TEST(a_start_is_answered_when_the_child_runs)
{
	begin_with_children("launcher stay");
	struct process *p = a_child();
	ck_assert_uint_eq(p->parent, parent->id);
	ck_assert_uint_eq(parent->allowance->used.processes, 1);
	ck_assert_uint_eq(parent->spawns_refused, 0);
}
END_TEST

/* What it said last is read when it is gone. */
START_TEST(a_child_that_was_quicker_than_the_word_that_it_runs_did_run)
{
	begin_with_children("launcher stay");
	const struct children_request request = usual();
	struct process *p = begin_child(parent->id, &request);
	turn_until_started(p);
	p->ran = true;
	kill_and_bury(p);
	ck_assert_uint_eq(starts_count, 1);
	ck_assert_uint_eq(starts[0].status, RS_OK);
	ck_assert_uint_eq(starts[0].child, p->id);
	children_wait(children, parent->id, 50, p->id);
	last_end_is(RS_OK, ENDING_KILLED);
}
END_TEST

START_TEST(a_child_has_what_it_was_given_and_no_more)
{
	begin_with_children("launcher stay");
	const struct children_grant grant = { .interface = granted, .use = true };
	struct children_request request = usual();
	request.grants = &grant;
	request.grants_count = 1;
	struct process *p = child_of(parent->id, &request);
	ck_assert_uint_eq(p->permit.parent, parent->id);
	ck_assert(permit_has(&p->permit, &granted, BROKER_USE));
	ck_assert(!permit_has(&p->permit, &granted, BROKER_HANDLE));
	ck_assert(!permit_has(&p->permit, &worker, BROKER_USE));
}
END_TEST

START_TEST(nobody_gives_what_he_has_not_himself)
{
	begin_with_children("launcher stay");
	const struct children_grant wrong[] = {
		{ .interface = worker, .use = true },
		{ .interface = granted, .handle = true },
		{ .interface = granted, .use = true, .handle = true },
	};
	struct children_request request = usual();
	request.grants_count = 1;
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		request.grants = &wrong[i];
		refused(&request, RS_DENIED);
	}
	ck_assert_uint_eq(parent->allowance->used.processes, 0);
}
END_TEST

START_TEST(what_is_not_in_the_store_is_not_started)
{
	begin_with_children("launcher stay");
	struct children_request request = usual();
	request.program.bytes[0] ^= 1;
	refused(&request, RS_BAD_ARGUMENT);
}
END_TEST

START_TEST(who_is_no_process_has_no_children)
{
	begin_with_children("launcher stay");
	const struct children_request request = usual();
	children_start(children, 77777, 5, &request);
	ck_assert_uint_eq(starts[0].status, RS_CANCELLED);
	kill_and_bury(parent);
	ck_assert_ptr_null(children_limits(children, parent->id));
	children_start(children, parent->id, 6, &request); /* its last words */
	ck_assert_uint_eq(starts[1].status, RS_CANCELLED);
	ck_assert_uint_eq(processes_alive(parts.processes), 0);
}
END_TEST

START_TEST(a_child_that_cannot_be_compiled_is_no_argument)
{
	begin_with_children("launcher stay");
	struct children_request request = usual();
	add_to_store("bad", &request.program);
	size_t before = starts_count;
	struct process *p = begin_child(parent->id, &request);
	turn_to_gone(p);
	ck_assert_uint_eq(starts_count, before + 1);
	ck_assert_uint_eq(starts[before].status, RS_BAD_ARGUMENT);
	ck_assert_uint_eq(parent->allowance->used.processes, 0);
	children_wait(children, parent->id, 9, p->id); /* its parent never had it */
	last_end_is(RS_BAD_ARGUMENT, ENDING_UNKNOWN);
}
END_TEST

START_TEST(a_child_that_cannot_be_forked_is_a_limit)
{
	begin_with_children("launcher stay");
	setenv("REDSHIRT_LOG", "launcher refuse", 1);
	parts.launch = launch_free(parts.launch);
	const struct launch_events events = processes_launch_events(parts.processes);
	ck_assert_int_eq(launch_new(parts.loop, "/proc/self/exe", &events, &parts.launch), 0);
	struct processes_parts with = *processes_parts(parts.processes);
	with.launch = parts.launch;
	processes_begin(parts.processes, &with);
	const struct children_request request = usual();
	struct process *p = begin_child(parent->id, &request);
	turn_to_gone(p);
	ck_assert_uint_eq(starts[0].status, RS_LIMIT);
}
END_TEST

START_TEST(a_start_that_is_cancelled_leaves_no_child)
{
	begin_with_children("launcher stay");
	const struct children_request request = usual();
	struct process *p = begin_child(parent->id, &request);
	children_cancelled(children, parent->id, next_id); /* another */
	ck_assert_int_ne(p->state, PROCESS_GONE);
	children_cancelled(children, parent->id, next_id - 1);
	turn_to_gone(p);
	ck_assert_uint_eq(starts_count, 0);
	ck_assert_uint_eq(parent->allowance->used.processes, 0);
}
END_TEST

START_TEST(who_wants_no_answer_has_a_child_all_the_same)
{
	begin_with_children("launcher stay");
	const struct children_request request = usual();
	children_start(children, parent->id, 0, &request);
	struct process *p = youngest();
	turn_until_started(p);
	becomes_ready(p->id);
	ck_assert_uint_eq(starts_count, 0);
	children_stop(children, parent->id, 0, p->id, 0);
	turn_to_gone(p);
	ck_assert_uint_eq(ends_count, 0);
}
END_TEST

/* ---- the allowance ---- */

START_TEST(a_spawn_bomb_ends_at_the_allowance)
{
	begin_with_children("launcher stay");
	const struct children_request request = usual();
	uint64_t events = events_last(parts.events);
	for (uint32_t i = 0; i < CHILDREN; i++)
		begin_child(parent->id, &request);
	for (int i = 0; i < 3; i++)
		refused(&request, RS_LIMIT);
	ck_assert_uint_eq(parent->spawns_refused, 3);
	ck_assert_uint_eq(events_last(parts.events), events + 1); /* said once */
	ck_assert_str_eq(events_get(parts.events, events)->name, "spawn-refused");
	ck_assert_str_eq(events_get(parts.events, events)->detail, "no more processes");
}
END_TEST

START_TEST(what_a_child_had_is_there_again_when_it_is_gone)
{
	begin_with_children("launcher stay");
	struct children_request request = usual();
	request.limits.memory_bytes = 8 * MIB;
	struct process *p = child_of(parent->id, &request);
	refused(&request, RS_LIMIT);
	kill_and_bury(p);
	child_of(parent->id, &request);
}
END_TEST

START_TEST(rsd_has_room_for_so_many_and_no_more)
{
	begin_with_children("launcher stay");
	struct process *other = run_one(&module, parts.limits); /* of 10 there are 2 now */
	const struct children_request request = usual();
	for (uint32_t i = 0; i < CHILDREN; i++)
		begin_child(parent->id, &request);
	children_start(children, other->id, 1000, &request);
	ck_assert_uint_eq(starts[starts_count - 1].status, RS_LIMIT);
	ck_assert_uint_eq(other->allowance->used.processes, 0);
	ck_assert_uint_eq(other->spawns_refused, 1);
}
END_TEST

/* ---- ends ---- */

START_TEST(a_wait_is_answered_at_the_end_and_again_after_it)
{
	begin_with_children("launcher stay");
	struct process *p = a_child();
	children_wait(children, parent->id, 50, p->id);
	children_wait(children, parent->id, 51, p->id);
	ck_assert_uint_eq(ends_count, 0);
	kill_and_bury(p);
	ck_assert_uint_eq(ends_count, 2);
	last_end_is(RS_OK, ENDING_KILLED);
	children_wait(children, parent->id, 52, p->id);
	ck_assert_uint_eq(ends_count, 3);
	ck_assert_uint_eq(ends[2].id, 52);
	last_end_is(RS_OK, ENDING_KILLED);
}
END_TEST

START_TEST(a_stop_is_answered_when_it_is_gone)
{
	begin_with_children("launcher stay");
	struct process *polite = a_child(), *killed = a_child();
	children_stop(children, parent->id, 50, polite->id, 100000);
	ck_assert_uint_eq(ends_count, 0);
	turn_to_gone(polite);
	last_end_is(RS_OK, ENDING_STOPPED);
	children_stop(children, parent->id, 51, killed->id, 0);
	turn_to_gone(killed);
	last_end_is(RS_OK, ENDING_KILLED);
}
END_TEST

START_TEST(a_wait_that_is_cancelled_is_not_answered)
{
	begin_with_children("launcher stay");
	struct process *p = a_child();
	children_wait(children, parent->id, 50, p->id);
	children_cancelled(children, parent->id, 50);
	children_cancelled(children, parent->id, 50);
	kill_and_bury(p);
	ck_assert_uint_eq(ends_count, 0);
}
END_TEST

START_TEST(nobody_has_the_child_of_another)
{
	begin_with_children("launcher stay");
	struct process *p = a_child(), *other = run_one(&module, parts.limits);
	const uint64_t not_children[] = { 0, UINT64_MAX, parent->id, other->id };
	children_wait(children, other->id, 50, p->id);
	last_end_is(RS_BAD_ARGUMENT, ENDING_UNKNOWN);
	children_stop(children, other->id, 51, p->id, 0);
	last_end_is(RS_BAD_ARGUMENT, ENDING_UNKNOWN);
	for (size_t i = 0; i < ARRAY_LEN(not_children); i++) {
		children_stop(children, parent->id, 60 + i, not_children[i], 0);
		last_end_is(RS_BAD_ARGUMENT, ENDING_UNKNOWN);
	}
	turn_for(50);
	ck_assert_int_eq(p->state, PROCESS_RUNNING);
	ck_assert_int_eq(parent->state, PROCESS_RUNNING);
	ck_assert_int_eq(other->state, PROCESS_RUNNING);
}
END_TEST

START_TEST(a_number_that_was_guessed_is_no_child_yet)
{
	begin_with_children("launcher stay");
	const struct children_request request = usual();
	struct process *p = begin_child(parent->id, &request);
	children_stop(children, parent->id, 50, p->id, 0);
	last_end_is(RS_BAD_ARGUMENT, ENDING_UNKNOWN);
	ck_assert_int_ne(p->state, PROCESS_GONE);
}
END_TEST

START_TEST(nobody_waits_for_more_than_he_may)
{
	begin_with_children("launcher stay");
	struct process *p = a_child();
	for (uint32_t i = 1; i <= CHILDREN_WAITS_MAX; i++)
		children_wait(children, parent->id, i, p->id);
	ck_assert_uint_eq(ends_count, 0);
	children_wait(children, parent->id, 1000, p->id);
	last_end_is(RS_LIMIT, ENDING_UNKNOWN);
	children_cancelled(children, parent->id, 7);
	children_wait(children, parent->id, 1001, p->id);
	ck_assert_uint_eq(ends_count, 1);
	kill_and_bury(p);
	ck_assert_uint_eq(ends_count, 1 + CHILDREN_WAITS_MAX);
}
END_TEST

START_TEST(the_last_ends_are_remembered)
{
	begin_with_children("launcher stay");
	uint64_t all[CHILDREN_ENDED_MAX + 1];
	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		struct process *p = a_child();
		all[i] = p->id;
		kill_and_bury(p);
		starts_count = 0;
	}
	children_wait(children, parent->id, 1, all[0]);
	last_end_is(RS_BAD_ARGUMENT, ENDING_UNKNOWN);
	children_wait(children, parent->id, 2, all[1]);
	last_end_is(RS_OK, ENDING_KILLED);
	children_wait(children, parent->id, 3, all[CHILDREN_ENDED_MAX]);
	last_end_is(RS_OK, ENDING_KILLED);
}
END_TEST

START_TEST(children_end_with_their_parent_and_so_do_theirs)
{
	begin_with_children("launcher stay");
	struct children_request request = usual();
	request.limits.children = 2;
	request.limits.children_depth = 3;
	request.limits.children_memory_bytes = MIB;
	struct process *child = child_of(parent->id, &request);
	request = usual();
	struct process *grandchild = child_of(child->id, &request);
	struct process *young = begin_child(parent->id, &request); /* it does not run yet */
	struct allowance *allowance = parent->allowance;
	allowance->holders++; /* we look at it afterwards */

	children_wait(children, parent->id, 50, child->id);
	processes_signal(parts.processes, parent, SIGKILL);
	turn_to_gone(parent);
	children_parent_gone(children, parent->id); /* what hosts are told */
	turn_to_gone(child);
	children_parent_gone(children, child->id);
	turn_to_gone(grandchild);
	turn_to_gone(young);
	ck_assert_uint_eq(ends_count, 0); /* nobody is there to be told */
	ck_assert_uint_eq(allowance->used.processes, 0);
	ck_assert_uint_eq(allowance->used.memory_bytes, 0);
	allowance_drop(allowance);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("children");
	TCase *begins = tcase_create("starts"), *allowance = tcase_create("allowance"),
	      *endings = tcase_create("ends");
	TCase *const cases[] = { begins, allowance, endings };

	tcase_add_test(begins, a_start_is_answered_when_the_child_runs);
	tcase_add_test(begins, a_child_that_was_quicker_than_the_word_that_it_runs_did_run);
	tcase_add_test(begins, a_child_has_what_it_was_given_and_no_more);
	tcase_add_test(begins, nobody_gives_what_he_has_not_himself);
	tcase_add_test(begins, what_is_not_in_the_store_is_not_started);
	tcase_add_test(begins, who_is_no_process_has_no_children);
	tcase_add_test(begins, a_child_that_cannot_be_compiled_is_no_argument);
	tcase_add_test(begins, a_child_that_cannot_be_forked_is_a_limit);
	tcase_add_test(begins, a_start_that_is_cancelled_leaves_no_child);
	tcase_add_test(begins, who_wants_no_answer_has_a_child_all_the_same);
	tcase_add_test(allowance, a_spawn_bomb_ends_at_the_allowance);
	tcase_add_test(allowance, what_a_child_had_is_there_again_when_it_is_gone);
	tcase_add_test(allowance, rsd_has_room_for_so_many_and_no_more);
	tcase_add_test(endings, a_wait_is_answered_at_the_end_and_again_after_it);
	tcase_add_test(endings, a_stop_is_answered_when_it_is_gone);
	tcase_add_test(endings, a_wait_that_is_cancelled_is_not_answered);
	tcase_add_test(endings, nobody_has_the_child_of_another);
	tcase_add_test(endings, a_number_that_was_guessed_is_no_child_yet);
	tcase_add_test(endings, nobody_waits_for_more_than_he_may);
	tcase_add_test(endings, the_last_ends_are_remembered);
	tcase_add_test(endings, children_end_with_their_parent_and_so_do_theirs);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		tcase_add_checked_fixture(cases[i], NULL, end_with_children);
		tcase_set_timeout(cases[i], 60);
		suite_add_tcase(s, cases[i]);
	}
	return s;
}

CHECK_MAIN(suite)
