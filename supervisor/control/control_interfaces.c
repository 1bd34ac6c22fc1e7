#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"
#include "supervisor/jsontext.h"

#define ROWS_MAX    4096u /* of one answer; how many more there are is said */
#define WAITING_MAX 16u   /* shown of each interface */
#define ARGS_MAX    4096u /* bytes of arguments that are shown: a row is one packet */

struct row {
	struct hash interface, means;
	uint64_t handler, owner;
	uint32_t waiting, clients;
	bool host;
};

/* What the broker knows is of one moment; what rows say beside that is of their own. */
struct interfaces {
	const struct session_parts *parts;
	bool all;
	size_t count, missed, sent;
	struct row rows[ROWS_MAX]; /* sorted */
};

static const struct field interfaces_fields[] = { { "all", FIELD_BOOL, false }, { 0 } };

/* ---- what there is ---- */

static bool add_row(void *context, const struct broker_interface *interface)
{
	struct interfaces *is = context;

	if ((interface->host || interface->owner) && !is->all)
		return true;
	if (is->count == ROWS_MAX) {
		is->missed++;
		return true;
	}
	is->rows[is->count++] = (struct row){ .interface = *interface->interface,
		.means = interface->means ? *interface->means : *interface->interface,
		.handler = interface->handler,
		.owner = interface->owner,
		.waiting = interface->waiting,
		.host = interface->host };
	return true;
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, HASH_BYTES); /* a row begins with its interface */
}
_Static_assert(offsetof(struct row, interface) == 0, "compare() says so");

static bool count_client(
	void *context, enum broker_relation relation, const struct hash *interface)
{
	struct interfaces *is = context;
	struct row *row = relation == BROKER_TALKS_TO ? bsearch(interface, is->rows, is->count,
								sizeof(struct row), compare)
						      : NULL;

	if (row)
		row->clients++;
	return true;
}

static void collect(struct interfaces *is)
{
	const struct broker *broker = workers_broker(is->parts->workers);

	broker_each_interface(broker, add_row, is);
	qsort(is->rows, is->count, sizeof(struct row), compare);
	for (struct process *p = NULL; (p = roster_next(is->parts->roster, p));)
		if (p->has_worker)
			broker_each(broker, p->id, count_client, is);
}

/* ---- rows ---- */

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

struct waiting {
	json_t *list;
	uint64_t now_ms; /* by the broker's clock */
};

static bool add_waiting(void *context, const struct broker_waiting *waiting)
{
	static const char *const why[] = {
		[BROKER_WHY_DELAY] = "handler",
		[BROKER_WHY_ASK] = "answer",
		[BROKER_WHY_START] = "start",
	};
	struct waiting *w = context;

	json_array_append_new(w->list,
		json_pack("{s:o, s:s, s:o}", "process", number(waiting->process), "for",
			why[waiting->why], "ms", number(w->now_ms - waiting->since_ms)));
	return json_array_size(w->list) < WAITING_MAX;
}

static json_t *waiting(const struct session_parts *parts, const struct hash *interface)
{
	struct waiting w = { .list = json_array(), .now_ms = loop_now_ns() / 1000000 };

	broker_each_waiting(workers_broker(parts->workers), interface, add_waiting, &w);
	return w.list;
}

static json_t *handler(const struct session_parts *parts, uint64_t process)
{
	const struct process *p = roster_get(parts->roster, process);
	json_t *object = json_pack("{s:o}", "process", number(process));

	if (p && !p->native)
		json_object_set_new(object, "program", describe_hash(&p->program));
	if (p && p->name[0])
		json_object_set_new(object, "name", jsontext(p->name, strlen(p->name)));
	return object;
}

static json_t *recipe(const struct recipe *recipe)
{
	const struct processes_request *request = &recipe->request;
	json_t *object = json_pack("{s:o}", "program", describe_hash(&request->program));
	json_t *args = json_array();
	const char *at = request->strings;

	/* the first is the program's own name */
	for (uint32_t i = 0; i < request->arguments; i++, at += strlen(at) + 1)
		if (i && at + strlen(at) < request->strings + ARGS_MAX)
			json_array_append_new(args, jsontext(at, strlen(at)));
	json_object_set_new(object, "args", args);
	if (recipe->name[0])
		json_object_set_new(
			object, "name", jsontext(recipe->name, strlen(recipe->name)));
	return object;
}

static void add_binding(
	const struct session_parts *parts, const struct hash *interface, json_t *row)
{
	struct bindings_about about;

	if (!bindings_about(parts->bindings, interface, &about))
		return;
	json_t *bound = about.recipe ? recipe(about.recipe) : json_object();
	json_object_set_new(bound, "state", json_string(about.state));
	json_object_set_new(bound, "since_ms", number((uint64_t)about.since_ms));
	if (about.next)
		json_object_set_new(bound, "next", recipe(about.next));
	json_object_set_new(row, "bound", bound);
}

static json_t *describe_row(const struct session_parts *parts, const struct row *row)
{
	json_t *object = json_pack("{s:o, s:o, s:b, s:o, s:o}", "interface",
		describe_interface(parts, &row->interface), "hash",
		describe_hash(&row->interface), "host", row->host, "waiting",
		number(row->waiting), "waits", waiting(parts, &row->interface));

	if (!row->host)
		json_object_set_new(object, "clients", number(row->clients));
	if (row->handler)
		json_object_set_new(object, "handler", handler(parts, row->handler));
	if (row->owner) {
		json_object_set_new(object, "owner", number(row->owner));
		json_object_set_new(object, "means", describe_interface(parts, &row->means));
	}
	add_binding(parts, &row->interface, object);
	return object;
}

/* ---- */

static void interfaces_begin(struct session *s, const json_t *request)
{
	struct interfaces *is = s->state = calloc(1, sizeof(*is));

	if (!is) {
		session_fail(s, CONTROL_FAILED, s->op->name, "%s", strerror(ENOMEM));
		return;
	}
	is->parts = s->parts;
	is->all = fields_bool(request, "all");
	collect(is);
}

static void interfaces_step(struct session *s)
{
	struct interfaces *is = s->state;

	while (is->sent < is->count && session_room(s))
		session_row(s, describe_row(s->parts, &is->rows[is->sent++]));
	if (is->sent < is->count)
		return;
	if (is->missed)
		session_say(s, json_pack("{s:o}", "missed", number(is->missed)));
	session_ok(s, NULL);
}

static void interfaces_end(struct session *s)
{
	free(s->state);
}

const struct session_op control_interfaces = {
	.name = "interfaces",
	.fields = interfaces_fields,
	.begin = interfaces_begin,
	.step = interfaces_step,
	.end = interfaces_end,
};
