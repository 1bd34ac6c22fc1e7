/*
 * bindings.c: a row for each interface that is bound, with the program that counts (`now`) and,
 * while a bind is under way, the one that is to count (`heir`).
 *
 * What happens is noted at once (bound.h); what follows from it for the broker, the disk and
 * those who wait is done by look(), from the loop: never in the middle of the broker's work.
 */
#include "supervisor/decisions/bindings.h"

#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "supervisor/decisions/bound.h"
#include "supervisor/decisions/farewells.h"

struct row {
	struct row *next;
	struct hash interface;
	struct bound *now, *heir; /* either may be NULL */
	struct write *write;      /* under way: that the heir counts, or without one that none
				     does */
	struct bindings_wait *waits;
};

struct bindings {
	struct bindings_parts parts;
	struct bound_env env;
	struct row *rows;
	uint32_t count;
	struct farewells *farewells;
	struct loop_timer timer;
};

/* ---- to the disk ---- */

struct write {
	struct database_job job;
	struct database_change change;
	struct bindings *bindings;
	struct hash interface, program;
	bool done;
	uint8_t bytes[]; /* of the recipe */
};

static void look_soon(void *context);

static void written(struct database_job *job)
{
	struct write *write =
		(struct write *)(void *)((char *)job - offsetof(struct write, job));

	write->done = true;
	look_soon(write->bindings);
}

/* bound NULL: the interface is bound no more. -ENOMEM, OFFLOAD_FULL, or 0. */
static int write_row(struct bindings *bs, struct row *row, const struct bound *bound)
{
	uint32_t n = bound ? recipe_bytes(bound->recipe) : 0;
	struct write *write = calloc(1, sizeof(*write) + n);

	if (!write)
		return -ENOMEM;
	write->bindings = bs;
	write->interface = row->interface;
	write->change.statement = bound ? DATABASE_SET_BINDING : DATABASE_UNSET_BINDING;
	write->change.values[0] =
		(struct database_value){ .bytes = &write->interface, .n = HASH_BYTES };
	if (bound) {
		write->program = bound->recipe->request.program;
		recipe_pack(bound->recipe, write->bytes);
		write->change.values[1] =
			(struct database_value){ .bytes = &write->program, .n = HASH_BYTES };
		write->change.values[2] =
			(struct database_value){ .bytes = write->bytes, .n = n };
		write->change.values[3].number = bound->since_ms;
	}
	write->job.changes = &write->change;
	write->job.n_changes = 1;
	write->job.done = written;
	int r = database_write(bs->parts.database, &write->job);
	if (r)
		free(write);
	else
		row->write = write;
	return r;
}

/* ---- rows ---- */

static struct row *row_find(const struct bindings *bs, const struct hash *interface)
{
	struct row *row = bs->rows;

	while (row && !hash_equal(&row->interface, interface))
		row = row->next;
	return row;
}

/* NULL: as many as may be, or no memory. */
static struct row *row_get(struct bindings *bs, const struct hash *interface)
{
	struct row *row = row_find(bs, interface);

	if (row || bs->count == BINDINGS_MAX)
		return row;
	row = calloc(1, sizeof(*row));
	if (!row)
		return NULL;
	row->interface = *interface;
	row->next = bs->rows;
	bs->rows = row;
	bs->count++;
	return row;
}

static void row_drop_if_empty(struct bindings *bs, struct row *row)
{
	struct row **at = &bs->rows;

	if (row->now || row->heir || row->waits || row->write)
		return;
	while (*at != row)
		at = &(*at)->next;
	*at = row->next;
	bs->count--;
	free(row);
}

/* ---- who asked for a bind or unbind ---- */

static void tell_waits(struct row *row, const char *why)
{
	while (row->waits) {
		struct bindings_wait *wait = row->waits;

		row->waits = wait->next;
		wait->bindings = NULL;
		wait->failed = why != NULL;
		wait->done = true;
		snprintf(wait->why, sizeof(wait->why), "%s", why ? why : "");
	}
}

