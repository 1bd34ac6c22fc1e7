/*
 * bare_loop.c: the event loop without a C library: is its own client, waits for some timers,
 * says "ok" through `log`.
 */
#include "interfaces/log.h"
#include "redshirt_loop.h"

#define ASKS   100u
#define TIMERS 20u

static const uint8_t self[32] = "example:self";
RS_LOOP(loop, ASKS + TIMERS, 1, 64, 4096);
static uint32_t done;

__attribute__((export_name("_start"))) void start(void);

static void on_message(struct rs_loop *l, const struct rs_delivery *message, void *context)
{
	(void)context;
	if (rs_loop_answer(l, message, RS_OK, rs_body(message), message->body_bytes) != RS_OK)
		__builtin_trap();
}

static void on_end(struct rs_loop *l, const struct rs_delivery *answer, void *context)
{
	(void)context;
	if (answer->status != RS_OK)
		__builtin_trap();
	if (++done == ASKS + TIMERS)
		rs_loop_stop(l);
}

static void say(const char *text, size_t bytes)
{
	struct rs_log_write_request request = { RS_LOG_STDOUT,
		{ (const uint8_t *)text, bytes } };
	uint8_t body[64];
	uint64_t none;

	rs_send(rs_interface_log, body, (size_t)rs_log_write_body(&request, body, sizeof(body)),
		0, &none);
}

void start(void)
{
	uint32_t status = rs_loop_handle(&loop, self, on_message, NULL);

	for (uint32_t i = 0; status == RS_OK && i < ASKS; i++)
		status = rs_loop_ask(&loop, self, &i, sizeof(i), 0, on_end, NULL, NULL);
	for (uint32_t i = 0; status == RS_OK && i < TIMERS; i++)
		status = rs_loop_after(&loop, i * 1000000, on_end, NULL, NULL);
	if (status != RS_OK || rs_loop_run(&loop) != RS_OK)
		__builtin_trap();
	say("ok\n", 3);
}
