/*
 * client.c: sends COUNT messages to INTERFACE, one after the other, and prints each answer, or
 * why there was none. With "wait" it waits for a handler, if there is none yet,
 * and asks again when the handler let go of its message.
 *
 *     client INTERFACE COUNT [wait]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"

static struct {
	struct rs_delivery head;
	char body[16 * 1024];
} in;

static uint32_t ask(const uint8_t interface[32], uint64_t flags)
{
	uint64_t id;
	uint32_t status = rs_send(interface, "?", 1, RS_NEEDS_ANSWER | flags, &id);

	if (status != RS_OK)
		return status;
	int64_t got = rs_wait_answer(id, &in, sizeof(in), RS_FOREVER);
	return got < 0 ? (uint32_t)-got : in.head.status;
}

int main(int argc, char **argv)
{
	uint8_t interface[32] = { 0 };
	long count = argc > 2 ? atol(argv[2]) : 1;
	uint64_t flags = argc > 3 && strcmp(argv[3], "wait") == 0 ? RS_ALLOW_DELAY : 0;
	uint32_t status = RS_OK;

	if (argc < 2)
		return 2;
	memcpy(interface, argv[1], strnlen(argv[1], sizeof(interface)));
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (long i = 0; i < count; i++) {
		do
			status = ask(interface, flags);
		while (flags && status == RS_HANDLER_GONE);
		if (status == RS_OK)
			printf("%.*s\n", (int)in.head.body_bytes, in.body);
		else
			printf("(%s)\n", rs_status_text(status));
	}
	return status != RS_OK;
}
