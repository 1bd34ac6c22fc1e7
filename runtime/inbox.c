#include "runtime/inbox.h"

#include <x86intrin.h>

#include "runtime/closing.h"
#include "runtime/held.h"
#include "runtime/parcels.h"
#include "runtime/routes.h"
#include "runtime/tickets.h"

/* What becomes of one record, besides bytes that were delivered. */
enum {
	GO_ON = 0,  /* consumed; the next one */
	STUCK = -1, /* it must stay where it is for now */
	LIE = -2,
	CLOSED = -3 /* the lane is gone */
};

/* A flood of records that deliver nothing must not keep the other lanes waiting. */
#define TURN_RECORDS 64u

#define NOTICES_MAX     8u
#define NOTICE_BODY_MAX 64u
struct notice {
	uint32_t status, bytes;
	uint8_t body[NOTICE_BODY_MAX];
};

uint64_t inbox_delivered_at;
static struct ends_set stuck; /* lanes that cannot go on in this call */
static uint32_t turn;         /* the lane that was read last */
static bool changed;          /* a lane ended or came: look at everything once more */
static struct notice notices[NOTICES_MAX];
static uint32_t notices_count;

int inbox_init(void)
{
	return parcels_init();
}

/* ---- wanted or not ---- */

static uint64_t id_at(const struct inbox_want *want, uint32_t i)
{
	uint64_t id;

	memcpy(&id, want->ids + (size_t)i * sizeof(id), sizeof(id));
	return id;
}

static bool wanted(const struct inbox_want *want, uint64_t id)
{
	if (want->answers)
		return true;
	for (uint32_t i = 0; i < want->count; i++)
		if (id_at(want, i) == id)
			return true;
	return false;
}

static void served(const struct inbox_want *want, uint64_t id)
{
	for (uint32_t i = 0; i < want->count; i++)
		if (id_at(want, i) == id) {
			memset(want->ids + (size_t)i * sizeof(id), 0, sizeof(id));
			return;
		}
}

static int64_t size_of(uint64_t body_bytes)
{
	return (int64_t)(sizeof(struct rs_delivery) + body_bytes);
}

static bool fits(const struct inbox_sink *sink, uint64_t body_bytes)
{
	return sink && sizeof(struct rs_delivery) + body_bytes <= sink->room;
}

static int64_t hand_over(
	const struct inbox_sink *sink, const struct rs_delivery *head, const void *body)
{
	memcpy(sink->head, head, sizeof(*head));
	if (sink->body && head->body_bytes)
		memcpy(sink->body, body, head->body_bytes);
	return size_of(head->body_bytes);
}

static void consume(uint32_t i, const struct record *head)
{
	ring_consume(&ends.all[i].lane.in, head->frag_len);
	ends_add(&ends.read, i);
}

/* The same for what may have come in fragments: their records are consumed already. */
static void taken(uint32_t i, const struct record *head)
{
	if (ends.all[i].parcel == PARCEL_NONE)
		consume(i, head);
	else
		parcels_drop(i);
}

/* ---- answers ---- */

/* To a message that was cancelled, or to nothing at all. */
static int64_t answer_unasked(uint32_t i, const struct record *head)
{
	struct end *end = &ends.all[i];

	if (end->late)
		end->late--;
	else if (i != LANE_HOME)
		return LIE;
	taken(i, head);
	return GO_ON;
}

static int64_t answer_kept(
	uint32_t i, const struct record *head, const uint8_t *body, struct ticket *ticket)
{
	uint32_t place = TICKET_NO_BODY;

	if (head->frag_len) {
		place = stash_add(
			&parcels_stash, tickets_place(&tickets_own, ticket), head->frag_len);
		if (place == STASH_NONE)
			return STUCK;
		memcpy(stash_at(&parcels_stash, place)->data, body, head->frag_len);
	}
	tickets_finish(ticket, head->slot, place);
	ends.all[i].unanswered--;
	consume(i, head);
	return GO_ON;
}
_Static_assert(TICKET_NO_BODY == STASH_NONE, "one word for nothing");

