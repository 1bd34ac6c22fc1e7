/*
 * inbox.h: what comes: answers to the program's messages, messages of others, notices, and
 * rsd's control records, from all lanes in turn. A delivery goes straight from the ring to
 * whoever wants it; an answer that nobody wants yet is kept, anything else stays in its ring.
 * Here is whose turn it is, and the waiting; what becomes of one record is taking.h's.
 */
#pragma once

#include "runtime/ends.h"

/* Which deliveries are wanted. */
struct inbox_want {
	uint8_t *ids; /* answers to these: u64s, perhaps unaligned; what was served becomes 0 */
	uint32_t count;
	bool answers;  /* any answer */
	bool messages; /* messages, and what else is not an answer */
	bool parcels;  /* long messages are put together, though none is wanted yet */
};

/* Where a delivery goes. body NULL: nowhere, it is only taken. */
struct inbox_sink {
	void *head; /* struct rs_delivery, perhaps unaligned */
	void *body;
	uint64_t room; /* for both */
};

int inbox_init(uint32_t body_bytes_max) MUST_USE;
void inbox_forget(void);

/*
 * The next delivery: its bytes, head included; more than sink->room: nothing was taken. 0:
 * nothing in time. INBOX_STUCK: what is wanted may lie behind an answer that finds no place any
 * more.
 */
#define INBOX_STUCK   (-1)
#define INBOX_FOREVER (-1)
int64_t inbox_next(
	const struct inbox_want *want, const struct inbox_sink *sink, int64_t timeout_ns);

/* True: another message is known to wait. Does not look far. */
bool inbox_more(void);

/*
 * For a program that waits for other things as well: true: nothing is there for inbox_next(),
 * whatever is wanted, and peers ring ends.bell until ends_sleep_end(). False: come again.
 */
bool inbox_sleep_begin(void) MUST_USE;

/* Takes in what waits for no place of the program's: answers, control, long messages as they
 * come. False: stuck. */
bool inbox_read_home(void);
bool inbox_drain(void);
void inbox_sleep_home(void); /* until rsd says something */
/* Until there may be something to drain, or wanted room. */
void inbox_sleep_drained(uint64_t until_ns);

/* Time stamp counter when the program began what it does now: its last answer, or the end of
 * the last sleep. */
extern uint64_t inbox_busy_since;
