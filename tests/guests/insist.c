/*
 * insist.c: asks INTERFACE again and again, and says how the last of each burst went whenever
 * that is another than before. A burst is COUNT messages (1) of BYTES bytes (1) each.
 *
 *     insist INTERFACE [BYTES [COUNT]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "redshirt.h"

#define COUNT_MAX 512

static struct {
	struct rs_delivery head;
	uint8_t body[64 * 1024];
} in;
static uint8_t body[64 * 1024];

/* How the last of them went. */
static uint32_t burst(const uint8_t interface[32], size_t bytes, size_t count)
{
	static struct {
		uint64_t id;
		uint32_t status;
	} sent[COUNT_MAX];
	uint32_t status = RS_OK;

	for (size_t i = 0; i < count; i++)
		sent[i].status = rs_send(interface, body, bytes, RS_NEEDS_ANSWER, &sent[i].id);
	for (size_t i = 0; i < count; i++) {
		status = sent[i].status;
		if (status == RS_OK)
			status = rs_wait_answer(sent[i].id, &in, sizeof(in), RS_FOREVER) > 0
					 ? in.head.status
					 : RS_LIMIT;
	}
	return status;
}

int main(int argc, char **argv)
{
	uint8_t interface[32] = { 0 };
	size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
	size_t count = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
	uint32_t before = RS_STATUS_COUNT;

	if (argc < 2 || bytes > sizeof(body) || count > COUNT_MAX)
		return 2;
	memcpy(interface, argv[1], strnlen(argv[1], sizeof(interface)));
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;; usleep(10000)) {
		uint32_t status = burst(interface, bytes, count);
		if (status != before)
			printf("%s\n", rs_status_text(status));
		before = status;
	}
}
