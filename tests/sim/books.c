/*
 * books.c: what every message came to, who handles and who waits, and what must be true of it:
 * one completion for each id, order, nothing under a wrong name or from a wrong process,
 * nothing for a handler that let go, one word about the end of a client, nothing lost.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/world.h"

struct page {                             /* one message */
	struct process *sender, *handler; /* handler: the program that has it */
	struct memory *memory;            /* published there */
	uint32_t interface, sequence, born, status;
	bool wants, delays, dropped, delivered, refused, answered, cancelled, completed;
};

static struct page pages[MESSAGES_MAX];
static uint32_t pages_count;

static struct pair { /* a handler and a client */
	uint32_t last[INTERFACES], gone;
	bool heard;
} pairs[BORN_MAX][BORN_MAX];

static struct memory *memories[MEMORIES_MAX];
static uint32_t memories_count;

static struct name { /* an interface, as rsd must know it */
	struct process *handler;
	struct waiting {
		struct process *process;
		bool delays; /* it waits for a handler, too */
	} waits[ALIVE_MAX + 1];
	uint32_t waits_count;
} names[INTERFACES];

void books_begin(void)
{
	for (uint32_t i = 0; i < memories_count; i++)
		free(memories[i]);
	memories_count = pages_count = 0;
	memset(pairs, 0, sizeof(pairs));
	memset(names, 0, sizeof(names));
}

void books_memory(struct memory *memory)
{
	MUST_BE(memories_count < MEMORIES_MAX, "too many lanes for these books");
	memories[memories_count++] = memory;
}

uint32_t books_lanes(void)
{
	return memories_count;
}

struct memory *books_lane(uint32_t n)
{
	return memories[n];
}

static struct pair *pair_of(const struct process *handler, uint64_t client)
{
	return &pairs[handler->id - 1][client - 1];
}

/* Some lane between them was closed before its time. */
static bool spoilt(const struct process *handler, uint64_t client)
{
	for (uint32_t i = 0; i < memories_count; i++)
		if (memories[i]->spoilt && memories[i]->handler == handler &&
			memories[i]->client->id == client)
			return true;
	return false;
}

/* ---- one message ---- */

static struct page *page(uint32_t message)
{
	MUST_BE(message && message <= pages_count, "message %u was never sent", message);
	return &pages[message - 1];
}

uint32_t books_new(struct process *sender, uint32_t interface, bool wants, bool delays)
{
	MUST_BE(pages_count < MESSAGES_MAX, "too many messages for these books");
	pages[pages_count] = (struct page){ .sender = sender,
		.interface = interface,
		.sequence = sender->hostile ? 0 : ++sender->sequence[interface],
		.born = world.step,
		.wants = wants,
		.delays = delays };
	return ++pages_count;
}

bool books_wants(uint32_t message)
{
	return page(message)->wants;
}

bool books_delays(uint32_t message)
{
	return page(message)->delays;
}

uint32_t books_interface(uint32_t message)
{
	return page(message)->interface;
}

void books_dropped(uint32_t message)
{
	struct page *m = page(message);

	MUST_BE(!m->memory && !m->completed, "message %u was not refused in time", message);
	m->dropped = true;
}

void books_published(uint32_t message, struct memory *memory)
{
	struct page *m = page(message);

	MUST_BE(!m->memory && !m->dropped && !m->completed, "message %u goes twice", message);
	MUST_BE(memory->client == m->sender, "message %u on a lane of another", message);
	m->memory = memory;
	world_trace("%lu sends message %u (interface %u, number %u) to %lu", m->sender->id,
		message, m->interface, m->sequence, memory->handler->id);
}

void books_delivered(
	uint32_t message, struct process *handler, const struct end *end, uint32_t interface)
{
	struct page *m = page(message);
	struct pair *pair = pair_of(handler, end->process);

	world_trace("%lu gets message %u from %lu under interface %u", handler->id, message,
		end->process, interface);
	MUST_BE(end->process == m->sender->id, "message %u of %lu seems to come from %lu",
		message, m->sender->id, end->process);
	MUST_BE(interface < INTERFACES && names[interface].handler == handler,
		"message %u is delivered to one who let go of %u", message, interface);
	MUST_BE(m->sender->grants[interface] == GRANTED,
		"message %u of %lu to %u passes without a grant", message, m->sender->id,
		interface);
	if (m->sender->hostile)
		return;
	MUST_BE(interface == m->interface, "message %u to %u is delivered as one to %u",
		message, m->interface, interface);
	MUST_BE(m->memory && !m->delivered && !m->refused, "message %u comes twice", message);
	MUST_BE(m->sequence > pair->last[interface], "message %u is overtaken", message);
	MUST_BE(!pair->gone || spoilt(handler, end->process),
		"message %u comes after the end of its sender", message);
	pair->last[interface] = m->sequence;
	pair->heard = true;
	m->delivered = true;
	m->handler = handler;
}

