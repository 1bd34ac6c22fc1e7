/*
 * bare.c: a program without a C library and without WASI: it says one line through the
 * interface `log`, waits for a hundredth of a second on `time`, and ends.
 */
#include "interfaces/log.h"
#include "redshirt.h"

__attribute__((export_name("_start"))) void start(void);

void start(void)
{
	static const char text[] = "a program needs three calls, no more\n";
	struct rs_log_write_request request = { .level = RS_LOG_STDOUT,
		.text = { (const uint8_t *)text, sizeof(text) - 1 } };
	uint8_t body[64];
	int64_t bytes = rs_log_write_body(&request, body, sizeof(body));
	uint64_t none;

	rs_send(rs_interface_log, body, (size_t)bytes, 0, &none);
	if (rs_pause(10000000) != RS_OK)
		__builtin_trap();
}
