/*
 * runtime.c: the rules of runtime/ (ends, closing, routes, held, sending, inbox), in steps
 * between which anything may happen elsewhere. Rings hold few records, so that everything is
 * full at some time.
 */
#include <string.h>

#include "tests/sim/world.h"

#define OPEN_TRIES 2

static struct queue *out_of(const struct end *end)
{
	return memory_out(end->memory, end->role);
}

static struct queue *in_of(const struct end *end)
{
	return memory_in(end->memory, end->role);
}

static bool readable(const struct end *end)
{
	return end->state == END_OPEN || end->state == END_DRAINING;
}

static bool usable(const struct process *p, const struct route *route)
{
	const struct end *end = &p->ends[route->lane];

	return route->state == ROUTE_OPEN && (p->table[route->lane].slots >> route->slot & 1) &&
	       (route->lane == LANE_HOME ||
		       (end->state == END_OPEN && end->generation == route->generation &&
			       p->table[route->lane].state == TABLE_OPEN));
}

/* rsd will say by itself what becomes of it. */
static bool will_be_told(const struct route *route)
{
	return route->state == ROUTE_AWAITED || route->state == ROUTE_LATER;
}

bool runtime_say(struct process *p, struct said said)
{
	if (p->said_count == HOME_RECORDS)
		return false;
	p->said[p->said_count++] = said;
	return true;
}

/* ---- lanes end (closing.c) ---- */

static struct sent *sent_find(struct process *p, uint32_t message, uint32_t lane)
{
	for (uint32_t i = 0; i < p->sent_count; i++)
		if (p->sent[i].message == message && p->sent[i].lane == lane)
			return &p->sent[i];
	return NULL;
}

static void sent_remove(struct process *p, struct sent *sent)
{
	uint32_t after = p->sent_count - (uint32_t)(sent - p->sent) - 1;

	memmove(sent, sent + 1, after * sizeof(*sent));
	p->sent_count--;
}

static void unmap(struct process *p, uint32_t i, enum end_is state)
{
	p->ends[i].state = state;
	if (state == END_DONE)
		p->ends[i].owed |= OWES_DONE;
}

static void close_lane(struct process *p, uint32_t i, enum end_is state)
{
	struct end *end = &p->ends[i];

	for (uint32_t k = 0; k < p->sent_count;) {
		if (p->sent[k].lane != i) {
			k++;
			continue;
		}
		books_completed(p->sent[k].message, p, RS_HANDLER_GONE, NULL);
		sent_remove(p, &p->sent[k]);
	}
	for (uint32_t k = 0; k < p->asked_count; k++)
		p->asked[k].moot |= p->asked[k].lane == i;
	unmap(p, i, end->role == LANE_HANDLER && end->heard ? END_LEAVING : state);
}

static bool taken_back(const struct process *p, uint32_t i)
{
	return p->table[i].state != TABLE_OPEN;
}

static bool watch(struct process *p, uint32_t i)
{
	struct end *end = &p->ends[i];
	enum table_state state = p->table[i].state;

	if (state == TABLE_OPEN || state == TABLE_FREE)
		return false;
	if (end->state == END_BROKEN)
		unmap(p, i, END_DONE);
	else if (state == TABLE_CLOSED && readable(end))
		close_lane(p, i, END_DONE);
	else if (end->state == END_OPEN)
		end->state = END_DRAINING;
	else
		return false;
	return true;
}

bool runtime_watch(struct process *p)
{
	bool any = false;

	for (uint32_t i = LANE_HOME + 1; i < LANES_MAX; i++)
		any |= watch(p, i);
	return any;
}

static void lie_seen(struct process *p, uint32_t i)
{
	MUST_BE(p->ends[i].memory->spoilt, "%lu finds a lie on lane %u of honest ends", p->id,
		i);
	p->ends[i].owed |= OWES_BROKEN;
	close_lane(p, i, taken_back(p, i) ? END_DONE : END_BROKEN);
}

/* Another lane of the same client, by what it may still bring: 0: there is none. */
static int company_of(const struct process *p, uint32_t leaving)
{
	uint64_t client = p->ends[leaving].process;
	int company = 0;

	for (uint32_t i = LANE_HOME + 1; i < LANES_MAX; i++) {
		const struct end *end = &p->ends[i];
		const struct entry_of_table *entry = &p->table[i];
		if (i == leaving || entry->role != LANE_HANDLER ||
			entry->peer_process != client)
			continue;
		if (end->state == END_LEAVING || (readable(end) && end->heard))
			return 2;
		if (readable(end) || (end->state == END_NONE && entry->state != TABLE_FREE &&
					     p->taken[i] != entry->generation))
			company = 1;
	}
	return company;
}

