/*
 * check_sleep_soak.c: the sleep protocol as it is used: real runtimes in processes of their own
 * (ends_sleep(), inbox, sending, fragments, closing) and the real rsd half (workers) between
 * them, with random pauses before every access to shared words (dawdle.h). What they do makes
 * them sleep as often as they can: for messages, for answers, for room, for rsd.
 *
 * Nobody may be asleep while something waits for it. Each process looks at that itself, from an
 * alarm: the same sleep for several alarms, its bell silent, and something in a ring, room that
 * it wants, or a change in its table. SOAK_SECONDS says how long all of it shall take.
 */
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "interfaces/interface.h"
#include "interfaces/limits.h"
#include "runtime/calls.h"
#include "runtime/ends.h"
#include "runtime/held.h"
#include "runtime/inbox.h"
#include "runtime/sending.h"
#include "supervisor/workers/workers.h"
#include "tests/check_run.h"
#include "tests/ipc/dawdle.h"

#define CLIENTS       2u
#define QUICK_SECONDS 7
#ifndef SLEEP_MAX_MS
#define SLEEP_MAX_MS 20000 /* nobody sleeps this long with something to do */
#endif
#define ALARMS         5u /* looks in that time */
#define BURST_MAX      48u
#define BODY_MAX       (64 * KIB)
#define RING_BODY      (CALLS_BODY_MAX)
#define EXIT_OVERSLEPT 77
#define EXIT_WRONG     78

static const uint8_t interface[32] = "soak";

/* ---- what a process sees of its own sleep ---- */

static const char *who = "rsd";

static _Noreturn void fault(int code, const char *what, uint64_t number)
{
	fprintf(stderr, "%s: %s (%lu)\n", who, what, number);
	_exit(code);
}

static bool room_is_there(uint32_t i)
{
	const struct ring_out *out = &ends.all[i].lane.out;
	uint64_t head = __atomic_load_n(&out->head->position, __ATOMIC_ACQUIRE);

	return ends_has(&ends.want_room, i) && out->position - head <= out->bytes / 2;
}

static bool record_is_there(const struct ring_in *in)
{
	return __atomic_load_n(&in->tail->position, __ATOMIC_ACQUIRE) != in->position;
}

/* NULL: nothing waits. */
static const char *what_waits(void)
{
	if (__atomic_load_n(&ends.table->version, __ATOMIC_ACQUIRE) != ends.table_version)
		return "it sleeps and its table has changed";
	for (uint32_t i = 0; i < ends.high; i++) {
		if (!ends_readable(&ends.all[i]))
			continue;
		if (record_is_there(&ends.all[i].lane.in))
			return "it sleeps and there is something in its ring";
		if (room_is_there(i))
			return "it sleeps for room and there is some";
	}
	return NULL;
}

static void on_alarm(int signal)
{
	static uint64_t sleep;
	static uint32_t seen;
	uint64_t epoch = __atomic_load_n(&ends.own->sleep_epoch, __ATOMIC_RELAXED);
	int rung = 0, saved = errno;

	(void)signal;
	ioctl(ends.bell, FIONREAD, &rung);
	const char *what = (epoch & 1) && epoch == sleep && !rung ? what_waits() : NULL;
	seen = what ? seen + 1 : 0;
	sleep = epoch;
	if (seen == ALARMS) /* also a peer that is kept from ringing has had its time */
		fault(EXIT_OVERSLEPT, what, epoch);
	errno = saved;
}

static void watch_own_sleep(void)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
	long us = SLEEP_MAX_MS / ALARMS * 1000l;
	struct timeval every = { .tv_sec = us / 1000000, .tv_usec = us % 1000000 };
	struct itimerval timer = { .it_interval = every, .it_value = every };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}

/* ---- bodies ---- */

static uint8_t out[BODY_MAX];
static struct {
	struct rs_delivery head;
	uint8_t body[BODY_MAX];
} in;

