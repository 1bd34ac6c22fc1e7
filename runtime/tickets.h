/*
 * tickets.h: who waits for whom. One set for the program's own messages that want an answer,
 * one for the messages of others that the program must answer. A ticket's id is given once and
 * never again; its low bits say where it lies, so every look is one compare.
 *
 * A ticket of the program's own message is finished exactly once: by an answer taken straight
 * to the program, or by tickets_finish(), after which it waits in line for the program.
 */
#pragma once

#include "ipc/lane.h"

#define TICKETS_MAX     8192u /* places of a set; a power of two */
#define TICKETS_OWN_MAX 4096u /* own messages at a time */

/*
 * The program may have as many messages of others to answer as there are places. So that no
 * client takes them all, a lane has this many for sure, and of the rest that all share no more
 * than half of what it leaves to the others.
 */
#define TICKETS_LANE_SURE 4u

enum ticket_state {
	TICKET_FREE,

	/* own messages */
	TICKET_HELD,     /* not sent yet: nobody handles the interface */
	TICKET_SENT,     /* on its lane */
	TICKET_FINISHED, /* status, and the answer's body in the stash when there is one */

	/* messages of others */
	TICKET_ASKED, /* the program has it */
	TICKET_MOOT,  /* nobody wants the answer any more; kept while there is room, so that a
			 late answer is no mistake */
};

struct ticket {
	uint64_t id;
	uint64_t peer_id; /* ASKED: the client's own number */
	uint32_t status;  /* FINISHED */
	uint32_t body;    /* FINISHED: place in the stash, or TICKET_NO_BODY */
	uint16_t lane;
	uint16_t next, previous; /* line of the finished, chain of the lane's asked ones or of
				    the free; 0 ends it */
	uint8_t state;
};
#define TICKET_NO_BODY UINT32_MAX

struct tickets {
	uint64_t given;
	uint16_t used; /* all[1, used] were given at least once */
	uint16_t free;
	uint16_t first, last;           /* of the finished */
	struct ticket all[TICKETS_MAX]; /* [0] is never given, so that 0 can mean none */
};
extern struct tickets tickets_own, tickets_others;

void tickets_forget(void); /* both sets */
/* The program may have no more own messages than this at a time; 0: as many as there may be. */
void tickets_limit(uint32_t own);

/* For an own message; NULL: the limit is reached. */
struct ticket *tickets_new(enum ticket_state state, uint16_t lane);
/* For a message of somebody else; NULL: this lane has as many as it may for now. */
struct ticket *tickets_ask(uint16_t lane, uint64_t peer_id);
void tickets_free(struct tickets *set, struct ticket *ticket);

static inline struct ticket *tickets_find(struct tickets *set, uint64_t id)
{
	struct ticket *ticket = &set->all[id & (TICKETS_MAX - 1)];

	return ticket->id == id && ticket->state != TICKET_FREE ? ticket : NULL;
}
static inline uint32_t tickets_place(const struct tickets *set, const struct ticket *ticket)
{
	return (uint32_t)(ticket - set->all);
}

/* The others' message with this number on this lane that the program has, or NULL. */
struct ticket *tickets_asked(uint16_t lane, uint64_t peer_id);
/* Nobody wants its answer any more. */
void tickets_moot(struct ticket *ticket);

/* Own message: it is over; the program hears of it when it waits. */
void tickets_finish(struct ticket *ticket, uint32_t status, uint32_t body);
static inline struct ticket *tickets_finished(void) /* the oldest, or NULL */
{
	return tickets_own.first ? &tickets_own.all[tickets_own.first] : NULL;
}
/* The program has heard of it. */
void tickets_told(struct ticket *ticket);

/* A lane is closed: its own messages finish with this status, the others' answers are moot. */
void tickets_lane_gone(uint16_t lane, uint32_t status);
