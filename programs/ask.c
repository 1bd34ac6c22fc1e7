/*
 * ask.c: sends its arguments, one message each, to "example:echo" and prints the answers. It
 * may start before echo does: the messages wait until somebody handles the interface.
 */
#include <stdio.h>
#include <string.h>

#include "redshirt.h"

static const uint8_t interface[32] = "example:echo";
static struct {
	struct rs_delivery head;
	char body[64 * 1024];
} in;

static uint32_t ask(const char *text)
{
	uint64_t id;
	uint32_t status =
		rs_send(interface, text, strlen(text), RS_NEEDS_ANSWER | RS_ALLOW_DELAY, &id);

	if (status != RS_OK)
		return status;
	int64_t bytes = rs_wait_answer(id, &in, sizeof(in), RS_FOREVER);
	if (bytes < 0)
		return (uint32_t)-bytes;
	if (bytes > (int64_t)sizeof(in))
		return RS_TOO_BIG;
	if (in.head.status == RS_OK)
		printf("%.*s\n", (int)in.head.body_bytes, in.body);
	return in.head.status;
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		uint32_t status = ask(argv[i]);

		if (status != RS_OK) {
			fprintf(stderr, "ask: %s: %s\n", argv[i], rs_status_text(status));
			return 1;
		}
	}
	return 0;
}
