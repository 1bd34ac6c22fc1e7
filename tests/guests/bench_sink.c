/*
 * bench_sink.c: handles an interface: takes every message and answers none.
 *
 *     bench_sink INTERFACE
 */
#include <string.h>

#include "redshirt.h"

static uint8_t interface[32];
static struct {
	struct rs_delivery head;
	uint8_t body[64 * 1024];
} in;

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	memcpy(interface, argv[1], strnlen(argv[1], sizeof(interface)));
	if (rs_register(interface) != RS_OK)
		return 1;
	for (;;) {
		int64_t bytes = rs_wait(&in, sizeof(in), RS_FOREVER);

		if (bytes <= 0 || bytes > (int64_t)sizeof(in))
			return 1;
		if (in.head.kind == RS_NOTICE && in.head.status == RS_NOTICE_STOP)
			return 0;
	}
}
