/*
 * instances.h: private instances: an entry under a name of its own that only its owner may use,
 * and that its child handles by registering for the interface it means. Bounded, and charged to
 * the owner.
 */
#pragma once

#include "supervisor/broker/member.h"

int instances_new(struct broker *broker, const struct hash *name, struct member *owner,
	uint64_t child, const struct hash *interface) MUST_USE;
/* The child's instance of this interface; NULL: it has none. */
struct instance *instances_of(
	const struct broker *broker, uint64_t child, const struct hash *interface);
/* Both may live on; who waits is told, the child gets nothing more. */
void instances_end(struct broker *broker, struct instance *instance);
/* Those that end with this process, as their owner or their child. What the owner sent still
 * comes. owner may be NULL: it never was a member. */
void instances_gone(struct broker *broker, struct member *owner, uint64_t child);
