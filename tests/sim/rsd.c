/*
 * rsd.c: what supervisor/workers/workers.c does for the broker: tables and home lanes on one
 * side, its actions on the other. The broker itself is included here, with the small limits of
 * this world and a memory that is counted and may fail.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

static int64_t pieces; /* of memory that are out */

static void *count_calloc(size_t n, size_t bytes)
{
	if (world_fails())
		return NULL;
	pieces++;
	return calloc(n, bytes);
}

__attribute__((unused)) static void *count_realloc(void *old, size_t bytes)
{
	if (world_fails())
		return NULL;
	pieces += old == NULL;
	return realloc(old, bytes);
}

static void count_free(void *piece)
{
	pieces -= piece != NULL;
	free(piece);
}

static void count_freep(void *piece)
{
	count_free(*(void **)piece);
}

#define freep                       count_freep
#define calloc(n, bytes)            count_calloc(n, bytes)
#define malloc(bytes)               count_calloc(1, bytes)
#define realloc(old, bytes)         count_realloc(old, bytes)
#define reallocarray(old, n, bytes) count_realloc(old, (n) * (bytes))
#define free(piece)                 count_free(piece)
#include "supervisor/broker/broker.c"
#include "supervisor/broker/broker_show.c"
#include "supervisor/broker/directory.c"
#include "supervisor/broker/handlers.c"
#include "supervisor/broker/instances.c"
#include "supervisor/broker/judging.c"
#include "supervisor/broker/lanes.c"
#include "supervisor/broker/links.c"
#include "supervisor/broker/opening.c"
#include "supervisor/broker/reviewing.c"
#include "supervisor/broker/slots.c"
#include "supervisor/broker/waits.c"
#undef freep
#undef calloc
#undef malloc
#undef realloc
#undef reallocarray
#undef free

static struct broker *broker;

static struct hash program_hash(uint32_t program)
{
	return (struct hash){ { (uint8_t)program, 'p' } };
}

static uint32_t opens; /* how often opened() was called */
static uint32_t open_flags;

/* ---- telling a process ---- */

static void tell(struct process *p, struct told told)
{
	if (!p->alive || p->broken)
		return;
	if (p->told_count == DEAF_RECORDS) {
		MUST_BE(p->hostile, "process %lu is deaf", p->id);
		p->broken = true;
		world_kill(p, "deaf");
		return;
	}
	p->told[p->told_count++] = told;
}

/* Descriptors go only when those before them were taken; what is behind them waits as well. */
const struct told *rsd_next(const struct process *p)
{
	if (!p->told_count || (p->told[0].memory && p->fds_in_flight))
		return NULL;
	return &p->told[0];
}

void rsd_took(struct process *p)
{
	p->fds_in_flight |= p->told[0].memory != NULL;
	memmove(&p->told[0], &p->told[1], --p->told_count * sizeof(p->told[0]));
}

/* ---- what the broker wants ---- */

static void on_opened(void *context, uint64_t process, uint64_t open_id,
	const struct hash *interface, uint32_t status, uint32_t lane, uint32_t slot,
	bool new_lane)
{
	struct process *p = world_process(process), *handler = NULL;
	struct told told = { RECORD_OPENED, world_interface_of(interface), status, lane, slot,
		new_lane, NULL };

	(void)context;
	opens += open_id != 0;
	MUST_BE(p && p->known, "opened() for somebody who is gone");
	if (status == RS_OK && lane != LANE_HOME) {
		const struct entry_of_table *entry = &p->table[lane];
		MUST_BE(entry->state == TABLE_OPEN && entry->role == LANE_CLIENT,
			"opened() names no lane of %lu", process);
		MUST_BE(entry->slots >> slot & 1, "opened() names a slot that is not allowed");
		handler = p->given[lane]->handler;
		MUST_BE(handler->names[slot] == told.interface, "a slot of another interface");
		told.memory = new_lane ? p->given[lane] : NULL;
	}
	books_opened(p, open_id != 0, told.interface, open_flags, status, handler);
	world_trace("rsd: opened to %lu: interface %u status %u lane %u slot %u%s", process,
		told.interface, status, lane, slot, new_lane ? " new" : "");
	tell(p, told);
}

