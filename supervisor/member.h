/*
 * member.h: what the broker remembers, as plain data: its members (one for each process), the
 * lanes between them, the interfaces that somebody handles or waits for. links.c keeps the
 * lanes, waits.c those who wait, broker.c the rest.
 */
#pragma once

#include "ipc/hash.h"
#include "ipc/table.h"

struct member;
struct entry;
struct wait;

struct link {                   /* a lane, direct or mediated */
	struct member *ends[2]; /* by enum lane_role; NULL: it has let go, or is gone */
	uint32_t index[2];      /* in their tables */
	uint64_t slots;         /* allowed now, as in both ends' tables */
	uint64_t revoked;       /* not allowed because somebody said so, as there */
	uint64_t ever;          /* allowed at some time on this lane */
	bool open, mediated;
	struct member *payer;         /* the client; NULL: it is gone */
	struct link *next, *previous; /* of what the payer pays for */
	uint64_t bytes;
};

struct slot {
	struct hash interface;
	uint32_t body_bytes_max;
	bool large;   /* long bodies were asked for: with large rings from the start */
	bool used;    /* interface is, or was, known to clients under this number */
	bool handled; /* and is so now */
};

/* One process. */
struct member {
	struct member *next; /* in its bucket */
	uint64_t process;
	struct hash program;
	uint32_t handled_count, waits_count;
	struct link **lanes; /* by index in its table; NULL: free, and LANE_HOME */
	uint32_t lanes_room;
	uint32_t free_from; /* no index below is free */
	struct link *paid;
	uint32_t paid_count;
	uint64_t paid_bytes, refused;
	struct wait *waits;
	struct slot slots[TABLE_SLOTS_MAX];
};

struct wait {
	struct wait *next, *previous;                     /* first come, first served */
	struct wait *next_of_client, *previous_of_client; /* the other way through */
	struct member *client;
	struct entry *entry;
};

struct entry {              /* one interface that somebody handles or waits for */
	struct entry *next; /* in its bucket */
	struct hash interface;
	struct member *handler; /* NULL: nobody, or the host */
	uint32_t slot;
	bool host;
	struct wait *waits, *last_wait;
};