static struct ticket *asked(uint32_t i, uint64_t id)
{
	struct ticket *ticket = tickets_find(&tickets_own, id);

	return ticket && ticket->state == TICKET_SENT && ticket->lane == i ? ticket : NULL;
}

static int64_t take_answer(uint32_t i, const struct record *head, const uint8_t *body,
	const struct inbox_want *want, const struct inbox_sink *sink)
{
	struct ticket *ticket = asked(i, head->id);

	if (!ticket)
		return answer_unasked(i, head);
	if (!wanted(want, head->id))
		return answer_kept(i, head, body, ticket);
	if (!fits(sink, head->frag_len))
		return size_of(head->frag_len);
	struct rs_delivery delivery = { .kind = RS_ANSWER,
		.status = head->slot,
		.id = head->id,
		.body_bytes = head->frag_len };
	int64_t bytes = hand_over(sink, &delivery, body);
	served(want, head->id);
	tickets_free(&tickets_own, ticket);
	ends.all[i].unanswered--;
	consume(i, head);
	return bytes;
}

/* Answers that were kept and messages that ended without one, the oldest first. */
static struct ticket *finished_wanted(const struct inbox_want *want)
{
	if (want->answers || !tickets_finished())
		return tickets_finished();
	for (uint32_t i = 0; i < want->count; i++) {
		struct ticket *ticket = tickets_find(&tickets_own, id_at(want, i));
		if (ticket && ticket->state == TICKET_FINISHED)
			return ticket;
	}
	return NULL;
}

static int64_t take_finished(const struct inbox_want *want, const struct inbox_sink *sink)
{
	struct ticket *ticket = finished_wanted(want);

	if (!ticket)
		return 0;
	struct stash_thing *thing =
		ticket->body == TICKET_NO_BODY ? NULL : stash_at(&parcels_stash, ticket->body);
	struct rs_delivery delivery = { .kind = RS_ANSWER,
		.status = ticket->status,
		.id = ticket->id,
		.body_bytes = thing ? thing->bytes : 0 };
	if (!fits(sink, delivery.body_bytes))
		return size_of(delivery.body_bytes);
	int64_t bytes = hand_over(sink, &delivery, thing ? thing->data : (const void *)"");
	if (thing)
		stash_remove(&parcels_stash, ticket->body);
	served(want, ticket->id);
	tickets_told(ticket);
	return bytes;
}

/* ---- messages of others ---- */

/* The interface is not this client's to use any more: its message comes back. */
static int64_t message_refused(uint32_t i, const struct record *head)
{
	struct record answer = {
		.kind = RECORD_ANSWER, .id = head->id, .slot = RS_HANDLER_GONE
	};
	struct body empty = body_of(NULL, 0);

	if (head->flags & RS_NEEDS_ANSWER) {
		if (ring_put(&ends.all[i].lane.out, &answer, "") &&
			held_answer(i, &answer, &empty) != RS_OK)
			return STUCK;
		ends_add(&ends.written, i);
	}
	taken(i, head);
	return GO_ON;
}

static int64_t take_message(uint32_t i, const struct record *head, const uint8_t *body,
	const struct inbox_sink *sink)
{
	struct end *end = &ends.all[i];
	struct rs_delivery delivery = {
		.kind = RS_MESSAGE, .process = end->process, .body_bytes = head->frag_len
	};

	if (head->slot >= TABLE_SLOTS_MAX || ((head->flags & RS_NEEDS_ANSWER) && !head->id))
		return LIE;
	if (!(ends_table_slots(i) >> head->slot & 1))
		return message_refused(i, head);
	if (!fits(sink, head->frag_len))
		return size_of(head->frag_len);
	/* nobody waits for the answer when the client is gone */
	if ((head->flags & RS_NEEDS_ANSWER) && end->state == END_OPEN) {
		struct ticket *ticket = tickets_new(&tickets_others, TICKET_ASKED, (uint16_t)i);
		if (!ticket)
			return STUCK;
		ticket->peer_id = head->id;
		delivery.id = ticket->id;
	}
	memcpy(delivery.interface, ends.table->interfaces[head->slot], 32);
	int64_t bytes = hand_over(sink, &delivery, body);
	end->heard = true;
	taken(i, head);
	inbox_delivered_at = __rdtsc();
	return bytes;
}

