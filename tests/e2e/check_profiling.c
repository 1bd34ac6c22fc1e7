/*
 * check_profiling.c: programs are counted while they run and built anew from that, as a person
 * asks for it. However they end, and whatever is in their counters.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <sys/stat.h>

#include "cache/folder.h"
#include "supervisor/compiling/tally.h"
#include "supervisor/protocol.h"
#include "tests/check_run.h"
#include "tests/e2e/run.h"

static char hex[HASH_HEX_SIZE];

static void add(const char *guest)
{
	struct run_said said = run_expect(0, NULL, "rsctl add \"$guests\"/%s.wasm", guest);

	ck_assert_uint_ge(said.out_bytes, HASH_HEX_SIZE - 1);
	memcpy(hex, said.out, HASH_HEX_SIZE - 1);
}

/* What a list says of the program; NULL: nothing. */
static const json_t *row_of(const char *list)
{
	const json_t *rows = run_json(run_expect(0, NULL, "rsctl %s --json", list).out), *found;
	size_t i;

	json_array_foreach(
		rows, i, found) if (strcmp(run_text(found, "program"), hex) == 0) return found;
	return NULL;
}

static const json_t *row(void)
{
	return row_of("profile ls");
}

static bool is_used(void)
{
	return json_is_true(json_object_get(row(), "used"));
}

static bool has_tier(const char *tier)
{
	return strcmp(run_text(row_of("ls"), "tier"), tier) == 0;
}

static bool was_started_from(const char *tier)
{
	char words[64];

	snprintf(words, sizeof(words), "%s tier", tier);
	return strstr(run_expect(0, NULL, "rsctl events").out, words);
}

START_TEST(a_program_is_counted_and_then_built_from_that)
{
	const char *says = "Hello from a locked process!\nargument 1: twice\n";

	add("hello");
	run_expect(0, "", "rsctl profile start %s", hex);
	ck_assert(json_is_true(json_object_get(row(), "watched")));
	run_expect(0, says, "rsctl run %s twice", hex);
	ck_assert(was_started_from("instrumented"));
	RUN_UNTIL(run_number(row(), "runs") == 1);
	run_expect(0, says, "rsctl run %s twice", hex);
	run_expect(0, "", "rsctl profile stop %s", hex);
	ck_assert(is_used());
	ck_assert_int_eq(run_number(row(), "runs"), 2);
	RUN_UNTIL(has_tier("profiled"));
	run_expect(0, says, "rsctl run %s twice", hex);
	run_expect(0, NULL, "rsctl inspect %s | grep -q 'tier: profiled'", hex);
	run_expect(0, "", "rsctl profile rm %s", hex);
	run_expect(CONTROL_NOT_FOUND, "", "rsctl profile show %s", hex);
	run_expect(0, says, "rsctl run %s twice", hex);
}
END_TEST

static uint64_t spin(void)
{
	uint64_t process = run_start("rsctl start %s", hex);

	RUN_UNTIL(strcmp(run_logs(process), "spinning\n") == 0);
	return process;
}

START_TEST(one_that_is_killed_has_counted_all_the_same)
{
	add("spin");
	run_expect(0, "", "rsctl profile start %s", hex);
	run_expect(0, "", "rsctl kill %" PRIu64, spin());
	RUN_UNTIL(run_number(row(), "runs") == 1);
	run_expect(0, "", "rsctl profile rm %s", hex);
}
END_TEST

START_TEST(stopping_looks_at_what_runs)
{
	add("spin");
	run_expect(0, "", "rsctl profile start %s", hex);
	uint64_t process = spin();
	ck_assert_int_eq(run_number(row(), "running"), 1);
	run_expect(0, "", "rsctl profile stop %s", hex);
	ck_assert_int_eq(run_number(row(), "runs"), 1);
	ck_assert_int_eq(run_number(row(), "running"), 0);
	RUN_UNTIL(has_tier("profiled"));
	ck_assert(!run_is_gone(process));
	run_expect(0, "", "rsctl kill %" PRIu64, process);
	ck_assert_int_eq(run_number(row(), "runs"), 1);
}
END_TEST

