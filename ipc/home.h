/*
 * home.h: bodies of the control records on a worker's home lane (client: the worker, handler:
 * rsd). Messages to host interfaces travel on the same lane as RECORD_MESSAGE, their answers as
 * RECORD_ANSWER.
 *
 * A new lane's descriptors come over the worker's socket (struct home_lane_tag with SCM_RIGHTS:
 * the lane, the peer's bell, the peer's own page), sent before the record that announces them,
 * so the receiver never waits for the socket. rsd sends the next ones only after
 * RECORD_LANE_TAKEN: descriptors in flight count against rsd (notes: chain, lesson 5).
 */
#pragma once

#include "ipc/message.h"

enum {
	HOME_FD_LANE,
	HOME_FD_BELL,
	HOME_FD_PAGE,
	HOME_FDS
};

struct home_lane_tag { /* the message that carries the descriptors */
	uint32_t lane;
	uint32_t zero;
};

#define HOME_OPEN_LARGE \
	0x100u /* if this makes a new lane: with large rings, long bodies will come */

/*
 * A status of RECORD_OPENED that no program sees: a person is asked, or the program that
 * handles the interface is being started. Every message to it is kept, RS_ALLOW_DELAY or not,
 * until another RECORD_OPENED of the same interface (record.id 0) says what becomes of them:
 *
 *   RS_OK                they are sent, in order
 *   RS_DENIED, RS_LIMIT  they all complete with this status
 *   RS_NO_HANDLER        those without RS_ALLOW_DELAY complete with it, the others wait on; the
 *                        broker remembers that if the open carried RS_ALLOW_DELAY, and is asked
 *                        again if it did not
 *   HOME_LATER           for something else now
 *
 * It comes for certain. It may come for an interface that was only awaited, too.
 */
#define HOME_LATER UINT32_MAX

/* RECORD_OPEN: which lane and slot lead to this interface? record.id is echoed. */
struct home_open {
	uint8_t interface[32];
	uint32_t flags; /* RS_ALLOW_DELAY: remember me if nobody handles it. HOME_OPEN_LARGE */
	uint32_t zero;
};

/*
 * RECORD_OPENED: always at once. status RS_OK: send on this lane and slot; new_lane: its
 * descriptors wait in the socket. RS_NO_HANDLER with RS_ALLOW_DELAY asked: the broker
 * remembers, and sends another RECORD_OPENED of the same interface (record.id 0) when somebody
 * handles it. RS_DENIED, RS_LIMIT otherwise. HOME_LATER: not yet, see there.
 */
struct home_opened {
	uint8_t interface[32];
	uint32_t status;
	uint32_t lane; /* LANE_HOME: a host interface */
	uint32_t slot;
	uint32_t new_lane;       /* 1: first use of this lane */
	uint32_t body_bytes_max; /* of a body to it */
};

/* RECORD_NEW_LANE (to a handler), RECORD_LANE_TAKEN, RECORD_LANE_DONE (unmapped and closed: the
 * index may be used again). */
struct home_lane {
	uint32_t lane;
	uint32_t zero;
	uint64_t generation; /* of the table entry, so that a late record cannot mean the next
				use */
};

/* RECORD_NOTICE: slot says which (RS_NOTICE_*), the body is the delivery's body. RECORD_READY:
 * no body. */
