/*
 * broker.c: read broker_open() and broker_register() first: everything else keeps their two
 * tables true.
 *
 * A lane belongs to a directed pair of processes and carries all interfaces between them (two
 * lanes, if some of these are mediated and others not). A slot is a number by which a handler
 * knows one of its interfaces. A slot is never given to another interface while a lane lives on
 * which it was allowed: a message on its way could otherwise arrive under the wrong name.
 *
 * Its client pays for a lane until both ends have let go of it: as long as one of them keeps it
 * mapped, it takes memory.
 */
#include "supervisor/broker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/home.h"
#include "supervisor/limits.h"
#include "supervisor/links.h"
#include "supervisor/waits.h"

#define BUCKETS 1024u /* of both tables */

struct broker {
	struct broker_actions act;
	broker_policy policy;
	void *policy_context;
	bool mediate;            /* what the policy does not say */
	uint32_t body_bytes_max; /* what no handler can raise */
	struct member **members; /* BUCKETS of each */
	struct entry **entries;
};

/* ---- the two tables ---- */

static struct member **member_place(const struct broker *broker, uint64_t process)
{
	/* ids are counted up, so their low bits spread well */
	struct member **at = &broker->members[process % BUCKETS];

	while (*at && (*at)->process != process)
		at = &(*at)->next;
	return at;
}

static struct member *member_find(const struct broker *broker, uint64_t process)
{
	return *member_place(broker, process);
}

static struct entry **entry_place(const struct broker *broker, const struct hash *interface)
{
	uint32_t h = 2166136261u; /* FNV-1a: the first bytes of a readable name are all alike */

	for (size_t i = 0; i < HASH_BYTES; i++)
		h = (h ^ interface->bytes[i]) * 16777619u;
	struct entry **at = &broker->entries[h % BUCKETS];
	while (*at && !hash_equal(&(*at)->interface, interface))
		at = &(*at)->next;
	return at;
}

static struct entry *entry_get(struct broker *broker, const struct hash *interface)
{
	struct entry **at = entry_place(broker, interface);

	if (!*at) {
		*at = calloc(1, sizeof(**at));
		if (*at)
			(*at)->interface = *interface;
	}
	return *at;
}

static void entry_drop_if_idle(struct broker *broker, struct entry *entry)
{
	if (entry->handler || entry->host || entry->waits)
		return;
	struct entry **at = entry_place(broker, &entry->interface);
	*at = entry->next;
	free(entry);
}

int broker_new(const struct broker_actions *actions, broker_policy policy, void *policy_context,
	struct broker **out)
{
	struct broker *broker = calloc(1, sizeof(*broker));

	if (!broker)
		return -ENOMEM;
	broker->members = calloc(BUCKETS, sizeof(struct member *));
	broker->entries = calloc(BUCKETS, sizeof(struct entry *));
	if (!broker->members || !broker->entries) {
		broker_free(broker);
		return -ENOMEM;
	}
	broker->act = *actions;
	broker->policy = policy;
	broker->policy_context = policy_context;
	broker->body_bytes_max = RS_BODY_BYTES_DEFAULT;
	*out = broker;
	return 0;
}

void broker_set_policy(struct broker *broker, broker_policy policy, void *context)
{
	broker->policy = policy;
	broker->policy_context = context;
}

void broker_mediate(struct broker *broker, bool mediate)
{
	broker->mediate = mediate;
}

void broker_limit_bodies(struct broker *broker, uint32_t bytes)
{
	broker->body_bytes_max = bytes;
}

uint32_t broker_body_max(const struct broker *broker, const struct hash *interface)
{
	const struct entry *entry = *entry_place(broker, interface);

	return entry && entry->handler ? entry->handler->slots[entry->slot].body_bytes_max
				       : broker->body_bytes_max;
}

/* It lets go of everything, and nobody is told. */
static void member_free(struct member *member)
{
	while (member->waits)
		waits_end(member->waits);
	for (uint32_t i = 1; i < member->lanes_room; i++) {
		struct link *link = member->lanes[i];
		if (!link)
			continue;
		link->open = false;
		links_end(link, links_role(link, member, i));
	}
	while (member->paid) /* what the others still have to let go of */
		links_unpay(member->paid);
	free(member->lanes);
	free(member);
}

