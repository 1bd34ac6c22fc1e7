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
	uint32_t granted; /* when it was published: what its sender might send to */
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
	bool by_binding;
	struct awaiting {
		struct process *p;
		bool later;  /* a word will come */
		bool delays; /* and if it is no, it waits on */
	} waits[ALIVE_MAX + 1];
	uint32_t waits_count;
} names[INTERFACES + 1];

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
		.granted = people_granted(sender),
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
	m->granted = people_granted(m->sender);
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
	MUST_BE(interface < INTERFACES &&
			(names[interface].handler == handler || handler->replaced[interface]),
		"message %u is delivered to one who let go of %u", message, interface);
	MUST_BE(m->granted >> interface & 1, "message %u was sent without a grant", message);
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
			people_took(m->sender, m->interface) >= m->born,
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

	while (i < name->waits_count && name->waits[i].p != p)
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

	for (uint32_t i = 0; i <= INTERFACES; i++)
		n += wait_of(&names[i], p) < names[i].waits_count;
	return n;
}

static uint32_t may_use(const struct process *p, uint32_t interface)
{
	return people_verdict(p, interface, BROKER_USE).status;
}

static bool may_handle(const struct process *p, uint32_t interface)
{
	return people_verdict(p, interface, BROKER_HANDLE).status == RS_OK;
}

static bool is_bound_to(uint32_t interface, const struct process *p)
{
	return people_bound(interface) == p->program;
}

/* ---- handling ---- */

static uint32_t right_answer(const struct process *p, uint32_t interface)
{
	const struct process *handler = names[interface].handler;
	bool bound = people_bound(interface) != NO_PROGRAM;

	if (interface == HOST ||
		!(bound ? is_bound_to(interface, p) : may_handle(p, interface)))
		return RS_DENIED;
	if (handler && handler != p && (!bound || is_bound_to(interface, handler)))
		return RS_TAKEN;
	return RS_OK;
}

void books_registered(struct process *p, uint32_t interface, uint32_t status)
{
	struct name *name = &names[interface];

	if (interface != HOST && fails(status))
		return;
	MUST_BE(status == right_answer(p, interface), "registering %u is answered with %u",
		interface, status);
	if (status != RS_OK)
		return;
	if (name->handler != p) {
		if (name->handler)
			name->handler->replaced[interface] = true;
		name->by_binding = people_bound(interface) != NO_PROGRAM;
	}
	p->replaced[interface] = false;
	name->handler = p;
	for (uint32_t i = 0; i < name->waits_count; i++)
		MUST_BE(may_use(name->waits[i].p, interface) != RS_OK, "%lu still waits for %u",
			name->waits[i].p->id, interface);
}

static void lets_go(struct name *name, uint32_t interface)
{
	name->handler->let_go[interface] = world.step;
	name->handler = NULL;
	name->by_binding = false;
}

void books_unregistered(struct process *p, uint32_t interface, uint32_t status)
{
	struct name *name = &names[interface];
	bool mine = interface != HOST && name->handler == p;
	bool was_mine = interface != HOST && p->replaced[interface];

	MUST_BE(status == (mine || was_mine ? RS_OK : RS_BAD_ARGUMENT), "letting go of %u: %u",
		interface, status);
	if (mine) {
		lets_go(name, interface);
	} else if (was_mine) {
		p->replaced[interface] = false;
		p->let_go[interface] = world.step;
	}
}

void books_reviewed(uint32_t interface)
{
	struct name *name = &names[interface];

	if (name->handler && !name->by_binding && !may_handle(name->handler, interface))
		lets_go(name, interface);
}

void books_bound(uint32_t interface)
{
	struct name *name = &names[interface];

	if (name->handler && is_bound_to(interface, name->handler))
		name->by_binding = true; /* to its end, whatever becomes of the binding */
}

/* ---- waiting ---- */

