/* leave.c: sends messages to "example:silent" and ends without waiting for the answers. */
#include <stdio.h>
#include <stdlib.h>

#include "redshirt.h"

static const uint8_t interface[32] = "example:silent";

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 3;
	uint64_t first = 0, id;

	for (int i = 0; i < count; i++) {
		uint32_t status = rs_send(interface, "stay", 4,
			RS_NEEDS_ANSWER | RS_ALLOW_DELAY, i ? &id : &first);

		if (status != RS_OK) {
			printf("message %d: %s\n", i, rs_status_text(status));
			return 1;
		}
	}
	/* Messages kept for want of a handler go with their sender: so wait a moment for one.
	 */
	struct rs_delivery in;
	rs_wait_answer(first, &in, sizeof(in), 200 * 1000000ll);
	return 0;
}
