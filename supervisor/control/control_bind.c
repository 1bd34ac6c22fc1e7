#include <stdio.h>
#include <string.h>

#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"
#include "supervisor/control/wanted.h"

struct bind {
	struct bindings_wait wait;
	struct hash interface, program;
	bool impatient; /* a hand-over that has begun is enough */
	bool told_registering;
	struct compile_progress told;
};

static const struct field bind_fields[] = { { "interface", FIELD_TEXT, true }, WANTED_FIELDS,
	{ "wait", FIELD_BOOL, false }, { 0 } };

static const char *why_not(int r)
{
	switch (r) {
	case BINDINGS_OF_HOST:
		return "this one is not for programs to handle";
	case BINDINGS_TOO_LONG:
		return "the arguments are too long";
	case BINDINGS_NOT:
		return "no program is bound to it";
	default:
		return "too much is bound, or under way";
	}
}

static struct bind *new_state(struct session *s)
{
	struct bind *bind = s->state = calloc(1, sizeof(*bind));

	if (!bind)
		session_fail(s, CONTROL_FAILED, s->op->name, "%s", strerror(ENOMEM));
	return bind;
}

static json_t *outcome(const struct session *s, const struct bind *bind)
{
	json_t *fields = json_pack("{s:o, s:b}", "interface",
		describe_interface(s->parts, &bind->interface), "under_way", !bind->wait.done);

	if (bind->wait.process)
		json_object_set_new(
			fields, "process", json_integer((json_int_t)bind->wait.process));
	return fields;
}

static void bind_begin(struct session *s, const json_t *request)
{
	const char *name = fields_text(request, "interface", "");
	CLEANUP(wanted_deinit)
	struct wanted wanted = { .request = { .limits = s->parts->limits } };
	struct bind *bind = new_state(s);

	if (!bind || !session_interface(s, name, &bind->interface) ||
		!session_program(s, fields_text(request, "program", ""), &bind->program))
		return;
	bind->impatient = json_is_false(json_object_get(request, "wait"));
	wanted.request.program = bind->program;
	const char *why = wanted_read(request, &wanted);
	if (why) {
		session_fail(s, CONTROL_USAGE, "bind", "%s", why);
		return;
	}
	int r = bindings_bind(
		s->parts->bindings, &bind->interface, &wanted.request, &bind->wait);
	if (r)
		session_fail(s, r == BINDINGS_OF_HOST ? CONTROL_DENIED : CONTROL_FAILED, name,
			"%s", why_not(r));
}

/* The new program is started because another handles the interface. */
static void tell_progress(struct session *s, struct bind *bind)
{
	const struct process *p = roster_get(s->parts->roster, bind->wait.process);

	if (!p)
		return;
	if (p->state == PROCESS_COMPILING) {
		session_progress(s, &p->want, &bind->told);
	} else if (!bind->told_registering) {
		bind->told_registering = true;
		session_say(s, json_pack("{s:{s:s, s:i, s:i}}", "progress", "stage",
				       "waiting until it registers", "done", 0, "total", 0));
	}
}

static void bind_step(struct session *s)
{
	struct bind *bind = s->state;
	char what[HASH_HEX_SIZE];

	if (bind->wait.failed) {
		const char *name = names_text(s->parts->ruling->names, &bind->interface, what);
		session_fail(s, CONTROL_FAILED, name, "%s", bind->wait.why);
	} else if (bind->wait.done || (bind->impatient && bind->wait.process)) {
		session_ok(s, outcome(s, bind));
	} else if (bind->wait.process) {
		tell_progress(s, bind);
	}
}

static void bind_end(struct session *s)
{
	struct bind *bind = s->state;

	if (bind)
		bindings_drop(&bind->wait);
	free(bind);
}

const struct session_op control_bind = {
	.name = "bind",
	.fields = bind_fields,
	.begin = bind_begin,
	.step = bind_step,
	.end = bind_end,
};

/* ---- unbind ---- */

static const struct field unbind_fields[] = { { "interface", FIELD_TEXT, true }, { 0 } };

static void unbind_begin(struct session *s, const json_t *request)
{
	const char *name = fields_text(request, "interface", "");
	struct bind *bind = new_state(s);

	if (!bind || !session_interface(s, name, &bind->interface))
		return;
	int r = bindings_unbind(s->parts->bindings, &bind->interface, &bind->wait);
	if (r)
		session_fail(s, r == BINDINGS_NOT ? CONTROL_NOT_FOUND : CONTROL_FAILED, name,
			"%s", why_not(r));
}

const struct session_op control_unbind = {
	.name = "unbind",
	.fields = unbind_fields,
	.begin = unbind_begin,
	.step = bind_step,
	.end = bind_end,
};
