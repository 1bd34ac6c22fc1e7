/*
 * children.c: read children_start() first; then running() and gone(), which say what became of
 * it. Both may be called before the start has returned.
 */
#include "supervisor/processes/children.h"

#include <signal.h>
#include <string.h>

#include <sys/random.h>

#include "interfaces/clients.h"

struct wait {
	struct wait *next;
	uint64_t id;
};

struct parent;
struct offspring {
	struct offspring *next; /* of its parent, the youngest first; or of the stillborn */
	struct parent *parent;
	struct process_watch watch; /* of process */
	struct process *process;    /* NULL: gone */
	uint64_t id;
	uint64_t start_id; /* of the message that started it; 0: no answer is wanted */
	bool ran;          /* its parent knows of it */
	struct wait *waits;
	struct ending ending; /* once gone */
	uint32_t instances_count;
	struct hash instances[CHILDREN_PRIVATE_MAX];
};

struct parent {
	struct client client;
	struct children *children;
	struct offspring *all;
	uint32_t waits, ended;
};

struct children {
	struct children_answers answers;
	struct children_parts parts;
	struct clients parents;      /* those that have children, or had */
	struct offspring *stillborn; /* whose instances are still to be ended */
};

/* ---- who there is ---- */

static struct parent *parent_of(const struct children *c, uint64_t process)
{
	return (struct parent *)clients_find(&c->parents, process);
}

static struct parent *parent_get(struct children *c, uint64_t process)
{
	struct parent *parent = parent_of(c, process);

	if (parent)
		return parent;
	parent = calloc(1, sizeof(*parent));
	if (!parent)
		return NULL;
	parent->client.process = process;
	parent->children = c;
	clients_add(&c->parents, &parent->client);
	return parent;
}

/* One that runs or ran: of the others the parent knows no number. */
static struct offspring *find(const struct children *c, uint64_t parent, uint64_t child)
{
	const struct parent *of = parent_of(c, parent);
	struct offspring *o = of ? of->all : NULL;

	while (o && (o->id != child || !o->ran))
		o = o->next;
	return o;
}

static void unlink_from_parent(struct offspring *o)
{
	struct offspring **at = &o->parent->all;

	while (*at != o)
		at = &(*at)->next;
	*at = o->next;
}

static void offspring_free(struct offspring *o)
{
	while (o->waits) {
		struct wait *wait = o->waits;
		o->waits = wait->next;
		free(wait);
	}
	free(o);
}

/* The living process of this number. One that is gone may still have said something. */
static struct process *living(const struct children *c, uint64_t process)
{
	struct process *p = c->parts.processes
				    ? roster_get(processes_roster(c->parts.processes), process)
				    : NULL;

	return p && p->state != PROCESS_GONE ? p : NULL;
}

const struct limits *children_limits(const struct children *c, uint64_t parent)
{
	const struct process *p = living(c, parent);

	return p ? &p->limits : NULL;
}

/* ---- what became of it ---- */

static void answer_start(struct offspring *o, uint32_t status)
{
	const struct children_answers *answers = &o->parent->children->answers;
	uint64_t id = o->start_id;
	bool runs = status == RS_OK;

	o->start_id = 0;
	if (id)
		answers->started(answers->context, o->parent->client.process, id, status,
			runs ? o->id : 0, o->instances, runs ? o->instances_count : 0);
}

static void running(void *context, struct process *p)
{
	struct offspring *o = context;

	(void)p;
	o->ran = true;
	answer_start(o, RS_OK);
}

/* Why it never ran. */
static uint32_t failure(const struct process *p)
{
	static const uint32_t statuses[] = {
		[COMPILE_REFUSED] = RS_BAD_ARGUMENT,
		[COMPILE_MISSING] = RS_BAD_ARGUMENT,
	};
	uint32_t status =
		p->compile_outcome < ARRAY_LEN(statuses) ? statuses[p->compile_outcome] : RS_OK;

	if (p->ending.cause != ENDING_START_FAILED)
		return RS_CANCELLED;
	return status ? status : RS_LIMIT;
}

/*
 * Nobody will ever ask for it. Its instances are ended from children_tick(): this may have been
 * called by the broker, which may not be asked for anything then.
 */
static void bury(struct offspring *o)
{
	struct children *c = o->parent->children;

	unlink_from_parent(o);
	if (o->instances_count == 0) {
		offspring_free(o);
		return;
	}
	o->next = c->stillborn;
	c->stillborn = o;
}

static void answer_waits(struct offspring *o)
{
	const struct children_answers *answers = &o->parent->children->answers;

	while (o->waits) {
		struct wait *wait = o->waits;
		uint64_t id = wait->id;
		o->waits = wait->next;
		free(wait);
		o->parent->waits--;
		answers->ended(
			answers->context, o->parent->client.process, id, RS_OK, &o->ending);
	}
}