static int64_t take_cancel(uint32_t i, const struct record *head, const struct inbox_sink *sink)
{
	struct ticket *ticket = tickets_asked((uint16_t)i, head->id);

	if (!ticket) { /* answered meanwhile */
		consume(i, head);
		return GO_ON;
	}
	struct rs_delivery delivery = {
		.kind = RS_CANCELLED_BY, .id = ticket->id, .process = ends.all[i].process
	};
	if (!fits(sink, 0))
		return size_of(0);
	ticket->state = TICKET_MOOT;
	consume(i, head);
	return hand_over(sink, &delivery, "");
}

static int64_t take_leaving(const struct inbox_sink *sink)
{
	const struct end *end = closing_leaving();

	if (!end)
		return 0;
	struct rs_delivery delivery = { .kind = RS_PROCESS_GONE, .process = end->process };
	if (!fits(sink, 0))
		return size_of(0);
	closing_told(end);
	return hand_over(sink, &delivery, "");
}

/* ---- rsd ---- */

static int64_t take_opened(const struct record *head, const uint8_t *body)
{
	struct home_opened opened;

	if (head->frag_len != sizeof(opened))
		return LIE;
	memcpy(&opened, body, sizeof(opened));
	consume(LANE_HOME, head);
	changed = true;
	return routes_opened(&opened) ? GO_ON : LIE;
}

static int64_t take_new_lane(const struct record *head, const uint8_t *body)
{
	struct home_lane lane;

	if (head->frag_len != sizeof(lane))
		return LIE;
	memcpy(&lane, body, sizeof(lane));
	if (lane.lane == LANE_HOME || lane.lane >= LANES_MAX ||
		ends.all[lane.lane].state != END_NONE)
		return LIE;
	consume(LANE_HOME, head);
	changed = true;
	(void)!ends_take(lane.lane); /* its state says how that went */
	return GO_ON;
}

static int64_t take_notice(const struct record *head, const uint8_t *body)
{
	if (head->frag_len > NOTICE_BODY_MAX)
		return LIE;
	if (notices_count == NOTICES_MAX)
		return STUCK;
	struct notice *notice = &notices[notices_count++];
	notice->status = head->slot;
	notice->bytes = head->frag_len;
	memcpy(notice->body, body, head->frag_len);
	consume(LANE_HOME, head);
	changed = true;
	return GO_ON;
}

static int64_t take_noticed(const struct inbox_sink *sink)
{
	struct rs_delivery delivery = {
		.kind = RS_NOTICE, .status = notices[0].status, .body_bytes = notices[0].bytes
	};

	if (!notices_count)
		return 0;
	if (!fits(sink, delivery.body_bytes))
		return size_of(delivery.body_bytes);
	int64_t bytes = hand_over(sink, &delivery, notices[0].body);
	memmove(&notices[0], &notices[1], --notices_count * sizeof(notices[0]));
	return bytes;
}

/* ---- bodies in fragments ---- */

static int64_t take_long_answer(
	uint32_t i, const struct inbox_want *want, const struct inbox_sink *sink)
{
	struct record head = parcels_head(i);
	struct ticket *ticket = asked(i, head.id);

	/* without body: it was begun before the message was out, by somebody who guessed its id
	 */
	if (!ticket || !parcels_has_body(i))
		return answer_unasked(i, &head);
	tickets_finish(ticket, head.slot, parcels_keep(i, tickets_place(&tickets_own, ticket)));
	ends.all[i].unanswered--;
	return wanted(want, head.id) ? take_finished(want, sink) : GO_ON;
}