static uint32_t some_bytes(void)
{
	static const uint32_t most[] = { 16, 16, 16, 200, 4096, RING_BODY, BODY_MAX };

	return 8 + (uint32_t)(dawdle_roll() % (most[dawdle_roll() % ARRAY_LEN(most)] - 8 + 1));
}

static struct body body_with(uint64_t number, uint32_t bytes)
{
	memcpy(out, &number, sizeof(number));
	for (uint32_t i = 8; i < bytes; i++)
		out[i] = (uint8_t)(number + i);
	return body_of(out, bytes);
}

static void check_body(uint64_t number)
{
	uint64_t said;

	memcpy(&said, in.body, sizeof(said));
	if (said != number)
		fault(EXIT_WRONG, "something is lost, doubled or overtaken", number);
	for (uint32_t i = 8; i < in.head.body_bytes; i++)
		if (in.body[i] != (uint8_t)(number + i))
			fault(EXIT_WRONG, "a body is torn", number);
}

/* True: something came. */
static bool next(int64_t timeout_ns)
{
	const struct inbox_want anything = { .answers = true, .messages = true };
	const struct inbox_sink sink = {
		.head = &in.head, .body = in.body, .room = sizeof(in)
	};
	int64_t got = inbox_next(&anything, &sink, timeout_ns);

	if (got < 0 || got > (int64_t)sizeof(in))
		fault(EXIT_WRONG, "waiting fails", (uint64_t)got);
	return got != 0;
}

/* ---- the client ---- */

static uint64_t asked, answered; /* numbers of those that want an answer, and of all */
static uint64_t numbers[4096], sent;

static void take_answer(void)
{
	if (in.head.kind != RS_ANSWER || in.head.status != RS_OK || answered == asked)
		fault(EXIT_WRONG, "what is this answer?", in.head.status);
	check_body(numbers[answered++ % ARRAY_LEN(numbers)]);
}

static bool ask(void)
{
	uint32_t bytes = some_bytes();
	bool keep = bytes <= RING_BODY && dawdle_roll() % 2;
	struct body body = body_with(sent, bytes);
	uint64_t id, flags = RS_NEEDS_ANSWER | (keep ? RS_ALLOW_DELAY : 0);
	uint32_t status = sending_message(interface, &body, flags, &id);

	if (status == RS_BUSY || status == RS_NO_HANDLER)
		return false;
	if (status != RS_OK)
		fault(EXIT_WRONG, "sending fails", status);
	numbers[asked++ % ARRAY_LEN(numbers)] = sent++;
	return true;
}

/* Sleeps until there is room, if there is none. */
static void tell(void)
{
	uint32_t bytes = 8 + (uint32_t)(dawdle_roll() % (RING_BODY - 8));

	(void)body_with(sent, bytes);
	if (calls_send(interface, out, bytes) == RS_OK)
		sent++;
}

static void wait_for_answers(uint64_t most)
{
	while (asked - answered > most)
		if (next(INBOX_FOREVER))
			take_answer();
}

static void live_as_client(uint64_t until_ns)
{
	do {
		uint64_t burst = dawdle_roll() % 4 ? 1 : dawdle_roll() % BURST_MAX;
		bool only_tells = dawdle_roll() % 16 == 0;
		for (uint64_t n = 0; n < burst; n++)
			if (only_tells)
				tell();
			else if (!ask())
				break;
		wait_for_answers(dawdle_roll() % 2 ? 0 : dawdle_roll() % BURST_MAX);
		if (dawdle_roll() % 32 == 0)
			calls_sleep_until(ends_clock_ns() + dawdle_roll() % 100000);
	} while (ends_clock_ns() < until_ns);
	wait_for_answers(0);
	if (!sent)
		fault(EXIT_WRONG, "nothing was tried", 0);
}

/* ---- the handler ---- */

static struct {
	uint64_t process, got;
} clients[CLIENTS];

