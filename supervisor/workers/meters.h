/*
 * meters.h: the meters of one client's lane, by slot, and which of its messages wait for an
 * answer under them: an answer names an id, no slot. Part of whatever keeps the lane (a relay;
 * a worker for its home lane). All zero: nothing is limited, which costs one look.
 *
 * What the client can make us remember: METERS_ASKED_MAX ids for each lane with a limit on what
 * waits for an answer.
 */
#pragma once

#include "ipc/record.h"
#include "supervisor/workers/meter.h"

#define METERS_ASKED_MAX 4096u /* as many as an honest runtime gives ids at a time */

struct meters_asked {
	uint64_t id;   /* the client's */
	uint32_t slot; /* and one; 0: the place is free */
};

struct meters {
	uint64_t limited; /* bit s: slot s has limits */
	uint64_t refused; /* messages beyond them: for people */
	struct meters_asked *asked;
	uint32_t asked_room, asked_count; /* places, a power of two */
	struct meter slots[TABLE_SLOTS_MAX];
};

void meters_deinit(struct meters *meters);

/* From now on these limits hold in this slot. */
void meters_set(struct meters *meters, uint32_t slot, const struct broker_limits *limits);

/* May this message, of which the first record is here, go on? RS_OK, RS_TOO_BIG or RS_LIMIT.
 * Its slot is below TABLE_SLOTS_MAX. */
uint32_t meters_check_limited(struct meters *meters, const struct record *head) MUST_USE;
static inline uint32_t meters_check(struct meters *meters, const struct record *head)
{
	return meters->limited >> head->slot & 1 ? meters_check_limited(meters, head) : RS_OK;
}

/* It goes on: called once for each, with nothing of this lane checked in between. */
void meters_take_limited(struct meters *meters, const struct record *head);
static inline void meters_take(struct meters *meters, const struct record *head)
{
	if (meters->limited >> head->slot & 1)
		meters_take_limited(meters, head);
}

/* An answer to this id, or the client cancels it. Any id. */
void meters_answered_asked(struct meters *meters, uint64_t id);
static inline void meters_answered(struct meters *meters, uint64_t id)
{
	if (meters->asked_count)
		meters_answered_asked(meters, id);
}