static void wait_for(struct bindings *bs, struct row *row, struct bindings_wait *wait)
{
	*wait = (struct bindings_wait){
		.next = row->waits, .bindings = bs, .interface = row->interface
	};
	row->waits = wait;
}

void bindings_drop(struct bindings_wait *wait)
{
	struct row *row = wait->bindings ? row_find(wait->bindings, &wait->interface) : NULL;

	wait->bindings = NULL;
	for (struct bindings_wait **at = row ? &row->waits : NULL; at && *at; at = &(*at)->next)
		if (*at == wait) {
			*at = wait->next;
			return;
		}
}

/* ---- what follows ---- */

/* Which may at once want its start: somebody waits, or another program handles it. */
static void bind_in_broker(struct bindings *bs, const struct row *row)
{
	const struct bound *b = row->heir && row->heir->replaces ? row->heir : row->now;

	if (workers_bind(
		    bs->parts.workers, &row->interface, b ? &b->recipe->request.program : NULL))
		log_error("bind", "why=\"the broker could not\"");
}

/* The heir counts from now on. */
static void crown(struct bindings *bs, struct row *row)
{
	struct bound *old = row->now, *b = row->heir;
	bool known = b->replaces;

	row->now = b;
	row->heir = NULL;
	b->replaces = false;
	if (old)
		bound_inherit(b, old);
	bound_free(old);
	bound_say(b, "bound", "");
	if (!known)
		bind_in_broker(bs, row);
}

/* There is no heir any more, and nothing has changed: whoever handles the interface goes on. */
static void depose(struct bindings *bs, struct row *row, const char *why)
{
	struct bound *b = row->heir;

	row->heir = NULL;
	if (b->replaces)
		bind_in_broker(bs, row);
	tell_waits(row, why);
	bound_free(b);
}

static void settle_write(struct bindings *bs, struct row *row, int result)
{
	bool takes_over = row->heir && row->heir->replaces;
	char why[BINDINGS_WHY_SIZE];

	snprintf(why, sizeof(why), "%scould not be written: %s",
		takes_over ? "it handles the interface now, but that " : "it ",
		strerror(-result));
	if (result && row->heir && !takes_over)
		depose(bs, row, why);
	else if (row->heir)
		crown(bs, row);
	else if (result == 0) {
		bound_say(row->now, "unbound", "");
		row->now = bound_free(row->now);
		bind_in_broker(bs, row);
	}
	tell_waits(row, result ? why : NULL);
}

/* It has to register before it counts. */
static void settle_heir(struct bindings *bs, struct row *row)
{
	struct bound *b = row->heir;

	for (struct bindings_wait *wait = row->waits; wait; wait = wait->next)
		wait->process = b->process;
	if (b->failed) {
		depose(bs, row, b->why);
	} else if (b->binding.state == BINDING_HANDLING) {
		int r = write_row(bs, row, b);
		if (r)
			settle_write(bs, row, -EAGAIN);
	}
}

static void settle(struct bindings *bs, struct row *row)
{
	if (row->write && row->write->done) {
		int result = row->write->job.result;
		free(row->write);
		row->write = NULL;
		settle_write(bs, row, result);
	}
	if (row->heir && row->heir->replaces && !row->write)
		settle_heir(bs, row);
	if (row->now && row->now->failed) {
		row->now->failed = false;
		workers_start_failed(bs->parts.workers, &row->interface);
	}
}

static uint64_t due(struct bound *b, uint64_t now_ns)
{
	if (b && b->binding.due_ns <= now_ns)
		bound_happened(b, BINDING_TIME);
	return b ? b->binding.due_ns : BINDING_NEVER;
}

static uint64_t sooner(uint64_t a_ns, uint64_t b_ns)
{
	return a_ns < b_ns ? a_ns : b_ns;
}

static void look(void *context)
{
	struct bindings *bs = context;
	uint64_t now_ns = loop_now_ns(), next_ns = BINDING_NEVER;

	for (struct row *row = bs->rows, *next; row; row = next) {
		next = row->next;
		settle(bs, row);
		next_ns = sooner(next_ns, due(row->now, now_ns));
		next_ns = sooner(next_ns, due(row->heir, now_ns));
		row_drop_if_empty(bs, row);
	}
	if (!bs->timer.loop && next_ns != BINDING_NEVER) /* else it is set to now */
		loop_timer_set(bs->parts.loop, &bs->timer, next_ns, look, bs);
}

