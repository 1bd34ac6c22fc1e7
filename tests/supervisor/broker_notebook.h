/*
 * broker_notebook.h: what the broker asked for, as the two ends of each lane would see it, and
 * what it promised: each action is checked against the pages before it is written down.
 */
#pragma once

#include <stdio.h>
#include <string.h>

#include "ipc/home.h"
#include "supervisor/broker/broker.h"
#include "tests/check_run.h"

#define PROCESSES  12u /* ids 1..11 */
#define PROGRAMS   4u
#define INTERFACES 16u /* of which it is known who waits */

struct seen_lane {
	enum table_state state;
	uint64_t slots, revoked, ever_revoked;
	uint64_t peer; /* process at the other end */
	uint32_t peer_lane;
	enum lane_role role;
	bool mediated;
};

static struct broker *broker;
static struct seen_lane lanes[PROCESSES][LANES_MAX];
static uint64_t host_slots[PROCESSES], host_revoked[PROCESSES];
static struct hash names[PROCESSES][TABLE_SLOTS_MAX];
static uint32_t program_of[PROCESSES]; /* its number */

static struct opened {
	uint64_t process, id;
	struct hash interface;
	uint32_t status, lane, slot;
	bool new_lane;
} last, answered; /* answered: with an id */
static uint32_t opened_count, answered_count, last_ring_log2, last_flags;
static bool last_mediated, refuse_connect;

/* Of each client and interface: a word is due, or it may come. */
static struct awaits {
	bool later, delayed, delays;
	uint32_t words; /* with id 0 */
} awaits[PROCESSES][INTERFACES];

/* ---- names ---- */

/* Readable, and its number at the end. */
static inline struct hash interface(uint32_t n)
{
	struct hash hash = { 0 };

	snprintf((char *)hash.bytes, sizeof(hash.bytes), "interface %u", n);
	memcpy(&hash.bytes[HASH_BYTES - sizeof(n)], &n, sizeof(n));
	return hash;
}

static inline uint32_t number_of(const struct hash *hash)
{
	uint32_t n;

	memcpy(&n, &hash->bytes[HASH_BYTES - sizeof(n)], sizeof(n));
	return n;
}

static inline struct hash program(uint32_t n)
{
	return (struct hash){ { 'p', (uint8_t)('0' + n) } };
}

/* A private instance: what it means to its child; 0: it is none. And to the child: its owner.
 */
static uint32_t means[INTERFACES];
static uint64_t owners[PROCESSES][INTERFACES];

/* ---- what the user said ---- */

static bool deny, deny_use;
static const struct hash *mediate_one; /* the interface that is, if any is named */
static struct broker_verdict grants[PROGRAMS][INTERFACES][2];

static inline struct broker_verdict policy(void *context, uint64_t process,
	const struct hash *of, const struct hash *name, enum broker_right right)
{
	uint32_t n = number_of(name);
	struct broker_verdict verdict = { .status = RS_OK };

	(void)context;
	MUST(process >= PROCESSES || of->bytes[1] == '0' + program_of[process]);
	if (n < INTERFACES && process < PROCESSES)
		verdict = grants[program_of[process]][n][right];
	if (deny || (deny_use && right == BROKER_USE))
		verdict.status = RS_DENIED;
	verdict.mediated |= mediate_one && hash_equal(name, mediate_one);
	return verdict;
}

/* ---- what it wanted ---- */

/* A word that nobody waited for, or one too many, is a broken promise. */
static inline void note_word(const struct opened *opened)
{
	uint32_t n = number_of(&opened->interface);
	struct awaits *of = n < INTERFACES ? &awaits[opened->process][n] : NULL;

	MUST(opened->id == 0 || opened->status != RS_HANDLER_GONE);
	if (!of)
		return;
	if (opened->id) {
		of->delays = opened->status == RS_NO_HANDLER || opened->status == HOME_LATER
				     ? of->delays || (last_flags & RS_ALLOW_DELAY)
				     : false;
		of->later |= opened->status == HOME_LATER;
		of->delayed = !of->later && opened->status == RS_NO_HANDLER && of->delays;
		return;
	}
	MUST(of->later || of->delayed);
	MUST(opened->status != HOME_LATER);
	of->words++;
	of->delayed = opened->status == RS_NO_HANDLER && of->delays;
	MUST(opened->status != RS_NO_HANDLER || of->later);
	of->delays = of->delayed;
	of->later = false;
}

static inline void on_opened(void *context, uint64_t process, uint64_t id,
	const struct hash *name, uint32_t status, uint32_t lane, uint32_t slot, bool new_lane)
{
	(void)context;
	last = (struct opened){ process, id, *name, status, lane, slot, new_lane };
	opened_count++;
	if (id) {
		answered = last;
		answered_count++;
	}
	note_word(&last);
	if (status == RS_OK && lane == LANE_HOME)
		MUST(host_slots[process] >> slot & 1);
	if (status != RS_OK || lane == LANE_HOME)
		return;
	const struct seen_lane *client = &lanes[process][lane];
	MUST(client->state == TABLE_OPEN);
	MUST(client->slots >> slot & 1);
	/* the handler's table agrees before the client is told */
	const struct seen_lane *handler = &lanes[client->peer][client->peer_lane];
	MUST(handler->state == TABLE_OPEN);
	MUST(handler->slots >> slot & 1);
	uint32_t n = number_of(name);
	struct hash shown = interface(n < INTERFACES && means[n] ? means[n] : n);
	MUST(hash_equal(&names[client->peer][slot], &shown));
}