static void forget_oldest_ended(struct parent *parent)
{
	struct offspring *oldest = NULL;

	for (struct offspring *o = parent->all; o; o = o->next)
		if (!o->process && o->ran)
			oldest = o;
	unlink_from_parent(oldest);
	offspring_free(oldest);
	parent->ended--;
}

static void gone(void *context, struct process *p)
{
	struct offspring *o = context;

	/* it may have ended before rsd came to read that it runs */
	if (!o->ran && p->ran)
		running(o, p);
	o->process = NULL;
	if (!o->ran) {
		answer_start(o, failure(p));
		bury(o);
		return;
	}
	o->ending = p->ending;
	answer_waits(o);
	if (++o->parent->ended > CHILDREN_ENDED_MAX)
		forget_oldest_ended(o->parent);
}

/* ---- starting: may it? ---- */

static bool may(const struct children *c, const struct process *parent,
	const struct hash *interface, enum broker_right right)
{
	return !c->parts.policy || c->parts.policy(c->parts.policy_context, parent->id,
						   &parent->program, interface, right)
						   .status == RS_OK;
}

static uint32_t check(const struct children *c, const struct process *parent,
	const struct children_request *request)
{
	if (!programs_get(c->parts.programs, &request->program) ||
		request->private_count > CHILDREN_PRIVATE_MAX)
		return RS_BAD_ARGUMENT;
	if (request->grants_count > CHILDREN_GRANTS_MAX)
		return RS_LIMIT;
	for (uint32_t i = 0; i < request->grants_count; i++) {
		const struct children_grant *grant = &request->grants[i];
		if ((grant->use && !may(c, parent, &grant->interface, BROKER_USE)) ||
			(grant->handle && !may(c, parent, &grant->interface, BROKER_HANDLE)))
			return RS_DENIED;
	}
	return RS_OK;
}

/* ---- starting ---- */

static int give(struct process *p, const struct children_request *request)
{
	int r = 0;

	permit_adopt(&p->permit, p->parent);
	for (uint32_t i = 0; r == 0 && i < request->grants_count; i++) {
		const struct children_grant *grant = &request->grants[i];
		if (grant->use)
			r = permit_give(&p->permit, &grant->interface, BROKER_USE);
		if (r == 0 && grant->handle)
			r = permit_give(&p->permit, &grant->interface, BROKER_HANDLE);
	}
	return r;
}

/* Names that nobody can guess. The child need not be there yet. */
static int make_instances(struct offspring *o, const struct children_request *request)
{
	struct children *c = o->parent->children;

	for (uint32_t i = 0; i < request->private_count; i++) {
		struct hash *name = &o->instances[i];
		if (getrandom(name->bytes, HASH_BYTES, 0) != HASH_BYTES)
			return -errno;
		int r = workers_instance(c->parts.workers, name, o->parent->client.process,
			o->id, &request->private_interfaces[i]);
		if (r)
			return r;
		o->instances_count++;
	}
	return 0;
}

/* Its record, and its allowance with it. NULL, or why there is none. */
static const char *add(const struct children *c, struct process *parent,
	const struct children_request *request, struct process **out)
{
	struct processes_request wanted = { .program = request->program,
		.name = "",
		.limits = request->limits,
		.strings = request->strings,
		.strings_bytes = request->strings_bytes,
		.arguments = request->arguments,
		.variables = request->variables,
		.parent = parent->id };
	int r = allowance_take(parent->allowance, &request->limits, &wanted.allowance);

	if (r)
		return allowance_text(r);
	r = processes_add(c->parts.processes, &wanted, out);
	if (r == 0)
		return NULL;
	allowance_drop(wanted.allowance);
	return processes_why(r);
}

/* From here on whatever goes wrong is an end of the child, and gone() knows what to do. */
static void begin(
	struct offspring *o, struct process *p, const struct children_request *request)
{
	o->next = o->parent->all;
	o->parent->all = o;
	o->id = p->id;
	o->process = p;
	o->watch = (struct process_watch){ o, running, gone };
	p->watch = &o->watch;
	if (give(p, request) == 0 && make_instances(o, request) == 0) {
		processes_go(p);
		return;
	}
	ending_set(&p->ending, ENDING_START_FAILED, CONTROL_FAILED,
		"no room for what its parent gives it");
	processes_happened(p, PROCESS_NO_OBJECT);
}

static uint32_t refuse(const struct children *c, struct process *parent, const char *why)
{
	if (parent->spawns_refused++ == 0)
		events_add(c->parts.events, "spawn-refused", parent->id, &parent->program, "%s",
			why);
	return RS_LIMIT;
}

