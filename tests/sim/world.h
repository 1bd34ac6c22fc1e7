/*
 * world.h: a made-up world around the real broker. Processes with the rules of runtime/ and
 * others that lie, lanes as queues, a made-up rsd between them and the broker, and books of
 * what must be true. One stream of random numbers decides everything: who goes next, who is
 * killed and when that is noticed, what fails. A seed replays a run exactly.
 *
 * One world at a time. Rooms: rsd (the broker and what workers.c does with it), runtime (an
 * honest process), program (what runs in it), hostile, people (what they grant, answer and
 * bind), books (what must hold), world (time, chance, life and death).
 */
#pragma once

#include <stdio.h>

#include "ipc/home.h"
#include "ipc/table.h"
#include "supervisor/broker/broker.h"
#include "supervisor/limits.h"

/* Small, so that a short run meets every limit; the broker is compiled with them (rsd.c). */
#undef LANES_MAX
#define LANES_MAX 9u
#undef TABLE_SLOTS_MAX
#define TABLE_SLOTS_MAX 6u
#undef BROKER_PENDING_MAX
#define BROKER_PENDING_MAX 3u
#undef LIMITS_LANES_AS_CLIENT
#define LIMITS_LANES_AS_CLIENT 5u
#undef LIMITS_LANE_BYTES
#define LIMITS_LANE_BYTES (3 * MIB) /* one large lane, or some small ones */

#define ALIVE_MAX    7u /* processes at a time */
#define BORN_MAX     128u
#define PROGRAMS     3u
#define INTERFACES   5u
#define HOST         INTERFACES /* an interface of rsd itself */
#define NO_INTERFACE UINT32_MAX
#define RING_RECORDS 6u
#define UNANSWERED   4u /* answers that find room for sure */
#define HOME_RECORDS 4u
#define DEAF_RECORDS 64u /* who lets this many lie is deaf, and ended */
#define HELD_MAX     12u
#define SENT_MAX     (UNANSWERED * LANES_MAX)
#define ASKED_MAX    12u
#define MESSAGES_MAX 8192u
#define MEMORIES_MAX 1024u

struct item { /* a record in a lane */
	enum record_kind kind;
	uint32_t message; /* its number in the books, which is its id as well */
	uint32_t slot;
	bool lie;
};

struct queue {
	struct item all[RING_RECORDS];
	uint32_t first, count;
};

/* What a lane is to those who map it. It stays to the end of the run: who was killed, or lies,
 * may still have it. */
struct memory {
	struct queue requests, answers;
	/* mediated: what the handler reads and writes; rsd passes it on */
	struct queue passed_requests, passed_answers;
	struct process *client, *handler;
	bool mediated;
	bool gone[2]; /* by role: that side writes no more; the other is told when all is passed
			 on */
	bool cut;     /* nothing is passed on any more */
	uint64_t slots; /* as the handler's table says, and rsd goes by */
	bool spoilt; /* an end lied, or could not take it: it may be closed before its time */
};

struct entry_of_table {
	enum table_state state;
	enum lane_role role;
	uint64_t generation, peer_process, slots, revoked;
};

enum end_is {
	END_NONE,
	END_OPEN,
	END_DRAINING,
	END_LEAVING,
	END_BROKEN,
	END_DONE
};
enum {
	OWES_TAKEN = 1,
	OWES_BROKEN = 2,
	OWES_DONE = 4
};
struct end {
	enum end_is state;
	enum lane_role role;
	uint32_t owed, unanswered, late;
	uint64_t generation, process;
	struct memory *memory;
	bool heard;
};

enum route_is {
	ROUTE_UNKNOWN,
	ROUTE_OPEN,
	ROUTE_AWAITED,
	ROUTE_LATER
};
struct route {
	enum route_is state;
	uint32_t lane, slot, status, held;
	uint64_t generation;
	bool asked, awaits;
};

/* On the home lane, to the process. */
struct told {
	enum record_kind kind; /* OPENED, NEW_LANE; ANSWER: of a register or unregister */
	uint32_t interface, status, lane, slot;
	bool new_lane;
	struct memory *memory; /* the descriptors beside it */
};

