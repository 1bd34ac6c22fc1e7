/*
 * echo.c: handles the interface "example:echo": answers every message with its own bytes, until
 * it is told to stop. With -v it says on standard error what else it hears of.
 */
#include <stdio.h>
#include <string.h>

#include "redshirt.h"

static const uint8_t interface[32] = "example:echo";
static struct {
	struct rs_delivery head;
	uint8_t body[256 * 1024];
} in;

/*
 * A client that asks much and reads little has no room for its answers after a while. It is
 * waited for, but not long: others want to be answered too.
 */
#define PATIENCE_MS 100

static void message(void)
{
	uint32_t status = RS_BUSY;

	for (int ms = 0; in.head.id && status == RS_BUSY && ms < PATIENCE_MS; ms++) {
		status = rs_answer(&in.head, RS_OK, in.body, in.head.body_bytes);
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
	for (;;) {
		int64_t bytes = rs_wait(&in, sizeof(in), RS_FOREVER);

		if (bytes <= 0 || bytes > (int64_t)sizeof(in)) {
			fprintf(stderr, "echo: waiting answered %lld\n", bytes);
			return 1;
		}
		if (in.head.kind == RS_MESSAGE)
			message();
		else if (in.head.kind == RS_NOTICE && in.head.status == RS_NOTICE_STOP)
			return 0;
		else if (verbose && in.head.kind == RS_PROCESS_GONE)
			fprintf(stderr, "gone: process %llu\n", in.head.process);
		else if (verbose && in.head.kind == RS_CANCELLED_BY)
			fprintf(stderr, "cancelled: message %llu\n", in.head.id);
	}
}
