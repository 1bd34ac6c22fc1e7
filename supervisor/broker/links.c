#include "supervisor/broker/links.h"

#include <stdlib.h>

#define ROOM_FIRST 8u /* in a member's table of lanes */

struct link *links_at(const struct member *member, uint32_t index)
{
	return member && index < member->lanes_room ? member->lanes[index] : NULL;
}

static bool leads_to(const struct link *link, const struct member *handler)
{
	return link->open && link->ends[LANE_HANDLER] == handler;
}

struct link *links_to(
	const struct member *client, const struct member *handler, uint32_t slot, bool mediated)
{
	struct link *link = client->paid; /* LIMITS_LANES_AS_CLIENT at most */

	while (link && !(leads_to(link, handler) && link->mediated == mediated &&
			       !(link->revoked >> slot & 1)))
		link = link->next;
	return link;
}

struct link *links_allowing(
	const struct member *client, const struct member *handler, uint32_t slot)
{
	struct link *link = client->paid;

	while (link && !(leads_to(link, handler) && (link->slots[LANE_HANDLER] >> slot & 1)))
		link = link->next;
	return link;
}

static bool lanes_grow(struct member *member)
{
	uint32_t room = member->lanes_room ? 2 * member->lanes_room : ROOM_FIRST;

	if (room > LANES_MAX)
		room = LANES_MAX;
	struct link **lanes = realloc(member->lanes, room * sizeof(struct link *));
	if (!lanes)
		return false;
	for (uint32_t i = member->lanes_room; i < room; i++)
		lanes[i] = NULL;
	member->lanes = lanes;
	member->lanes_room = room;
	return true;
}

uint32_t links_unused(struct member *member, uint32_t from)
{
	uint32_t i = from;

	while (i < member->lanes_room && member->lanes[i])
		i++;
	if (i >= LANES_MAX || (i >= member->lanes_room && !lanes_grow(member)))
		return 0;
	if (from == member->free_from)
		member->free_from = i;
	return i;
}

void links_begin(struct link *link, enum lane_role role, struct member *member)
{
	uint32_t i = link->index[role];

	link->ends[role] = member;
	member->lanes[i] = link;
	if (i == member->free_from)
		member->free_from = i + 1;
}

void links_pay(struct link *link, struct member *client)
{
	link->payer = client;
	link->next = client->paid;
	if (link->next)
		link->next->previous = link;
	client->paid = link;
	client->paid_count++;
	client->paid_bytes += link->bytes;
}

void links_unpay(struct link *link)
{
	struct member *payer = link->payer;

	if (!payer)
		return;
	if (link->previous)
		link->previous->next = link->next;
	else
		payer->paid = link->next;
	if (link->next)
		link->next->previous = link->previous;
	payer->paid_count--;
	payer->paid_bytes -= link->bytes;
	link->payer = NULL;
}

void links_end(struct link *link, enum lane_role role)
{
	struct member *member = link->ends[role];
	uint32_t i = link->index[role];

	link->ends[role] = NULL;
	member->lanes[i] = NULL;
	if (i < member->free_from)
		member->free_from = i;
	if (link->ends[LANE_CLIENT] || link->ends[LANE_HANDLER])
		return;
	links_unpay(link);
	free(link);
}

enum lane_role links_role(const struct link *link, const struct member *member, uint32_t index)
{
	return link->ends[LANE_CLIENT] == member && link->index[LANE_CLIENT] == index
		       ? LANE_CLIENT
		       : LANE_HANDLER;
}
