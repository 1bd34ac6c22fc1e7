/*
 * meter.h: the limits of one client on one interface (struct broker_limits): how long a body
 * may be, how many messages may come a second, how many may wait for an answer. Plain data and
 * arithmetic: the time comes in.
 *
 * A message is checked first and taken when it really goes on: what is checked may find no room
 * and be looked at again.
 */
#pragma once

#include "supervisor/broker/broker.h"

struct meter {
	struct broker_limits limits;
	uint32_t outstanding; /* taken, and neither answered nor cancelled */
	uint64_t credit;      /* billionths of messages that might come at once at since_ns */
	uint64_t since_ns;
};

/* What was counted still counts; who is limited to another number a second begins with one
 * second's worth. */
void meter_set(struct meter *meter, const struct broker_limits *limits, uint64_t now_ns);

/* Whether now_ns below matters. */
static inline bool meter_timed(const struct meter *meter)
{
	return meter->limits.messages_a_second != 0;
}

/* RS_OK, RS_TOO_BIG or RS_LIMIT. */
uint32_t meter_check(
	struct meter *meter, uint32_t body_bytes, bool needs_answer, uint64_t now_ns) MUST_USE;
void meter_take(struct meter *meter, bool needs_answer);
/* The answer to one that needed one came, or nobody wants it any more. */
void meter_answered(struct meter *meter);
