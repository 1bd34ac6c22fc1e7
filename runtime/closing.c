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

const struct end *closing_leaving(void)
{
	if (!ends.leaving)
		return NULL;
	for (uint32_t i = LANE_HOME + 1; i < ends.high; i++)
		if (ends.all[i].state == END_LEAVING)
			return &ends.all[i];
	return NULL;
}

void closing_told(const struct end *end)
{
	uint32_t i = (uint32_t)(end - ends.all);

	ends_unmap(i, taken_back(i) ? END_DONE : END_BROKEN);
}
