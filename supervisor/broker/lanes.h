/*
 * lanes.h: makes the lanes between members and ends them, with the actions that belong to it.
 * Its client pays for a lane until both ends have let go of it: as long as one of them keeps it
 * mapped, it takes memory.
 */
#pragma once

#include "supervisor/broker/links.h"

/* NULL: beyond a limit, or it could not be made. */
struct link *lanes_connect(struct broker *broker, struct member *client, struct member *handler,
	uint32_t ring_log2, bool mediated) MUST_USE;

/* It is over before its time: both ends are told. Nothing if it is over already. */
void lanes_close(struct broker *broker, struct link *link);
/* Its end at this index was let go of: the other is told, too. */
void lanes_done(
	struct broker *broker, struct link *link, const struct member *member, uint32_t index);
/* Whether this client can have, for all that is known here, a direct lane on which this
 * interface (NULL: any) was allowed: two that conspire say that they let go of it and keep it.
 */
bool lanes_may_keep(const struct member *client, const struct hash *interface);
/* Who is at the other ends of its lanes is told that it is gone. */
void lanes_peer_gone(struct broker *broker, const struct member *member);
