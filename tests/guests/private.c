/* private.c: handles "test:private" and answers with its first argument. */
#include <stdio.h>
#include <string.h>

#include "redshirt.h"

static const uint8_t interface[32] = "test:private";

int main(int argc, char **argv)
{
	struct {
		struct rs_delivery head;
		char body[64];
	} in;
	uint32_t status = rs_register(interface);

	if (status != RS_OK)
		printf("register: %s\n", rs_status_text(status));
	while (status == RS_OK && rs_wait(&in, sizeof(in), RS_FOREVER) > 0)
		if (in.head.kind == RS_MESSAGE)
			rs_answer(&in.head, RS_OK, argv[argc - 1], strlen(argv[argc - 1]));
	return status != RS_OK;
}
