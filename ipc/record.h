/*
 * record.h: what lies in a ring: 32 bytes of header, then a body, rounded up to 64 bytes.
 * Whatever is read from a ring may be written by native attacker code: copy the header once,
 * check the copy, copy the body once.
 *
 * A body that is too long for one record comes in fragments: records that agree in all but
 * frag_len and offset, one after the other, with nothing else in between on their ring; each
 * begins where the one before it ended.
 */
#pragma once

#include "ipc/message.h"

#define RECORD_ALIGN 64u

enum record_kind {
	RECORD_MESSAGE = 1, /* request ring. slot: interface; flags: RS_NEEDS_ANSWER; id: the
			       client's, 0 without answer */
	RECORD_CANCEL,      /* request ring. id: the client's */
	RECORD_ANSWER,      /* answer ring. id: the client's; slot: its status */

	/* Only on a home lane, worker to rsd (request ring); bodies in home.h. */
	RECORD_OPEN,
	RECORD_LANE_TAKEN,
	RECORD_LANE_DONE,
	RECORD_READY,
	RECORD_LANE_BROKEN, /* the peer broke the layout; body as LANE_DONE. The lane is closed
			       here already */

	/* Only on a home lane, rsd to worker (answer ring). */
	RECORD_OPENED,
	RECORD_NEW_LANE,
	RECORD_NOTICE,

	/* Either ring, not on a home lane. */
	RECORD_ABORT, /* the body before it, of which fragments came, ends here: forget it */
};

struct record {
	uint32_t frag_len; /* bytes of body in this record */
	uint16_t kind;     /* enum record_kind */
	uint16_t flags;
	uint64_t id;
	uint32_t total_len; /* bytes of the whole body */
	uint32_t offset;    /* of this fragment in the body */
	uint32_t slot;
	uint32_t reserved; /* 0 */
};
_Static_assert(sizeof(struct record) == 32, "the record header is 32 bytes");

/* Room in the ring for a record with this many bytes of body. */
static inline uint64_t record_room(uint32_t frag_len)
{
	return (sizeof(struct record) + (uint64_t)frag_len + RECORD_ALIGN - 1) &
	       ~(uint64_t)(RECORD_ALIGN - 1);
}

/* Field by field: a header that was built on the stack and is then copied as a whole waits for
 * its own stores. */
static inline void record_write(struct record *to, const struct record *head)
{
	to->frag_len = head->frag_len;
	to->kind = head->kind;
	to->flags = head->flags;
	to->id = head->id;
	to->total_len = head->total_len;
	to->offset = head->offset;
	to->slot = head->slot;
	to->reserved = 0;
}