static struct memory *new_memory(struct process *client, struct process *handler, bool mediated)
{
	struct memory *memory = calloc(1, sizeof(*memory));

	if (!memory)
		abort();
	memory->client = client;
	memory->handler = handler;
	memory->mediated = mediated;
	memory->cut = !mediated;
	memory->spoilt = client->hostile || handler->hostile;
	books_memory(memory);
	return memory;
}

static void table_open(struct process *p, uint32_t lane, enum lane_role role, uint64_t peer,
	struct memory *memory)
{
	struct entry_of_table *entry = &p->table[lane];

	MUST_BE(lane != LANE_HOME && lane < LANES_MAX, "a lane with number %u", lane);
	MUST_BE(entry->state == TABLE_FREE, "lane %u of %lu is in use", lane, p->id);
	*entry = (struct entry_of_table){ .state = TABLE_OPEN,
		.role = role,
		.generation = entry->generation + 1,
		.peer_process = peer };
	p->given[lane] = memory;
}

static bool on_connect(void *context, const struct broker_connect *wanted)
{
	uint64_t client_id = wanted->client, handler_id = wanted->handler;
	uint32_t client_lane = wanted->client_lane, handler_lane = wanted->handler_lane;
	struct process *client = world_process(client_id), *handler = world_process(handler_id);

	(void)context;
	MUST_BE(client && client->known && handler && handler->known, "a lane to nobody");
	if (world_fails()) /* no descriptors left */
		return false;
	struct memory *memory = new_memory(client, handler, wanted->mediated);
	table_open(handler, handler_lane, LANE_HANDLER, client_id, memory);
	table_open(client, client_lane, LANE_CLIENT, 0, memory);
	world_trace(
		"rsd: lane %lu:%u -> %lu:%u", client_id, client_lane, handler_id, handler_lane);
	tell(handler,
		(struct told){
			.kind = RECORD_NEW_LANE, .lane = handler_lane, .memory = memory });
	return true;
}

static void on_slots(
	void *context, uint64_t process, uint32_t lane, uint64_t slots, uint64_t revoked)
{
	struct process *p = world_process(process);

	(void)context;
	if (!p->known) /* rsd has forgotten it already */
		return;
	struct entry_of_table *entry = &p->table[lane];
	if (lane == LANE_HOME) {
		entry->slots = slots;
		return;
	}
	MUST_BE(entry->state == TABLE_OPEN ||
			(entry->state != TABLE_FREE && !(slots & ~entry->slots)),
		"slots of a lane that is over");
	if (entry->role == LANE_CLIENT && entry->state == TABLE_OPEN)
		for (uint32_t i = 0; i < LANES_MAX; i++) {
			struct process *handler = p->given[lane]->handler;
			if (handler->given[i] == p->given[lane] && (handler != p || i != lane))
				MUST_BE(!(slots & ~handler->table[i].slots),
					"the client may send what the handler refuses");
		}
	MUST_BE(!(slots & (entry->revoked | revoked)), "what was revoked comes back");
	entry->slots = slots;
	entry->revoked = revoked;
	if (entry->role == LANE_HANDLER)
		p->given[lane]->slots = slots;
}

/* Whoever opens again at once must find no dead handler. */
static void handles_nothing(const struct process *p)
{
	for (uint32_t i = 0; i < INTERFACES; i++) {
		struct hash name = world_interface(i);
		struct entry *at = directory_entry(broker, &name);
		MUST_BE(!at || !at->handler || at->handler->process != p->id,
			"the end of %lu is told while it still handles %u", p->id, i);
	}
}

static void show_state(struct process *p, uint32_t lane, enum table_state state)
{
	world_trace("rsd: lane %lu:%u is %s", p->id, lane,
		state == TABLE_FREE     ? "free"
		: state == TABLE_CLOSED ? "closed"
					: "dead");
	p->table[lane].state = state;
}

