/*
 * grace.h: when nobody can be in the middle of sending to a handler any more whose slots were
 * taken from its clients. A client looks at its table and then writes to the lane; it can lose
 * the processor in between, for as long as that takes. But never does it sleep in between
 * (sending.c; of a long body the first fragment is out before it may sleep). So who has gone to
 * sleep since then is through: what it sent is in the lane, and what it sends next goes
 * elsewhere. rsd sees that in its own page, and every client sleeps soon, because the change of
 * its table woke it.
 *
 * What goes through rsd must also have been passed on.
 */
#pragma once

#include "supervisor/workers/crew.h"

struct grace;

/* Begins now, for all that have a lane into the handler. NULL: no memory. */
struct grace *grace_begin(const struct crew *crew, uint64_t handler);
bool grace_over(const struct crew *crew, struct grace *grace);
struct grace *grace_free(struct grace *grace); /* returns NULL */
