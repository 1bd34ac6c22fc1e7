/*
 * process.h: one run of a program, from the request to the end: plain data, and the table that
 * says what happens to it. The table knows no I/O: what is to be done is done by the functions
 * in struct process_actions.
 */
#pragma once

#include <sys/types.h>

#include "ipc/hash.h"
#include "supervisor/compiling/compile.h"
#include "supervisor/compiling/profiles.h"
#include "supervisor/decisions/asks.h"
#include "supervisor/decisions/permit.h"
#include "supervisor/limits.h"
#include "supervisor/loop.h"
#include "supervisor/processes/allowance.h"
#include "supervisor/processes/ending.h"
#include "supervisor/processes/journal.h"
#include "supervisor/protocol.h"

enum process_state {
	PROCESS_COMPILING, /* waits for its object */
	PROCESS_QUEUED,    /* waits for the launcher to have room */
	PROCESS_STARTING,  /* asked for, not yet locked */
	PROCESS_RUNNING,
	PROCESS_STOPPING,
	PROCESS_GONE,
	PROCESS_STATES,
};

enum process_event {
	PROCESS_OBJECT,    /* the object is there */
	PROCESS_NO_OBJECT, /* and never will be */
	PROCESS_SENT,      /* the launcher was asked */
	PROCESS_STARTED,   /* it is a process; its pidfd is known. May come after READY */
	PROCESS_FAILED,    /* it never was one */
	PROCESS_READY,     /* it is locked and begins its program */
	PROCESS_STOP,      /* somebody wants it to end */
	PROCESS_KILL,
	PROCESS_DEADLINE, /* it had its time to stop */
	PROCESS_BROKE,    /* it lied to rsd */
	PROCESS_ENDED,    /* gone for sure */
	PROCESS_EVENTS,
};

struct process;
struct processes;
struct attached;
struct process_actions {
	void *context;
	void (*enqueue)(void *context, struct process *p);
	void (*withdraw)(void *context, struct process *p); /* out of what it waits for */
	void (*ask)(void *context, struct process *p);      /* to stop, with a deadline */
	void (*kill)(void *context, struct process *p);     /* as soon as its pidfd is known */
	void (*finish)(void *context, struct process *p);   /* it is gone: settle everything */
};

/*
 * Somebody who wants to know how it goes on; told after the fact. In gone() its ending is
 * known; it is the last word.
 */
struct process_watch {
	void *context;
	void (*running)(void *context, struct process *p);
	void (*gone)(void *context, struct process *p);
};

enum {
	PROCESS_IGNORED = 1 /* the event means nothing in this state */
};

/* Moves p to its next state, then acts. */
int process_event(struct process *p, enum process_event event,
	const struct process_actions *actions) MUST_USE;

/* The word for people: "compiling" "starting" "running" "stopping" "gone". */
const char *process_state_text(enum process_state state);

struct process {
	struct processes *owner;
	/* of roster.c */
	struct process *next, *previous, *next_in_bucket;
	struct process *next_queued; /* of processes.c */
	uint64_t id;
	enum process_state state;
	struct hash program;
	char name[CONTROL_NAME_MAX + 1]; /* may be empty */
	struct limits limits;
	uint64_t parent;                   /* the process that started it; 0: a person */
	struct allowance *allowance;       /* for those that it starts; NULL once GONE */
	uint64_t spawns_refused;           /* children it was not given */
	uint32_t refusals_told;            /* of refusals.h */
	const struct process_watch *watch; /* NULL: nobody */
	bool is_bound;                     /* rsd started it to handle this: bindings.h */
	struct hash bound_to;
	struct permit permit;   /* what it alone may do, besides the grants */
	struct asks_party asks; /* what it asks people */
	char *strings;          /* arguments, then environment, each closed with a zero */
	uint32_t strings_bytes, arguments, variables;

	int64_t created_ms, ended_ms;
	struct compile_want want; /* while COMPILING */
	enum compile_outcome compile_outcome;
	struct shelf_object *object;
	struct profiles_run *counting; /* NULL: it is not counted */
	pid_t pid;
	int pidfd; /* -1: none (yet, or any more) */
	uint64_t pidfd_watch;
	struct loop_timer timer; /* the stop's deadline; then what is left to wait for */
	uint64_t stop_ms;
	bool has_worker; /* workers.h knows it */
	bool ran, stopping, kill_wanted;
	bool native; /* it joined by itself: natives.h */
	bool dead;   /* native: its process is gone for sure */
	uint64_t socket_watch;
	bool orphaned; /* its launcher died */
	int sent;      /* last signal, 0: none */
	bool has_status;
	int wait_status;
	char broke[64]; /* how it lied; empty */

	struct journal_book *book;
	struct ending ending; /* once GONE */

	/* Somebody holds the record: it stays after the end as long as that. */
	uint32_t pins;
	/* Attached: output goes there as well, and decides whether there is room. */
	struct attached *attached;
};
