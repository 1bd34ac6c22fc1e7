#include "runtime/fragments.h"

#include "runtime/inbox.h"

struct sending {
	uint32_t lane;
	uint64_t generation; /* the lane's index may be used again while we wait */
	uint64_t give_up_ns; /* 0: did not wait yet */
};

static bool gone(const struct sending *sending)
{
	const struct end *end = &ends.all[sending->lane];

	return end->state != END_OPEN || end->generation != sending->generation ||
	       ends_table_state(sending->lane) != TABLE_OPEN;
}

/* What must be free for a fragment: with it the record that takes the body back, which finds
 * room whenever we give up. */
static uint32_t room_with_abort(uint32_t frag_len)
{
	return frag_len + RECORD_ALIGN;
}

uint32_t fragments_first(uint32_t lane, uint64_t body_bytes)
{
	uint64_t ring_bytes = ends.all[lane].lane.out.bytes;

	return body_bytes <= ring_body_max(ring_bytes)
		       ? (uint32_t)body_bytes
		       : room_with_abort(ring_fragment_bytes(ring_bytes));
}

static bool has_room(uint32_t lane, uint32_t frag_len)
{
	return ring_reserve(&ends.all[lane].lane.out, room_with_abort(frag_len)) != NULL;
}

static uint32_t wait_for_room(struct sending *sending, uint32_t frag_len)
{
	uint64_t now = ends_clock_ns(), until = now + FRAGMENTS_STILL_NS;

	if (!sending->give_up_ns)
		sending->give_up_ns = now + FRAGMENTS_ALL_NS;
	if (until > sending->give_up_ns)
		until = sending->give_up_ns;
	for (; now < until; now = ends_clock_ns()) {
		(void)!inbox_drain(); /* stuck or not: what we wait for is room */
		if (gone(sending))
			return RS_HANDLER_GONE;
		if (has_room(sending->lane, frag_len))
			return RS_OK;
		ends_want_room(sending->lane, room_with_abort(frag_len));
		inbox_sleep_drained(until);
	}
	return RS_BUSY;
}

/* With a fresh look: what was seen before may be a whole ring ago. */
static bool half_full(struct ring_out *out)
{
	uint64_t half = out->bytes / 2;

	return out->position - out->head_seen >= half && ring_refresh(out) &&
	       out->position - out->head_seen >= half;
}

static void put(uint32_t lane, const struct record *head, const struct body *body,
	struct body_walk *walk)
{
	struct ring_out *out = &ends.all[lane].lane.out;
	struct record *to = ring_reserve(out, head->frag_len);

	*to = *head;
	body_copy_next(body, walk, to + 1, head->frag_len);
	ring_commit(out, head->frag_len);
	ends_add(&ends.written, lane);
	/* a bell for each fragment would cost more than it gains (notes: ipc, 9 and 10) */
	if (half_full(out))
		ends_ring();
}

static void take_back(uint32_t lane, const struct record *head)
{
	struct record abort = { .kind = RECORD_ABORT, .id = head->id };

	(void)!ring_put(&ends.all[lane].lane.out, &abort, ""); /* its room was left */
	ends_add(&ends.written, lane);
	ends_ring();
}

static uint32_t send_parts(
	struct sending *sending, struct record *head, const struct body *body)
{
	uint32_t most = ring_fragment_bytes(ends.all[sending->lane].lane.out.bytes);
	struct body_walk walk = { 0 };

	for (head->offset = 0; head->offset < head->total_len; head->offset += head->frag_len) {
		uint32_t left = head->total_len - head->offset;

		head->frag_len = left < most ? left : most;
		if (!has_room(sending->lane, head->frag_len)) {
			uint32_t status =
				head->offset ? wait_for_room(sending, head->frag_len) : RS_BUSY;
			if (status != RS_OK)
				return status;
		}
		put(sending->lane, head, body, &walk);
	}
	return RS_OK;
}

uint32_t fragments_send(uint32_t lane, const struct record *head, const struct body *body)
{
	struct end *end = &ends.all[lane];
	struct sending sending = { .lane = lane, .generation = end->generation };
	struct record part = *head;

	end->midway = true;
	uint32_t status = send_parts(&sending, &part, body);
	end->midway = false;
	if (status == RS_BUSY && part.offset)
		take_back(lane, head);
	return status;
}
