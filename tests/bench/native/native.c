/*
 * native.c: measures programs built natively beside the same source as Wasm, in workers and in
 * other systems. One round runs every program in every way, one way right after the other, so
 * that a disturbance meets all of them.
 *
 *     native RESULT.json BUILT SUITE NAME...      BENCH_SECONDS (360) is about how long it
 * takes
 *
 * BUILT has a folder for each way of building, with a file for each NAME. SUITE is "" or the
 * folder of a suite, where NAME/args may hold arguments and NAME/input standard input. $tools
 * and $peers: what runs others; $only_link: a compiler that only links; $kept, if it is set:
 * where what ours compile is kept for the next time, which then says nothing of how long that
 * takes; $BENCH_WAYS: the only ways, if it is set. Ends with 0 also when targets are missed;
 * with 1 when a program does not say the same in every way, or cannot be built or run in one of
 * ours.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ipc/base.h"
#include "tests/bench/native/report.h"
#include "tests/bench/native/trial.h"

#define SECONDS_DEFAULT 360
#define SECONDS_MAX     (24 * 3600)
#define ROUNDS          5u /* an odd number has a middle */
#define PATH_SIZE       512
#define COMMAND_SIZE    1024

static const char *built, *suite;
static struct results results;
static double began_s, limit_s;
static bool keeping;

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void must(int r, const char *what)
{
	if (r == 0)
		return;
	fprintf(stderr, "bench-native: %s: %s\n", what, strerror(-r));
	exit(EXIT_FAILURE);
}

/* --- one program in one way --- */

static void file_of(const struct program *p, enum way way, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%s/%s%s", built, ways_all[way].build, p->name,
		way >= WAY_OURS ? ".wasm" : "");
}

/* NAME/args and NAME/input; a kernel has neither and does its usual work. */
static void arguments_of(const struct program *p, char text[TRIAL_TEXT_SIZE])
{
	char path[PATH_SIZE];

	text[0] = '\0';
	snprintf(path, sizeof(path), "%s/%s/args", suite, p->name);
	FILE *file = *suite ? fopen(path, "re") : NULL;
	if (!file)
		return;
	text[fread(text, 1, TRIAL_TEXT_SIZE - 1, file)] = '\0';
	fclose(file);
}

static const char *input_of(const struct program *p, char path[PATH_SIZE])
{
	snprintf(path, PATH_SIZE, "%s/%s/input", suite, p->name);
	return *suite && access(path, R_OK) == 0 ? path : NULL;
}

static void give_up(struct program *p, enum way way, const struct trial *trial)
{
	char *reason = p->cells[way].reason;

	if (trial->status == WAY_ABSENT)
		results.absent[way] = ways_all[way].needs;
	if (trial->status == TRIAL_LATE)
		snprintf(reason, RESULTS_REASON_SIZE, "took more than %d s", TRIAL_LIMIT_S);
	else
		snprintf(reason, RESULTS_REASON_SIZE, "status %d: %.120s", trial->status,
			trial->err);
}

/* The first way's output is what all others have to say. */
static bool is_right(struct program *p, enum way way, const struct trial *trial)
{
	if (!p->has_output) {
		p->output = trial->output;
		p->has_output = true;
	}
	if (memcmp(&p->output, &trial->output, sizeof(p->output)) == 0)
		return true;
	p->cells[way].differs = true;
	snprintf(p->cells[way].reason, RESULTS_REASON_SIZE,
		"the output is not that of %s; it begins: %.*s", ways_all[WAY_GCC].name,
		(int)strcspn(trial->out, "\n"), trial->out);
	return false;
}

static void take_result(struct program *p, enum way way, const struct trial *trial)
{
	struct cell *cell = &p->cells[way];

	if (trial->status)
		give_up(p, way, trial);
	else if (!is_right(p, way, trial))
		return;
	else if (trial->ns <= 0)
		snprintf(cell->reason, sizeof(cell->reason), "it did not say how long it took");
	else
		cell->ns[cell->rounds++] = trial->ns;
}

static bool is_wanted(const struct program *p, enum way way)
{
	return !results.absent[way] && !*p->cells[way].reason &&
	       !(ways_all[way].slow && p->cells[way].rounds > 0);
}

/* By hand for SIMD, so without it nothing that anybody would write. */
static bool is_for_simd(const struct program *p)
{
	return strncmp(p->name, "simd_", strlen("simd_")) == 0;
}

/* Why it is not even tried, or NULL. */
static const char *why_not(const struct program *p, enum way way, const char *file)
{
	if (is_for_simd(p) && strcmp(ways_all[way].build, "wasm") == 0)
		return "needs SIMD in the guest";
	return access(file, R_OK) < 0 ? "it was not built" : NULL;
}

static void run_once(struct program *p, enum way way)
{
	char file[PATH_SIZE], arguments[TRIAL_TEXT_SIZE], input[PATH_SIZE];
	struct trial trial;

	file_of(p, way, file);
	arguments_of(p, arguments);
	must(trial_shell(ways_all[way].command, file, arguments, input_of(p, input), &trial),
		ways_all[way].name);
	take_result(p, way, &trial);
}

/* --- ours: compiled before, and how long no work takes --- */

static void read_compiled(struct cell *cell, const char *text)
{
	json_t *said = json_loads(text, 0, NULL);

	if (!keeping) /* it may have been compiled before */
		cell->compile_s = json_number_value(json_object_get(said, "seconds"));
	cell->object_bytes = json_number_value(json_object_get(said, "bytes"));
	json_decref(said);
}