/* All of it is there. */
static int64_t take_parcel(
	uint32_t i, const struct inbox_want *want, const struct inbox_sink *sink)
{
	if (!ends_has(&ends.handlers, i))
		return take_long_answer(i, want, sink);
	if (!want->messages)
		return STUCK;
	struct record head = parcels_head(i);
	return take_message(i, &head, parcels_body(i), sink);
}

/* Somebody holds room for a body that does not come, and others want it. */
static void end_idle(void)
{
	uint32_t i = parcels_idle();

	if (i < LANES_MAX)
		closing_broken(i);
}

static int64_t take_fragment(uint32_t i, const struct record *head, const uint8_t *body,
	const struct inbox_want *want, const struct inbox_sink *sink)
{
	uint16_t kind = ends_has(&ends.handlers, i) ? RECORD_MESSAGE : RECORD_ANSWER;

	if (i == LANE_HOME || (head->kind != kind && head->kind != RECORD_ABORT))
		return LIE;
	int r = parcels_take(i, head, body, kind == RECORD_MESSAGE || asked(i, head->id));
	if (r == PARCELS_FULL)
		end_idle();
	if (r)
		return r == PARCELS_FULL ? STUCK : LIE;
	consume(i, head);
	return ends.all[i].parcel == PARCEL_WHOLE ? take_parcel(i, want, sink) : GO_ON;
}

/* ---- one lane ---- */

static int64_t take(uint32_t i, const struct record *head, const uint8_t *body,
	const struct inbox_want *want, const struct inbox_sink *sink)
{
	bool handler = ends_has(&ends.handlers, i), home = i == LANE_HOME;

	if (head->offset || head->total_len != head->frag_len || ends.all[i].parcel)
		return take_fragment(i, head, body, want, sink);
	switch (head->kind) {
	case RECORD_ANSWER:
		return handler ? LIE : take_answer(i, head, body, want, sink);
	case RECORD_MESSAGE:
		return !handler         ? LIE
		       : want->messages ? take_message(i, head, body, sink)
					: STUCK;
	case RECORD_CANCEL:
		return !handler ? LIE : want->messages ? take_cancel(i, head, sink) : STUCK;
	case RECORD_OPENED:
		return home ? take_opened(head, body) : LIE;
	case RECORD_NEW_LANE:
		return home ? take_new_lane(head, body) : LIE;
	case RECORD_NOTICE:
		return home ? take_notice(head, body) : LIE;
	default:
		return LIE;
	}
}

/* Reads lane i until something was delivered, or its turn is over. GO_ON: nothing was. */
static int64_t read_lane(
	uint32_t i, const struct inbox_want *want, const struct inbox_sink *sink)
{
	int64_t got = ends.all[i].parcel == PARCEL_WHOLE ? take_parcel(i, want, sink) : GO_ON;
	bool empty = false;

	for (uint32_t n = 0; got == GO_ON && !empty && n < TURN_RECORDS; n++) {
		struct record head;
		const uint8_t *body;
		int r = ring_peek(&ends.all[i].lane.in, &head, &body);

		if (r == RING_EMPTY)
			empty = true;
		else
			got = r ? LIE : take(i, &head, body, want, sink);
	}
	if (got == LIE)
		closing_broken(i);
	else if (empty && ends.all[i].state == END_DRAINING)
		closing_drained(i);
	else
		return got;
	changed = true;
	return CLOSED;
}

/* ---- all of them ---- */

/* Lanes that are not read for this want. */
static struct ends_set left_alone(const struct inbox_want *want)
{
	struct ends_set but = stuck;

