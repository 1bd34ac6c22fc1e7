/*
 * kill_storm.h: what the guests of the kill storm carry in their messages, and what they end
 * with when their books are wrong. The checker (tests/slow/check_kill_storm.c) reads it too.
 */
#pragma once

#include <stdint.h>

#define KILL_STORM_BODY_MAX (1u << 20)

/* Stands before every body. */
struct kill_storm_head {
	uint32_t instance; /* of the client: a number that the checker gives once */
	uint32_t bytes;    /* of the body, with this */
	uint64_t number;   /* counts the messages of this client */
};

#define KILL_STORM_WORDS                                                           \
	WORD(STUCK, "a message never completes")                                   \
	WORD(DOUBLE, "an id completes that is not open")                           \
	WORD(STATUS, "a completion or a result that cannot be")                    \
	WORD(ANSWER, "an answer that belongs to another message, or is torn")      \
	WORD(MESSAGE, "a message that is torn")                                    \
	WORD(FORGED, "two clients under one process number")                       \
	WORD(ORDER, "a message comes twice, or overtakes another")                 \
	WORD(LOST, "a message is missing between two others")                      \
	WORD(AFTER_GONE, "a message comes after the end of its sender")            \
	WORD(GONE_TWICE, "the end of a client is told twice")                      \
	WORD(GONE_UNHEARD, "the end of a client is told that never sent anything") \
	WORD(GONE_MISSED, "the end of a client is never told")                     \
	WORD(CANCELLED, "a message is cancelled that is not open")                 \
	WORD(LET_GO, "a message comes after the interface was let go of")          \
	WORD(CALL, "a call answers what it cannot")

enum kill_storm_fault {
	KILL_STORM_WELL,
	KILL_STORM_FIRST = 9, /* away from what traps and shells say */
#define WORD(name, text) KILL_STORM_##name,
	KILL_STORM_WORDS
#undef WORD
};

static inline uint8_t kill_storm_byte(const struct kill_storm_head *head, uint32_t at)
{
	return (uint8_t)(head->number * 31 + head->instance * 7 + at + (at >> 8));
}

/* An interface of its own for each guest: who handles something is asked to stop, others are
 * ended. */
static inline void kill_storm_own(const char *instance, uint8_t interface[32])
{
	const char *name = "storm:own:";
	uint32_t n = 0;

	for (; n < 32; n++)
		interface[n] = 0;
	for (n = 0; name[n]; n++)
		interface[n] = (uint8_t)name[n];
	for (; *instance && n < 32; n++)
		interface[n] = (uint8_t)*instance++;
}
