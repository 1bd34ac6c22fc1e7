/*
 * silent.c: handles "example:silent", takes every message and never answers; says on standard
 * output what it takes. With "deaf" it does not even take them.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "redshirt.h"

static const uint8_t interface[32] = "example:silent";
static struct {
	struct rs_delivery head;
	uint8_t body[64 * 1024];
} in;

static const char *const kinds[] = { [RS_MESSAGE] = "message",
	[RS_ANSWER] = "answer",
	[RS_PROCESS_GONE] = "gone",
	[RS_CANCELLED_BY] = "cancelled",
	[RS_NOTICE] = "notice" };

int main(int argc, char **argv)
{
	uint32_t status = rs_register(interface);

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("register: %s\n", rs_status_text(status));
	while (argc > 1 && strcmp(argv[1], "deaf") == 0)
		sleep(1000);
	for (;;) {
		if (rs_wait(&in, sizeof(in), RS_FOREVER) < (int64_t)sizeof(in.head))
			return 1;
		printf("%s\n", kinds[in.head.kind]);
		if (in.head.kind == RS_NOTICE)
			return 0;
	}
}
