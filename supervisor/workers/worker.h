/*
 * worker.h: one worker as rsd sees it: everything the two share. rsd owns all of it; the worker
 * has its own mappings and descriptors of the same things. Plain data: hearing.c reads the home
 * lane, this room makes, tells and tears down.
 */
#pragma once

#include "ipc/hash.h"
#include "ipc/table.h"
#include "runtime/start.h"
#include "supervisor/workers/lookout.h"
#include "supervisor/workers/meters.h"
#include "supervisor/workers/outbox.h"

struct relay;

/* A message to `interface` that waits for what a person says (registry.c). */
#define WORKER_PETITIONS_MAX 16u
struct worker_petition {
	uint64_t id; /* 0: no answer is wanted */
	uint64_t body_bytes_max;
	struct hash interface;
	enum broker_right right;
	bool asks; /* it only asks; otherwise it is to become the handler */
};

struct worker {
	struct worker *next_in_bucket;  /* of crew.c */
	struct worker *next, *previous; /* of all */
	uint64_t process;
	struct lane home;            /* rsd is the handler */
	struct table *table;         /* only rsd can write it */
	const struct own_page *page; /* only the worker can write it */
	int page_fd, bell_fd, socket;
	struct outbox outbox;
	struct lookout_item hears; /* its home lane has something */
	struct lookout_item tells; /* watched while the outbox waits for room there */
	struct relay **relays;     /* by lane; NULL: the lane is not mediated */
	uint32_t relays_room;
	int client_fds[HOME_FDS];   /* between connect() and opened(): the client's end of a new
				       lane */
	uint64_t host_slots;        /* host interfaces it may use now */
	uint64_t host_given;        /* and those it could at some time */
	uint64_t messages, answers; /* to and from host interfaces */
	uint64_t denied;            /* messages to one that was taken away */
	uint64_t refused;           /* questions to people beyond a limit */
	struct meters meters;       /* of host interfaces */
	uint32_t lanes;
	uint32_t petitions_count;
	struct worker_petition petitions[WORKER_PETITIONS_MAX];
	bool ready, broken, gone;
	bool retry; /* too many descriptors were in flight: flush again later */
};

/* Kinds of items in the lookout. */
enum {
	WORKER_HEARS,
	WORKER_TELLS,
	WORKER_RELAY /* of linking.c */
};

/* What worker_tell() and worker_flush() may answer besides 0. */
enum {
	WORKER_DEAF = 1, /* it asks and does not listen, or its socket is gone: end it */
	WORKER_LATER,    /* flush: the kernel has too many descriptors in flight; try again in a
			    while */
};

/* rsd's own end, as every worker knows it. */
struct rsd_end {
	int page_fd, bell_fd;
};

/* Fills fds[] for the launcher but for START_OBJECT and START_BLOCK; worker_close_fds() closes
 * what was filled. */
int worker_new(uint64_t process, const struct rsd_end *rsd, int fds[START_FDS],
	struct worker **out) MUST_USE;
void worker_close_fds(int fds[START_FDS]);
struct worker *worker_free(struct worker *worker); /* returns NULL */

/* Straight into the ring when nothing waits before it, else into the outbox; fds (HOME_FDS, or
 * NULL) are taken. */
int worker_tell(struct worker *worker, const struct record *head, const void *body,
	const int *fds) MUST_USE;

/* Sends what fits of the outbox and rings the worker's bell if there is a reason. */
int worker_flush(struct worker *worker) MUST_USE;

/* Descriptors for one end of a lane; bell and page are those of who is at the other. False: no
 * descriptors left. */
bool worker_lane_fds(int lane_fd, int bell_fd, int page_fd, int fds[HOME_FDS]) MUST_USE;

/* Its mediated lanes: relays[lane] may be set after relays_room(), which answers -ENOMEM or 0.
 */
int worker_relays_room(struct worker *worker, uint32_t lane) MUST_USE;
struct relay *worker_relay(const struct worker *worker, uint32_t lane);

/* Changes of its lane table; each raises the version and rings. */
void worker_table_open(struct worker *worker, uint32_t lane, enum lane_role role,
	uint32_t ring_log2, uint64_t peer_process);
void worker_table_slots(struct worker *worker, uint32_t lane, uint64_t slots, uint64_t revoked);
void worker_table_state(struct worker *worker, uint32_t lane, enum table_state state);
void worker_table_interface(struct worker *worker, uint32_t slot, const struct hash *interface,
	uint32_t body_bytes_max);