void books_refused(uint32_t message, struct process *handler)
{
	struct page *m = page(message);

	world_trace("%lu refuses message %u", handler->id, message);
	if (m->sender->hostile)
		return;
	MUST_BE(!m->delivered && !m->refused, "message %u comes twice", message);
	MUST_BE(handler->let_go[m->interface] >= m->born ||
			m->sender->revoked[m->interface] >= m->born,
		"message %u is refused by one who handles %u", message, m->interface);
	m->refused = true;
}

void books_answered(uint32_t message, struct process *handler)
{
	struct page *m = page(message);

	world_trace("%lu answers message %u", handler->id, message);
	if (m->sender->hostile)
		return;
	MUST_BE(m->handler == handler && !m->answered, "message %u is answered twice", message);
	m->answered = true;
}

void books_cancelled(uint32_t message)
{
	page(message)->cancelled = true;
}

void books_cancel_heard(uint32_t message, struct process *handler)
{
	const struct page *m = page(message);

	MUST_BE(m->sender->hostile || (m->cancelled && m->handler == handler && !m->answered),
		"message %u was not cancelled", message);
}

static bool may_complete(const struct page *m, uint32_t status, const struct memory *memory)
{
	if (status == RS_CANCELLED)
		return m->cancelled;
	if (memory && memory->spoilt)
		return memory == m->memory;
	if (memory)
		return memory == m->memory && (status == RS_OK ? m->answered : m->refused);
	if (!m->memory) /* it was kept, and never sent */
		return status != RS_OK && !(status == RS_NO_HANDLER && m->delays);
	if (m->memory->spoilt)
		return status == RS_HANDLER_GONE;
	return status == RS_HANDLER_GONE && !m->memory->handler->known && !m->answered &&
	       !m->refused;
}

void books_completed(
	uint32_t message, struct process *p, uint32_t status, const struct memory *memory)
{
	struct page *m = page(message);

	world_trace("message %u of %lu completes: %u", message, p->id, status);
	MUST_BE(m->sender == p && m->wants && p->alive, "message %u is not of %lu", message,
		p->id);
	MUST_BE(!m->completed && !m->dropped, "message %u completes twice", message);
	MUST_BE(may_complete(m, status, memory), "message %u completes with %u", message,
		status);
	m->completed = true;
	m->status = status;
}

void books_gone(struct process *handler, uint64_t client)
{
	struct pair *pair = pair_of(handler, client);

	world_trace("%lu hears of the end of %lu", handler->id, client);
	pair->gone++;
	if (spoilt(handler, client))
		return;
	MUST_BE(!world.all[client - 1]->known, "%lu is no more, they say", client);
	MUST_BE(pair->gone == 1, "%lu ends twice", client);
	MUST_BE(pair->heard, "%lu never said anything", client);
}

/* ---- who handles what ---- */

struct process *books_handler(uint32_t interface)
{
	return interface < INTERFACES ? names[interface].handler : NULL;
}

static void forget_wait(struct name *name, uint32_t place)
{
	memmove(&name->waits[place], &name->waits[place + 1],
		(--name->waits_count - place) * sizeof(name->waits[0]));
}

static uint32_t wait_of(const struct name *name, const struct process *p)
{
	uint32_t i = 0;

	while (i < name->waits_count && name->waits[i].process != p)
		i++;
	return i;
}

/* A no that needs no reason in these books: something failed, or some table is full. */
static bool fails(uint32_t status)
{
	return status == RS_LIMIT || (status == RS_DENIED && world.fails);
}

static uint32_t waits_for(const struct process *p)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < INTERFACES; i++)
		n += wait_of(&names[i], p) < names[i].waits_count;
	return n;
}

void books_registered(struct process *p, uint32_t interface, uint32_t status)
{
	struct name *name = &names[interface];

	if (interface == HOST) {
		MUST_BE(status == RS_DENIED, "a host interface is taken");
		return;
	}
	if (fails(status))
		return;
	MUST_BE(status == (name->handler && name->handler != p ? RS_TAKEN : RS_OK),
		"registering %u is answered with %u", interface, status);
	if (status != RS_OK)
		return;
	name->handler = p;
	for (uint32_t i = 0; i < name->waits_count; i++)
		MUST_BE(name->waits[i].process->grants[interface] == UNSAID,
			"%lu still waits for %u", name->waits[i].process->id, interface);
}