START_TEST(a_program_that_is_removed_leaves_no_profile)
{
	add("spin");
	run_expect(0, "", "rsctl profile start %s", hex);
	(void)spin();
	run_expect(0, "", "rsctl rm --force %s", hex);
	RUN_UNTIL(run_expect(0, NULL, "ls \"$here\"/state/profiles").out_bytes == 0);
}
END_TEST

START_TEST(what_is_no_command_line_is_said_so)
{
	add("hello");
	run_expect(CONTROL_USAGE, "", "rsctl profile start");
	run_expect(CONTROL_USAGE, "", "rsctl profile ls %s", hex);
	run_expect(CONTROL_USAGE, "", "rsctl profile fly %s", hex);
	run_expect(CONTROL_NOT_FOUND, "", "rsctl profile stop %s", hex);
	run_expect(CONTROL_NOT_FOUND, "", "rsctl profile start 0123456789");
	run_expect(CONTROL_USAGE, NULL, "rsd --profile-share 101");
}
END_TEST

/* ---- whatever is in the counters ---- */

static uint64_t all_ones(size_t i)
{
	(void)i;
	return UINT64_MAX;
}
static uint64_t alternating(size_t i)
{
	return i & 1 ? INT64_MAX : 0;
}
static uint64_t scattered(size_t i)
{
	return (i + 1) * 0x9e3779b97f4a7c15u >> (i % 64);
}

static uint64_t (*const lies[])(size_t i) = { all_ones, alternating, scattered };

/* As a worker would have written them that was taken over. */
static void lie(uint64_t (*counter)(size_t i))
{
	CLEANUP(fd_closep) int folder = -1;
	CLEANUP(tally_deinit) struct tally tally;
	struct hash program;
	struct profile head;
	char path[256];

	snprintf(path, sizeof(path), "%s/state/profiles", run_here());
	ck_assert_int_eq(folder_open(path, &folder), 0);
	ck_assert(hash_from_hex(hex, &program));
	ck_assert_int_eq(tally_read(folder, &program, &tally), 0);
	memcpy(&head, tally.body, sizeof(head));
	uint64_t *counters =
		(uint64_t *)(void *)(tally.body + sizeof(head) + head.skeleton_bytes);
	for (size_t i = 0; i < head.counters_bytes / sizeof(*counters); i++)
		counters[i] = counter(i);
	tally_settle(&tally);
	ck_assert_int_eq(tally_write(folder, &program, &tally), 0);
}

START_TEST(lies_in_its_counters_change_nothing_of_what_it_does)
{
	const char *says = "Hello from a locked process!\nargument 1: again\n";

	add("hello");
	run_expect(0, "", "rsctl profile start %s", hex);
	run_expect(0, says, "rsctl run %s again", hex);
	run_expect(0, "", "rsctl profile stop %s", hex);
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		run_expect(0, NULL, "rsctl shutdown");
		run_rsd_ended();
		lie(lies[i]);
		run_rsd();
		run_expect(0, says, "rsctl run --best %s again", hex);
		ck_assert(has_tier("profiled"));
	}
}
END_TEST

/* ---- a share of all starts ---- */

static void run_rsd_share(void)
{
	run_rsd_with("--profile-share 100");
}

START_TEST(a_share_of_starts_is_counted_unasked)
{
	add("hello");
	run_expect(0, NULL, "rsctl run %s", hex);
	RUN_UNTIL(row());
	RUN_UNTIL(has_tier("profiled"));
	ck_assert(is_used());
	ck_assert(!json_is_true(json_object_get(row(), "watched")));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("profiling");
	TCase *asked = run_case("asked"), *hostile = run_case("hostile"),
	      *share = run_case_with("share", run_rsd_share);

	tcase_add_test(asked, a_program_is_counted_and_then_built_from_that);
	tcase_add_test(asked, one_that_is_killed_has_counted_all_the_same);
	tcase_add_test(asked, stopping_looks_at_what_runs);
	tcase_add_test(asked, a_program_that_is_removed_leaves_no_profile);
	tcase_add_test(asked, what_is_no_command_line_is_said_so);
	suite_add_tcase(s, asked);
	tcase_add_test(hostile, lies_in_its_counters_change_nothing_of_what_it_does);
	suite_add_tcase(s, hostile);
	tcase_add_test(share, a_share_of_starts_is_counted_unasked);
	suite_add_tcase(s, share);
	return s;
}

CHECK_MAIN(suite)
