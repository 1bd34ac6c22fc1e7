#include "runtime/routes.h"

#include "runtime/again.h"
#include "runtime/held.h"
#include "runtime/inbox.h"

#define ROUTES_MAX 128u
#define CHAINS     64u /* a power of two */

LARGE_TABLE static struct route
	routes[ROUTES_MAX + 1]; /* [0] stays empty, so that 0 can mean none */
static uint8_t chains[CHAINS];  /* first route of each */
static uint8_t used, evict_next;
static uint64_t opens;
_Static_assert(ROUTES_MAX <= UINT8_MAX, "chains count in bytes");

void routes_forget(void)
{
	memset(chains, 0, sizeof(chains));
	used = evict_next = 0;
}

/* Interfaces are hashes, but the built-in ones are readable names with a common beginning. */
static uint8_t *chain_of(const uint8_t interface[32])
{
	uint64_t words[4], mixed = 0;

	memcpy(words, interface, sizeof(words));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		mixed = (mixed ^ words[i]) * 0x9e3779b97f4a7c15ull;
	return &chains[mixed >> 58];
}
_Static_assert(CHAINS == 1u << (64 - 58), "the top bits choose the chain");

static struct route *known(const uint8_t interface[32])
{
	for (uint8_t i = *chain_of(interface); i; i = routes[i].next)
		if (memcmp(routes[i].interface, interface, 32) == 0)
			return &routes[i];
	return NULL;
}

static void unchain(uint8_t place)
{
	uint8_t *at = chain_of(routes[place].interface);

	while (*at != place)
		at = &routes[*at].next;
	*at = routes[place].next;
}

/* A place for a new route: an unused one, or that of one nothing waits for; 0: none. */
static uint8_t free_place(void)
{
	if (used < ROUTES_MAX)
		return ++used;
	for (uint32_t n = 0; n < ROUTES_MAX; n++) {
		uint8_t place = evict_next = (uint8_t)(evict_next % ROUTES_MAX + 1);

		if (!routes[place].held && !routes[place].asked && !routes[place].refused) {
			unchain(place);
			return place;
		}
	}
	return 0;
}

struct route *routes_find(const uint8_t interface[32])
{
	struct route *route = known(interface);
	uint8_t place = route ? 0 : free_place(), *chain = chain_of(interface);

	if (!place)
		return route;
	route = &routes[place];
	*route = (struct route){ .next = *chain };
	memcpy(route->interface, interface, 32);
	*chain = place;
	return route;
}

uint32_t routes_ask(struct route *route, uint32_t flags)
{
	struct home_open body = { .flags = flags };
	struct record head = { .kind = RECORD_OPEN,
		.frag_len = sizeof(body),
		.total_len = sizeof(body),
		.id = opens + 1 };

	memcpy(body.interface, route->interface, sizeof(body.interface));
	if (ring_put(&ends.all[LANE_HOME].lane.out, &head, &body)) {
		ends_want_room(LANE_HOME, sizeof(body));
		return RS_BUSY;
	}
	opens++;
	ends_add(&ends.written, LANE_HOME);
	route->asked = true;
	route->awaits = flags & RS_ALLOW_DELAY;
	return RS_OK;
}

uint32_t routes_open(struct route *route, uint32_t flags)
{
	/* the word may lie in the ring already */
	if (routes_will_be_told(route) && !inbox_read_home())
		return RS_BUSY;
	if (routes_will_be_told(route))
		return route->status;
	if (routes_usable(route))
		return RS_OK;
	if (!route->asked && routes_ask(route, flags) != RS_OK)
		return RS_BUSY;
	while (route->asked) {
		if (!inbox_read_home())
			return RS_BUSY; /* an answer before it has no place to go */
		if (route->asked)
			inbox_sleep_home();
	}
	return route->status;
}

/* What becomes of what was kept for the route, and of what could not be. */
static void settle_kept(struct route *route)
{
	if (route->refused && route->state != ROUTE_LATER) {
		route->refused = false;
		again_settled();
	}
	if (route->held && (route->state == ROUTE_UNKNOWN || route->state == ROUTE_AWAITED))
		held_refuse(route, route->status);
}

/* What becomes of the route. */
static void settle(struct route *route, const struct home_opened *opened)
{
	route->asked = false;
	route->status = opened->status;
	route->state = ROUTE_UNKNOWN;
	if (opened->status == RS_OK && ends_readable(&ends.all[opened->lane])) {
		route->state = ROUTE_OPEN;
		route->lane = opened->lane;
		route->slot = opened->slot;
		route->body_bytes_max = opened->body_bytes_max;
		route->generation = ends.all[opened->lane].generation;
	} else if (opened->status == RS_OK) {
		/* the lane broke, or there was no room for it */
		route->status = opened->new_lane ? RS_LIMIT : RS_HANDLER_GONE;
	} else if (opened->status == RS_NO_HANDLER && route->awaits) {
		route->state = ROUTE_AWAITED;
	} else if (opened->status == HOME_LATER) {
		route->state = ROUTE_LATER;
	}
	settle_kept(route);
}

bool routes_opened(const struct home_opened *opened)
{
	if (opened->lane >= LANES_MAX || opened->slot >= TABLE_SLOTS_MAX)
		return false;
	if (opened->status == RS_OK && opened->new_lane) {
		if (opened->lane == LANE_HOME || ends.all[opened->lane].state != END_NONE)
			return false;
		(void)!ends_take(opened->lane); /* its state says how that went */
	}
	struct route *route = known(opened->interface);
	if (route)
		settle(route, opened);
	return true;
}
