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

#define BROKER_PENDING_MAX   64u /* interfaces one process may wait for */
#define BROKER_INSTANCES_MAX 64u /* private instances one process may own */

struct broker;

/* May it use the interface, that is send to it, or handle it? */
enum broker_right {
	BROKER_USE,
	BROKER_HANDLE
};

#define BROKER_ASK (UINT32_MAX - 1) /* beside an rs_status: a person is asked first */

/* What one client may do with an interface; 0: no limit of its own. */
struct broker_limits {
	uint32_t body_bytes_max, messages_a_second, outstanding_max;
};

struct broker_verdict {
	uint32_t status; /* RS_OK, RS_DENIED, RS_LIMIT or BROKER_ASK */
	bool mediated;   /* use: its messages go through rsd; with limits they always do */
	struct broker_limits limits;
};

/*
 * May this process, which runs this program? Pure: it changes nothing and may be called any
 * number of times. When what it says may be another, broker_reconsider() is called. Without a
 * policy everybody may use and handle everything that is not a host interface.
 */
typedef struct broker_verdict (*broker_policy)(void *context, uint64_t process,
	const struct hash *program, const struct hash *interface, enum broker_right right);

/* A lane to be made. */
struct broker_connect {
	uint64_t client, handler;           /* processes; may be one */
	uint32_t client_lane, handler_lane; /* in their tables */
	uint32_t ring_log2;
	bool mediated; /* its messages go through rsd */
};

/*
 * What the broker wants done. An action may start and end other processes, and asks nothing
 * else of the broker before it returns. Those of the second half may be NULL.
 */
struct broker_actions {
	void *context;
	/* Answer RECORD_OPEN `open_id` (0: what was to come later): see ipc/home.h. */
	void (*opened)(void *context, uint64_t process, uint64_t open_id,
		const struct hash *interface, uint32_t status, uint32_t lane, uint32_t slot,
		bool new_lane);
	/*
	 * Comes before opened(). False: it cannot be made (descriptors, memory); the client is
	 * told RS_LIMIT.
	 */
	bool (*connect)(void *context, const struct broker_connect *wanted);
	/*
	 * On this lane these slots may be used from now on (LANE_HOME: of the hosts), and those
	 * in `revoked` not any more, because somebody said so; called for both ends. The
	 * handler's end may have more than the client's: what was sent still comes.
	 */
	void (*slots)(void *context, uint64_t process, uint32_t lane, uint64_t slots,
		uint64_t revoked);
	/*
	 * TABLE_PEER_DEAD, TABLE_CLOSED; TABLE_FREE when the process has let go of it. Of a
	 * mediated lane PEER_DEAD is to be shown only when all that the peer had published was
	 * passed on; the broker knows it as over at once.
	 */
	void (*lane_state)(
		void *context, uint64_t process, uint32_t lane, enum table_state state);
	/* Slot `slot` of this process now means this interface, with bodies up to so long. */
	void (*handles)(void *context, uint64_t process, uint32_t slot,
		const struct hash *interface, uint32_t body_bytes_max);

	/* The verdict was BROKER_ASK: put the question, unless it stands already. False: there
	 * is no room for it; who wanted it is told RS_DENIED. NULL: nobody is ever there. */
	bool (*ask)(void *context, uint64_t process, const struct hash *interface,
		enum broker_right right);
	/* The interface is bound, and its program does not handle it yet: start it, unless that
	 * is under way. False: not now; who waits for it is told RS_NO_HANDLER. */
	bool (*start)(void *context, const struct hash *interface);
	/* What the client may do in this slot, of a mediated lane or of LANE_HOME; before it
	 * is allowed there, and again whenever it may be another. What was counted still
	 * counts. */
	void (*limits)(void *context, uint64_t client, uint32_t lane, uint32_t slot,
		const struct broker_limits *limits);
	/* Another process handles it from now on; what was sent to this one before still comes.
	 */
	void (*replaced)(void *context, uint64_t process, const struct hash *interface);
	/* For since_ms of those who wait. */
	uint64_t (*now_ms)(void *context);
};

int broker_new(const struct broker_actions *actions, broker_policy policy, void *policy_context,
	struct broker **out) MUST_USE;
struct broker *broker_free(struct broker *broker); /* returns NULL */

/* Another one; before the first process. */
void broker_set_policy(struct broker *broker, broker_policy policy, void *context);

/* Whether all messages between processes go through rsd, whatever the policy says; at first
 * they do not. What is open already stays as it is. */
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

/*
 * Messages to `interface`: answer with this rs_status; or BROKER_ASK (the question was put):
 * keep the request, and call again when it is decided. Of a bound interface only a process of
 * the bound program becomes the handler, and takes over from one of another program: who sends
 * from then on reaches the new one, and what was sent before still comes to the old.
 */
