/*
 * ends.h: the ends of lanes that this process holds: their mappings, bells, and its sleep. One
 * set per process, all of it mapped or static before the lock. What travels on the lanes is not
 * known here.
 *
 * A lane is hot from the moment that something was seen there, or that it is read, until it was
 * found empty. Only hot lanes are read; ends_scan() looks which others have become hot.
 *
 * Bells are rung, and heads told, once per batch: whoever writes or reads a lane marks it, and
 * ends_ring() or ends_settle() does the rest. ends_sleep() settles first.
 */
#pragma once

#include "ipc/home.h"
#include "ipc/table.h"

enum end_state {
	END_NONE,
	END_OPEN,
	END_DRAINING, /* the peer is gone: what it published is still read */
	END_LEAVING,  /* a client is gone, the program was not told yet; unmapped */
	END_BROKEN,   /* the peer lied, or there was no room to map it: unmapped; rsd has not
			 taken it back yet */
	END_DONE,     /* only the record to rsd is missing */
};

/* Records that are owed to rsd: bits of end.owed, sent in this order. */
enum {
	END_OWES_TAKEN = 1,
	END_OWES_BROKEN = 2,
	END_OWES_DONE = 4
};

struct end {
	struct lane lane;
	uint64_t generation; /* of the table entry */
	uint64_t process;    /* handler's end: the client */
	uint32_t unanswered; /* own messages out there: each has room for its answer */
	uint32_t late;       /* cancelled ones whose answers may still come */
	uint32_t held_bytes; /* answers kept for want of room */
	uint32_t want_bytes; /* the body that found no room */
	uint16_t asked,
		first_asked; /* messages that wait for the program's answer: tickets.c */
	uint8_t state;       /* enum end_state */
	uint8_t owed;
	uint8_t parcel; /* enum parcel_state: what comes in fragments */
	bool midway; /* a body of ours is out in part: no other record may go before its end */
	bool heard;  /* the program got a message from this client: it will hear of its end */
};

#define ENDS_WORDS ((LANES_MAX + 63) / 64)
struct ends_set { /* one bit per lane */
	uint64_t words[ENDS_WORDS];
	uint64_t any; /* bit w: words[w] is not 0 */
};
_Static_assert(ENDS_WORDS <= 64, "one word says which words there are");

struct ends {
	uint32_t high; /* all[0, high) may be in use */
	struct ends_set written, read, want_room;
	struct ends_set handlers; /* lanes on which we are the handler */
	struct ends_set hot;      /* lanes that may have something for us */
	uint32_t owing;           /* ends that owe rsd a record */
	uint32_t leaving;         /* ends in END_LEAVING */
	const struct table *table;
	uint64_t table_version; /* that was acted upon */
	struct own_page *own;
	int bell, socket;
	struct end all[LANES_MAX]; /* last: few of its pages are touched */
};
extern struct ends ends;

static inline void ends_set_word(struct ends_set *set, uint32_t w, uint64_t word)
{
	set->words[w] = word;
	set->any = (set->any & ~(1ull << w)) | (uint64_t)(word != 0) << w;
}
static inline void ends_add(struct ends_set *set, uint32_t i)
{
	set->words[i / 64] |= 1ull << (i % 64);
	set->any |= 1ull << (i / 64);
}
static inline void ends_remove(struct ends_set *set, uint32_t i)
{
	ends_set_word(set, i / 64, set->words[i / 64] & ~(1ull << (i % 64)));
}
static inline bool ends_has(const struct ends_set *set, uint32_t i)
{
	return set->words[i / 64] >> (i % 64) & 1;
}
static inline bool ends_any(const struct ends_set *set)
{
	return set->any != 0;
}
/* The first lane of the set, which must not be empty. */
static inline uint32_t ends_first(const struct ends_set *set)
{
	uint32_t w = (uint32_t)__builtin_ctzll(set->any);

	return w * 64 + (uint32_t)__builtin_ctzll(set->words[w]);
}
/* The first lane of the set from lane i on, or LANES_MAX. */
static inline uint32_t ends_next(const struct ends_set *set, uint32_t i)
{
	uint64_t rest = i < LANES_MAX ? set->words[i / 64] >> (i % 64) : 0;
	uint64_t later = i / 64 < 63 ? set->any >> (i / 64 + 1) : 0;

	if (rest)
		return i + (uint32_t)__builtin_ctzll(rest);
	if (!later)
		return LANES_MAX;
	uint32_t w = i / 64 + 1 + (uint32_t)__builtin_ctzll(later);
	return w * 64 + (uint32_t)__builtin_ctzll(set->words[w]);
}
/* The same, but lanes of `but` are passed over. */
static inline uint32_t ends_next_but(
	const struct ends_set *set, const struct ends_set *but, uint32_t i)
{
	do
		i = ends_next(set, i);
	while (i < LANES_MAX && ends_has(but, i) && ++i);
	return i;
}
static inline void ends_clear(struct ends_set *set)
{
	if (set->any)
		*set = (struct ends_set){ 0 };
}
/* Adds all of another set. */
static inline void ends_join(struct ends_set *set, const struct ends_set *more)
{
	for (uint32_t w = 0; w < ENDS_WORDS; w++)
		set->words[w] |= more->words[w];
	set->any |= more->any;
}

