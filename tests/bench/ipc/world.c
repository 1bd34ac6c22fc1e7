#include "tests/bench/ipc/world.h"

#include <check.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ipc/lane.h"
#include "tests/bench/ipc/laps.h"
#include "tests/e2e/run.h"

#define PATIENCE_S  20 /* for a row, beyond the time it measures; for the lanes */
#define OUTSTANDING 1000

static cpu_set_t allowed; /* as we were started */
static uint32_t lanes;
static struct run_job native; /* the handler that is no worker; it ends with rsd */

uint32_t world_lanes(void)
{
	return lanes;
}

/* --- where --- */

/* The last one: the first has the interrupts. */
static cpu_set_t one_of(const cpu_set_t *set)
{
	cpu_set_t one;
	int cpu = CPU_SETSIZE - 1;

	while (cpu > 0 && !CPU_ISSET(cpu, set))
		cpu--;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	return one;
}

/* Everything that is started from here on inherits it. */
static void go_to(enum place place)
{
	if (CPU_COUNT(&allowed) == 0)
		ck_assert_int_eq(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
	cpu_set_t set = place == PLACE_ONE_CORE ? one_of(&allowed) : allowed;
	ck_assert_int_eq(sched_setaffinity(0, sizeof(set), &set), 0);
}

/* --- lanes --- */

static uint32_t lanes_open(void)
{
	struct run_said said = run("rsctl run \"$guests\"/bench_ask.wasm opened bench:lanes");

	return said.status == 0 ? (uint32_t)strtoul(said.out, NULL, 10) : 0;
}

/* Goes on with those that are open in time: the table says how many. */
static void open_lanes(uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		run_start("rsctl start \"$guests\"/bench_ask.wasm open bench:lanes");
	int64_t end = run_now_ms() + PATIENCE_S * 1000;
	do {
		run_nap();
		lanes = lanes_open();
	} while (lanes < count && run_now_ms() < end);
}

void world_begin(enum place place)
{
	go_to(place);
	run_rsd_with("--tier full --max-body 64M --native bench");
	native = run_behind("exec \"$bench\"/native_echo bench:native");
	run_start("rsctl start \"$guests\"/bench_echo.wasm bench:echo");
	run_start("rsctl start \"$guests\"/bench_echo.wasm bench:lanes");
	open_lanes(LANES_MAX < WORLD_LANES + WORLD_LANES_KEPT ? LANES_MAX - WORLD_LANES_KEPT
							      : WORLD_LANES);
}

void world_end(void)
{
	run_rsd_end();
	run_join(&native);
}

/* --- a row --- */

static void why_not(struct measured *out, const char *what, const char *more)
{
	snprintf(out->reason, sizeof(out->reason), "%s%.*s", what, (int)strcspn(more, "\n"),
		more);
}

/* What sh says when there is no such program, what timeout says, what programs of ours say. */
static void read_status(
	const struct row *row, const struct run_said *said, struct measured *out)
{
	switch (said->status) {
	case LAPS_NOT_THERE:
		return why_not(out, "", said->out);
	case 126:
	case 127:
		return why_not(out, "absent: needs ", row->needs ? row->needs : "it");
	case 124:
		return why_not(out, "did not end", "");
	default:
		return why_not(out, "failed: ", *said->err ? said->err : said->out);
	}
}

static void read_line(const char *line, struct measured *out)
{
	if (sscanf(line, "%lf %lf %lf %lf", &out->p50, &out->p99, &out->p999,
		    &out->per_second) != 4)
		why_not(out, "said: ", line);
}

static void measure_command(const struct row *row, uint32_t ms, struct measured *out)
{
	char number[16];

	snprintf(number, sizeof(number), "%u", ms);
	setenv("ms", number, 1);
	struct run_said said =
		run("exec timeout %u sh -c '%s'", ms / 1000 + PATIENCE_S, row->command);
	if (said.status == 0)
		read_line(said.out, out);
	else
		read_status(row, &said, out);
}

/* From the kill to when the client has been told of the last of its messages. Worker and we
 * read the same clock. */
static void measure_death(struct measured *out)
{
	uint64_t sink = run_start("rsctl start \"$guests\"/bench_sink.wasm bench:sink");
	struct run_job job = run_behind(
		"exec rsctl run \"$guests\"/bench_ask.wasm outstanding bench:sink %d",
		OUTSTANDING);
	unsigned long long sent, completed, last;

	RUN_UNTIL(strstr(run_out_so_far(&job), "outstanding") || !run_is_going(&job));
	pid_t pid = (pid_t)run_number(run_process(sink), "pid");
	ck_assert_int_gt(pid, 1);
	uint64_t killed = laps_now();
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	struct run_said said = run_join(&job);
	if (sscanf(said.out, "%llu outstanding\n%llu completed, the last one at %llu", &sent,
		    &completed, &last) != 3 ||
		sent == 0 || sent != completed || last < killed)
		return why_not(out, "failed: ", said.out);
	out->p50 = out->p99 = out->p999 = (double)(last - killed);
}

void world_measure(const struct row *row, uint32_t ms, struct measured *out)
{
	*out = (struct measured){ 0 };
	if (row->command)
		measure_command(row, ms, out);
	else
		measure_death(out);
}
