/*
 * message.h: what a program sees of messages: statuses, flags, and the header before every
 * delivery. This file is the one definition of it for host and guests; programs get it through
 * redshirt.h. Little-endian, fixed layout.
 */
#pragma once

#include <stdint.h>

#ifdef __cplusplus /* a native client may be written in it */
#define RS_STATIC_ASSERT static_assert
#else
#define RS_STATIC_ASSERT _Static_assert
#endif

/* Results of the three calls and statuses of answers: one list. Programs may use
 * RS_STATUS_PROGRAM and above freely. */
enum rs_status {
	RS_OK,
	RS_NO_HANDLER,   /* nobody handles the interface */
	RS_DENIED,       /* not granted */
	RS_BUSY,         /* no room now: handle what waits; RS_NOTICE_ROOM says when to try
			    again */
	RS_TOO_BIG,      /* body beyond the interface's limit */
	RS_LIMIT,        /* a limit of this process is reached: ids, lanes, queue */
	RS_BAD_ARGUMENT, /* pointer outside memory, unknown id, unknown flag */
	RS_HANDLER_GONE, /* the handler ended or let go of the interface before it answered */
	RS_CANCELLED,    /* the sender cancelled it */
	RS_TIMED_OUT,
	RS_MALFORMED,   /* the handler could not read the body */
	RS_TAKEN,       /* register: another process handles the interface */
	RS_UNSUPPORTED, /* the handler does not know this request */
	RS_STATUS_COUNT,
	RS_STATUS_PROGRAM = 0x10000,
};

#ifndef __cplusplus
static inline const char *rs_status_text(uint32_t status)
{
	static const char *const texts[RS_STATUS_COUNT] = {
		[RS_OK] = "ok",
		[RS_NO_HANDLER] = "nobody handles the interface",
		[RS_DENIED] = "denied",
		[RS_BUSY] = "busy",
		[RS_TOO_BIG] = "too big",
		[RS_LIMIT] = "a limit is reached",
		[RS_BAD_ARGUMENT] = "bad argument",
		[RS_HANDLER_GONE] = "the handler is gone",
		[RS_CANCELLED] = "cancelled",
		[RS_TIMED_OUT] = "timed out",
		[RS_MALFORMED] = "malformed",
		[RS_TAKEN] = "another process handles it",
		[RS_UNSUPPORTED] = "unknown request",
	};

	return status < RS_STATUS_COUNT ? texts[status] : "a status of the handler";
}
#endif

/* Flags of emit_message. */
enum {
	RS_NEEDS_ANSWER = 1, /* an id is given; exactly one completion comes for it */
	RS_ALLOW_DELAY = 2,  /* nobody handles the interface yet: keep the message (bounded:
				RS_LIMIT; up to RS_DELAYED_BYTES_MAX, else RS_TOO_BIG) until
				somebody does */
	RS_MORE = 4,         /* another call follows at once, the bell may wait for it */
	RS_FLAGS_ALL = 7,
};

enum rs_kind {
	RS_MESSAGE = 1,  /* to this program as a handler; id 0: no answer wanted */
	RS_ANSWER,       /* to an own message */
	RS_PROCESS_GONE, /* a client ended: once per client, after its last message */
	RS_CANCELLED_BY, /* the sender cancelled message id: an answer will be dropped */
	RS_NOTICE,       /* from the supervisor: status says which */
};

/* Status of a RS_NOTICE. */
enum {
	RS_NOTICE_STOP = 1, /* end soon; the body is a u64: milliseconds left. After a
			       RS_NOTICE_REPLACED it comes when nothing else is there */
	RS_NOTICE_ROOM,     /* what was refused with RS_BUSY may be tried again; no body. Comes
			       once for each way that refused something since */
	RS_NOTICE_REPLACED, /* somebody else handles an interface from now on: the body is its
			       32 bytes. What was sent here before that still comes */
};

/* Stands before every body that next_message() writes. */
struct rs_delivery {
	uint32_t kind;
	uint32_t status; /* of an answer or notice */
	uint64_t id; /* MESSAGE: answer with it. ANSWER: the id emit_message gave. CANCELLED_BY:
			the message's id */
	uint64_t process; /* sender of a MESSAGE, or who is gone; 0 for an ANSWER: nobody learns
			     who handles */
	uint8_t interface[32]; /* of a MESSAGE; zero otherwise */
	uint64_t body_bytes;
};
RS_STATIC_ASSERT(sizeof(struct rs_delivery) == 64, "the delivery header is 64 bytes");

/* One piece of a body; a body is the concatenation of its pieces. */
struct rs_piece {
	uint32_t pointer, bytes;
};
RS_STATIC_ASSERT(sizeof(struct rs_piece) == 8, "a piece is two words");

#define RS_PIECES_MAX 64u /* of one body */
#define RS_BODY_BYTES_DEFAULT                                                                  \
	(16u * 1024 * 1024) /* of a body between programs, if neither rsd nor the handler says \
			       otherwise; host interfaces take less */
#define RS_BODY_BYTES_MAX \
	(1024u * 1024 * 1024) /* what rsd can be told to let through (rsd --max-body) */
#define RS_DELAYED_BYTES_MAX                                                                   \
	(16u * 1024 - 32) /* of a message with RS_ALLOW_DELAY while nobody handles it: it must \
			     fit into one record of any lane that may come */
#define RS_POLL_MAX 512u  /* ids in one poll list */
