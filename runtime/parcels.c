#include "runtime/parcels.h"

#include <string.h>

#include "runtime/tickets.h"

struct parcel {
	struct record head; /* the first fragment's; offset: bytes that came */
	uint32_t place;     /* STASH_NONE: passed over */
	uint64_t moved_ns;  /* when the last fragment was taken */
};

struct stash parcels_stash;
uint32_t parcels_body_max;
bool parcels_wanted, parcels_room_came;
LARGE_TABLE static struct parcel parcels[LANES_MAX];
static uint64_t message_bytes; /* claimed by messages */
static struct {
	uint8_t *to; /* NULL: none does */
	uint32_t lane;
} straight; /* the parcel that goes straight to where it is wanted */

/* Owners: places of tickets, then lanes. */
#define OWNER_LANE TICKETS_MAX

static void moved(uint32_t owner, uint32_t place)
{
	if (owner < OWNER_LANE)
		tickets_own.all[owner].body = place;
	else
		parcels[owner - OWNER_LANE].place = place;
}

int parcels_init(uint32_t body_bytes_max)
{
	parcels_stash.moved = moved;
	parcels_body_max = body_bytes_max;
	return stash_init(
		&parcels_stash, (void *)(uintptr_t)PARCELS_BASE, parcels_bytes(body_bytes_max));
}

void parcels_forget(void)
{
	stash_deinit(&parcels_stash);
	memset(parcels, 0, sizeof(parcels));
	message_bytes = 0;
	straight.to = NULL;
	parcels_wanted = parcels_room_came = false;
}

static uint64_t claim_of(const struct record *head)
{
	return head->kind == RECORD_MESSAGE ? head->total_len : 0;
}

static bool claim(uint32_t lane, struct parcel *parcel)
{
	uint64_t claims = claim_of(&parcel->head);

	if (message_bytes + claims <= parcels_message_bytes(parcels_body_max))
		parcel->place =
			stash_add(&parcels_stash, OWNER_LANE + lane, parcel->head.total_len);
	parcels_wanted |= parcel->place == STASH_NONE;
	if (parcel->place == STASH_NONE)
		return false;
	stash_at(&parcels_stash, parcel->place)->filled = 0;
	message_bytes += claims;
	return true;
}

/* A place that is given back, or becomes a ticket's, is no claim of its lane any more. */
static void let_go(uint32_t lane)
{
	if (parcels[lane].place != STASH_NONE)
		message_bytes -= claim_of(&parcels[lane].head);
	if (parcels_straight(lane))
		straight.to = NULL;
	ends.all[lane].parcel = PARCEL_NONE;
}

bool parcels_may_begin(const struct record *head)
{
	return head->kind != RECORD_ABORT && !head->offset &&
	       head->total_len <= parcels_body_max && head->frag_len;
}

static int begin(uint32_t lane, const struct record *head, bool asked, uint8_t *to)
{
	struct parcel *parcel = &parcels[lane];

	if (!parcels_may_begin(head))
		return PARCELS_LIE;
	*parcel = (struct parcel){ .head = *head, .place = STASH_NONE };
	if (asked && !claim(lane, parcel))
		return PARCELS_FULL;
	if (asked && !straight.to) {
		straight.to = to;
		straight.lane = lane;
	}
	ends.all[lane].parcel = PARCEL_COMING;
	return 0;
}

/* True: the next one of the same body. An empty one would never bring it to its end. */
static bool follows(const struct record *first, const struct record *head)
{
	return head->kind == first->kind && head->id == first->id &&
	       head->slot == first->slot && head->flags == first->flags &&
	       head->total_len == first->total_len && head->offset == first->offset &&
	       head->frag_len;
}

static int end(uint32_t lane, const struct record *head)
{
	if (head->total_len || head->id != parcels[lane].head.id)
		return PARCELS_LIE;
	parcels_drop(lane);
	return 0;
}

static uint8_t *body_of_parcel(uint32_t lane)
{
	return parcels_straight(lane) ? straight.to
				      : stash_at(&parcels_stash, parcels[lane].place)->data;
}

static void put(uint32_t lane, const struct record *head, const uint8_t *body)
{
	memcpy(body_of_parcel(lane) + head->offset, body, head->frag_len);
	if (!parcels_straight(lane))
		stash_at(&parcels_stash, parcels[lane].place)->filled += head->frag_len;
}

int parcels_take(
	uint32_t lane, const struct record *head, const uint8_t *body, bool asked, uint8_t *to)
{
	struct parcel *parcel = &parcels[lane];
	int r = ends.all[lane].parcel ? 0 : begin(lane, head, asked, to);

	if (r)
		return r;
	if (head->kind == RECORD_ABORT)
		return end(lane, head);
	if (!follows(&parcel->head, head))
		return PARCELS_LIE;
	if (parcel->place != STASH_NONE)
		put(lane, head, body);
	parcel->head.offset += head->frag_len;
	parcel->moved_ns = ends_clock_ns();
	if (parcel->head.offset == head->total_len)
		ends.all[lane].parcel = PARCEL_WHOLE;
	return 0;
}

struct record parcels_head(uint32_t lane)
{
	struct record head = parcels[lane].head;

	head.offset = 0;
	head.frag_len = head.total_len;
	return head;
}

bool parcels_has_body(uint32_t lane)
{
	return parcels[lane].place != STASH_NONE;
}

const uint8_t *parcels_body(uint32_t lane)
{
	return body_of_parcel(lane);
}

bool parcels_straight(uint32_t lane)
{
	return straight.to && straight.lane == lane;
}

void parcels_spill(void)
{
	const struct parcel *parcel = &parcels[straight.lane];

	if (!straight.to)
		return;
	struct stash_thing *room = stash_at(&parcels_stash, parcel->place);
	room->filled = parcel->head.offset;
	memcpy(room->data, straight.to, room->filled);
	straight.to = NULL;
}

uint32_t parcels_keep(uint32_t lane, uint32_t ticket)
{
	uint32_t place = parcels[lane].place;

	stash_at(&parcels_stash, place)->owner = ticket;
	let_go(lane);
	return place;
}

void parcels_drop(uint32_t lane)
{
	if (ends.all[lane].parcel == PARCEL_NONE)
		return;
	let_go(lane);
	if (parcels[lane].place == STASH_NONE)
		return;
	stash_remove(&parcels_stash, parcels[lane].place);
	parcels_room_came |= parcels_wanted;
	parcels_wanted = false;
}

uint32_t parcels_idle(void)
{
	uint64_t now = ends_clock_ns();

	for (uint32_t i = 0; i < ends.high; i++)
		if (ends.all[i].parcel == PARCEL_COMING && parcels[i].place != STASH_NONE &&
			!ring_waiting(&ends.all[i].lane.in) &&
			now - parcels[i].moved_ns >= PARCELS_IDLE_NS)
			return i;
	return LANES_MAX;
}

uint64_t parcels_rest(void)
{
	static uint64_t since_ns; /* it was found empty; 0: it was not */

	if (parcels_stash.live || parcels_stash.touched <= PARCELS_KEEP_BYTES) {
		since_ns = 0;
		return ENDS_FOREVER;
	}
	uint64_t now = ends_clock_ns();
	if (!since_ns)
		since_ns = now;
	if (now - since_ns < PARCELS_KEEP_NS)
		return since_ns + PARCELS_KEEP_NS;
	stash_rest(&parcels_stash);
	since_ns = 0;
	return ENDS_FOREVER;
}
