#include "supervisor/broker/slots.h"

#include "supervisor/broker/links.h"

/* ---- numbers ---- */

static uint64_t slots_in_flight(const struct member *handler)
{
	uint64_t ever = 0;

	for (uint32_t i = 1; i < handler->lanes_room; i++)
		if (handler->lanes[i] &&
			links_role(handler->lanes[i], handler, i) == LANE_HANDLER)
			ever |= handler->lanes[i]->ever;
	return ever;
}

/* It meant this interface, and does not mean another's instance of it now. */
static bool had(
	const struct slot *slot, const struct hash *interface, const struct entry *entry)
{
	return slot->used && !slot->entry && (!slot->replaced || slot->replaced == entry) &&
	       hash_equal(&slot->interface, interface);
}

uint32_t slots_number(
	const struct member *handler, const struct hash *interface, const struct entry *entry)
{
	uint64_t taken = slots_in_flight(handler);
	uint32_t free_slot = TABLE_SLOTS_MAX;

	for (uint32_t i = 0; i < TABLE_SLOTS_MAX; i++) {
		const struct slot *slot = &handler->slots[i];
		if (had(slot, interface, entry))
			return i;
		if (free_slot == TABLE_SLOTS_MAX && !slot->entry && !(taken >> i & 1))
			free_slot = i;
	}
	return free_slot;
}

/* ---- on the lanes ---- */

static void tell_slots(struct broker *broker, const struct link *link, enum lane_role role)
{
	broker->act.slots(broker->act.context, link->ends[role]->process, link->index[role],
		link->slots[role], link->revoked);
}

/* The handler's end first: a message that comes under the slot finds it allowed. */
void slots_allow(struct broker *broker, struct link *link, uint32_t slot)
{
	if (link->slots[LANE_CLIENT] & slots_bit(slot)) /* at both ends */
		return;
	link->ever |= slots_bit(slot);
	link->slots[LANE_HANDLER] |= slots_bit(slot);
	link->slots[LANE_CLIENT] |= slots_bit(slot);
	tell_slots(broker, link, LANE_HANDLER);
	tell_slots(broker, link, LANE_CLIENT);
}

void slots_take(struct broker *broker, struct link *link, uint32_t slot, enum slots_why why)
{
	uint64_t bit = slots_bit(slot);

	if (!((link->slots[LANE_HANDLER] | link->slots[LANE_CLIENT]) & bit))
		return;
	if (why == SLOTS_REVOKED)
		link->revoked |= bit;
	link->slots[LANE_HANDLER] &= ~bit;
	link->slots[LANE_CLIENT] &= ~bit;
	if (link->ends[LANE_HANDLER]) /* what a dead client said is still being read */
		tell_slots(broker, link, LANE_HANDLER);
	if (link->open)
		tell_slots(broker, link, LANE_CLIENT);
}

/* The lane at this index, if the member is its handler. */
static struct link *handled_at(const struct member *handler, uint32_t index)
{
	struct link *link = handler->lanes[index];

	return link && links_role(link, handler, index) == LANE_HANDLER ? link : NULL;
}

void slots_take_all(struct broker *broker, struct member *handler, uint32_t slot)
{
	for (uint32_t i = 1; i < handler->lanes_room; i++) {
		struct link *link = handled_at(handler, i);
		if (link)
			slots_take(broker, link, slot, SLOTS_OVER);
	}
}

void slots_drain_all(struct broker *broker, struct member *handler, uint32_t slot)
{
	for (uint32_t i = 1; i < handler->lanes_room; i++) {
		struct link *link = handled_at(handler, i);
		if (!link || !link->open || !(link->slots[LANE_CLIENT] & slots_bit(slot)))
			continue;
		link->slots[LANE_CLIENT] &= ~slots_bit(slot);
		tell_slots(broker, link, LANE_CLIENT);
	}
}

/* ---- of the hosts ---- */

static void tell_host_slots(struct broker *broker, const struct member *client)
{
	broker->act.slots(broker->act.context, client->process, LANE_HOME, client->host_slots,
		client->host_revoked);
}

void slots_allow_host(struct broker *broker, struct member *client, uint32_t slot)
{
	if (client->host_slots & slots_bit(slot))
		return;
	client->host_slots |= slots_bit(slot);
	client->host_revoked &= ~slots_bit(slot);
	tell_host_slots(broker, client);
}

void slots_take_host(struct broker *broker, struct member *client, uint32_t slot)
{
	if (!(client->host_slots & slots_bit(slot)))
		return;
	client->host_slots &= ~slots_bit(slot);
	client->host_revoked |= slots_bit(slot);
	tell_host_slots(broker, client);
}

void slots_limit(struct broker *broker, const struct member *client, uint32_t lane,
	uint32_t slot, const struct broker_limits *limits)
{
	if (broker->act.limits)
		broker->act.limits(broker->act.context, client->process, lane, slot, limits);
}
