/*
 * check_kill_storm.c: clients and handlers in full traffic are killed at any moment, thousands
 * of times, and others take their places at once. The guests keep the books (see
 * tests/guests/kill_storm.h); who finds one wrong ends with a number that says so. Here is seen
 * that nobody ends but those who were killed, and that nothing of them stays in rsd.
 *
 *     STORM_KILLS=10000   in all, over all grounds
 *     STORM_SEED=4711     who is killed and when; what then happens is up to the machine
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/syscall.h>

#include "supervisor/rsctl/client.h"
#include "tests/check_run.h"
#include "tests/e2e/run.h"
#include "tests/guests/kill_storm.h"

#define KILLS_USUAL    10000u
#define INTERFACES_MAX 3u
#define CLIENTS        2u /* of each interface */
#define PLACES_MAX     (INTERFACES_MAX * (1 + CLIENTS))
#define PAUSE_MAX_US   12000u /* between two kills */
#define REPLY_MS       60000
#define CHECK_EVERY    100u /* kills */
#define TIMEOUT_S      900
#define REST_NAPS      20
#define HELD_NAPS      500 /* until what rsd lets go of must be gone */

static const struct ground {
	const char *rsd; /* its command line; nothing is built behind, which holds files */
	uint32_t interfaces, longest;
	uint32_t share; /* of all kills, in percent */
} grounds[] = {
	{ "--tier full", 3, 4096, 40 },
	{ "--tier full", 2, 64 * 1024, 20 },
	{ "--tier full", 2, KILL_STORM_BODY_MAX, 10 },
	{ "--tier full --mediate", 3, 4096, 20 },
	{ "--tier full --mediate", 2, KILL_STORM_BODY_MAX, 10 },
};

static struct place {
	bool handler;
	uint32_t interface;
	uint64_t process;
	int pidfd;
} places[PLACES_MAX];
static uint32_t places_count, instances;
static uint64_t seed, dice;
static char client_program[128], handler_program[128];

static uint32_t pick(uint32_t n)
{
	dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17; /* Marsaglia, "Xorshift" */
	return (uint32_t)(dice >> 32) % n;
}

