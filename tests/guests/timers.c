/*
 * timers.c: asks for more waits than one program may have; those that were taken come in the
 * order of their time, the others are told of the limit.
 */
#include <stdio.h>

#include "redshirt.h"

enum {
	TIMERS = 3000
};
static uint64_t ids[TIMERS];

int main(void)
{
	uint32_t sent = 0, done = 0, limited = 0, refused = 0;
	struct rs_delivery in;

	while (sent < TIMERS) {
		/* The later asked, the sooner due. */
		struct rs_time_wait wait = { .request = RS_TIME_WAIT_FOR,
			.ns = (TIMERS - sent) * 50000ull };
		uint32_t status = rs_send(
			rs_interface_time, &wait, sizeof(wait), RS_NEEDS_ANSWER, &ids[sent]);

		if (status == RS_LIMIT || status == RS_BUSY) {
			refused++;
			break;
		}
		if (status != RS_OK)
			return 1;
		sent++;
	}
	while (done + limited < sent) {
		if (rs_wait(&in, sizeof(in), RS_FOREVER) != sizeof(in) || in.kind != RS_ANSWER)
			return 2;
		if (in.status == RS_OK)
			done++;
		else if (in.status == RS_LIMIT)
			limited++;
		else
			return 3;
	}
	if (rs_wait(&in, sizeof(in), 0) != 0)
		return 4;
	printf("%u sent, %u done, %u over the limit, %u not taken\n", sent, done, limited,
		refused);
	return 0;
}
