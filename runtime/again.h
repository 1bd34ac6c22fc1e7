/*
 * again.h: sends of the program that were refused for want of room (RS_BUSY). For each lane of
 * such a refusal the program hears once, by RS_NOTICE_ROOM, that it may try again: when there
 * is room for what was refused, or when the lane is gone and nothing on it is to be waited for.
 * The same for each interface of which rsd still has to say where it leads (ROUTE_LATER), and
 * for which something could not be kept: when rsd has said so.
 */
#pragma once

#include "runtime/body.h"
#include "runtime/ends.h"

/* RS_BUSY was the answer to this message, or to this answer. */
void again_message(const uint8_t interface[32], const struct body *body, uint64_t flags);
void again_answer(uint64_t id, const struct body *body);

/* True: the program is to be told; then: it was. */
bool again_due(void);
void again_told(void);

/* Before a sleep that ends when there is room. */
void again_want_room(void);

void again_lane_gone(uint32_t lane);
void again_settled(void); /* rsd has said so, of a route that refused */
void again_forget(void);  /* all of it */
