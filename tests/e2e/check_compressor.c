/*
 * The compressor: a service that starts a worker for each job. What goes in comes back; what
 * becomes of a worker is one job's business; nobody starts more than he may.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

#define AT_ONCE 8

static uint64_t service;

static void set_up(void)
{
	run_rsd_with("--default-grant deny");
	run_expect(0, NULL,
		"rsctl interface add \"$REDSHIRT_TREE\"/share/redshirt/programs/"
		"compressor.proto");
}

/* Its workers are of this program. */
static void start(const char *worker, const char *options)
{
	service = run_start("rsctl start %s --allow program,register:compressor "
			    "\"$guests\"/compressor.wasm $(rsctl add \"$guests\"/%s.wasm)",
		options, worker);
	RUN_UNTIL(run("rsctl ps | grep -q ' compressor  *-'").status == 0);
}

#define COMPRESS "rsctl run --allow compressor \"$guests\"/compress.wasm"

static void lives_alone(void)
{
	RUN_UNTIL(run("test $(rsctl ps -q | wc -l) = 1").status == 0);
	ck_assert_str_eq(run_text(run_process(service), "state"), "running");
}

START_TEST(what_goes_in_comes_back)
{
	static const char *const inputs[] = {
		"printf ''",
		"echo a line of text",
		"head -c 3000000 /dev/zero",
		"head -c 1000000 /dev/urandom",
		"cat \"$guests\"/*.wasm | head -c 16000000",
	};

	start("compressor_worker", "");
	for (size_t i = 0; i < ARRAY_LEN(inputs); i++)
		run_expect(0, "",
			"%s >$here/in && " COMPRESS " <$here/in >$here/packed && " COMPRESS
			" -d <$here/packed >$here/out && cmp $here/in $here/out",
			inputs[i]);
	run_expect(0, NULL,
		"head -c 1000000 /dev/zero | " COMPRESS " | wc -c | "
		"{ read n; test $n -lt 100; }");
	lives_alone();
}
END_TEST

START_TEST(jobs_at_once_each_get_their_own_result)
{
	struct run_job jobs[AT_ONCE];

	start("compressor_worker", "");
	for (int i = 0; i < AT_ONCE; i++)
		jobs[i] =
			run_behind("sh -c 'yes line %d | head -c 2000000 >$here/in%d; " COMPRESS
				   " <$here/in%d >$here/packed%d && " COMPRESS
				   " -d <$here/packed%d | cmp - $here/in%d'",
				i, i, i, i, i, i);
	for (int i = 0; i < AT_ONCE; i++) {
		struct run_said said = run_join(&jobs[i]);
		ck_assert_msg(said.status == 0, "%s%s", said.out, said.err);
	}
	lives_alone();
}
END_TEST

START_TEST(damaged_data_is_refused_and_the_service_lives)
{
	start("compressor_worker", "");
	run_expect(1, "", "echo this is none | " COMPRESS " -d 2>$here/why");
	run_expect(0, "compress: malformed\n", "cat $here/why");
	run_expect(0, "fine", "printf fine | " COMPRESS " | " COMPRESS " -d");
	lives_alone();
}
END_TEST

START_TEST(a_worker_that_traps_fails_its_job_and_no_other)
{
	start("compressor_trap", "");
	for (int i = 0; i < 3; i++) {
		run_expect(1, "", "echo anything | " COMPRESS " 2>$here/why");
		run_expect(0, "compress: the handler is gone\n", "cat $here/why");
	}
	run_expect(0, "3\n", "rsctl ps -a --json | grep -o '\"cause\":\"trap\"' | wc -l");
	lives_alone();
}
END_TEST

START_TEST(more_workers_than_may_be_are_refused)
{
	start("silent", "--children 1");
	struct run_job first = run_behind("echo x | " COMPRESS);
	RUN_UNTIL(run("test $(rsctl ps -q | wc -l) = 3").status == 0);
	run_expect(1, "", "echo x | " COMPRESS " 2>$here/why");
	run_expect(0, "compress: a limit is reached\n", "cat $here/why");
	ck_assert_int_eq(run_number(run_process(service), "spawns_refused"), 1);

	/* its client goes, and so its worker: there is room again */
	run_expect(0, NULL, "rsctl kill $(rsctl ps | awk '/ compress /{print $1}')");
	run_join(&first);
	lives_alone();
}
END_TEST

START_TEST(workers_end_with_their_service)
{
	start("silent", "");
	struct run_job job = run_behind("echo x | " COMPRESS);
	RUN_UNTIL(run("test $(rsctl ps -q | wc -l) = 3").status == 0);
	run_expect(0, NULL, "rsctl kill %" PRIu64, service);
	ck_assert_int_eq(run_join(&job).status, 1);
	RUN_UNTIL(run("test $(rsctl ps -q | wc -l) = 0").status == 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("compressor");
	TCase *jobs = run_case_with("jobs", set_up);

	tcase_add_test(jobs, what_goes_in_comes_back);
	tcase_add_test(jobs, jobs_at_once_each_get_their_own_result);
	tcase_add_test(jobs, damaged_data_is_refused_and_the_service_lives);
	tcase_add_test(jobs, a_worker_that_traps_fails_its_job_and_no_other);
	tcase_add_test(jobs, more_workers_than_may_be_are_refused);
	tcase_add_test(jobs, workers_end_with_their_service);
	suite_add_tcase(s, jobs);
	return s;
}

CHECK_MAIN(suite)