static void look_soon(void *context)
{
	struct bindings *bs = context;

	if (bs->env.running)
		loop_timer_set(bs->parts.loop, &bs->timer, loop_now_ns(), look, bs);
}

/* ---- the broker's wishes ---- */

static bool start_wanted(void *context, const struct hash *interface)
{
	const struct row *row = row_find(context, interface);

	if (row && row->heir && row->heir->replaces) {
		if (!row->heir->failed) /* if so: depose() sees who waits */
			bound_happened(row->heir, BINDING_WANTED);
		return true;
	}
	if (!row || !row->now)
		return false;
	bound_happened(row->now, BINDING_WANTED);
	bool started = !row->now->failed;
	row->now->failed = false; /* they are told by the broker */
	return started;
}

static void registered(void *context, uint64_t process, const struct hash *interface)
{
	const struct row *row = row_find(context, interface);
	struct bound *bounds[] = { row ? row->heir : NULL, row ? row->now : NULL };

	for (size_t i = 0; i < ARRAY_LEN(bounds); i++)
		if (bounds[i] && bounds[i]->process == process)
			bound_happened(bounds[i], BINDING_REGISTERED);
}

static void replaced(void *context, uint64_t process, const struct hash *interface)
{
	struct bindings *bs = context;
	const struct process *p = roster_get(bs->parts.roster, process);

	if (p && p->is_bound && hash_equal(&p->bound_to, interface))
		farewells_say(bs->farewells, process);
}

/* ---- people's ---- */

static bool handled_by_another(
	const struct bindings *bs, const struct hash *interface, const struct hash *program)
{
	uint64_t handler = bound_in_broker(bs->parts.workers, interface).handler;
	const struct process *p = handler ? roster_get(bs->parts.roster, handler) : NULL;

	return p && !hash_equal(&p->program, program);
}

/* It counts when it is on disk, and if it is to take over, when it has. */
static int begin_bind(struct bindings *bs, struct row *row)
{
	struct bound *b = row->heir;

	b->replaces = handled_by_another(bs, &row->interface, &b->recipe->request.program);
	if (!b->replaces)
		return write_row(bs, row, b);
	bind_in_broker(bs, row);
	bound_happened(b, BINDING_ORDERED);
	return 0;
}

static int bind(struct bindings *bs, struct row *row, struct recipe *recipe)
{
	if (!row || row->write) {
		recipe_free(recipe);
		return BINDINGS_FULL;
	}
	if (row->heir)
		depose(bs, row, "another program was bound meanwhile");
	row->heir = bound_new(&bs->env, &row->interface, recipe);
	if (row->heir && begin_bind(bs, row) == 0)
		return 0;
	row->heir = bound_free(row->heir);
	row_drop_if_empty(bs, row);
	return BINDINGS_FULL;
}

int bindings_bind(struct bindings *bs, const struct hash *interface,
	const struct processes_request *request, struct bindings_wait *wait)
{
	const struct broker_interface known = bound_in_broker(bs->parts.workers, interface);
	struct recipe *recipe;

	*wait = (struct bindings_wait){ 0 };
	if (known.host || known.owner)
		return BINDINGS_OF_HOST;
	if (recipe_copy(request, &recipe))
		return BINDINGS_TOO_LONG;
	struct row *row = row_get(bs, interface);
	int r = bind(bs, row, recipe);
	if (r == 0)
		wait_for(bs, row, wait);
	return r;
}

int bindings_unbind(
	struct bindings *bs, const struct hash *interface, struct bindings_wait *wait)
{
	struct row *row = row_find(bs, interface);

	*wait = (struct bindings_wait){ 0 };
	if (!row)
		return BINDINGS_NOT;
	if (row->write)
		return BINDINGS_FULL;
	if (row->heir)
		depose(bs, row, "it was unbound meanwhile");
	if (row->now && write_row(bs, row, NULL))
		return BINDINGS_FULL;
	if (row->now)
		wait_for(bs, row, wait);
	else
		wait->done = true;
	row_drop_if_empty(bs, row);
	return 0;
}

