/*
 * member.h: what the broker remembers, as plain data: its members (one for each process), the
 * lanes between them, the interfaces that somebody handles or waits for. The rooms around it:
 *
 *     directory   members by process, entries by interface
 *     links       lanes: under which index each end stands, and who pays
 *     lanes       makes and ends them, with the actions that belong to it
 *     slots       which interface of a handler has which number, and where it is allowed
 *     waits       who waits for what
 *     judging     what the policy says
 *     opening     the way of an open, and of those who wait
 *     handlers    who handles what: registering, taking over, bindings
 *     instances   those that only one process may use
 *     reviewing   when the policy may say something else
 */
#pragma once

#include "supervisor/broker/broker.h"

#define MEMBER_BUCKETS 1024u /* of each table */

struct member;
struct entry;
struct wait;

struct link {                   /* a lane, direct or mediated */
	struct member *ends[2]; /* by enum lane_role; NULL: it has let go, or is gone */
	uint32_t index[2];      /* in their tables */
	uint64_t slots[2]; /* allowed now, as in their tables. The handler's may be more: what
			      was sent before another took over still comes */
	uint64_t revoked;  /* not allowed because somebody said so, and never again on it: what
			      was sent meanwhile must not come later */
	uint64_t ever;     /* allowed at some time on this lane */
	bool open, mediated;
	struct member *payer;         /* the client; NULL: it is gone */
	struct link *next, *previous; /* of what the payer pays for */
	uint64_t bytes;
};

struct slot {
	struct hash interface;
	uint32_t body_bytes_max;
	bool large;          /* long bodies were asked for: with large rings from the start */
	bool used;           /* interface is, or was, known to clients under this number */
	struct entry *entry; /* which is handled under it now; NULL: none */
	struct entry *replaced;     /* which was, until another took over; NULL: none */
	struct slot *next_replaced; /* of that entry */
	struct member *handler;     /* whose slot it is */
};

/* One process. */
struct member {
	struct member *next; /* in its bucket */
	uint64_t process;
	struct hash program;
	uint32_t waits_count, instances_count;
	uint64_t host_slots, host_revoked; /* on its home lane */
	struct link **lanes; /* by index in its table; NULL: free, and LANE_HOME */
	uint32_t lanes_room;
	uint32_t free_from; /* no index below is free */
	struct link *paid;
	uint32_t paid_count;
	uint64_t paid_bytes, refused, denied;
	struct wait *waits;
	struct instance *instances; /* it owns */
	struct hash *left;          /* of lanes.c: interfaces of direct lanes it let go of */
	uint32_t left_count;
	bool left_more; /* and of others, nobody knows which */
	struct slot slots[TABLE_SLOTS_MAX];
};

struct wait {
	struct wait *next, *previous;                     /* first come, first served */
	struct wait *next_of_client, *previous_of_client; /* the other way through */
	struct member *client;
	struct entry *entry;
	enum broker_why why;
	bool delays; /* it ever opened with RS_ALLOW_DELAY */
	bool later;  /* it was told HOME_LATER: a word is due */
	bool asks;   /* the question is still to be put */
	uint64_t since_ms;
};

struct entry {              /* one interface that somebody handles or waits for */
	struct entry *next; /* in its bucket */
	struct hash interface;
	struct member *handler; /* NULL: nobody, or the host */
	uint32_t slot;
	bool host;
	bool bound;      /* only `program` may handle it from now on */
	bool by_binding; /* its handler came by a binding, perhaps an earlier one, and needs no
			    grant */
	struct hash program;
	struct instance *instance; /* NULL: everybody's */
	struct slot *replaced;     /* of handlers that were replaced */
	struct wait *waits, *last_wait;
	uint64_t round; /* of reviewing.c: when it was looked at last */
};

struct instance {
	struct entry *entry;
	struct member *owner;
	uint64_t child;    /* may not be a member yet */
	struct hash means; /* to the child */
	struct instance *next_of_owner;
	struct instance *next; /* in its bucket */
};

struct broker {
	struct broker_actions act;
	broker_policy policy;
	void *policy_context;
	bool mediate;            /* all, whatever the policy says */
	uint32_t body_bytes_max; /* what no handler can raise */
	uint64_t rounds;
	struct member **members; /* MEMBER_BUCKETS of each */
	struct entry **entries;
	struct instance **instances; /* by child */
	struct entry *hosts[TABLE_SLOTS_MAX];
};
