#include "runtime/sending.h"

#include <x86intrin.h>

#include "interfaces/interface.h"
#include "interfaces/limits.h"
#include "runtime/calls.h"
#include "runtime/fragments.h"
#include "runtime/held.h"
#include "runtime/inbox.h"
#include "runtime/parcels.h"
#include "runtime/taking.h"
#include "runtime/tickets.h"

#define OPEN_TRIES 2 /* a way that is taken back while it is opened is tried once more */

/*
 * Answers want room in the answer ring, so no more of them are asked for than fit without
 * bodies; bodies may still have to wait at the handler. rsd keeps this many for a home lane.
 */
#define HOME_UNANSWERED_MAX 2048u

/* Answers wait for the bell while more work is there, but no longer than this. */
#define ANSWERS_UNRUNG_MAX 32u
#define SLOW_TICKS         100000 /* a message that took this long, 30 to 50 us, ends a batch */

static uint32_t answers_unrung;

static uint32_t unanswered_max(uint32_t lane)
{
	if (lane == LANE_HOME)
		return HOME_UNANSWERED_MAX;
	return (uint32_t)(ends.all[lane].lane.out.bytes / RECORD_ALIGN);
}

bool sending_may_ask(uint32_t lane)
{
	return ends.all[lane].unanswered < unanswered_max(lane);
}

static void commit(uint32_t lane, uint32_t frag_len)
{
	ring_commit(&ends.all[lane].lane.out, frag_len);
	ends_add(&ends.written, lane);
}

/* ---- cancelling ---- */

static uint32_t cancel_sent(struct ticket *ticket)
{
	struct end *end = &ends.all[ticket->lane];
	struct record head = { .kind = RECORD_CANCEL, .id = ticket->id };

	if (ring_put(&end->lane.out, &head, ""))
		return RS_BUSY;
	ends_add(&ends.written, ticket->lane);
	end->unanswered--;
	end->late++;
	tickets_finish(ticket, RS_CANCELLED, TICKET_NO_BODY);
	ends_ring();
	return RS_OK;
}

/* The program lets go of a message: it is over at once, whatever the handler does. */
static uint32_t cancel(uint64_t id)
{
	struct ticket *ticket = tickets_find(&tickets_own, id);

	if (!ticket || ticket->state == TICKET_FINISHED)
		return RS_OK;
	if (ticket->state == TICKET_SENT)
		return cancel_sent(ticket);
	held_cancel(id);
	tickets_finish(ticket, RS_CANCELLED, TICKET_NO_BODY);
	return RS_OK;
}

/* rsd does not take a longer body either. */
static bool read_cancel(const struct body *body, uint64_t *id)
{
	uint8_t bytes[RS_INTERFACE_BODY_BYTES_MAX];
	struct rs_interface_cancel_request request;
	const void *message;
	size_t message_bytes;
	uint32_t rpc;

	if (body->bytes > sizeof(bytes))
		return false;
	body_copy(body, bytes);
	if (rs_decode_split(bytes, body->bytes, &rpc, &message, &message_bytes) ||
		rpc != RS_INTERFACE_CANCEL ||
		rs_interface_cancel_request_decode(&request, message, message_bytes))
		return false;
	*id = request.id;
	return true;
}

static bool is_cancel(const uint8_t interface[32], const struct body *body, uint64_t *id)
{
	return memcmp(interface, rs_interface_interface, 32) == 0 && read_cancel(body, id);
}

const struct ticket *sending_cancels(const uint8_t interface[32], const struct body *body)
{
	uint64_t cancelled;

	if (!is_cancel(interface, body, &cancelled))
		return NULL;
	const struct ticket *ticket = tickets_find(&tickets_own, cancelled);
	return ticket && ticket->state == TICKET_SENT ? ticket : NULL;
}

/* ---- messages ---- */

static struct record message_head(const struct body *body, uint64_t flags)
{
	return (struct record){ .kind = RECORD_MESSAGE,
		.flags = flags & RS_NEEDS_ANSWER,
		.frag_len = (uint32_t)body->bytes,
		.total_len = (uint32_t)body->bytes };
}

