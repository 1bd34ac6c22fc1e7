#include "supervisor/control/describe.h"

#include <string.h>

#include "supervisor/jsontext.h"

#define MEDIATED_MAX 64u /* lanes that are shown: an answer is one packet */

json_t *describe_hash(const struct hash *hash)
{
	char hex[HASH_HEX_SIZE];

	return json_string(hash_to_hex(hash, hex));
}

json_t *describe_interface(const struct session_parts *parts, const struct hash *interface)
{
	char hex[HASH_HEX_SIZE];

	return json_string(names_text(parts->ruling->names, interface, hex));
}

static json_t *text(const char *t)
{
	return jsontext(t, strlen(t));
}

static void number(json_t *object, const char *name, uint64_t value)
{
	json_object_set_new(object, name, json_integer((json_int_t)value));
}

static json_t *lines(const char *t)
{
	json_t *list = json_array();

	for (size_t n; *t; t += n + 1) {
		n = strcspn(t, "\n");
		json_array_append_new(list, jsontext(t, n));
	}
	return list;
}

void describe_ending(json_t *object, const struct process *p)
{
	if (p->state != PROCESS_GONE)
		return;
	number(object, "status", (uint64_t)p->ending.status);
	json_object_set_new(object, "cause", json_string(ending_text(p->ending.cause)));
	if (p->ending.detail[0])
		json_object_set_new(object, "detail", text(p->ending.detail));
	if (p->ending.backtrace)
		json_object_set_new(object, "backtrace", lines(p->ending.backtrace));
}

static struct survey_of keys_of(const struct session_parts *parts, const struct hash *program)
{
	struct survey_of of;

	of.count = compile_keys(parts->compile, program, of.keys);
	return of;
}

struct survey *describe_survey(struct session *s, const struct hash *program)
{
	const struct session_parts *parts = s->parts;
	struct survey_of of = { .count = 0 };

	if (program)
		of = keys_of(parts, program);
	struct survey *survey = survey_begin(parts->offload, parts->objects,
		parts->objects_folder, parts->refused_folder, &of);

	if (!survey)
		session_fail(s, CONTROL_FAILED, s->op->name, "too much is under way");
	return survey;
}

json_t *describe_program(const struct session_parts *parts, const struct store_entry *entry,
	const struct survey *survey)
{
	const struct survey_of of = keys_of(parts, &entry->name);
	enum object_tier tier = survey_tier(survey, &of);

	return json_pack("{s:o, s:I, s:I, s:s, s:s*, s:I}", "program",
		describe_hash(&entry->name), "bytes", (json_int_t)entry->size, "added_ms",
		(json_int_t)entry->added_s * 1000, "compiled", survey_state(survey, &of),
		"tier", tier == TIERS_NONE ? NULL : object_tier_name(tier), "running",
		(json_int_t)processes_running(parts->processes, &entry->name));
}

json_t *describe_object(const struct session_parts *parts, const struct lookup_key *key,
	uint64_t bytes, const struct build_record *record)
{
	static const struct {
		const char *key, *name;
	} shown[] = { { "form", "form" }, { "translator", "translator" },
		{ "compiler", "compiler" }, { "cpu", "cpu" }, { "flags", "flags" },
		{ "parts", "parts" }, { "relaxed-reads", "relaxed_reads" } };
	const struct build_note *note = builds_find(parts->builds, &key->key);
	json_t *object = json_pack(
		"{s:s, s:I}", "tier", object_tier_name(key->tier), "bytes", (json_int_t)bytes);

	if (note) {
		json_object_set_new(
			object, "build_s", json_real((double)note->build_ms / 1000));
		number(object, "built_ms", (uint64_t)note->built_ms);
	}
	for (size_t i = 0; i < ARRAY_LEN(shown); i++) {
		const char *value = record_value(record, shown[i].key);
		if (value)
			json_object_set_new(object, shown[i].name, text(value));
	}
	return object;
}

/* What it runs on. */
static void add_object(
	const struct session_parts *parts, const struct process *p, json_t *object)
{
	struct build_record record;

	if (!p->object)
		return;
	if (record_read(p->object->fd, p->object->bytes, &record))
		record.bytes = 0;
	const struct lookup_key key = { p->object->tier, p->object->key };
	json_object_set_new(
		object, "object", describe_object(parts, &key, p->object->bytes, &record));
}

struct relations {
	const struct session_parts *parts;
	json_t *lists[3]; /* by enum broker_relation */
};

static bool relation(void *context, enum broker_relation relation, const struct hash *interface)
{
	struct relations *relations = context;

	json_array_append_new(
		relations->lists[relation], describe_interface(relations->parts, interface));
	return true;
}

static void add_relations(
	const struct session_parts *parts, const struct process *p, json_t *object, bool fully)
{
	struct relations relations = { parts, { json_array(), json_array(), json_array() } };

	_Static_assert(BROKER_HANDLES == 0 && BROKER_WAITS_FOR == 1 && BROKER_TALKS_TO == 2,
		"lists are indexed by relation");
	if (p->has_worker)
		broker_each(workers_broker(parts->workers), p->id, relation, &relations);
	if (p->is_bound)
		json_object_set_new(object, "for", describe_interface(parts, &p->bound_to));
	json_object_set_new(object, "handles", relations.lists[BROKER_HANDLES]);
	json_object_set_new(object, "waits_for", relations.lists[BROKER_WAITS_FOR]);
	if (fully)
		json_object_set_new(object, "talks_to", relations.lists[BROKER_TALKS_TO]);
	else
		json_decref(relations.lists[BROKER_TALKS_TO]);
}

