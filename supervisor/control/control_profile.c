#include <string.h>

#include "supervisor/compiling/profiles.h"
#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"

/* ---- profile: start, stop, rm ---- */

static const struct field profile_fields[] = { { "program", FIELD_TEXT, true },
	{ "do", FIELD_TEXT, true }, { 0 } };

struct change {
	struct hash program;
	bool working, dropped;
	int result;
};

static const struct verb {
	const char *name, *event;
	int (*act)(struct profiles *profiles, const struct hash *program, profiles_done *done,
		void *context);
} verbs[] = {
	{ "start", "profile-started", profiles_start },
	{ "stop", "profile-stopped", profiles_stop },
	{ "rm", "profile-removed", profiles_rm },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static void change_done(void *context, int result)
{
	struct change *change = context;

	change->working = false;
	change->result = result;
	if (change->dropped)
		free(change);
}

static void fail(struct session *s, int r)
{
	if (r == PROFILES_NONE)
		session_fail_hint(s, CONTROL_NOT_FOUND, "profile",
			"the program is not watched, and has no profile",
			"`rsctl profile start HASH` begins", NULL);
	else
		session_fail(s, CONTROL_FAILED, "profile", "%s",
			r < 0 ? strerror(-r)
			      : "as many programs are watched as may be, or too much is under "
				"way");
}

/* What cannot be counted is better said now than at the next start. */
static bool can_count(struct session *s, const struct verb *verb)
{
	const struct compiler *compiler = compile_compiler(s->parts->compile);
	bool ready = compiler_state(compiler) == COMPILER_READY;

	if (verb->act != profiles_start || !ready ||
		compiler_tiers(compiler) & TIERS_BIT(OBJECT_INSTRUMENTED))
		return true;
	session_fail_hint(s, CONTROL_FAILED, "profile",
		"this compiler makes no objects that count", "gcc 12 does", NULL);
	return false;
}

static void profile_begin(struct session *s, const json_t *request)
{
	const struct verb *verb = find_verb(fields_text(request, "do", ""));
	struct change *change = calloc(1, sizeof(*change));

	s->state = change;
	if (!change) {
		session_fail(s, CONTROL_FAILED, "profile", "%s", strerror(ENOMEM));
		return;
	}
	if (!verb) {
		session_fail(s, CONTROL_USAGE, "do", "start, stop or rm");
		return;
	}
	if (!session_program(s, fields_text(request, "program", ""), &change->program) ||
		!can_count(s, verb))
		return;
	int r = verb->act(s->parts->profiles, &change->program, change_done, change);
	change->working = r == 0;
	if (r)
		fail(s, r);
	else
		events_add(s->parts->events, verb->event, 0, &change->program, "%s", "");
}

static void profile_step(struct session *s)
{
	const struct change *change = s->state;
	struct profiles_row row;

	if (change->working)
		return;
	if (change->result) {
		fail(s, change->result);
		return;
	}
	/* of one that has nothing any more only the program is said */
	if (!profiles_get(s->parts->profiles, &change->program, &row))
		row = (struct profiles_row){ .program = change->program };
	session_ok(s, describe_profile(&row));
}

static void profile_end(struct session *s)
{
	struct change *change = s->state;

	if (change && change->working)
		change->dropped = true;
	else
		free(change);
}

const struct session_op control_profile = {
	.name = "profile",
	.fields = profile_fields,
	.begin = profile_begin,
	.step = profile_step,
	.end = profile_end,
};

/* ---- profiles ---- */

static const struct field profiles_fields[] = { { "program", FIELD_TEXT, false }, { 0 } };

struct listed {
	struct hash last;
	bool any;
};

static void show_one(struct session *s, const char *prefix)
{
	struct profiles_row row;
	struct hash program;

	if (!session_program(s, prefix, &program))
		return;
	if (!profiles_get(s->parts->profiles, &program, &row)) {
		fail(s, PROFILES_NONE);
		return;
	}
	session_row(s, describe_profile(&row));
	session_ok(s, NULL);
}

static void profiles_begin_op(struct session *s, const json_t *request)
{
	const char *program = fields_text(request, "program", NULL);

	s->state = calloc(1, sizeof(struct listed));
	if (!s->state)
		session_fail(s, CONTROL_FAILED, "profiles", "%s", strerror(ENOMEM));
	else if (program)
		show_one(s, program);
}

static void profiles_step(struct session *s)
{
	struct listed *listed = s->state;
	struct profiles_row row;
	bool more = true;

	while (session_room(s)) {
		more = profiles_next(
			s->parts->profiles, listed->any ? &listed->last : NULL, &row);
		if (!more)
			break;
		listed->last = row.program;
		listed->any = true;
		session_row(s, describe_profile(&row));
	}
	if (!more)
		session_ok(s, NULL);
}

static void profiles_end(struct session *s)
{
	free(s->state);
}

const struct session_op control_profiles = {
	.name = "profiles",
	.fields = profiles_fields,
	.begin = profiles_begin_op,
	.step = profiles_step,
	.end = profiles_end,
};