static inline bool on_connect(void *context, const struct broker_connect *wanted)
{
	uint64_t client = wanted->client, handler = wanted->handler;
	uint32_t client_lane = wanted->client_lane, handler_lane = wanted->handler_lane;

	(void)context;
	last_ring_log2 = wanted->ring_log2;
	last_mediated = wanted->mediated;
	if (refuse_connect)
		return false;
	MUST(lanes[client][client_lane].state == TABLE_FREE);
	MUST(lanes[handler][handler_lane].state == TABLE_FREE);
	MUST(client != handler || client_lane != handler_lane);
	MUST(client_lane != LANE_HOME);
	MUST(handler_lane != LANE_HOME);
	lanes[client][client_lane] = (struct seen_lane){ .state = TABLE_OPEN,
		.peer = handler,
		.peer_lane = handler_lane,
		.role = LANE_CLIENT,
		.mediated = wanted->mediated };
	lanes[handler][handler_lane] = (struct seen_lane){ .state = TABLE_OPEN,
		.peer = client,
		.peer_lane = client_lane,
		.role = LANE_HANDLER,
		.mediated = wanted->mediated };
	return true;
}

static inline void on_slots(
	void *context, uint64_t process, uint32_t lane, uint64_t slots, uint64_t revoked)
{
	struct seen_lane *seen = &lanes[process][lane];

	(void)context;
	MUST(!(slots & revoked));
	if (lane == LANE_HOME) {
		host_slots[process] = slots;
		host_revoked[process] = revoked;
		return;
	}
	MUST(seen->state != TABLE_FREE);
	/* of what is over, slots can only be taken away */
	MUST(seen->state == TABLE_OPEN || !(slots & ~seen->slots));
	/* a client never has more than its handler takes */
	if (seen->role == LANE_CLIENT && seen->state == TABLE_OPEN)
		MUST(!(slots & ~lanes[seen->peer][seen->peer_lane].slots));
	/* what was revoked does not come back on the same lane */
	MUST(!(slots & seen->ever_revoked));
	seen->slots = slots;
	seen->revoked = revoked;
	seen->ever_revoked |= revoked;
}

static inline void on_lane_state(
	void *context, uint64_t process, uint32_t lane, enum table_state state)
{
	(void)context;
	MUST(lanes[process][lane].state != TABLE_FREE);
	if (state != TABLE_FREE) /* an end is told once how it ended */
		MUST(lanes[process][lane].state == TABLE_OPEN);
	lanes[process][lane].state = state;
}

static inline void on_handles(void *context, uint64_t process, uint32_t slot,
	const struct hash *name, uint32_t body_bytes_max)
{
	(void)context, (void)body_bytes_max;
	/* A slot changes its meaning only when no lane lives on which the old one is allowed.
	 */
	if (!hash_equal(&names[process][slot], name))
		for (uint32_t i = 1; i < LANES_MAX; i++)
			if (lanes[process][i].state != TABLE_FREE &&
				lanes[process][i].role == LANE_HANDLER)
				MUST(!(lanes[process][i].slots >> slot & 1));
	names[process][slot] = *name;
}

/* ---- what it wants of others ---- */

static struct asked {
	uint64_t process;
	uint32_t interface;
	enum broker_right right;
} last_asked;
static uint32_t asked_count, started_count, last_started, replaced_count;
static uint64_t last_replaced, clock_ms;
static bool refuse_ask, refuse_start, fail_at_once;
static struct limited {
	uint64_t client;
	uint32_t lane, slot;
	struct broker_limits limits;
} last_limited;

static inline bool on_ask(
	void *context, uint64_t process, const struct hash *name, enum broker_right right)
{
	(void)context;
	last_asked = (struct asked){ process, number_of(name), right };
	asked_count++;
	return !refuse_ask;
}

static inline bool on_start(void *context, const struct hash *name)
{
	(void)context;
	last_started = number_of(name);
	started_count++;
	if (fail_at_once)
		broker_start_failed(broker, name);
	return !refuse_start;
}

static inline void on_limits(void *context, uint64_t client, uint32_t lane, uint32_t slot,
	const struct broker_limits *limits)
{
	(void)context;
	MUST(lane == LANE_HOME || lanes[client][lane].mediated);
	last_limited = (struct limited){ client, lane, slot, *limits };
}

static inline void on_replaced(void *context, uint64_t process, const struct hash *name)
{
	(void)context, (void)name;
	last_replaced = process;
	replaced_count++;
}

static inline uint64_t on_now_ms(void *context)
{
	(void)context;
	return clock_ms;
}

/* ---- calls ---- */

