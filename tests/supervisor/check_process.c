#include <stdio.h>
#include <string.h>

#include "supervisor/processes/process.h"
#include "tests/check_run.h"

/* The whole table once more, as a person reads it: next state and what is done (e enqueue, w
 * withdraw, a ask, k kill, f finish), "." where the event means nothing. */
static const char *const expected[PROCESS_STATES][PROCESS_EVENTS] = {
	[PROCESS_COMPILING] = {
		[PROCESS_OBJECT] = "queued e", [PROCESS_NO_OBJECT] = "gone f",
		[PROCESS_SENT] = ".", [PROCESS_STARTED] = ".", [PROCESS_FAILED] = ".",
		[PROCESS_READY] = ".", [PROCESS_STOP] = "gone wf", [PROCESS_KILL] = "gone wf",
		[PROCESS_DEADLINE] = ".", [PROCESS_BROKE] = ".", [PROCESS_ENDED] = ".",
	},
	[PROCESS_QUEUED] = {
		[PROCESS_OBJECT] = ".", [PROCESS_NO_OBJECT] = ".",
		[PROCESS_SENT] = "starting ", [PROCESS_STARTED] = ".",
		[PROCESS_FAILED] = "gone f", [PROCESS_READY] = ".",
		[PROCESS_STOP] = "gone wf", [PROCESS_KILL] = "gone wf",
		[PROCESS_DEADLINE] = ".", [PROCESS_BROKE] = ".", [PROCESS_ENDED] = ".",
	},
	[PROCESS_STARTING] = {
		[PROCESS_OBJECT] = ".", [PROCESS_NO_OBJECT] = ".", [PROCESS_SENT] = ".",
		[PROCESS_STARTED] = "starting ", [PROCESS_FAILED] = "gone f",
		[PROCESS_READY] = "running ", [PROCESS_STOP] = "stopping k",
		[PROCESS_KILL] = "stopping k", [PROCESS_DEADLINE] = ".",
		[PROCESS_BROKE] = "stopping k", [PROCESS_ENDED] = "gone f",
	},
	[PROCESS_RUNNING] = {
		[PROCESS_OBJECT] = ".", [PROCESS_NO_OBJECT] = ".", [PROCESS_SENT] = ".",
		[PROCESS_STARTED] = "running ", [PROCESS_FAILED] = ".",
		[PROCESS_READY] = ".", [PROCESS_STOP] = "stopping a",
		[PROCESS_KILL] = "stopping k", [PROCESS_DEADLINE] = ".",
		[PROCESS_BROKE] = "stopping k", [PROCESS_ENDED] = "gone f",
	},
	[PROCESS_STOPPING] = {
		[PROCESS_OBJECT] = ".", [PROCESS_NO_OBJECT] = ".", [PROCESS_SENT] = ".",
		[PROCESS_STARTED] = "stopping ", [PROCESS_FAILED] = "gone f",
		[PROCESS_READY] = "stopping ", [PROCESS_STOP] = ".",
		[PROCESS_KILL] = "stopping k", [PROCESS_DEADLINE] = "stopping k",
		[PROCESS_BROKE] = "stopping k", [PROCESS_ENDED] = "gone f",
	},
	[PROCESS_GONE] = {
		[PROCESS_OBJECT] = ".", [PROCESS_NO_OBJECT] = ".", [PROCESS_SENT] = ".",
		[PROCESS_STARTED] = ".", [PROCESS_FAILED] = ".", [PROCESS_READY] = ".",
		[PROCESS_STOP] = ".", [PROCESS_KILL] = ".", [PROCESS_DEADLINE] = ".",
		[PROCESS_BROKE] = ".", [PROCESS_ENDED] = ".",
	},
};

static const char *const names[PROCESS_STATES] = { "compiling", "queued", "starting", "running",
	"stopping", "gone" };

static void note(void *context, char what)
{
	char *log = context;
	size_t n = strlen(log);

	log[n] = what;
	log[n + 1] = 0;
}

static void enqueue(void *context, struct process *p)
{
	(void)p;
	note(context, 'e');
}

static void withdraw(void *context, struct process *p)
{
	(void)p;
	note(context, 'w');
}

static void ask(void *context, struct process *p)
{
	(void)p;
	note(context, 'a');
}

static void kill_it(void *context, struct process *p)
{
	p->kill_wanted = true;
	note(context, 'k');
}

static void finish(void *context, struct process *p)
{
	(void)p;
	note(context, 'f');
}

static int happen(struct process *p, enum process_event event, char *log)
{
	const struct process_actions actions = { .context = log,
		.enqueue = enqueue,
		.withdraw = withdraw,
		.ask = ask,
		.kill = kill_it,
		.finish = finish };

	return process_event(p, event, &actions);
}

START_TEST(every_event_in_every_state_does_what_the_table_says)
{
	for (enum process_state state = 0; state < PROCESS_STATES; state++) {
		for (enum process_event event = 0; event < PROCESS_EVENTS; event++) {
			const char *wanted = expected[state][event];
			struct process p = { .state = state };
			char log[8] = "", got[32];
			int r = happen(&p, event, log);

			ck_assert_msg(
				wanted, "state %d event %d is not expected", state, event);
			if (r == PROCESS_IGNORED) {
				ck_assert_int_eq(p.state, state);
				ck_assert_str_eq(log, "");
				strcpy(got, ".");
			} else {
				snprintf(got, sizeof(got), "%s %s", names[p.state], log);
			}
			ck_assert_msg(strcmp(got, wanted) == 0,
				"%s, event %d: \"%s\", not \"%s\"", names[state], event, got,
				wanted);
		}
	}
}
END_TEST

START_TEST(a_kill_before_the_pidfd_is_known_is_done_when_it_is)
{
	struct process p = { .state = PROCESS_STARTING };
	char log[8] = "";

	ck_assert_int_eq(happen(&p, PROCESS_KILL, log), 0);
	ck_assert_int_eq(happen(&p, PROCESS_STARTED, log), 0);
	ck_assert_str_eq(log, "kk");
	ck_assert_int_eq(p.state, PROCESS_STOPPING);
}
END_TEST

/* xorshift: the same walk every time */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	return *state ^= *state << 17;
}

START_TEST(any_walk_finishes_exactly_once_and_stays_gone)
{
	uint64_t random = 88172645463325252ull;

	for (int walk = 0; walk < 3000; walk++) {
		struct process p = { .state = PROCESS_COMPILING };
		int finished = 0;

		for (int step = 0; step < 60; step++) {
			char log[8] = "";
			bool gone = p.state == PROCESS_GONE;
			(void)happen(&p, next_random(&random) % PROCESS_EVENTS, log);
			finished += strchr(log, 'f') != NULL;
			ck_assert(!gone || (p.state == PROCESS_GONE && !*log));
			ck_assert_int_eq(finished, p.state == PROCESS_GONE);
		}
	}
}
END_TEST

START_TEST(every_state_has_a_word)
{
	for (enum process_state state = 0; state < PROCESS_STATES; state++)
		ck_assert_ptr_nonnull(process_state_text(state));
	ck_assert_str_eq(process_state_text(PROCESS_QUEUED), "starting");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("process");
	TCase *table = tcase_create("table");

	tcase_add_test(table, every_event_in_every_state_does_what_the_table_says);
	tcase_add_test(table, a_kill_before_the_pidfd_is_known_is_done_when_it_is);
	tcase_add_test(table, any_walk_finishes_exactly_once_and_stays_gone);
	tcase_add_test(table, every_state_has_a_word);
	suite_add_tcase(s, table);
	return s;
}

CHECK_MAIN(suite)
