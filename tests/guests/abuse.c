/*
 * abuse.c: wants what it was not given, COUNT times or (0) without an end, then prints how it
 * was answered and stays.
 *
 *     abuse open COUNT       uses another interface each time
 *     abuse delay COUNT      the same, and would wait for a handler
 *     abuse register COUNT   registers for another interface each time
 *     abuse use INTERFACE    uses that one
 *     abuse handle INTERFACE
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"

static uint8_t interface[32] = "abuse:";
static struct {
	struct rs_delivery head;
	uint8_t body[4096];
} in;
static uint64_t said[256]; /* by status */

static uint32_t use(void)
{
	uint64_t id;

	return rs_send(interface, "?", 1, 0, &id);
}

static uint32_t wait_for(void)
{
	uint64_t id;

	return rs_send(interface, "?", 1, RS_ALLOW_DELAY, &id);
}

static uint32_t handle(void)
{
	return rs_register(interface);
}

static const struct way {
	const char *word;
	uint32_t (*act)(void);
	int named;
} ways[] = {
	{ "open", use, 0 },
	{ "delay", wait_for, 0 },
	{ "register", handle, 0 },
	{ "use", use, 1 },
	{ "handle", handle, 1 },
};

static void act(const struct way *way, const char *word)
{
	uint64_t count = way->named ? 1 : strtoull(word, NULL, 10);

	if (way->named) {
		memset(interface, 0, sizeof(interface));
		memcpy(interface, word, strnlen(word, sizeof(interface)));
	}
	for (uint64_t i = 1; i <= count || count == 0; i++) {
		if (!way->named)
			memcpy(interface + 8, &i, sizeof(i));
		said[way->act() & 255]++;
	}
}

int main(int argc, char **argv)
{
	size_t i = 0;

	if (argc < 3)
		return 2;
	while (i < sizeof(ways) / sizeof(ways[0]) && strcmp(ways[i].word, argv[1]) != 0)
		i++;
	if (i == sizeof(ways) / sizeof(ways[0]))
		return 2;
	act(&ways[i], argv[2]);
	for (uint32_t status = 0; status < 256; status++)
		if (said[status])
			printf("%llu %s\n", (unsigned long long)said[status],
				rs_status_text(status));
	puts("done");
	fflush(stdout);
	for (;;)
		(void)rs_wait(&in, sizeof(in), RS_FOREVER);
}