static void on_lane_state(
	void *context, uint64_t process, uint32_t lane, enum table_state state)
{
	struct process *p = world_process(process);

	(void)context;
	if (!p->known)
		return;
	struct entry_of_table *entry = &p->table[lane];
	struct memory *memory = p->given[lane];
	MUST_BE(entry->state != TABLE_FREE, "lane %u of %lu ends and is not there", lane,
		process);
	MUST_BE(state == TABLE_FREE || entry->state == TABLE_OPEN, "a lane ended twice");
	if (state == TABLE_CLOSED && entry->revoked && !memory->slots)
		memory->spoilt = true; /* it was of no use to them any more */
	MUST_BE(state != TABLE_CLOSED || memory->spoilt, "a lane of honest ends was closed");
	if (state == TABLE_PEER_DEAD) {
		struct process *peer = memory->client == p ? memory->handler : memory->client;
		MUST_BE(!peer->alive, "%lu is said to be dead", peer->id);
		handles_nothing(peer);
		if (!memory->cut) /* what it said is passed on first */
			return;
	}
	memory->cut = true;
	show_state(p, lane, state);
}

static void on_handles(void *context, uint64_t process, uint32_t slot,
	const struct hash *interface, uint32_t body_bytes_max)
{
	(void)body_bytes_max;
	struct process *p = world_process(process);

	(void)context;
	p->names[slot] = world_interface_of(interface);
}

static struct broker_verdict policy(void *context, uint64_t process, const struct hash *program,
	const struct hash *interface, enum broker_right right)
{
	(void)context;
	MUST_BE(world_process(process)->program == program->bytes[0],
		"%lu runs another program", process);
	if (!people_decide_now() && world_fails())
		return (struct broker_verdict){ .status =
							world_pick(2) ? RS_DENIED : RS_LIMIT };
	return people_verdict(world_process(process), world_interface_of(interface), right);
}

static bool on_ask(
	void *context, uint64_t process, const struct hash *interface, enum broker_right right)
{
	(void)context, (void)interface, (void)right;
	MUST_BE(world_process(process)->known, "a question of somebody who is gone");
	return !world_fails();
}

static bool on_start(void *context, const struct hash *interface)
{
	uint32_t i = world_interface_of(interface);

	(void)context;
	MUST_BE(people_bound(i) != NO_PROGRAM, "nothing is bound to %u", i);
	if (world_fails()) {
		if (world_pick(2))
			rsd_start_failed(i);
		return false;
	}
	people_start(i);
	return true;
}

void rsd_reconsider(uint64_t process, uint32_t interface)
{
	struct hash name = world_interface(interface);

	broker_reconsider(broker, process, interface == NO_INTERFACE ? NULL : &name);
}

void rsd_bind(uint32_t interface, uint32_t program)
{
	struct hash name = world_interface(interface), of = program_hash(program);
	int r;

	do /* without memory nothing is changed, and people try again */
		r = broker_bind(broker, &name, program == NO_PROGRAM ? NULL : &of);
	while (r == -ENOMEM);
	MUST_BE(r == 0, "%u cannot be bound", interface);
}

void rsd_start_failed(uint32_t interface)
{
	struct hash name = world_interface(interface);

	broker_start_failed(broker, &name);
}

/* ---- mediated lanes (linking.c, relays.c) ---- */

static enum lane_role other_role(enum lane_role role)
{
	return role == LANE_CLIENT ? LANE_HANDLER : LANE_CLIENT;
}

/* The other end has all that this one said. */
static void drained(struct memory *memory, enum lane_role from)
{
	struct process *left = from == LANE_CLIENT ? memory->handler : memory->client;
	enum lane_role role = other_role(from);

	memory->cut = true;
	for (uint32_t i = 1; left->known && i < LANES_MAX; i++)
		if (left->given[i] == memory && left->table[i].role == role)
			show_state(left, i, TABLE_PEER_DEAD);
}

/* Nothing passes in a slot that is not allowed, whatever the two agreed on. */
static bool is_allowed(
	const struct memory *memory, enum lane_role from, const struct item *item)
{
	return from == LANE_HANDLER || item->kind != RECORD_MESSAGE ||
	       memory->gone[LANE_CLIENT] || memory->gone[LANE_HANDLER] ||
	       item->slot >= TABLE_SLOTS_MAX || (memory->slots >> item->slot & 1);
}

