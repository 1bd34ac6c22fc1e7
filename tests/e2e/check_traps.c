/*
 * Everything a program can do wrong by itself: it ends alone, with the status that a shell
 * knows, and its cause, address and function are told to whoever asks.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

#define STATUS_TRAP 134

/* --- the ways of trap.c --- */

static const struct {
	const char *way, *says; /* NULL: it comes to an ordinary end */
	const char *function;   /* NULL: where it traps is the C library's business */
} ways[] = {
	{ "oob", "out of bounds: address 0xfffffff0", "oob" },
	{ "oob-load", "out of bounds: address 0xffffffff", "oob_load" },
	{ "just-past-the-end", "out of bounds: address 0x", "just_past_the_end" },
	{ "past-grown", "out of bounds: address 0x", "past_grown" },
	{ "unreachable", "unreachable", "unreachable" },
	{ "divide", "division by zero", "divide" },
	{ "overflow", "integer overflow", "overflow" },
	{ "convert", "integer overflow", "convert" },
	{ "indirect", "indirect call mismatch", "indirect" },
	{ "indirect-past-table", "indirect call mismatch", "indirect_past_table" },
	{ "indirect-null", "indirect call mismatch", "indirect_null" },
	{ "stack", "stack overflow", "deeper" },
	{ "abort", "unreachable", NULL },
	{ "printed-before", "unreachable", "printed_before" },
	{ "last-byte", NULL, NULL },
	{ "null", NULL, NULL },
};

START_TEST(each_way_is_told_to_who_runs_it)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct run_said said = run_expect(ways[i].says ? STATUS_TRAP : 0, NULL,
			"rsctl run \"$guests\"/trap.wasm %s", ways[i].way);
		char place[128];

		snprintf(place, sizeof(place), " in %s (function ",
			ways[i].function ? ways[i].function : "");
		if (!ways[i].says)
			ck_assert_str_eq(said.err, "");
		else if (!strstr(said.err, ways[i].says) || !strstr(said.err, "trap.wasm") ||
			 (ways[i].function && !strstr(said.err, place)))
			ck_abort_msg("%s: %s", ways[i].way, said.err);
	}
}
END_TEST

START_TEST(each_way_is_told_to_who_asks_later)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		uint64_t process =
			run_start("rsctl start \"$guests\"/trap.wasm %s", ways[i].way);

		RUN_UNTIL(run_is_gone(process));
		const json_t *row = run_process(process);
		ck_assert_str_eq(run_text(row, "cause"), ways[i].says ? "trap" : "exited");
		ck_assert_int_eq(run_number(row, "status"), ways[i].says ? STATUS_TRAP : 0);
		if (ways[i].says && !strstr(run_text(row, "detail"), ways[i].says))
			ck_abort_msg("%s: %s", ways[i].way, run_text(row, "detail"));
		ck_assert_int_ge(run_number(row, "ended_ms"), run_number(row, "started_ms"));
	}
}
END_TEST

START_TEST(what_was_printed_before_comes_first)
{
	run_expect(STATUS_TRAP, "the last words\n",
		"rsctl run \"$guests\"/trap.wasm printed-before");
}
END_TEST

START_TEST(a_trap_harms_nobody_else)
{
	uint64_t echo = run_start("rsctl start \"$guests\"/echo.wasm");

	run_expect(STATUS_TRAP, "", "rsctl run \"$guests\"/trap.wasm oob");
	run_expect(STATUS_TRAP, "", "rsctl run \"$guests\"/trap.wasm stack");
	run_expect(0, "still here\n", "rsctl run \"$guests\"/ask.wasm 'still here'");
	ck_assert(!run_is_gone(echo));
}
END_TEST

START_TEST(who_called_whom_is_told)
{
	struct run_said said =
		run_expect(STATUS_TRAP, NULL, "rsctl run \"$guests\"/trap.wasm divide");
	const char *first = strstr(said.err, "#0 divide (function "),
		   *second = strstr(said.err, " _start"); /* what is between may be inlined */

	ck_assert_msg(first && second && first < second, "%s", said.err);
	said = run_expect(0, NULL, "rsctl events");
	first = strstr(said.out, "divide (function ");
	ck_assert_msg(first && strstr(first, " < _start"), "%s", said.out);
	uint64_t process = run_start("rsctl start \"$guests\"/trap.wasm divide");
	RUN_UNTIL(run_is_gone(process));
	said = run_expect(0, NULL, "rsctl logs %" PRIu64, process);
	ck_assert_ptr_nonnull(strstr(said.out, "#0 divide (function "));
	said = run_expect(0, NULL, "rsctl inspect %" PRIu64, process);
	ck_assert_ptr_nonnull(strstr(said.out, "divide (function "));
}
END_TEST

