/*
 * A worker under stock tools: gdb and perf show the program's own names. Where a tool or the
 * right to use it is missing, the test says so and is passed over.
 */
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

static bool there(const char *tool)
{
	struct run_said said = run("command -v %s", tool);

	if (said.status)
		fprintf(stderr, "check_debug: no %s here: passed over\n", tool);
	return said.status == 0;
}

static uint64_t start_spin(void)
{
	uint64_t process = run_start("rsctl start \"$guests\"/spin.wasm");

	RUN_UNTIL(strstr(run("rsctl logs %" PRIu64, process).out, "spinning"));
	return process;
}

/* May this user look into a worker at all? */
static bool may_look(uint64_t process)
{
	struct run_said said =
		run("rsctl debug --symbols $here/symbols %" PRIu64 " >/dev/null", process);

	if (said.status == 4)
		fprintf(stderr, "check_debug: no right to look into workers: passed over\n");
	else
		ck_assert_msg(said.status == 0, "%s", said.err);
	return said.status == 0;
}

START_TEST(gdb_shows_the_programs_names)
{
	uint64_t process = start_spin();

	if (!there("gdb") || !may_look(process))
		return;
	struct run_said said = run("rsctl debug %" PRIu64 " -batch -ex bt 2>&1", process);
	if (strstr(said.out, "ptrace: ")) {
		fprintf(stderr, "check_debug: gdb may not trace here: passed over\n");
		return;
	}
	const char *inner = strstr(said.out, " in churn ("),
		   *outer = strstr(said.out, " in _start");
	ck_assert_msg(inner && outer && inner < outer, "%s", said.out);
}
END_TEST

START_TEST(perf_shows_the_programs_names)
{
	uint64_t process = start_spin();

	if (!there("perf") || !may_look(process))
		return;
	struct run_said said =
		run("perf record -q -e cpu-clock -o $here/perf.data -p $(rsctl ps "
		    "--json | grep -o '\"pid\":[0-9]*' | cut -d: -f2) -- sleep 0.3");
	run_expect(0, NULL, "rsctl kill %" PRIu64, process);
	if (said.status) {
		fprintf(stderr, "check_debug: perf may not record here: passed over\n");
		return;
	}
	said = run("perf report --stdio -i $here/perf.data --symfs $here/symbols 2>/dev/null");
	ck_assert_msg(strstr(said.out, "[.] churn"), "%s", said.out);
}
END_TEST

START_TEST(what_does_not_run_cannot_be_debugged)
{
	run_expect(3, NULL, "rsctl debug 987654");
	uint64_t process = start_spin();
	run_expect(0, NULL, "rsctl kill %" PRIu64, process);
	run_expect(3, NULL, "rsctl debug %" PRIu64, process);
}
END_TEST

START_TEST(a_function_is_shown_as_c_and_as_machine_code)
{
	char *hash = run_expect(0, NULL, "rsctl add \"$guests\"/spin.wasm").out;

	hash[strcspn(hash, "\n")] = 0;
	struct run_said said = run_expect(0, NULL, "rsctl inspect --asm churn %s", hash);
	const char *c = strstr(said.out, " 1664525u"),
		   *code = strstr(said.out, "$0x19660d,"); /* the same number */
	ck_assert_msg(c && code && c < code, "%s", said.out);
	said = run_expect(1, NULL, "rsctl inspect --asm nobody \"$guests\"/spin.wasm");
	ck_assert_ptr_nonnull(strstr(said.err, "no function has this name"));
	run_expect(3, NULL, "rsctl inspect --asm churn 0123456789");
}
END_TEST

START_TEST(a_trap_names_the_line_of_the_source)
{
	struct run_said said = run("rsctl run --best \"$guests\"/lines.wasm");
	char *traps = strtok(said.out, "\n"), *calls = strtok(NULL, "\n");

	ck_assert_int_eq(said.status, 134);
	ck_assert(traps && calls);
	const char *first = strstr(said.err, "#0 "), *second = strstr(said.err, "#1 ");
	ck_assert_msg(first && strstr(first, traps) && strstr(said.err, traps) < first &&
			      (!second || strstr(said.err, calls)),
		"%s, %s: %s", traps, calls, said.err);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("debug");
	TCase *tools = tcase_create("tools");

	tcase_set_timeout(tools, 120);
	tcase_add_unchecked_fixture(tools, run_folders, run_folders_end);
	tcase_add_checked_fixture(tools, run_rsd, run_rsd_end);
	tcase_add_test(tools, gdb_shows_the_programs_names);
	tcase_add_test(tools, perf_shows_the_programs_names);
	tcase_add_test(tools, a_function_is_shown_as_c_and_as_machine_code);
	tcase_add_test(tools, a_trap_names_the_line_of_the_source);
	tcase_add_test(tools, what_does_not_run_cannot_be_debugged);
	suite_add_tcase(s, tools);
	return s;
}

CHECK_MAIN(suite)
