/* Questions from the program that asks to the client that answers, and what comes of it. */
#include "supervisor/decisions/asking.h"
#include "tests/supervisor/control_fixture.h"

static const struct hash program = { .bytes = "a program" };
static const struct hash tcp = { .bytes = "tcp" };

static void set_up_asking(void)
{
	set_up();
	parts.ruling->policy.missing = POLICY_ASK;
}

static void set_up_impatient(void)
{
	ask_timeout_ms = 20;
	set_up_asking();
}

static struct process *add_process(const char *name)
{
	const struct processes_request wanted = {
		.program = program, .name = name, .limits = parts.limits, .strings = ""
	};
	struct process *p;

	ck_assert_int_eq(processes_add(parts.processes, &wanted, &p), 0);
	return p;
}

static uint32_t verdict(const struct process *p)
{
	return policy_verdict(&parts.ruling->policy, p->id, &p->program, &tcp, BROKER_USE)
		.status;
}

static bool ask(const struct process *p, const char *reason)
{
	return asking_ask(parts.asking, p->id, &tcp, BROKER_USE, reason, strlen(reason));
}

static struct hash numbered(uint32_t n)
{
	struct hash interface = { 0 };

	memcpy(interface.bytes, &n, sizeof(n));
	return interface;
}

/* How many events have this name; *last is the last one's detail. */
static unsigned count_events(const char *name, const char **last)
{
	unsigned n = 0;

	for (uint64_t i = events_first(parts.events); i < events_last(parts.events); i++) {
		const struct event *event = events_get(parts.events, i);
		if (strcmp(event->name, name) != 0)
			continue;
		n++;
		if (last)
			*last = event->detail;
	}
	return n;
}

/* The rows of pending. */
static json_t *pending(void)
{
	json_t *rows = json_array(), *message;
	int fd = enter();

	ck_assert(say_text(fd, "{\"op\":\"pending\"}"));
	while ((message = hear_json(fd)) && !json_object_get(message, "ok")) {
		json_array_append(rows, json_object_get(message, "row"));
		json_decref(message);
	}
	json_decref(message);
	close(fd);
	return rows;
}

static size_t how_many_pend(void)
{
	json_t *rows = pending();
	size_t n = json_array_size(rows);

	json_decref(rows);
	return n;
}

#define TEXT(row, key) json_string_value(json_object_get(row, key))

/* ---- questions ---- */

START_TEST(a_question_is_shown_with_all_that_is_known)
{
	const struct process *p = add_process("fetch");

	ck_assert_uint_eq(verdict(p), BROKER_ASK);
	ck_assert(ask(p, "for \"news\"\x1b[2J"));
	json_t *rows = pending(), *row = json_array_get(rows, 0);
	ck_assert_uint_eq(json_array_size(rows), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(row, "number")), 1);
	ck_assert_int_eq(
		json_integer_value(json_object_get(row, "process")), (json_int_t)p->id);
	ck_assert_str_eq(TEXT(row, "name"), "fetch");
	ck_assert_str_eq(TEXT(row, "right"), "use");
	ck_assert_str_eq(TEXT(row, "reason"), "for \"news\"\xef\xbf\xbd[2J");
	ck_assert_uint_eq(strlen(TEXT(row, "interface")), HASH_HEX_SIZE - 1);
	ck_assert_uint_eq(strlen(TEXT(row, "program")), HASH_HEX_SIZE - 1);
	ck_assert_int_gt(json_integer_value(json_object_get(row, "left_ms")), 0);
	json_decref(rows);
}
END_TEST

START_TEST(who_follows_is_told_of_each_its_reason_and_its_end)
{
	const struct process *p = add_process("");
	int fd = enter();

	ck_assert(say_text(fd, "{\"op\":\"pending\",\"follow\":true}"));
	turn_for(5);
	ck_assert(ask(p, ""));
	json_t *first = hear_json(fd);
	ck_assert_ptr_null(json_object_get(json_object_get(first, "row"), "reason"));
	ck_assert(ask(p, "please"));
	json_t *again = hear_json(fd);
	ck_assert_str_eq(TEXT(json_object_get(again, "row"), "reason"), "please");
	ck_assert_int_eq(answer("{\"op\":\"answer\",\"number\":1,\"grant\":\"allow\"}"), 0);
	json_t *over = hear_json(fd);
	ck_assert(json_is_true(json_object_get(json_object_get(over, "row"), "over")));
	json_decref(first);
	json_decref(again);
	json_decref(over);
	close(fd);
}
END_TEST

START_TEST(who_follows_is_somebody_to_be_asked)
{
	const struct process *p = add_process("");
	int fd = enter();

	parts.ruling->policy.missing = POLICY_ASK_IF_WATCHED;
	ck_assert_uint_eq(verdict(p), RS_DENIED);
	ck_assert(say_text(fd, "{\"op\":\"pending\",\"follow\":true}"));
	turn_for(5);
	ck_assert_uint_eq(verdict(p), BROKER_ASK);
	close(fd);
	turn_for(5);
	ck_assert_uint_eq(verdict(p), RS_DENIED);
}
END_TEST

