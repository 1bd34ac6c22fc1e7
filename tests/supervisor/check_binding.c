#include <stdio.h>
#include <string.h>

#include "supervisor/decisions/binding.h"
#include "tests/check_run.h"

#define S 1000000000ull

/* What was done, a letter each: s start, x stop, and the failures n(ot started) l(ate) o(ften).
 */
static char log_of[64];
static bool can_start, somebody_waits;
static struct binding b;
static uint64_t now;

static void note(char what)
{
	size_t n = strlen(log_of);

	log_of[n] = what;
	log_of[n + 1] = 0;
}

static bool start(void *context, struct binding *binding)
{
	ck_assert_ptr_eq(context, &b);
	ck_assert_int_eq(binding->state, BINDING_STARTING);
	note('s');
	return can_start;
}

static void stop(void *context, struct binding *binding)
{
	(void)context;
	(void)binding;
	note('x');
}

static void failed(void *context, struct binding *binding, enum binding_failure failure)
{
	(void)context;
	ck_assert_int_eq(binding->state, BINDING_IDLE);
	note("nlo"[failure]);
}

static bool awaited(void *context, struct binding *binding)
{
	(void)context;
	(void)binding;
	return somebody_waits;
}

static void set_up(void)
{
	b = (struct binding){ .due_ns = BINDING_NEVER };
	now = 1000 * S;
	log_of[0] = 0;
	can_start = true;
	somebody_waits = false;
}

/* Gives it the event, and expects this to be done. */
static void event(enum binding_event event, const char *done)
{
	const struct binding_actions actions = { &b, start, stop, failed, awaited };

	log_of[0] = 0;
	binding_event(&b, event, now, &actions);
	ck_assert_str_eq(log_of, done);
}

static void handle(void)
{
	event(BINDING_WANTED, "s");
	event(BINDING_RUNS, "");
	event(BINDING_REGISTERED, "");
	ck_assert_int_eq(b.state, BINDING_HANDLING);
}

static void spend(void)
{
	for (uint32_t i = 0; i < BINDING_STARTS_MAX; i++) {
		event(BINDING_WANTED, "s");
		event(BINDING_ENDED, "n");
		now += S;
	}
}

START_TEST(it_is_started_when_it_is_wanted_and_only_once)
{
	event(BINDING_WANTED, "s");
	event(BINDING_WANTED, "");
	event(BINDING_RUNS, "");
	event(BINDING_WANTED, "");
	event(BINDING_REGISTERED, "");
	ck_assert_uint_eq(b.due_ns, BINDING_NEVER);
}
END_TEST

START_TEST(after_its_end_it_is_started_again)
{
	handle();
	event(BINDING_ENDED, "");
	ck_assert_int_eq(b.state, BINDING_IDLE);
	handle();
}
END_TEST

START_TEST(one_that_let_go_is_followed_by_another)
{
	handle();
	event(BINDING_WANTED, "s");
	event(BINDING_RUNS, "");
	event(BINDING_REGISTERED, "");
}
END_TEST

START_TEST(one_that_ends_before_it_registers_has_failed)
{
	event(BINDING_WANTED, "s");
	event(BINDING_ENDED, "n");
	event(BINDING_WANTED, "s");
	event(BINDING_RUNS, "");
	event(BINDING_ENDED, "n");
}
END_TEST

START_TEST(one_that_cannot_be_started_has_failed)
{
	can_start = false;
	event(BINDING_WANTED, "sn");
	ck_assert_int_eq(b.state, BINDING_IDLE);
}
END_TEST

START_TEST(its_time_to_register_begins_with_its_first_instruction)
{
	event(BINDING_WANTED, "s");
	ck_assert_uint_eq(b.due_ns, BINDING_NEVER); /* a compile takes as long as it takes */
	now += 1000 * S;
	event(BINDING_RUNS, "");
	ck_assert_uint_eq(b.due_ns, now + BINDING_REGISTER_S * S);
	now = b.due_ns;
	event(BINDING_TIME, "xl");
	event(BINDING_ENDED, ""); /* the one that was stopped */
}
END_TEST