	for (uint32_t w = 0; !want->messages && !want->parcels && w < ENDS_WORDS; w++)
		but.words[w] |= ends.handlers.words[w];
	return but;
}

static int64_t read_lanes(const struct inbox_want *want, const struct inbox_sink *sink)
{
	struct ends_set but = left_alone(want);

	for (uint32_t n = ends.high; n; n--) {
		uint32_t i = turn = turn + 1 < ends.high ? turn + 1 : 0;

		if (!ends_readable(&ends.all[i]) || ends_has(&but, i))
			continue;
		int64_t got = read_lane(i, want, sink);
		if (got > 0)
			return got;
		if (got == STUCK)
			ends_add(&stuck, i);
	}
	return 0;
}

static int64_t look(const struct inbox_want *want, const struct inbox_sink *sink)
{
	int64_t got;

	do {
		changed = false;
		closing_watch();
		if (held_any())
			held_flush();
		if (ends.owing)
			ends_pay();
		got = take_finished(want, sink);
		if (!got && want->messages && notices_count)
			got = take_noticed(sink);
		if (!got && want->messages && ends.leaving)
			got = take_leaving(sink);
		if (!got)
			got = read_lanes(want, sink);
		if (parcels_room_came) { /* for those that found none before */
			parcels_room_came = false;
			stuck = (struct ends_set){ 0 };
			changed = true;
		}
	} while (!got && changed);
	return got;
}

/* True: a lane that carries answers cannot go on, so what is wanted may never come. */
static bool answers_stuck(const struct inbox_want *want)
{
	for (uint32_t w = 0; !want->answers && w < ENDS_WORDS; w++)
		if (stuck.words[w] & ~ends.handlers.words[w])
			return true;
	return false;
}

static void sleep_until(const struct inbox_want *want, uint64_t until_ns)
{
	struct ends_set but = left_alone(want);

	if (parcels_wanted) { /* look again, whether those who have the room go on */
		uint64_t soon_ns = ends_clock_ns() + PARCELS_IDLE_NS;
		until_ns = soon_ns < until_ns ? soon_ns : until_ns;
		stuck = (struct ends_set){ 0 };
		parcels_wanted = false;
	}
	ends_sleep(&but, until_ns);
}

int64_t inbox_next(
	const struct inbox_want *want, const struct inbox_sink *sink, int64_t timeout_ns)
{
	uint64_t until_ns = ENDS_FOREVER;

	stuck = (struct ends_set){ 0 };
	for (bool first = true;; first = false) {
		int64_t got = look(want, sink);
		if (got)
			return got;
		if (answers_stuck(want))
			return INBOX_STUCK;
		if (timeout_ns == 0)
			break;
		if (first && timeout_ns > 0)
			until_ns = ends_clock_ns() + (uint64_t)timeout_ns;
		if (!first && timeout_ns > 0 && ends_clock_ns() >= until_ns)
			break;
		sleep_until(want, until_ns);
	}
	ends_settle(); /* the program may compute for long now */
	return 0;
}

/* ---- for those who wait for something else ---- */

static const struct inbox_want nothing = { .parcels = true };

bool inbox_read_home(void)
{
	closing_watch();
	bool stuck_now = read_lane(LANE_HOME, &nothing, NULL) == STUCK;
	ends_pay();
	return !stuck_now;
}

bool inbox_drain(void)
{
	stuck = (struct ends_set){ 0 };
	(void)!look(&nothing, NULL);
	return !answers_stuck(&nothing);
}

void inbox_sleep_home(void)
{
	struct ends_set all_but_home;

	memset(&all_but_home, 0xff, sizeof(all_but_home));
	ends_remove(&all_but_home, LANE_HOME);
	ends_sleep(&all_but_home, ENDS_FOREVER);
}

void inbox_sleep_drained(uint64_t until_ns)
{
	struct ends_set but = left_alone(&nothing);

	ends_sleep(&but, until_ns);
}
