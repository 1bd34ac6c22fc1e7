#include "runtime/again.h"

#include "runtime/fragments.h"
#include "runtime/routes.h"
#include "runtime/sending.h"
#include "runtime/tickets.h"

static struct ends_set refused;
static struct ends_set for_ids; /* of them: one more id may have been too many */
static uint32_t over;           /* ways that refused and are not to be waited for any more */
LARGE_TABLE static uint32_t bytes_of[LANES_MAX]; /* the longest that was refused */

static void add(uint32_t lane, uint32_t bytes, bool id)
{
	if (!ends_has(&refused, lane)) {
		ends_add(&refused, lane);
		ends_remove(&for_ids, lane);
		bytes_of[lane] = 0;
	}
	if (id)
		ends_add(&for_ids, lane);
	if (bytes > bytes_of[lane])
		bytes_of[lane] = bytes;
}

void again_message(const uint8_t interface[32], const struct body *body, uint64_t flags)
{
	const struct ticket *cancelled = sending_cancels(interface, body);
	struct route *route = routes_find(interface);

	if (cancelled)
		add(cancelled->lane, 0, false);
	else if (route && routes_usable(route))
		/* those that are kept for the route go before it */
		add(route->lane,
			route->held ? RS_DELAYED_BYTES_MAX
				    : fragments_first(route->lane, body->bytes),
			(flags & RS_NEEDS_ANSWER) || route->held);
	else if (route && route->state == ROUTE_LATER)
		route->refused = true;
	else
		add(LANE_HOME, sizeof(struct home_open), false); /* rsd could not be asked */
}

void again_answer(uint64_t id, const struct body *body)
{
	const struct ticket *ticket = tickets_find(&tickets_others, id);

	if (ticket)
		add(ticket->lane, fragments_first(ticket->lane, body->bytes), false);
}

/* What room alone does not help waits for an answer, or for answers that were kept before it;
 * both wake anyway. */
static bool only_for_room(uint32_t i)
{
	return !ends.all[i].held_bytes && (!ends_has(&for_ids, i) || sending_may_ask(i));
}

static bool has_room(uint32_t i)
{
	return only_for_room(i) &&
	       ring_has_room(&ends.all[i].lane.out, record_room(bytes_of[i]));
}

static uint32_t first_with_room(void)
{
	uint32_t i = ends_next(&refused, 0);

	while (i < LANES_MAX && !has_room(i))
		i = ends_next(&refused, i + 1);
	return i;
}

bool again_due(void)
{
	return over || (ends_any(&refused) && first_with_room() < LANES_MAX);
}

void again_told(void)
{
	if (over)
		over--;
	else
		ends_remove(&refused, first_with_room());
}

void again_want_room(void)
{
	for (uint32_t i = ends_next(&refused, 0); i < LANES_MAX; i = ends_next(&refused, i + 1))
		/* who wants room already goes first */
		if (only_for_room(i) && !ends_has(&ends.want_room, i))
			ends_want_room(i, bytes_of[i]);
}

void again_lane_gone(uint32_t lane)
{
	over += ends_has(&refused, lane);
	ends_remove(&refused, lane);
}

void again_settled(void)
{
	over++;
}

void again_forget(void)
{
	ends_clear(&refused);
	over = 0;
}
