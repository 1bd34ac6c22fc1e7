#include <string.h>

#include "supervisor/decisions/policy.h"
#include "tests/check_run.h"

/* Process 1 is nobody's child; 2 is its child, 3 the child of 2, and so on. Each runs the
 * program of its number. */
#define PROCESSES (POLICY_DEPTH_MAX + 3)

static struct grants *grants;
static struct policy policy;
static struct permit permits[PROCESSES];
static bool no_manifest, is_watched;
static const struct hash always = { "interface" }, log_ = { "log" };
static const struct hash tcp = { "tcp" }, files = { "files" };

static struct hash program_of(uint64_t process)
{
	struct hash program = { "program" };

	memcpy(program.bytes + 8, &process, sizeof(process));
	return program;
}

static const struct permit *permit_of(void *context, uint64_t process, struct hash *program)
{
	(void)context;
	if (process >= PROCESSES)
		return NULL;
	if (program)
		*program = program_of(process);
	return &permits[process];
}

/* Where there is one, it names tcp to be used, and nothing else. */
static bool declares(void *context, const struct hash *program, const struct hash *interface,
	enum broker_right right)
{
	(void)context;
	(void)program;
	return no_manifest || (right == BROKER_USE && hash_equal(interface, &tcp));
}

static bool watched(void *context, uint64_t process)
{
	(void)context;
	(void)process;
	return is_watched;
}

static void set_up(void)
{
	ck_assert_int_eq(grants_new(&grants), 0);
	grants_build_in(grants, &log_);
	policy = (struct policy){ .grants = grants,
		.always = always,
		.permit = permit_of,
		.declares = declares,
		.watched = watched };
	no_manifest = true;
	for (uint64_t i = 2; i < PROCESSES; i++)
		permit_adopt(&permits[i], i - 1);
}

static void tear_down(void)
{
	for (size_t i = 0; i < PROCESSES; i++)
		permit_deinit(&permits[i]);
	grants = grants_free(grants);
}

static struct broker_verdict ask(
	uint64_t process, const struct hash *interface, enum broker_right right)
{
	struct hash program = program_of(process);

	return policy_verdict(&policy, process, &program, interface, right);
}

static uint32_t use(uint64_t process, const struct hash *interface)
{
	return ask(process, interface, BROKER_USE).status;
}

static void say(uint64_t process, const struct hash *interface, enum grants_word word)
{
	struct hash program = program_of(process);
	struct grants_row row = { .key = grants_key(
					  process ? &program : NULL, interface, BROKER_USE),
		.word = word };

	ck_assert_int_eq(grants_reserve(grants), 0);
	grants_set(grants, &row);
}

START_TEST(what_nobody_spoke_of_is_as_it_was_set)
{
	static const struct {
		enum policy_missing missing;
		bool watched;
		uint32_t status;
	} rows[] = {
		{ POLICY_DENY, true, RS_DENIED },
		{ POLICY_ALLOW, false, RS_OK },
		{ POLICY_ASK, false, BROKER_ASK },
		{ POLICY_ASK_IF_WATCHED, true, BROKER_ASK },
		{ POLICY_ASK_IF_WATCHED, false, RS_DENIED },
	};

	policy.missing = rows[_i].missing;
	is_watched = rows[_i].watched;
	ck_assert_uint_eq(use(1, &tcp), rows[_i].status);
	ck_assert_uint_eq(ask(1, &tcp, BROKER_HANDLE).status, rows[_i].status);
}
END_TEST

START_TEST(the_basic_interfaces_are_everybodys)
{
	no_manifest = false;
	ck_assert_uint_eq(use(1, &always), RS_OK);
	ck_assert_uint_eq(use(1, &log_), RS_OK);
	ck_assert_uint_eq(use(2, &log_), RS_OK);
	ck_assert_uint_eq(ask(1, &log_, BROKER_HANDLE).status, RS_DENIED);
	say(0, &log_, GRANTS_DENY);
	say(0, &always, GRANTS_DENY);
	ck_assert_uint_eq(use(1, &log_), RS_DENIED);
	ck_assert_uint_eq(use(2, &log_), RS_DENIED);
	ck_assert_uint_eq(use(1, &always), RS_OK);
}
END_TEST

