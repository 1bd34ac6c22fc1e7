/*
 * closing.h: how lanes end. rsd's table says that a peer is gone or a lane is closed; a record
 * that makes no sense says that the peer lies. Either way every own message on the lane
 * completes exactly once, and the program hears once of each client that is gone, after the
 * client's last message.
 */
#pragma once

#include "runtime/ends.h"

/* Acts upon what rsd changed in the table. Cheap when nothing was. */
void closing_watch(void);

/* A draining lane is empty now. */
void closing_drained(uint32_t i);

/* The first lie: nothing of this lane is believed from here on. */
void closing_broken(uint32_t i);

/* A client that is gone and that the program was not told of, or NULL; then: it was told. */
const struct end *closing_leaving(void);
void closing_told(const struct end *end);
