#include "supervisor/broker/lanes.h"

#include <stdlib.h>

#include "supervisor/limits.h"

#define LEFT_MAX 64u /* interfaces that are remembered of one client */

static uint64_t lane_cost(uint32_t ring_log2, bool mediated)
{
	return (mediated ? 2 : 1) * lane_file_bytes(ring_log2);
}

struct link *lanes_connect(struct broker *broker, struct member *client, struct member *handler,
	uint32_t ring_log2, bool mediated)
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

void lanes_close(struct broker *broker, struct link *link)
{
	if (!link->open)
		return;
	link->open = false;
	tell_state(broker, link, LANE_CLIENT, TABLE_CLOSED);
	tell_state(broker, link, LANE_HANDLER, TABLE_CLOSED);
}

/* ---- what may be left of a direct lane ---- */

/* interface NULL: any. */
static bool is_left(const struct member *client, const struct hash *interface)
{
	if (!interface)
		return client->left_count || client->left_more;
	for (uint32_t i = 0; i < client->left_count; i++)
		if (hash_equal(&client->left[i], interface))
			return true;
	return client->left_more;
}

static void remember(struct member *client, const struct hash *interface)
{
	if (is_left(client, interface))
		return;
	if (!client->left)
		client->left = calloc(LEFT_MAX, sizeof(*client->left));
	if (client->left && client->left_count < LEFT_MAX)
		client->left[client->left_count++] = *interface;
	else
		client->left_more = true;
}

/* Both ends live, and one of them says that it lets go. */
static void remember_all(const struct link *link)
{
	const struct member *handler = link->ends[LANE_HANDLER];

	if (link->mediated || !link->ends[LANE_CLIENT] || !handler)
		return;
	for (uint32_t s = 0; s < TABLE_SLOTS_MAX; s++)
		if (link->ever >> s & 1)
			remember(link->ends[LANE_CLIENT], &handler->slots[s].interface);
}

static bool was_allowed(const struct link *link, const struct hash *interface)
{
	const struct member *handler = link->ends[LANE_HANDLER];

	for (uint32_t s = 0; handler && s < TABLE_SLOTS_MAX; s++)
		if ((link->ever >> s & 1) &&
			(!interface || hash_equal(&handler->slots[s].interface, interface)))
			return true;
	return false;
}

bool lanes_may_keep(const struct member *client, const struct hash *interface)
{
	const struct link *link = client->paid;

	while (link && (link->mediated || !was_allowed(link, interface)))
		link = link->next;
	return link || is_left(client, interface);
}

/* ---- ends ---- */

void lanes_done(
	struct broker *broker, struct link *link, const struct member *member, uint32_t index)
{
	enum lane_role role = links_role(link, member, index);

	remember_all(link);
	if (link->open) {
		link->open = false;
		tell_state(broker, link, other(role), TABLE_CLOSED);
	}
	tell_state(broker, link, role, TABLE_FREE);
	links_end(link, role);
}

void lanes_peer_gone(struct broker *broker, const struct member *member)
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
