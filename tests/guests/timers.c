/*
 * timers.c: asks for more waits than one program may have: each is answered once, those that
 * were taken when it is time, the others at once and with the limit.
 */
#include <stdio.h>

#include "redshirt.h"

enum {
	TIMERS = 3000
};
static uint32_t sent, done, limited;

/* The answer to one wait. False: something that should not come. */
static int take(int64_t timeout_ns)
{
	struct rs_delivery in;
	int64_t got = rs_wait(&in, sizeof(in), timeout_ns);

	if (got == 0 || (in.kind == RS_NOTICE && in.status == RS_NOTICE_ROOM))
		return 1;
	if (got != sizeof(in) || in.kind != RS_ANSWER)
		return 0;
	if (in.status == RS_OK)
		done++;
	else if (in.status == RS_LIMIT)
		limited++;
	else
		return 0;
	return 1;
}

int main(void)
{
	struct rs_time_wait_for_request wait = { .ns = 300000000 };
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_TIME_WAIT_FOR_REQUEST_BYTES_MAX];
	size_t bytes = (size_t)rs_time_wait_for_body(&wait, body, sizeof(body));
	uint64_t id;

	while (sent < TIMERS) {
		uint32_t status = rs_send(rs_interface_time, body, bytes, RS_NEEDS_ANSWER, &id);

		if (status == RS_OK)
			sent++;
		else if (status != RS_BUSY || !take(1000000))
			return 1;
	}
	while (done + limited < sent)
		if (!take(RS_FOREVER))
			return 2;
	if (!take(0) || done + limited != sent)
		return 3;
	printf("%u sent, %u done, %u over the limit\n", sent, done, limited);
	return 0;
}
