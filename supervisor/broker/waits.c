#include "supervisor/broker/waits.h"

#include <stdlib.h>

struct wait *waits_find(const struct member *client, const struct entry *entry)
{
	struct wait *wait = client->waits; /* BROKER_PENDING_MAX at most */

	while (wait && wait->entry != entry)
		wait = wait->next_of_client;
	return wait;
}

void waits_begin(struct wait *wait, struct member *client, struct entry *entry)
{
	wait->client = client;
	wait->entry = entry;
	wait->previous = entry->last_wait;
	*(entry->last_wait ? &entry->last_wait->next : &entry->waits) = wait;
	entry->last_wait = wait;
	wait->next_of_client = client->waits;
	if (client->waits)
		client->waits->previous_of_client = wait;
	client->waits = wait;
	client->waits_count++;
}

void waits_end(struct wait *wait)
{
	struct entry *entry = wait->entry;
	struct member *client = wait->client;

	*(wait->previous ? &wait->previous->next : &entry->waits) = wait->next;
	*(wait->next ? &wait->next->previous : &entry->last_wait) = wait->previous;
	*(wait->previous_of_client ? &wait->previous_of_client->next_of_client
				   : &client->waits) = wait->next_of_client;
	if (wait->next_of_client)
		wait->next_of_client->previous_of_client = wait->previous_of_client;
	client->waits_count--;
	free(wait);
}