static void waits(struct name *name, struct process *p, bool later, bool delays)
{
	uint32_t place = wait_of(name, p);

	if (place == name->waits_count)
		name->waits[name->waits_count++] = (struct awaiting){ .p = p };
	name->waits[place].later |= later;
	name->waits[place].delays |= delays;
	MUST_BE(waits_for(p) <= BROKER_PENDING_MAX, "%lu waits for too much", p->id);
}

static uint32_t right_word(const struct process *p, uint32_t interface)
{
	uint32_t status = may_use(p, interface);

	if (status == BROKER_ASK)
		return HOME_LATER;
	if (status != RS_OK || interface == HOST || names[interface].handler)
		return status;
	return people_bound(interface) == NO_PROGRAM ? RS_NO_HANDLER : HOME_LATER;
}

static void opened_at_once(struct process *p, uint32_t interface, uint32_t flags,
	uint32_t status, const struct process *handler)
{
	struct name *name = &names[interface];
	uint32_t right = right_word(p, interface);
	bool delays = flags & RS_ALLOW_DELAY;

	if (status == RS_LIMIT && !world.fails && right != RS_OK)
		MUST_BE(waits_for(p) == BROKER_PENDING_MAX, "%lu may wait for more", p->id);
	if (fails(status))
		return;
	MUST_BE(status == right, "the way to %u is answered with %u", interface, status);
	MUST_BE(status != RS_OK || interface == HOST || handler == name->handler,
		"a lane to somebody else");
	if (status == HOME_LATER || (status == RS_NO_HANDLER && delays))
		waits(name, p, status == HOME_LATER, delays);
	else if (status != RS_NO_HANDLER)
		MUST_BE(wait_of(name, p) == name->waits_count,
			"%lu waits for what it was told of", p->id);
}

/* The word that was to come: whether it is right, and in its turn. */
static void word_is_right(
	const struct process *p, uint32_t interface, uint32_t place, uint32_t status)
{
	const struct name *name = &names[interface];

	if (fails(status))
		return;
	if (status == RS_NO_HANDLER)
		MUST_BE(name->waits[place].later && !name->handler,
			"%lu is told that nobody handles %u", p->id, interface);
	else
		MUST_BE(status == may_use(p, interface), "who waited gets %u", status);
	for (uint32_t i = 0; status == RS_OK && !people_say_to_one() && i < place; i++)
		MUST_BE(may_use(name->waits[i].p, interface) != RS_OK,
			"it is not the turn of %lu", p->id);
}

static void opened_later(struct process *p, uint32_t interface, uint32_t status)
{
	struct name *name = &names[interface];
	uint32_t place = wait_of(name, p);

	MUST_BE(place < name->waits_count, "%lu does not wait for %u", p->id, interface);
	word_is_right(p, interface, place, status);
	if (status == RS_NO_HANDLER && name->waits[place].delays)
		name->waits[place].later = false;
	else
		forget_wait(name, place);
}

/* Unasked: what was to come. names[] follows when the handler is answered. */
void books_opened(struct process *p, bool asked, uint32_t interface, uint32_t flags,
	uint32_t status, const struct process *handler)
{
	if (asked)
		opened_at_once(p, interface, flags, status, handler);
	else
		opened_later(p, interface, status);
}

void books_process_gone(struct process *p)
{
	for (uint32_t i = 0; i <= INTERFACES; i++) {
		struct name *name = &names[i];
		uint32_t place = wait_of(name, p);
		if (place < name->waits_count)
			forget_wait(name, place);
		if (name->handler == p) {
			name->handler = NULL;
			name->by_binding = false;
		}
	}
	memset(p->replaced, 0, sizeof(p->replaced));
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
	for (uint32_t i = 0; i <= INTERFACES; i++)
		for (uint32_t w = 0; w < names[i].waits_count; w++)
			MUST_BE(!names[i].waits[w].later, "%lu is never told of %u",
				names[i].waits[w].p->id, i);
	for (uint32_t h = 0; h < world.born; h++)
		for (uint32_t c = 0; c < world.born; c++)
			pair_at_rest(world.all[h], world.all[c]);
}