static bool refuse_it(struct memory *memory, const struct item *item)
{
	struct item answer = {
		.kind = RECORD_ANSWER, .message = item->message, .slot = RS_DENIED
	};

	if (books_wants(item->message) && !queue_add(memory_in(memory, LANE_CLIENT), answer))
		return false;
	books_refused(item->message, memory->handler);
	queue_drop(&memory->requests);
	return true;
}

static bool pass(struct memory *memory, enum lane_role from)
{
	enum lane_role to = other_role(from);
	struct queue *in = memory_out(memory, from), *out = memory_in(memory, to);

	if (memory->cut)
		return false;
	if (!in->count) {
		if (memory->gone[from])
			drained(memory, from);
		return memory->cut;
	}
	if (!is_allowed(memory, from, queue_peek(in)))
		return refuse_it(memory, queue_peek(in));
	if (!memory->gone[to] && !queue_add(out, *queue_peek(in)))
		return false;
	queue_drop(in);
	return true;
}

bool rsd_pass(struct memory *memory)
{
	enum lane_role first = world_pick(2) ? LANE_CLIENT : LANE_HANDLER;

	return pass(memory, first) || pass(memory, other_role(first));
}

/* Who reads it no more needs nothing passed on. */
static void accused(struct memory *memory)
{
	if (memory->gone[LANE_CLIENT] || memory->gone[LANE_HANDLER])
		drained(memory, memory->gone[LANE_CLIENT] ? LANE_CLIENT : LANE_HANDLER);
}

static void sides_gone(const struct process *p)
{
	for (uint32_t i = 0; i < books_lanes(); i++) {
		struct memory *memory = books_lane(i);
		memory->gone[LANE_CLIENT] |= memory->client == p;
		memory->gone[LANE_HANDLER] |= memory->handler == p;
		memory->cut |= memory->gone[LANE_CLIENT] && memory->gone[LANE_HANDLER];
	}
}

/* ---- what a process says ---- */

static void liar(struct process *p, const char *why)
{
	MUST_BE(p->hostile, "%lu, who is honest, %s", p->id, why);
	p->broken = true;
	world_kill(p, why);
}

static void on_open(struct process *p, const struct said *said)
{
	struct hash name = world_interface(said->interface);
	uint32_t before = opens;

	open_flags = said->flags;
	broker_open(broker, p->id, 1, &name, said->flags);
	MUST_BE(opens == before + 1, "%u answers to one open", opens - before);
}

static void on_message(struct process *p, const struct said *said)
{
	struct hash name = world_interface(said->interface);
	bool unregister = said->lane;
	uint32_t status = unregister ? broker_unregister(broker, p->id, &name)
				     : broker_register(broker, p->id, &name, 0);

	world_trace("rsd: %lu %s %u: %u", p->id, unregister ? "lets go of" : "registers",
		said->interface, status);
	if (unregister)
		books_unregistered(p, said->interface, status);
	else
		books_registered(p, said->interface, status);
	tell(p, (struct told){ .kind = RECORD_ANSWER,
			.interface = said->interface,
			.status = status });
}

static void on_lane(struct process *p, const struct said *said)
{
	uint32_t lane = said->lane;

	if (lane >= LANES_MAX || said->generation != p->table[lane].generation) {
		liar(p, "speaks of a lane it does not have");
	} else if (said->kind == RECORD_LANE_DONE) {
		bool there = lane != LANE_HOME && p->table[lane].state != TABLE_FREE;
		MUST_BE(broker_lane_done(broker, p->id, lane) == there, "is there lane %u?",
			lane);
		if (!there)
			liar(p, "lets go of a lane it does not have");
	} else {
		struct memory *memory = p->given[lane];
		if (memory)
			memory->spoilt = true;
		if (memory && !memory->cut)
			accused(memory);
		if (!broker_lane_broken(broker, p->id, lane))
			liar(p, "accuses a peer it does not have");
	}
}

static void on_taken(struct process *p)
{
	if (!p->fds_in_flight)
		liar(p, "took what nobody gave");
	p->fds_in_flight = false;
}