/* True: the lane may be read. */
static inline bool ends_readable(const struct end *end)
{
	return end->state == END_OPEN || end->state == END_DRAINING;
}

/* What the worker was born with. The first four are mapped and may be closed afterwards. */
struct ends_start {
	int home_lane, own_page, table, rsd_page;
	int bell, socket, rsd_bell; /* the numbers they will have later */
};
int ends_init(const struct ends_start *start) MUST_USE;
/* Native clients, which may join again: nothing was ever here. Mappings and the descriptors of
 * ends_start are the caller's to undo. The other rooms' forget() are the same. */
void ends_forget(void);
void ends_ready(void); /* tells rsd that the worker is locked */

/*
 * Receives the descriptors of lane i and maps it. rsd sent them before it announced the lane.
 * 0, or ENDS_REFUSED: no room, or not what was announced; the lane is END_BROKEN then. Either
 * way rsd is told that they were taken.
 */
enum {
	ENDS_REFUSED = 1
};
int ends_take(uint32_t i) MUST_USE;

/* Unmaps lane i and lets go of its bell; the new state says why. */
void ends_unmap(uint32_t i, enum end_state state);

void ends_owe(uint32_t i, uint8_t what);
void ends_pay(void); /* sends what is owed as far as there is room */

/* What the table says about a lane. */
static inline uint32_t ends_table_state(uint32_t i)
{
	/* pairs with rsd's release: when it says PEER_DEAD, all the peer wrote can be seen */
	return atomic_load_explicit(&ends.table->lanes[i].state, memory_order_acquire);
}
static inline uint64_t ends_table_slots(uint32_t i)
{
	return atomic_load_explicit(&ends.table->lanes[i].slots, memory_order_acquire);
}
/* Of those that are not among the slots; after a look at these. */
static inline uint64_t ends_table_revoked(uint32_t i)
{
	return atomic_load_explicit(&ends.table->lanes[i].revoked, memory_order_relaxed);
}
static inline bool ends_table_changed(void)
{
	return atomic_load_explicit(&ends.table->version, memory_order_acquire) !=
	       ends.table_version;
}

void ends_ring(void);   /* wakes the peers that were written to */
void ends_settle(void); /* the same, and tells peers what was read */

/* For a body that found no room on lane i: sleeping ends when there is some. */
void ends_want_room(uint32_t i, uint32_t bytes);

/* Lane i is being read; or it was read until it was empty. */
static inline void ends_heat(uint32_t i)
{
	ends_add(&ends.hot, i);
}
void ends_cool(uint32_t i);

/* Looks at all lanes. True: there is a hot one that is not in `but`. */
bool ends_scan(const struct ends_set *but);

#ifdef NATIVE_CLIENT
/* How it waits for its bell: runtime/client/door.c, as its membership may end meanwhile. */
void door_wait(uint64_t until_ns);
#endif

#define ENDS_FOREVER UINT64_MAX
/* Sleeps until something new may have come (a lane not in `but`, the table, wanted room) or the
 * monotonic clock says so. May end early for nothing. If a lane woke us, one
 * that has something is hot afterwards. */
void ends_sleep(const struct ends_set *but, uint64_t until_ns);
/* The same in steps, for who waits for other things as well: from begin to end peers ring
 * ends.bell. begin answers false when there is something already. */
bool ends_sleep_begin(const struct ends_set *but) MUST_USE;
void ends_sleep_end(const struct ends_set *but, bool slept);
uint64_t ends_clock_ns(void);
