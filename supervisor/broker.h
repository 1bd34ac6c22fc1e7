/*
 * broker.h: who handles what, who may talk to whom, who waits: the routing as a library without
 * I/O. Events go in as calls, actions come out through struct broker_actions; the same broker
 * runs in rsd, in tests and in a simulation.
 *
 * It knows processes by id, interfaces by hash, lanes as (process, index). It never sees a
 * message: once a lane is open the two ends talk directly. Everything a process can make the
 * broker remember is bounded and charged to that process.
 */
#pragma once

#include "ipc/hash.h"
#include "ipc/message.h"
#include "ipc/table.h"

#define BROKER_PENDING_MAX 64u /* interfaces one process may wait for */

struct broker;

/* A lane to be made. */
struct broker_connect {
	uint64_t client, handler;           /* processes; may be one */
	uint32_t client_lane, handler_lane; /* in their tables */
	uint32_t ring_log2;
	bool mediated; /* its messages go through rsd */
};

/* What the broker wants done. */
struct broker_actions {
	void *context;
	/* Answer RECORD_OPEN `open_id` (0: the handler came later): see ipc/home.h. */
	void (*opened)(void *context, uint64_t process, uint64_t open_id,
		const struct hash *interface, uint32_t status, uint32_t lane, uint32_t slot,
		bool new_lane);
	/*
	 * Comes before opened(). False: it cannot be made (descriptors, memory); the client is
	 * told RS_LIMIT.
	 */
	bool (*connect)(void *context, const struct broker_connect *wanted);
	/* On this lane these slots of the handler may be used from now on, and those in
	 * `revoked` not any more because somebody said so; called for both ends. LANE_HOME:
	 * host interfaces. opened() allows the one it names there by itself. */
	void (*slots)(void *context, uint64_t process, uint32_t lane, uint64_t slots,
		uint64_t revoked);
	/*
	 * TABLE_PEER_DEAD, TABLE_CLOSED; TABLE_FREE when the process has let go of it. Of a
	 * mediated lane PEER_DEAD is to be shown only when all that the peer had published was
	 * passed on; the broker knows it as over at once.
	 */
	void (*lane_state)(
		void *context, uint64_t process, uint32_t lane, enum table_state state);
	/* Slot `slot` of this process now means this interface (broker_body_max()). */
	void (*handles)(
		void *context, uint64_t process, uint32_t slot, const struct hash *interface);
};

/*
 * May this program (by hash) use or handle this interface? Answers an rs_status: RS_OK,
 * RS_DENIED or RS_LIMIT. *mediated comes with what broker_mediate() said; for BROKER_USE the
 * policy may decide otherwise. Grants have their place here; without a policy everybody may use
 * and handle everything that is not a host interface.
 */
enum broker_right {
	BROKER_USE,
	BROKER_HANDLE
};
typedef uint32_t (*broker_policy)(void *context, const struct hash *program,
	const struct hash *interface, enum broker_right right, bool *mediated);

int broker_new(const struct broker_actions *actions, broker_policy policy, void *policy_context,
	struct broker **out) MUST_USE;
struct broker *broker_free(struct broker *broker); /* returns NULL */

/* Whether messages between processes go through rsd if the policy does not say; at first they
 * do not. What is open already stays as it is. */
void broker_mediate(struct broker *broker, bool mediate);

/* The longest body that a message may have (RS_BODY_BYTES_DEFAULT at first); before the first
 * process. A handler may say less for an interface. What counts for it: */
void broker_limit_bodies(struct broker *broker, uint32_t bytes);
uint32_t broker_body_max(const struct broker *broker, const struct hash *interface);

/* A host interface: messages stay on the sender's home lane, in this slot. Before the first
 * process. */
int broker_add_host(
	struct broker *broker, const struct hash *interface, uint32_t slot) MUST_USE;

int broker_process_started(
	struct broker *broker, uint64_t process, const struct hash *program) MUST_USE;
/* Only when it is gone for sure (no more writes possible). Its peers are told; its interfaces
 * are free before that. */
void broker_process_gone(struct broker *broker, uint64_t process);

/* RECORD_OPEN: answered by one opened() before it returns. */
void broker_open(struct broker *broker, uint64_t process, uint64_t open_id,
	const struct hash *interface, uint32_t flags);
/* RECORD_LANE_DONE: the index may be used again. False: not a lane that was to be let go (a
 * lie; close the process). */
bool broker_lane_done(struct broker *broker, uint64_t process, uint32_t lane) MUST_USE;

/*
 * RECORD_LANE_BROKEN: the process says that its peer broke the lane's layout. Who of the two
 * lies cannot be known here, so both ends are closed; each lets go with RECORD_LANE_DONE.
 * False: there is no such lane.
 */
bool broker_lane_broken(struct broker *broker, uint64_t process, uint32_t lane) MUST_USE;

/* Messages to `interface`: answer with this rs_status. */
uint32_t broker_register(struct broker *broker, uint64_t process, const struct hash *interface,
	uint64_t body_bytes_max);
uint32_t broker_unregister(
	struct broker *broker, uint64_t process, const struct hash *interface);

/* For ps and inspect: what a process handles and what it waits for; each() returns false to
 * stop. */
enum broker_relation {
	BROKER_HANDLES,
	BROKER_WAITS_FOR,
	BROKER_TALKS_TO
};
void broker_each(const struct broker *broker, uint64_t process,
	bool (*each)(
		void *context, enum broker_relation relation, const struct hash *interface),
	void *context);
bool broker_handles_any(const struct broker *broker, uint64_t process);

/* What a process pays for (limits.h): lanes it opened, until both ends have let go of them. */
struct broker_use {
	uint32_t lanes;
	uint64_t lane_bytes; /* a mediated lane counts twice */
	uint64_t refused;    /* times it was told RS_LIMIT when it opened an interface */
};
bool broker_use(const struct broker *broker, uint64_t process, struct broker_use *out) MUST_USE;
