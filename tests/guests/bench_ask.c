/*
 * bench_ask.c: measures messages from inside a program.
 *
 *     ask INTERFACE BYTES DEPTH MS      so many messages under way for so long; prints laps.h's
 * line open INTERFACE                    says "open" to bench_echo once and keeps the lane
 *     opened INTERFACE                  prints how many did
 *     outstanding INTERFACE COUNT       asks that often (or as often as it may) somebody who
 * never answers, prints how often; when the last of them completes: that, and the monotonic
 * time
 */
#include <string.h>

#include "../bench/ipc/laps.h"
#include "interfaces/time.h"
#include "redshirt.h"

#define DEPTH_MAX 1024u

static uint8_t interface[32];
static struct {
	struct rs_delivery head;
	uint8_t body[4096];
} in;
static uint64_t began[DEPTH_MAX]; /* of each message under way; answers come in order */

/* Whatever goes wrong ends the measurement; the harness shows the line. */
static _Noreturn void stop(int exit_status, const char *what, uint32_t status)
{
	printf("%s: %s\n", what, rs_status_text(status));
	exit(exit_status);
}

static int wait_for_answer(int64_t timeout_ns)
{
	int64_t got;

	do {
		got = rs_wait(&in, sizeof(in), timeout_ns);
		if (got < 0 || got > (int64_t)sizeof(in))
			stop(1, "waiting", got < 0 ? (uint32_t)-got : RS_TOO_BIG);
	} while (got && in.head.kind == RS_NOTICE && in.head.status == RS_NOTICE_ROOM);
	if (got == 0)
		return 0;
	if (in.head.kind != RS_ANSWER)
		exit(0); /* asked to stop */
	return 1;
}

static uint32_t ask_once(const void *body, size_t bytes)
{
	uint64_t id;
	uint32_t status =
		rs_send(interface, body, bytes, RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &id);

	if (status == RS_OK) {
		wait_for_answer(RS_FOREVER);
		status = in.head.status;
	}
	return status;
}

/* --- ask --- */

static uint64_t sent, answered;

/* Bodies that do not fit yet are no failure of the measurement. */
static void warm_up(const uint8_t *body, size_t bytes)
{
	for (int i = 0; i < 3; i++) {
		uint32_t status = ask_once(body, bytes);

		if (status == RS_TOO_BIG)
			stop(LAPS_NOT_THERE, "not supported yet", status);
		if (status != RS_OK)
			stop(1, "asking", status);
	}
}

static void fill(const uint8_t *body, size_t bytes, uint32_t depth, uint64_t now)
{
	while (sent - answered < depth) {
		uint64_t more = sent + 1 - answered < depth ? RS_MORE : 0, id;
		uint32_t status = rs_send(interface, body, bytes, RS_NEEDS_ANSWER | more, &id);

		if (status == RS_BUSY && sent > answered)
			return;
		if (status != RS_OK)
			stop(1, "sending", status);
		began[sent++ % DEPTH_MAX] = now;
	}
}

static uint64_t drain(void)
{
	wait_for_answer(RS_FOREVER);
	uint64_t now = laps_now();

	do {
		if (in.head.status != RS_OK)
			stop(1, "answer", in.head.status);
		laps_add(began[answered++ % DEPTH_MAX], now);
	} while (answered < sent && wait_for_answer(0));
	return now;
}

static int ask(char **words)
{
	size_t bytes = strtoul(words[0], NULL, 10);
	uint32_t depth = (uint32_t)strtoul(words[1], NULL, 10);
	uint8_t *body = calloc(1, bytes);

	if (!body || depth == 0 || depth > DEPTH_MAX)
		return 2;
	warm_up(body, bytes);
	uint64_t now = laps_begin((uint32_t)strtoul(words[2], NULL, 10));
	while (now < laps.end) {
		fill(body, bytes, depth, now);
		now = drain();
	}
	return laps_print();
}

/* --- open, opened --- */

static int open(char **words)
{
	(void)words;
	uint32_t status = ask_once("open", 4);

	if (status != RS_OK)
		stop(1, "opening", status);
	for (;;)
		wait_for_answer(RS_FOREVER);
}

static int opened(char **words)
{
	uint64_t count;
	uint32_t status = ask_once("", 0);

	(void)words;
	if (status != RS_OK)
		stop(1, "asking", status);
	memcpy(&count, in.body, sizeof(count));
	printf("%llu\n", count);
	return 0;
}

/* --- outstanding --- */

static int outstanding(char **words)
{
	uint64_t count = strtoull(words[0], NULL, 10), id;

	while (sent < count) {
		uint32_t status = rs_send(interface, "hello", 5,
			RS_NEEDS_ANSWER | (sent ? 0 : RS_ALLOW_DELAY), &id);
		if (status == RS_BUSY || status == RS_LIMIT)
			break;
		if (status != RS_OK)
			stop(1, "sending", status);
		sent++;
	}
	printf("%llu outstanding\n", sent);
	fflush(stdout);
	for (; answered < sent; answered++)
		wait_for_answer(RS_FOREVER);
	printf("%llu completed, the last one at %llu\n", answered, laps_now());
	return 0;
}

static const struct {
	const char *name;
	int words;
	int (*run)(char **words);
} commands[] = {
	{ "ask", 3, ask },
	{ "open", 0, open },
	{ "opened", 0, opened },
	{ "outstanding", 1, outstanding },
};

/* A readable name, or that of the host interface `time`, which says NOW to a body of zeroes. */
static void set_interface(const char *name)
{
	if (strcmp(name, "time") == 0)
		memcpy(interface, rs_interface_time, sizeof(interface));
	else
		memcpy(interface, name, strnlen(name, sizeof(interface)));
}

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 2 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0 && argc == 3 + commands[i].words) {
			set_interface(argv[2]);
			return commands[i].run(argv + 3);
		}
	return 2;
}
