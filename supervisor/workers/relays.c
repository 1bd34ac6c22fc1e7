#include "supervisor/workers/relays.h"

#include <stdlib.h>

/* What becomes of one record. */
enum {
	GO_ON,
	EMPTY,
	FULL,
	LIE
};

/* What either side may say; whatever else is a lie. */
static const uint32_t kinds[2] = {
	[LANE_CLIENT] = 1u << RECORD_MESSAGE | 1u << RECORD_CANCEL | 1u << RECORD_ABORT,
	[LANE_HANDLER] = 1u << RECORD_ANSWER | 1u << RECORD_ABORT,
};

/* Stands for the page of somebody who is gone: never asleep, so never rung. */
static const struct own_page nobody;

/* ---- life ---- */

static int make_lane(struct lane *lane, enum lane_role role, uint32_t ring_log2, int *fd)
{
	struct lane_place place;
	int r = lane_new(ring_log2, fd);

	if (r == 0)
		r = lane_reserve(ring_log2, &place);
	if (r)
		return r;
	r = lane_map(lane, *fd, place, ring_log2, role);
	if (r)
		lane_release(ring_log2, place);
	return r;
}

static void listen_to(struct relay *relay, enum lane_role from)
{
	const struct ring_in *in = &relay->lanes[from].in;

	lookout_watch(relay->lookout, &relay->ways[from], &in->tail->position, in->position);
}

int relays_new(struct lookout *lookout, int kind, uint32_t ring_log2,
	const struct bell_peer *const bells[2], int fds[2], struct relay **out)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	int r = relay ? lookout_claim(lookout, 2) : -ENOMEM;

	fds[LANE_CLIENT] = fds[LANE_HANDLER] = -1;
	if (r) {
		free(relay);
		return r;
	}
	relay->lookout = lookout;
	for (enum lane_role side = LANE_CLIENT; r == 0 && side <= LANE_HANDLER; side++) {
		struct lane *lane = &relay->lanes[side];
		r = make_lane(lane, relays_other(side), ring_log2, &fds[side]);
		lane->peer =
			(struct bell_peer){ .page = bells[side]->page, .fd = bells[side]->fd };
		relay->ways[side] = (struct lookout_item){ .kind = kind, .owner = relay };
	}
	if (r) {
		fd_closep(&fds[LANE_CLIENT]);
		fd_closep(&fds[LANE_HANDLER]);
		relays_free(relay);
		return r;
	}
	listen_to(relay, LANE_CLIENT);
	listen_to(relay, LANE_HANDLER);
	*out = relay;
	return 0;
}

struct relay *relays_free(struct relay *relay)
{
	if (!relay)
		return NULL;
	for (enum lane_role side = LANE_CLIENT; side <= LANE_HANDLER; side++) {
		lookout_forget(relay->lookout, &relay->ways[side]);
		if (relay->lanes[side].open)
			lane_unmap(&relay->lanes[side]);
	}
	lookout_unclaim(relay->lookout, 2);
	meters_deinit(&relay->meters);
	free(relay);
	return NULL;
}

void relays_gone(struct relay *relay, enum lane_role side)
{
	const struct ring_in *in = &relay->lanes[side].in;

	relay->gone[side] = true;
	/* a process is gone when no thread of it is left; another that shares its memory may
	 * still write, and is not heard */
	relay->end = atomic_load_explicit(&in->tail->position, memory_order_acquire);
	relay->lanes[side].peer = (struct bell_peer){ .page = &nobody, .fd = -1 };
	/* whether its way waits for room or not: it is looked at now, and says so again */
	listen_to(relay, side);
	listen_to(relay, relays_other(side));
}

/* ---- what may come ---- */

/* A body in fragments comes whole and in order, with nothing in between: whatever else could
 * hide from the look at its slot. */
static bool in_order(const struct relay_body *body, const struct record *head)
{
	if (head->kind == RECORD_ABORT)
		return body->next != 0;
	if (head->kind == RECORD_CANCEL)
		return body->next == 0 && head->frag_len == head->total_len;
	if (!head->frag_len && head->total_len)
		return false;
	const struct record *first = &body->head;
	return head->offset == body->next &&
	       (!body->next || (head->kind == first->kind && head->flags == first->flags &&
				       head->id == first->id && head->slot == first->slot &&
				       head->total_len == first->total_len));
}

static bool is_last(const struct record *head)
{
	return head->offset + head->frag_len == head->total_len;
}

static void advance(struct relay_body *body, const struct record *head)
{
	if (head->offset == 0)
		body->head = *head;
	body->next =
		head->kind == RECORD_ABORT || is_last(head) ? 0 : head->offset + head->frag_len;
}

/* Why a message that begins goes no further, or RS_OK; of a slot as the handler's runtime would
 * say. */
static uint32_t refusal(struct relay *relay, const struct record *head)
{
	uint64_t bit = head->slot < TABLE_SLOTS_MAX ? 1ull << head->slot : 0;

	if (relay->slots & bit)
		return meters_check(&relay->meters, head);
	return relay->revoked & bit ? RS_DENIED : RS_HANDLER_GONE;
}

