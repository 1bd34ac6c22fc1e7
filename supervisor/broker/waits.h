/*
 * waits.h: who waits for an interface that nobody handles: for the interface a queue, for the
 * client a list.
 */
#pragma once

#include "supervisor/broker/member.h"

struct wait *waits_find(const struct member *client, const struct entry *entry);
/* At the end of the queue; the wait is heap memory, freed by waits_end(). */
void waits_begin(struct wait *wait, struct member *client, struct entry *entry);
void waits_end(struct wait *wait);
