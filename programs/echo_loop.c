/*
 * echo_loop.c: echo.c with the event loop: answers every message to "example:echo" with its own
 * bytes, until it is told to stop. It never waits for a slow client: what finds no room is
 * kept.
 */
#include <stdio.h>

#include "redshirt_loop.h"

static const uint8_t interface[32] = "example:echo";
RS_LOOP(loop, 0, 1, 64 * 1024, 1024 * 1024);

static void on_message(struct rs_loop *l, const struct rs_delivery *message, void *context)
{
	(void)context;
	/* No room to keep it either: then at least word that it was too much. */
	if (rs_loop_answer(l, message, RS_OK, rs_body(message), message->body_bytes) == RS_BUSY)
		rs_loop_answer(l, message, RS_BUSY, NULL, 0);
}

int main(void)
{
	uint32_t status = rs_loop_handle(&loop, interface, on_message, NULL);

	if (status == RS_OK)
		status = rs_loop_run(&loop);
	if (status != RS_OK)
		fprintf(stderr, "echo_loop: %s\n", rs_status_text(status));
	return status != RS_OK;
}
