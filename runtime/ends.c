#include "runtime/ends.h"

#include <poll.h>
#include <sched.h>
#include <time.h>
#include <x86intrin.h>

#include <sys/mman.h>

#include "ipc/fdpass.h"
#include "ipc/watch.h"
#include "ipc/yielding.h"
#include "runtime/trap.h"

LARGE_TABLE struct ends ends;

/* Of lanes [0, watched). The home lane is looked at for itself, so that this table costs
 * nothing as long as there is no other. */
LARGE_TABLE static struct watch watches[LANES_MAX];
static uint32_t watched;
static uint32_t recent; /* the lane that was found empty last */

static uint8_t *control_page(uint32_t i)
{
	return (uint8_t *)LANE_RANGE_BASE + LANE_OWN_BYTES + i / 64 * LANE_GROUP_BYTES +
	       i % 64 * 4096;
}

static uint8_t *peer_page(uint32_t i)
{
	return control_page(i) + LANE_GROUP_BYTES / 2;
}

static struct lane_place place_of(uint32_t i)
{
	return (struct lane_place){ .control = control_page(i),
		.rings = (uint8_t *)LANE_RINGS + i * LANE_SLOT_BYTES };
}
_Static_assert(OWN_PAGE_BYTES + TABLE_BYTES <= LANE_OWN_BYTES, "our own things find place");
_Static_assert(LANE_GROUP_BYTES == 64 * (4096 + OWN_PAGE_BYTES), "a group is full");

static bool map(int fd, uint8_t *at, size_t bytes, int protection)
{
	return mmap(at, bytes, protection, MAP_SHARED | MAP_FIXED, fd, 0) != MAP_FAILED;
}

int ends_init(const struct ends_start *start)
{
	uint8_t *own = (uint8_t *)LANE_RANGE_BASE, *table = own + OWN_PAGE_BYTES;
	struct end *home = &ends.all[LANE_HOME];

	if (!map(start->own_page, own, OWN_PAGE_BYTES, PROT_READ | PROT_WRITE) ||
		!map(start->table, table, TABLE_BYTES, PROT_READ) ||
		!map(start->rsd_page, peer_page(LANE_HOME), OWN_PAGE_BYTES, PROT_READ))
		return -errno;
	ends.own = (struct own_page *)(void *)own;
	ends.table = (const struct table *)(const void *)table;
	ends.bell = start->bell;
	ends.socket = start->socket;
	/* ours is mapped: from here on nobody else gets to write it */
	int r = bell_page_seal(start->own_page);
	if (r == 0)
		r = lane_map(&home->lane, start->home_lane, place_of(LANE_HOME),
			ends.table->lanes[LANE_HOME].ring_log2, LANE_CLIENT);
	if (r)
		return r;
	home->lane.peer = (struct bell_peer){ .page = (const void *)peer_page(LANE_HOME),
		.fd = start->rsd_bell };
	home->state = END_OPEN;
	ends.high = 1;
	return 0;
}

void ends_forget(void)
{
	for (uint32_t i = LANE_HOME + 1; i < ends.high; i++)
		if (ends_readable(&ends.all[i]))
			fd_closep(&ends.all[i].lane.peer.fd);
	memset(&ends, 0, sizeof(ends));
	watched = recent = 0;
}

void ends_ready(void)
{
	struct record head = { .kind = RECORD_READY };

	(void)!ring_put(&ends.all[LANE_HOME].lane.out, &head, ""); /* the ring is empty */
	ends_add(&ends.written, LANE_HOME);
	ends_ring();
}

/* ---- lanes come and go ---- */

static int take(uint32_t i, const int fds[HOME_FDS])
{
	const struct table_lane *entry = &ends.table->lanes[i];
	struct end *end = &ends.all[i];
	uint32_t log2 = entry->ring_log2;

	if ((log2 != LANE_RING_SMALL && log2 != LANE_RING_LARGE) || entry->role > LANE_HANDLER)
		return -EPROTO;
	int r = lane_map(
		&end->lane, fds[HOME_FD_LANE], place_of(i), log2, (enum lane_role)entry->role);
	if (r == 0 && !map(fds[HOME_FD_PAGE], peer_page(i), OWN_PAGE_BYTES, PROT_READ))
		r = -errno;
	end->process = entry->peer_process;
	if (entry->role == LANE_HANDLER)
		ends_add(&ends.handlers, i);
	else
		ends_remove(&ends.handlers, i);
	end->lane.peer = (struct bell_peer){ .page = (const void *)peer_page(i), .fd = -1 };
	return r;
}