uint32_t broker_register(struct broker *broker, uint64_t process, const struct hash *interface,
	uint64_t body_bytes_max);
uint32_t broker_unregister(
	struct broker *broker, uint64_t process, const struct hash *interface);

/*
 * The policy may say something else now of this process (0: all) and this interface (NULL:
 * all). Who waits gets what it may have; a slot that is not allowed any more is taken away at
 * both ends, and never allowed on that lane again; what is mediated now is opened anew; who may
 * not handle any more lets go.
 */
void broker_reconsider(struct broker *broker, uint64_t process, const struct hash *interface);

enum {
	BROKER_NOT = 1 /* bind: it is a host interface or an instance. Instance: the name is
			  taken, the owner unknown or has too many, the child has one of this
			  interface */
};

/* From now on only processes of this program may handle it, with or without a grant; NULL: it
 * is bound no more, and who handles it stays until its end. If another handles it, the new one
 * is started and takes over. */
int broker_bind(struct broker *broker, const struct hash *interface,
	const struct hash *program) MUST_USE;
/* Who waits for its start is told RS_NO_HANDLER. */
void broker_start_failed(struct broker *broker, const struct hash *interface);

/*
 * A private instance: under the name `instance`, which nobody else may use, `owner` reaches
 * `child`, which becomes its handler by registering for `interface` and sees only that name.
 * The child need not be started yet; messages wait until it has registered. It ends with either
 * of the two, or here; what waits then is told RS_NO_HANDLER (kept ones too: RS_HANDLER_GONE).
 */
int broker_instance(struct broker *broker, const struct hash *instance, uint64_t owner,
	uint64_t child, const struct hash *interface) MUST_USE;
void broker_instance_end(struct broker *broker, const struct hash *instance);

/* What a process may do with an interface now. Of one that it may not use it learns nothing. */
struct broker_state {
	struct broker_verdict verdict;
	bool handled;            /* by somebody, or the host */
	uint32_t body_bytes_max; /* of a message to it */
};
bool broker_state(const struct broker *broker, uint64_t process, const struct hash *interface,
	enum broker_right right,
	struct broker_state *out) MUST_USE; /* false: no such process */

/* Whether this client has a lane into that handler: the handler knows of it. */
bool broker_serves(const struct broker *broker, uint64_t handler, uint64_t client);
/* What it runs; NULL: there is no such process. */
const struct hash *broker_program(const struct broker *broker, uint64_t process);

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
/* Or was replaced, and may still have to answer. */
bool broker_handles_any(const struct broker *broker, uint64_t process);

/* For interfaces: each that somebody handles, that is bound, or that is waited for; in no
 * order. each() returns false to stop. */
struct broker_interface {
	const struct hash *interface;
	bool host;
	uint64_t handler;         /* 0: nobody, or the host */
	const struct hash *bound; /* its program; NULL */
	uint64_t owner, child;    /* of a private instance; 0 */
	const struct hash *means; /* what it means to the child; NULL */
	uint32_t waiting;         /* clients */
};
void broker_each_interface(const struct broker *broker,
	bool (*each)(void *context, const struct broker_interface *interface), void *context);

/* Who waits for it, in the order they came. */
enum broker_why {
	BROKER_WHY_DELAY, /* until somebody handles it: RS_ALLOW_DELAY */
	BROKER_WHY_ASK,   /* for a person's answer */
	BROKER_WHY_START, /* for the bound program, or the child of an instance */
};
struct broker_waiting {
	uint64_t process;
	enum broker_why why;
	uint64_t since_ms; /* by now_ms() */
};
void broker_each_waiting(const struct broker *broker, const struct hash *interface,
	bool (*each)(void *context, const struct broker_waiting *waiting), void *context);

/*
 * For a hard revoke: clients of this program (NULL: any) that have a direct lane on which this
 * interface (NULL: any) was ever allowed, or say that they let go of one: two that conspire can
 * go on between themselves for as long as both live. Of one that had very many, it is assumed.
 */
void broker_each_direct(const struct broker *broker, const struct hash *program,
	const struct hash *interface, bool (*each)(void *context, uint64_t client),
	void *context);

/* What a process pays for (limits.h): lanes it opened, until both ends have let go of them. */
struct broker_use {
	uint32_t lanes;
	uint64_t lane_bytes; /* a mediated lane counts twice */
	uint64_t refused;    /* times it was told RS_LIMIT when it opened an interface */
	uint64_t denied;     /* times it was told RS_DENIED, opening or registering */
};
bool broker_use(const struct broker *broker, uint64_t process, struct broker_use *out) MUST_USE;
