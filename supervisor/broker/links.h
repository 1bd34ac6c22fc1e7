/*
 * links.h: the lanes between members: under which index each end stands in its member's table,
 * and who pays. A link is there until both ends have let go of it.
 */
#pragma once

#include "supervisor/broker/member.h"

/* The lane at this index; NULL: there is none, or it is the home lane. member may be NULL. */
struct link *links_at(const struct member *member, uint32_t index);
/* The open lane of this kind from client to handler on which this slot was not revoked; NULL:
 * there is none. */
struct link *links_to(const struct member *client, const struct member *handler, uint32_t slot,
	bool mediated);
/* The one on which messages in this slot reach the handler now; NULL: there is none. */
struct link *links_allowing(
	const struct member *client, const struct member *handler, uint32_t slot);

/* The end that this member has at this index. */
enum lane_role links_role(const struct link *link, const struct member *member, uint32_t index);

/* The lowest free index from `from` on, with room for it in the table; 0: none. */
uint32_t links_unused(struct member *member, uint32_t from) MUST_USE;
/* The end enters its member's table, at link->index. */
void links_begin(struct link *link, enum lane_role role, struct member *member);
/* The end lets go of it; the second frees the link, and the payer is charged no more. */
void links_end(struct link *link, enum lane_role role);

void links_pay(struct link *link, struct member *client);
void links_unpay(struct link *link); /* nothing if nobody does */
