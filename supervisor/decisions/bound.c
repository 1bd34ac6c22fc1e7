#include "supervisor/decisions/bound.h"

#include <stdio.h>
#include <string.h>

static struct process *process_of(const struct bound *b)
{
	return b->process ? roster_get(b->env->roster, b->process) : NULL;
}

bool bound_runs(const struct bound *b, const struct hash *program)
{
	return hash_equal(&b->recipe->request.program, program);
}

void bound_say(const struct bound *b, const char *event, const char *why)
{
	char hex[HASH_HEX_SIZE];

	events_add(b->env->events, event, b->process, &b->recipe->request.program, "%s%s%s",
		names_text(b->env->names, &b->interface, hex), *why ? ": " : "", why);
}

/* ---- its process ---- */

static void runs(void *context, struct process *p)
{
	struct bound *b = context;

	if (p->id == b->process)
		bound_happened(b, BINDING_RUNS);
}

static void gone(void *context, struct process *p)
{
	struct bound *b = context;

	if (p->id != b->process)
		return;
	snprintf(b->why, sizeof(b->why), "%s",
		p->ending.detail[0] ? p->ending.detail : ending_text(p->ending.cause));
	bound_happened(b, BINDING_ENDED);
}

/* It is watched no more. */
static struct process *let_go(struct bound *b)
{
	struct process *p = process_of(b);

	if (!p || p->watch != &b->watch)
		return NULL;
	p->watch = NULL;
	return p;
}

static bool start(void *context, struct binding *binding)
{
	struct bound *b = context;
	struct process *p;

	(void)binding;
	let_go(b);
	b->process = 0;
	b->failed = false;
	int r = b->env->running ? processes_add(b->env->processes, &b->recipe->request, &p)
				: PROCESSES_ENDING;
	if (r) {
		snprintf(b->why, sizeof(b->why), "%s", processes_why(r));
		return false;
	}
	b->process = p->id;
	p->is_bound = true;
	p->bound_to = b->interface;
	p->watch = &b->watch;
	bound_say(b, b->replaces ? "hand-over" : "lazy-start", "");
	processes_go(p); /* it may have failed when this returns: gone() was called then */
	roster_unpin(b->env->roster, p);
	return true;
}

static void stop(void *context, struct binding *binding)
{
	struct bound *b = context;
	struct process *p = let_go(b);

	(void)binding;
	if (p)
		processes_stop(b->env->processes, p, PROCESSES_STOP_MS);
}

static void failed(void *context, struct binding *binding, enum binding_failure failure)
{
	struct bound *b = context;

	(void)binding;
	if (failure == BINDING_LATE)
		snprintf(b->why, sizeof(b->why), "it did not register within %u s",
			BINDING_REGISTER_S);
	else if (failure == BINDING_TOO_OFTEN)
		snprintf(b->why, sizeof(b->why), "it was started %u times within %u s",
			BINDING_STARTS_MAX, BINDING_WINDOW_S);
	b->failed = true;
	/* who waits is told each time, people once */
	if (failure != BINDING_TOO_OFTEN || !b->rests)
		bound_say(b, "bind-failed", b->why);
	b->rests = failure == BINDING_TOO_OFTEN;
}

/* ---- the broker ---- */

struct search {
	const struct hash *interface;
	struct broker_interface found;
};

static bool search_one(void *context, const struct broker_interface *interface)
{
	struct search *search = context;

	if (!hash_equal(interface->interface, search->interface))
		return true;
	search->found = *interface;
	return false;
}

struct broker_interface bound_in_broker(
	const struct workers *workers, const struct hash *interface)
{
	struct search search = { .interface = interface };

	broker_each_interface(workers_broker(workers), search_one, &search);
	return search.found;
}

static bool awaited(void *context, struct binding *binding)
{
	const struct bound *b = context;

	(void)binding;
	return bound_in_broker(b->env->workers, &b->interface).waiting > 0;
}

void bound_happened(struct bound *b, enum binding_event event)
{
	const struct binding_actions actions = {
		.context = b, .start = start, .stop = stop, .failed = failed, .awaited = awaited
	};

	binding_event(&b->binding, event, loop_now_ns(), &actions);
	b->env->moved(b->env->context);
}

/* ---- */

void bound_inherit(struct bound *b, struct bound *from)
{
	struct process *p;

	if (b->process || from->binding.state != BINDING_HANDLING ||
		!bound_runs(b, &from->recipe->request.program) || !(p = let_go(from)))
		return;
	b->process = from->process;
	b->binding.state = BINDING_HANDLING;
	p->watch = &b->watch;
}

struct bound *bound_new(
	const struct bound_env *env, const struct hash *interface, struct recipe *recipe)
{
	struct bound *b = calloc(1, sizeof(*b));

	if (!b) {
		recipe_free(recipe);
		return NULL;
	}
	b->env = env;
	b->interface = *interface;
	b->recipe = recipe;
	b->binding.due_ns = BINDING_NEVER;
	b->watch = (struct process_watch){ .context = b, .running = runs, .gone = gone };
	b->since_ms = events_now_ms();
	return b;
}

struct bound *bound_free(struct bound *b)
{
	struct process *p = b && b->env->running ? let_go(b) : NULL;

	if (!b)
		return NULL;
	if (p && b->binding.state != BINDING_HANDLING)
		processes_stop(b->env->processes, p, PROCESSES_STOP_MS);
	recipe_free(b->recipe);
	free(b);
	return NULL;
}
