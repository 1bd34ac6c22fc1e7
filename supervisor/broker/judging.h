/* judging.h: what the policy says, with what is the same for everybody. */
#pragma once

#include "supervisor/broker/member.h"

/* May it send to this interface? Of an instance its owner alone may, whatever the policy says.
 * entry may be NULL. */
struct broker_verdict judging_use(const struct broker *broker, const struct member *client,
	const struct hash *interface, const struct entry *entry);
/* May it handle it, if it is not bound? A status, or BROKER_ASK. */
uint32_t judging_handle(const struct broker *broker, const struct member *handler,
	const struct hash *interface);
/* May it become the handler? Of a bound interface the binding says. entry may be NULL. */
uint32_t judging_register(const struct broker *broker, const struct member *handler,
	const struct hash *interface, const struct entry *entry);