START_TEST(endless_recursion_is_one_line)
{
	struct run_said said =
		run_expect(STATUS_TRAP, NULL, "rsctl run \"$guests\"/trap.wasm stack");

	ck_assert_msg(strstr(said.err, "#0 deeper (function ") &&
			      strstr(said.err, " times\n") && strstr(said.err, "#1 ..."),
		"%s", said.err);
}
END_TEST

/* --- edges --- */

#define SOMEWHERE UINT64_MAX
#define END       (UINT64_MAX - 1) /* of memory: a page's beginning */

static const struct {
	const char *offset,
		*address; /* of the instruction; below zero: from the end of memory */
	uint64_t shown;
} edges[] = {
	{ "0", "-0", END },
	{ "1", "-1", END },
	{ "65536", "-65536", END },
	{ "0", "0xfffffff0", 0xfffffff0 },
	{ "0", "0xffffffff", 0xffffffff },
	{ "0xffffffff", "0", 0xffffffff },
	{ "0xfffffff0", "0x20", 0x100000010 },
	{ "0x7fffffff", "0x80000001", 0x100000000 },
	{ "0xfffffff0", "0xffffffff", 0x1ffffffef },
	{ "0xffffffff", "0xffffffff", 0x1fffffffe },
};

static uint64_t address_in(const char *text)
{
	static const char before[] = "out of bounds: address 0x";
	const char *at = strstr(text, before);

	return at ? strtoull(at + strlen(before), NULL, 16) : SOMEWHERE;
}

static void access_outside(const char *grow, const char *op, const char *offset,
	const char *address, uint64_t shown)
{
	struct run_said said =
		run("rsctl run \"$guests\"/edges.wasm %s %s %s %s", grow, op, offset, address);
	uint64_t at = address_in(said.err);

	if (said.status != STATUS_TRAP || at == SOMEWHERE ||
		(shown == END ? at % 65536 != 0 : shown != SOMEWHERE && at != shown))
		ck_abort_msg("%s %s %s %s: status %d: %s", grow, op, offset, address,
			said.status, said.err);
}

START_TEST(no_load_and_no_store_gets_past_an_edge)
{
	char *ops = run_expect(0, NULL, "rsctl run \"$guests\"/edges.wasm").out;
	size_t n = 0;

	for (char *op = strsep(&ops, "\n"); op && *op; op = strsep(&ops, "\n"), n++) {
		for (size_t i = 0; i < ARRAY_LEN(edges); i++)
			access_outside(
				"0", op, edges[i].offset, edges[i].address, edges[i].shown);
		access_outside("3", op, "0", "-0", END);
		if (!strchr(op, '8')) /* wider than a byte: half inside, half outside */
			access_outside("0", op, "0", "-1", SOMEWHERE);
	}
	ck_assert_uint_eq(n, 23);
}
END_TEST

START_TEST(the_last_place_inside_is_allowed)
{
	run_expect(0, "ok\n", "rsctl run \"$guests\"/edges.wasm 0 inside");
	run_expect(0, "ok\n", "rsctl run \"$guests\"/edges.wasm 5 inside");
}
END_TEST

/* --- depth --- */

START_TEST(deep_calls_come_back)
{
	struct run_said small = run_expect(0, NULL, "rsctl run \"$guests\"/deep.wasm 20000");
	struct run_said large =
		run_expect(0, NULL, "rsctl run \"$guests\"/deep.wasm 1000 large");

	ck_assert_uint_gt(small.out_bytes, 1);
	ck_assert_uint_gt(large.out_bytes, 1);
}
END_TEST

START_TEST(too_deep_is_a_stack_overflow)
{
	static const char *const words[] = { "100000000", "100000000 large" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct run_said said = run_expect(
			STATUS_TRAP, "", "rsctl run \"$guests\"/deep.wasm %s", words[i]);
		ck_assert_msg(strstr(said.err, "stack overflow"), "%s", said.err);
	}
}
END_TEST

/* --- limits --- */

