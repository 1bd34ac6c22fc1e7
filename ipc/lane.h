/*
 * lane.h: a pair of rings between a client and a handler in one memfd, made by the broker and
 * mapped by the two ends. Because only one process holds the client's end, the lane is the
 * identity: records carry no sender.
 *
 *     page 0            positions (struct lane_control)
 *     4096              request ring (client to handler), 2^ring_log2 bytes
 *     4096 + 2^log2     answer ring (handler to client)
 *
 * The memfd is sealed against shrink and grow, so that no access can fault. Each ring is mapped
 * twice back to back. Positions and rings may be mapped far from each other: whoever looks at
 * many lanes finds all positions close together.
 */
#pragma once

#include "ipc/bell.h"
#include "ipc/ring.h"

/*
 * In a worker, lanes lie in one power-of-two range, so that its filter can say "in the range"
 * with one masked compare. It begins with some place for the worker's own things; then come
 * groups of 64 lanes: their first pages, then their peers' own pages; ring slot i holds both
 * rings of lane i, of the largest size. So what is looked at often lies together, and one page
 * of the page table is enough for a worker of few lanes. Lane 0 is the home lane.
 */
#ifndef LANE_RANGE_BASE
#define LANE_RANGE_BASE (1ull << 40)
#endif
#define LANE_RANGE_BITS  32
#define LANE_OWN_BYTES   (128 * KIB)
#define LANE_GROUP_BYTES (512 * KIB)
#define LANE_RINGS       (LANE_RANGE_BASE + 32 * MIB)
#define LANE_SLOT_BYTES  (4 * MIB)
#define LANES_MAX \
	1014u /* per process, home lane included: what 1,024 descriptors allow (filter.h) */
_Static_assert(LANE_OWN_BYTES + (LANES_MAX + 63) / 64 * LANE_GROUP_BYTES <=
		       LANE_RINGS - LANE_RANGE_BASE,
	"all groups lie before the rings");
_Static_assert(
	LANE_RINGS - LANE_RANGE_BASE + LANES_MAX * LANE_SLOT_BYTES <= 1ull << LANE_RANGE_BITS,
	"all lanes fit into the range");

#define LANE_HOME       0u
#define LANE_RING_SMALL 15u         /* 32 KiB: the default */
#define LANE_RING_LARGE 19u         /* 512 KiB: when long bodies may come */
#define LANE_LARGE_FROM (256 * KIB) /* what is long */

struct lane_control { /* words of different writers are 128 bytes apart: neighbouring lines are
			 prefetched together */
	_Alignas(128) struct ring_tail request_tail;
	_Alignas(128) struct ring_head request_head;
	_Alignas(128) struct ring_tail answer_tail;
	_Alignas(128) struct ring_head answer_head;
};
_Static_assert(sizeof(struct lane_control) <= 4096, "one page");

enum lane_role {
	LANE_CLIENT,
	LANE_HANDLER
};

struct lane_place { /* where a lane is mapped: one page, and lane_rings_bytes() */
	uint8_t *control, *rings;
};

struct lane {
	struct ring_out out; /* client: requests; handler: answers */
	struct ring_in in;
	struct bell_peer peer;
	struct lane_place place;
	enum lane_role role;
	bool open;
};

static inline uint64_t lane_file_bytes(uint32_t ring_log2)
{
	return 4096 + (2ull << ring_log2);
}
static inline uint64_t lane_rings_bytes(uint32_t ring_log2)
{
	return 4ull << ring_log2;
}
_Static_assert(4ull << LANE_RING_LARGE <= LANE_SLOT_BYTES, "a slot holds the largest rings");

/* A new lane's memfd, zeroed and sealed. */
int lane_new(uint32_t ring_log2, int *fd) MUST_USE;

/*
 * Maps a lane at a place, over whatever is there: its index in a worker, or address space that
 * the caller reserved with lane_reserve(). Only mmap(MAP_SHARED | MAP_FIXED, read + write) is
 * used: the one form a locked worker may. lane->peer is left to the caller.
 */
int lane_map(struct lane *lane, int fd, struct lane_place place, uint32_t ring_log2,
	enum lane_role role) MUST_USE;
void lane_unmap(struct lane *lane);

/* Address space for one lane, for processes without a lane range (rsd, tests); lane_unmap()
 * gives it back, or lane_release() if no lane came to be there. */
int lane_reserve(uint32_t ring_log2, struct lane_place *place) MUST_USE;
void lane_release(uint32_t ring_log2, struct lane_place place);

/* Rings the peer's bell if something was published since the last time. */
static inline void lane_ring(struct lane *lane)
{
	if (!lane->out.unrung)
		return;
	lane->out.unrung = false;
	bell_ring(&lane->peer);
}

/* The end of a batch of reading: publishes what was consumed, and wakes a peer that waits for
 * room. */
static inline void lane_tell(struct lane *lane)
{
	if (lane->in.looked == lane->in.position)
		return;
	lane->in.looked = lane->in.position;
	ring_tell(&lane->in);
	if (ring_space_awaited(&lane->in))
		bell_ring(&lane->peer);
}
