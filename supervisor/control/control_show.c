#include <inttypes.h>
#include <string.h>

#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"
#include "supervisor/jsontext.h"

static const struct field no_fields[] = { { 0 } };

static void free_state(struct session *s)
{
	free(s->state);
}

/* The op's own memory; NULL: answered. */
static void *new_state(struct session *s, size_t size)
{
	s->state = calloc(1, size);
	if (!s->state)
		session_fail(s, CONTROL_FAILED, s->op->name, "%s", strerror(ENOMEM));
	return s->state;
}

/* ---- version ---- */

static json_t *walls(uint32_t standing)
{
	json_t *object = json_object();

	for (enum wall wall = 0; standing && wall < WALLS; wall++)
		json_object_set_new(
			object, launch_wall_text(wall), json_boolean(standing & 1u << wall));
	return object;
}

static json_t *lines(const char *text)
{
	json_t *list = json_array();

	while (*text) {
		size_t n = strcspn(text, "\n");
		json_array_append_new(list, jsontext(text, n));
		text += n + (text[n] == '\n');
	}
	return list;
}

/* Those that it can make. */
static json_t *tiers(const struct compiler *compiler)
{
	uint32_t set = compiler_tiers(compiler);
	json_t *list = json_array();

	for (uint32_t tier = 0; tier < OBJECT_TIERS; tier++)
		if (set & TIERS_BIT(tier))
			json_array_append_new(list, json_string(object_tier_name(tier)));
	return list;
}

static json_t *toolchain(const struct compiler *compiler)
{
	static const char *const states[] = {
		[COMPILER_ASKING] = "asking",
		[COMPILER_READY] = "ready",
		[COMPILER_FAILED] = "failed",
	};
	enum compiler_state state = compiler_state(compiler);
	const char *text = state == COMPILER_ASKING ? "" : compiler_text(compiler);
	json_t *object = json_pack("{s:s, s:o}", "state", states[state], "lines", lines(text));

	if (state == COMPILER_READY) {
		json_object_set_new(
			object, "id", describe_hash(compiler_id(compiler, OBJECT_FULL)));
		json_object_set_new(object, "tiers", tiers(compiler));
	}
	if (state == COMPILER_FAILED)
		json_object_set_new(object, "why", jsontext(text, strcspn(text, "\n")));
	return object;
}

static void version_begin(struct session *s, const json_t *request)
{
	const struct session_parts *parts = s->parts;
	const struct places *places = parts->places;

	(void)request;
	session_ok(s,
		json_pack("{s:s, s:i, s:i, s:o, s:o, s:o, s:I, s:I, s:o, s:b, s:o, "
			  "s:{s:I, s:I, s:I}}",
			"version", REDSHIRT_VERSION, "pid", (int)getpid(), "uid",
			(int)geteuid(), "run_dir",
			jsontext(places->folder[PLACE_RUN], strlen(places->folder[PLACE_RUN])),
			"state_dir",
			jsontext(places->folder[PLACE_STATE],
				strlen(places->folder[PLACE_STATE])),
			"cache_dir",
			jsontext(places->folder[PLACE_CACHE],
				strlen(places->folder[PLACE_CACHE])),
			"uptime_ms", (json_int_t)(events_now_ms() - parts->started_ms),
			"processes", (json_int_t)processes_alive(parts->processes), "walls",
			walls(launch_walls(parts->launch)), "launcher",
			launch_there(parts->launch), "toolchain",
			toolchain(compile_compiler(parts->compile)), "limits", "memory_bytes",
			(json_int_t)parts->limits.memory_bytes, "body_bytes",
			(json_int_t)parts->limits.body_bytes, "processes",
			(json_int_t)processes_max(parts->processes)));
}

const struct session_op control_version = {
	.name = "version",
	.fields = no_fields,
	.begin = version_begin,
};

/* ---- ps ---- */

struct ps {
	bool all;
	uint64_t last; /* id of the last row */
};

static const struct field ps_fields[] = { { "all", FIELD_BOOL, false }, { 0 } };

static void ps_begin(struct session *s, const json_t *request)
{
	struct ps *ps = new_state(s, sizeof(*ps));

	if (ps)
		ps->all = fields_bool(request, "all");
}

static void ps_step(struct session *s)
{
	struct ps *ps = s->state;
	struct process *p = NULL;

	while ((p = roster_next(s->parts->roster, p)) && session_room(s)) {
		if (p->id <= ps->last)
			continue;
		ps->last = p->id;
		if (ps->all || p->state != PROCESS_GONE)
			session_row(s, describe_process(s->parts, p));
	}
	if (!p)
		session_ok(s, NULL);
}

const struct session_op control_ps = {
	.name = "ps",
	.fields = ps_fields,
	.begin = ps_begin,
	.step = ps_step,
	.end = free_state,
};

/* ---- ls ---- */

struct ls {
	struct survey *survey;
	struct hash last;
	bool begun;
};

/* ls is gone when this had to answer. */
static void ls_survey(struct session *s, struct ls *ls)
{
	struct survey *survey = describe_survey(s, NULL);

	if (survey)
		ls->survey = survey;
}

static void ls_begin(struct session *s, const json_t *request)
{
	struct ls *ls = new_state(s, sizeof(*ls));

	(void)request;
	if (ls)
		ls_survey(s, ls);
}

static void ls_step(struct session *s)
{
	struct ls *ls = s->state;
	const struct store_entry *entry = NULL;

	if (!ls->survey->done)
		return;
	while (session_room(s)) {
		entry = programs_next(s->parts->programs, ls->begun ? &ls->last : NULL);
		if (!entry)
			break;
		ls->begun = true;
		ls->last = entry->name;
		session_row(s, describe_program(s->parts, entry, ls->survey));
	}
	if (!entry)
		session_ok(s, NULL);
}

static void ls_end(struct session *s)
{
	struct ls *ls = s->state;

	if (ls && ls->survey)
		survey_drop(ls->survey);
	free(ls);
}

const struct session_op control_ls = {
	.name = "ls",
	.fields = no_fields,
	.begin = ls_begin,
	.step = ls_step,
	.end = ls_end,
};
