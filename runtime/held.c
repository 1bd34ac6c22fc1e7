#include "runtime/held.h"

#include "runtime/sending.h"
#include "runtime/stash.h"
#include "runtime/tickets.h"

enum {
	OWNER_MESSAGE = 1,
	OWNER_ANSWER
};
struct held { /* then the body */
	struct record head;
	struct route *route; /* of a message */
	uint32_t lane;       /* of an answer */
	uint32_t flags;      /* of a message: RS_ALLOW_DELAY */
};

static struct stash stash;
static uint32_t rounds;

static struct held *held_at(uint32_t place)
{
	return (struct held *)(void *)stash_at(&stash, place)->data;
}

int held_init(void)
{
	return stash_init(&stash, NULL, HELD_BYTES);
}

void held_forget(void)
{
	stash_deinit(&stash);
}

bool held_any(void)
{
	return stash.live != 0;
}

static bool keep(uint32_t owner, const struct held *what, const struct body *body)
{
	uint32_t place = stash_add(&stash, owner, (uint32_t)(sizeof(*what) + body->bytes));

	if (place == STASH_NONE)
		return false;
	*held_at(place) = *what;
	body_copy(body, held_at(place) + 1);
	return true;
}

bool held_sure(void)
{
	for (uint32_t at = stash_from(&stash, 0); at != STASH_NONE;
		at = stash_from(&stash, stash_after(&stash, at))) {
		const struct held *held = held_at(at);
		if (stash_at(&stash, at)->owner == OWNER_MESSAGE &&
			(!held->flags || held->route->state == ROUTE_LATER))
			return true;
	}
	return false;
}

uint32_t held_message(
	struct route *route, const struct record *head, const struct body *body, uint64_t flags)
{
	struct held what = { .head = *head, .route = route, .flags = flags & RS_ALLOW_DELAY };

	if (!keep(OWNER_MESSAGE, &what, body))
		return RS_BUSY;
	route->held++;
	return RS_OK;
}

uint32_t held_answer(uint32_t lane, const struct record *head, const struct body *body)
{
	struct held what = { .head = *head, .lane = lane };
	uint32_t bytes = (uint32_t)record_room(head->frag_len);

	if (ends.all[lane].held_bytes + bytes > HELD_LANE_BYTES_MAX ||
		!keep(OWNER_ANSWER, &what, body))
		return RS_BUSY;
	ends.all[lane].held_bytes += bytes;
	return RS_OK;
}

/* ---- sending them ---- */

static void forget(uint32_t place)
{
	struct held *held = held_at(place);

	if (stash_at(&stash, place)->owner == OWNER_MESSAGE)
		held->route->held--;
	else
		ends.all[held->lane].held_bytes -= (uint32_t)record_room(held->head.frag_len);
	stash_remove(&stash, place);
}

static void finish(uint32_t place, uint32_t status)
{
	struct ticket *ticket = tickets_find(&tickets_own, held_at(place)->head.id);

	if (ticket)
		tickets_finish(ticket, status, TICKET_NO_BODY);
	forget(place);
}

/* True: there is one now; else asks rsd, unless it will say so by itself. */
static bool has_way(const struct held *held)
{
	struct route *route = held->route;

	if (routes_usable(route))
		return true;
	if (!routes_will_be_told(route) && !route->asked)
		(void)routes_ask(route, held->flags); /* no room: the next round asks */
	return false;
}

static void send_message(uint32_t place)
{
	struct held *held = held_at(place);
	struct route *route = held->route;

	if (route->flushed == rounds) /* one before it did not fit: keep the order */
		return;
	held->head.slot = route->slot;
	if (!has_way(held) || sending_kept(route->lane, &held->head, held + 1) != RS_OK)
		route->flushed = rounds;
	else
		forget(place);
}

static void send_answer(uint32_t place, struct ends_set *full)
{
	struct held *held = held_at(place);
	uint32_t i = held->lane;

	if (ends_has(full, i))
		return;
	if (ring_put(&ends.all[i].lane.out, &held->head, held + 1)) {
		ends_add(full, i);
		ends_want_room(i, held->head.frag_len);
		return;
	}
	ends_add(&ends.written, i);
	forget(place);
}

void held_flush(void)
{
	struct ends_set full = { 0 };

	rounds++;
	for (uint32_t at = stash_from(&stash, 0), next; at != STASH_NONE;
		at = stash_from(&stash, next)) {
		next = stash_after(&stash, at);
		if (stash_at(&stash, at)->owner == OWNER_MESSAGE)
			send_message(at);
		else
			send_answer(at, &full);
	}
	ends_ring();
}

/* ---- giving up on them ---- */

void held_refuse(struct route *route, uint32_t status)
{
	for (uint32_t at = stash_from(&stash, 0), next; at != STASH_NONE;
		at = stash_from(&stash, next)) {
		const struct held *held = held_at(at);
		next = stash_after(&stash, at);
		if (stash_at(&stash, at)->owner == OWNER_MESSAGE && held->route == route &&
			!(status == RS_NO_HANDLER && held->flags))
			finish(at, status);
	}
}

void held_cancel(uint64_t id)
{
	for (uint32_t at = stash_from(&stash, 0), next; at != STASH_NONE;
		at = stash_from(&stash, next)) {
		next = stash_after(&stash, at);
		if (stash_at(&stash, at)->owner == OWNER_MESSAGE && held_at(at)->head.id == id)
			forget(at);
	}
}

void held_forget_lane(uint32_t lane)
{
	for (uint32_t at = stash_from(&stash, 0), next; at != STASH_NONE;
		at = stash_from(&stash, next)) {
		next = stash_after(&stash, at);
		if (stash_at(&stash, at)->owner == OWNER_ANSWER && held_at(at)->lane == lane)
			forget(at);
	}
}
