/*
 * grant_storm_client.c: sends messages without an end, with several in flight, and sees that
 * each completes once. Asked to stop, it waits for all of them and ends with 0, or with what is
 * wrong. "sure": it is granted all the time, and never denied.
 *
 *     grant_storm_client INSTANCE [sure]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "grant_storm.h"
#include "redshirt.h"

#define IN_FLIGHT   16u
#define PATIENCE_NS (40 * 1000000000ll)
#define PAUSE_NS    1000000ll

static const uint8_t interface[32] = GRANT_STORM_INTERFACE;
static struct {
	uint64_t id; /* 0: free */
	uint64_t number;
} flying[IN_FLIGHT];
static struct {
	struct rs_delivery head;
	struct grant_storm_message body;
} in;
static uint64_t sent, answered, denied, otherwise;
static uint32_t in_flight;
static int stopping, sure;

static _Noreturn void end(int status)
{
	printf("%llu answered, %llu denied, %llu otherwise\n", (unsigned long long)answered,
		(unsigned long long)denied, (unsigned long long)otherwise);
	exit(status);
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int is_known(uint32_t status)
{
	return status == RS_DENIED || status == RS_NO_HANDLER || status == RS_HANDLER_GONE ||
	       status == RS_BUSY || status == RS_LIMIT;
}

static void count(uint32_t status)
{
	if (status == RS_DENIED && sure)
		end(GRANT_STORM_DENIED);
	answered += status == RS_OK;
	denied += status == RS_DENIED;
	otherwise += status != RS_OK && status != RS_DENIED;
}

/* False: not now. */
static int send_one(uint32_t place)
{
	struct grant_storm_message message = { .number = ++sent, .begun_ns = now_ns() };
	uint64_t flags = RS_NEEDS_ANSWER | (sent % 3 ? RS_ALLOW_DELAY : 0);
	uint32_t status =
		rs_send(interface, &message, sizeof(message), flags, &flying[place].id);

	if (status == RS_OK) {
		flying[place].number = message.number;
		in_flight++;
		return 1;
	}
	flying[place].id = 0;
	if (!is_known(status))
		end(GRANT_STORM_CALL);
	count(status);
	return 0;
}

static void complete(void)
{
	uint32_t place = 0;

	while (place < IN_FLIGHT && flying[place].id != in.head.id)
		place++;
	if (place == IN_FLIGHT)
		end(GRANT_STORM_DOUBLE);
	if (in.head.status == RS_OK && (in.head.body_bytes != sizeof(in.body) ||
					       in.body.number != flying[place].number))
		end(GRANT_STORM_ANSWER);
	if (in.head.status != RS_OK && !is_known(in.head.status))
		end(GRANT_STORM_CALL);
	flying[place].id = 0;
	in_flight--;
	count(in.head.status);
}

static void hear(int64_t timeout_ns)
{
	int64_t got = rs_wait(&in, sizeof(in), timeout_ns);

	if (got == 0 && timeout_ns == PATIENCE_NS && stopping)
		end(GRANT_STORM_STUCK);
	if (got < 0 || got > (int64_t)sizeof(in))
		end(GRANT_STORM_CALL);
	if (got && in.head.kind == RS_ANSWER)
		complete();
	else if (got && in.head.kind == RS_NOTICE && in.head.status == RS_NOTICE_STOP)
		stopping = 1;
}

int main(int argc, char **argv)
{
	uint8_t own[32] = "storm:own:"; /* who handles nothing is not asked to stop */

	if (argc < 2)
		return 2;
	memcpy(own + 10, argv[1], strnlen(argv[1], 16));
	sure = argc > 2;
	if (rs_register(own) != RS_OK)
		return GRANT_STORM_CALL;
	while (!stopping || in_flight) {
		int goes = !stopping;

		for (uint32_t place = 0; goes && place < IN_FLIGHT; place++)
			goes = flying[place].id || send_one(place);
		hear(stopping ? PATIENCE_NS : PAUSE_NS);
	}
	end(0);
}
