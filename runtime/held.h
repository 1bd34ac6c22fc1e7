/*
 * held.h: what cannot be sent yet: messages to interfaces nobody handles so far, and answers
 * that found their client's ring full. Kept in the order of their coming, bounded, and sent as
 * soon as there is a way.
 */
#pragma once

#include "runtime/body.h"
#include "runtime/routes.h"

#define HELD_BYTES          (1 * MIB)
#define HELD_LANE_BYTES_MAX (256 * KIB) /* answers for one client */

int held_init(void) MUST_USE;
void held_forget(void);

/* RS_OK, or RS_LIMIT / RS_BUSY: no room. head is complete but for the slot. */
uint32_t held_message(struct route *route, const struct record *head, const struct body *body);
uint32_t held_answer(uint32_t lane, const struct record *head, const struct body *body);

bool held_any(void);
void held_flush(void); /* sends what can be sent now */

/* rsd says no: what was kept for the route finishes with this status. */
void held_refuse(struct route *route, uint32_t status);
/* The program cancelled a message that was never sent. */
void held_cancel(uint64_t id);
/* The client is gone: its answers are of no use. */
void held_forget_lane(uint32_t lane);