/* And from it. MESSAGE: register, or unregister (lane 1). */
struct said {
	enum record_kind kind;
	uint32_t interface, flags, lane;
	uint64_t generation;
};

struct process {
	uint64_t id;
	uint32_t program;
	bool hostile, alive;
	bool known;  /* rsd was not told of its end yet */
	bool broken; /* rsd reads it no more */

	/* shared with rsd */
	struct entry_of_table table[LANES_MAX];
	uint32_t names[TABLE_SLOTS_MAX];
	struct memory *given[LANES_MAX]; /* between connect() and the record */
	struct told told[DEAF_RECORDS];
	struct said said[HOME_RECORDS];
	uint32_t told_count, said_count;
	bool fds_in_flight;

	/* its runtime's own */
	struct end ends[LANES_MAX];
	uint64_t taken[LANES_MAX]; /* generation of the table entry that it took last */
	struct route routes[INTERFACES + 1];
	uint32_t held[HELD_MAX], held_count;
	struct sent {
		uint32_t message, lane;
	} sent[SENT_MAX]; /* its own, unanswered */
	uint32_t sent_count;
	struct {
		bool going, waits, put;
		uint32_t message, tries;
	} sending;

	/* its program's own */
	struct {
		uint32_t message, lane;
		bool moot;
	} asked[ASKED_MAX];
	uint32_t asked_count;
	uint32_t sequence[INTERFACES];
	bool registering[INTERFACES];

	/* people's */
	struct {
		bool once; /* somebody said something for this process alone */
		uint32_t status;
	} answers[INTERFACES + 1];

	/* the books' */
	uint32_t let_go[INTERFACES]; /* when it unregistered last, or had to */
	bool replaced[INTERFACES];   /* what was sent to it before still comes */
};

struct world {
	uint64_t seed, dice;
	uint32_t step;
	bool trace;
	bool calm; /* nothing new begins, nothing fails: what was begun comes to its end */
	struct process *all[BORN_MAX];
	uint32_t born;
	/* chances, one in so many steps (0: never), drawn for each run */
	uint32_t kills, starts, fails, notices, hostiles, decisions;
	bool mediated;
};
extern struct world world;

/* ---- world.c ---- */

void world_run(uint64_t seed, bool trace);
_Noreturn void world_fault(const char *format, ...) PRINTF(1, 2);
void world_trace(const char *format, ...) PRINTF(1, 2);
#define MUST_BE(condition, ...)                   \
	do {                                      \
		if (!(condition))                 \
			world_fault(__VA_ARGS__); \
	} while (0)

uint32_t world_pick(uint32_t n); /* 0 .. n - 1 */
bool world_chance(uint32_t one_in);
bool world_fails(void); /* what may fail does now */
struct process *world_process(uint64_t id);
void world_kill(struct process *p, const char *why);

struct hash world_interface(uint32_t interface);
uint32_t world_interface_of(const struct hash *hash);

static inline bool queue_add(struct queue *queue, struct item item)
{
	if (queue->count == RING_RECORDS)
		return false;
	queue->all[(queue->first + queue->count++) % RING_RECORDS] = item;
	return true;
}
static inline const struct item *queue_peek(const struct queue *queue)
{
	return queue->count ? &queue->all[queue->first] : NULL;
}
static inline void queue_drop(struct queue *queue)
{
	queue->first = (queue->first + 1) % RING_RECORDS;
	queue->count--;
}

/* Where an end of this role reads and writes. */
static inline struct queue *memory_in(struct memory *memory, enum lane_role role)
{
	return role == LANE_CLIENT ? &memory->answers
	       : memory->mediated  ? &memory->passed_requests
				   : &memory->requests;
}
static inline struct queue *memory_out(struct memory *memory, enum lane_role role)
{
	return role == LANE_CLIENT ? &memory->requests
	       : memory->mediated  ? &memory->passed_answers
				   : &memory->answers;
}

/* ---- rsd.c ---- */

