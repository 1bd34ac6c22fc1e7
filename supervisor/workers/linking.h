/*
 * linking.h: carries out what the broker wants (struct broker_actions): makes lanes, direct or
 * mediated, gives each end its descriptors, and keeps the lane tables. Of a mediated lane the
 * table says PEER_DEAD only when all is passed on that the peer had published.
 */
#pragma once

#include "supervisor/workers/crew.h"

/* context is the crew; before anybody is added to it. */
struct broker_actions linking_actions(struct crew *crew);

/* Which of the two this process is, by its lane. */
enum lane_role linking_role(const struct relay *relay, uint64_t process, uint32_t lane);

/* What a mediated lane has to pass on; way is of kind WORKER_RELAY, and may be gone afterwards.
 * True: more may be there. */
bool linking_turn(struct crew *crew, struct lookout_item *way);

/* This worker is gone and out of the crew already: what it said on mediated lanes is passed on
 * when the broker says to whom (broker_process_gone()). */
void linking_gone(struct worker *worker);

/* It says that this lane is broken and reads it no more: nothing needs to be passed on to it.
 */
void linking_accused(struct crew *crew, struct worker *worker, uint32_t lane);
