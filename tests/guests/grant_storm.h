/*
 * grant_storm.h: what the guests of the grant storm and its book (tests/e2e/grant_storm.c) tell
 * each other, and what they end with when something is wrong.
 */
#pragma once

#include <stdint.h>

#define GRANT_STORM_INTERFACE "storm:grant"
#define GRANT_STORM_BOOK      "storm:book"

/* A message, its answer, and (with the sender that the handler sees) what the book is told. */
struct grant_storm_message {
	uint64_t process;  /* the handler's to fill in */
	uint64_t number;   /* counts the messages of this client */
	uint64_t begun_ns; /* of the clock that all share, before it was sent */
};

enum {
	GRANT_STORM_CALL = 20, /* a call answers what it cannot */
	GRANT_STORM_DOUBLE,    /* an id completes that is not open */
	GRANT_STORM_ANSWER,    /* with what belongs to another */
	GRANT_STORM_STUCK,     /* a message never completes */
	GRANT_STORM_DENIED,    /* who is always granted it was denied */
	GRANT_STORM_FORBIDDEN, /* it came, and was sent when nobody allowed it */
	GRANT_STORM_TWICE,     /* it came twice */
};
