/*
 * broker.c: read broker_open() and broker_register() first: everything else keeps their two
 * tables true.
 *
 * A lane belongs to a directed pair of processes and carries all interfaces between them. A
 * slot is a number by which a handler knows one of its interfaces. A slot is never given to
 * another interface while a lane lives on which it was allowed: a message on its way could
 * otherwise arrive under the wrong name.
 */
#include "supervisor/broker.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/home.h"

#define BUCKETS 1024u /* of both tables */

struct broker_lane {
	enum table_state state;
	enum lane_role role;
	struct member *peer; /* NULL once the lane is over */
	uint32_t peer_lane;
	uint64_t slots; /* allowed now, as in both ends' tables */
	uint64_t ever;  /* allowed at some time on this lane */
};

struct slot {
	struct hash interface;
	bool used;    /* interface is, or was, known to clients under this number */
	bool handled; /* and is so now */
};

/* One process. */
struct member {
	struct member *next; /* in its bucket */
	uint64_t process;
	struct hash program;
	uint32_t handled_count, waits_count;
	struct broker_lane lanes[LANES_MAX];
	struct slot slots[TABLE_SLOTS_MAX];
};

struct wait {
	struct wait *next; /* first come, first served */
	struct member *client;
};

struct entry {              /* one interface that somebody handles or waits for */
	struct entry *next; /* in its bucket */
	struct hash interface;
	struct member *handler; /* NULL: nobody, or the host */
	uint32_t slot;
	bool host;
	struct wait *waits;
};

struct broker {
	struct broker_actions act;
	broker_policy policy;
	void *policy_context;
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
	*out = broker;
	return 0;
}

static void entry_free(struct entry *entry)
{
	while (entry->waits) {
		struct wait *wait = entry->waits;
		entry->waits = wait->next;
		free(wait);
	}
	free(entry);
}

struct broker *broker_free(struct broker *broker)
{
	if (!broker)
		return NULL;
	for (size_t i = 0; broker->members && i < BUCKETS; i++)
		for (struct member *member = broker->members[i], *next; member; member = next) {
			next = member->next;
			free(member);
		}
	for (size_t i = 0; broker->entries && i < BUCKETS; i++)
		for (struct entry *entry = broker->entries[i], *next; entry; entry = next) {
			next = entry->next;
			entry_free(entry);
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
	(*at)->lanes[LANE_HOME].state = TABLE_OPEN; /* so that no other lane takes its index */
	return 0;
}

/* ---- lanes ---- */

static uint32_t lane_to(const struct member *client, const struct member *handler)
{
	for (uint32_t i = 1; i < LANES_MAX; i++) {
		const struct broker_lane *lane = &client->lanes[i];
		if (lane->state == TABLE_OPEN && lane->role == LANE_CLIENT &&
			lane->peer == handler)
			return i;
	}
	return 0;
}

static uint32_t lane_unused(const struct member *member, uint32_t from)
{
	for (uint32_t i = from; i < LANES_MAX; i++)
		if (member->lanes[i].state == TABLE_FREE)
			return i;
	return 0;
}

static void lane_begin(struct member *member, uint32_t index, enum lane_role role,
	struct member *peer, uint32_t peer_lane)
{
	member->lanes[index] = (struct broker_lane){
		.state = TABLE_OPEN, .role = role, .peer = peer, .peer_lane = peer_lane
	};
}

/* Makes the lane client -> handler; 0: no room for one, or it could not be made. */
static uint32_t lane_connect(struct broker *broker, struct member *client,
	struct member *handler, uint32_t ring_log2)
{
	uint32_t at_client = lane_unused(client, 1);
	/* a process may handle what it sends: then both ends are in one table */
	uint32_t at_handler = lane_unused(handler, client == handler ? at_client + 1 : 1);

	if (!at_client || !at_handler)
		return 0;
	if (!broker->act.connect(broker->act.context, client->process, at_client,
		    handler->process, at_handler, ring_log2))
		return 0;
	lane_begin(client, at_client, LANE_CLIENT, handler, at_handler);
	lane_begin(handler, at_handler, LANE_HANDLER, client, at_client);
	return at_client;
}

static void lane_allow(
	struct broker *broker, struct member *member, uint32_t index, uint64_t slots)
{
	struct broker_lane *lane = &member->lanes[index];