bool runtime_leave(struct process *p)
{
	for (uint32_t i = LANE_HOME + 1; i < LANES_MAX; i++) {
		int company = p->ends[i].state == END_LEAVING ? company_of(p, i) : 1;
		if (company == 1)
			continue;
		if (company == 0)
			books_gone(p, p->ends[i].process);
		unmap(p, i, taken_back(p, i) ? END_DONE : END_BROKEN);
		return true;
	}
	return false;
}

/* ---- what rsd is owed (ends.c) ---- */

static bool pay(struct process *p, uint32_t i)
{
	static const struct {
		uint32_t owed;
		enum record_kind kind;
	} rows[] = { { OWES_TAKEN, RECORD_LANE_TAKEN }, { OWES_BROKEN, RECORD_LANE_BROKEN },
		{ OWES_DONE, RECORD_LANE_DONE } };
	struct end *end = &p->ends[i];
	bool any = false;

	for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
		struct said said = {
			.kind = rows[k].kind, .lane = i, .generation = end->generation
		};
		if (!(end->owed & rows[k].owed))
			continue;
		if (!runtime_say(p, said))
			return any;
		end->owed &= ~rows[k].owed;
		any = true;
	}
	if (end->state == END_DONE)
		*end = (struct end){ .state = END_NONE };
	return any;
}

bool runtime_pay(struct process *p)
{
	bool any = false;

	for (uint32_t i = 1; i < LANES_MAX; i++)
		any |= p->ends[i].owed && pay(p, i);
	return any;
}

/* ---- what rsd tells (routes.c, ends_take()) ---- */

static void take(struct process *p, const struct told *told)
{
	const struct entry_of_table *entry = &p->table[told->lane];
	struct end *end = &p->ends[told->lane];
	bool refused = world_fails(); /* no room to map it */

	MUST_BE(end->state == END_NONE, "%lu was given lane %u twice", p->id, told->lane);
	p->taken[told->lane] = entry->generation;
	*end = (struct end){ .state = refused ? END_BROKEN : END_OPEN,
		.role = entry->role,
		.owed = OWES_TAKEN | (refused ? OWES_BROKEN : 0),
		.generation = entry->generation,
		.process = entry->peer_process,
		.memory = told->memory };
	if (refused) {
		world_trace("%lu cannot take lane %u", p->id, told->lane);
		told->memory->spoilt = true;
	}
}

static void hold_not(struct process *p, uint32_t place)
{
	p->routes[books_interface(p->held[place])].held--;
	memmove(&p->held[place], &p->held[place + 1],
		(--p->held_count - place) * sizeof(p->held[0]));
}

static void finish(struct process *p, uint32_t message, uint32_t status)
{
	if (books_wants(message))
		books_completed(message, p, status, NULL);
	else
		books_dropped(message);
}

/* Nobody handles it: those that may be delayed wait on. */
static void refuse_held(struct process *p, uint32_t interface, uint32_t status)
{
	for (uint32_t i = 0; i < p->held_count;) {
		uint32_t message = p->held[i];

		if (books_interface(message) != interface ||
			(status == RS_NO_HANDLER && books_delays(message))) {
			i++;
			continue;
		}
		hold_not(p, i);
		finish(p, message, status);
	}
}

static void settle(struct process *p, const struct told *told)
{
	struct route *route = &p->routes[told->interface];

	route->asked = false;
	route->status = told->status;
	route->state = ROUTE_UNKNOWN;
	if (told->status == RS_OK &&
		(told->lane == LANE_HOME || readable(&p->ends[told->lane]))) {
		route->state = ROUTE_OPEN;
		route->lane = told->lane;
		route->slot = told->slot;
		route->generation = p->ends[told->lane].generation;
	} else if (told->status == RS_OK) {
		route->status = told->new_lane ? RS_LIMIT : RS_HANDLER_GONE;
	} else if (told->status == RS_NO_HANDLER && route->awaits) {
		route->state = ROUTE_AWAITED;
	} else if (told->status == HOME_LATER) {
		route->state = ROUTE_LATER;
	}
	if (route->held && (route->state == ROUTE_UNKNOWN || route->state == ROUTE_AWAITED))
		refuse_held(p, told->interface, route->status);
}

