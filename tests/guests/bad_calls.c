/*
 * bad_calls.c: the three calls with wrong arguments, and every host interface with bodies it
 * cannot read. Each must be answered, and the program must live to say so.
 */
#include <stdio.h>
#include <string.h>

#include "interfaces/console.h"
#include "interfaces/log.h"
#include "interfaces/random.h"
#include "redshirt.h"

#define NOWHERE ((void *)0xfffffff0u)

static const uint8_t nobody[32] = "example:nobody";
static int failures;

static void expect(const char *call, int64_t got, int64_t want)
{
	if (got == want)
		return;
	failures++;
	printf("%s: %lld, not %lld\n", call, (long long)got, (long long)want);
}
#define EXPECT(want, call) expect(#call, call, want)

static void pointers_that_lead_nowhere(void)
{
	uint8_t byte = 0, out[64];
	uint64_t id, unknown = 12345;
	struct rs_piece good = rs_piece(&byte, 1), bad = rs_piece(NOWHERE, 64),
			too_long = rs_piece(&byte, ~0u);

	EXPECT(RS_BAD_ARGUMENT, rs_emit_message(NOWHERE, &good, 1, 0, &id));
	EXPECT(RS_BAD_ARGUMENT, rs_emit_message(rs_interface_log, NOWHERE, 4, 0, &id));
	EXPECT(RS_BAD_ARGUMENT, rs_emit_message(rs_interface_log, &bad, 1, 0, &id));
	EXPECT(RS_BAD_ARGUMENT, rs_emit_message(rs_interface_log, &too_long, 1, 0, &id));
	EXPECT(RS_BAD_ARGUMENT, rs_emit_message(rs_interface_log, &good, ~0u, 0, &id));
	EXPECT(RS_BAD_ARGUMENT,
		rs_emit_message(rs_interface_time, &good, 1, RS_NEEDS_ANSWER, NOWHERE + 12));
	EXPECT(RS_BAD_ARGUMENT, rs_emit_message(rs_interface_log, &good, 1, ~0ull, &id));
	EXPECT(RS_BAD_ARGUMENT, rs_emit_answer(NOWHERE + 12, &good, 1, RS_OK));
	EXPECT(RS_BAD_ARGUMENT, rs_emit_answer(&unknown, &good, 1, RS_OK));
	EXPECT(-RS_BAD_ARGUMENT, rs_next_message(NULL, 0, NOWHERE, 64, 0));
	EXPECT(-RS_BAD_ARGUMENT, rs_next_message(NOWHERE, 8, out, sizeof(out), 0));
	EXPECT(-RS_BAD_ARGUMENT, rs_next_message(&id, ~0u, out, sizeof(out), 0));
	EXPECT(RS_NO_HANDLER, rs_send(nobody, &byte, 1, RS_NEEDS_ANSWER, &id));
	EXPECT(0, rs_wait(out, sizeof(out), 0));
}

static void bodies_that_cannot_be_read(void)
{
	static const uint8_t *const hosts[] = { rs_interface_interface, rs_interface_time,
		rs_interface_random, rs_interface_console };
	const uint32_t unknown[4] = { 99 };
	const struct rs_random_generate_request huge = { RS_RANDOM_BYTES_MAX + 1 };
	uint8_t body[16];
	size_t bytes = (size_t)rs_random_generate_body(&huge, body, sizeof(body));

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		EXPECT(RS_MALFORMED, rs_ask_status(hosts[i], "", 0, 0));
		EXPECT(RS_MALFORMED, rs_ask_status(hosts[i], "abc", 3, 0));
		EXPECT(RS_UNSUPPORTED, rs_ask_status(hosts[i], unknown, sizeof(unknown), 0));
	}
	EXPECT(RS_MALFORMED, rs_ask_status(rs_interface_random, body, bytes - 1, 0));
	EXPECT(RS_TOO_BIG, rs_ask_status(rs_interface_random, body, bytes, 0));
	EXPECT(RS_DENIED, rs_register(rs_interface_time));
}

int main(void)
{
	pointers_that_lead_nowhere();
	bodies_that_cannot_be_read();
	puts(failures ? "failed" : "ok");
	return failures != 0;
}