static uint64_t number(const char *variable, uint64_t otherwise)
{
	const char *text = getenv(variable);

	return text && *text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- rsd: one question each, without a process for it ---- */

/* The final reply or, of a question that has one, the row. Kept until the test ends. */
static json_t *ask(json_t *request)
{
	struct client client = CLIENT_NONE;
	struct reply reply = { .kind = REPLY_PROGRESS };
	json_t *found = NULL;
	char path[256];

	snprintf(path, sizeof(path), "%s/run/" CONTROL_SOCKET_NAME, run_here());
	ck_assert_int_eq(client_open(path, &client), 0);
	ck_assert_int_eq(client_send(&client, request), 0);
	while (reply.kind != REPLY_DONE && reply.kind != REPLY_ERROR) {
		ck_assert_int_eq(client_receive(&client, REPLY_MS, &reply), 0);
		if (reply.kind == REPLY_ROW || (reply.kind == REPLY_DONE && !found))
			found = json_incref(reply.json);
	}
	client_close(&client);
	ck_assert_msg(reply.kind == REPLY_DONE, "rsd refuses");
	return found;
}

static json_t *inspect(uint64_t process)
{
	json_t *row =
		ask(json_pack("{s:s, s:I}", "op", "inspect", "target", (json_int_t)process));
	json_t *about = json_incref(json_object_get(row, "process"));

	json_decref(row);
	ck_assert_ptr_nonnull(about);
	return about;
}

/* ---- guests ---- */

static const char *fault_text(int64_t status)
{
	static const char *const texts[] = {
#define WORD(name, text) [KILL_STORM_##name - KILL_STORM_FIRST] = text,
		KILL_STORM_WORDS
#undef WORD
	};
	int64_t row = status - KILL_STORM_FIRST;

	return row > 0 && row < (int64_t)ARRAY_LEN(texts) ? texts[row] : "it ended";
}

static _Noreturn void guest_failed(const struct place *place, const json_t *about)
{
	int64_t status = run_number(about, "status");

	ck_abort_msg("STORM_SEED=%lu: %s %lu: %s (%s, %ld): %s", seed,
		place->handler ? "handler" : "client", place->process, fault_text(status),
		run_text(about, "cause"), status, run_logs(place->process));
	abort(); /* not reached */
}

static void start(struct place *place, uint32_t longest)
{
	char interface[32], instance[16], most[16];

	snprintf(interface, sizeof(interface), "storm:%u", place->interface);
	snprintf(instance, sizeof(instance), "%u", ++instances);
	snprintf(most, sizeof(most), "%u", longest);
	json_t *reply = ask(json_pack("{s:s, s:s, s:[s, s, s]}", "op", "start", "program",
		place->handler ? handler_program : client_program, "args", interface, instance,
		most));
	place->process = (uint64_t)run_number(reply, "process");
	json_decref(reply);
	json_t *about = inspect(place->process);
	pid_t pid = (pid_t)run_number(about, "pid");
	if (pid <= 1)
		guest_failed(place, about);
	place->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	json_decref(about);
}

static bool has_ended(const struct place *place)
{
	struct pollfd p = { .fd = place->pidfd, .events = POLLIN };

	return place->pidfd < 0 || poll(&p, 1, 0) > 0;
}

static void must_be_well(const struct place *place)
{
	if (has_ended(place))
		guest_failed(place, inspect(place->process));
}

static void kill_one(struct place *place)
{
	must_be_well(place);
	ck_assert_int_eq(syscall(SYS_pidfd_send_signal, place->pidfd, SIGKILL, NULL, 0), 0);
	fd_closep(&place->pidfd);
}

/* ---- a storm ---- */

static void pause_a_while(void)
{
	struct timespec t = { .tv_nsec = pick(4) ? pick(PAUSE_MAX_US) * 1000l : 0 };

	ppoll(NULL, 0, &t, NULL);
}

/* One, or a handler and everybody who talks to it. */
static uint32_t strike(uint32_t longest)
{
	uint32_t victim = pick(places_count), killed = 0;
	bool all = pick(16) == 0;
	bool struck[PLACES_MAX] = { false };

	for (uint32_t i = 0; i < places_count; i++) {
		struck[i] =
			i == victim || (all && places[i].interface == places[victim].interface);
		if (struck[i])
			kill_one(&places[i]);
		killed += struck[i];
	}
	for (uint32_t i = 0; i < places_count; i++)
		if (struck[i])
			start(&places[i], longest);
	return killed;
}

static bool handles_something(const struct place *place)
{
	json_t *about = inspect(place->process);
	bool handles = json_array_size(json_object_get(about, "handles")) > 0;

	json_decref(about);
	return handles;
}

static void stop(struct place *place)
{
	RUN_UNTIL(has_ended(place) || handles_something(place)); /* or it would not be asked */
	must_be_well(place);
	json_t *about = ask(json_pack("{s:s, s:I, s:i}", "op", "stop", "process",
		(json_int_t)place->process, "timeout_ms", 60000));
	if (run_number(about, "status") != 0)
		guest_failed(place, about);
	json_decref(about);
	fd_closep(&place->pidfd);
}

/* Clients first: a handler then has to have heard of all their ends. */
static void stop_all(void)
{
	for (uint32_t i = 0; i < places_count; i++)
		if (!places[i].handler)
			stop(&places[i]);
	for (uint32_t i = 0; i < places_count; i++)
		if (places[i].handler)
			stop(&places[i]);
}

/* What rsd holds: how many descriptors of each kind, and how many mappings. */
static const char *held_by_rsd(void)
{
	return run_expect(0, NULL,
		"ls -l /proc/%d/fd | sed 's/.*-> //; s/[0-9]*.$//' | sort | uniq -c\n"
		"wc -l </proc/%d/maps",
		run_rsd_pid(), run_rsd_pid())
		.out;
}

/* The same, once nothing comes or goes any more. */
static const char *held_at_rest(void)
{
	const char *held = "", *now = held_by_rsd();

	for (int same = 0; same < REST_NAPS; same++) {
		run_nap();
		held = now;
		now = held_by_rsd();
		if (strcmp(held, now) != 0)
			same = 0;
	}
	return now;
}

static void begin(const struct ground *ground)
{
	places_count = 0;
	for (uint32_t i = 0; i < ground->interfaces * (1 + CLIENTS); i++)
		places[places_count++] = (struct place){ .handler = i % (1 + CLIENTS) == 0,
			.interface = i / (1 + CLIENTS),
			.pidfd = -1 };
	for (uint32_t i = 0; i < places_count; i++)
		start(&places[i], ground->longest);
}

static void add_programs(void)
{
	snprintf(client_program, sizeof(client_program), "%s",
		run_expect(
			0, NULL, "printf %%s $(rsctl add \"$guests\"/kill_storm_client.wasm)")
			.out);
	snprintf(handler_program, sizeof(handler_program), "%s",
		run_expect(
			0, NULL, "printf %%s $(rsctl add \"$guests\"/kill_storm_handler.wasm)")
			.out);
}

static void traffic_was_real(void)
{
	for (uint32_t i = 0; i < places_count; i++)
		if (!places[i].handler)
			ck_assert_ptr_null(strstr(run_logs(places[i].process), "\n0 answered"));
}

START_TEST(killed_in_full_traffic_nothing_is_lost_doubled_or_forged)
{
	const struct ground *ground = &grounds[_i];
	uint64_t kills = number("STORM_KILLS", KILLS_USUAL) * ground->share / 100, killed = 0;

	dice = (seed + 1) * 0x9e3779b97f4a7c15ull;
	run_rsd_with(ground->rsd);
	add_programs();
	begin(ground); /* once, so that all is there that stays */
	stop_all();
	const char *held = held_at_rest(), *now = held;
	begin(ground);
	for (uint64_t looked = 0; killed < kills;) {
		pause_a_while();
		killed += strike(ground->longest);
		for (uint32_t i = 0; killed >= looked + CHECK_EVERY && i < places_count; i++)
			must_be_well(&places[i]);
		looked = killed - killed % CHECK_EVERY;
	}
	stop_all();
	traffic_was_real();
	run_expect(0, "", "rsctl ps -q");
	for (int naps = 0; strcmp(now = held_by_rsd(), held) != 0; naps++, run_nap())
		if (naps > HELD_NAPS)
			ck_abort_msg("rsd held\n%s and holds now\n%s", held, now);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("kill storm");
	TCase *tc = tcase_create("storm");

	seed = number("STORM_SEED", (uint64_t)run_now_ms());
	printf("STORM_SEED=%lu\n", seed);
	tcase_set_timeout(tc, TIMEOUT_S);
	tcase_add_unchecked_fixture(tc, run_folders, run_folders_end);
	tcase_add_checked_fixture(tc, NULL, run_rsd_end);
	tcase_add_loop_test(tc, killed_in_full_traffic_nothing_is_lost_doubled_or_forged, 0,
		ARRAY_LEN(grounds));
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