START_TEST(no_more_is_asked_than_has_room_and_that_is_said_once)
{
	const struct process *p = add_process("");

	for (uint32_t i = 0; i < ASKS_PER_PROCESS; i++) {
		const struct hash interface = numbered(i);
		ck_assert(asking_ask(parts.asking, p->id, &interface, BROKER_USE, "", 0));
	}
	for (unsigned i = 0; i < 100; i++)
		ck_assert(!ask(p, ""));
	ck_assert_uint_eq(p->asks.refused, 100);
	ck_assert_uint_eq(count_events("ask-refused", NULL), 1);
	ck_assert_uint_eq(how_many_pend(), ASKS_PER_PROCESS);
}
END_TEST

START_TEST(what_could_not_be_remembered_is_not_asked)
{
	struct process *p = add_process("");

	for (uint32_t i = 0; i < PERMIT_ROWS_MAX; i++) {
		const struct hash interface = numbered(i);
		ck_assert_int_eq(permit_answer(&p->permit, &interface, BROKER_USE, false), 0);
	}
	ck_assert(!ask(p, ""));
}
END_TEST

START_TEST(events_quote_a_hostile_reason)
{
	const struct process *p = add_process("");
	const char *detail = "";

	ck_assert(ask(p, "x\" event=granted \\"));
	ck_assert_uint_eq(count_events("asked", &detail), 1);
	ck_assert_ptr_nonnull(strstr(detail, "x\\x22 event=granted \\x5c"));
}
END_TEST

START_TEST(a_process_takes_its_questions_with_it)
{
	struct process *p = add_process("");

	ck_assert(ask(p, ""));
	processes_happened(p, PROCESS_NO_OBJECT);
	ck_assert_int_eq(p->state, PROCESS_GONE);
	ck_assert_uint_eq(how_many_pend(), 0);
	ck_assert_uint_eq(count_events("answered", NULL), 0);
	ck_assert(!ask(p, ""));
}
END_TEST

/* ---- answers ---- */

START_TEST(once_is_for_this_process)
{
	static const char *const requests[] = {
		"{\"op\":\"answer\",\"number\":1,\"grant\":\"allow\"}",
		"{\"op\":\"answer\",\"number\":1,\"grant\":\"deny\"}",
	};
	const struct process *p = add_process(""), *other = add_process("");

	ck_assert(ask(p, ""));
	ck_assert_int_eq(answer(requests[_i]), 0);
	ck_assert_uint_eq(verdict(p), _i == 0 ? RS_OK : RS_DENIED);
	ck_assert_uint_eq(verdict(other), BROKER_ASK);
	ck_assert_uint_eq(how_many_pend(), 0);
}
END_TEST

START_TEST(always_is_for_the_program)
{
	static const char *const requests[] = {
		"{\"op\":\"answer\",\"number\":1,\"grant\":\"allow\",\"always\":true}",
		"{\"op\":\"answer\",\"number\":1,\"grant\":\"deny\",\"always\":true}",
	};
	const struct process *p = add_process(""), *other = add_process("");
	const char *detail = "";

	ck_assert(ask(p, ""));
	ck_assert_int_eq(answer(requests[_i]), 0);
	ck_assert_uint_eq(verdict(p), _i == 0 ? RS_OK : RS_DENIED);
	ck_assert_uint_eq(verdict(other), _i == 0 ? RS_OK : RS_DENIED);
	ck_assert_uint_eq(count_events("answered", &detail), 1);
	ck_assert_ptr_nonnull(strstr(detail, _i == 0 ? "allowed always" : "denied always"));
}
END_TEST

START_TEST(always_for_one_answers_the_others_of_the_program)
{
	const struct process *p = add_process(""), *other = add_process("");

	ck_assert(ask(p, ""));
	ck_assert(ask(other, ""));
	ck_assert_int_eq(
		answer("{\"op\":\"answer\",\"number\":2,\"grant\":\"allow\",\"always\":true}"),
		0);
	ck_assert_uint_eq(how_many_pend(), 0);
}
END_TEST

static void granted(void *context, int result)
{
	ck_assert_int_eq(result, 0);
	*(bool *)context = true;
}

static void grant(const struct grants_row *row)
{
	bool done = false;

	ck_assert_int_eq(keeper_grant(parts.ruling->keeper, row, 1, granted, &done), 0);
	for (int i = 0; i < 5000 && !done; i++)
		turn(1);
	ck_assert(done);
}