	lane->slots = slots;
	lane->ever |= slots;
	broker->act.slots(broker->act.context, member->process, index, slots);
}

/* Both ends, the handler's first: a message that comes under the slot finds it allowed. */
static void lane_allow_both(
	struct broker *broker, struct member *client, uint32_t index, uint64_t slots)
{
	struct broker_lane *lane = &client->lanes[index];

	lane_allow(broker, lane->peer, lane->peer_lane, slots);
	lane_allow(broker, client, index, slots);
}

/* The other end hears how it ended. */
static void lane_end_peer(
	struct broker *broker, struct broker_lane *lane, enum table_state state)
{
	struct member *peer = lane->peer;

	if (!peer)
		return;
	struct broker_lane *theirs = &peer->lanes[lane->peer_lane];
	theirs->state = state;
	theirs->peer = NULL;
	lane->peer = NULL;
	broker->act.lane_state(broker->act.context, peer->process, lane->peer_lane, state);
}

bool broker_lane_done(struct broker *broker, uint64_t process, uint32_t index)
{
	struct member *member = member_find(broker, process);

	if (!member || index == LANE_HOME || index >= LANES_MAX ||
		member->lanes[index].state == TABLE_FREE)
		return false;
	lane_end_peer(broker, &member->lanes[index], TABLE_CLOSED);
	member->lanes[index] = (struct broker_lane){ .state = TABLE_FREE };
	broker->act.lane_state(broker->act.context, process, index, TABLE_FREE);
	return true;
}

bool broker_lane_broken(struct broker *broker, uint64_t process, uint32_t index)
{
	struct member *member = member_find(broker, process);

	if (!member || index == LANE_HOME || index >= LANES_MAX ||
		member->lanes[index].state == TABLE_FREE)
		return false;
	struct broker_lane *lane = &member->lanes[index];
	if (lane->state != TABLE_OPEN) /* it is over already, and both know */
		return true;
	lane_end_peer(broker, lane, TABLE_CLOSED);
	lane->state = TABLE_CLOSED;
	broker->act.lane_state(broker->act.context, process, index, TABLE_CLOSED);
	return true;
}

/* ---- opening ---- */

static uint32_t allowed(struct broker *broker, const struct member *member,
	const struct hash *interface, enum broker_right right)
{
	return broker->policy ? broker->policy(broker->policy_context, &member->program,
					interface, right)
			      : RS_OK;
}

static void tell_opened(struct broker *broker, const struct member *client, uint64_t open_id,
	const struct hash *interface, uint32_t status)
{
	broker->act.opened(
		broker->act.context, client->process, open_id, interface, status, 0, 0, false);
}

static void open_lane(struct broker *broker, struct member *client, uint64_t open_id,
	const struct entry *entry, uint32_t flags)
{
	uint32_t index = lane_to(client, entry->handler);
	bool new_lane = index == 0;

	if (new_lane)
		index = lane_connect(broker, client, entry->handler,
			flags & HOME_OPEN_LARGE ? LANE_RING_LARGE : LANE_RING_SMALL);
	if (!index) {
		tell_opened(broker, client, open_id, &entry->interface, RS_LIMIT);
		return;
	}
	lane_allow_both(
		broker, client, index, client->lanes[index].slots | 1ull << entry->slot);
	broker->act.opened(broker->act.context, client->process, open_id, &entry->interface,
		RS_OK, index, entry->slot, new_lane);
}

/* Remembers that client waits for the interface: RS_NO_HANDLER, or RS_LIMIT when it waits for
 * too many already. */
static uint32_t wait_add(
	struct broker *broker, struct member *client, const struct hash *interface)
{
	struct entry *entry = entry_get(broker, interface);
	struct wait **at = entry ? &entry->waits : NULL;

