/*
 * self.c: is its own client: what it sends to the interface it handles comes back as a message,
 * its answers come back as answers, each once, and one without an answer leaves nothing behind.
 */
#include <stdio.h>

#include "redshirt.h"

#define MESSAGES 50u

static const uint8_t interface[32] = "example:self";

int main(void)
{
	struct {
		struct rs_delivery head;
		uint32_t number;
	} in;
	uint64_t ids[MESSAGES], none = 1;
	uint32_t messages = 0, answers = 0;

	if (rs_register(interface) != RS_OK)
		return 1;
	for (uint32_t i = 0; i < MESSAGES; i++)
		if (rs_send(interface, &i, sizeof(i), RS_NEEDS_ANSWER, &ids[i]) != RS_OK)
			return 2;
	if (rs_send(interface, &messages, sizeof(messages), 0, &none) != RS_OK || none != 0)
		return 3;
	while (answers < MESSAGES || messages <= MESSAGES) {
		if (rs_wait(&in, sizeof(in), RS_FOREVER) != sizeof(in.head) + sizeof(in.number))
			return 4;
		if (in.head.kind == RS_MESSAGE && !in.head.id)
			messages++;
		else if (in.head.kind == RS_MESSAGE && in.number == messages)
			messages++, rs_answer(&in.head, RS_OK, &in.number, sizeof(in.number));
		else if (in.head.kind == RS_ANSWER && in.number == answers &&
			 in.head.id == ids[answers])
			answers++;
		else
			return 5;
	}
	if (rs_wait(&in, sizeof(in), 50 * 1000000ll) != 0)
		return 6;
	puts("ok");
	return 0;
}
