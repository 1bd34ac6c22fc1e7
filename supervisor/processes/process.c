#include "supervisor/processes/process.h"

#include <assert.h>

typedef void (*act)(struct process *p, const struct process_actions *actions);

static void nothing(struct process *p, const struct process_actions *actions)
{
	(void)p;
	(void)actions;
}

static void enqueue(struct process *p, const struct process_actions *actions)
{
	actions->enqueue(actions->context, p);
}

static void ask(struct process *p, const struct process_actions *actions)
{
	actions->ask(actions->context, p);
}

static void kill_it(struct process *p, const struct process_actions *actions)
{
	actions->kill(actions->context, p);
}

static void finish(struct process *p, const struct process_actions *actions)
{
	actions->finish(actions->context, p);
}

static void abandon(struct process *p, const struct process_actions *actions)
{
	actions->withdraw(actions->context, p);
	actions->finish(actions->context, p);
}

/* Only now is there something to send the signal to. */
static void kill_late(struct process *p, const struct process_actions *actions)
{
	if (p->kill_wanted)
		actions->kill(actions->context, p);
}

struct row {
	act act; /* NULL: the event means nothing here, the state stays */
	enum process_state next;
};

/* A stop before the program's first instruction has nobody to be polite to: it is a kill. */
static const struct row rows[PROCESS_STATES][PROCESS_EVENTS] = {
	[PROCESS_COMPILING] = {
		[PROCESS_OBJECT] = { enqueue, PROCESS_QUEUED },
		[PROCESS_NO_OBJECT] = { finish, PROCESS_GONE },
		[PROCESS_STOP] = { abandon, PROCESS_GONE },
		[PROCESS_KILL] = { abandon, PROCESS_GONE },
	},
	[PROCESS_QUEUED] = {
		[PROCESS_SENT] = { nothing, PROCESS_STARTING },
		[PROCESS_FAILED] = { finish, PROCESS_GONE },
		[PROCESS_STOP] = { abandon, PROCESS_GONE },
		[PROCESS_KILL] = { abandon, PROCESS_GONE },
	},
	[PROCESS_STARTING] = {
		[PROCESS_STARTED] = { nothing, PROCESS_STARTING },
		[PROCESS_FAILED] = { finish, PROCESS_GONE },
		[PROCESS_READY] = { nothing, PROCESS_RUNNING },
		[PROCESS_STOP] = { kill_it, PROCESS_STOPPING },
		[PROCESS_KILL] = { kill_it, PROCESS_STOPPING },
		[PROCESS_BROKE] = { kill_it, PROCESS_STOPPING },
		[PROCESS_ENDED] = { finish, PROCESS_GONE },
	},
	[PROCESS_RUNNING] = {
		[PROCESS_STARTED] = { nothing, PROCESS_RUNNING },
		[PROCESS_STOP] = { ask, PROCESS_STOPPING },
		[PROCESS_KILL] = { kill_it, PROCESS_STOPPING },
		[PROCESS_BROKE] = { kill_it, PROCESS_STOPPING },
		[PROCESS_ENDED] = { finish, PROCESS_GONE },
	},
	[PROCESS_STOPPING] = {
		[PROCESS_STARTED] = { kill_late, PROCESS_STOPPING },
		[PROCESS_FAILED] = { finish, PROCESS_GONE },
		[PROCESS_READY] = { nothing, PROCESS_STOPPING },
		[PROCESS_KILL] = { kill_it, PROCESS_STOPPING },
		[PROCESS_DEADLINE] = { kill_it, PROCESS_STOPPING },
		[PROCESS_BROKE] = { kill_it, PROCESS_STOPPING },
		[PROCESS_ENDED] = { finish, PROCESS_GONE },
	},
};

int process_event(
	struct process *p, enum process_event event, const struct process_actions *actions)
{
	assert(p->state < PROCESS_STATES && event < PROCESS_EVENTS);
	const struct row *row = &rows[p->state][event];

	if (!row->act)
		return PROCESS_IGNORED;
	p->state = row->next;
	row->act(p, actions);
	return 0;
}

const char *process_state_text(enum process_state state)
{
	static const char *const texts[PROCESS_STATES] = {
		[PROCESS_COMPILING] = "compiling",
		[PROCESS_QUEUED] = "starting",
		[PROCESS_STARTING] = "starting",
		[PROCESS_RUNNING] = "running",
		[PROCESS_STOPPING] = "stopping",
		[PROCESS_GONE] = "gone",
	};

	return texts[state];
}