static void compile(struct program *p, enum way way)
{
	char file[PATH_SIZE], arguments[TRIAL_TEXT_SIZE], input[PATH_SIZE];
	struct trial trial;

	file_of(p, way, file);
	arguments_of(p, arguments);
	must(trial_shell(ways_all[way].compile, file, arguments, input_of(p, input), &trial),
		"compile");
	if (trial.status)
		give_up(p, way, &trial);
	else
		read_compiled(&p->cells[way], trial.out);
}

static void prepare(struct program *p, enum way way)
{
	char file[PATH_SIZE];

	file_of(p, way, file);
	const char *why = why_not(p, way, file);
	if (why)
		snprintf(p->cells[way].reason, RESULTS_REASON_SIZE, "%s", why);
	else if (ways_all[way].place && !results.absent[way])
		compile(p, way);
}

static void prepare_all(void)
{
	for (uint32_t i = 0; i < results.count; i++)
		for (enum way way = 0; way < WAYS; way++)
			prepare(&results.programs[i], way);
}

static double start_of(const struct program *p, enum way way)
{
	char file[PATH_SIZE];
	struct trial trial;

	file_of(p, way, file);
	must(trial_shell(ways_all[way].command, file, "0", NULL, &trial), "start");
	return trial.status == 0 ? trial.wall_ns : 0;
}

/* From exec to end without any work, for ours through rsctl: as a person starts it, but that a
 * shell comes first, for both. */
static void start_once(struct program *p)
{
	if (*suite || *p->cells[WAY_OURS].reason)
		return;
	double ns = start_of(p, WAY_GCC), ours_ns = start_of(p, WAY_OURS);
	if (ns <= 0 || ours_ns <= 0)
		return;
	p->start_ns[0][p->starts] = ns;
	p->start_ns[1][p->starts++] = ours_ns;
}

/* --- all --- */

static void measure_round(void)
{
	for (uint32_t i = 0; i < results.count; i++) {
		struct program *p = &results.programs[i];
		for (enum way way = 0; way < WAYS; way++)
			if (is_wanted(p, way))
				run_once(p, way);
		start_once(p);
	}
	results.rounds++;
}

/* Ends early when most of another round would be too late, but not before the first one. */
static void measure(void)
{
	double took = 0;

	while (results.rounds < ROUNDS &&
		(results.rounds == 0 || now_s() + took / 2 < began_s + limit_s)) {
		fprintf(stderr, "round %u of %u\n", results.rounds + 1, ROUNDS);
		double before = now_s();
		measure_round();
		took = now_s() - before;
	}
}

static double load(void)
{
	double average;

	return getloadavg(&average, 1) == 1 ? average : 0;
}

/* The rsds of this program have their things in one folder, which goes with them. */
static void set_up(char *folder)
{
	if (!mkdtemp(folder))
		must(-errno, folder);
	setenv("here", folder, 1);
	keeping = getenv("kept") != NULL;
	setenv("kept", folder, 0);
}

static void tear_down(const char *folder)
{
	struct trial trial;
	char command[COMMAND_SIZE];

	for (enum way way = 0; way < WAYS; way++) {
		if (!ways_all[way].place || results.absent[way])
			continue;
		snprintf(command, sizeof(command),
			"%s[ ! -d \"$REDSHIRT_RUN_DIR\" ] || exec rsctl shutdown",
			ways_all[way].place);
		must(trial_shell(command, "sh", "", NULL, &trial), "shutdown");
	}
	must(trial_shell("rm -rf \"$0\"", folder, "", NULL, &trial), "rm");
}

/* Peers may be missing, and whoever has no SIMD loses that; but what runs must be right. */
static int status(void)
{
	for (uint32_t i = 0; i < results.count; i++)
		for (enum way way = 0; way < WAYS; way++)
			if (results.programs[i].cells[way].differs)
				return EXIT_FAILURE;
	return EXIT_SUCCESS;
}

/* $BENCH_WAYS: heads of columns, each closed by a comma. The first way is what all others are
 * held against. */
static void leave_out(void)
{
	const char *wanted = getenv("BENCH_WAYS");
	char head[64];

	for (enum way way = WAY_GCC + 1; wanted && way < WAYS; way++) {
		snprintf(head, sizeof(head), "%s,", ways_all[way].head);
		const char *at = strstr(wanted, head);
		while (at && at > wanted && at[-1] != ',')
			at = strstr(at + 1, head);
		if (!at)
			results.absent[way] = "to be in BENCH_WAYS";
	}
}

static double seconds(void)
{
	const char *text = getenv("BENCH_SECONDS");
	long value = text ? strtol(text, NULL, 10) : SECONDS_DEFAULT;

	return value < 1 ? 1 : value > SECONDS_MAX ? SECONDS_MAX : (double)value;
}

int main(int argc, char **argv)
{
	_Static_assert(ROUNDS <= RESULTS_ROUNDS_MAX, "all rounds have a place");
	char folder[] = "/tmp/redshirt-native-XXXXXX";

	if (argc < 5 || argc > 4 + (int)RESULTS_PROGRAMS_MAX) {
		fprintf(stderr, "usage: make bench-native [SUITE=folder] [ONLY='name ...']\n");
		return 2;
	}
	built = argv[2];
	suite = argv[3];
	results.of_suite = *suite;
	for (int i = 4; i < argc; i++)
		results.programs[results.count++].name = argv[i];
	began_s = now_s();
	limit_s = seconds();
	results.load_before = load();
	set_up(folder);
	leave_out();
	prepare_all();
	measure();
	results.load_after = load();
	tear_down(folder);
	report_print(&results, stdout);
	must(report_write(&results, argv[1]), argv[1]);
	must(report_plot(&results, argv[1], stdout), "plot");
	return status();
}