static uint64_t *got_of(uint64_t process)
{
	for (uint32_t i = 0; i < CLIENTS; i++)
		if (clients[i].process == process || !clients[i].process) {
			clients[i].process = process;
			return &clients[i].got;
		}
	fault(EXIT_WRONG, "a client too many", process);
}

static void answer(void)
{
	uint64_t number, id = in.head.id;
	uint32_t status;

	memcpy(&number, in.body, sizeof(number));
	struct body body = body_with(number, some_bytes());
	while ((status = sending_answer(id, RS_OK, &body)) == RS_BUSY) {
		(void)!inbox_drain(); /* answers that were kept go first */
		inbox_sleep_drained(ends_clock_ns() + 50000);
	}
	if (status != RS_OK)
		fault(EXIT_WRONG, "answering fails", status);
}

static void take_message(void)
{
	uint64_t *got = got_of(in.head.process);

	check_body((*got)++);
	if (in.head.id)
		answer();
}

static void live_as_handler(void)
{
	struct rs_interface_register_request request = { .interface = { interface, 32 } };
	uint8_t body[RS_INTERFACE_BODY_BYTES_MAX];
	int64_t bytes = rs_interface_register_body(&request, body, sizeof(body));
	uint32_t none = 0;

	if (calls_request(rs_interface_interface, body, (uint32_t)bytes, NULL, &none))
		fault(EXIT_WRONG, "it may not register", 0);
	for (uint32_t gone = 0; gone < CLIENTS;) {
		if (!next(INBOX_FOREVER))
			fault(EXIT_WRONG, "for ever has an end", 0);
		if (in.head.kind == RS_PROCESS_GONE)
			gone++;
		else if (in.head.kind == RS_MESSAGE)
			take_message();
		else
			fault(EXIT_WRONG, "what is this?", in.head.kind);
	}
}

/* ---- processes ---- */

static const struct ground {
	uint32_t pause_one_in;
	bool two_cores, mediated;
} grounds[] = { { 0, false, false }, { 4, false, false }, { 32, true, false },
	{ 3, true, false }, { 16, true, true }, { 5, false, true } };

static uint64_t slice_ns(void)
{
	const char *soak = getenv("SOAK_SECONDS");
	uint64_t seconds = soak && *soak ? strtoul(soak, NULL, 10) : QUICK_SECONDS;

	return seconds * 1000000000u / ARRAY_LEN(grounds);
}

/* To the n-th processor we may use, or the last. */
static void pin(uint32_t n)
{
	cpu_set_t all, one;
	int chosen = -1;

	ck_assert_int_eq(sched_getaffinity(0, sizeof(all), &all), 0);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &all) && (chosen < 0 || n)) {
			n -= chosen >= 0;
			chosen = cpu;
		}
	CPU_ZERO(&one);
	CPU_SET(chosen, &one);
	ck_assert_int_eq(sched_setaffinity(0, sizeof(one), &one), 0);
}

static _Noreturn void live(uint32_t n, const struct ground *ground, const int fds[START_FDS])
{
	static const char *const names[] = { "handler", "client 1", "client 2" };
	const struct ends_start start = { .home_lane = fds[START_HOME_LANE],
		.own_page = fds[START_OWN_PAGE],
		.table = fds[START_TABLE],
		.rsd_page = fds[START_RSD_PAGE],
		.bell = fds[START_BELL],
		.socket = fds[START_SOCKET],
		.rsd_bell = fds[START_RSD_BELL] };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	who = names[n];
	dawdle_stir(n + 1);
	dawdle_one_in = ground->pause_one_in;
	pin(ground->two_cores ? n & 1 : 0);
	if (ends_init(&start) || inbox_init(RS_BODY_BYTES_MAX) || held_init())
		fault(EXIT_WRONG, "no runtime", 0);
	ends_ready();
	watch_own_sleep();
	if (n == 0)
		live_as_handler();
	else
		live_as_client(ends_clock_ns() + slice_ns());
	_exit(ends.own->sleep_epoch > 1 ? 0 : EXIT_WRONG); /* or nothing was tried */
}