START_TEST(memory_grows_to_its_limit_and_not_past_it)
{
	run_expect(0, "64 pages\n", "rsctl run --memory 4M \"$guests\"/greedy.wasm");
	run_expect(0, "1600 pages\n", "rsctl run --memory 100M \"$guests\"/greedy.wasm");
	run_expect(0, "17 pages\n", "rsctl run --memory 1088K \"$guests\"/greedy.wasm");
}
END_TEST

/* Sixteen pages at a time, so within that of what was allowed. */
START_TEST(the_limit_of_who_names_none_is_a_gibibyte_and_4_the_most)
{
	static const struct {
		const char *words;
		long pages;
	} limits[] = { { "", 16384 }, { "--memory 4G", 65536 } };

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct run_said said = run_expect(
			0, NULL, "rsctl run %s \"$guests\"/trap.wasm grow", limits[i].words);
		long pages = 0;
		ck_assert_int_eq(sscanf(said.out, "memory ends at %ld pages", &pages), 1);
		ck_assert_int_le(pages, limits[i].pages);
		ck_assert_int_gt(pages, limits[i].pages - 16);
	}
	ck_assert_int_ne(run("rsctl run --memory 5G \"$guests\"/hello.wasm").status, 0);
}
END_TEST

START_TEST(who_begins_with_more_than_it_may_have_is_not_started)
{
	struct run_said said =
		run_expect(1, "", "rsctl run --memory 64K \"$guests\"/hello.wasm");

	ck_assert_msg(strstr(said.err, "memory"), "%s", said.err);
	ck_assert_ptr_eq(strchr(said.err, '\n'), said.err + strlen(said.err) - 1);
}
END_TEST

static void ends_by_cpu_limit(const char *words)
{
	struct run_said said = run_expect(128 + SIGXCPU, "", "rsctl run --cpu 1 %s", words);

	ck_assert_msg(strstr(said.err, "CPU time"), "%s", said.err);
}

START_TEST(cpu_time_has_a_limit)
{
	uint64_t process = run_start("rsctl start --cpu 1 \"$guests\"/trap.wasm spin");

	ends_by_cpu_limit("\"$guests\"/start_loop.wasm"); /* both at once */
	RUN_UNTIL(run_is_gone(process));
	ck_assert_str_eq(run_text(run_process(process), "cause"), "cpu limit");
	ck_assert_int_eq(run_number(run_process(process), "status"), 128 + SIGXCPU);
}
END_TEST

START_TEST(an_endless_start_function_can_be_killed_and_stopped)
{
	uint64_t killed = run_start("rsctl start \"$guests\"/start_loop.wasm");
	uint64_t stopped = run_start("rsctl start \"$guests\"/start_loop.wasm");

	run_expect(0, NULL, "rsctl kill %" PRIu64, killed);
	run_expect(0, NULL, "rsctl stop --timeout 1 %" PRIu64, stopped);
	ck_assert_str_eq(run_text(run_process(killed), "cause"), "killed");
	ck_assert_int_eq(run_number(run_process(killed), "status"), 128 + SIGKILL);
	ck_assert(run_is_gone(stopped));
}
END_TEST

static void add_tests(TCase *tc)
{
	tcase_add_test(tc, each_way_is_told_to_who_runs_it);
	tcase_add_test(tc, each_way_is_told_to_who_asks_later);
	tcase_add_test(tc, what_was_printed_before_comes_first);
	tcase_add_test(tc, a_trap_harms_nobody_else);
	tcase_add_test(tc, who_called_whom_is_told);
	tcase_add_test(tc, endless_recursion_is_one_line);
	tcase_add_test(tc, no_load_and_no_store_gets_past_an_edge);
	tcase_add_test(tc, the_last_place_inside_is_allowed);
	tcase_add_test(tc, deep_calls_come_back);
	tcase_add_test(tc, too_deep_is_a_stack_overflow);
	tcase_add_test(tc, memory_grows_to_its_limit_and_not_past_it);
	tcase_add_test(tc, the_limit_of_who_names_none_is_a_gibibyte_and_4_the_most);
	tcase_add_test(tc, who_begins_with_more_than_it_may_have_is_not_started);
	tcase_add_test(tc, cpu_time_has_a_limit);
	tcase_add_test(tc, an_endless_start_function_can_be_killed_and_stopped);
}

static Suite *suite(void)
{
	Suite *s = suite_create("traps");
	TCase *tc = run_case("programs");

	add_tests(tc);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