static void watch(uint32_t i)
{
	while (watched <= i)
		watches[watched++] = watch_nothing();
	watches[i] = watch_ring(&ends.all[i].lane.in);
	ends_heat(i); /* something may have come before it was watched */
}

int ends_take(uint32_t i)
{
	struct end *end = &ends.all[i];
	struct home_lane_tag tag = { 0 };
	int fds[HOME_FDS] = { -1, -1, -1 };

	*end = (struct end){ .generation = ends.table->lanes[i].generation };
	int r = fdpass_receive(ends.socket, &tag, sizeof(tag), fds, HOME_FDS);
	if (r == 0)
		r = tag.lane == i ? take(i, fds) : -EPROTO;
	/* the mappings hold what they show; only the bell stays a descriptor */
	fd_closep(&fds[HOME_FD_LANE]);
	fd_closep(&fds[HOME_FD_PAGE]);
	if (r)
		fd_closep(&fds[HOME_FD_BELL]);
	end->lane.peer.fd = fds[HOME_FD_BELL];
	end->state = r ? END_BROKEN : END_OPEN;
	if (!r)
		watch(i);
	if (i >= ends.high)
		ends.high = i + 1;
	/* what the table says may be newer than the announcement: look again */
	ends.table_version = 0;
	/* what the peer sends there would come to nobody: rsd has to end it */
	ends_owe(i, r ? END_OWES_TAKEN | END_OWES_BROKEN : END_OWES_TAKEN);
	return r ? ENDS_REFUSED : 0;
}

#ifdef NATIVE_CLIENT
/* The next lane is mapped there whatever may be there, so nothing of the program's may come. */
static void hold(void *at, size_t bytes)
{
	(void)!mmap(at, bytes, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
}

static void hold_addresses(uint32_t i)
{
	struct lane_place place = place_of(i);

	hold(place.control, 4096);
	hold(place.rings, LANE_SLOT_BYTES);
	hold(peer_page(i), OWN_PAGE_BYTES);
}
#else
static void hold_addresses(uint32_t i)
{
	(void)i; /* nothing else can be mapped in a locked worker */
}
#endif

void ends_unmap(uint32_t i, enum end_state state)
{
	struct end *end = &ends.all[i];

	if (ends_readable(end)) {
		fd_closep(&end->lane.peer.fd);
		lane_unmap(&end->lane);
		munmap(peer_page(i), OWN_PAGE_BYTES);
		hold_addresses(i);
		watches[i] = watch_nothing();
	}
	ends_remove(&ends.hot, i);
	ends_remove(&ends.written, i);
	ends_remove(&ends.read, i);
	ends_remove(&ends.want_room, i);
	ends.leaving -= end->state == END_LEAVING;
	ends.leaving += state == END_LEAVING;
	end->state = (uint8_t)state;
	if (state == END_DONE)
		ends_owe(i, END_OWES_DONE);
}

/* ---- what rsd must be told ---- */

void ends_owe(uint32_t i, uint8_t what)
{
	ends.owing += ends.all[i].owed == 0;
	ends.all[i].owed |= what;
}

static bool tell(uint32_t i, uint16_t kind)
{
	struct home_lane body = { .lane = i, .generation = ends.all[i].generation };
	struct record head = {
		.kind = kind, .frag_len = sizeof(body), .total_len = sizeof(body), .slot = i
	};

	if (ring_put(&ends.all[LANE_HOME].lane.out, &head, &body)) {
		ends_want_room(LANE_HOME, sizeof(body));
		return false;
	}
	ends_add(&ends.written, LANE_HOME);
	return true;
}

static bool pay(uint32_t i)
{
	static const struct {
		uint8_t owed;
		uint16_t kind;
	} rows[] = {
		{ END_OWES_TAKEN, RECORD_LANE_TAKEN },
		{ END_OWES_BROKEN, RECORD_LANE_BROKEN },
		{ END_OWES_DONE, RECORD_LANE_DONE },
	};
	struct end *end = &ends.all[i];

	for (size_t k = 0; k < ARRAY_LEN(rows); k++) {
		if ((end->owed & rows[k].owed) && !tell(i, rows[k].kind))
			return false;
		end->owed &= (uint8_t)~rows[k].owed;
	}
	if (end->state == END_DONE)
		end->state = END_NONE;
	return true;
}

void ends_pay(void)
{
	for (uint32_t i = 0; ends.owing && i < ends.high; i++) {
		if (!ends.all[i].owed)
			continue;
		if (!pay(i))
			return;
		ends.owing--;
	}
}

/* ---- bells ---- */

void ends_ring(void)
{
	while (ends_any(&ends.written)) {
		uint32_t i = ends_first(&ends.written);

		ends_remove(&ends.written, i);
		lane_ring(&ends.all[i].lane);
	}
}

void ends_settle(void)
{
	ends_ring();
	while (ends_any(&ends.read)) {
		uint32_t i = ends_first(&ends.read);

		ends_remove(&ends.read, i);
		lane_tell(&ends.all[i].lane);
	}
}

void ends_want_room(uint32_t i, uint32_t bytes)
{
	ends.all[i].want_bytes = bytes;
	ends_add(&ends.want_room, i);
}

/* ---- sleep ---- */

void ends_cool(uint32_t i)
{
	ends_remove(&ends.hot, i);
	recent = i;
	if (i != LANE_HOME)
		watches[i] = watch_ring(&ends.all[i].lane.in);
}

bool ends_scan(const struct ends_set *but)
{
	if (ring_waiting(&ends.all[LANE_HOME].lane.in))
		ends_heat(LANE_HOME);
	for (uint32_t from = 0; from < watched; from += 64) {
		uint32_t n = watched - from < 64 ? watched - from : 64;

		ends_set_word(&ends.hot, from / 64,
			ends.hot.words[from / 64] | watch_look(&watches[from], n));
	}
	return ends_next_but(&ends.hot, but, 0) < LANES_MAX;
}

/* Says on every lane that needs it that we sleep for room. True: there is some already. */
static bool room_came(void)
{
	bool came = false;

	for (uint32_t i = ends_next(&ends.want_room, 0); i < LANES_MAX;
		i = ends_next(&ends.want_room, i + 1))
		came |= ring_want_space(&ends.all[i].lane.out, ends.all[i].want_bytes);
	return came;
}

static void room_forget(void)
{
	while (ends_any(&ends.want_room)) {
		uint32_t i = ends_first(&ends.want_room);

		ends_remove(&ends.want_room, i);
		ring_got_space(&ends.all[i].lane.out);
	}
}

uint64_t ends_clock_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t); /* from the vDSO: no system call */
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#ifdef NATIVE_CLIENT
static void block(uint64_t until_ns)
{
	door_wait(until_ns);
}
#else
/* True: the bell rang, so what is in its pipe can be read without waiting. */
static bool rang(uint64_t until_ns)
{
	struct pollfd bell = { .fd = ends.bell, .events = POLLIN };
	uint64_t now = ends_clock_ns(), left = until_ns > now ? until_ns - now : 0;
	struct timespec t = { .tv_sec = (time_t)(left / 1000000000u),
		.tv_nsec = (long)(left % 1000000000u) };

	return ppoll(&bell, 1, &t, NULL) > 0;
}

