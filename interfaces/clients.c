#include "interfaces/clients.h"

/* The link that leads to the process, or the empty one where it would stand. */
static struct client **link_of(struct clients *clients, uint64_t process)
{
	struct client **link = &clients->buckets[process % CLIENTS_BUCKETS];

	while (*link && (*link)->process != process)
		link = &(*link)->next;
	return link;
}

struct client *clients_find(const struct clients *clients, uint64_t process)
{
	struct client *client = clients->buckets[process % CLIENTS_BUCKETS];

	while (client && client->process != process)
		client = client->next;
	return client;
}

void clients_add(struct clients *clients, struct client *client)
{
	struct client **bucket = &clients->buckets[client->process % CLIENTS_BUCKETS];

	client->next = *bucket;
	*bucket = client;
}

struct client *clients_take(struct clients *clients, uint64_t process)
{
	struct client **link = link_of(clients, process), *client = *link;

	if (client)
		*link = client->next;
	return client;
}

struct client *clients_take_any(struct clients *clients)
{
	for (size_t i = 0; i < CLIENTS_BUCKETS; i++)
		if (clients->buckets[i])
			return clients_take(clients, clients->buckets[i]->process);
	return NULL;
}
