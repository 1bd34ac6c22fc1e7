/*
 * sending.h: the way out: a message or an answer is checked, gets its ticket and is put on its
 * lane; bells ring when the batch is over. Nothing here waits, but for rsd at the first use of
 * an interface, and a long body for room (fragments.h).
 */
#pragma once

#include "runtime/body.h"
#include "runtime/ends.h"
#include "runtime/tickets.h"

/* A flag of our own messages: they do not count as sent while rsd makes up its mind about the
 * interface. RS_BUSY until then. */
#define SENDING_UNKEPT 0x100u

/* As the program's emit_message; flags were checked. *id: 0 when no answer is wanted. */
uint32_t sending_message(
	const uint8_t interface[32], const struct body *body, uint64_t flags, uint64_t *id);

/* The own message on its lane that a body asks to cancel, or NULL. */
const struct ticket *sending_cancels(const uint8_t interface[32], const struct body *body);

/* True: one more answer may be asked for on this lane. */
bool sending_may_ask(uint32_t lane);

uint32_t sending_answer(uint64_t id, uint32_t status, const struct body *body);

/* A message that was held, now on this lane. RS_OK, RS_BUSY; RS_LIMIT never: it has its ticket.
 */
uint32_t sending_kept(uint32_t lane, const struct record *head, const void *body);

/* After RS_BUSY for such a message: sleeping ends when the ring that leads to the interface has
 * room, or rsd has said which it is; at once if that is so already. */
void sending_want_room(const uint8_t interface[32], uint32_t bytes, uint64_t flags);
