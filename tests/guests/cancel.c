/*
 * cancel.c: lets go of a message that is never answered: it completes once, as cancelled;
 * letting go again, or of what never was, changes nothing. "example:silent" must be handled.
 */
#include <stdio.h>

#include "redshirt.h"

static const uint8_t interface[32] = "example:silent";

int main(void)
{
	struct rs_delivery in = { 0 };
	uint64_t id;
	uint32_t status = rs_send(interface, "?", 1, RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &id);

	if (status != RS_OK || rs_wait(&in, sizeof(in), 50 * 1000000ll) != 0)
		return 1;
	rs_cancel(id);
	rs_cancel(id);
	rs_cancel(id + 1000);
	if (rs_wait(&in, sizeof(in), RS_FOREVER) != sizeof(in))
		return 2;
	if (in.kind != RS_ANSWER || in.id != id || in.status != RS_CANCELLED)
		return 3;
	if (rs_wait(&in, sizeof(in), 50 * 1000000ll) != 0)
		return 4;
	puts("ok");
	return 0;
}