	if (!entry)
		return RS_LIMIT;
	for (; *at; at = &(*at)->next)
		if ((*at)->client == client)
			return RS_NO_HANDLER;
	if (client->waits_count < BROKER_PENDING_MAX)
		*at = calloc(1, sizeof(**at));
	if (!*at) {
		entry_drop_if_idle(broker, entry);
		return RS_LIMIT;
	}
	(*at)->client = client;
	client->waits_count++;
	return RS_NO_HANDLER;
}

void broker_open(struct broker *broker, uint64_t process, uint64_t open_id,
	const struct hash *interface, uint32_t flags)
{
	struct member *client = member_find(broker, process);
	struct entry *entry = *entry_place(broker, interface);

	if (!client)
		return;
	uint32_t status = allowed(broker, client, interface, BROKER_USE);
	if (status == RS_OK && entry && entry->host) {
		broker->act.opened(broker->act.context, process, open_id, interface, RS_OK,
			LANE_HOME, entry->slot, false);
		return;
	}
	if (status == RS_OK && entry && entry->handler) {
		open_lane(broker, client, open_id, entry, flags);
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

	for (uint32_t i = 1; i < LANES_MAX; i++)
		if (handler->lanes[i].state != TABLE_FREE &&
			handler->lanes[i].role == LANE_HANDLER)
			ever |= handler->lanes[i].ever;
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

/* Everybody who waited gets a lane, in the order they came. */
static void serve_waits(struct broker *broker, struct entry *entry)
{
	while (entry->waits) {
		struct wait *wait = entry->waits;
		entry->waits = wait->next;
		wait->client->waits_count--;
		open_lane(broker, wait->client, 0, entry, 0);
		free(wait);
	}
}

uint32_t broker_register(struct broker *broker, uint64_t process, const struct hash *interface)
{
	struct member *handler = member_find(broker, process);
	struct entry *entry = *entry_place(broker, interface);

	if (!handler || (entry && entry->host))
		return RS_DENIED;
	uint32_t status = allowed(broker, handler, interface, BROKER_HANDLE);
	if (status != RS_OK)
		return status;
	if (entry && entry->handler)
		return entry->handler == handler ? RS_OK : RS_TAKEN;
	uint32_t slot = slot_for(handler, interface);
	if (slot == TABLE_SLOTS_MAX || !(entry = entry_get(broker, interface)))
		return RS_LIMIT;

	entry->handler = handler;
	entry->slot = slot;
	handler->slots[slot] =
		(struct slot){ .interface = *interface, .used = true, .handled = true };
	handler->handled_count++;
	broker->act.handles(broker->act.context, process, slot, interface);
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
	for (uint32_t i = 1; i < LANES_MAX; i++) {
		struct broker_lane *lane = &handler->lanes[i];
		if (lane->state == TABLE_OPEN && lane->role == LANE_HANDLER &&
			(lane->slots & bit))
			lane_allow_both(
				broker, lane->peer, lane->peer_lane, lane->slots & ~bit);
	}
	return RS_OK;
}

/* ---- the end of a process ---- */

static void forget_waits(struct broker *broker, struct member *client)
{
	for (size_t b = 0; client->waits_count && b < BUCKETS; b++)
		for (struct entry *entry = broker->entries[b], *next; entry; entry = next) {
			next = entry->next;
			for (struct wait **at = &entry->waits; *at;) {
				struct wait *wait = *at;
				if (wait->client != client) {
					at = &wait->next;
					continue;
				}
				*at = wait->next;
				client->waits_count--;
				free(wait);
			}
			entry_drop_if_idle(broker, entry);
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
	for (uint32_t i = 1; i < LANES_MAX; i++)
		if (member->lanes[i].peer != member)
			lane_end_peer(broker, &member->lanes[i], TABLE_PEER_DEAD);
	free(member);
}

/* ---- for people ---- */

typedef bool (*relation_each)(
	void *context, enum broker_relation relation, const struct hash *interface);

static bool each_wait(const struct broker *broker, const struct member *member,
	relation_each each, void *context)
{
	for (size_t b = 0; member->waits_count && b < BUCKETS; b++)
		for (const struct entry *entry = broker->entries[b]; entry; entry = entry->next)
			for (const struct wait *wait = entry->waits; wait; wait = wait->next)
				if (wait->client == member &&
					!each(context, BROKER_WAITS_FOR, &entry->interface))
					return false;
	return true;
}

static bool each_used(const struct member *member, relation_each each, void *context)
{
	for (uint32_t i = 1; i < LANES_MAX; i++) {
		const struct broker_lane *lane = &member->lanes[i];
		if (lane->state != TABLE_OPEN || lane->role != LANE_CLIENT)
			continue;
		for (uint32_t s = 0; s < TABLE_SLOTS_MAX; s++)
			if ((lane->slots >> s & 1) && !each(context, BROKER_TALKS_TO,
							      &lane->peer->slots[s].interface))
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
	if (each_wait(broker, member, each, context))
		each_used(member, each, context);
}

bool broker_handles_any(const struct broker *broker, uint64_t process)
{
	const struct member *member = member_find(broker, process);

	return member && member->handled_count;
}
