#include "runtime/tickets.h"

#include <string.h>

#include "runtime/ends.h"

LARGE_TABLE struct tickets tickets_own, tickets_others;

static uint32_t own_max = TICKETS_OWN_MAX;
static uint32_t shared; /* asked ones beyond what their lanes have for sure */

#define SHARED_MAX (TICKETS_MAX - 1 - LANES_MAX * TICKETS_LANE_SURE)
_Static_assert(TICKETS_MAX - 1 > LANES_MAX * TICKETS_LANE_SURE, "there is something to share");

void tickets_limit(uint32_t own)
{
	/* the first place of a set is never given */
	own_max = own && own < TICKETS_OWN_MAX ? own + 1 : TICKETS_OWN_MAX;
}

static bool reclaim_moot(struct tickets *set)
{
	for (uint32_t i = 1; i <= set->used; i++)
		if (set->all[i].state == TICKET_MOOT)
			tickets_free(set, &set->all[i]);
	return set->free != 0;
}

void tickets_forget(void)
{
	struct tickets *sets[] = { &tickets_own, &tickets_others };

	for (size_t i = 0; i < ARRAY_LEN(sets); i++) {
		uint64_t given = sets[i]->given; /* ids that somebody kept mean nothing later */
		memset(sets[i], 0, sizeof(*sets[i]));
		sets[i]->given = given;
	}
	shared = 0;
}

static struct ticket *new_of(
	struct tickets *set, uint32_t most, enum ticket_state state, uint16_t lane)
{
	uint16_t place = set->free;

	if (!place && set->used < most - 1)
		place = ++set->used; /* pages of the table are touched as they are needed */
	else if (!place && reclaim_moot(set))
		place = set->free;
	if (!place)
		return NULL;
	struct ticket *ticket = &set->all[place];
	if (place == set->free)
		set->free = ticket->next;
	*ticket = (struct ticket){ .id = ++set->given * TICKETS_MAX + place,
		.body = TICKET_NO_BODY,
		.lane = lane,
		.state = (uint8_t)state };
	return ticket;
}

struct ticket *tickets_new(enum ticket_state state, uint16_t lane)
{
	return new_of(&tickets_own, own_max, state, lane);
}

/* ---- shares of the others ---- */

static bool may_ask(uint16_t lane)
{
	uint32_t has = ends.all[lane].asked;

	return has < TICKETS_LANE_SURE || (has - TICKETS_LANE_SURE) * 2 < SHARED_MAX - shared;
}

struct ticket *tickets_ask(uint16_t lane, uint64_t peer_id)
{
	struct tickets *set = &tickets_others;
	/* who may ask finds a place: all shares together are as many as there are */
	struct ticket *ticket =
		may_ask(lane) ? new_of(set, TICKETS_MAX, TICKET_ASKED, lane) : NULL;

	if (!ticket)
		return NULL;
	ticket->peer_id = peer_id;
	ticket->next = ends.all[lane].first_asked;
	if (ticket->next)
		set->all[ticket->next].previous = (uint16_t)tickets_place(set, ticket);
	ends.all[lane].first_asked = (uint16_t)tickets_place(set, ticket);
	shared += ends.all[lane].asked++ >= TICKETS_LANE_SURE;
	return ticket;
}

/* It is no asked one any more. */
static void leave_lane(struct ticket *ticket)
{
	struct tickets *set = &tickets_others;

	if (ticket->previous)
		set->all[ticket->previous].next = ticket->next;
	else
		ends.all[ticket->lane].first_asked = ticket->next;
	if (ticket->next)
		set->all[ticket->next].previous = ticket->previous;
	shared -= ends.all[ticket->lane].asked-- > TICKETS_LANE_SURE;
}

struct ticket *tickets_asked(uint16_t lane, uint64_t peer_id)
{
	for (uint16_t i = ends.all[lane].first_asked; i; i = tickets_others.all[i].next)
		if (tickets_others.all[i].peer_id == peer_id)
			return &tickets_others.all[i];
	return NULL;
}

void tickets_moot(struct ticket *ticket)
{
	leave_lane(ticket);
	ticket->state = TICKET_MOOT;
}

/* ---- their end ---- */

void tickets_free(struct tickets *set, struct ticket *ticket)
{
	if (ticket->state == TICKET_ASKED)
		leave_lane(ticket);
	ticket->state = TICKET_FREE;
	ticket->next = set->free;
	set->free = (uint16_t)tickets_place(set, ticket);
}

void tickets_finish(struct ticket *ticket, uint32_t status, uint32_t body)
{
	struct tickets *set = &tickets_own;
	uint16_t place = (uint16_t)tickets_place(set, ticket);

	ticket->state = TICKET_FINISHED;
	ticket->status = status;
	ticket->body = body;
	ticket->next = 0;
	ticket->previous = set->last;
	if (set->last)
		set->all[set->last].next = place;
	else
		set->first = place;
	set->last = place;
}

void tickets_told(struct ticket *ticket)
{
	struct tickets *set = &tickets_own;

	if (ticket->previous)
		set->all[ticket->previous].next = ticket->next;
	else
		set->first = ticket->next;
	if (ticket->next)
		set->all[ticket->next].previous = ticket->previous;
	else
		set->last = ticket->previous;
	tickets_free(set, ticket);
}

void tickets_lane_gone(uint16_t lane, uint32_t status)
{
	for (uint32_t i = 1; i <= tickets_own.used; i++)
		if (tickets_own.all[i].state == TICKET_SENT && tickets_own.all[i].lane == lane)
			tickets_finish(&tickets_own.all[i], status, TICKET_NO_BODY);
	while (ends.all[lane].first_asked)
		tickets_moot(&tickets_others.all[ends.all[lane].first_asked]);
}
