/*
 * fuzz_codec.c: the input is a body. The first byte says of which message; what is accepted is
 * read to its end, encoded, and means the same when that is decoded.
 */
#include <assert.h>
#include <string.h>

#include "interfaces/console.h"
#include "interfaces/interface.h"
#include "interfaces/log.h"
#include "interfaces/program.h"
#include "interfaces/random.h"
#include "interfaces/time.h"
#include "tests/interfaces/every.h"

#define MUST(condition) assert(condition)
#include "tests/interfaces/made_messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct rs_layout *const layouts[] = { &rs_every_all_layout, &rs_every_many_layout,
	&rs_every_line_layout, &rs_program_start_request_layout, &rs_program_wait_answer_layout,
	&rs_interface_ask_request_layout, &rs_interface_state_answer_layout,
	&rs_interface_sender_answer_layout, &rs_log_write_request_layout,
	&rs_time_now_answer_layout, &rs_random_generate_answer_layout,
	&rs_console_wait_request_layout };

static uint8_t message[sizeof(struct rs_every_all)], again[sizeof(struct rs_every_all)];

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	const struct rs_layout *layout = layouts[*data % ARRAY_LEN(layouts)];
	assert(layout->size <= sizeof(message));
	if (rs_decode(layout, message, data + 1, size - 1))
		return 0;
	uint64_t sum = made_sum(layout, message), room = rs_encode_size(layout, message);
	uint8_t *body = malloc(room + 1); /* one byte is left, or ASan would see it */
	assert(rs_encode(layout, message, body, room) == (int64_t)room);
	assert(room == 0 || rs_encode(layout, message, body, room - 1) == -RS_CODEC_NO_ROOM);
	assert(rs_encode(layout, message, body, room) == (int64_t)room);
	assert(rs_decode(layout, again, body, room) == 0);
	assert(made_sum(layout, again) == sum);
	free(body);
	return 0;
}
