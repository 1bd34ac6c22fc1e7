/*
 * As many programs as rsd takes: the last one works like the first, one more is refused in a
 * line, and there is still room to compile. And a thousand that each have a lane to one
 * handler: what that takes, and that nothing of it stays.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

#define KEPT_FREE 20 /* for the programs of the test itself */

/* How many may run at once on this machine. */
static int64_t most(void)
{
	struct run_said said = run_expect(0, NULL, "rsctl doctor --json 2>&1");
	json_t *about = json_loads(said.out, 0, NULL);
	int64_t n = run_number(json_object_get(about, "limits"), "processes");

	json_decref(about);
	ck_assert_int_gt(n, 100);
	return n;
}

static void start_many(int64_t n)
{
	run_expect(0, "",
		"rsctl add \"$guests\"/silent.wasm >\"$here\"/program\n"
		"for i in $(seq %" PRId64 "); do\n"
		"rsctl start $(cat \"$here\"/program) >>\"$here\"/started || exit 1; done",
		n);
}

START_TEST(the_last_works_like_the_first)
{
	start_many(most() - KEPT_FREE);
	run_start("rsctl start \"$guests\"/echo.wasm"); /* compiled here */
	run_expect(0, "2000 sent, 2000 answered, 0 not\n",
		"rsctl run \"$guests\"/storm.wasm 2000 32 200");
	run_expect(0, NULL, "rsctl kill $(tail -n 1 \"$here\"/started)");
}
END_TEST

START_TEST(one_too_many_is_refused_and_the_others_go_on)
{
	start_many(most());
	struct run_said said = run("rsctl start $(cat \"$here\"/program)");
	ck_assert_int_eq(said.status, 1);
	ck_assert_ptr_eq(strchr(said.err, '\n'), said.err + strlen(said.err) - 1);
	run_expect(0, NULL, "rsctl kill $(head -n 1 \"$here\"/started)");
	run_expect(0, NULL, "rsctl start $(cat \"$here\"/program)");
}
END_TEST

/* ---- a thousand lanes into one handler ---- */

#define LANES 1000

static size_t count_entries(const char *folder)
{
	DIR *entries = opendir(folder);
	size_t n = 0;

	ck_assert_ptr_nonnull(entries);
	while (readdir(entries))
		n++;
	closedir(entries);
	return n;
}

static size_t descriptors(pid_t pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	return count_entries(path);
}

/* What a process has mapped of the things that are shared: how many mappings, and how much of
 * lanes is really there. */
struct shared {
	size_t mappings, lane_kib;
};

static struct shared shared_of(pid_t pid)
{
	char path[64], line[512];
	struct shared shared = { 0 };
	bool of_lane = false;
	size_t kib;

	snprintf(path, sizeof(path), "/proc/%d/smaps", pid);
	FILE *maps = fopen(path, "r");
	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (strstr(line, "/memfd:")) {
			shared.mappings++;
			of_lane = strstr(line, "/memfd:lane (") != NULL;
		} else if (of_lane && sscanf(line, "Rss: %zu", &kib) == 1) {
			shared.lane_kib += kib;
		}
	}
	fclose(maps);
	return shared;
}

static int64_t resident_kib(pid_t pid)
{
	char path[64], line[256];
	long long kib = -1;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	FILE *status = fopen(path, "r");
	ck_assert_ptr_nonnull(status);
	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "VmRSS: %lld", &kib) == 1)
			break;
	fclose(status);
	return kib;
}

static bool all_have_a_lane(void)
{
	struct run_said said = run("rsctl run \"$guests\"/bench_ask.wasm opened example:lanes");

	return said.status == 0 && strtol(said.out, NULL, 10) == LANES;
}

static int64_t number_of(uint64_t process, const char *key)
{
	struct run_said said = run_expect(0, NULL, "rsctl inspect %" PRIu64 " --json", process);
	json_t *object = run_json(said.out);

	return run_number(json_object_get(object, "process"), key);
}

static void ask_and_go(uint64_t handler)
{
	run_expect(0, "",
		"for i in $(seq %d); do\n"
		"rsctl start \"$guests\"/bench_ask.wasm open example:lanes >>\"$here\"/opened "
		"||"
		" exit 1; done",
		LANES);
	RUN_UNTIL(all_have_a_lane()); /* each asked and was answered */
	run_expect(0, "1001\n", "rsctl ps -q | wc -l");
	ck_assert_int_ge(number_of(handler, "lanes"), LANES);
}

static void a_thousand_lanes_come_and_go(void)
{
	pid_t rsd = run_rsd_pid();
	uint64_t handler = run_start("rsctl start \"$guests\"/bench_echo.wasm example:lanes");

	run_expect(0, NULL,
		"rsctl compile \"$guests\"/bench_ask.wasm && rsctl ps && "
		"rsctl run \"$guests\"/bench_ask.wasm opened example:lanes");
	RUN_UNTIL(number_of(handler, "lanes") == 0);
	size_t before_fds = descriptors(rsd);
	struct shared before = shared_of(rsd);
	int64_t before_kib = resident_kib(rsd);
	ask_and_go(handler);
	struct shared with = shared_of((pid_t)run_number(run_process(handler), "pid"));
	printf("%d lanes: %.1f KiB of each are there at the handler, rsd grew by %.1f KiB for "
	       "each worker with its lane\n",
		LANES, (double)with.lane_kib / LANES,
		(double)(resident_kib(rsd) - before_kib) / LANES);
	run_expect(0, NULL, "xargs -n 100 rsctl kill <\"$here\"/opened && rm \"$here\"/opened");
	RUN_UNTIL(number_of(handler, "lanes") == 0);
	/* the connection that told this may still be closing, then as now */
	RUN_UNTIL(descriptors(rsd) <= before_fds);
	RUN_UNTIL(shared_of(rsd).mappings <= before.mappings);
}

START_TEST(a_thousand_direct_lanes_come_and_go)
{
	a_thousand_lanes_come_and_go();
}
END_TEST

START_TEST(a_thousand_mediated_lanes_come_and_go)
{
	run_rsd_end();
	run_rsd_with("--tier full --mediate");
	a_thousand_lanes_come_and_go();
}
END_TEST

static void fresh(void)
{
	run_folders();
	run_rsd_full();
}

static void end(void)
{
	run_rsd_end();
	run_folders_end();
}

static Suite *suite(void)
{
	Suite *s = suite_create("many");
	TCase *tc = tcase_create("programs");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, fresh, end);
	tcase_add_test(tc, the_last_works_like_the_first);
	tcase_add_test(tc, one_too_many_is_refused_and_the_others_go_on);
	tcase_add_test(tc, a_thousand_direct_lanes_come_and_go);
	tcase_add_test(tc, a_thousand_mediated_lanes_come_and_go);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