struct broker *broker_free(struct broker *broker)
{
	if (!broker)
		return NULL;
	for (size_t i = 0; broker->members && i < BUCKETS; i++)
		while (broker->members[i]) {
			struct member *member = broker->members[i];
			broker->members[i] = member->next;
			member_free(member);
		}
	for (size_t i = 0; broker->entries && i < BUCKETS; i++)
		while (broker->entries[i]) {
			struct entry *entry = broker->entries[i];
			broker->entries[i] = entry->next;
			free(entry);
		}
	free(broker->members);
	free(broker->entries);
	free(broker);
	return NULL;
}

int broker_add_host(struct broker *broker, const struct hash *interface, uint32_t slot)
{
	struct entry *entry = entry_get(broker, interface);

	if (!entry)
		return -ENOMEM;
	entry->host = true;
	entry->slot = slot;
	return 0;
}

int broker_process_started(struct broker *broker, uint64_t process, const struct hash *program)
{
	struct member **at = member_place(broker, process);

	assert(!*at); /* ids are never used again */
	*at = calloc(1, sizeof(**at));
	if (!*at)
		return -ENOMEM;
	(*at)->process = process;
	(*at)->program = *program;
	(*at)->free_from = LANE_HOME + 1;
	return 0;
}

/* ---- lanes ---- */

static uint64_t lane_cost(uint32_t ring_log2, bool mediated)
{
	return (mediated ? 2 : 1) * lane_file_bytes(ring_log2);
}

/* Makes the lane client -> handler. NULL: beyond a limit, or it could not be made. */
static struct link *lane_connect(struct broker *broker, struct member *client,
	struct member *handler, uint32_t ring_log2, bool mediated)
{
	uint64_t bytes = lane_cost(ring_log2, mediated);

	if (client->paid_count == LIMITS_LANES_AS_CLIENT ||
		client->paid_bytes + bytes > LIMITS_LANE_BYTES)
		return NULL;
	uint32_t at_client = links_unused(client, client->free_from);
	/* a process may handle what it sends: then both ends are in one table */
	uint32_t at_handler =
		links_unused(handler, client == handler ? at_client + 1 : handler->free_from);
	CLEANUP(freep) struct link *link = calloc(1, sizeof(*link));
	if (!at_client || !at_handler || !link)
		return NULL;
	const struct broker_connect wanted = { .client = client->process,
		.handler = handler->process,
		.client_lane = at_client,
		.handler_lane = at_handler,
		.ring_log2 = ring_log2,
		.mediated = mediated };
	if (!broker->act.connect(broker->act.context, &wanted))
		return NULL;
	*link = (struct link){
		.index = { [LANE_CLIENT] = at_client, [LANE_HANDLER] = at_handler },
		.open = true,
		.mediated = mediated,
		.bytes = bytes
	};
	links_begin(link, LANE_CLIENT, client);
	links_begin(link, LANE_HANDLER, handler);
	links_pay(link, client);
	struct link *made = link;
	link = NULL;
	return made;
}

static void tell_slots(struct broker *broker, const struct link *link, enum lane_role role)
{
	broker->act.slots(broker->act.context, link->ends[role]->process, link->index[role],
		link->slots, link->revoked);
}

/* Both ends, the handler's first: a message that comes under the slot finds it allowed. */
static void lane_allow(struct broker *broker, struct link *link, uint64_t slots)
{
	link->slots = slots;
	link->ever |= slots;
	tell_slots(broker, link, LANE_HANDLER);
	tell_slots(broker, link, LANE_CLIENT);
}

static void tell_state(struct broker *broker, const struct link *link, enum lane_role role,
	enum table_state state)
{
	broker->act.lane_state(
		broker->act.context, link->ends[role]->process, link->index[role], state);
}

static enum lane_role other(enum lane_role role)
{
	return role == LANE_CLIENT ? LANE_HANDLER : LANE_CLIENT;
}

bool broker_lane_done(struct broker *broker, uint64_t process, uint32_t index)
{
	struct member *member = member_find(broker, process);
	struct link *link = links_at(member, index);

	if (!link)
		return false;
	enum lane_role role = links_role(link, member, index);
	if (link->open) {
		link->open = false;
		tell_state(broker, link, other(role), TABLE_CLOSED);
	}
	tell_state(broker, link, role, TABLE_FREE);
	links_end(link, role);
	return true;
}

