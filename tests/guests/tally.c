/*
 * tally.c: messages that are counted at both ends, for tests of handlers that follow each
 * other. The handler answers every message with its number and a letter, and says at its end
 * how many there were; the client sends until it is answered by one that was started as "last",
 * and says how many of its messages came to what.
 *
 *     tally serve INTERFACE [last]
 *     tally send INTERFACE [IN-FLIGHT [BYTES]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"

#define IN_FLIGHT_MAX 64
#define BYTES_MAX     (256 * 1024)

static uint8_t interface[32];
static struct {
	struct rs_delivery head;
	uint8_t body[BYTES_MAX];
} in;

struct answer {
	uint32_t number, is_last;
};

/* ---- the handler ---- */

static int serve(int is_last)
{
	struct answer answer = { .is_last = (uint32_t)is_last };
	uint32_t served = 0, status = rs_register(interface);

	printf("register: %s\n", rs_status_text(status));
	fflush(stdout);
	while (status == RS_OK && rs_wait(&in, sizeof(in), RS_FOREVER) > 0) {
		if (in.head.kind == RS_NOTICE && in.head.status == RS_NOTICE_STOP) {
			printf("served %u\n", served);
			return 0;
		}
		if (in.head.kind != RS_MESSAGE)
			continue;
		served++;
		memcpy(&answer.number, in.body, sizeof(answer.number));
		while (rs_answer(&in.head, RS_OK, &answer, sizeof(answer)) == RS_BUSY)
			rs_pause(1000000);
	}
	return 1;
}

/* ---- the client ---- */

static struct {
	uint64_t id; /* 0: free */
	uint32_t number;
} flying[IN_FLIGHT_MAX];
static uint8_t out[BYTES_MAX];
static uint32_t bytes = 64, sent, answered, otherwise;
static int over;

static uint32_t send_one(void)
{
	uint32_t place = 0;

	while (flying[place].id)
		place++;
	memcpy(out, &sent, sizeof(sent));
	uint32_t status = rs_send(
		interface, out, bytes, RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &flying[place].id);
	if (status == RS_OK)
		flying[place].number = sent++;
	else
		flying[place].id = 0;
	return status;
}

/* False: a promise was broken. */
static int complete(void)
{
	struct answer answer;
	uint32_t place = 0;

	if (in.head.kind == RS_NOTICE)
		return 1;
	while (place < IN_FLIGHT_MAX && flying[place].id != in.head.id)
		place++;
	if (in.head.kind != RS_ANSWER || place == IN_FLIGHT_MAX) {
		printf("nobody waits for kind %u id %llu\n", in.head.kind, in.head.id);
		return 0;
	}
	flying[place].id = 0;
	if (in.head.status != RS_OK) {
		printf("%u: %s\n", flying[place].number, rs_status_text(in.head.status));
		otherwise++;
		return 1;
	}
	memcpy(&answer, in.body, sizeof(answer));
	answered++;
	over |= answer.is_last != 0;
	if (answer.number != flying[place].number)
		printf("%u was answered as %u\n", flying[place].number, answer.number);
	return answer.number == flying[place].number;
}

static int flood(uint32_t in_flight)
{
	while (!over || answered + otherwise < sent) {
		uint32_t status = RS_OK;

		while (!over && status == RS_OK && sent - answered - otherwise < in_flight)
			status = send_one();
		if (status != RS_OK && status != RS_BUSY) {
			printf("sending: %s\n", rs_status_text(status));
			return 1;
		}
		if (rs_wait(&in, sizeof(in), RS_FOREVER) <= 0 || !complete())
			return 1;
	}
	printf("%u sent, %u answered, %u not\n", sent, answered, otherwise);
	return otherwise != 0;
}

static uint32_t number(const char *text, uint32_t max)
{
	unsigned long value = strtoul(text, NULL, 10);

	return value > max ? max : (uint32_t)value;
}

int main(int argc, char **argv)
{
	if (argc < 3)
		return 2;
	memcpy(interface, argv[2], strnlen(argv[2], sizeof(interface)));
	if (strcmp(argv[1], "serve") == 0)
		return serve(argc > 3);
	if (argc > 4)
		bytes = number(argv[4], BYTES_MAX);
	return flood(argc > 3 ? number(argv[3], IN_FLIGHT_MAX) : 16);
}
