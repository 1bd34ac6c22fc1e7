/*
 * redshirt.h: for the measuring programs that are both: what a Wasm program calls, made of what
 * a native client calls, so that the same lines are measured. They join as "bench".
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "runtime/client/rs_client.h"

#define RS_FOREVER (-1)

static inline uint32_t rs_send(const uint8_t interface[32], const void *body, size_t bytes,
	uint64_t flags, uint64_t *id)
{
	return (uint32_t)rs_client_send(interface, body, bytes, flags, id);
}

static inline uint32_t rs_answer(
	const struct rs_delivery *to, uint32_t status, const void *body, size_t bytes)
{
	return (uint32_t)rs_client_answer(to, status, body, bytes);
}

static inline int64_t rs_wait(void *out, size_t size, int64_t timeout_ns)
{
	size_t bytes;
	int r = rs_client_next_message(NULL, 0, out, size, timeout_ns, &bytes);

	if (r == RS_TIMED_OUT)
		return 0;
	return r == RS_OK || r == RS_TOO_BIG ? (int64_t)bytes : -(int64_t)abs(r);
}

static inline uint32_t rs_register(const uint8_t interface[32])
{
	return (uint32_t)rs_client_register(interface, 0);
}

static inline uint32_t rs_pause(uint64_t ns)
{
	struct timespec t = { .tv_nsec = (long)ns };

	return (uint32_t)nanosleep(&t, NULL);
}

static int program_main(int argc, char **argv);

int main(int argc, char **argv)
{
	int r = rs_client_join(NULL, "bench", NULL);

	if (r == RS_OK)
		return program_main(argc, argv);
	printf("joining: %s: %s\n", rs_client_text(r), rs_client_why());
	return 1;
}
#define main program_main
