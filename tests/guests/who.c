/*
 * who.c: handles "example:echo": answers "me" with the name and the program of who says it, and
 * a number with what it can learn of the process with that number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt.h"

static const uint8_t interface[32] = "example:echo";
static struct {
	struct rs_delivery head;
	char body[4096];
} in, answer;

static int in_words(char *to, size_t room)
{
	struct rs_interface_sender_answer sender;
	int used;

	if (answer.head.status != RS_OK)
		return snprintf(to, room, "%s", rs_status_text(answer.head.status));
	if (rs_interface_sender_answer_decode(&sender, answer.body, answer.head.body_bytes))
		return -1;
	used = snprintf(to, room, "%.*s ", (int)sender.name.bytes, sender.name.at);
	for (size_t i = 0; i < sender.program.bytes; i++)
		used += snprintf(to + used, room - (size_t)used, "%02x",
			((const uint8_t *)sender.program.at)[i]);
	return used;
}

static int ask_about(uint64_t process, char *to, size_t room)
{
	struct rs_interface_sender_request request = { .process = process };
	uint8_t body[RS_REGISTER_BYTES_MAX];
	int64_t bytes = rs_interface_sender_body(&request, body, sizeof(body));
	uint64_t id;

	if (bytes < 0 || rs_send(rs_interface_interface, body, (size_t)bytes, RS_NEEDS_ANSWER,
				 &id) != RS_OK)
		return -1;
	if (rs_wait_answer(id, &answer, sizeof(answer), RS_FOREVER) < 0)
		return -1;
	return in_words(to, room);
}

int main(void)
{
	if (rs_register(interface) != RS_OK)
		return 1;
	puts("register: ok");
	fflush(stdout);
	for (;;) {
		char words[256];

		if (rs_wait(&in, sizeof(in) - 1, RS_FOREVER) < (int64_t)sizeof(in.head) ||
			in.head.kind == RS_NOTICE)
			return 0;
		if (in.head.kind != RS_MESSAGE)
			continue;
		in.body[in.head.body_bytes] = 0;
		uint64_t process =
			strcmp(in.body, "me") ? strtoull(in.body, NULL, 10) : in.head.process;
		int bytes = ask_about(process, words, sizeof(words));
		if (bytes < 0 || rs_answer(&in.head, RS_OK, words, (size_t)bytes) != RS_OK)
			return 1;
	}
}