START_TEST(it_is_not_started_more_often_than_may_be)
{
	spend();
	ck_assert(binding_rests(&b, now));
	event(BINDING_WANTED, "o");
	event(BINDING_WANTED, "o");
}
END_TEST

START_TEST(starts_that_went_well_count_as_well)
{
	for (uint32_t i = 0; i < BINDING_STARTS_MAX; i++) {
		handle();
		ck_assert(!binding_rests(&b, now));
		event(BINDING_ENDED, "");
	}
	event(BINDING_WANTED, "o");
}
END_TEST

START_TEST(each_start_is_forgotten_in_its_time)
{
	spend(); /* one a second */
	uint64_t first = b.started_ns[0];
	now = first + BINDING_WINDOW_S * S - 1;
	event(BINDING_WANTED, "o");
	now = first + BINDING_WINDOW_S * S;
	ck_assert(!binding_rests(&b, now));
	event(BINDING_WANTED, "s");
	event(BINDING_ENDED, "n");
	event(BINDING_WANTED, "o"); /* the second is not old enough */
	now = first + (BINDING_WINDOW_S + 1) * S;
	event(BINDING_WANTED, "s");
}
END_TEST

START_TEST(the_user_need_not_wait)
{
	spend();
	event(BINDING_ORDERED, "s");
	event(BINDING_ENDED, "n");
	event(BINDING_WANTED, "s");
}
END_TEST

START_TEST(who_waits_on_is_tried_for_again)
{
	event(BINDING_WANTED, "s");
	event(BINDING_ENDED, "n");
	ck_assert_uint_eq(b.due_ns, now + BINDING_WINDOW_S * S);
	now = b.due_ns;
	somebody_waits = true;
	event(BINDING_TIME, "s");
	event(BINDING_ENDED, "n");
	now = b.due_ns;
	somebody_waits = false;
	event(BINDING_TIME, "");
	ck_assert_uint_eq(b.due_ns, BINDING_NEVER);
}
END_TEST

START_TEST(what_has_no_meaning_changes_nothing)
{
	event(BINDING_RUNS, "");
	event(BINDING_REGISTERED, "");
	event(BINDING_ENDED, "");
	ck_assert_int_eq(b.state, BINDING_IDLE);
	handle();
	event(BINDING_RUNS, "");
	event(BINDING_TIME, "");
	ck_assert_int_eq(b.state, BINDING_HANDLING);
}
END_TEST

START_TEST(states_have_words)
{
	ck_assert_str_eq(binding_state_text(BINDING_IDLE), "idle");
	ck_assert_str_eq(binding_state_text(BINDING_REGISTERING), "starting");
	ck_assert_str_eq(binding_state_text(BINDING_HANDLING), "handling");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("binding");
	TCase *starts = tcase_create("starts"), *budget = tcase_create("budget");

	tcase_add_checked_fixture(starts, set_up, NULL);
	tcase_add_test(starts, it_is_started_when_it_is_wanted_and_only_once);
	tcase_add_test(starts, after_its_end_it_is_started_again);
	tcase_add_test(starts, one_that_let_go_is_followed_by_another);
	tcase_add_test(starts, one_that_ends_before_it_registers_has_failed);
	tcase_add_test(starts, one_that_cannot_be_started_has_failed);
	tcase_add_test(starts, its_time_to_register_begins_with_its_first_instruction);
	tcase_add_test(starts, what_has_no_meaning_changes_nothing);
	tcase_add_test(starts, states_have_words);
	suite_add_tcase(s, starts);
	tcase_add_checked_fixture(budget, set_up, NULL);
	tcase_add_test(budget, it_is_not_started_more_often_than_may_be);
	tcase_add_test(budget, starts_that_went_well_count_as_well);
	tcase_add_test(budget, each_start_is_forgotten_in_its_time);
	tcase_add_test(budget, the_user_need_not_wait);
	tcase_add_test(budget, who_waits_on_is_tried_for_again);
	suite_add_tcase(s, budget);
	return s;
}

CHECK_MAIN(suite)
