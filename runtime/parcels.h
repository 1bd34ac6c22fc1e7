/*
 * parcels.h: what comes and must be kept: long bodies of others, put together from their
 * fragments, and answers that came before they were wanted. One bounded place for both, claimed
 * before the lock.
 *
 * Each lane has at most one parcel. Its room is claimed for the whole body at the first
 * fragment; messages may claim a part of the place only, so that answers find some: the program
 * takes messages when it likes, but may wait for an answer and nothing else.
 *
 * One parcel at a time may go straight to where it is wanted instead, and leave its room
 * untouched: as long as nothing else wants to go there. Then what came of it is spilled into
 * its room and it goes on there; since the room is its own already, nothing can refuse that.
 *
 * A peer that begins bodies and does not go on with them would keep the place from all others.
 * Whoever finds no room ends that: an honest sender goes on as long as there is room in its
 * ring, or takes its body back (fragments.h).
 */
#pragma once

#include "runtime/ends.h"
#include "runtime/stash.h"

/* Two of the longest messages at a time, and an answer as long. */
#define PARCELS_MESSAGE_BYTES_MIN (48 * MIB)
static inline uint64_t parcels_message_bytes(uint32_t body_bytes_max)
{
	uint64_t two = 2ull * body_bytes_max;

	return two > PARCELS_MESSAGE_BYTES_MIN ? two : PARCELS_MESSAGE_BYTES_MIN;
}
static inline uint32_t parcels_bytes(uint32_t body_bytes_max)
{
	return (uint32_t)(parcels_message_bytes(body_bytes_max) + body_bytes_max + 64 * KIB);
}
_Static_assert(3ull * RS_BODY_BYTES_MAX + 64 * KIB <= UINT32_MAX, "places are counted so");

/*
 * It lies at a fixed place, so that the worker's filter can say "there" with one masked
 * compare: pages that were touched are given back when nothing lay in it for a while. Not at
 * once: to touch them again costs more than to copy what lies in them.
 */
#ifndef PARCELS_BASE
#define PARCELS_BASE (1ull << 41)
#endif
#define PARCELS_BITS       32
#define PARCELS_KEEP_BYTES (1 * MIB) /* never given back */
#define PARCELS_KEEP_NS    1000000000ull

#define PARCELS_IDLE_NS (2 * 1000000000ull)

enum parcel_state {
	PARCEL_NONE,
	PARCEL_COMING,
	PARCEL_WHOLE, /* nothing more is read from the lane until it was taken */
};

/* Owners of things in it are places of tickets: answers that nobody wanted yet. */
extern struct stash parcels_stash;
extern uint32_t parcels_body_max; /* the longest body that may come or go */

int parcels_init(uint32_t body_bytes_max) MUST_USE;
void parcels_forget(void);

/* True: a body may begin with this record. */
bool parcels_may_begin(const struct record *head);

/*
 * A fragment, or the record that ends a body before its time; it is the caller's to consume it.
 * asked false: the body is of no use, so that it is only passed over. straight: where all of a
 * body that begins now may go, or NULL; not to be used for anything else before
 * parcels_spill(). 0: end.parcel says how far it is now. PARCELS_FULL: no room, nothing was
 * changed. PARCELS_LIE: this may not come now.
 */
enum {
	PARCELS_FULL = 1,
	PARCELS_LIE,
};
int parcels_take(uint32_t lane, const struct record *head, const uint8_t *body, bool asked,
	uint8_t *straight) MUST_USE;

/* Of a whole one: the record it would have been. */
struct record parcels_head(uint32_t lane);
bool parcels_has_body(uint32_t lane); /* false: it was passed over */
const uint8_t *parcels_body(uint32_t lane);
bool parcels_straight(uint32_t lane); /* the body is where it was wanted */

/* Whatever goes straight somewhere goes on in its room. */
void parcels_spill(void);

/* A whole answer that did not go straight becomes its ticket's; the place of its body. */
uint32_t parcels_keep(uint32_t lane, uint32_t ticket);
void parcels_drop(uint32_t lane); /* whatever there is */

/* A lane on which a body was begun and nothing came for PARCELS_IDLE_NS, or LANES_MAX. */
uint32_t parcels_idle(void);

/* Before a sleep: gives back what there is to give back, if it is time. When to come again for
 * that; ENDS_FOREVER: need not be. */
uint64_t parcels_rest(void);

extern bool parcels_wanted;    /* somebody found no room */
extern bool parcels_room_came; /* and some was given back since */