START_TEST(a_row_decides_with_its_limits)
{
	struct grants_row row = { .key = grants_key(NULL, &tcp, BROKER_USE),
		.word = GRANTS_ALLOW,
		.mediated = true,
		.limits = { 1, 2, 3 } };

	ck_assert_int_eq(grants_reserve(grants), 0);
	grants_set(grants, &row);
	struct broker_verdict verdict = ask(1, &tcp, BROKER_USE);
	ck_assert_uint_eq(verdict.status, RS_OK);
	ck_assert(verdict.mediated);
	ck_assert_mem_eq(&verdict.limits, &row.limits, sizeof(row.limits));
	say(1, &tcp, GRANTS_ASK);
	ck_assert_uint_eq(use(1, &tcp), BROKER_ASK);
}
END_TEST

START_TEST(what_the_manifest_does_not_name_is_denied_though_granted)
{
	policy.missing = POLICY_ALLOW;
	no_manifest = false;
	say(1, NULL, GRANTS_ALLOW);
	ck_assert_int_eq(permit_answer(&permits[1], NULL, BROKER_USE, true), 0);
	ck_assert_uint_eq(use(1, &files), RS_DENIED);
	ck_assert_uint_eq(use(1, &tcp), RS_OK);
	ck_assert_uint_eq(ask(1, &tcp, BROKER_HANDLE).status, RS_DENIED);
}
END_TEST

START_TEST(a_denial_is_stronger_than_what_was_said_once)
{
	ck_assert_int_eq(permit_answer(&permits[1], &tcp, BROKER_USE, true), 0);
	ck_assert_uint_eq(use(1, &tcp), RS_OK);
	say(0, &tcp, GRANTS_DENY);
	ck_assert_uint_eq(use(1, &tcp), RS_DENIED);
	say(1, &tcp, GRANTS_ASK); /* fits better, and is no denial */
	ck_assert_uint_eq(use(1, &tcp), RS_OK);
}
END_TEST

START_TEST(what_was_said_once_is_stronger_than_the_rest)
{
	say(1, &tcp, GRANTS_ALLOW);
	ck_assert_int_eq(permit_answer(&permits[1], &tcp, BROKER_USE, false), 0);
	ck_assert_uint_eq(use(1, &tcp), RS_DENIED);
	policy.missing = POLICY_ASK;
	ck_assert_int_eq(permit_answer(&permits[1], &files, BROKER_USE, true), 0);
	ck_assert_uint_eq(use(1, &files), RS_OK);
}
END_TEST

START_TEST(a_child_has_what_its_parent_gave_and_may_itself)
{
	policy.missing = POLICY_ALLOW;
	ck_assert_uint_eq(use(2, &tcp), RS_DENIED);
	ck_assert_int_eq(permit_give(&permits[2], &tcp, BROKER_USE), 0);
	ck_assert_uint_eq(use(2, &tcp), RS_OK);
	policy.missing = POLICY_DENY;
	ck_assert_uint_eq(use(2, &tcp), RS_DENIED);
	say(1, &tcp, GRANTS_ASK); /* what it would be asked about is not its to give */
	ck_assert_uint_eq(use(2, &tcp), RS_DENIED);
	say(1, &tcp, GRANTS_ALLOW);
	ck_assert_uint_eq(use(2, &tcp), RS_OK);
	say(2, &tcp, GRANTS_DENY);
	ck_assert_uint_eq(use(2, &tcp), RS_DENIED);
	ck_assert_uint_eq(use(2, &files), RS_DENIED);
}
END_TEST

