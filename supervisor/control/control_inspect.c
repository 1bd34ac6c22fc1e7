#include <string.h>

#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"
#include "supervisor/jsontext.h"

static const struct field inspect_fields[] = { { "target", FIELD_TARGET, true }, { 0 } };

struct inspect {
	struct hash program;
	struct survey *survey;
	uint32_t records; /* of the manifest, that were sent */
	bool described;
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

static void inspect_program(struct session *s, const char *prefix)
{
	struct inspect *inspect = s->state = calloc(1, sizeof(*inspect));

	if (!inspect) {
		session_fail(s, CONTROL_FAILED, "inspect", "%s", strerror(ENOMEM));
		return;
	}
	if (!session_program(s, prefix, &inspect->program))
		return;
	struct survey *survey = describe_survey(s, &inspect->program);
	if (survey)
		inspect->survey = survey;
}

static void inspect_begin(struct session *s, const json_t *request)
{
	const json_t *target = json_object_get(request, "target");
	struct process *p = as_process(s, target);

	if (p)
		inspect_process(s, p);
	else if (json_is_string(target))
		inspect_program(s, json_string_value(target));
	else
		session_fail(s, CONTROL_NOT_FOUND, "inspect", "no process has this number");
}

static json_t *processes_of(struct session *s, const struct hash *program)
{
	json_t *list = json_array();

	for (struct process *p = NULL; (p = roster_next(s->parts->roster, p));)
		if (p->state != PROCESS_GONE && hash_equal(&p->program, program))
			json_array_append_new(list, json_integer((json_int_t)p->id));
	return list;
}

static void add_manifest(json_t *object, const struct manifest *manifest)
{
	if (!manifest)
		return;
	json_object_set_new(object, "manifest", json_integer(manifest->count));
	if (manifest->wrong)
		json_object_set_new(object, "manifest_wrong", json_string(manifest->wrong));
}

static void add_why(json_t *object, const char *name, const char *why)
{
	if (why[0])
		json_object_set_new(object, name, jsontext(why, strlen(why)));
}

static json_t *progress(const struct compile_progress *now)
{
	return json_pack("{s:s, s:s, s:I, s:I}", "tier", object_tier_name(now->tier), "stage",
		now->stage, "done", (json_int_t)now->done, "total", (json_int_t)now->total);
}

/* Those on disk, the best first; the one that is made behind them; why there are not more. */
static void add_objects(struct session *s, json_t *object)
{
	const struct inspect *inspect = s->state;
	const struct survey *survey = inspect->survey;
	struct compile_progress now;
	json_t *list = json_array();

	for (uint32_t i = 0; i < survey->of.count; i++) {
		const struct survey_object *of = &survey->objects_of[survey->of.keys[i].tier];
		if (of->there)
			json_array_append_new(
				list, describe_object(s->parts, &survey->of.keys[i], of->bytes,
					      &of->record));
	}
	json_object_set_new(object, "objects", list);
	if (compile_behind_of(s->parts->compile, &inspect->program, &now))
		json_object_set_new(object, "behind", progress(&now));
	add_why(object, "why", survey->objects_of[OBJECT_FULL].why);
	add_why(object, "not_quick", survey->objects_of[OBJECT_QUICK].why);
	add_why(object, "not_profiled", survey->objects_of[OBJECT_PROFILED].why);
}

static void add_profile(struct session *s, json_t *object, const struct hash *program)
{
	struct profiles_row row;

	if (profiles_get(s->parts->profiles, program, &row))
		json_object_set_new(object, "profile", describe_profile(&row));
}

static void send_program(struct session *s, const struct store_entry *entry)
{
	struct inspect *inspect = s->state;
	json_t *object = describe_program(s->parts, entry, inspect->survey);

	json_object_set_new(object, "processes", processes_of(s, &inspect->program));
	add_objects(s, object);
	add_profile(s, object, &inspect->program);
	add_manifest(object, programs_manifest(s->parts->programs, &inspect->program));
	session_row(s, json_pack("{s:o}", "program", object));
}

static void send_record(struct session *s, const struct manifest_row *row)
{
	const struct inspect *inspect = s->state;
	enum broker_right right = row->right == MANIFEST_USE ? BROKER_USE : BROKER_HANDLE;
	const struct grants_row *grant = grants_find(
		s->parts->ruling->grants, &inspect->program, &row->interface, right);

	session_row(s, json_pack("{s:{s:s, s:o, s:o, s:o, s:s*}}", "manifest", "right",
			       grants_right_text(right), "interface",
			       describe_interface(s->parts, &row->interface), "called",
			       jsontext(row->name, strlen(row->name)), "reason",
			       jsontext(row->reason, strlen(row->reason)), "grant",
			       grant ? grants_word_text(grant->word) : NULL));
}

/* A manifest can be longer than a packet, so each record has its own. */
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
	if (!inspect->described)
		send_program(s, entry);
	inspect->described = true;
	const struct manifest *manifest =
		programs_manifest(s->parts->programs, &inspect->program);
	uint32_t count = manifest ? manifest->count : 0;
	while (inspect->records < count && session_room(s))
		send_record(s, &manifest->rows[inspect->records++]);
	if (inspect->records >= count)
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