bool rsd_read(struct process *p)
{
	struct said said = p->said[0];

	if (!p->said_count || p->broken)
		return false;
	memmove(&p->said[0], &p->said[1], --p->said_count * sizeof(said));
	if (said.kind == RECORD_OPEN)
		on_open(p, &said);
	else if (said.kind == RECORD_MESSAGE)
		on_message(p, &said);
	else if (said.kind == RECORD_LANE_TAKEN)
		on_taken(p);
	else
		on_lane(p, &said);
	return true;
}

/* ---- life and death ---- */

bool rsd_start(struct process *p)
{
	const struct hash program = program_hash(p->program);

	memset(p->names, 0xff, sizeof(p->names));
	p->table[LANE_HOME].state = TABLE_OPEN;
	p->known = true;
	if (broker_process_started(broker, p->id, &program) == 0)
		return true;
	p->known = false;
	return false;
}

/* Its last words are of interest to hosts alone. */
void rsd_gone(struct process *p)
{
	world_trace("rsd: %lu is gone", p->id);
	p->said_count = 0;
	p->known = false;
	books_process_gone(p);
	sides_gone(p);
	broker_process_gone(broker, p->id);
}

/* What inspect shows, at any time. */
static bool each(void *context, enum broker_relation relation, const struct hash *interface)
{
	const struct process *p = context;

	if (relation == BROKER_HANDLES)
		MUST_BE(books_handler(world_interface_of(interface)) == p, "who handles that?");
	return true;
}

static void other_end_agrees(const struct process *p, uint32_t lane)
{
	const struct memory *memory = p->given[lane];
	const struct process *other = memory->client == p ? memory->handler : memory->client;

	if (memory->gone[LANE_CLIENT] || memory->gone[LANE_HANDLER])
		return; /* it is over, and the other end not told yet */
	for (uint32_t i = 1; i < LANES_MAX; i++)
		if (other->given[i] == memory && (other != p || i != lane)) {
			MUST_BE(other->table[i].state == TABLE_OPEN, "half a lane");
			MUST_BE(p->table[lane].role == LANE_HANDLER ||
					!(p->table[lane].slots & ~other->table[i].slots),
				"the client may send what the handler refuses");
			MUST_BE(other->table[i].revoked == p->table[lane].revoked,
				"the ends differ in what was revoked");
			return;
		}
	world_fault("a lane with one end");
}

void rsd_ends_agree(void)
{
	for (uint32_t n = 0; n < world.born; n++) {
		struct process *p = world.all[n];
		if (!p->known)
			continue;
		for (uint32_t i = 1; i < LANES_MAX; i++)
			if (p->table[i].state == TABLE_OPEN)
				other_end_agrees(p, i);
		broker_each(broker, p->id, each, p);
	}
}

void rsd_begin(void)
{
	const struct broker_actions actions = { .opened = on_opened,
		.connect = on_connect,
		.slots = on_slots,
		.lane_state = on_lane_state,
		.handles = on_handles,
		.ask = on_ask,
		.start = on_start };
	struct hash host = world_interface(HOST);

	pieces = 0;
	opens = 0;
	MUST_BE(broker_new(&actions, policy, NULL, &broker) == 0, "no broker");
	MUST_BE(broker_add_host(broker, &host, 2) == 0, "no host");
	broker_mediate(broker, world.mediated);
}

void rsd_end(void)
{
	int64_t kept = pieces;
	struct broker *fresh;
	struct hash host = world_interface(HOST);
	const struct broker_actions actions = { 0 };

	/* as much as one that never had a process */
	pieces = 0;
	MUST_BE(broker_new(&actions, policy, NULL, &fresh) == 0, "no broker");
	MUST_BE(broker_add_host(fresh, &host, 2) == 0, "no host");
	MUST_BE(kept == pieces, "%ld pieces of memory are kept for nobody", kept - pieces);
	broker_free(fresh);
	MUST_BE(pieces == 0, "a broker that is freed keeps memory");
	pieces = kept;
	broker = broker_free(broker);
	MUST_BE(pieces == 0, "the broker kept memory at its end");
}