bool runtime_read_home(struct process *p)
{
	const struct told *next = rsd_next(p);

	if (!next)
		return false;
	struct told told = *next;
	rsd_took(p);
	if (told.memory)
		take(p, &told);
	if (told.kind == RECORD_OPENED)
		settle(p, &told);
	if (told.kind == RECORD_ANSWER)
		program_registered(p, told.interface);
	return true;
}

void runtime_forget_route(struct process *p)
{
	uint32_t i = world_pick(INTERFACES + 1);

	if (!p->routes[i].held && !p->routes[i].asked)
		p->routes[i] = (struct route){ .state = ROUTE_UNKNOWN };
}

/* ---- sending ---- */

static bool ask(struct process *p, uint32_t interface, uint32_t flags)
{
	struct route *route = &p->routes[interface];
	struct said said = { .kind = RECORD_OPEN, .interface = interface, .flags = flags };

	if (!runtime_say(p, said))
		return false;
	route->asked = true;
	route->awaits = flags & RS_ALLOW_DELAY;
	return true;
}

static bool publish(struct process *p, uint32_t message, uint32_t lane, uint32_t slot)
{
	struct end *end = &p->ends[lane];
	struct item item = { .kind = RECORD_MESSAGE, .message = message, .slot = slot };
	bool wants = books_wants(message);

	if ((wants && end->unanswered >= UNANSWERED) || !queue_add(out_of(end), item))
		return false;
	books_published(message, end->memory);
	if (!wants)
		return true;
	MUST_BE(p->sent_count < SENT_MAX, "too much is unanswered");
	p->sent[p->sent_count++] = (struct sent){ message, lane };
	end->unanswered++;
	return true;
}

static void hold(struct process *p, uint32_t message)
{
	if (p->held_count == HELD_MAX) {
		books_dropped(message);
		return;
	}
	p->held[p->held_count++] = message;
	p->routes[books_interface(message)].held++;
	world_trace("%lu keeps message %u", p->id, message);
}

bool runtime_flush(struct process *p)
{
	bool full[INTERFACES] = { false }, any = false;

	for (uint32_t i = 0; i < p->held_count;) {
		uint32_t message = p->held[i], interface = books_interface(message);
		struct route *route = &p->routes[interface];
		bool open = usable(p, route);

		if (!full[interface] && open && publish(p, message, route->lane, route->slot)) {
			hold_not(p, i);
			any = true;
			continue;
		}
		if (!full[interface] && !open && !will_be_told(route) && !route->asked)
			any |= ask(p, interface, books_delays(message) ? RS_ALLOW_DELAY : 0);
		full[interface] = true;
		i++;
	}
	return any;
}

void runtime_send(struct process *p, uint32_t message)
{
	p->sending.going = true;
	p->sending.waits = p->sending.put = false;
	p->sending.message = message;
	p->sending.tries = 0;
}

static void sent_not(struct process *p)
{
	p->sending.going = false;
	books_dropped(p->sending.message);
}

/* There is no way now, and this is why; or there is one, look again. */
static void judge(struct process *p, uint32_t status)
{
	uint32_t message = p->sending.message;

	if (status == RS_OK)
		p->sending.tries++;
	else if (status == HOME_LATER || (status == RS_NO_HANDLER && books_delays(message)))
		p->sending.going = false, hold(p, message);
	else
		sent_not(p);
}

static void find_way(struct process *p)
{
	uint32_t message = p->sending.message, interface = books_interface(message);
	struct route *route = &p->routes[interface];

	if (usable(p, route)) {
		if (route->held)
			runtime_flush(p);
		p->sending.put = !route->held;
		if (!p->sending.put && books_delays(message))
			p->sending.going = false, hold(p, message);
		else if (!p->sending.put)
			sent_not(p);
	} else if (will_be_told(route)) {
		judge(p, route->status);
	} else if (p->sending.tries == OPEN_TRIES) {
		judge(p, RS_NO_HANDLER);
	} else if (route->asked || ask(p, interface,
					   (books_delays(message) ? RS_ALLOW_DELAY : 0) |
						   (world_pick(8) ? 0 : HOME_OPEN_LARGE))) {
		p->sending.waits = true;
	} else {
		sent_not(p);
	}
}

bool runtime_goes_on(struct process *p)
{
	if (!p->sending.going)
		return false;
	struct route *route = &p->routes[books_interface(p->sending.message)];
	if (p->sending.waits && route->asked)
		return false;
	if (p->sending.waits) {
		p->sending.waits = false;
		judge(p, route->status);
	} else if (p->sending
			   .put) { /* between the look and this, anything happened elsewhere */
		p->sending.going = p->sending.put = false;
		if (!publish(p, p->sending.message, route->lane, route->slot))
			books_dropped(p->sending.message);
	} else {
		find_way(p);
	}
	return true;
}

