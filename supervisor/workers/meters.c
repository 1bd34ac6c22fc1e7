#include "supervisor/workers/meters.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ASKED_FIRST 16u /* places to begin with */

static uint64_t now_ns(const struct meter *meter)
{
	struct timespec t;

	if (!meter_timed(meter))
		return 0;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void meters_deinit(struct meters *meters)
{
	free(meters->asked);
	*meters = (struct meters){ 0 };
}

void meters_set(struct meters *meters, uint32_t slot, const struct broker_limits *limits)
{
	struct meter *meter = &meters->slots[slot];
	bool any =
		limits->body_bytes_max || limits->messages_a_second || limits->outstanding_max;
	struct meter wanted = { .limits = *limits };

	meter_set(meter, limits, now_ns(&wanted));
	meters->limited = (meters->limited & ~(1ull << slot)) | (uint64_t)any << slot;
}

/* ---- who waits for an answer: open addressing, never more than half full ---- */

static uint32_t home_of(const struct meters *meters, uint64_t id)
{
	return (uint32_t)(id * 0x9e3779b97f4a7c15ull >> 32) & (meters->asked_room - 1);
}

static uint32_t after(const struct meters *meters, uint32_t place)
{
	return (place + 1) & (meters->asked_room - 1);
}

static void put(struct meters *meters, const struct meters_asked *asked)
{
	uint32_t place = home_of(meters, asked->id);

	while (meters->asked[place].slot)
		place = after(meters, place);
	meters->asked[place] = *asked;
	meters->asked_count++;
}

static bool grow(struct meters *meters)
{
	struct meters bigger = { .asked_room = meters->asked_room ? meters->asked_room * 2
								  : ASKED_FIRST };

	bigger.asked = calloc(bigger.asked_room, sizeof(*bigger.asked));
	if (!bigger.asked)
		return false;
	for (uint32_t i = 0; i < meters->asked_room; i++)
		if (meters->asked[i].slot)
			put(&bigger, &meters->asked[i]);
	free(meters->asked);
	meters->asked = bigger.asked;
	meters->asked_room = bigger.asked_room;
	return true;
}

static bool has_room(struct meters *meters)
{
	if (meters->asked_count == METERS_ASKED_MAX)
		return false;
	return meters->asked_count < meters->asked_room / 2 || grow(meters);
}

/* What comes after a freed place moves up if it is nearer to its home there. */
static void take_away(struct meters *meters, uint32_t free_place)
{
	uint32_t mask = meters->asked_room - 1;

	for (uint32_t i = after(meters, free_place); meters->asked[i].slot;
		i = after(meters, i)) {
		uint32_t from_home = (i - home_of(meters, meters->asked[i].id)) & mask;
		if (from_home < ((i - free_place) & mask))
			continue;
		meters->asked[free_place] = meters->asked[i];
		free_place = i;
	}
	meters->asked[free_place].slot = 0;
	meters->asked_count--;
}

/* ---- messages and answers ---- */

static bool is_counted(const struct meter *meter, const struct record *head)
{
	return (head->flags & RS_NEEDS_ANSWER) && meter->limits.outstanding_max;
}

uint32_t meters_check_limited(struct meters *meters, const struct record *head)
{
	struct meter *meter = &meters->slots[head->slot];
	uint32_t status = meter_check(
		meter, head->total_len, head->flags & RS_NEEDS_ANSWER, now_ns(meter));

	if (status == RS_OK && is_counted(meter, head) && !has_room(meters))
		status = RS_LIMIT;
	return status;
}

void meters_take_limited(struct meters *meters, const struct record *head)
{
	struct meter *meter = &meters->slots[head->slot];
	const struct meters_asked asked = { .id = head->id, .slot = head->slot + 1 };
	/* there is room, unless the limit came since it was checked */
	bool counted = is_counted(meter, head) && has_room(meters);

	meter_take(meter, counted);
	if (counted)
		put(meters, &asked);
}

void meters_answered_asked(struct meters *meters, uint64_t id)
{
	uint32_t place = home_of(meters, id);

	while (meters->asked[place].slot && meters->asked[place].id != id)
		place = after(meters, place);
	if (!meters->asked[place].slot)
		return;
	meter_answered(&meters->slots[meters->asked[place].slot - 1]);
	take_away(meters, place);
}
