#include "runtime/tickets.h"

LARGE_TABLE struct tickets tickets_own, tickets_others;

static bool reclaim_moot(struct tickets *set)
{
	for (uint32_t i = 1; i <= set->used; i++)
		if (set->all[i].state == TICKET_MOOT)
			tickets_free(set, &set->all[i]);
	return set->free != 0;
}

struct ticket *tickets_new(struct tickets *set, enum ticket_state state, uint16_t lane)
{
	uint16_t place = set->free;

	if (!place && set->used < TICKETS_MAX - 1)
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

void tickets_free(struct tickets *set, struct ticket *ticket)
{
	ticket->state = TICKET_FREE;
	ticket->next = set->free;
	set->free = (uint16_t)tickets_place(set, ticket);
}

struct ticket *tickets_asked(uint16_t lane, uint64_t peer_id)
{
	for (uint32_t i = 1; i <= tickets_others.used; i++) {
		struct ticket *ticket = &tickets_others.all[i];

		if (ticket->state == TICKET_ASKED && ticket->lane == lane &&
			ticket->peer_id == peer_id)
			return ticket;
	}
	return NULL;
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
	for (uint32_t i = 1; i <= tickets_others.used; i++)
		if (tickets_others.all[i].state == TICKET_ASKED &&
			tickets_others.all[i].lane == lane)
			tickets_others.all[i].state = TICKET_MOOT;
}