bool broker_lane_broken(struct broker *broker, uint64_t process, uint32_t index)
{
	struct member *member = member_find(broker, process);
	struct link *link = links_at(member, index);

	if (!link)
		return false;
	if (!link->open) /* it is over already, and both know */
		return true;
	link->open = false;
	enum lane_role role = links_role(link, member, index);
	tell_state(broker, link, other(role), TABLE_CLOSED);
	tell_state(broker, link, role, TABLE_CLOSED);
	return true;
}

/* ---- opening ---- */

static uint32_t allowed(struct broker *broker, const struct member *member,
	const struct hash *interface, enum broker_right right, bool *mediated)
{
	struct broker_verdict verdict = { .status = RS_OK };

	if (broker->policy)
		verdict = broker->policy(broker->policy_context, member->process,
			&member->program, interface, right);
	*mediated = broker->mediate || verdict.mediated;
	return verdict.status == BROKER_ASK ? RS_DENIED : verdict.status;
}

static void tell_opened(struct broker *broker, struct member *client, uint64_t open_id,
	const struct hash *interface, uint32_t status)
{
	client->refused += status == RS_LIMIT;
	broker->act.opened(
		broker->act.context, client->process, open_id, interface, status, 0, 0, false);
}

/* The interface goes one way only: what is mediated now is not sent past rsd any more. */
static void lane_disallow(struct broker *broker, struct link *link, uint32_t slot)
{
	if (link && (link->slots >> slot & 1))
		lane_allow(broker, link, link->slots & ~(1ull << slot));
}

static void open_lane(struct broker *broker, struct member *client, uint64_t open_id,
	const struct entry *entry, uint32_t flags, bool mediated)
{
	struct link *link = links_to(client, entry->handler, mediated);
	bool new_lane = link == NULL;
	bool large = (flags & HOME_OPEN_LARGE) || entry->handler->slots[entry->slot].large;

	if (new_lane)
		link = lane_connect(broker, client, entry->handler,
			large ? LANE_RING_LARGE : LANE_RING_SMALL, mediated);
	if (!link) {
		tell_opened(broker, client, open_id, &entry->interface, RS_LIMIT);
		return;
	}
	lane_disallow(broker, links_to(client, entry->handler, !mediated), entry->slot);
	lane_allow(broker, link, link->slots | 1ull << entry->slot);
	broker->act.opened(broker->act.context, client->process, open_id, &entry->interface,
		RS_OK, link->index[LANE_CLIENT], entry->slot, new_lane);
}

/* Remembers that client waits for the interface: RS_NO_HANDLER, or RS_LIMIT when it waits for
 * too many already. */
static uint32_t wait_add(
	struct broker *broker, struct member *client, const struct hash *interface)
{
	struct entry *entry = entry_get(broker, interface);

	if (!entry)
		return RS_LIMIT;
	if (waits_find(client, entry))
		return RS_NO_HANDLER;
	struct wait *wait =
		client->waits_count < BROKER_PENDING_MAX ? calloc(1, sizeof(*wait)) : NULL;
	if (!wait) {
		entry_drop_if_idle(broker, entry);
		return RS_LIMIT;
	}
	waits_begin(wait, client, entry);
	return RS_NO_HANDLER;
}

void broker_open(struct broker *broker, uint64_t process, uint64_t open_id,
	const struct hash *interface, uint32_t flags)
{
	struct member *client = member_find(broker, process);
	struct entry *entry = *entry_place(broker, interface);
	bool mediated;

	if (!client)
		return;
	uint32_t status = allowed(broker, client, interface, BROKER_USE, &mediated);
	if (status == RS_OK && entry && entry->host) {
		broker->act.opened(broker->act.context, process, open_id, interface, RS_OK,
			LANE_HOME, entry->slot, false);
		return;
	}
	if (status == RS_OK && entry && entry->handler) {
		open_lane(broker, client, open_id, entry, flags, mediated);
		return;
	}
	if (status == RS_OK)
		status = flags & RS_ALLOW_DELAY ? wait_add(broker, client, interface)
						: RS_NO_HANDLER;
	tell_opened(broker, client, open_id, interface, status);
}

/* ---- registering ---- */

static uint64_t slots_in_flight(const struct member *handler)
{
	uint64_t ever = 0;

	for (uint32_t i = 1; i < handler->lanes_room; i++)
		if (handler->lanes[i] &&
			links_role(handler->lanes[i], handler, i) == LANE_HANDLER)
			ever |= handler->lanes[i]->ever;
	return ever;
}

/* The slot this interface had before, or one that no living lane knows. TABLE_SLOTS_MAX: none.
 */
