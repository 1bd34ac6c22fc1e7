/*
 * fragments.h: a body that is longer than one record goes out in fragments, copied straight
 * from the program's memory into the ring. Between them we may have to wait for room, taking in
 * meanwhile what comes: two that send to each other at the same time both come to their end.
 *
 * Waiting has bounds, so that no peer that does not read holds us for ever: then the body is
 * taken back (RECORD_ABORT) and nothing was sent.
 */
#pragma once

#include "runtime/body.h"
#include "runtime/ends.h"

#define FRAGMENTS_STILL_NS (500 * 1000000ull)   /* without any room coming */
#define FRAGMENTS_ALL_NS   (10 * 1000000000ull) /* for one body */

/*
 * head is complete but for frag_len and offset. RS_OK: all of it is out, the bell is the
 * caller's to ring. RS_BUSY: no room for the first fragment, or not in time for the others.
 * RS_HANDLER_GONE: the lane ended meanwhile.
 */
uint32_t fragments_send(uint32_t lane, const struct record *head, const struct body *body);

/* What must be free for a body to begin, as for one record of so many bytes. */
uint32_t fragments_first(uint32_t lane, uint64_t body_bytes);
