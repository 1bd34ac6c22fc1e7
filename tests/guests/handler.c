/*
 * handler.c: handles INTERFACE and answers every message with WORD. After COUNT messages it
 * lets go of the interface and stays; with COUNT 0 it never does.
 *
 *     handler INTERFACE WORD [COUNT]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"

static uint8_t interface[32];
static struct {
	struct rs_delivery head;
	uint8_t body[16 * 1024];
} in;

int main(int argc, char **argv)
{
	long left = argc > 3 ? atol(argv[3]) : 0;

	if (argc < 3)
		return 2;
	memcpy(interface, argv[1], strnlen(argv[1], sizeof(interface)));
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("register: %s\n", rs_status_text(rs_register(interface)));
	for (;;) {
		if (rs_wait(&in, sizeof(in), RS_FOREVER) < (int64_t)sizeof(in.head))
			return 1;
		if (in.head.kind == RS_NOTICE && in.head.status == RS_NOTICE_STOP)
			return 0;
		if (in.head.kind != RS_MESSAGE)
			continue;
		if (in.head.id && rs_answer(&in.head, RS_OK, argv[2], strlen(argv[2])) != RS_OK)
			return 1;
		if (left && --left == 0)
			printf("let go: %s\n", rs_status_text(rs_unregister(interface)));
	}
}
