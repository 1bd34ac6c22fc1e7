/*
 * taking.h: what becomes of one record that came: a delivery to whoever wants it, an answer to
 * keep, a fragment of a long body, a control record of rsd; or it must stay where it is. And
 * the deliveries that lie in no ring: answers that were kept, notices, clients that are gone.
 */
#pragma once

#include "runtime/inbox.h"

/* Above 0: the bytes of the delivery that was made; or, more than sink->room, of one that was
 * not. */
enum {
	TAKING_GO_ON = 0,  /* consumed; the next one */
	TAKING_STUCK = -1, /* it must stay where it is for now */
	TAKING_LIE = -2,
	TAKING_CLOSED = -3 /* the lane is gone */
};

/* body as ring_peek() gave it. */
int64_t taking_record(uint32_t lane, const struct record *head, const uint8_t *body,
	const struct inbox_want *want, const struct inbox_sink *sink);

/* The long body of a lane whose parcel is PARCEL_WHOLE. */
int64_t taking_parcel(
	uint32_t lane, const struct inbox_want *want, const struct inbox_sink *sink);

/* 0: there is none that is wanted. */
int64_t taking_finished(const struct inbox_want *want, const struct inbox_sink *sink);
int64_t taking_noticed(const struct inbox_sink *sink);
int64_t taking_leaving(const struct inbox_sink *sink);
/* Who was replaced is asked to end: for when nothing else is there, and nothing half there. */
bool taking_may_part(void);
int64_t taking_parting(const struct inbox_sink *sink);
int64_t taking_room(const struct inbox_sink *sink); /* where the program was refused */

void taking_forget(void);

/* A lane or a notice came: look at everything once more. */
extern bool taking_changed;
