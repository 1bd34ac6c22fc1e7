#include "runtime/taking.h"

#include "runtime/again.h"
#include "runtime/closing.h"
#include "runtime/held.h"
#include "runtime/parcels.h"
#include "runtime/routes.h"
#include "runtime/tickets.h"

#define NOTICES_MAX     (TABLE_SLOTS_MAX + 8u) /* that many interfaces can go to others */
#define NOTICE_BODY_MAX 64u
struct notice {
	uint32_t status, bytes;
	uint8_t body[NOTICE_BODY_MAX];
};

bool taking_changed;
static struct notice notices[NOTICES_MAX];
static uint32_t notices_count;
static bool replaced; /* the program was told so */

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

/* Field by field, perhaps unaligned: see record_write(). interface NULL: of nothing. */
static inline void write_head(
	void *to, const struct rs_delivery *head, const uint8_t interface[32])
{
	typedef struct rs_delivery anywhere __attribute__((aligned(1)));
	anywhere *at = to;

	at->kind = head->kind;
	at->status = head->status;
	at->id = head->id;
	at->process = head->process;
	if (interface)
		memcpy(at->interface, interface, sizeof(at->interface));
	else
		memset(at->interface, 0, sizeof(at->interface));
	at->body_bytes = head->body_bytes;
}

/* head: all but its interface. Part of its callers, so that it is never put together elsewhere.
 */
__attribute__((always_inline)) static inline int64_t hand_over_of(const struct inbox_sink *sink,
	const struct rs_delivery *head, const uint8_t interface[32], const void *body)
{
	if (body != sink->body) { /* else it came straight, in fragments */
		parcels_spill();
		if (sink->body && head->body_bytes)
			memcpy(sink->body, body, head->body_bytes);
	}
	write_head(sink->head, head, interface);
	return size_of(head->body_bytes);
}

__attribute__((always_inline)) static inline int64_t hand_over(
	const struct inbox_sink *sink, const struct rs_delivery *head, const void *body)
{
	return hand_over_of(sink, head, NULL, body);
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
		return TAKING_LIE;
	taken(i, head);
	return TAKING_GO_ON;
}

