#include "supervisor/decisions/binding.h"

#include <assert.h>
#include <string.h>

#define NS_PER_S 1000000000ull

/* When the oldest start does not count any more. */
static uint64_t window_end(const struct binding *b)
{
	return b->starts ? b->started_ns[0] + BINDING_WINDOW_S * NS_PER_S : BINDING_NEVER;
}

static void forget_old(struct binding *b, uint64_t now_ns)
{
	while (b->starts && window_end(b) <= now_ns)
		memmove(&b->started_ns[0], &b->started_ns[1],
			--b->starts * sizeof(b->started_ns[0]));
}

/* The due time is for those who wait on. */
static void fail(
	struct binding *b, enum binding_failure failure, const struct binding_actions *actions)
{
	b->state = BINDING_IDLE;
	b->due_ns = window_end(b);
	actions->failed(actions->context, b, failure);
}

static void start(struct binding *b, uint64_t now_ns, const struct binding_actions *actions)
{
	forget_old(b, now_ns);
	if (b->starts == BINDING_STARTS_MAX) {
		fail(b, BINDING_TOO_OFTEN, actions);
		return;
	}
	b->started_ns[b->starts++] = now_ns;
	b->state = BINDING_STARTING;
	b->due_ns = BINDING_NEVER;
	if (!actions->start(actions->context, b))
		fail(b, BINDING_NOT_STARTED, actions);
}

static void start_afresh(
	struct binding *b, uint64_t now_ns, const struct binding_actions *actions)
{
	b->starts = 0;
	start(b, now_ns, actions);
}

static void start_for_who_waits(
	struct binding *b, uint64_t now_ns, const struct binding_actions *actions)
{
	b->due_ns = BINDING_NEVER;
	if (actions->awaited(actions->context, b))
		start(b, now_ns, actions);
}

static void runs(struct binding *b, uint64_t now_ns, const struct binding_actions *actions)
{
	(void)actions;
	b->state = BINDING_REGISTERING;
	b->due_ns = now_ns + BINDING_REGISTER_S * NS_PER_S;
}

static void registered(
	struct binding *b, uint64_t now_ns, const struct binding_actions *actions)
{
	(void)now_ns;
	(void)actions;
	b->state = BINDING_HANDLING;
	b->due_ns = BINDING_NEVER;
}

static void ended_early(
	struct binding *b, uint64_t now_ns, const struct binding_actions *actions)
{
	(void)now_ns;
	fail(b, BINDING_NOT_STARTED, actions);
}

static void late(struct binding *b, uint64_t now_ns, const struct binding_actions *actions)
{
	(void)now_ns;
	actions->stop(actions->context, b);
	fail(b, BINDING_LATE, actions);
}

static void ended(struct binding *b, uint64_t now_ns, const struct binding_actions *actions)
{
	(void)now_ns;
	(void)actions;
	b->state = BINDING_IDLE;
}

typedef void (*act)(struct binding *b, uint64_t now_ns, const struct binding_actions *actions);

/* What is not here means nothing. Wanted while it handles: it let go of the interface and lives
 * on. */
static const act acts[BINDING_STATES][BINDING_EVENTS] = {
	[BINDING_IDLE] = {
		[BINDING_WANTED] = start,
		[BINDING_ORDERED] = start_afresh,
		[BINDING_TIME] = start_for_who_waits,
	},
	[BINDING_STARTING] = {
		[BINDING_RUNS] = runs,
		[BINDING_REGISTERED] = registered,
		[BINDING_ENDED] = ended_early,
	},
	[BINDING_REGISTERING] = {
		[BINDING_REGISTERED] = registered,
		[BINDING_ENDED] = ended_early,
		[BINDING_TIME] = late,
	},
	[BINDING_HANDLING] = {
		[BINDING_WANTED] = start,
		[BINDING_ORDERED] = start_afresh,
		[BINDING_ENDED] = ended,
	},
};

void binding_event(struct binding *b, enum binding_event event, uint64_t now_ns,
	const struct binding_actions *actions)
{
	assert(b->state < BINDING_STATES && event < BINDING_EVENTS);
	act wanted = acts[b->state][event];

	if (wanted)
		wanted(b, now_ns, actions);
}

bool binding_rests(const struct binding *b, uint64_t now_ns)
{
	return b->state == BINDING_IDLE && b->starts == BINDING_STARTS_MAX &&
	       window_end(b) > now_ns;
}

const char *binding_state_text(enum binding_state state)
{
	static const char *const texts[BINDING_STATES] = {
		[BINDING_IDLE] = "idle",
		[BINDING_STARTING] = "starting",
		[BINDING_REGISTERING] = "starting",
		[BINDING_HANDLING] = "handling",
	};

	return texts[state];
}
