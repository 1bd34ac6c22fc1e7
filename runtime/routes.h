/*
 * routes.h: which lane and slot lead to an interface. First use is one round trip to rsd; after
 * that the broker's table says at every message whether the way is still allowed.
 */
#pragma once

#include "runtime/ends.h"

enum route_state {
	ROUTE_UNKNOWN,
	ROUTE_OPEN,
	ROUTE_AWAITED, /* nobody handles it; rsd will say when somebody does */
	ROUTE_LATER,   /* HOME_LATER: rsd will say, for certain; all is kept until then */
};

struct route {
	uint8_t interface[32];
	uint64_t generation; /* of the lane, so that its next use is not mistaken for it */
	uint32_t lane, slot;
	uint32_t body_bytes_max; /* the handler's limit */
	uint32_t held; /* messages kept for it; while there are some, nothing overtakes them */
	uint32_t status;  /* rsd's last answer */
	uint32_t flushed; /* number of the last round in which a kept one found no room */
	uint8_t state;    /* enum route_state */
	uint8_t next;     /* in its chain */
	bool asked;       /* rsd has not answered yet */
	bool awaits;      /* asked to be told when somebody handles it */
	bool refused;     /* LATER, and there was no room to keep something: again.h */
};

void routes_forget(void); /* all of them */

/* The route of an interface, known or new. NULL: too many are waiting for theirs. */
struct route *routes_find(const uint8_t interface[32]);

/* True: a message may be put on route->lane now. */
static inline bool routes_usable(const struct route *route)
{
	const struct end *end = &ends.all[route->lane];

	if (route->state != ROUTE_OPEN || !(ends_table_slots(route->lane) >> route->slot & 1))
		return false;
	if (route->lane == LANE_HOME) /* it is there as long as rsd is */
		return true;
	return end->state == END_OPEN && end->generation == route->generation &&
	       ends_table_state(route->lane) == TABLE_OPEN;
}

/* True: rsd will say by itself what becomes of it. */
static inline bool routes_will_be_told(const struct route *route)
{
	return route->state == ROUTE_AWAITED || route->state == ROUTE_LATER;
}

/* Asks rsd, without waiting. RS_OK or RS_BUSY. */
uint32_t routes_ask(struct route *route, uint32_t flags);

/* Asks and waits for rsd, who always answers at once. RS_OK, or why there is no way: HOME_LATER
 * is one. */
uint32_t routes_open(struct route *route, uint32_t flags);

/* RECORD_OPENED came. False: it makes no sense. */
bool routes_opened(const struct home_opened *opened);
