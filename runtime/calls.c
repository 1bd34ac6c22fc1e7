#include "runtime/calls.h"

#include <poll.h>
#include <time.h>

#include "interfaces/interface.h"
#include "runtime/again.h"
#include "runtime/held.h"
#include "runtime/inbox.h"
#include "runtime/memory.h"
#include "runtime/sending.h"
#include "runtime/tickets.h"

/* ---- the program's calls ---- */

uint32_t calls_emit_message(void *instance, uint32_t interface, uint32_t pieces, uint32_t count,
	uint64_t flags, uint32_t id_out)
{
	const uint8_t *name = memory_guest(interface, 32);
	void *out = memory_guest(id_out, sizeof(uint64_t));
	uint64_t id = 0;
	struct body body;

	(void)instance;
	if (!name || !out || (flags & ~(uint64_t)RS_FLAGS_ALL) ||
		!body_of_guest(pieces, count, &body))
		return RS_BAD_ARGUMENT;
	uint32_t status = sending_message(name, &body, flags, &id);
	if (status == RS_OK)
		memcpy(out, &id, sizeof(id));
	else if (status == RS_BUSY)
		again_message(name, &body, flags);
	return status;
}

uint32_t calls_emit_answer(
	void *instance, uint32_t id, uint32_t pieces, uint32_t count, uint32_t status)
{
	const void *at = memory_guest(id, sizeof(uint64_t));
	uint64_t number;
	struct body body;

	(void)instance;
	if (!at || !body_of_guest(pieces, count, &body))
		return RS_BAD_ARGUMENT;
	memcpy(&number, at, sizeof(number));
	uint32_t r = sending_answer(number, status, &body);
	if (r == RS_BUSY)
		again_answer(number, &body);
	return r;
}

/* What a poll list asks for. False: an id in it is of no message that can still complete. */
static bool poll_list(uint8_t *ids, uint32_t count, struct inbox_want *out)
{
	*out = (struct inbox_want){ .ids = ids, .count = count };
	for (uint32_t i = 0; i < count; i++) {
		uint64_t id;

		memcpy(&id, ids + (size_t)i * sizeof(id), sizeof(id));
		if (id == 0)
			out->messages = true;
		else if (!tickets_find(&tickets_own, id))
			return false;
	}
	return true;
}

static bool want_of_guest(uint32_t poll, uint32_t count, struct inbox_want *out)
{
	if (count == 0) {
		*out = (struct inbox_want){ .answers = true, .messages = true };
		return true;
	}
	uint8_t *ids = memory_guest(poll, (uint64_t)count * sizeof(uint64_t));
	return count <= RS_POLL_MAX && ids && poll_list(ids, count, out);
}

static uint64_t minus(uint32_t status)
{
	return 0 - (uint64_t)status;
}

uint64_t calls_next_message(void *instance, uint32_t poll, uint32_t poll_count, uint32_t out,
	uint32_t out_bytes, uint64_t timeout_ns)
{
	uint8_t *at = memory_guest(out, out_bytes);
	struct inbox_sink sink = { .head = at, .room = out_bytes };
	struct inbox_want want;

	(void)instance;
	if (!at || (int64_t)timeout_ns < INBOX_FOREVER ||
		!want_of_guest(poll, poll_count, &want))
		return minus(RS_BAD_ARGUMENT);
	sink.body = at + sizeof(struct rs_delivery); /* used only if there is room */
	int64_t bytes = inbox_next(&want, &sink, (int64_t)timeout_ns);
	return bytes == INBOX_STUCK ? minus(RS_LIMIT) : (uint64_t)bytes;
}

/* ---- our own ---- */

/* Sends, however long the way is full; nobody waits for room without taking in what comes. */
static uint32_t send_waiting(
	const uint8_t interface[32], const struct body *body, uint64_t flags, uint64_t *id)
{
	for (;;) {
		uint32_t status = sending_message(interface, body, flags | SENDING_UNKEPT, id);

		if (status != RS_BUSY)
			return status;
		if (!inbox_drain())
			return RS_LIMIT;
		sending_want_room(interface, (uint32_t)body->bytes, flags);
		inbox_sleep_drained(ENDS_FOREVER);
	}
}

uint32_t calls_send(const uint8_t interface[32], const void *bytes, uint32_t n)
{
	struct body body = body_of(bytes, n);
	uint64_t id;

	return send_waiting(interface, &body, 0, &id);
}

/* Takes an answer nobody wants, so that the program never sees it. */
static void drop(uint64_t id, bool cancel)
{
	struct rs_interface_cancel_request request = { .id = id };
	uint8_t bytes[RS_CODEC_INDEX_BYTES + RS_INTERFACE_CANCEL_REQUEST_BYTES_MAX];
	struct body body = body_of(
		bytes, (uint32_t)rs_interface_cancel_body(&request, bytes, sizeof(bytes)));
	struct rs_delivery head;
	struct inbox_sink nowhere = { .head = &head, .room = UINT64_MAX };
	struct inbox_want want = { .ids = (uint8_t *)&id, .count = 1 };
	uint64_t none;

	if (cancel)
		(void)!send_waiting(rs_interface_interface, &body, 0, &none);
	(void)!inbox_next(&want, &nowhere, 0);
}

uint32_t calls_request(const uint8_t interface[32], const void *bytes, uint32_t n, void *answer,
	uint32_t *answer_bytes)
{
	struct body body = body_of(bytes, n);
	uint64_t id;
	uint32_t status = send_waiting(interface, &body, RS_NEEDS_ANSWER, &id);

	if (status != RS_OK)
		return status;
	struct rs_delivery head;
	struct inbox_sink sink = {
		.head = &head, .body = answer, .room = sizeof(head) + (uint64_t)*answer_bytes
	};
	struct inbox_want want = { .ids = (uint8_t *)&id, .count = 1 };
	int64_t got = inbox_next(&want, &sink, INBOX_FOREVER);
	if (got == INBOX_STUCK || (uint64_t)got > sink.room) {
		drop(id, got == INBOX_STUCK);
		*answer_bytes = 0;
		return got == INBOX_STUCK ? RS_LIMIT : RS_TOO_BIG;
	}
	*answer_bytes = (uint32_t)head.body_bytes;
	return head.status;
}

void calls_last(void)
{
	while (held_sure() && inbox_drain() && held_sure())
		inbox_sleep_drained(ENDS_FOREVER);
}

uint64_t calls_monotonic_ns(void)
{
	return ends_clock_ns();
}

void calls_sleep_until(uint64_t monotonic_ns)
{
	ends_settle();
	/* The sleep is not announced, so nobody rings: what comes is looked at afterwards. */
	for (;;) {
		uint64_t now = ends_clock_ns();

		if (now >= monotonic_ns)
			return;
		uint64_t left = monotonic_ns - now;
		struct timespec t = { .tv_sec = (time_t)(left / 1000000000u),
			.tv_nsec = (long)(left % 1000000000u) };
		(void)ppoll(NULL, 0, &t, NULL);
	}
}
