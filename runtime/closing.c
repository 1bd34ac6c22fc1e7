#include "runtime/closing.h"

#include "runtime/again.h"
#include "runtime/held.h"
#include "runtime/parcels.h"
#include "runtime/tickets.h"
#include "runtime/trap.h"

/* What this process still had to do with the peer is over. */
static void close_lane(uint32_t i, enum end_state state)
{
	struct end *end = &ends.all[i];
	bool tell = ends_has(&ends.handlers, i) && end->heard;

	held_forget_lane(i);
	parcels_drop(i); /* the rest of it will not come, or is not believed */
	again_lane_gone(i);
	tickets_lane_gone((uint16_t)i, RS_HANDLER_GONE);
	ends_unmap(i, tell ? END_LEAVING : state);
}

/* True: rsd has taken back this use of the lane. */
static bool taken_back(uint32_t i)
{
	return ends_table_state(i) != TABLE_OPEN;
}

static void watch(uint32_t i)
{
	struct end *end = &ends.all[i];
	uint32_t state = ends_table_state(i);

	if (state == TABLE_OPEN || state == TABLE_FREE)
		return;
	if (end->state == END_BROKEN)
		ends_unmap(i, END_DONE);
	else if (state == TABLE_CLOSED && ends_readable(end))
		close_lane(i, END_DONE);
	else if (end->state == END_OPEN) {
		end->state = END_DRAINING;
		ends_heat(i); /* it ends when it was read to its end */
	}
}

void closing_watch(void)
{
	if (!ends_table_changed())
		return;
	/* the version first: what changes after it is seen the next time */
	ends.table_version = atomic_load_explicit(&ends.table->version, memory_order_acquire);
	for (uint32_t i = LANE_HOME + 1; i < ends.high; i++)
		watch(i);
}

void closing_drained(uint32_t i)
{
	close_lane(i, END_DONE);
}

void closing_broken(uint32_t i)
{
	if (i == LANE_HOME) /* rsd: there is nobody left to tell */
		trap_runtime();
	ends_owe(i, END_OWES_BROKEN);
	close_lane(i, taken_back(i) ? END_DONE : END_BROKEN);
}

/* ---- the end of a client is told once, after the last of its lanes ---- */

enum company {
	ALONE,
	SILENT, /* another lane of it may still bring something */
	HEARD,  /* or did already: its end will be told when that one ends */
};

/* rsd may have opened one that was not taken yet. */
static bool may_bring(uint32_t i)
{
	const struct end *end = &ends.all[i];

	return ends_readable(end) ||
	       (end->state == END_NONE && ends_table_state(i) != TABLE_FREE &&
		       end->generation != ends.table->lanes[i].generation);
}

/* Those that were never used come last: nothing of them is touched. */
static bool ever_used(uint32_t i)
{
	return i < LANES_MAX && (i < ends.high || ends.table->lanes[i].generation);
}

static enum company company_of(uint32_t leaving)
{
	uint64_t process = ends.all[leaving].process;
	enum company company = ALONE;

	for (uint32_t i = LANE_HOME + 1; ever_used(i); i++) {
		const struct table_lane *entry = &ends.table->lanes[i];
		const struct end *end = &ends.all[i];
		if (i == leaving || entry->role != LANE_HANDLER ||
			entry->peer_process != process)
			continue;
		if (end->state == END_LEAVING || (ends_readable(end) && end->heard))
			return HEARD;
		if (may_bring(i))
			company = SILENT;
	}
	return company;
}

const struct end *closing_leaving(void)
{
	if (!ends.leaving)
		return NULL;
	for (uint32_t i = LANE_HOME + 1; i < ends.high; i++) {
		enum company company =
			ends.all[i].state == END_LEAVING ? company_of(i) : SILENT;
		if (company == ALONE)
			return &ends.all[i];
		if (company == HEARD)
			closing_told(&ends.all[i]);
	}
	return NULL;
}

void closing_told(const struct end *end)
{
	uint32_t i = (uint32_t)(end - ends.all);

	ends_unmap(i, taken_back(i) ? END_DONE : END_BROKEN);
}
