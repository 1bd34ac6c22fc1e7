/*
 * calls.h: the three calls of a program (DESIGN section 5), and what our own code in the
 * worker, WASI, sends and waits for on the program's behalf.
 *
 * Everything the program passes is checked here: a mistake is an answer, never a fault. Rooms
 * behind this door: sending (what goes), inbox (what comes), routes (which lane leads to an
 * interface), held (what cannot go yet), tickets (who waits for whom), ends (the lanes
 * themselves), closing (how they end).
 */
#pragma once

#include "ipc/base.h"
#include "ipc/message.h"

/* Rows of host_functions[]; the first argument is the instance, of which there is one. */
uint32_t calls_emit_message(void *instance, uint32_t interface, uint32_t pieces, uint32_t count,
	uint64_t flags, uint32_t id_out);
uint32_t calls_emit_answer(
	void *instance, uint32_t id, uint32_t pieces, uint32_t count, uint32_t status);
uint64_t calls_next_message(void *instance, uint32_t poll, uint32_t poll_count, uint32_t out,
	uint32_t out_bytes, uint64_t timeout_ns);

/*
 * Asks and waits for the answer; what else comes meanwhile is kept for the program. Answers the
 * rs_status of sending or of the answer. *answer_bytes: the room at answer, then what came;
 * RS_TOO_BIG when it did not fit (it is lost then). answer may lie in the program's memory.
 */
uint32_t calls_request(const uint8_t interface[32], const void *body, uint32_t bytes,
	void *answer, uint32_t *answer_bytes);

/* Sends without wanting an answer; waits while the ring is full. */
uint32_t calls_send(const uint8_t interface[32], const void *body, uint32_t bytes);

/* The program is at its end. What it sent while rsd made up its mind goes out before that, or
 * is refused: nobody could have known better than that it was on its way. */
void calls_last(void);

/* The longest body that calls_send() and calls_request() take: one record of a small ring. */
#define CALLS_BODY_MAX RS_DELAYED_BYTES_MAX

void calls_sleep_until(uint64_t monotonic_ns);
uint64_t calls_monotonic_ns(void);
