/*
 * bare.c: a program without a C library and without WASI: it says one line through the
 * interface `log`, waits for a hundredth of a second on `time`, and ends.
 */
#include "redshirt.h"

__attribute__((export_name("_start"))) void start(void);

void start(void)
{
	static const char text[] = "a program needs three calls, no more\n";
	static const struct rs_log_write head = { RS_LOG_WRITE, RS_LOG_STDOUT };
	struct rs_piece pieces[] = { rs_piece(&head, sizeof(head)),
		rs_piece(text, sizeof(text) - 1) };
	uint64_t none;

	rs_emit_message(rs_interface_log, pieces, 2, 0, &none);
	if (rs_pause(10000000) != RS_OK)
		__builtin_trap();
}