static int64_t answer_kept(
	uint32_t i, const struct record *head, const uint8_t *body, struct ticket *ticket)
{
	uint32_t place = TICKET_NO_BODY;

	if (head->frag_len) {
		place = stash_add(
			&parcels_stash, tickets_place(&tickets_own, ticket), head->frag_len);
		if (place == STASH_NONE)
			return TAKING_STUCK;
		memcpy(stash_at(&parcels_stash, place)->data, body, head->frag_len);
	}
	tickets_finish(ticket, head->slot, place);
	ends.all[i].unanswered--;
	consume(i, head);
	return TAKING_GO_ON;
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
	taken(i, head);
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

int64_t taking_finished(const struct inbox_want *want, const struct inbox_sink *sink)
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

/* Why a message is none for the program, or RS_OK. */
static uint32_t refusal(uint32_t i, const struct record *head)
{
	/* the interface may not be this client's to use any more */
	if (!(ends_table_slots(i) >> head->slot & 1))
		return ends_table_revoked(i) >> head->slot & 1 ? RS_DENIED : RS_HANDLER_GONE;
	/* an honest client was told, but perhaps before the program registered anew */
	return head->total_len > atomic_load_explicit(&ends.table->body_bytes_max[head->slot],
					 memory_order_relaxed)
		       ? RS_TOO_BIG
		       : RS_OK;
}

/* It comes back. */
static int64_t message_refused(uint32_t i, const struct record *head, uint32_t status)
{
	struct record answer = { .kind = RECORD_ANSWER, .id = head->id, .slot = status };
	struct body empty = body_of(NULL, 0);

	if (head->flags & RS_NEEDS_ANSWER) {
		if (ring_put(&ends.all[i].lane.out, &answer, "") &&
			held_answer(i, &answer, &empty) != RS_OK)
			return TAKING_STUCK;
		ends_add(&ends.written, i);
	}
	taken(i, head);
	return TAKING_GO_ON;
}

static bool no_message(const struct record *head)
{
	return head->slot >= TABLE_SLOTS_MAX || ((head->flags & RS_NEEDS_ANSWER) && !head->id);
}

/* body NULL: it was refused when it began, and passed over. */
static int64_t take_message(uint32_t i, const struct record *head, const uint8_t *body,
	const struct inbox_sink *sink)
{
	struct end *end = &ends.all[i];
	struct rs_delivery delivery = {
		.kind = RS_MESSAGE, .process = end->process, .body_bytes = head->frag_len
	};

	if (no_message(head))
		return TAKING_LIE;
	uint32_t status = refusal(i, head);
	if (status != RS_OK || !body)
		return message_refused(i, head, status ? status : RS_HANDLER_GONE);
	if (!fits(sink, head->frag_len))
		return size_of(head->frag_len);
	/* nobody waits for the answer when the client is gone */
	if ((head->flags & RS_NEEDS_ANSWER) && end->state == END_OPEN) {
		struct ticket *ticket = tickets_ask((uint16_t)i, head->id);
		if (!ticket)
			return TAKING_STUCK;
		delivery.id = ticket->id;
	}
	int64_t bytes = hand_over_of(sink, &delivery, ends.table->interfaces[head->slot], body);
	end->heard = true;
	taken(i, head);
	return bytes;
}

static int64_t take_cancel(uint32_t i, const struct record *head, const struct inbox_sink *sink)
{
	struct ticket *ticket = tickets_asked((uint16_t)i, head->id);

	if (!ticket) { /* answered meanwhile */
		consume(i, head);
		return TAKING_GO_ON;
	}
	struct rs_delivery delivery = {
		.kind = RS_CANCELLED_BY, .id = ticket->id, .process = ends.all[i].process
	};
	if (!fits(sink, 0))
		return size_of(0);
	tickets_moot(ticket);
	consume(i, head);
	return hand_over(sink, &delivery, "");
}

int64_t taking_leaving(const struct inbox_sink *sink)
{
	const struct end *end = closing_leaving();

	if (!end) { /* one that was let go of in silence is still to be told to rsd */
		taking_changed |= ends.owing != 0;
		return 0;
	}
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
		return TAKING_LIE;
	memcpy(&opened, body, sizeof(opened));
	consume(LANE_HOME, head);
	taking_changed = true;
	return routes_opened(&opened) ? TAKING_GO_ON : TAKING_LIE;
}

static int64_t take_new_lane(const struct record *head, const uint8_t *body)
{
	struct home_lane lane;

	if (head->frag_len != sizeof(lane))
		return TAKING_LIE;
	memcpy(&lane, body, sizeof(lane));
	if (lane.lane == LANE_HOME || lane.lane >= LANES_MAX ||
		ends.all[lane.lane].state != END_NONE)
		return TAKING_LIE;
	consume(LANE_HOME, head);
	taking_changed = true;
	(void)!ends_take(lane.lane); /* its state says how that went */
	return TAKING_GO_ON;
}

static int64_t take_notice(const struct record *head, const uint8_t *body)
{
	if (head->frag_len > NOTICE_BODY_MAX)
		return TAKING_LIE;
	if (notices_count == NOTICES_MAX)
		return TAKING_STUCK;
	struct notice *notice = &notices[notices_count++];
	notice->status = head->slot;
	notice->bytes = head->frag_len;
	memcpy(notice->body, body, head->frag_len);
	replaced |= notice->status == RS_NOTICE_REPLACED;
	consume(LANE_HOME, head);
	taking_changed = true;
	return TAKING_GO_ON;
}

void taking_forget(void)
{
	notices_count = 0;
	replaced = false;
}

/* Who was replaced gets all that was sent to it before, and is asked to end after that. */
static bool comes_last(const struct notice *notice)
{
	return replaced && notice->status == RS_NOTICE_STOP;
}

/* The first that comes last, or that does not; notices_count: none. */
static uint32_t find_notice(bool last)
{
	uint32_t i = 0;

	while (i < notices_count && comes_last(&notices[i]) != last)
		i++;
	return i;
}

static int64_t deliver_notice(uint32_t i, const struct inbox_sink *sink)
{
	if (i == notices_count)
		return 0;
	struct rs_delivery delivery = {
		.kind = RS_NOTICE, .status = notices[i].status, .body_bytes = notices[i].bytes
	};
	if (!fits(sink, delivery.body_bytes))
		return size_of(delivery.body_bytes);
	int64_t bytes = hand_over(sink, &delivery, notices[i].body);
	memmove(&notices[i], &notices[i + 1], (--notices_count - i) * sizeof(notices[0]));
	return bytes;
}

int64_t taking_noticed(const struct inbox_sink *sink)
{
	return deliver_notice(find_notice(false), sink);
}

bool taking_may_part(void)
{
	if (find_notice(true) == notices_count)
		return false;
	for (uint32_t i = ends_next(&ends.handlers, 0); i < LANES_MAX;
		i = ends_next(&ends.handlers, i + 1))
		if (ends.all[i].parcel != PARCEL_NONE) /* the rest of it comes */
			return false;
	return true;
}

int64_t taking_parting(const struct inbox_sink *sink)
{
	return deliver_notice(find_notice(true), sink);
}

int64_t taking_room(const struct inbox_sink *sink)
{
	struct rs_delivery delivery = { .kind = RS_NOTICE, .status = RS_NOTICE_ROOM };

	if (!again_due())
		return 0;
	if (!fits(sink, 0))
		return size_of(0);
	again_told();
	return hand_over(sink, &delivery, "");
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
	if (parcels_straight(i))
		return take_answer(i, &head, parcels_body(i), want, sink);
	tickets_finish(ticket, head.slot, parcels_keep(i, tickets_place(&tickets_own, ticket)));
	ends.all[i].unanswered--;
	return wanted(want, head.id) ? taking_finished(want, sink) : TAKING_GO_ON;
}

/* All of it is there. */
int64_t taking_parcel(uint32_t i, const struct inbox_want *want, const struct inbox_sink *sink)
{
	if (!ends_has(&ends.handlers, i))
		return take_long_answer(i, want, sink);
	if (!want->messages)
		return TAKING_STUCK;
	struct record head = parcels_head(i);
	return take_message(i, &head, parcels_has_body(i) ? parcels_body(i) : NULL, sink);
}

/* Somebody holds room for a body that does not come, and others want it. */
static void end_idle(void)
{
	uint32_t i = parcels_idle();

	if (i < LANES_MAX)
		closing_broken(i);
}

/* Half of the ring is free again: who waits for room goes on while we copy the other half. */
static void let_go_on(uint32_t i)
{
	const struct ring_in *in = &ends.all[i].lane.in;

	if (in->position - in->looked >= in->bytes / 2)
		lane_tell(&ends.all[i].lane);
}

/* The program waits for just this. */
static bool wanted_now(uint32_t i, const struct record *head, const struct inbox_want *want)
{
	return ends_has(&ends.handlers, i) ? want->messages : wanted(want, head->id);
}

static int64_t take_fragment(uint32_t i, const struct record *head, const uint8_t *body,
	const struct inbox_want *want, const struct inbox_sink *sink)
{
	bool message = ends_has(&ends.handlers, i), abort = head->kind == RECORD_ABORT;
	bool begins = ends.all[i].parcel == PARCEL_NONE;
	uint8_t *straight = NULL;

	if (i == LANE_HOME ||
		(head->kind != (message ? RECORD_MESSAGE : RECORD_ANSWER) && !abort))
		return TAKING_LIE;
	if (message && !abort && no_message(head))
		return TAKING_LIE;
	bool of_use = message ? abort || refusal(i, head) == RS_OK : asked(i, head->id) != NULL;
	if (begins && of_use && sink && wanted_now(i, head, want) && parcels_may_begin(head)) {
		if (!fits(sink, head->total_len))
			return size_of(head->total_len); /* not begun: nothing is kept */
		straight = sink->body;
	}
	int r = parcels_take(i, head, body, of_use, straight);
	if (r == PARCELS_FULL)
		end_idle();
	if (r)
		return r == PARCELS_FULL ? TAKING_STUCK : TAKING_LIE;
	consume(i, head);
	if (ends.all[i].parcel == PARCEL_WHOLE)
		return taking_parcel(i, want, sink);
	let_go_on(i);
	return TAKING_GO_ON;
}

/* ---- one record ---- */

int64_t taking_record(uint32_t i, const struct record *head, const uint8_t *body,
	const struct inbox_want *want, const struct inbox_sink *sink)
{
	bool handler = ends_has(&ends.handlers, i), home = i == LANE_HOME;

	if (head->offset || head->total_len != head->frag_len || ends.all[i].parcel)
		return take_fragment(i, head, body, want, sink);
	switch (head->kind) {
	case RECORD_ANSWER:
		return handler ? TAKING_LIE : take_answer(i, head, body, want, sink);
	case RECORD_MESSAGE:
		return !handler         ? TAKING_LIE
		       : want->messages ? take_message(i, head, body, sink)
					: TAKING_STUCK;
	case RECORD_CANCEL:
		return !handler         ? TAKING_LIE
		       : want->messages ? take_cancel(i, head, sink)
					: TAKING_STUCK;
	case RECORD_OPENED:
		return home ? take_opened(head, body) : TAKING_LIE;
	case RECORD_NEW_LANE:
		return home ? take_new_lane(head, body) : TAKING_LIE;
	case RECORD_NOTICE:
		return home ? take_notice(head, body) : TAKING_LIE;
	default:
		return TAKING_LIE;
	}
}
