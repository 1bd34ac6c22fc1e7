/*
 * slots.h: a slot is a number by which a handler knows one of its interfaces. It is never given
 * to another interface while a lane lives on which it was allowed: a message on its way could
 * otherwise arrive under the wrong name.
 */
#pragma once

#include "supervisor/broker/member.h"

static inline uint64_t slots_bit(uint32_t slot)
{
	return 1ull << slot;
}

/* The number this interface had before, or one that no living lane knows. TABLE_SLOTS_MAX:
 * none. */
uint32_t slots_number(const struct member *handler, const struct hash *interface,
	const struct entry *entry) MUST_USE;

void slots_allow(struct broker *broker, struct link *link, uint32_t slot);

enum slots_why {
	SLOTS_OVER,    /* the handler let go of it, or another lane is used instead */
	SLOTS_REVOKED, /* the client may not use it any more */
};
/* Away at both ends; nothing where it is not allowed. */
void slots_take(struct broker *broker, struct link *link, uint32_t slot, enum slots_why why);
/* And on all lanes of a handler. */
void slots_take_all(struct broker *broker, struct member *handler, uint32_t slot);
/* The clients of a handler send nothing more under it; what they sent still comes. */
void slots_drain_all(struct broker *broker, struct member *handler, uint32_t slot);

/* On a client's home lane. */
void slots_allow_host(struct broker *broker, struct member *client, uint32_t slot);
void slots_take_host(struct broker *broker, struct member *client, uint32_t slot);

/* What the client may do under it; lane LANE_HOME or a mediated one. */
void slots_limit(struct broker *broker, const struct member *client, uint32_t lane,
	uint32_t slot, const struct broker_limits *limits);
