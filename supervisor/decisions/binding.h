/*
 * binding.h: one program that is bound to an interface: when it is started, and when not any
 * more. A table of states and events without I/O; who calls brings the time, and does what
 * struct binding_actions says.
 *
 * A start is of use when its process registers for the interface. One that does not (it could
 * not be started, it ended, it took too long) has failed: who waits is told, and the next
 * message may try again, until as many starts as may be were made lately. Who goes on waiting
 * after a failure is tried for once more when the oldest start is long enough ago.
 */
#pragma once

#include "ipc/base.h"

#define BINDING_STARTS_MAX 5u /* within BINDING_WINDOW_S */
#define BINDING_WINDOW_S   60u
#define BINDING_REGISTER_S 30u /* from its first instruction on */
#define BINDING_NEVER      UINT64_MAX

enum binding_state {
	BINDING_IDLE,
	BINDING_STARTING,    /* compiled, waiting for the launcher */
	BINDING_REGISTERING, /* it runs, and has not registered yet */
	BINDING_HANDLING,
	BINDING_STATES,
};

enum binding_event {
	BINDING_WANTED,     /* somebody sends, and nobody handles it */
	BINDING_ORDERED,    /* the user wants it now, whatever happened before */
	BINDING_RUNS,       /* its process begins the program */
	BINDING_REGISTERED, /* and handles the interface */
	BINDING_ENDED,      /* its process is gone */
	BINDING_TIME,       /* due_ns has come */
	BINDING_EVENTS,
};

struct binding { /* { .due_ns = BINDING_NEVER } at first */
	enum binding_state state;
	uint64_t due_ns;
	uint32_t starts;                         /* within the window, when last counted */
	uint64_t started_ns[BINDING_STARTS_MAX]; /* oldest first */
};

enum binding_failure {
	BINDING_NOT_STARTED, /* or ended too early: its process knows why */
	BINDING_LATE,
	BINDING_TOO_OFTEN, /* nothing was started */
};

struct binding_actions {
	void *context;
	/* Starts the program. What the last one that was started does is of no interest any
	 * more. False: it cannot be. */
	bool (*start)(void *context, struct binding *binding);
	void (*stop)(
		void *context, struct binding *binding); /* the one that did not register */
	/* Who waits is told. The state is IDLE. */
	void (*failed)(void *context, struct binding *binding, enum binding_failure failure);
	/* Whether somebody waits for the interface. */
	bool (*awaited)(void *context, struct binding *binding);
};

void binding_event(struct binding *binding, enum binding_event event, uint64_t now_ns,
	const struct binding_actions *actions);

/* As many starts as may be were made lately: a message starts nothing now. */
bool binding_rests(const struct binding *binding, uint64_t now_ns);

/* The word for people: "idle" "starting" "handling". */
const char *binding_state_text(enum binding_state state);
