/*
 * mute.c: asks INTERFACE as much as it may and never listens to an answer; says what stopped
 * it, then stays.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "redshirt.h"

static uint8_t body[1024];

int main(int argc, char **argv)
{
	uint8_t interface[32] = { 0 };
	uint32_t status, refused = 0;
	uint64_t id;

	if (argc < 2)
		return 2;
	memcpy(interface, argv[1], strnlen(argv[1], sizeof(interface)));
	/* Busy once may be over in a moment; busy for long it stays. */
	while (refused < 100) {
		status = rs_send(interface, body, sizeof(body), RS_NEEDS_ANSWER, &id);
		refused = status == RS_OK ? 0 : refused + 1;
		if (status != RS_OK)
			usleep(1000);
	}
	printf("%s\n", rs_status_text(status));
	fflush(stdout);
	for (;;)
		sleep(1000);
}
