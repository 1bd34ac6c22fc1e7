/*
 * clients.h: what a host keeps for each process it serves: a table from process to the host's
 * own struct, which begins with a struct client. The table owns nothing; a client lies in one
 * table from clients_add() to clients_take().
 */
#pragma once

#include "ipc/base.h"

#define CLIENTS_BUCKETS 1024u /* process ids count up, so they spread evenly */

struct client {
	uint64_t process;
	struct client *next; /* in its bucket */
};

struct clients {
	struct client *buckets[CLIENTS_BUCKETS];
};

/* NULL: not there. */
struct client *clients_find(const struct clients *clients, uint64_t process);
void clients_add(struct clients *clients, struct client *client);
/* Found and not in the table any more; NULL: was not there. */
struct client *clients_take(struct clients *clients, uint64_t process);
/* Any of those that are left; NULL: none. */
struct client *clients_take_any(struct clients *clients);