void rsd_begin(void);
void rsd_end(void); /* everybody is gone: the broker keeps nothing */
bool rsd_start(struct process *p);
/* Reads one record of this process. False: there is none. */
bool rsd_read(struct process *p);
/* Passes on a record of a mediated lane. False: there is none, or no room. */
bool rsd_pass(struct memory *memory);
void rsd_gone(struct process *p); /* its death is noticed */
/* The next record for a process that it can have now, or NULL; and it was taken. */
const struct told *rsd_next(const struct process *p);
void rsd_took(struct process *p);
void rsd_ends_agree(void);
/* What people said; process 0: of all, interface NO_INTERFACE: all. */
void rsd_reconsider(uint64_t process, uint32_t interface);
void rsd_bind(uint32_t interface, uint32_t program); /* NO_PROGRAM: to none */
void rsd_start_failed(uint32_t interface);

/* ---- runtime.c: as runtime/ does it, in steps others can come between ---- */

bool runtime_watch(struct process *p);
bool runtime_pay(struct process *p);
bool runtime_read_home(struct process *p);
bool runtime_flush(struct process *p);
bool runtime_leave(struct process *p); /* tells the program of one client that ended */
bool runtime_read_lane(struct process *p, uint32_t lane);
bool runtime_goes_on(struct process *p); /* a send that was begun */
void runtime_send(struct process *p, uint32_t message);
bool runtime_answer(struct process *p, uint32_t asked);
void runtime_cancel(struct process *p);       /* some message of its own */
void runtime_forget_route(struct process *p); /* as one does that has many */
bool runtime_say(struct process *p, struct said said);

/* ---- people.c ---- */

#define NO_PROGRAM UINT32_MAX

void people_begin(void);
void people_step(void); /* one of them says something */
/* Every question is answered, nothing is being started any more. False: nothing was. */
bool people_settle(void);
void people_allow_all(void);
void people_unbind_all(void);
/* They are asked for nothing else while something is decided. */
bool people_decide_now(void);
struct broker_verdict people_verdict(
	const struct process *p, uint32_t interface, enum broker_right right);
uint32_t people_granted(const struct process *p); /* bit i: it may send to interface i now */
/* When it could last send less, or only through rsd. */
uint32_t people_took(const struct process *p, uint32_t interface);
uint32_t people_bound(uint32_t interface);
void people_start(uint32_t interface); /* somebody wants the bound program */
bool people_say_to_one(void);          /* what is said now is for one process alone */

/* ---- program.c, hostile.c ---- */

void program_step(struct process *p);
void program_registered(struct process *p, uint32_t interface);
/* Everything that can be done without beginning something new. False: nothing was left. */
bool program_settle(struct process *p);
void hostile_step(struct process *p);

/* ---- books.c ---- */

void books_begin(void);
uint32_t books_new(struct process *sender, uint32_t interface, bool wants_answer, bool delay);
bool books_wants(uint32_t message);
bool books_delays(uint32_t message);
uint32_t books_interface(uint32_t message);
void books_dropped(uint32_t message); /* emit answered no: there never was such a message */
void books_published(uint32_t message, struct memory *memory);
void books_delivered(
	uint32_t message, struct process *handler, const struct end *end, uint32_t interface);
void books_refused(uint32_t message, struct process *handler);
void books_answered(uint32_t message, struct process *handler);
void books_cancelled(uint32_t message);
void books_cancel_heard(uint32_t message, struct process *handler);
/* The program hears of it; memory: where an answer was read, or NULL. */
void books_completed(
	uint32_t message, struct process *p, uint32_t status, const struct memory *memory);
void books_gone(struct process *handler, uint64_t client);
void books_memory(struct memory *memory);
uint32_t books_lanes(void); /* that were made */
struct memory *books_lane(uint32_t n);

/* Who handles what, and who waits, as it follows from what the broker said. */
void books_registered(struct process *p, uint32_t interface, uint32_t status);
void books_unregistered(struct process *p, uint32_t interface, uint32_t status);
void books_opened(struct process *p, bool asked, uint32_t interface, uint32_t flags,
	uint32_t status, const struct process *handler);
void books_process_gone(struct process *p);
struct process *books_handler(uint32_t interface);
void books_bound(uint32_t interface);    /* or bound no more */
void books_reviewed(uint32_t interface); /* whether its handler may handle it still */
/* When nothing moves any more. everything: all interfaces are handled, so nothing waits. */
void books_at_rest(bool everything);
