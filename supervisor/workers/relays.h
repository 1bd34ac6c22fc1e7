/*
 * relays.h: a mediated lane. rsd is the handler's end of a lane to the client and the client's
 * end of a lane to the handler, and passes on what either says, record by record, without
 * looking inside: header and body are copied once, from ring to ring. A message in a slot that
 * is not (or not any more) allowed, or that is beyond its limits, comes back from here, so what
 * is revoked is revoked even when the two conspire. There is one such pair for each client and
 * handler, so both know by their lane who is at the other end, as ever.
 *
 * What finds no room stays where it is, and its sender runs out of room: a handler that does
 * not read makes rsd keep two rings and not a byte more. When one side is gone, what it had
 * published is passed on first; what the other still says is dropped.
 *
 * A relay knows nothing of processes: who calls it does.
 */
#pragma once

#include "ipc/table.h"
#include "supervisor/workers/lookout.h"
#include "supervisor/workers/meters.h"

#define RELAYS_TURN_RECORDS 64u
#define RELAYS_TURN_BYTES   (256 * KIB)

struct relay_count {
	uint64_t records; /* messages or answers: whole ones, and no cancels */
	uint64_t bytes;   /* of bodies */
};

struct relay_body { /* one in fragments, of which some passed */
	struct record head;
	uint32_t next;    /* where its next fragment begins; 0: none is under way */
	uint32_t refusal; /* why it goes no further; RS_OK: it does */
};

struct relay {
	struct lookout *lookout;
	struct lane lanes[2];         /* by the role of who is at its other end */
	struct lookout_item ways[2];  /* by the role of who sends; owner is the relay */
	struct relay_count counts[2]; /* the same */
	struct relay_body bodies[2];  /* the same */
	uint64_t slots;               /* what the client may use; the caller's */
	uint64_t revoked;             /* of the others: because somebody said so; the same */
	struct meters meters;         /* what the client may send there; the same */
	uint64_t refused;             /* messages in a slot that may not be used */
	bool full[2];                 /* by role of the reader: we wait for room in its ring */
	bool parked;  /* what the client says waits for the end of a long answer */
	bool gone[2]; /* by role */
	uint64_t end; /* of what the one that is gone had published */
	/* the caller's */
	uint64_t process[2];
	uint32_t index[2]; /* of the lane, in the process's table */
};

enum {
	RELAYS_MORE = 1, /* more may be there */
	RELAYS_LIE,      /* the sender broke its lane: close both */
	RELAYS_DRAINED,  /* the sender is gone, and all it said is passed on */
};

/*
 * Makes both lanes; fds[role] are their memfds for that side, which the caller closes. bells
 * are those of the two sides; what they point to must outlive the relay, or relays_gone() be
 * called for the side. kind is that of the two lookout items.
 */
int relays_new(struct lookout *lookout, int kind, uint32_t ring_log2,
	const struct bell_peer *const bells[2], int fds[2], struct relay **out) MUST_USE;
struct relay *relays_free(struct relay *relay); /* returns NULL */
static inline void relays_freep(struct relay **relay)
{
	*relay = relays_free(*relay);
}

/* Passes on what `from` said, as far as a turn goes and there is room. 0, or one of the above.
 */
int relays_turn(struct relay *relay, enum lane_role from) MUST_USE;

/* This side is gone. What it had published until now is passed on: turns of its way go on until
 * one answers RELAYS_DRAINED. Called for one of them only. */
void relays_gone(struct relay *relay, enum lane_role side);

static inline enum lane_role relays_other(enum lane_role side)
{
	return side == LANE_CLIENT ? LANE_HANDLER : LANE_CLIENT;
}
