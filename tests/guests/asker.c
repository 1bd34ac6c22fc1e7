/*
 * asker.c: does what somebody has to allow first, and says how that went.
 *
 *     asker handle INTERFACE            handles it: prints each message, answers it
 *     asker send INTERFACE COUNT        sends the numbers from 1 on, all at once, and then
 * waits asker lines INTERFACE             sends one message, then prints each line of its input
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"

#define COUNT_MAX 64

static uint8_t interface[32];
static struct {
	struct rs_delivery head;
	char body[1024];
} in;

static int handle(char **words)
{
	uint32_t status = rs_register(interface);

	(void)words;
	printf("register: %s\n", rs_status_text(status));
	if (status != RS_OK)
		return 1;
	while (rs_wait(&in, sizeof(in), RS_FOREVER) > 0 && in.head.kind != RS_NOTICE)
		if (in.head.kind == RS_MESSAGE) {
			printf("%.*s\n", (int)in.head.body_bytes, in.body);
			rs_answer(&in.head, RS_OK, NULL, 0);
		}
	return 0;
}

static uint32_t wait_for(uint64_t id)
{
	int64_t got = rs_wait_answer(id, &in, sizeof(in), RS_FOREVER);

	return got < 0 ? (uint32_t)-got : in.head.status;
}

static int send_numbers(char **words)
{
	static uint64_t ids[COUNT_MAX];
	static uint32_t status[COUNT_MAX];
	int count = atoi(words[0]);
	char text[16];

	if (count > COUNT_MAX)
		return 2;
	for (int i = 0; i < count; i++) {
		int n = snprintf(text, sizeof(text), "%d", i + 1);
		status[i] = rs_send(interface, text, (size_t)n, RS_NEEDS_ANSWER, &ids[i]);
	}
	puts("sent");
	for (int i = 0; i < count; i++)
		printf("%d %s\n", i + 1,
			rs_status_text(status[i] == RS_OK ? wait_for(ids[i]) : status[i]));
	return 0;
}

static int plead(char **words)
{
	printf("plead: %s\n",
		rs_status_text(rs_plead(interface, RS_INTERFACE_RIGHT_USE, words[0])));
	return 0;
}

/* Without waiting for answers, but for one at the end. */
static int flood(char **words)
{
	struct rs_interface_ask_request request = { .interface = { interface, 32 } };
	uint32_t count = (uint32_t)atoi(words[0]);
	uint8_t body[64];
	uint64_t id;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t which = i % 2 ? i : 0;

		memcpy(interface + 28, &which, sizeof(which));
		int64_t n = rs_interface_ask_body(&request, body, sizeof(body));
		while (rs_send(rs_interface_interface, body, (size_t)n, 0, &id) == RS_BUSY)
			rs_wait(&in, sizeof(in), RS_FOREVER);
	}
	memset(interface, 0xff, sizeof(interface));
	plead((char *[]){ "last" });
	return rs_wait(&in, sizeof(in), RS_FOREVER) < 0;
}

static int lines(char **words)
{
	char line[256];
	uint64_t id;

	(void)words;
	uint32_t status = rs_send(interface, "?", 1, RS_NEEDS_ANSWER, &id);
	printf("said: %s\n", rs_status_text(status == RS_OK ? wait_for(id) : status));
	while (fgets(line, sizeof(line), stdin))
		printf("got %s", line);
	return 0;
}

static const struct {
	const char *name;
	int words;
	int (*run)(char **words);
} modes[] = {
	{ "handle", 0, handle },
	{ "send", 1, send_numbers },
	{ "plead", 1, plead },
	{ "flood", 1, flood },
	{ "lines", 0, lines },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc < 3)
		return 2;
	memcpy(interface, argv[2], strnlen(argv[2], sizeof(interface)));
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++)
		if (strcmp(argv[1], modes[i].name) == 0 && argc >= 3 + modes[i].words)
			return modes[i].run(argv + 3);
	return 2;
}
