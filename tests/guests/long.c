/*
 * long.c: bodies of many bytes, each of them looked at.
 *
 *     ask INTERFACE BYTES...            to somebody who answers with the same
 *     cross MINE THEIRS BYTES COUNT     sends so many to THEIRS and takes as many for MINE
 *     serve MINE BYTES                  wants no more than that, and has room for no more;
 *                                       answers with the same
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"

static uint8_t *sent;
static struct rs_delivery *in;
static size_t room;

static void interface_of(uint8_t interface[32], const char *name)
{
	memset(interface, 0, 32);
	memcpy(interface, name, strnlen(name, 32));
}

static void fill(size_t bytes)
{
	free(sent);
	sent = malloc(bytes);
	for (size_t i = 0; i < bytes; i++)
		sent[i] = (uint8_t)(i * 31 + (i >> 8) * 17 + (i >> 16));
}

static _Noreturn void stop(const char *what, int64_t status)
{
	printf("%s: %s\n", what, rs_status_text((uint32_t)status));
	exit(1);
}

/* The next delivery, with as much room as it needs. 0: nothing in time. */
static int take(int64_t timeout_ns)
{
	for (;;) {
		int64_t bytes = rs_wait(in, room, timeout_ns);

		if (bytes < 0)
			stop("waiting", -bytes);
		if (bytes <= (int64_t)room)
			return bytes != 0;
		free(in);
		in = malloc((size_t)bytes);
		room = (size_t)bytes;
	}
}

static void compare(size_t bytes)
{
	if (in->body_bytes != bytes || memcmp(in + 1, sent, bytes) != 0) {
		printf("%llu bytes, not as they were\n", in->body_bytes);
		exit(1);
	}
}

static int ask(int count, char **words)
{
	uint8_t interface[32];

	interface_of(interface, words[0]);
	for (int i = 1; i < count; i++) {
		size_t bytes = strtoul(words[i], NULL, 10);
		uint64_t id;

		fill(bytes);
		uint32_t status;
		while ((status = rs_send(interface, sent, bytes, RS_NEEDS_ANSWER, &id)) ==
			RS_BUSY)
			take(RS_FOREVER); /* until there is room */
		if (status != RS_OK) {
			printf("%s\n", rs_status_text(status));
			continue;
		}
		take(RS_FOREVER);
		if (in->status != RS_OK)
			stop("answer", in->status);
		compare(bytes);
		printf("%zu ok\n", bytes);
	}
	return 0;
}

static int cross(int count, char **words)
{
	uint8_t mine[32], theirs[32];
	uint32_t sendings = 0, came = 0, all = (uint32_t)strtoul(words[3], NULL, 10);
	size_t bytes = strtoul(words[2], NULL, 10);
	uint64_t id;

	(void)count;
	interface_of(mine, words[0]);
	interface_of(theirs, words[1]);
	fill(bytes);
	if (rs_register(mine) != RS_OK)
		return 1;
	while (sendings < all || came < all) {
		uint32_t status =
			sendings < all ? rs_send(theirs, sent, bytes, 0, &id) : RS_BUSY;

		if (status == RS_OK)
			sendings++;
		else if (status != RS_BUSY && status != RS_NO_HANDLER)
			stop("sending", status);
		/* what comes, if only that there is room */
		if (take(status == RS_BUSY ? RS_FOREVER : 1000000) && in->kind == RS_MESSAGE) {
			compare(bytes);
			came++;
		}
	}
	printf("%u sent, %u came\n", sendings, came);
	return 0;
}

static int serve(int count, char **words)
{
	uint8_t mine[32];
	size_t bytes = strtoul(words[1], NULL, 10);

	(void)count;
	interface_of(mine, words[0]);
	free(in);
	in = malloc(room = sizeof(*in) + bytes);
	if (rs_register_with_limit(mine, bytes) != RS_OK)
		return 1;
	printf("registered\n");
	fflush(stdout);
	for (;;) {
		int64_t got = rs_wait(in, room, RS_FOREVER);

		if (got < 0 || got > (int64_t)room)
			stop("waiting", got < 0 ? -got : RS_TOO_BIG);
		if (in->kind == RS_NOTICE && in->status == RS_NOTICE_STOP)
			return 0;
		if (in->kind != RS_MESSAGE)
			continue;
		while (rs_answer(in, RS_OK, in + 1, in->body_bytes) == RS_BUSY)
			rs_pause(1000000);
	}
}

int main(int argc, char **argv)
{
	in = malloc(room = sizeof(*in));
	if (argc > 3 && strcmp(argv[1], "ask") == 0)
		return ask(argc - 2, argv + 2);
	if (argc == 6 && strcmp(argv[1], "cross") == 0)
		return cross(argc - 2, argv + 2);
	if (argc == 4 && strcmp(argv[1], "serve") == 0)
		return serve(argc - 2, argv + 2);
	return 2;
}
