/*
 * abuse_manifest.c: its manifest says that it uses one interface; it wants another, and to
 * handle one.
 */
#include <stdio.h>

#include "redshirt.h"
#include "tests/interfaces/greeter.h"

RS_MANIFEST_USES(GREETER, "and nothing else");

static const uint8_t other[32] = "example:echo";
static struct {
	struct rs_delivery head;
	uint8_t body[4096];
} in;

int main(void)
{
	uint64_t id;

	printf("declared: %s\n", rs_status_text(rs_send(rs_interface_greeter, "", 0, 0, &id)));
	printf("another: %s\n", rs_status_text(rs_send(other, "", 0, 0, &id)));
	printf("handle: %s\n", rs_status_text(rs_register(other)));
	printf("handle what it uses: %s\n", rs_status_text(rs_register(rs_interface_greeter)));
	puts("done");
	fflush(stdout);
	for (;;)
		(void)rs_wait(&in, sizeof(in), RS_FOREVER);
}