bool bindings_about(
	const struct bindings *bs, const struct hash *interface, struct bindings_about *out)
{
	const struct row *row = row_find(bs, interface);
	const struct bound *b = row ? row->now : NULL;
	const struct bound *heir = row ? row->heir : NULL;

	if (!b && !heir)
		return false;
	*out = (struct bindings_about){ .recipe = b ? b->recipe : NULL,
		.next = heir ? heir->recipe : NULL };
	b = b ? b : heir;
	out->state = binding_rests(&b->binding, loop_now_ns())
			     ? "resting"
			     : binding_state_text(b->binding.state);
	out->since_ms = b->since_ms;
	return true;
}

const struct hash *bindings_of_program(const struct bindings *bs, const struct hash *program)
{
	for (const struct row *row = bs->rows; row; row = row->next) {
		const struct bound *bounds[] = { row->now, row->heir };
		for (size_t i = 0; i < ARRAY_LEN(bounds); i++)
			if (bounds[i] && bound_runs(bounds[i], program))
				return &row->interface;
	}
	return NULL;
}

/* ---- all of them ---- */

static bool load_row(void *context, const struct database_value *values)
{
	struct bindings *bs = context;
	struct hash interface, program;
	struct recipe *recipe;

	memcpy(interface.bytes, values[0].bytes, HASH_BYTES);
	memcpy(program.bytes, values[1].bytes, HASH_BYTES);
	if (recipe_unpack(&program, values[2].bytes, values[2].n, &bs->parts.limits, &recipe))
		return false;
	struct row *row = row_get(bs, &interface);
	if (!row) {
		recipe_free(recipe);
		return false;
	}
	row->now = bound_new(&bs->env, &interface, recipe);
	if (row->now)
		row->now->since_ms = values[3].number;
	return row->now != NULL;
}

int bindings_new(
	const struct bindings_parts *parts, struct bindings **out, char why[DATABASE_WHY_SIZE])
{
	struct bindings *bs = calloc(1, sizeof(*bs));

	if (!bs)
		return -ENOMEM;
	bs->parts = *parts;
	bs->env = (struct bound_env){ .processes = parts->processes,
		.roster = parts->roster,
		.events = parts->events,
		.workers = parts->workers,
		.names = parts->names,
		.context = bs,
		.moved = look_soon };
	int r = database_load(parts->database, DATABASE_BINDINGS, load_row, bs, why);
	if (r)
		bindings_free(bs);
	else
		*out = bs;
	return r;
}

int bindings_begin(struct bindings *bs)
{
	const struct workers_starter starter = { .context = bs,
		.start = start_wanted,
		.registered = registered,
		.replaced = replaced };
	const struct farewells_parts parts = { .loop = bs->parts.loop,
		.workers = bs->parts.workers,
		.processes = bs->parts.processes,
		.roster = bs->parts.roster };
	int r = farewells_new(&parts, &bs->farewells);

	if (r)
		return r;
	bs->env.running = true;
	workers_set_starter(bs->parts.workers, &starter);
	for (struct row *row = bs->rows; row; row = row->next)
		bind_in_broker(bs, row);
	return 0;
}

void bindings_end(struct bindings *bs)
{
	static const struct workers_starter nobody;

	if (!bs->env.running)
		return;
	bs->env.running = false;
	workers_set_starter(bs->parts.workers, &nobody);
	loop_timer_stop(&bs->timer);
	bs->farewells = farewells_free(bs->farewells);
	for (struct process *p = NULL; (p = roster_next(bs->parts.roster, p));)
		if (p->is_bound)
			p->watch = NULL;
}

struct bindings *bindings_free(struct bindings *bs)
{
	if (!bs)
		return NULL;
	while (bs->rows) {
		struct row *row = bs->rows;
		bs->rows = row->next;
		bound_free(row->now);
		bound_free(row->heir);
		free(row->write);
		free(row);
	}
	free(bs);
	return NULL;
}
