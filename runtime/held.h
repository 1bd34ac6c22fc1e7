/*
 * held.h: what cannot be sent yet: messages to interfaces nobody handles so far, or of which
 * rsd still has to say where they lead, and answers that found their client's ring full. Kept
 * in the order of their coming, bounded, and sent as soon as there is a way.
 */
#pragma once

#include "runtime/body.h"
#include "runtime/routes.h"

#define HELD_BYTES          (1 * MIB)
#define HELD_LANE_BYTES_MAX (256 * KIB) /* answers for one client */

int held_init(void) MUST_USE;
void held_forget(void);

/* RS_OK, or RS_BUSY: no room. head is complete but for the slot; flags: RS_ALLOW_DELAY: it
 * waits until somebody handles the interface, if nobody does. */
uint32_t held_message(struct route *route, const struct record *head, const struct body *body,
	uint64_t flags);
uint32_t held_answer(uint32_t lane, const struct record *head, const struct body *body);

bool held_any(void);
/* True: a message among them was taken as if it were on its way: without RS_ALLOW_DELAY, or
 * for as long as rsd makes up its mind. */
bool held_sure(void);
void held_flush(void); /* sends what can be sent now */

/* rsd says no: what was kept for the route finishes with this status. Not those with
 * RS_ALLOW_DELAY when it is RS_NO_HANDLER. */
void held_refuse(struct route *route, uint32_t status);
/* The program cancelled a message that was never sent. */
void held_cancel(uint64_t id);
/* The client is gone: its answers are of no use. */
void held_forget_lane(uint32_t lane);