/* ---- passing on ---- */

/* Room in the ring that `to` reads; if there is none, the way is looked at again when there is.
 */
static bool has_room(
	struct relay *relay, enum lane_role way, enum lane_role to, uint32_t frag_len)
{
	struct ring_out *out = &relay->lanes[to].out;
	/* before we ask: if it moves meanwhile, it is not what was seen */
	uint64_t head = atomic_load_explicit(&out->head->position, memory_order_relaxed);

	if (!ring_reserve(out, frag_len)) {
		relay->full[to] = true;
		if (!ring_want_space(out, frag_len)) {
			lookout_watch(
				relay->lookout, &relay->ways[way], &out->head->position, head);
			return false;
		}
	}
	if (relay->full[to])
		ring_got_space(out);
	relay->full[to] = false;
	return true;
}

static void count(struct relay_count *count, const struct record *head)
{
	count->bytes += head->frag_len;
	count->records +=
		is_last(head) && (head->kind == RECORD_MESSAGE || head->kind == RECORD_ANSWER);
}

static int forward(struct relay *relay, enum lane_role from, const struct record *head,
	const uint8_t *body)
{
	enum lane_role other = relays_other(from);

	if (!has_room(relay, from, other, head->frag_len))
		return FULL;
	(void)!ring_put(&relay->lanes[other].out, head, body); /* there is room */
	count(&relay->counts[from], head);
	return GO_ON;
}

/* The message goes no further, and its sender hears why. */
static int refuse(struct relay *relay, const struct record *head)
{
	struct record answer = { .kind = RECORD_ANSWER,
		.id = head->id,
		.slot = relay->bodies[LANE_CLIENT].refusal };

	if (head->kind == RECORD_ABORT || !is_last(head) || !(head->flags & RS_NEEDS_ANSWER) ||
		relay->gone[LANE_CLIENT])
		return GO_ON;
	if (relay->bodies[LANE_HANDLER].next) { /* nothing may come between its fragments */
		relay->parked = true;
		lookout_forget(relay->lookout, &relay->ways[LANE_CLIENT]);
		return FULL;
	}
	if (!has_room(relay, LANE_CLIENT, LANE_CLIENT, 0))
		return FULL;
	(void)!ring_put(&relay->lanes[LANE_CLIENT].out, &answer, "");
	return GO_ON;
}

/* A whole message or answer went on, or was refused. */
static void settle(struct relay *relay, const struct record *head)
{
	uint32_t refusal = relay->bodies[LANE_CLIENT].refusal;

	if (head->kind != RECORD_MESSAGE)
		meters_answered(&relay->meters, head->id);
	else if (refusal == RS_OK)
		meters_take(&relay->meters, head);
	else if (refusal == RS_TOO_BIG || refusal == RS_LIMIT)
		relay->meters.refused++;
	else
		relay->refused++;
}

static int pass(struct relay *relay, enum lane_role from, uint64_t *bytes)
{
	struct ring_in *in = &relay->lanes[from].in;
	struct relay_body *under_way = &relay->bodies[from];
	struct record head;
	const uint8_t *body;

	if (relay->gone[from] && in->position >= relay->end)
		return EMPTY;
	int r = ring_peek(in, &head, &body);
	if (r)
		return r == RING_EMPTY ? EMPTY : LIE;
	if (head.kind >= 32 || !(kinds[from] >> head.kind & 1) || !in_order(under_way, &head))
		return LIE;
	if (head.kind == RECORD_MESSAGE && head.offset == 0)
		under_way->refusal = refusal(relay, &head);
	bool refused = under_way->refusal != RS_OK && head.kind != RECORD_CANCEL;
	if (!relay->gone[relays_other(from)])
		r = refused ? refuse(relay, &head) : forward(relay, from, &head, body);
	if (r != GO_ON)
		return r;
	advance(under_way, &head);
	if (head.kind != RECORD_ABORT && is_last(&head))
		settle(relay, &head);
	ring_consume(in, head.frag_len);
	*bytes += head.frag_len;
	return GO_ON;
}

int relays_turn(struct relay *relay, enum lane_role from)
{
	uint64_t bytes = 0;
	int r = GO_ON;

	for (uint32_t n = 0; r == GO_ON && n < RELAYS_TURN_RECORDS && bytes < RELAYS_TURN_BYTES;
		n++)
		r = pass(relay, from, &bytes);
	lane_tell(&relay->lanes[from]);
	lane_ring(&relay->lanes[LANE_CLIENT]);
	lane_ring(&relay->lanes[LANE_HANDLER]);
	if (r == LIE)
		return RELAYS_LIE;
	if (r != FULL)
		listen_to(relay, from);
	if (from == LANE_HANDLER && relay->parked) {
		relay->parked = false;
		listen_to(relay, LANE_CLIENT);
	}
	if (r == EMPTY && relay->gone[from])
		return RELAYS_DRAINED;
	return r == GO_ON ? RELAYS_MORE : 0;
}