START_TEST(a_grant_of_a_childs_program_is_not_more_than_its_parent_has)
{
	say(2, &tcp, GRANTS_ALLOW);
	ck_assert_uint_eq(use(2, &tcp), RS_DENIED);
	ck_assert_int_eq(permit_give(&permits[2], &tcp, BROKER_USE), 0);
	ck_assert_uint_eq(use(2, &tcp), RS_DENIED);
}
END_TEST

START_TEST(a_child_has_the_stricter_of_both_limits)
{
	struct hash parent = program_of(1);
	struct grants_row row = { .key = grants_key(&parent, &tcp, BROKER_USE),
		.word = GRANTS_ALLOW,
		.mediated = true,
		.limits = { 10, 0, 5 } };

	ck_assert_int_eq(grants_reserve(grants), 0);
	grants_set(grants, &row);
	ck_assert_int_eq(permit_give(&permits[2], &tcp, BROKER_USE), 0);
	row = (struct grants_row){ .key = grants_key(NULL, &tcp, BROKER_USE),
		.word = GRANTS_ALLOW,
		.limits = { 20, 7, 3 } };
	ck_assert_int_eq(grants_reserve(grants), 0);
	grants_set(grants, &row);
	struct broker_verdict verdict = ask(2, &tcp, BROKER_USE);
	ck_assert(verdict.mediated);
	ck_assert_uint_eq(verdict.limits.body_bytes_max, 10);
	ck_assert_uint_eq(verdict.limits.messages_a_second, 7);
	ck_assert_uint_eq(verdict.limits.outstanding_max, 3);
}
END_TEST

START_TEST(children_in_one_another_have_an_end)
{
	say(0, &tcp, GRANTS_ALLOW);
	for (uint64_t i = 2; i < PROCESSES; i++)
		ck_assert_int_eq(permit_give(&permits[i], &tcp, BROKER_USE), 0);
	ck_assert_uint_eq(use(POLICY_DEPTH_MAX + 1, &tcp), RS_OK);
	ck_assert_uint_eq(use(POLICY_DEPTH_MAX + 2, &tcp), RS_DENIED);
}
END_TEST

START_TEST(nobody_knows_a_process_that_is_not_there)
{
	policy.missing = POLICY_ALLOW;
	ck_assert_uint_eq(use(PROCESSES, &tcp), RS_DENIED);
}
END_TEST

START_TEST(the_words_of_the_command_line)
{
	enum policy_missing missing;

	ck_assert(policy_read_missing("ask", &missing));
	ck_assert_int_eq(missing, POLICY_ASK);
	ck_assert(policy_read_missing("deny", &missing));
	ck_assert(!policy_read_missing("", &missing));
	ck_assert(!policy_read_missing("Allow", &missing));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("policy");
	TCase *order = tcase_create("order"), *children = tcase_create("children");

	tcase_add_checked_fixture(order, set_up, tear_down);
	tcase_add_loop_test(order, what_nobody_spoke_of_is_as_it_was_set, 0, 5);
	tcase_add_test(order, the_basic_interfaces_are_everybodys);
	tcase_add_test(order, a_row_decides_with_its_limits);
	tcase_add_test(order, what_the_manifest_does_not_name_is_denied_though_granted);
	tcase_add_test(order, a_denial_is_stronger_than_what_was_said_once);
	tcase_add_test(order, what_was_said_once_is_stronger_than_the_rest);
	tcase_add_test(order, nobody_knows_a_process_that_is_not_there);
	tcase_add_test(order, the_words_of_the_command_line);
	suite_add_tcase(s, order);
	tcase_add_checked_fixture(children, set_up, tear_down);
	tcase_add_test(children, a_child_has_what_its_parent_gave_and_may_itself);
	tcase_add_test(children, a_grant_of_a_childs_program_is_not_more_than_its_parent_has);
	tcase_add_test(children, a_child_has_the_stricter_of_both_limits);
	tcase_add_test(children, children_in_one_another_have_an_end);
	suite_add_tcase(s, children);
	return s;
}
CHECK_MAIN(suite)
