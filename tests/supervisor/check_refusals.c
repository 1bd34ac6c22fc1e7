/*
 * What processes were refused: each kind is an event once, whatever comes after.
 */
#include <string.h>

#include "supervisor/workers/refusals.h"
#include "tests/check_run.h"

static struct events *events;
static struct names *names;

static void begin(void)
{
	ck_assert_int_eq(events_new(&events), 0);
	ck_assert_int_eq(names_new(&names), 0);
}

static void end(void)
{
	names = names_free(names);
	events = events_free(events);
}

static void say(
	uint64_t process, uint32_t *told, enum workers_refusal kind, const char *interface)
{
	const struct hash program = { .bytes = { 1 } };
	struct hash name = { 0 };

	if (interface)
		memcpy(name.bytes, interface, strlen(interface));
	refusals_say(events, names, &(struct refusals_of){ process, &program, told }, kind,
		interface ? &name : NULL);
}

START_TEST(a_kind_is_said_once_of_a_process)
{
	uint32_t one = 0, two = 0;

	for (int i = 0; i < 100; i++)
		say(1, &one, WORKERS_USE_DENIED, i ? "example:more" : "example:echo");
	ck_assert_uint_eq(events_last(events), 1);
	ck_assert_str_eq(events_get(events, 0)->name, "use-refused");
	ck_assert_str_eq(events_get(events, 0)->detail, "example:echo");
	say(2, &two, WORKERS_USE_DENIED, "example:echo");
	ck_assert_uint_eq(events_last(events), 2);
	ck_assert_uint_eq(events_get(events, 1)->process, 2);
}
END_TEST

START_TEST(each_kind_has_an_event_of_its_own)
{
	static const char *const names_of[] = { "use-refused", "register-refused", "limit-met",
		"lane-broken" };
	uint32_t told = 0;

	for (uint32_t kind = 0; kind < ARRAY_LEN(names_of); kind++)
		say(1, &told, kind, NULL);
	for (uint32_t kind = 0; kind < ARRAY_LEN(names_of); kind++)
		ck_assert_str_eq(events_get(events, kind)->name, names_of[kind]);
	ck_assert_str_eq(events_get(events, 0)->detail, "messages to another program");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("refusals");
	TCase *tc = tcase_create("said");

	tcase_add_checked_fixture(tc, begin, end);
	tcase_add_test(tc, a_kind_is_said_once_of_a_process);
	tcase_add_test(tc, each_kind_has_an_event_of_its_own);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
