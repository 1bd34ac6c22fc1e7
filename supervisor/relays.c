#include "supervisor/relays.h"

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
	free(relay);
	return NULL;
}

void relays_gone(struct relay *relay, enum lane_role side)
{
	relay->gone[side] = true;
	relay->lanes[side].peer = (struct bell_peer){ .page = &nobody, .fd = -1 };
	/* whether its way waits for room or not: it is looked at now, and says so again */
	listen_to(relay, side);
	listen_to(relay, relays_other(side));
}

/* ---- passing on ---- */

static bool has_room(struct relay *relay, enum lane_role from, uint32_t frag_len)
{
	struct ring_out *out = &relay->lanes[relays_other(from)].out;
	/* before we ask: if it moves meanwhile, it is not what was seen */
	uint64_t head = atomic_load_explicit(&out->head->position, memory_order_relaxed);

	if (!ring_reserve(out, frag_len)) {
		relay->full[from] = true;
		if (!ring_want_space(out, frag_len)) {
			lookout_watch(
				relay->lookout, &relay->ways[from], &out->head->position, head);
			return false;
		}
	}
	if (relay->full[from])
		ring_got_space(out);
	relay->full[from] = false;
	return true;
}

static void count(struct relay_count *count, const struct record *head)
{
	bool last = head->offset + head->frag_len == head->total_len;

	count->bytes += head->frag_len;
	count->records += last && (head->kind == RECORD_MESSAGE || head->kind == RECORD_ANSWER);
}

static int pass(struct relay *relay, enum lane_role from, uint64_t *bytes)
{
	struct ring_in *in = &relay->lanes[from].in;
	struct ring_out *out = &relay->lanes[relays_other(from)].out;
	struct record head;
	const uint8_t *body;
	int r = ring_peek(in, &head, &body);

	if (r)
		return r == RING_EMPTY ? EMPTY : LIE;
	if (head.kind >= 32 || !(kinds[from] >> head.kind & 1))
		return LIE;
	if (!relay->gone[relays_other(from)]) {
		if (!has_room(relay, from, head.frag_len))
			return FULL;
		struct record *to = ring_reserve(out, head.frag_len);
		*to = head;
		memcpy(to + 1, body, head.frag_len);
		ring_commit(out, head.frag_len);
		count(&relay->counts[from], &head);
	}
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
	lane_ring(&relay->lanes[relays_other(from)]);
	if (r == LIE)
		return RELAYS_LIE;
	if (r != FULL)
		listen_to(relay, from);
	if (r == EMPTY && relay->gone[from])
		return RELAYS_DRAINED;
	return r == GO_ON ? RELAYS_MORE : 0;
}