/* RS_BUSY: too long for that, or there is no room. */
static uint32_t hold(struct route *route, const struct body *body, uint64_t flags, uint64_t *id)
{
	struct record head = message_head(body, flags);
	struct ticket *ticket = NULL;

	if (body->bytes > RS_DELAYED_BYTES_MAX)
		return RS_BUSY;
	if (flags & RS_NEEDS_ANSWER) {
		ticket = tickets_new(TICKET_HELD, LANE_HOME);
		if (!ticket)
			return RS_LIMIT;
		head.id = ticket->id;
	}
	uint32_t status = held_message(route, &head, body, flags);
	if (status != RS_OK && ticket)
		tickets_free(&tickets_own, ticket);
	else if (status == RS_OK)
		*id = head.id;
	return status;
}

/* Nobody handles the interface, perhaps for ever: what cannot be kept now is not tried again.
 */
static uint32_t delay(
	struct route *route, const struct body *body, uint64_t flags, uint64_t *id)
{
	uint32_t status = hold(route, body, flags, id);

	if (status != RS_BUSY)
		return status;
	return body->bytes > RS_DELAYED_BYTES_MAX ? RS_TOO_BIG : RS_LIMIT;
}

/* A body that goes in fragments. Until the last of them is out the handler knows nothing of the
 * message, so an answer before that is to nothing. */
static uint32_t put_long(
	const struct route *route, const struct body *body, uint64_t flags, uint64_t *id)
{
	uint32_t lane = route->lane;
	struct record head = message_head(body, flags);
	struct ticket *ticket = NULL;

	if (lane == LANE_HOME)
		return RS_TOO_BIG;
	if (flags & RS_NEEDS_ANSWER) {
		if (!sending_may_ask(lane))
			return RS_BUSY;
		ticket = tickets_new(TICKET_HELD, LANE_HOME);
		if (!ticket)
			return RS_LIMIT;
		head.id = ticket->id;
	}
	head.slot = route->slot;
	uint32_t status = fragments_send(lane, &head, body);
	if (status != RS_OK) {
		if (ticket)
			tickets_free(&tickets_own, ticket);
		return status;
	}
	if (ticket) {
		ticket->state = TICKET_SENT;
		ticket->lane = (uint16_t)lane;
		ends.all[lane].unanswered++;
	}
	if (!(flags & RS_MORE))
		ends_ring();
	*id = head.id;
	return RS_OK;
}

static uint32_t put(
	const struct route *route, const struct body *body, uint64_t flags, uint64_t *id)
{
	struct end *end = &ends.all[route->lane];
	struct record head = message_head(body, flags), *to;

	if (body->bytes > route->body_bytes_max)
		return RS_TOO_BIG;
	if (body->bytes > ring_body_max(end->lane.out.bytes))
		return put_long(route, body, flags, id);
	if ((flags & RS_NEEDS_ANSWER) && !sending_may_ask(route->lane))
		return RS_BUSY;
	to = ring_reserve(&end->lane.out, head.frag_len);
	if (!to)
		return RS_BUSY;
	if (flags & RS_NEEDS_ANSWER) {
		struct ticket *ticket = tickets_new(TICKET_SENT, (uint16_t)route->lane);
		if (!ticket)
			return RS_LIMIT;
		head.id = ticket->id;
		end->unanswered++;
	}
	head.slot = route->slot;
	record_write(to, &head);
	body_copy(body, to + 1);
	commit(route->lane, head.frag_len);
	if (!(flags & RS_MORE))
		ends_ring();
	*id = head.id;
	return RS_OK;
}

static uint32_t open_flags(const struct body *body, uint64_t flags)
{
	return (flags & RS_ALLOW_DELAY) | (body->bytes > LANE_LARGE_FROM ? HOME_OPEN_LARGE : 0);
}

uint32_t sending_message(
	const uint8_t interface[32], const struct body *body, uint64_t flags, uint64_t *id)
{
	uint64_t cancelled;

	if (is_cancel(interface, body, &cancelled)) {
		uint32_t status = cancel(cancelled);
		if (status != RS_OK || !(flags & RS_NEEDS_ANSWER))
			return status; /* rsd need not hear of it, unless it is to answer */
	}
	struct route *route = routes_find(interface);
	if (!route)
		return RS_LIMIT;
	for (int tries = 0; !routes_usable(route); tries++) {
		uint32_t status = tries < OPEN_TRIES
					  ? routes_open(route, open_flags(body, flags))
					  : RS_NO_HANDLER;
		if (status == RS_NO_HANDLER && (flags & RS_ALLOW_DELAY))
			return delay(route, body, flags, id);
		if (status == HOME_LATER)
			return flags & SENDING_UNKEPT ? RS_BUSY : hold(route, body, flags, id);
		if (status != RS_OK)
			return status;
	}
	if (route->held)
		held_flush();
	if (route->held) /* nothing may overtake them */
		return flags & RS_ALLOW_DELAY ? hold(route, body, flags, id) : RS_BUSY;
	return put(route, body, flags, id);
}

