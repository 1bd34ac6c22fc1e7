#include <inttypes.h>
#include <string.h>

#include "supervisor/control.h"
#include "supervisor/describe.h"
#include "supervisor/jsontext.h"
#include "supervisor/survey.h"

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

	if (state == COMPILER_READY)
		json_object_set_new(object, "id", describe_hash(compiler_id(compiler)));
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

/* *out is in the op's state, which is gone when this had to answer. */
static void begin_survey(struct session *s, const struct hash *key, struct survey **out)
{
	struct survey *survey = survey_begin(
		s->parts->offload, s->parts->objects_folder, s->parts->refused_folder, key);

	if (survey)
		*out = survey;
	else
		session_fail(s, CONTROL_FAILED, s->op->name, "too much is under way");
}

static void ls_begin(struct session *s, const json_t *request)
{
	struct ls *ls = new_state(s, sizeof(*ls));

	(void)request;
	if (ls)
		begin_survey(s, NULL, &ls->survey);
}

static json_t *program_row(
	struct session *s, const struct store_entry *entry, const struct survey *survey)
{
	struct hash key;
	const char *compiled = compile_key(s->parts->compile, &entry->name, &key)
				       ? survey_state(survey, &key)
				       : "unknown";

	return json_pack("{s:o, s:I, s:I, s:s, s:I}", "program", describe_hash(&entry->name),
		"bytes", (json_int_t)entry->size, "added_ms", (json_int_t)entry->added_s * 1000,
		"compiled", compiled, "running",
		(json_int_t)processes_running(s->parts->processes, &entry->name));
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
		session_row(s, program_row(s, entry, ls->survey));
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

/* ---- inspect ---- */

static const struct field inspect_fields[] = { { "target", FIELD_TARGET, true }, { 0 } };

struct inspect {
	struct hash program;
	struct survey *survey;
};

/* A number is a process, if there is one of that number. */
static struct process *as_process(struct session *s, const json_t *target)
{
	const char *text = json_string_value(target);

	if (!text)
		return roster_get(s->parts->roster, (uint64_t)json_integer_value(target));
	if (strlen(text) > 18 || strspn(text, "0123456789") != strlen(text))
		return NULL;
	return roster_get(s->parts->roster, strtoull(text, NULL, 10));
}

static bool fits_one_packet(const json_t *row)
{
	return json_dumpb(row, NULL, 0, JSON_COMPACT) < CONTROL_PAYLOAD_MAX - 64;
}

static void inspect_process(struct session *s, struct process *p)
{
	json_t *object = describe_process_fully(s->parts, p);

	if (!fits_one_packet(object)) {
		json_object_del(object, "env");
		json_object_del(object, "args");
	}
	session_row(s, json_pack("{s:o}", "process", object));
	session_ok(s, NULL);
}

static void inspect_begin(struct session *s, const json_t *request)
{
	const json_t *target = json_object_get(request, "target");
	struct process *p = as_process(s, target);
	struct inspect *inspect;
	struct hash key;

	if (p) {
		inspect_process(s, p);
		return;
	}
	if (!json_is_string(target)) {
		session_fail(s, CONTROL_NOT_FOUND, "inspect", "no process has this number");
		return;
	}
	inspect = new_state(s, sizeof(*inspect));
	if (!inspect || !session_program(s, json_string_value(target), &inspect->program))
		return;
	bool known = compile_key(s->parts->compile, &inspect->program, &key);
	begin_survey(s, known ? &key : NULL, &inspect->survey);
}

static json_t *processes_of(struct session *s, const struct hash *program)
{
	json_t *list = json_array();

	for (struct process *p = NULL; (p = roster_next(s->parts->roster, p));)
		if (p->state != PROCESS_GONE && hash_equal(&p->program, program))
			json_array_append_new(list, json_integer((json_int_t)p->id));
	return list;
}

static void inspect_step(struct session *s)
{
	struct inspect *inspect = s->state;

	if (!inspect->survey->done)
		return;
	const struct store_entry *entry = programs_get(s->parts->programs, &inspect->program);
	if (!entry) {
		session_fail(s, CONTROL_NOT_FOUND, "inspect", "the program was just removed");
		return;
	}
	json_t *object = program_row(s, entry, inspect->survey);
	json_object_set_new(object, "processes", processes_of(s, &inspect->program));
	if (inspect->survey->why[0])
		json_object_set_new(object, "why",
			jsontext(inspect->survey->why, strlen(inspect->survey->why)));
	session_row(s, json_pack("{s:o}", "program", object));
	session_ok(s, NULL);
}

static void inspect_end(struct session *s)
{
	struct inspect *inspect = s->state;

	if (inspect && inspect->survey)
		survey_drop(inspect->survey);
	free(inspect);
}

const struct session_op control_inspect = {
	.name = "inspect",
	.fields = inspect_fields,
	.begin = inspect_begin,
	.step = inspect_step,
	.end = inspect_end,
};