void books_unregistered(struct process *p, uint32_t interface, uint32_t status)
{
	struct name *name = &names[interface];
	bool mine = interface != HOST && name->handler == p;

	MUST_BE(status == (mine ? RS_OK : RS_BAD_ARGUMENT), "letting go of %u: %u", interface,
		status);
	if (!mine)
		return;
	p->let_go[interface] = world.step;
	name->handler = NULL;
}

/* Unasked: the handler came that somebody waited for, first come, first served; or somebody
 * said what it may use. */
static void opened_unasked(struct process *p, uint32_t interface, uint32_t status)
{
	struct name *name = &names[interface];
	uint32_t place = wait_of(name, p);

	MUST_BE(place < name->waits_count, "%lu does not wait for %u", p->id, interface);
	MUST_BE(place == 0 || world.decides || fails(status), "it is not the turn of %lu",
		p->id);
	MUST_BE(status != HOME_LATER && (status != RS_OK || p->grants[interface] == GRANTED),
		"who waited gets %u", status);
	MUST_BE(status != RS_NO_HANDLER || !name->handler, "%u has a handler", interface);
	MUST_BE(status != RS_DENIED || fails(status) || p->grants[interface] == REFUSED,
		"%lu may use %u", p->id, interface);
	if (status != RS_NO_HANDLER || !name->waits[place].delays)
		forget_wait(name, place);
}

static void wait_add(struct name *name, struct process *p, bool delays)
{
	uint32_t place = wait_of(name, p);

	if (place == name->waits_count)
		name->waits[name->waits_count++] = (struct waiting){ .process = p };
	name->waits[place].delays |= delays;
	MUST_BE(waits_for(p) <= BROKER_PENDING_MAX, "%lu waits for too much", p->id);
}

/* What an open must be answered with. */
static uint32_t due(const struct process *p, uint32_t interface)
{
	if (p->grants[interface] == GRANTED)
		return names[interface].handler ? RS_OK : RS_NO_HANDLER;
	return p->grants[interface] == REFUSED ? RS_DENIED : HOME_LATER;
}

void books_opened(struct process *p, bool asked, uint32_t interface, uint32_t flags,
	uint32_t status, const struct process *handler)
{
	if (interface == HOST) {
		MUST_BE(status == RS_OK || fails(status), "no way to a host interface");
		return;
	}
	struct name *name = &names[interface];
	if (!asked) {
		opened_unasked(p, interface, status);
		return; /* names[] follows when the handler is answered */
	}
	if (status == RS_LIMIT && !world.fails && !name->handler)
		MUST_BE(waits_for(p) == BROKER_PENDING_MAX, "%lu may wait for more", p->id);
	if (fails(status))
		return;
	MUST_BE(status == due(p, interface), "the way to %u is answered with %u", interface,
		status);
	MUST_BE(status != RS_OK || handler == name->handler, "a lane to somebody else");
	if (status == HOME_LATER || (status == RS_NO_HANDLER && (flags & RS_ALLOW_DELAY)))
		wait_add(name, p, flags & RS_ALLOW_DELAY);
}

void books_process_gone(struct process *p)
{
	for (uint32_t i = 0; i < INTERFACES; i++) {
		struct name *name = &names[i];
		uint32_t place = wait_of(name, p);
		if (place < name->waits_count)
			forget_wait(name, place);
		if (name->handler == p)
			name->handler = NULL;
	}
}

/* ---- at rest ---- */

static bool honest_and_alive(const struct process *p)
{
	return p->alive && !p->hostile;
}

static void message_at_rest(uint32_t message, bool everything)
{
	const struct page *m = page(message);

	if (m->sender->hostile || m->dropped)
		return;
	if (m->memory && !m->memory->spoilt && honest_and_alive(m->memory->handler))
		MUST_BE(m->delivered || m->refused, "message %u is lost", message);
	if (m->wants && m->sender->alive && (m->memory || everything))
		MUST_BE(m->completed, "message %u never completes", message);
	if (!m->wants && m->sender->alive && everything)
		MUST_BE(m->memory, "message %u was kept and never sent", message);
}

static void pair_at_rest(const struct process *handler, const struct process *client)
{
	const struct pair *pair = pair_of(handler, client->id);

	if (!honest_and_alive(handler) || client->alive || client->hostile ||
		spoilt(handler, client->id))
		return;
	MUST_BE(pair->gone == pair->heard, "%lu does not hear of the end of %lu", handler->id,
		client->id);
}

void books_at_rest(bool everything)
{
	for (uint32_t i = 1; i <= pages_count; i++)
		message_at_rest(i, everything);
	for (uint32_t h = 0; h < world.born; h++)
		for (uint32_t c = 0; c < world.born; c++)
			pair_at_rest(world.all[h], world.all[c]);
}
