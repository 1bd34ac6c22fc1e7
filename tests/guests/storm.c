/*
 * storm.c: sends many messages to an interface (as "example:echo" answers) with several in
 * flight and checks that each completes exactly once, with its own bytes unless the handler
 * went away. Ends with 0 when all were answered, 3 when some completed otherwise, 1 when a
 * promise was broken.
 *
 *     storm [COUNT [IN-FLIGHT [BYTES [INTERFACE]]]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"

#define IN_FLIGHT_MAX 256
#define BYTES_MAX     (64 * 1024)

static uint8_t interface[32] = "example:echo";
static struct {
	uint64_t id; /* 0: free */
	uint32_t number;
} flying[IN_FLIGHT_MAX];
static struct {
	struct rs_delivery head;
	uint8_t body[BYTES_MAX];
} in;
static uint8_t out[BYTES_MAX];
static uint32_t bytes = 64, sent, answered, otherwise;

static void fill(uint32_t number)
{
	for (uint32_t i = 0; i < bytes; i++)
		out[i] = (uint8_t)(number * 31 + i);
}

/* RS_BUSY is no failure: there is something to wait for. */
static uint32_t send(uint32_t place)
{
	fill(sent);
	uint32_t status = rs_send(
		interface, out, bytes, RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &flying[place].id);

	if (status != RS_OK) {
		flying[place].id = 0;
		return status;
	}
	flying[place].number = sent++;
	return RS_OK;
}

static int complete(void)
{
	uint32_t place = 0;

	if (in.head.kind == RS_NOTICE && in.head.status == RS_NOTICE_ROOM)
		return 0;
	while (place < IN_FLIGHT_MAX && flying[place].id != in.head.id)
		place++;
	if (in.head.kind != RS_ANSWER || place == IN_FLIGHT_MAX) {
		printf("nobody waits for kind %u id %llu\n", in.head.kind, in.head.id);
		return 1;
	}
	flying[place].id = 0;
	if (in.head.status != RS_OK) {
		otherwise++;
		return 0;
	}
	fill(flying[place].number);
	answered++;
	if (in.head.body_bytes == bytes && memcmp(in.body, out, bytes) == 0)
		return 0;
	printf("message %u came back changed\n", flying[place].number);
	return 1;
}

static int run(uint32_t count, uint32_t in_flight)
{
	uint32_t status = RS_OK;

	while (answered + otherwise < count) {
		for (uint32_t place = 0; place < in_flight && sent < count; place++)
			if (!flying[place].id && (status = send(place)) != RS_OK)
				break;
		if (status != RS_OK && (status != RS_BUSY || sent == answered + otherwise)) {
			printf("sending: %s\n", rs_status_text(status));
			break;
		}
		int64_t got = rs_wait(&in, sizeof(in), RS_FOREVER);
		if (got < (int64_t)sizeof(in.head) || got > (int64_t)sizeof(in)) {
			printf("waiting answered %lld\n", got);
			return 1;
		}
		if (complete())
			return 1;
	}
	printf("%u sent, %u answered, %u not\n", sent, answered, otherwise);
	return answered == count ? 0 : 3;
}

static uint32_t number(const char *text, uint32_t max)
{
	unsigned long value = strtoul(text, NULL, 10);

	return value > max ? max : (uint32_t)value;
}

int main(int argc, char **argv)
{
	uint32_t count = argc > 1 ? number(argv[1], UINT32_MAX) : 1000;
	uint32_t in_flight = argc > 2 ? number(argv[2], IN_FLIGHT_MAX) : 16;

	if (argc > 3)
		bytes = number(argv[3], BYTES_MAX);
	if (argc > 4) {
		memset(interface, 0, sizeof(interface));
		memcpy(interface, argv[4], strnlen(argv[4], sizeof(interface)));
	}
	return run(count, in_flight);
}