static uint32_t slot_for(const struct member *handler, const struct hash *interface)
{
	uint64_t taken = slots_in_flight(handler);
	uint32_t free_slot = TABLE_SLOTS_MAX;

	for (uint32_t i = 0; i < TABLE_SLOTS_MAX; i++) {
		const struct slot *slot = &handler->slots[i];
		if (slot->used && hash_equal(&slot->interface, interface))
			return i;
		if (free_slot == TABLE_SLOTS_MAX && !slot->handled && !(taken >> i & 1))
			free_slot = i;
	}
	return free_slot;
}

/* Everybody who waited gets a lane, in the order they came. What they may do can have changed
 * since. */
static void serve_waits(struct broker *broker, struct entry *entry)
{
	while (entry->waits) {
		struct member *client = entry->waits->client;
		bool mediated;
		uint32_t status =
			allowed(broker, client, &entry->interface, BROKER_USE, &mediated);

		waits_end(entry->waits);
		if (status == RS_OK)
			open_lane(broker, client, 0, entry, 0, mediated);
		else
			tell_opened(broker, client, 0, &entry->interface, status);
	}
}

static struct slot slot_of(
	const struct broker *broker, const struct hash *interface, uint64_t body_bytes_max)
{
	uint64_t most = broker->body_bytes_max;

	return (struct slot){ .interface = *interface,
		.body_bytes_max =
			(uint32_t)(body_bytes_max && body_bytes_max < most ? body_bytes_max
									   : most),
		.large = body_bytes_max > LANE_LARGE_FROM,
		.used = true,
		.handled = true };
}

uint32_t broker_register(struct broker *broker, uint64_t process, const struct hash *interface,
	uint64_t body_bytes_max)
{
	struct member *handler = member_find(broker, process);
	struct entry *entry = *entry_place(broker, interface);
	bool mediated;

	if (!handler || (entry && entry->host))
		return RS_DENIED;
	uint32_t status = allowed(broker, handler, interface, BROKER_HANDLE, &mediated);
	if (status != RS_OK)
		return status;
	if (entry && entry->handler && entry->handler != handler)
		return RS_TAKEN;
	if (entry && entry->handler) { /* with another limit, perhaps */
		handler->slots[entry->slot] = slot_of(broker, interface, body_bytes_max);
		broker->act.handles(broker->act.context, process, entry->slot, interface,
			handler->slots[entry->slot].body_bytes_max);
		return RS_OK;
	}
	uint32_t slot = slot_for(handler, interface);
	if (slot == TABLE_SLOTS_MAX || !(entry = entry_get(broker, interface)))
		return RS_LIMIT;

	entry->handler = handler;
	entry->slot = slot;
	handler->slots[slot] = slot_of(broker, interface, body_bytes_max);
	handler->handled_count++;
	broker->act.handles(broker->act.context, process, slot, interface,
		handler->slots[slot].body_bytes_max);
	serve_waits(broker, entry);
	return RS_OK;
}

static void let_go(struct broker *broker, struct entry *entry)
{
	struct member *handler = entry->handler;

	handler->slots[entry->slot].handled = false;
	handler->handled_count--;
	entry->handler = NULL;
	entry_drop_if_idle(broker, entry);
}

uint32_t broker_unregister(
	struct broker *broker, uint64_t process, const struct hash *interface)
{
	struct member *handler = member_find(broker, process);
	struct entry *entry = *entry_place(broker, interface);

	if (!handler || !entry || entry->handler != handler)
		return RS_BAD_ARGUMENT;
	uint64_t bit = 1ull << entry->slot;
	let_go(broker, entry);
	for (uint32_t i = 1; i < handler->lanes_room; i++) {
		struct link *link = handler->lanes[i];
		if (!link || links_role(link, handler, i) != LANE_HANDLER ||
			!(link->slots & bit))
			continue;
		if (link->open) {
			lane_allow(broker, link, link->slots & ~bit);
		} else { /* what a dead client said is still being read */
			link->slots &= ~bit;
			tell_slots(broker, link, LANE_HANDLER);
		}
	}
	return RS_OK;
}

/* ---- the end of a process ---- */

static void forget_waits(struct broker *broker, struct member *client)
{
	while (client->waits) {
		struct entry *entry = client->waits->entry;
		waits_end(client->waits);
		entry_drop_if_idle(broker, entry);
	}
}