static json_t *basics(const struct process *p)
{
	json_t *object = json_object();

	number(object, "process", p->id);
	json_object_set_new(object, "program", describe_hash(&p->program));
	json_object_set_new(object, "kind", json_string(p->native ? "native" : "wasm"));
	if (p->name[0])
		json_object_set_new(object, "name", text(p->name));
	json_object_set_new(object, "state", json_string(process_state_text(p->state)));
	if (p->pidfd >= 0)
		number(object, "pid", (uint64_t)p->pid);
	number(object, "started_ms", (uint64_t)p->created_ms);
	if (p->state == PROCESS_GONE)
		number(object, "ended_ms", (uint64_t)p->ended_ms);
	if (p->parent)
		number(object, "parent", p->parent);
	number(object, "spawns_refused", p->spawns_refused);
	if (!p->native) { /* it is not rsd's to limit */
		number(object, "memory_bytes", p->limits.memory_bytes);
		number(object, "cpu_s", p->limits.cpu_s);
	}
	describe_ending(object, p);
	return object;
}

static void add_stats(
	const struct session_parts *parts, const struct process *p, json_t *object, bool fully)
{
	struct worker_stats stats;

	if (!p->has_worker || !workers_stats(parts->workers, p->id, &stats))
		return;
	if (fully) {
		number(object, "messages", stats.messages);
		number(object, "answers", stats.answers);
	}
	number(object, "lanes", stats.lanes);
	number(object, "lane_bytes", stats.lane_bytes);
	number(object, "refused", stats.refused);
	number(object, "denied", stats.denied);
	number(object, "asked", p->asks.asked);
	number(object, "ask_refused", p->asks.refused);
	number(object, "limited", stats.limited);
}

static bool add_mediated(void *context, const struct worker_mediated *mediated)
{
	json_t *list = context, *object = json_object();

	json_object_set_new(
		object, "as", json_string(mediated->handler ? "handler" : "client"));
	number(object, "peer", mediated->peer);
	number(object, "messages", mediated->messages);
	number(object, "answers", mediated->answers);
	number(object, "bytes", mediated->bytes);
	number(object, "refused", mediated->refused);
	number(object, "limited", mediated->limited);
	json_array_append_new(list, object);
	return json_array_size(list) < MEDIATED_MAX;
}

static json_t *amount(const struct allowance *a, const struct allowance_amount *of)
{
	json_t *object = json_object();

	number(object, "processes", of->processes);
	number(object, "memory_bytes", of->memory_bytes);
	number(object, "outstanding", of->outstanding);
	if (a->cpu_limited)
		number(object, "cpu_s", of->cpu_s);
	return object;
}

/* For all it starts; nothing any more once it is gone. */
static void add_allowance(const struct process *p, json_t *object)
{
	if (!p->allowance)
		return;
	json_t *allowance = amount(p->allowance, &p->allowance->total);
	number(allowance, "depth", p->allowance->depth);
	json_object_set_new(allowance, "used", amount(p->allowance, &p->allowance->used));
	json_object_set_new(object, "allowance", allowance);
}

json_t *describe_process(const struct session_parts *parts, struct process *p)
{
	json_t *object = basics(p);

	add_relations(parts, p, object, false);
	add_stats(parts, p, object, false);
	return object;
}

/* The strings of a start block: `count` of them, from *at on. */
static json_t *strings(const struct process *p, uint32_t *at, uint32_t count)
{
	json_t *list = json_array();

	for (uint32_t i = 0; i < count && *at < p->strings_bytes; i++) {
		json_array_append_new(list, text(p->strings + *at));
		*at += (uint32_t)strlen(p->strings + *at) + 1;
	}
	return list;
}

json_t *describe_process_fully(const struct session_parts *parts, struct process *p)
{
	json_t *object = basics(p);
	uint32_t at = 0;

	add_relations(parts, p, object, true);
	json_object_set_new(object, "args", strings(p, &at, p->arguments));
	json_object_set_new(object, "env", strings(p, &at, p->variables));
	add_stats(parts, p, object, true);
	add_allowance(p, object);
	add_object(parts, p, object);
	json_t *mediated = json_array();
	workers_each_mediated(parts->workers, p->id, add_mediated, mediated);
	json_object_set_new(object, "mediated", mediated);
	return object;
}

json_t *describe_profile(const struct profiles_row *row)
{
	json_t *json = json_pack("{s:o, s:b, s:I, s:i, s:I, s:I, s:I}", "program",
		describe_hash(&row->program), "watched", row->watched, "runs",
		(json_int_t)row->runs, "running", (int)row->running, "bytes",
		(json_int_t)row->bytes, "since_ms", (json_int_t)row->since_ms, "changed_ms",
		(json_int_t)row->changed_ms);

	json_object_set_new(json, "used", json_boolean(row->settled && !row->of_another));
	if (row->of_another)
		json_object_set_new(json, "why",
			json_string("another compiler made the object that counted"));
	return json;
}
