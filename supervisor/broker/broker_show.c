/* broker_show.c: what the broker tells of itself: for ps, inspect, interfaces and a hard
 * revoke.
 */
#include "supervisor/broker/broker.h"
#include "supervisor/broker/directory.h"
#include "supervisor/broker/judging.h"
#include "supervisor/broker/lanes.h"

/* ---- of one process ---- */

typedef bool (*relation_each)(
	void *context, enum broker_relation relation, const struct hash *interface);

static bool each_wait(const struct member *member, relation_each each, void *context)
{
	for (const struct wait *wait = member->waits; wait; wait = wait->next_of_client)
		if (!each(context, BROKER_WAITS_FOR, &wait->entry->interface))
			return false;
	return true;
}

/* Its owner knows an instance by the instance's own name. */
static const struct hash *name_to_client(const struct slot *slot)
{
	return slot->entry ? &slot->entry->interface : &slot->interface;
}

static bool each_used(const struct member *member, relation_each each, void *context)
{
	for (const struct link *link = member->paid; link; link = link->next) {
		if (!link->open)
			continue;
		const struct member *handler = link->ends[LANE_HANDLER];
		for (uint32_t s = 0; s < TABLE_SLOTS_MAX; s++)
			if ((link->slots[LANE_CLIENT] >> s & 1) &&
				!each(context, BROKER_TALKS_TO,
					name_to_client(&handler->slots[s])))
				return false;
	}
	return true;
}

void broker_each(
	const struct broker *broker, uint64_t process, relation_each each, void *context)
{
	const struct member *member = directory_member(broker, process);

	if (!member)
		return;
	for (uint32_t i = 0; i < TABLE_SLOTS_MAX; i++)
		if (member->slots[i].entry &&
			!each(context, BROKER_HANDLES, &member->slots[i].interface))
			return;
	if (each_wait(member, each, context))
		each_used(member, each, context);
}

bool broker_handles_any(const struct broker *broker, uint64_t process)
{
	const struct member *member = directory_member(broker, process);

	for (uint32_t i = 0; member && i < TABLE_SLOTS_MAX; i++)
		if (member->slots[i].entry || member->slots[i].replaced)
			return true;
	return false;
}

bool broker_use(const struct broker *broker, uint64_t process, struct broker_use *out)
{
	const struct member *member = directory_member(broker, process);

	if (!member)
		return false;
	*out = (struct broker_use){ .lanes = member->paid_count,
		.lane_bytes = member->paid_bytes,
		.refused = member->refused,
		.denied = member->denied };
	return true;
}

static struct broker_verdict judge(const struct broker *broker, const struct member *member,
	const struct hash *interface, enum broker_right right)
{
	const struct entry *entry = directory_entry(broker, interface);

	if (right == BROKER_USE)
		return judging_use(broker, member, interface, entry);
	return (struct broker_verdict){ .status = judging_register(
						broker, member, interface, entry) };
}

bool broker_state(const struct broker *broker, uint64_t process, const struct hash *interface,
	enum broker_right right, struct broker_state *out)
{
	const struct member *member = directory_member(broker, process);
	const struct entry *entry = directory_entry(broker, interface);

	if (!member)
		return false;
	*out = (struct broker_state){ .verdict = judge(broker, member, interface, right) };
	uint32_t limit = out->verdict.limits.body_bytes_max;
	if (out->verdict.status != RS_OK)
		return true;
	out->handled = entry && (entry->host || entry->handler);
	out->body_bytes_max = broker_body_max(broker, interface);
	if (limit && limit < out->body_bytes_max)
		out->body_bytes_max = limit;
	return true;
}

bool broker_serves(const struct broker *broker, uint64_t handler, uint64_t client)
{
	const struct member *to = directory_member(broker, handler);
	const struct member *from = to ? directory_member(broker, client) : NULL;

	for (const struct link *link = from ? from->paid : NULL; link; link = link->next)
		if (link->ends[LANE_HANDLER] == to)
			return true;
	return false;
}

const struct hash *broker_program(const struct broker *broker, uint64_t process)
{
	const struct member *member = directory_member(broker, process);

	return member ? &member->program : NULL;
}

/* ---- of all interfaces ---- */

static uint32_t waiting(const struct entry *entry)
{
	uint32_t n = 0;

	for (const struct wait *wait = entry->waits; wait; wait = wait->next)
		n++;
	return n;
}

static struct broker_interface interface_of(const struct entry *entry)
{
	const struct instance *instance = entry->instance;

	return (struct broker_interface){ .interface = &entry->interface,
		.host = entry->host,
		.handler = entry->handler ? entry->handler->process : 0,
		.bound = entry->bound ? &entry->program : NULL,
		.owner = instance ? instance->owner->process : 0,
		.child = instance ? instance->child : 0,
		.means = instance ? &instance->means : NULL,
		.waiting = waiting(entry) };
}

void broker_each_interface(const struct broker *broker,
	bool (*each)(void *context, const struct broker_interface *interface), void *context)
{
	for (uint32_t b = 0; b < MEMBER_BUCKETS; b++)
		for (const struct entry *entry = broker->entries[b]; entry;
			entry = entry->next) {
			const struct broker_interface interface = interface_of(entry);
			if (!each(context, &interface))
				return;
		}
}

void broker_each_waiting(const struct broker *broker, const struct hash *interface,
	bool (*each)(void *context, const struct broker_waiting *waiting), void *context)
{
	const struct entry *entry = directory_entry(broker, interface);

	for (const struct wait *wait = entry ? entry->waits : NULL; wait; wait = wait->next) {
		const struct broker_waiting one = { .process = wait->client->process,
			.why = wait->why,
			.since_ms = wait->since_ms };
		if (!each(context, &one))
			return;
	}
}

/* ---- for a hard revoke ---- */

void broker_each_direct(const struct broker *broker, const struct hash *program,
	const struct hash *interface, bool (*each)(void *context, uint64_t client),
	void *context)
{
	for (uint32_t b = 0; b < MEMBER_BUCKETS; b++)
		for (const struct member *member = broker->members[b]; member;
			member = member->next)
			if ((!program || hash_equal(&member->program, program)) &&
				lanes_may_keep(member, interface) &&
				!each(context, member->process))
				return;
}
