/*
 * echo.c: handles the interface "example:echo": answers every message with its own bytes, until
 * it is told to stop. With -v it says on standard error what else it hears of.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"

static const uint8_t interface[32] = "example:echo";
static struct rs_delivery *in;
static size_t room;
#define ROOM_FIRST (64 * 1024u)

/* What lies in it is of no use any more. */
static int make_room(size_t bytes)
{
	free(in);
	in = malloc(bytes);
	room = in ? bytes : 0;
	return in != NULL;
}

/*
 * A client that asks much and reads little has no room for its answers after a while. It is
 * waited for, but not long: others want to be answered too.
 */
#define PATIENCE_MS 100

static void message(void)
{
	uint32_t status = RS_BUSY;

	for (int ms = 0; in->id && status == RS_BUSY && ms < PATIENCE_MS; ms++) {
		status = rs_answer(in, RS_OK, in + 1, in->body_bytes);
		if (status == RS_BUSY)
			rs_pause(1000000);
	}
}

int main(int argc, char **argv)
{
	int verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
	uint32_t status = rs_register(interface);

	if (status != RS_OK) {
		fprintf(stderr, "echo: cannot register: %s\n", rs_status_text(status));
		return 1;
	}
	for (size_t needs = ROOM_FIRST;;) {
		if (needs > room && !make_room(needs))
			return 1;
		int64_t bytes = rs_wait(in, room, RS_FOREVER);

		if (bytes > (int64_t)room) { /* it was kept: again, with more room */
			needs = (size_t)bytes;
			continue;
		}
		if (bytes <= 0) {
			fprintf(stderr, "echo: waiting answered %lld\n", bytes);
			return 1;
		}
		if (in->kind == RS_MESSAGE)
			message();
		else if (in->kind == RS_NOTICE && in->status == RS_NOTICE_STOP)
			return 0;
		else if (verbose && in->kind == RS_PROCESS_GONE)
			fprintf(stderr, "gone: process %llu\n", in->process);
		else if (verbose && in->kind == RS_CANCELLED_BY)
			fprintf(stderr, "cancelled: message %llu\n", in->id);
	}
}