static void end_lanes(struct broker *broker, const struct member *member)
{
	for (uint32_t i = 1; i < member->lanes_room; i++) {
		const struct link *link = member->lanes[i];
		if (!link || !link->open)
			continue;
		enum lane_role peer = other(links_role(link, member, i));
		if (link->ends[peer] != member)
			tell_state(broker, link, peer, TABLE_PEER_DEAD);
	}
}

void broker_process_gone(struct broker *broker, uint64_t process)
{
	struct member **at = member_place(broker, process);
	struct member *member = *at;

	if (!member)
		return;
	/* Its interfaces are free before anybody hears of its end: who opens again at once
	 * finds no dead handler. */
	for (uint32_t i = 0; i < TABLE_SLOTS_MAX; i++)
		if (member->slots[i].handled)
			let_go(broker, *entry_place(broker, &member->slots[i].interface));
	forget_waits(broker, member);
	*at = member->next;
	end_lanes(broker, member);
	member_free(member);
}

/* ---- for people ---- */

typedef bool (*relation_each)(
	void *context, enum broker_relation relation, const struct hash *interface);

static bool each_wait(const struct member *member, relation_each each, void *context)
{
	for (const struct wait *wait = member->waits; wait; wait = wait->next_of_client)
		if (!each(context, BROKER_WAITS_FOR, &wait->entry->interface))
			return false;
	return true;
}

static bool each_used(const struct member *member, relation_each each, void *context)
{
	for (const struct link *link = member->paid; link; link = link->next) {
		if (!link->open)
			continue;
		const struct member *handler = link->ends[LANE_HANDLER];
		for (uint32_t s = 0; s < TABLE_SLOTS_MAX; s++)
			if ((link->slots >> s & 1) &&
				!each(context, BROKER_TALKS_TO, &handler->slots[s].interface))
				return false;
	}
	return true;
}

void broker_each(
	const struct broker *broker, uint64_t process, relation_each each, void *context)
{
	const struct member *member = member_find(broker, process);

	if (!member)
		return;
	for (uint32_t i = 0; i < TABLE_SLOTS_MAX; i++)
		if (member->slots[i].handled &&
			!each(context, BROKER_HANDLES, &member->slots[i].interface))
			return;
	if (each_wait(member, each, context))
		each_used(member, each, context);
}

bool broker_handles_any(const struct broker *broker, uint64_t process)
{
	const struct member *member = member_find(broker, process);

	return member && member->handled_count;
}

bool broker_use(const struct broker *broker, uint64_t process, struct broker_use *out)
{
	const struct member *member = member_find(broker, process);

	if (!member)
		return false;
	*out = (struct broker_use){ .lanes = member->paid_count,
		.lane_bytes = member->paid_bytes,
		.refused = member->refused };
	return true;
}

void broker_reconsider(struct broker *broker, uint64_t process, const struct hash *interface)
{
	(void)broker, (void)process, (void)interface;
}

int broker_bind(struct broker *broker, const struct hash *interface, const struct hash *program)
{
	(void)broker, (void)interface, (void)program;
	return BROKER_NOT;
}

void broker_start_failed(struct broker *broker, const struct hash *interface)
{
	(void)broker, (void)interface;
}

int broker_instance(struct broker *broker, const struct hash *instance, uint64_t owner,
	uint64_t child, const struct hash *interface)
{
	(void)broker, (void)instance, (void)owner, (void)child, (void)interface;
	return BROKER_NOT;
}

void broker_instance_end(struct broker *broker, const struct hash *instance)
{
	(void)broker, (void)instance;
}

bool broker_serves(const struct broker *broker, uint64_t handler, uint64_t client)
{
	const struct member *from = member_find(broker, client);
	const struct member *to = member_find(broker, handler);

	for (const struct link *link = from && to ? from->paid : NULL; link; link = link->next)
		if (link->ends[LANE_HANDLER] == to)
			return true;
	return false;
}

void broker_each_interface(const struct broker *broker,
	bool (*each)(void *context, const struct broker_interface *interface), void *context)
{
	(void)broker, (void)each, (void)context;
}

void broker_each_waiting(const struct broker *broker, const struct hash *interface,
	bool (*each)(void *context, const struct broker_waiting *waiting), void *context)
{
	(void)broker, (void)interface, (void)each, (void)context;
}

void broker_each_direct(const struct broker *broker, const struct hash *program,
	const struct hash *interface, bool (*each)(void *context, uint64_t client),
	void *context)
{
	(void)broker, (void)program, (void)interface, (void)each, (void)context;
}
