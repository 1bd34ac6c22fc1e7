#include "supervisor/workers/lookout.h"

#include <assert.h>
#include <stdlib.h>

#define ROOM_FIRST 64u

void lookout_deinit(struct lookout *lookout)
{
	free(lookout->words);
	free(lookout->items);
	*lookout = (struct lookout){ 0 };
}

static int grow(struct lookout *lookout, uint32_t needed)
{
	uint32_t room = lookout->room ? lookout->room : ROOM_FIRST;

	while (room < needed)
		room *= 2;
	struct lookout_word *words = realloc(lookout->words, room * sizeof(*words));
	if (!words)
		return -ENOMEM;
	lookout->words = words;
	struct lookout_item **items =
		realloc(lookout->items, room * sizeof(struct lookout_item *));
	if (!items)
		return -ENOMEM;
	lookout->items = items;
	lookout->room = room;
	return 0;
}

int lookout_claim(struct lookout *lookout, uint32_t items)
{
	uint32_t needed = lookout->claimed + items;

	if (needed > lookout->room && grow(lookout, needed))
		return -ENOMEM;
	lookout->claimed = needed;
	return 0;
}

void lookout_unclaim(struct lookout *lookout, uint32_t items)
{
	lookout->claimed -= items;
	assert(lookout->count <= lookout->claimed);
}

void lookout_watch(struct lookout *lookout, struct lookout_item *item,
	const _Atomic uint64_t *word, uint64_t seen)
{
	if (!item->place) {
		assert(lookout->count < lookout->claimed);
		lookout->items[lookout->count++] = item;
		item->place = lookout->count;
	}
	lookout->words[item->place - 1] = (struct lookout_word){ word, seen };
}

void lookout_forget(struct lookout *lookout, struct lookout_item *item)
{
	if (!item->place)
		return;
	uint32_t at = item->place - 1, last = --lookout->count;
	lookout->words[at] = lookout->words[last];
	lookout->items[at] = lookout->items[last];
	lookout->items[at]->place = item->place;
	item->place = 0;
}

static uint32_t latest(const struct lookout *lookout)
{
	return lookout->count < LOOKOUT_LATELY ? lookout->count : LOOKOUT_LATELY;
}

struct lookout_scan lookout_lately(struct lookout *lookout)
{
	uint32_t n = latest(lookout);

	lookout->turn = lookout->turn + 1 < n ? lookout->turn + 1 : 0;
	return (struct lookout_scan){ .at = lookout->turn, .left = n, .end = n };
}

static void swap(struct lookout *lookout, uint32_t a, uint32_t b)
{
	struct lookout_word word = lookout->words[a];
	struct lookout_item *item = lookout->items[a];

	lookout->words[a] = lookout->words[b];
	lookout->items[a] = lookout->items[b];
	lookout->words[b] = word;
	lookout->items[b] = item;
	lookout->items[a]->place = a + 1;
	lookout->items[b]->place = b + 1;
}

/* Now one of the latest. Where it stands. */
static uint32_t to_the_front(struct lookout *lookout, uint32_t i)
{
	if (i < LOOKOUT_LATELY)
		return i;
	lookout->oldest = (lookout->oldest + 1) % LOOKOUT_LATELY;
	swap(lookout, i, lookout->oldest);
	return lookout->oldest;
}

struct lookout_item *lookout_next(struct lookout *lookout, struct lookout_scan *scan)
{
	for (; scan->left && lookout->count; scan->left--) {
		uint32_t i = scan->at < scan->end && scan->at < lookout->count ? scan->at : 0;
		const struct lookout_word *word = &lookout->words[i];

		scan->at = i + 1;
		/* only whether it changed: who reads the ring then loads it with acquire */
		if (atomic_load_explicit(word->word, memory_order_relaxed) == word->seen)
			continue;
		scan->left--;
		return lookout->items[to_the_front(lookout, i)];
	}
	return NULL;
}
