#include "supervisor/broker/reviewing.h"

#include "supervisor/broker/directory.h"
#include "supervisor/broker/handlers.h"
#include "supervisor/broker/judging.h"
#include "supervisor/broker/links.h"
#include "supervisor/broker/opening.h"
#include "supervisor/broker/slots.h"

static bool meant(const struct hash *name, const struct hash *wanted)
{
	return !wanted || hash_equal(name, wanted);
}

/* ---- what is open ---- */

static void review_slot(struct broker *broker, struct link *link, uint32_t number)
{
	const struct member *client = link->ends[LANE_CLIENT];
	const struct slot *slot = &link->ends[LANE_HANDLER]->slots[number];

	if (slot->entry && slot->entry->instance) /* it is the owner's, whatever is granted */
		return;
	const struct broker_verdict verdict =
		judging_use(broker, client, &slot->interface, NULL);
	if (verdict.status != RS_OK)
		slots_take(broker, link, number, SLOTS_REVOKED);
	else if (verdict.mediated && !link->mediated)
		slots_take(broker, link, number, SLOTS_OVER); /* opened anew, through rsd */
	else if (link->mediated)
		slots_limit(broker, client, link->index[LANE_CLIENT], number, &verdict.limits);
}

static void review_link(struct broker *broker, struct link *link, const struct hash *interface)
{
	if (!link->open) /* what was sent before its end still comes */
		return;
	const struct slot *slots = link->ends[LANE_HANDLER]->slots;
	for (uint32_t s = 0; s < TABLE_SLOTS_MAX; s++)
		if ((link->slots[LANE_HANDLER] >> s & 1) &&
			meant(&slots[s].interface, interface))
			review_slot(broker, link, s);
}

static void review_host(struct broker *broker, struct member *client, const struct entry *entry)
{
	if (!(client->host_slots & slots_bit(entry->slot)))
		return;
	const struct broker_verdict verdict =
		judging_use(broker, client, &entry->interface, entry);
	if (verdict.status != RS_OK)
		slots_take_host(broker, client, entry->slot);
	else
		slots_limit(broker, client, LANE_HOME, entry->slot, &verdict.limits);
}

/* What it handles and what it sends to. Who waits comes after: it may get what is free now. */
static void review_open(
	struct broker *broker, struct member *member, const struct hash *interface)
{
	for (uint32_t s = 0; s < TABLE_SLOTS_MAX; s++) {
		struct entry *entry = member->slots[s].entry;
		if (entry && meant(&entry->interface, interface))
			handlers_review(broker, entry);
	}
	for (struct link *link = member->paid; link; link = link->next)
		review_link(broker, link, interface);
	for (uint32_t s = 0; s < TABLE_SLOTS_MAX; s++)
		if (broker->hosts[s] && meant(&broker->hosts[s]->interface, interface))
			review_host(broker, member, broker->hosts[s]);
}

/* ---- who waits ---- */

/* What it waits for is noted first: while one is answered the others may change. */
static void review_waits(
	struct broker *broker, const struct member *member, const struct hash *interface)
{
	struct hash awaited[BROKER_PENDING_MAX];
	uint64_t process = member->process;
	uint32_t n = 0;

	for (const struct wait *wait = member->waits; wait; wait = wait->next_of_client)
		if (meant(&wait->entry->interface, interface))
			awaited[n++] = wait->entry->interface;
	while (n) {
		struct entry *entry = directory_entry(broker, &awaited[--n]);
		if (entry)
			opening_again(broker, entry, process);
	}
}

/* One that somebody waits for and that was not looked at in this round. */
static struct entry *next_awaited(struct entry *entry, uint64_t round)
{
	while (entry && (entry->round == round || !entry->waits))
		entry = entry->next;
	return entry;
}

static void review_bucket(struct broker *broker, uint32_t bucket, uint64_t round)
{
	struct entry *entry;

	while ((entry = next_awaited(broker->entries[bucket], round))) {
		entry->round = round;
		opening_again(broker, entry, 0);
	}
}

/* ---- all together ---- */

void reviewing_member(
	struct broker *broker, struct member *member, const struct hash *interface)
{
	review_open(broker, member, interface);
	review_waits(broker, member, interface);
}

void reviewing_all(struct broker *broker)
{
	uint64_t round = ++broker->rounds;

	for (uint32_t b = 0; b < MEMBER_BUCKETS; b++)
		for (struct member *member = broker->members[b]; member; member = member->next)
			review_open(broker, member, NULL);
	for (uint32_t b = 0; b < MEMBER_BUCKETS; b++)
		review_bucket(broker, b, round);
}

/* All lanes on which it may be used end at a handler that has it, or had it. */
static void review_handler(
	struct broker *broker, const struct member *handler, const struct hash *interface)
{
	for (uint32_t i = 1; i < handler->lanes_room; i++) {
		struct link *link = handler->lanes[i];
		if (link && links_role(link, handler, i) == LANE_HANDLER)
			review_link(broker, link, interface);
	}
}

static void review_hosts(struct broker *broker, const struct entry *entry)
{
	for (uint32_t b = 0; b < MEMBER_BUCKETS; b++)
		for (struct member *member = broker->members[b]; member; member = member->next)
			review_host(broker, member, entry);
}

void reviewing_interface(struct broker *broker, const struct hash *interface)
{
	struct entry *entry = directory_entry(broker, interface);

	if (!entry)
		return;
	if (entry->host)
		review_hosts(broker, entry);
	for (const struct slot *slot = entry->replaced; slot; slot = slot->next_replaced)
		review_handler(broker, slot->handler, interface);
	if (entry->handler)
		review_handler(broker, entry->handler, interface);
	handlers_review(broker, entry);
	entry = directory_entry(broker, interface);
	if (entry)
		opening_again(broker, entry, 0);
}
