#include "runtime/stash.h"

#include <string.h>

#include <sys/mman.h>

#define ALIGN 16u

static uint64_t room_for(uint64_t bytes)
{
	return (sizeof(struct stash_thing) + bytes + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
}

int stash_init(struct stash *stash, void *at, uint32_t bytes)
{
	void *base = mmap(at, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED_NOREPLACE : 0),
		-1, 0);

	if (base == MAP_FAILED)
		return -errno;
	stash->base = base;
	stash->bytes = bytes;
	stash->used = stash->live = stash->touched = 0;
	return 0;
}

void stash_deinit(struct stash *stash)
{
	if (stash->base)
		munmap(stash->base, stash->bytes);
	*stash = (struct stash){ 0 };
}

static void move_together(struct stash *stash)
{
	uint32_t to = 0;

	for (uint32_t from = 0; from < stash->used;) {
		struct stash_thing *thing = stash_at(stash, from);
		uint32_t room = (uint32_t)room_for(thing->bytes), owner = thing->owner;

		if (owner != STASH_HOLE) {
			if (to != from) {
				memmove(stash->base + to, thing,
					sizeof(*thing) + thing->filled);
				if (stash->moved)
					stash->moved(owner, to);
			}
			to += room;
		}
		from += room;
	}
	stash->used = to;
}

uint32_t stash_add(struct stash *stash, uint32_t owner, uint32_t bytes)
{
	uint64_t room = room_for(bytes);

	if (stash->live + room > stash->bytes)
		return STASH_NONE;
	if (stash->used + room > stash->bytes)
		move_together(stash);
	uint32_t place = stash->used;
	*stash_at(stash, place) =
		(struct stash_thing){ .bytes = bytes, .filled = bytes, .owner = owner };
	stash->used += (uint32_t)room;
	stash->live += (uint32_t)room;
	return place;
}

void stash_remove(struct stash *stash, uint32_t place)
{
	struct stash_thing *thing = stash_at(stash, place);
	uint32_t end = place + (uint32_t)sizeof(*thing) + thing->filled;

	if (end > stash->touched)
		stash->touched = end;
	thing->owner = STASH_HOLE;
	stash->live -= (uint32_t)room_for(thing->bytes);
	if (stash->live == 0)
		stash->used = 0;
}

void stash_rest(struct stash *stash)
{
	/* the kernel rounds up to whole pages, which are all ours */
	(void)madvise(stash->base, stash->touched, MADV_DONTNEED);
	stash->touched = 0;
}

uint32_t stash_after(const struct stash *stash, uint32_t place)
{
	return place + (uint32_t)room_for(stash_at(stash, place)->bytes);
}

uint32_t stash_from(const struct stash *stash, uint32_t place)
{
	while (place < stash->used && stash_at(stash, place)->owner == STASH_HOLE)
		place = stash_after(stash, place);
	return place < stash->used ? place : STASH_NONE;
}
