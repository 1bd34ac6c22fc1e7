/*
 * hearing.h: what a worker says on its home lane: each record is copied out of the ring,
 * checked, and given to the broker or to a host. Whatever comes of it leaves through the
 * worker's outbox. A worker that lies is given up (crew_broken) and heard no more.
 */
#pragma once

#include "supervisor/workers/crew.h"

/* Takes one record and adds its body to *bytes. False: nothing now, or nothing more from this
 * one. */
bool hearing_record(struct crew *crew, struct worker *worker, uint64_t *bytes);

/* True: its output has nowhere to go, so it is not heard for now. */
bool hearing_blocked(const struct crew *crew, const struct worker *worker);