static inline void set_up(void)
{
	const struct broker_actions actions = { .opened = on_opened,
		.connect = on_connect,
		.slots = on_slots,
		.lane_state = on_lane_state,
		.handles = on_handles,
		.ask = on_ask,
		.start = on_start,
		.limits = on_limits,
		.replaced = on_replaced,
		.now_ms = on_now_ms };

	memset(lanes, 0, sizeof(lanes));
	memset(host_slots, 0, sizeof(host_slots));
	memset(host_revoked, 0, sizeof(host_revoked));
	memset(names, 0, sizeof(names));
	memset(program_of, 0, sizeof(program_of));
	memset(awaits, 0, sizeof(awaits));
	memset(grants, 0, sizeof(grants)); /* RS_OK */
	memset(means, 0, sizeof(means));
	memset(owners, 0, sizeof(owners));
	last = (struct opened){ 0 };
	last_asked = (struct asked){ 0 };
	last_limited = (struct limited){ 0 };
	opened_count = asked_count = started_count = replaced_count = 0;
	refuse_connect = refuse_ask = refuse_start = fail_at_once = deny = deny_use = false;
	mediate_one = NULL;
	MUST(broker_new(&actions, policy, NULL, &broker) == 0);
}

static inline void tear_down(void)
{
	broker = broker_free(broker);
}

static inline void start_of(uint64_t process, uint32_t n)
{
	struct hash of = program(n);

	if (process < PROCESSES)
		program_of[process] = n;
	MUST(broker_process_started(broker, process, &of) == 0);
}

static inline void start(uint64_t process)
{
	start_of(process, 0);
}

/* What it was answered at once. */
static inline uint32_t open_at(uint64_t process, uint32_t n, uint32_t flags)
{
	struct hash name = interface(n);
	uint32_t count = answered_count;

	last_flags = flags;
	broker_open(broker, process, 77, &name, flags);
	MUST(answered_count == count + 1);
	MUST(answered.process == process);
	return answered.status;
}

static inline uint32_t register_at(uint64_t process, uint32_t n)
{
	struct hash name = interface(n);

	return broker_register(broker, process, &name, 0);
}

static inline uint32_t unregister_at(uint64_t process, uint32_t n)
{
	struct hash name = interface(n);

	return broker_unregister(broker, process, &name);
}

static inline int bind_to(uint32_t n, uint32_t to)
{
	struct hash name = interface(n), of = program(to);

	return broker_bind(broker, &name, &of);
}

static inline int unbind(uint32_t n)
{
	struct hash name = interface(n);

	return broker_bind(broker, &name, NULL);
}

static inline void reconsider(uint64_t process, uint32_t n)
{
	struct hash name = interface(n);

	broker_reconsider(broker, process, &name);
}

static inline void say(uint32_t n, enum broker_right right, uint32_t of, uint32_t status)
{
	grants[of][n][right].status = status;
	reconsider(0, n);
}

static inline void gone(uint64_t process)
{
	broker_process_gone(broker, process);
	memset(lanes[process], 0, sizeof(lanes[process]));
	memset(names[process], 0, sizeof(names[process]));
	memset(awaits[process], 0, sizeof(awaits[process]));
	host_slots[process] = host_revoked[process] = 0;
}

static inline const struct seen_lane *peer_of(uint64_t process, uint32_t lane)
{
	return &lanes[lanes[process][lane].peer][lanes[process][lane].peer_lane];
}

/* Both ends of every open lane name each other, and the client has no more than the handler. */
static inline void ends_agree(void)
{
	for (uint64_t p = 1; p < PROCESSES; p++)
		for (uint32_t i = 1; i < LANES_MAX; i++) {
			const struct seen_lane *lane = &lanes[p][i];
			if (lane->state != TABLE_OPEN)
				continue;
			const struct seen_lane *other = &lanes[lane->peer][lane->peer_lane];
			MUST(other->state == TABLE_OPEN);
			MUST(other->peer == p);
			MUST(other->peer_lane == i);
			MUST(other->revoked == lane->revoked);
			if (lane->role == LANE_CLIENT)
				MUST(!(lane->slots & ~other->slots));
		}
}

static inline void slot_is_granted(
	uint64_t process, const struct seen_lane *lane, uint32_t slot)
{
	bool client = lane->role == LANE_CLIENT;
	uint64_t sender = client ? process : lane->peer,
		 handler = client ? lane->peer : process;
	uint32_t n = number_of(&names[handler][slot]);
	const struct broker_verdict *grant = &grants[program_of[sender]][n][BROKER_USE];

	if (owners[handler][n] == sender) /* its own instance */
		return;
	MUST(grant->status == RS_OK);
	MUST(!grant->mediated || lane->mediated);
}

/* No slot is open at either end without a grant in force, nor past rsd if it may not be. */
static inline void all_is_granted(void)
{
	for (uint64_t p = 1; p < PROCESSES; p++)
		for (uint32_t i = 1; i < LANES_MAX; i++)
			for (uint32_t s = 0; s < TABLE_SLOTS_MAX; s++)
				if (lanes[p][i].state == TABLE_OPEN &&
					(lanes[p][i].slots >> s & 1))
					slot_is_granted(p, &lanes[p][i], s);
}
