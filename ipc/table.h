/*
 * table.h: what the broker tells one worker about its lanes, in a memfd that only rsd can write
 * (the worker maps it read-only). A runtime believes this table, never its peer: who is at the
 * other end, which interfaces that client may use, whether the peer is gone. Clearing a bit
 * revokes a grant at once, whatever the sender does.
 *
 * rsd changes an entry, then raises version, then rings the worker's bell; the worker compares
 * version before it sleeps.
 */
#pragma once

#include "ipc/lane.h"

#define TABLE_SLOTS_MAX 64u /* interfaces one process may handle: bits of table_lane.slots */

enum table_state {
	TABLE_FREE,
	TABLE_OPEN,
	TABLE_PEER_DEAD, /* the peer is gone for sure: drain, then complete own ids, then
			    RECORD_LANE_DONE */
	TABLE_CLOSED,    /* revoked: use nothing of it any more, complete own ids, then
			    RECORD_LANE_DONE */
};

struct table_lane {
	_Atomic uint32_t state; /* enum table_state */
	uint32_t role;          /* enum lane_role of the table's owner */
	uint32_t ring_log2;
	uint32_t reserved;
	uint64_t generation;   /* counts uses of this entry */
	uint64_t peer_process; /* handler's end: the client. Client's end: 0 */
	_Atomic uint64_t
		slots; /* bit s: interface slot s of the handler may be used on this lane */
	_Atomic uint64_t
		revoked; /* those that may not any more because somebody said so: what still
			    comes under them is RS_DENIED. Else the handler let go of it */
	uint8_t zero[16];
};
_Static_assert(sizeof(struct table_lane) == 64, "one line per lane");

struct table {
	_Atomic uint64_t version; /* raised after each change */
	uint8_t zero[56];
	uint8_t interfaces[TABLE_SLOTS_MAX][32];          /* what the owner handles, by slot */
	_Atomic uint32_t body_bytes_max[TABLE_SLOTS_MAX]; /* and how long bodies to it may be:
							     the owner refuses what is longer */
	struct table_lane lanes[LANES_MAX]; /* [LANE_HOME] is filled as well; last: of a
					       page that is never touched there is none */
};
#define TABLE_BYTES ((sizeof(struct table) + 4095) & ~4095ull)