uint32_t sending_kept(uint32_t lane, const struct record *head, const void *body)
{
	struct end *end = &ends.all[lane];
	struct ticket *ticket = tickets_find(&tickets_own, head->id);

	if (end->midway || (ticket && !sending_may_ask(lane)))
		return RS_BUSY;
	if (ring_put(&end->lane.out, head, body)) {
		ends_want_room(lane, head->frag_len);
		return RS_BUSY;
	}
	ends_add(&ends.written, lane);
	if (ticket) {
		ticket->state = TICKET_SENT;
		ticket->lane = (uint16_t)lane;
		end->unanswered++;
	}
	return RS_OK;
}

void sending_want_room(const uint8_t interface[32], uint32_t bytes, uint64_t flags)
{
	const struct route *route = routes_find(interface);

	if (!route || route->state == ROUTE_LATER) /* rsd's word wakes anyway */
		return;
	if (!routes_usable(route)) {
		/* rsd could not be asked, or its word came after the refusal */
		ends_want_room(LANE_HOME, sizeof(struct home_open));
		return;
	}
	bool for_answers = (flags & RS_NEEDS_ANSWER) || route->held;
	if (for_answers && !sending_may_ask(route->lane))
		return; /* what it waits for is an answer, and that wakes anyway */
	/* Also when there is room by now: it came after the refusal, and nobody rings for it
	 * again. The sleep finds it at once. */
	ends_want_room(route->lane, bytes);
}

/* ---- answers ---- */

static struct record answer_head(
	const struct ticket *ticket, uint32_t status, const struct body *body)
{
	return (struct record){ .kind = RECORD_ANSWER,
		.id = ticket->peer_id,
		.slot = status,
		.frag_len = (uint32_t)body->bytes,
		.total_len = (uint32_t)body->bytes };
}

static uint32_t hold_answer(
	const struct ticket *ticket, uint32_t status, const struct body *body)
{
	struct record head = answer_head(ticket, status, body);

	return held_answer(ticket->lane, &head, body);
}

static uint32_t put_answer(
	const struct ticket *ticket, uint32_t status, const struct body *body)
{
	struct end *end = &ends.all[ticket->lane];
	struct record head = answer_head(ticket, status, body);
	struct record *to =
		end->held_bytes ? NULL : ring_reserve(&end->lane.out, head.frag_len);

	if (!to)
		return hold_answer(ticket, status, body);
	record_write(to, &head);
	body_copy(body, to + 1);
	commit(ticket->lane, head.frag_len);
	return RS_OK;
}

static uint32_t put_long_answer(
	const struct ticket *ticket, uint32_t status, const struct body *body)
{
	struct record head = answer_head(ticket, status, body);

	/* those that wait go first; none comes to wait while this one is sent */
	if (ends.all[ticket->lane].held_bytes)
		return RS_BUSY;
	uint32_t sent = fragments_send(ticket->lane, &head, body);
	/* as with any answer nobody wants any more */
	return sent == RS_HANDLER_GONE ? RS_OK : sent;
}

/* While more work waits the client can wait for its bell, unless this work was slow. */
static void ring_answers(void)
{
	uint64_t began = inbox_busy_since;

	inbox_busy_since = __rdtsc();
	if (++answers_unrung < ANSWERS_UNRUNG_MAX && inbox_more() &&
		(int64_t)(inbox_busy_since - began) < SLOW_TICKS)
		return;
	answers_unrung = 0;
	ends_ring();
}

uint32_t sending_answer(uint64_t id, uint32_t status, const struct body *body)
{
	struct ticket *ticket = tickets_find(&tickets_others, id);

	if (!ticket)
		return RS_BAD_ARGUMENT;
	if (ticket->state == TICKET_MOOT) {
		tickets_free(&tickets_others, ticket);
		return RS_OK;
	}
	if (body->bytes > parcels_body_max)
		return RS_TOO_BIG;
	uint32_t r = body->bytes > ring_body_max(ends.all[ticket->lane].lane.out.bytes)
			     ? put_long_answer(ticket, status, body)
			     : put_answer(ticket, status, body);
	if (r != RS_OK)
		return r;
	tickets_free(&tickets_others, ticket);
	ring_answers();
	return RS_OK;
}