void runtime_cancel(struct process *p)
{
	uint32_t all = p->sent_count + p->held_count, n = all ? world_pick(all) : 0;

	if (n < p->sent_count) {
		struct sent sent = p->sent[n];
		struct end *end = &p->ends[sent.lane];
		struct item item = { .kind = RECORD_CANCEL, .message = sent.message };
		if (!queue_add(out_of(end), item))
			return;
		end->unanswered--;
		end->late++;
		sent_remove(p, &p->sent[n]);
		books_cancelled(sent.message);
		books_completed(sent.message, p, RS_CANCELLED, NULL);
	} else if (all && books_wants(p->held[n - p->sent_count])) {
		uint32_t message = p->held[n - p->sent_count];
		hold_not(p, n - p->sent_count);
		books_cancelled(message);
		books_completed(message, p, RS_CANCELLED, NULL);
	}
}

bool runtime_answer(struct process *p, uint32_t asked)
{
	uint32_t message = p->asked[asked].message;
	struct end *end = &p->ends[p->asked[asked].lane];
	struct item item = { .kind = RECORD_ANSWER, .message = message };

	if (!p->asked[asked].moot) {
		if (!queue_add(out_of(end), item))
			return false;
		books_answered(message, p);
	}
	memmove(&p->asked[asked], &p->asked[asked + 1],
		(--p->asked_count - asked) * sizeof(p->asked[0]));
	return true;
}

/* ---- reading a lane (inbox.c) ---- */

enum {
	GO_ON,
	STUCK,
	LIE
};

static int take_answer(struct process *p, uint32_t i, const struct item *item)
{
	struct end *end = &p->ends[i];
	struct sent *sent = sent_find(p, item->message, i);

	if (!sent && !end->late)
		return LIE;
	if (!sent) {
		end->late--;
		return GO_ON;
	}
	sent_remove(p, sent);
	end->unanswered--;
	books_completed(item->message, p, item->slot ? item->slot : RS_OK, end->memory);
	return GO_ON;
}

static int refuse(struct process *p, uint32_t i, const struct item *item)
{
	struct end *end = &p->ends[i];
	bool revoked = p->table[i].revoked >> item->slot & 1;
	struct item answer = { .kind = RECORD_ANSWER,
		.message = item->message,
		.slot = revoked ? RS_DENIED : RS_HANDLER_GONE };

	if (books_wants(item->message) && !queue_add(out_of(end), answer))
		return STUCK;
	books_refused(item->message, p);
	return GO_ON;
}

static int take_message(struct process *p, uint32_t i, const struct item *item)
{
	struct end *end = &p->ends[i];

	if (item->slot >= TABLE_SLOTS_MAX || item->lie)
		return LIE;
	if (!(p->table[i].slots >> item->slot & 1))
		return refuse(p, i, item);
	if (books_wants(item->message) && end->state == END_OPEN) {
		if (p->asked_count == ASKED_MAX)
			return STUCK;
		p->asked[p->asked_count].message = item->message;
		p->asked[p->asked_count].lane = i;
		p->asked[p->asked_count++].moot = false;
	}
	books_delivered(item->message, p, end, p->names[item->slot]);
	end->heard = true;
	return GO_ON;
}

static int take_cancel(struct process *p, uint32_t i, const struct item *item)
{
	for (uint32_t k = 0; k < p->asked_count; k++)
		if (p->asked[k].message == item->message && p->asked[k].lane == i &&
			!p->asked[k].moot) {
			p->asked[k].moot = true;
			books_cancel_heard(item->message, p);
		}
	return GO_ON;
}

bool runtime_read_lane(struct process *p, uint32_t i)
{
	struct end *end = &p->ends[i];
	int r = LIE;

	if (!readable(end))
		return false;
	const struct item *item = queue_peek(in_of(end));
	if (!item && end->state == END_DRAINING)
		close_lane(p, i, END_DONE);
	if (!item)
		return !readable(end);
	if (end->role == LANE_CLIENT && item->kind == RECORD_ANSWER && !item->lie)
		r = take_answer(p, i, item);
	else if (end->role == LANE_HANDLER && item->kind == RECORD_MESSAGE)
		r = take_message(p, i, item);
	else if (end->role == LANE_HANDLER && item->kind == RECORD_CANCEL)
		r = take_cancel(p, i, item);
	if (r == GO_ON)
		queue_drop(in_of(end));
	else if (r == LIE)
		lie_seen(p, i);
	return r != STUCK;
}
