/*
 * bench_echo.c: handles an interface: answers every message with 64 bytes, of which the first
 * eight count the messages "open" so far. Bodies may have any size.
 *
 *     bench_echo INTERFACE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"

#define ROOM_FIRST (64 * 1024)

static uint8_t interface[32];
static struct rs_delivery *in;
static size_t room;
static struct {
	uint64_t opened;
	uint8_t zero[56];
} answer;

/* Fresh memory instead of realloc: nothing in it is worth a copy. */
static int make_room(size_t bytes)
{
	free(in);
	in = malloc(bytes);
	room = in ? bytes : 0;
	return in ? 0 : -1;
}

static void message(void)
{
	if (in->body_bytes == 4 && memcmp(in + 1, "open", 4) == 0)
		answer.opened++;
	while (in->id && rs_answer(in, RS_OK, &answer, sizeof(answer)) == RS_BUSY)
		rs_pause(1000000);
}

int main(int argc, char **argv)
{
	if (argc < 2 || make_room(ROOM_FIRST))
		return 2;
	memcpy(interface, argv[1], strnlen(argv[1], sizeof(interface)));
	if (rs_register(interface) != RS_OK)
		return 1;
	for (;;) {
		int64_t bytes = rs_wait(in, room, RS_FOREVER);

		if (bytes > (int64_t)room) { /* it was kept for whoever comes with room */
			if (make_room((size_t)bytes))
				return 1;
			continue;
		}
		if (bytes <= 0)
			return 1;
		if (in->kind == RS_NOTICE && in->status == RS_NOTICE_STOP)
			return 0;
		if (in->kind == RS_MESSAGE)
			message();
	}
}
