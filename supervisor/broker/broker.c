/*
 * broker.c: what comes in, by process and interface; the rooms it goes to are listed in
 * member.h. Read opening.c and handlers.c first: everything else keeps their two tables true.
 */
#include "supervisor/broker/broker.h"

#include <assert.h>
#include <stdlib.h>

#include "supervisor/broker/directory.h"
#include "supervisor/broker/handlers.h"
#include "supervisor/broker/instances.h"
#include "supervisor/broker/lanes.h"
#include "supervisor/broker/opening.h"
#include "supervisor/broker/reviewing.h"
#include "supervisor/broker/waits.h"

/* ---- the broker itself ---- */

int broker_new(const struct broker_actions *actions, broker_policy policy, void *policy_context,
	struct broker **out)
{
	struct broker *broker = calloc(1, sizeof(*broker));

	if (!broker)
		return -ENOMEM;
	broker->members = calloc(MEMBER_BUCKETS, sizeof(struct member *));
	broker->entries = calloc(MEMBER_BUCKETS, sizeof(struct entry *));
	broker->instances = calloc(MEMBER_BUCKETS, sizeof(struct instance *));
	if (!broker->members || !broker->entries || !broker->instances) {
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
	const struct entry *entry = directory_entry(broker, interface);

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
	free(member->left);
	free(member);
}

static void free_members(struct broker *broker, uint32_t bucket)
{
	while (broker->members[bucket]) {
		struct member *member = broker->members[bucket];
		broker->members[bucket] = member->next;
		member_free(member);
	}
}

static void free_entries(struct broker *broker, uint32_t bucket)
{
	while (broker->entries[bucket]) {
		struct entry *entry = broker->entries[bucket];
		broker->entries[bucket] = entry->next;
		free(entry->instance);
		free(entry);
	}
}

struct broker *broker_free(struct broker *broker)
{
	if (!broker)
		return NULL;
	for (uint32_t i = 0; broker->members && i < MEMBER_BUCKETS; i++)
		free_members(broker, i);
	for (uint32_t i = 0; broker->entries && i < MEMBER_BUCKETS; i++)
		free_entries(broker, i);
	free(broker->members);
	free(broker->entries);
	free(broker->instances);
	free(broker);
	return NULL;
}

int broker_add_host(struct broker *broker, const struct hash *interface, uint32_t slot)
{
	struct entry *entry = directory_get(broker, interface);

	if (!entry)
		return -ENOMEM;
	entry->host = true;
	entry->slot = slot;
	broker->hosts[slot] = entry;
	return 0;
}

/* ---- life ---- */

int broker_process_started(struct broker *broker, uint64_t process, const struct hash *program)
{
	struct member **at = directory_place(broker, process);

	assert(!*at); /* ids are never used again */
	*at = calloc(1, sizeof(**at));
	if (!*at)
		return -ENOMEM;
	(*at)->process = process;
	(*at)->program = *program;
	(*at)->free_from = LANE_HOME + 1;
	return 0;
}

static void forget_waits(struct broker *broker, struct member *client)
{
	while (client->waits) {
		struct entry *entry = client->waits->entry;
		waits_end(client->waits);
		directory_drop(broker, entry);
	}
}

void broker_process_gone(struct broker *broker, uint64_t process)
{
	struct member **at = directory_place(broker, process);
	struct member *member = *at;

	if (!member) { /* it never began, but may have been somebody's child */
		instances_gone(broker, NULL, process);
		return;
	}
	/* Its interfaces are free before anybody hears of its end: who opens again at once
	 * finds no dead handler. */
	handlers_gone(broker, member);
	forget_waits(broker, member);
	*at = member->next;
	instances_gone(broker, member, process);
	lanes_peer_gone(broker, member);
	member_free(member);
}

/* ---- what a process says ---- */

void broker_open(struct broker *broker, uint64_t process, uint64_t open_id,
	const struct hash *interface, uint32_t flags)
{
	struct member *client = directory_member(broker, process);

	if (client)
		opening_begin(broker, client, open_id, interface, flags);
}

bool broker_lane_done(struct broker *broker, uint64_t process, uint32_t lane)
{
	const struct member *member = directory_member(broker, process);
	struct link *link = links_at(member, lane);

	if (link)
		lanes_done(broker, link, member, lane);
	return link;
}

bool broker_lane_broken(struct broker *broker, uint64_t process, uint32_t lane)
{
	struct link *link = links_at(directory_member(broker, process), lane);

	if (link)
		lanes_close(broker, link);
	return link;
}

uint32_t broker_register(struct broker *broker, uint64_t process, const struct hash *interface,
	uint64_t body_bytes_max)
{
	struct member *handler = directory_member(broker, process);

	return handler ? handlers_register(broker, handler, interface, body_bytes_max)
		       : RS_DENIED;
}

uint32_t broker_unregister(
	struct broker *broker, uint64_t process, const struct hash *interface)
{
	struct member *handler = directory_member(broker, process);

	return handler ? handlers_unregister(broker, handler, interface) : RS_BAD_ARGUMENT;
}

/* ---- what the user decides ---- */

void broker_reconsider(struct broker *broker, uint64_t process, const struct hash *interface)
{
	struct member *member = process ? directory_member(broker, process) : NULL;

	if (member)
		reviewing_member(broker, member, interface);
	else if (!process && interface)
		reviewing_interface(broker, interface);
	else if (!process)
		reviewing_all(broker);
}

int broker_bind(struct broker *broker, const struct hash *interface, const struct hash *program)
{
	return handlers_bind(broker, interface, program);
}

void broker_start_failed(struct broker *broker, const struct hash *interface)
{
	struct entry *entry = directory_entry(broker, interface);

	if (entry)
		opening_not_started(broker, entry);
}

int broker_instance(struct broker *broker, const struct hash *instance, uint64_t owner,
	uint64_t child, const struct hash *interface)
{
	return instances_new(
		broker, instance, directory_member(broker, owner), child, interface);
}

void broker_instance_end(struct broker *broker, const struct hash *instance)
{
	const struct entry *entry = directory_entry(broker, instance);

	if (entry && entry->instance)
		instances_end(broker, entry->instance);
}
