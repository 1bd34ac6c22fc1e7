/*
 * ipc.c: measures messages beside what the machine and others can do. One round runs every row
 * once, so that a disturbance meets all of them; several rounds, on one core and free.
 *
 *     ipc RESULT.json         BENCH_SECONDS (120) is about how long all of it takes
 *
 * Ends with 0 also when targets are missed: the table says so. It is one test of Check, because
 * what it runs on (tests/e2e/run.h) fails by failing the test.
 */
#include <assert.h>
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/base.h"
#include "tests/bench/ipc/laps.h"
#include "tests/bench/ipc/report.h"
#include "tests/e2e/run.h"

#define SECONDS_DEFAULT 120
#define SECONDS_MIN     10
#define SECONDS_MAX     3600
#define ROUNDS          5u   /* an odd number has a middle */
#define ROUNDS_SHORT    3u   /* in less than a minute */
#define START_MS        100u /* a row takes so much longer than it measures */
#define MS_MIN          50u
#define MS_MAX          1000u
#define SETUP_S         4 /* of each place: programs are compiled, lanes opened */

static const char *result;
static struct report report;

static uint32_t seconds(void)
{
	const char *text = getenv("BENCH_SECONDS");
	long value = text ? strtol(text, NULL, 10) : SECONDS_DEFAULT;

	return (uint32_t)(value < SECONDS_MIN   ? SECONDS_MIN
			  : value > SECONDS_MAX ? SECONDS_MAX
						: value);
}

static uint32_t rounds_in(uint32_t all_s)
{
	return all_s < 60 ? ROUNDS_SHORT : ROUNDS;
}

/* How long each row measures, so that the whole takes so many seconds. */
static uint32_t ms_of_each(uint32_t all_s)
{
	uint32_t count = 0;
	int64_t each;

	for (enum place where = 0; where < PLACES; where++)
		for (size_t i = 0; i < rows_count; i++)
			count += !(rows_all[i].skipped >> where & 1);
	each = ((int64_t)all_s - PLACES * SETUP_S) * 1000 / (count * rounds_in(all_s)) -
	       START_MS;
	return each < MS_MIN ? MS_MIN : each > MS_MAX ? MS_MAX : (uint32_t)each;
}

/* What could not be measured once is not tried again. */
static void measure_round(struct report_place *place, enum place where)
{
	for (size_t i = 0; i < rows_count; i++) {
		struct measured *m = &place->rows[i].rounds[place->rounds];

		if ((rows_all[i].skipped >> where & 1) || *place->rows[i].reason)
			continue;
		world_measure(&rows_all[i], report.ms, m);
		memcpy(place->rows[i].reason, m->reason, sizeof(m->reason));
	}
	place->rounds++;
}

/* Ends early when most of another round would be too late, but not before the first one. */
static void measure_place(enum place where, uint32_t all_s)
{
	struct report_place *place = &report.places[where];
	int64_t end = run_now_ms() + (int64_t)all_s * 1000 / PLACES, before, took = 0;

	if (getloadavg(&place->load, 1) != 1)
		place->load = 0;
	world_begin(where);
	place->lanes = world_lanes();
	while (place->rounds < rounds_in(all_s) &&
		(place->rounds == 0 || run_now_ms() + took / 2 < end)) {
		fprintf(stderr, "%s: round %u of %u\n", rows_places[where], place->rounds + 1,
			rounds_in(all_s));
		before = run_now_ms();
		measure_round(place, where);
		took = run_now_ms() - before;
	}
	world_end();
}

START_TEST(messages)
{
	uint32_t all_s = seconds();

	report.ms = ms_of_each(all_s);
	for (enum place where = 0; where < PLACES; where++)
		measure_place(where, all_s);
	report_print(&report, stdout);
	ck_assert_msg(report_write(&report, result) == 0, "cannot write %s", result);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("bench-ipc");
	TCase *tc = tcase_create("all");

	tcase_add_unchecked_fixture(tc, run_folders, run_folders_end);
	tcase_set_timeout(tc, 0);
	tcase_add_test(tc, messages);
	suite_add_tcase(s, tc);
	return s;
}

static int show_failures(SRunner *runner)
{
	int count = srunner_ntests_failed(runner);
	TestResult **failures = srunner_failures(runner);

	for (int i = 0; i < count; i++)
		fprintf(stderr, "bench-ipc: %s\n", tr_msg(failures[i]));
	free(failures);
	return count ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	_Static_assert(ROUNDS <= REPORT_ROUNDS_MAX, "all rounds have a place");
	const char *bench = getenv("REDSHIRT_BENCH");

	if (argc != 2 || !bench) {
		fprintf(stderr, "usage: make bench-ipc\n");
		return 2;
	}
	assert(rows_count <= REPORT_ROWS_MAX);
	result = argv[1];
	setenv("bench", bench, 1);
	SRunner *runner = srunner_create(suite());
	srunner_run_all(runner, CK_SILENT);
	int status = show_failures(runner);
	srunner_free(runner);
	return status;
}
