/*
 * kill_storm_client.c: sends messages of all sizes without an end, with several in flight, and
 * keeps books of every id: it completes once, with its own answer or a status that can be.
 * Asked to stop, it waits for all of them and ends with 0; when a book is wrong, with the
 * number that says so. It may be killed at any time.
 *
 *     kill_storm_client INTERFACE INSTANCE LONGEST
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kill_storm.h"
#include "redshirt.h"

#define IN_FLIGHT_MAX 24u
#define PATIENCE_NS   (40 * 1000000000ll) /* there is always a handler again by then */

static uint8_t interface[32];
static uint32_t longest;
static struct flying {
	uint64_t id; /* 0: free */
	struct kill_storm_head head;
	bool delays, cancelled;
} flying[IN_FLIGHT_MAX];
static uint32_t in_flight;
static struct kill_storm_head next;
static bool stopping;
static uint64_t answered, otherwise, dice;

static union {
	struct kill_storm_head head;
	uint8_t bytes[KILL_STORM_BODY_MAX];
} out;
static struct {
	struct rs_delivery head;
	uint8_t body[KILL_STORM_BODY_MAX];
} in;

static uint32_t pick(uint32_t n)
{
	dice ^= dice << 13, dice ^= dice >> 7, dice ^= dice << 17; /* Marsaglia, "Xorshift" */
	return (uint32_t)(dice >> 32) % n;
}

static _Noreturn void fault(enum kill_storm_fault what, uint64_t number)
{
	printf("fault %d at %llu\n", what, (unsigned long long)number);
	exit(what);
}

/* Mostly short ones; some of one record, some that take many. */
static uint32_t some_bytes(void)
{
	const uint32_t most[] = { 64, 64, 64, 256, 256, 4096, 16 * 1024, 64 * 1024, longest };
	uint32_t kind = pick(100), row = kind < 90 ? pick(5) : kind < 99 ? 5 + pick(3) : 8;
	uint32_t limit = most[row] < longest ? most[row] : longest;

	return (uint32_t)sizeof(next) + pick(limit - (uint32_t)sizeof(next) + 1);
}

static bool may_be_refused_with(uint32_t status, bool delays, uint32_t bytes)
{
	switch (status) {
	case RS_BUSY:
	case RS_LIMIT:
	case RS_HANDLER_GONE:
		return true;
	case RS_NO_HANDLER:
		return !delays;
	case RS_TOO_BIG: /* it would have had to be kept */
		return delays && bytes > 16 * 1024 - 32;
	default:
		return false;
	}
}

/* False: not now. */
static bool send_one(void)
{
	uint32_t bytes = some_bytes(), place = 0;
	bool asks = pick(8) != 0, delays = asks && pick(2);
	uint64_t id = 0;

	while (place < IN_FLIGHT_MAX && flying[place].id)
		place++;
	if (place == IN_FLIGHT_MAX)
		return false;
	next.bytes = bytes;
	out.head = next;
	for (uint32_t i = sizeof(next); i < bytes; i++)
		out.bytes[i] = kill_storm_byte(&next, i);
	uint32_t status = rs_send(interface, out.bytes, bytes,
		(asks ? RS_NEEDS_ANSWER : 0) | (delays ? RS_ALLOW_DELAY : 0), &id);
	if (status != RS_OK) {
		if (!may_be_refused_with(status, delays, bytes))
			fault(KILL_STORM_STATUS, status);
		return false;
	}
	if (asks) {
		flying[place] = (struct flying){ .id = id, .head = next, .delays = delays };
		in_flight++;
	}
	next.number++;
	return true;
}

static void check_answer(const struct flying *f)
{
	uint32_t bytes = (uint32_t)in.head.body_bytes;
	struct kill_storm_head head;

	memcpy(&head, in.body, sizeof(head));
	if (in.head.status != RS_STATUS_PROGRAM + (f->head.number & 0xffff) ||
		bytes < sizeof(head) || bytes > head.bytes ||
		memcmp(&head, &f->head, sizeof(head)) != 0)
		fault(KILL_STORM_ANSWER, f->head.number);
	for (uint32_t i = sizeof(head); i < bytes; i++)
		if (in.body[i] != kill_storm_byte(&head, i))
			fault(KILL_STORM_ANSWER, f->head.number);
}

static void complete(void)
{
	uint32_t place = 0;

	while (place < IN_FLIGHT_MAX && flying[place].id != in.head.id)
		place++;
	if (!in.head.id || place == IN_FLIGHT_MAX)
		fault(KILL_STORM_DOUBLE, in.head.id);
	struct flying *f = &flying[place];
	if (in.head.status >= RS_STATUS_PROGRAM)
		check_answer(f), answered++;
	else if (in.head.status == RS_CANCELLED
			 ? f->cancelled
			 : in.head.status == RS_HANDLER_GONE || in.head.status == RS_LIMIT)
		otherwise++;
	else
		fault(KILL_STORM_STATUS, in.head.status);
	*f = (struct flying){ 0 };
	in_flight--;
}

/* False: nothing came in time. */
static bool wait_for_one(int64_t timeout_ns)
{
	int64_t got = rs_wait(&in, sizeof(in), timeout_ns);

	if (got == 0)
		return false;
	if (got < (int64_t)sizeof(in.head) || got > (int64_t)sizeof(in))
		fault(KILL_STORM_CALL, (uint64_t)got);
	if (in.head.kind == RS_NOTICE)
		stopping |= in.head.status == RS_NOTICE_STOP; /* or there is room again */
	else if (in.head.kind == RS_ANSWER)
		complete();
	else
		fault(KILL_STORM_CALL, in.head.kind);
	return true;
}

static void wait_until(uint32_t most)
{
	while (in_flight > most)
		if (!wait_for_one(PATIENCE_NS))
			fault(KILL_STORM_STUCK, next.number);
}

/* Not one that is perhaps still kept: it would be missing at the handler. */
static void cancel_one(void)
{
	struct flying *f = &flying[pick(IN_FLIGHT_MAX)];

	if (!f->id || f->delays)
		return;
	rs_cancel(f->id); /* RS_BUSY: it goes on */
	f->cancelled = true;
}

int main(int argc, char **argv)
{
	uint8_t own[32];

	if (argc < 4)
		return 2;
	memcpy(interface, argv[1], strnlen(argv[1], sizeof(interface)));
	next.instance = (uint32_t)strtoul(argv[2], NULL, 10);
	longest = (uint32_t)strtoul(argv[3], NULL, 10);
	dice = (next.instance + 1) * 0x9e3779b97f4a7c15ull;
	kill_storm_own(argv[2], own);
	if (rs_register(own) != RS_OK)
		fault(KILL_STORM_CALL, 0);
	while (!stopping) {
		bool sends = true;
		for (uint32_t n = 1 + pick(IN_FLIGHT_MAX); n && sends; n--)
			sends = send_one();
		if (pick(4) == 0)
			cancel_one();
		wait_until(pick(IN_FLIGHT_MAX));
		(void)wait_for_one(sends ? pick(4) * 50000 : 500000);
	}
	wait_until(0);
	while (wait_for_one(20 * 1000000)) /* no answer any more: it would be one too many */
		;
	printf("%llu answered, %llu not\n", (unsigned long long)answered,
		(unsigned long long)otherwise);
	return 0;
}