START_TEST(a_grant_answers_what_was_asked)
{
	const struct process *p = add_process("");
	const struct grants_row row = { .key = grants_key(&program, &tcp, BROKER_USE),
		.word = GRANTS_ALLOW };

	ck_assert(ask(p, ""));
	grant(&row);
	ck_assert_uint_eq(how_many_pend(), 0);
	ck_assert_uint_eq(count_events("answered", NULL), 1);
}
END_TEST

START_TEST(limits_outlive_an_answer)
{
	const struct process *p = add_process("");
	const struct grants_row row = { .key = grants_key(NULL, &tcp, BROKER_USE),
		.word = GRANTS_ASK,
		.mediated = true,
		.limits.messages_a_second = 7 };

	grant(&row);
	ck_assert(ask(p, ""));
	ck_assert_int_eq(
		answer("{\"op\":\"answer\",\"number\":1,\"grant\":\"allow\",\"always\":true}"),
		0);
	struct broker_verdict v =
		policy_verdict(&parts.ruling->policy, p->id, &p->program, &tcp, BROKER_USE);
	ck_assert_uint_eq(v.status, RS_OK);
	ck_assert(v.mediated);
	ck_assert_uint_eq(v.limits.messages_a_second, 7);
}
END_TEST

START_TEST(nobody_there_is_a_no)
{
	const struct process *p = add_process("");
	const char *detail = "";

	ck_assert(ask(p, ""));
	for (int i = 0; i < 5000 && verdict(p) == BROKER_ASK; i++)
		turn(1);
	ck_assert_uint_eq(verdict(p), RS_DENIED);
	ck_assert_uint_eq(how_many_pend(), 0);
	ck_assert_uint_eq(count_events("answered", &detail), 1);
	ck_assert_ptr_nonnull(strstr(detail, "timed out"));
}
END_TEST

START_TEST(what_is_no_answer_is_refused)
{
	static const struct {
		const char *request;
		int code;
	} rows[] = {
		{ "{\"op\":\"answer\",\"number\":2,\"grant\":\"allow\"}", CONTROL_NOT_FOUND },
		{ "{\"op\":\"answer\",\"number\":0,\"grant\":\"allow\",\"always\":true}",
			CONTROL_NOT_FOUND },
		{ "{\"op\":\"answer\",\"number\":1,\"grant\":\"ask\"}", CONTROL_USAGE },
		{ "{\"op\":\"answer\",\"number\":1}", CONTROL_USAGE },
		{ "{\"op\":\"answer\",\"grant\":\"deny\"}", CONTROL_USAGE },
		{ "{\"op\":\"answer\",\"number\":-1,\"grant\":\"deny\"}", CONTROL_USAGE },
	};
	const struct process *p = add_process("");

	ck_assert(ask(p, ""));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_int_eq(answer(rows[i].request), rows[i].code);
	ck_assert_uint_eq(how_many_pend(), 1);
}
END_TEST

START_TEST(who_answers_and_leaves_has_answered)
{
	const struct process *p = add_process("");
	int fd = enter();

	ck_assert(ask(p, ""));
	ck_assert(say_text(
		fd, "{\"op\":\"answer\",\"number\":1,\"grant\":\"allow\",\"always\":true}"));
	turn(0);
	close(fd);
	for (int i = 0; i < 5000 && verdict(p) == BROKER_ASK; i++)
		turn(1);
	ck_assert_uint_eq(verdict(p), RS_OK);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("asking");
	TCase *questions = tcase_create("questions"), *answers = tcase_create("answers"),
	      *time = tcase_create("time");

	tcase_add_checked_fixture(questions, set_up_asking, tear_down);
	tcase_add_test(questions, a_question_is_shown_with_all_that_is_known);
	tcase_add_test(questions, who_follows_is_told_of_each_its_reason_and_its_end);
	tcase_add_test(questions, who_follows_is_somebody_to_be_asked);
	tcase_add_test(questions, no_more_is_asked_than_has_room_and_that_is_said_once);
	tcase_add_test(questions, what_could_not_be_remembered_is_not_asked);
	tcase_add_test(questions, events_quote_a_hostile_reason);
	tcase_add_test(questions, a_process_takes_its_questions_with_it);
	suite_add_tcase(s, questions);
	tcase_add_checked_fixture(answers, set_up_asking, tear_down);
	tcase_add_loop_test(answers, once_is_for_this_process, 0, 2);
	tcase_add_loop_test(answers, always_is_for_the_program, 0, 2);
	tcase_add_test(answers, always_for_one_answers_the_others_of_the_program);
	tcase_add_test(answers, a_grant_answers_what_was_asked);
	tcase_add_test(answers, limits_outlive_an_answer);
	tcase_add_test(answers, what_is_no_answer_is_refused);
	tcase_add_test(answers, who_answers_and_leaves_has_answered);
	suite_add_tcase(s, answers);
	tcase_add_checked_fixture(time, set_up_impatient, tear_down);
	tcase_add_test(time, nobody_there_is_a_no);
	suite_add_tcase(s, time);
	return s;
}

CHECK_MAIN(suite)