/* ---- rsd ---- */

static struct workers *workers;
static struct pollfd ended[1 + CLIENTS + 1]; /* pidfds, then rsd's bell */

static void on_ready(void *context, uint64_t process)
{
	(void)context, (void)process;
}

static void on_broken(void *context, uint64_t process, const char *why)
{
	(void)context;
	ck_abort_msg("%lu broke the protocol: %s", process, why);
}

static void on_output(
	void *context, uint64_t process, uint32_t level, const void *text, uint32_t bytes)
{
	(void)context, (void)process, (void)level, (void)text, (void)bytes;
}

static void begin(uint32_t n, const struct ground *ground)
{
	static const struct hash program = { "soak" };
	int fds[START_FDS];

	ck_assert_int_eq(workers_add(workers, n + 1, &program, fds), 0);
	fflush(NULL);
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		live(n, ground, fds);
	workers_close_fds(fds);
	ended[n] =
		(struct pollfd){ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	ck_assert_int_ge(ended[n].fd, 0);
}

/* How many of them have ended now, and well. */
static uint32_t reap(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < 1 + CLIENTS; i++) {
		siginfo_t how = { 0 };
		struct trap_report report;
		if (ended[i].fd < 0 || !ended[i].revents)
			continue;
		ck_assert_int_eq(waitid(P_PIDFD, (id_t)ended[i].fd, &how, WEXITED), 0);
		ck_assert_int_eq(how.si_code, CLD_EXITED);
		ck_assert_int_eq(how.si_status, 0);
		workers_gone(workers, i + 1, &report);
		fd_closep(&ended[i].fd);
		n++;
	}
	return n;
}

/* As rsd's loop does it (workers.h). */
static void rsd_sleep(void)
{
	uint8_t rings[4096];
	uint64_t epoch = workers_sleep_begin(workers);
	bool waits = workers_waiting(workers);
	int n = poll(ended, ARRAY_LEN(ended), waits ? 0 : SLEEP_MAX_MS);

	if (n == 0 && !waits && workers_waiting(workers) &&
		poll(ended, ARRAY_LEN(ended), SLEEP_MAX_MS) == 0)
		ck_abort_msg("rsd slept while something waited");
	if (ended[1 + CLIENTS].revents)
		(void)!read(workers_bell(workers), rings, sizeof(rings));
	workers_sleep_end(workers, epoch);
}

START_TEST(nobody_sleeps_while_something_waits)
{
	const struct workers_events events = {
		.ready = on_ready, .broken = on_broken, .output = on_output
	};
	const struct ground *ground = &grounds[_i];

	ck_assert_int_eq(workers_new(&events, &workers), 0);
	workers_mediate(workers, ground->mediated);
	dawdle_one_in = ground->pause_one_in;
	for (uint32_t n = 0; n < 1 + CLIENTS; n++)
		begin(n, ground);
	ended[1 + CLIENTS] = (struct pollfd){ .fd = workers_bell(workers), .events = POLLIN };
	pin(0);
	for (uint32_t left = 1 + CLIENTS; left;) {
		if (!workers_pump(workers))
			rsd_sleep();
		else
			poll(ended, ARRAY_LEN(ended), 0);
		left -= reap();
	}
	workers_free(workers);
}
END_TEST

static Suite *sleep_soak_suite(void)
{
	Suite *suite = suite_create("sleep soak");
	TCase *runtimes = tcase_create("runtimes");

	tcase_set_timeout(runtimes, (double)slice_ns() / 1e9 + 2 * SLEEP_MAX_MS / 1000.0);
	tcase_add_loop_test(
		runtimes, nobody_sleeps_while_something_waits, 0, ARRAY_LEN(grounds));
	suite_add_tcase(suite, runtimes);
	return suite;
}

CHECK_MAIN(sleep_soak_suite)