static uint32_t start(struct children *c, struct process *parent, uint64_t id,
	const struct children_request *request)
{
	struct parent *of = parent_get(c, parent->id);
	CLEANUP(freep) struct offspring *o = calloc(1, sizeof(*o));
	struct process *p;

	if (!of || !o)
		return refuse(c, parent, "no memory");
	const char *why = add(c, parent, request, &p);
	if (why)
		return refuse(c, parent, why);
	o->parent = of;
	o->start_id = id;
	struct offspring *begun = o;
	o = NULL;
	begin(begun, p, request);
	roster_unpin(processes_roster(c->parts.processes), p);
	return RS_OK;
}

void children_start(struct children *c, uint64_t parent, uint64_t id,
	const struct children_request *request)
{
	struct process *p = living(c, parent);
	uint32_t status = p ? check(c, p, request) : RS_CANCELLED;

	if (status == RS_OK)
		status = start(c, p, id, request);
	if (status != RS_OK && id)
		c->answers.started(c->answers.context, parent, id, status, 0, NULL, 0);
}

/* ---- waiting and stopping ---- */

static void answer_ended(const struct children *c, uint64_t parent, uint64_t id,
	uint32_t status, const struct ending *ending)
{
	if (id)
		c->answers.ended(c->answers.context, parent, id, status, ending);
}

static uint32_t add_wait(struct offspring *o, uint64_t id)
{
	if (id == 0)
		return RS_OK;
	struct wait *wait =
		o->parent->waits < CHILDREN_WAITS_MAX ? calloc(1, sizeof(*wait)) : NULL;
	if (!wait)
		return RS_LIMIT;
	*wait = (struct wait){ .next = o->waits, .id = id };
	o->waits = wait;
	o->parent->waits++;
	return RS_OK;
}

/* The living child that id waits for from now on; NULL: it was answered. */
static struct offspring *await(struct children *c, uint64_t parent, uint64_t id, uint64_t child)
{
	struct offspring *o = find(c, parent, child);
	uint32_t status = !o ? RS_BAD_ARGUMENT : !o->process ? RS_OK : add_wait(o, id);

	if (o && o->process && status == RS_OK)
		return o;
	answer_ended(c, parent, id, status, status == RS_OK ? &o->ending : NULL);
	return NULL;
}

void children_wait(struct children *c, uint64_t parent, uint64_t id, uint64_t child)
{
	(void)await(c, parent, id, child);
}

void children_stop(
	struct children *c, uint64_t parent, uint64_t id, uint64_t child, uint64_t timeout_ms)
{
	const struct offspring *o = await(c, parent, id, child);

	if (o && timeout_ms)
		processes_stop(c->parts.processes, o->process, timeout_ms);
	else if (o)
		processes_signal(c->parts.processes, o->process, SIGKILL);
}

static bool cancel_wait(struct offspring *o, uint64_t id)
{
	struct wait **at = &o->waits;

	while (*at && (*at)->id != id)
		at = &(*at)->next;
	struct wait *wait = *at;
	if (!wait)
		return false;
	*at = wait->next;
	free(wait);
	o->parent->waits--;
	return true;
}

void children_cancelled(struct children *c, uint64_t parent, uint64_t id)
{
	const struct parent *of = parent_of(c, parent);

	for (struct offspring *o = of ? of->all : NULL; o; o = o->next) {
		if (cancel_wait(o, id))
			return;
		if (o->start_id != id)
			continue;
		o->start_id = 0;
		processes_signal(c->parts.processes, o->process, SIGKILL);
		return;
	}
}

/* ---- ends ---- */

/* Their instances end with their owner, which the broker knows. */
static void abandon(struct children *c, struct offspring *o)
{
	unlink_from_parent(o);
	if (o->process) {
		o->process->watch = NULL;
		processes_signal(c->parts.processes, o->process, SIGKILL);
	}
	offspring_free(o);
}

static void leave(struct children *c, struct parent *parent)
{
	while (parent && parent->all)
		abandon(c, parent->all);
	free(parent);
}

void children_parent_gone(struct children *c, uint64_t process)
{
	leave(c, (struct parent *)clients_take(&c->parents, process));
}

bool children_due(const struct children *c)
{
	return c->stillborn != NULL;
}

void children_tick(struct children *c)
{
	while (c->stillborn) {
		struct offspring *o = c->stillborn;
		c->stillborn = o->next;
		for (uint32_t i = 0; i < o->instances_count; i++)
			workers_instance_end(c->parts.workers, &o->instances[i]);
		offspring_free(o);
	}
}

/* ---- */

int children_new(const struct children_answers *answers, struct children **out)
{
	struct children *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	c->answers = *answers;
	*out = c;
	return 0;
}

void children_begin(struct children *c, const struct children_parts *parts)
{
	c->parts = *parts;
}

void children_end(struct children *c)
{
	struct parent *parent;

	while ((parent = (struct parent *)clients_take_any(&c->parents)))
		leave(c, parent);
	children_tick(c);
	c->parts = (struct children_parts){ 0 };
}

struct children *children_free(struct children *c)
{
	if (c)
		children_end(c);
	free(c);
	return NULL;
}
