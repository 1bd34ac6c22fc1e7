/*
 * wasi_stream.h: the program's descriptors: standard input, output and error, until it closes
 * them. For the rooms of WASI only.
 */
#pragma once

#include "ipc/base.h"
#include "runtime/calls.h"
#include "runtime/wasi_abi.h"

#define WASI_STREAMS 3u

struct wasi_stream {
	bool open;
	uint8_t level; /* of an output: enum rs_log_level */
	uint16_t flags;
	uint64_t rights;
};

/* console: somebody is attached, input can be asked for. */
void wasi_stream_init(bool console);

/* NULL: not open, or open and without this right (0: any). */
struct wasi_stream *wasi_stream_get(uint32_t fd, uint64_t right);

/* What a poll says of standard input. */
struct wasi_input {
	bool ready; /* a read would not wait; false: the others say nothing */
	bool ended;
	uint32_t bytes;
	uint32_t error; /* enum wasi_errno */
};

/* Until there is something to read, or the end, or until then on the monotonic clock. */
void wasi_stream_wait_input(uint64_t until_ns, struct wasi_input *out);

#define WASI_STREAM_WRITE_BYTES 4096u /* what a poll says there is room for */

/* Of one message to `log`; the rest is left for what stands before the text. */
#define WASI_STREAM_TEXT_BYTES_MAX (CALLS_BODY_MAX - 32u)

/* The errno for what sending or asking answered; WASI_OK for RS_OK. */
uint32_t wasi_stream_errno(uint32_t status);
