/* rs_client.c: as runtime/calls.c for programs in a worker: the three calls, with pointers.
 * What they are made of lies behind the same rooms. */
#include "runtime/client/rs_client.h"

#include <string.h>

#include "interfaces/interface.h"
#include "interfaces/limits.h"
#include "runtime/again.h"
#include "runtime/client/door.h"
#include "runtime/client/join.h"
#include "runtime/inbox.h"
#include "runtime/sending.h"
#include "runtime/tickets.h"

#define PUBLIC __attribute__((visibility("default")))

static char why[JOIN_WHY_SIZE];

/* ---- membership ---- */

PUBLIC int rs_client_join(const char *socket, const char *name, uint64_t *process)
{
	uint64_t number = 0;

	why[0] = 0;
	if (door_state() == DOOR_IN)
		return -EISCONN;
	if (door_state() == DOOR_LOST)
		return -EPIPE;
	if (door_state() == DOOR_COPIED)
		join_undo();
	int r = join_begin(socket, name, &number, why);
	if (r == 0 && process)
		*process = number;
	return r;
}

PUBLIC const char *rs_client_why(void)
{
	return why;
}

PUBLIC int rs_client_leave(void)
{
	enum door_state state = door_state();

	if (state == DOOR_IN)
		join_say_goodbye();
	if (state != DOOR_OUT)
		join_undo();
	return state == DOOR_IN || state == DOOR_LOST ? 0 : -ENOTCONN;
}

/* ---- the three calls ---- */

PUBLIC int rs_client_emit_message(const uint8_t interface[32], const struct iovec *pieces,
	uint32_t count, uint64_t flags, uint64_t *id)
{
	struct body body;

	if (setjmp(door_way_out))
		return -EPIPE;
	int r = door_enter();
	if (r)
		return r;
	*id = 0;
	if ((flags & ~(uint64_t)RS_FLAGS_ALL) || !body_of_native(pieces, count, &body))
		return RS_BAD_ARGUMENT;
	uint32_t status = sending_message(interface, &body, flags, id);
	if (status == RS_BUSY)
		again_message(interface, &body, flags);
	return (int)status;
}

PUBLIC int rs_client_emit_answer(
	uint64_t id, const struct iovec *pieces, uint32_t count, uint32_t status)
{
	struct body body;

	if (setjmp(door_way_out))
		return -EPIPE;
	int r = door_enter();
	if (r)
		return r;
	if (!body_of_native(pieces, count, &body))
		return RS_BAD_ARGUMENT;
	uint32_t answered = sending_answer(id, status, &body);
	if (answered == RS_BUSY)
		again_answer(id, &body);
	return (int)answered;
}

/* False: an id in it is of no message that can still complete. */
static bool want_of(uint64_t *poll, uint32_t count, struct inbox_want *out)
{
	*out = (struct inbox_want){ .ids = (uint8_t *)poll,
		.count = count,
		.answers = count == 0,
		.messages = count == 0 };
	if (count > RS_POLL_MAX)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (poll[i] == 0)
			out->messages = true;
		else if (!tickets_find(&tickets_own, poll[i]))
			return false;
	}
	return true;
}

static int next(const struct inbox_want *want, const struct inbox_sink *sink,
	int64_t timeout_ns, size_t *bytes)
{
	int64_t got = inbox_next(want, sink, timeout_ns);

	*bytes = got > 0 ? (size_t)got : 0;
	if (got == INBOX_STUCK)
		return RS_LIMIT;
	if (got == 0)
		return RS_TIMED_OUT;
	return (uint64_t)got > sink->room ? RS_TOO_BIG : RS_OK;
}

PUBLIC int rs_client_next_message(uint64_t *poll, uint32_t count, void *out, size_t room,
	int64_t timeout_ns, size_t *bytes)
{
	struct inbox_sink sink = { .head = out, .room = room };
	struct inbox_want want;

	if (setjmp(door_way_out))
		return -EPIPE;
	int r = door_enter();
	if (r)
		return r;
	if (timeout_ns < INBOX_FOREVER || !want_of(poll, count, &want))
		return RS_BAD_ARGUMENT;
	if (room > sizeof(struct rs_delivery))
		sink.body = (struct rs_delivery *)out + 1;
	return next(&want, &sink, timeout_ns, bytes);
}

/* ---- in an event loop ---- */

PUBLIC int rs_client_fd(void)
{
	return door_fd();
}

PUBLIC int rs_client_prepare(void)
{
	if (setjmp(door_way_out))
		return -EPIPE;
	int r = door_enter();
	if (r)
		return r;
	if (!inbox_sleep_begin())
		return RS_BUSY;
	door_sleeps();
	return 0;
}

/* ---- messages to rsd ---- */

static int ask_interface(const void *message, int64_t n)
{
	struct rs_delivery answer;
	uint64_t id;
	size_t bytes;
	int r = rs_client_send(
		rs_interface_interface, message, (size_t)n, RS_NEEDS_ANSWER, &id);

	if (r == 0)
		r = rs_client_next_message(
			&id, 1, &answer, sizeof(answer), INBOX_FOREVER, &bytes);
	return r ? r : (int)answer.status;
}

PUBLIC int rs_client_register(const uint8_t interface[32], uint64_t body_bytes_max)
{
	struct rs_interface_register_request request = { .interface = { interface, 32 },
		.body_bytes_max = body_bytes_max };
	uint8_t body[RS_INTERFACE_BODY_BYTES_MAX];

	return ask_interface(body, rs_interface_register_body(&request, body, sizeof(body)));
}

PUBLIC int rs_client_unregister(const uint8_t interface[32])
{
	struct rs_interface_unregister_request request = { .interface = { interface, 32 } };
	uint8_t body[RS_INTERFACE_BODY_BYTES_MAX];

	return ask_interface(body, rs_interface_unregister_body(&request, body, sizeof(body)));
}

PUBLIC int rs_client_cancel(uint64_t id)
{
	struct rs_interface_cancel_request request = { .id = id };
	uint8_t body[RS_CODEC_INDEX_BYTES + RS_INTERFACE_CANCEL_REQUEST_BYTES_MAX];
	int64_t bytes = rs_interface_cancel_body(&request, body, sizeof(body));
	uint64_t none;

	return rs_client_send(rs_interface_interface, body, (size_t)bytes, 0, &none);
}

PUBLIC const char *rs_client_text(int64_t answer)
{
	if (answer == -ENOTCONN)
		return "this process has not joined";
	if (answer == -EPIPE)
		return "rsd is gone, or expelled us";
	return answer < 0 ? strerror((int)-answer) : rs_status_text((uint32_t)answer);
}