static void block(uint64_t until_ns)
{
	uint8_t rings[512]; /* what is left in the pipe wakes once more */

	if (until_ns != ENDS_FOREVER && !rang(until_ns))
		return;
	/* nobody holds the other end any more: rsd is gone, and so are we in a moment */
	if (read(ends.bell, rings, sizeof(rings)) == 0)
		trap_runtime();
}
#endif

/* Who asked last is the first to ask again: then the others can wait until the next look. */
static bool recent_again(const struct ends_set *but)
{
	const struct end *end = &ends.all[recent];

	if (!ends_readable(end) || ends_has(but, recent) || !ring_waiting(&end->lane.in))
		return false;
	ends_heat(recent);
	return true;
}

static uint64_t epoch; /* of the sleep */

bool ends_sleep_begin(const struct ends_set *but)
{
	ends_settle();
	epoch = bell_sleep_begin(ends.own);
	return !ends_scan(but) && !ends_table_changed() && !room_came();
}

void ends_sleep_end(const struct ends_set *but, bool slept)
{
	bell_sleep_end(ends.own, epoch);
	if (slept && !recent_again(but))
		ends_scan(but);
	room_forget();
}

/* True: something came; it may have come while another had the processor. */
static bool yield(const struct ends_set *but)
{
	static struct yielding yielding;

	if (ends_next_but(&ends.hot, but, 0) < LANES_MAX || recent_again(but))
		return true;
	if (ends_any(&ends.want_room) || !yielding_may(&yielding))
		return false;
	uint64_t began = __rdtsc();
	sched_yield();
	uint64_t ticks = __rdtsc() - began;
	bool came = recent_again(but) || ends_scan(but) || ends_table_changed();
	yielding_was(&yielding, ticks, came);
	return came;
}

void ends_sleep(const struct ends_set *but, uint64_t until_ns)
{
	ends_settle();
	if (yield(but)) {
		room_forget();
		return;
	}
	bool sleep = ends_sleep_begin(but);

	if (sleep)
		block(until_ns);
	ends_sleep_end(but, sleep);
}
