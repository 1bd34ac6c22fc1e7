#include "interfaces/timers.h"

/* A binary heap; each timer knows its place, so that it can be taken out of the middle. */

static bool before(const struct timer *a, const struct timer *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(struct timers *timers, struct timer *timer, uint32_t place)
{
	timers->heap[place] = timer;
	timer->place = place;
}

static void sift_up(struct timers *timers, struct timer *timer, uint32_t place)
{
	for (; place > 0; place = (place - 1) / 2) {
		struct timer *parent = timers->heap[(place - 1) / 2];

		if (!before(timer, parent))
			break;
		put(timers, parent, place);
	}
	put(timers, timer, place);
}

static void sift_down(struct timers *timers, struct timer *timer, uint32_t place)
{
	for (uint32_t child; (child = 2 * place + 1) < timers->count; place = child) {
		if (child + 1 < timers->count &&
			before(timers->heap[child + 1], timers->heap[child]))
			child++;
		if (!before(timers->heap[child], timer))
			break;
		put(timers, timers->heap[child], place);
	}
	put(timers, timer, place);
}

static int reserve(struct timers *timers)
{
	if (timers->count < timers->room)
		return 0;
	uint32_t room = timers->room ? 2 * timers->room : 64;
	struct timer **heap = reallocarray(timers->heap, room, sizeof(struct timer *));
	if (!heap)
		return TIMERS_NO_MEMORY;
	timers->heap = heap;
	timers->room = room;
	return 0;
}

void timers_deinit(struct timers *timers)
{
	free(timers->heap);
	*timers = (struct timers){ 0 };
}

int timers_add(struct timers *timers, struct timer *timer, uint64_t due_ns)
{
	int r = reserve(timers);

	if (r)
		return r;
	timer->due_ns = due_ns;
	timer->order = timers->added++;
	sift_up(timers, timer, timers->count++);
	return 0;
}

void timers_remove(struct timers *timers, struct timer *timer)
{
	struct timer *last = timers->heap[--timers->count];
	uint32_t place = timer->place;

	if (last == timer)
		return;
	/* One of the two moves it, and if neither does it stays where the first put it. */
	sift_up(timers, last, place);
	sift_down(timers, last, last->place);
}
