/*
 * rsctl interface: what an interface's definition makes of it: its hash, what counts for it,
 * and why two hashes differ (between the user and protoc; no rsd is asked); and the names by
 * which rsd knows interfaces.
 */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "interfaces/diff.h"
#include "interfaces/outline.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/cells.h"
#include "supervisor/rsctl/definition.h"
#include "supervisor/rsctl/listing.h"
#include "supervisor/rsctl/say.h"

/* --- JSON --- */

static json_t *text_json(struct rs_text text)
{
	return json_stringn(text.at, text.bytes);
}

static json_t *hash_json(const struct normal *normal)
{
	char hex[HASH_HEX_SIZE];

	return json_string(hash_to_hex(&normal->hash, hex));
}

static json_t *rpcs_json(const struct normal *normal)
{
	json_t *rpcs = json_array();

	for (uint32_t i = 0; i < normal->n_rpcs; i++) {
		const struct normal_rpc *rpc = &normal->rpcs[i];
		json_t *answer = rpc->answer == NORMAL_NO_TYPE
					 ? json_null()
					 : text_json(normal->types[rpc->answer].name);

		json_array_append_new(rpcs,
			json_pack("{s:I, s:o, s:o, s:o}", "index", (json_int_t)i, "name",
				text_json(rpc->name), "request",
				text_json(normal->types[rpc->request].name), "answer", answer));
	}
	return rpcs;
}

static json_t *field_json(const struct normal *normal, const struct normal_field *field)
{
	char type[OUTLINE_TYPE_SIZE];
	json_t *json = json_pack("{s:I, s:o, s:s}", "number", (json_int_t)field->number, "name",
		text_json(field->name), "type", outline_field_type(normal, field, type));

	if (field->label == RS_ONEOF)
		json_object_set_new(json, "oneof", text_json(field->oneof));
	return json;
}

static json_t *members_json(const struct normal *normal, const struct normal_type *type)
{
	json_t *members = json_array();

	for (uint32_t i = type->first; i < type->first + type->count; i++)
		json_array_append_new(members,
			type->is_enum ? json_pack("{s:I, s:o}", "number",
						(json_int_t)normal->values[i].number, "name",
						text_json(normal->values[i].name))
				      : field_json(normal, &normal->fields[i]));
	return members;
}

static json_t *types_json(const struct normal *normal)
{
	json_t *types = json_array();

	for (uint32_t i = 0; i < normal->n_types; i++) {
		const struct normal_type *type = &normal->types[i];

		json_array_append_new(
			types, json_pack("{s:o, s:o}", "name", text_json(type->name),
				       type->is_enum ? "values" : "fields",
				       members_json(normal, type)));
	}
	return types;
}

static json_t *lines_json(char *text)
{
	json_t *lines = json_array();
	char *rest = NULL;

	for (char *one = strtok_r(text, "\n", &rest); one; one = strtok_r(NULL, "\n", &rest))
		json_array_append_new(lines, json_string(one));
	return lines;
}

static void print_json(json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(value);
}

/* --- the three commands --- */

static int show_hash(struct rsctl *ctl, char **words)
{
	CLEANUP(definition_free) struct definition definition;
	char hex[HASH_HEX_SIZE];
	int code = definition_read(ctl, words[0], &definition);

	if (code)
		return code;
	if (ctl->json)
		print_json(json_pack("{s:o, s:o}", "interface",
			text_json(definition.normal->service), "hash",
			hash_json(definition.normal)));
	else
		puts(hash_to_hex(&definition.normal->hash, hex));
	return CONTROL_OK;
}

static int show(struct rsctl *ctl, char **words)
{
	CLEANUP(definition_free) struct definition definition;
	int code = definition_find(ctl, words[0], &definition);

	if (code)
		return code;
	const struct normal *normal = definition.normal;
	if (ctl->json)
		print_json(json_pack("{s:o, s:o, s:o, s:o}", "interface",
			text_json(normal->service), "hash", hash_json(normal), "rpcs",
			rpcs_json(normal), "types", types_json(normal)));
	else
		outline_print(normal, stdout);
	return CONTROL_OK;
}

static int print_changes(struct rsctl *ctl, const struct normal *old, const struct normal *new)
{
	CLEANUP(freep) char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (!to)
		return say_error(CONTROL_FAILED, "diff", "%s", strerror(errno));
	uint32_t changes = diff_print(old, new, to);
	if (fclose(to))
		return say_error(CONTROL_FAILED, "diff", "out of memory");
	if (ctl->json)
		print_json(json_pack("{s:o, s:o, s:o}", "old", hash_json(old), "new",
			hash_json(new), "changes", lines_json(text)));
	else
		fputs(text, stdout);
	return changes ? CONTROL_FAILED : CONTROL_OK;
}

static int diff(struct rsctl *ctl, char **words)
{
	CLEANUP(definition_free) struct definition old = { 0 }, new = { 0 };
	int code = definition_find(ctl, words[0], &old);

	if (code == CONTROL_OK)
		code = definition_find(ctl, words[1], &new);
	return code ? code : print_changes(ctl, old.normal, new.normal);
}

/* --- names --- */

static int teach(struct rsctl *ctl, const char *file)
{
	CLEANUP(definition_free) struct definition definition = { 0 };
	char hex[HASH_HEX_SIZE], name[NAME_MAX + 1];
	int code = definition_read(ctl, file, &definition);

	if (code)
		return code;
	definition_name(file, name, sizeof(name));
	struct ask question = {
		.request = json_pack("{s:s, s:s, s:s}", "op", "teach", "name",
			ctl->name ? ctl->name : name, "interface",
			hash_to_hex(&definition.normal->hash, hex)),
		.about = file,
		.timeout_ms = ASK_QUICK_MS,
	};
	json_t *final;
	code = ask(ctl, &question, &final);
	if (code)
		return code;
	if (ctl->json)
		ask_print(final);
	else
		printf("%s %s\n", hex, ask_text(final, "name"));
	json_decref(final);
	return CONTROL_OK;
}

static int forget(struct rsctl *ctl, const char *word)
{
	json_t *interface, *final;
	int code = definition_interface(ctl, word, &interface);

	if (code)
		return code;
	struct ask question = {
		.request = json_pack("{s:s, s:o}", "op", "forget", "interface", interface),
		.about = word,
		.timeout_ms = ASK_QUICK_MS,
	};
	code = ask(ctl, &question, &final);
	if (code == CONTROL_OK && ctl->json)
		ask_print(final);
	json_decref(final);
	return code;
}

static int for_each(
	struct rsctl *ctl, char **words, int (*act)(struct rsctl *ctl, const char *word))
{
	int first = CONTROL_OK;

	for (; *words; words++) {
		int code = act(ctl, *words);
		if (first == CONTROL_OK)
			first = code;
	}
	return first;
}

static int add(struct rsctl *ctl, char **words)
{
	if (ctl->name && words[1])
		return say_error(CONTROL_USAGE, "--name", "it is for one file");
	return for_each(ctl, words, teach);
}

static int rm(struct rsctl *ctl, char **words)
{
	return for_each(ctl, words, forget);
}

static const char *hash_cell(const json_t *row, char *room, size_t size)
{
	(void)room, (void)size;
	return cells_text(row, "interface");
}

static const char *since_cell(const json_t *row, char *room, size_t size)
{
	return json_is_true(json_object_get(row, "host"))
		       ? "host interface"
		       : cells_ago(row, "since_ms", room, size);
}

static const struct listing_column columns[] = {
	{ "NAME", cells_name },
	{ "INTERFACE", hash_cell },
	{ "SINCE", since_cell },
};

static int ls(struct rsctl *ctl, char **words)
{
	struct listing l = { .ctl = ctl, .columns = columns, .n_columns = ARRAY_LEN(columns) };

	(void)words;
	return listing_show(&l, "names", json_pack("{s:s}", "op", "names"), ASK_QUICK_MS);
}

/* --- */

static const struct verb {
	const char *name, *words;
	int words_min, words_max;
	int (*run)(struct rsctl *ctl, char **words); /* closed with NULL */
} verbs[] = {
	{ "hash", "FILE", 1, 1, show_hash },
	{ "show", "FILE|HASH", 1, 1, show },
	{ "diff", "OLD NEW", 2, 2, diff },
	{ "add", "FILE...", 1, 1000, add },
	{ "ls", "", 0, 0, ls },
	{ "rm", "NAME|HASH...", 1, 1000, rm },
};

static int run_verb(struct rsctl *ctl, const struct verb *verb)
{
	int n = ctl->n_words - 1;
	char **words = calloc((size_t)n + 1, sizeof(*words));
	int code;

	if (!words)
		return say_error(CONTROL_FAILED, verb->name, "no memory");
	memcpy(words, ctl->words + 1, (size_t)n * sizeof(*words));
	if (n >= verb->words_min && n <= verb->words_max)
		code = verb->run(ctl, words);
	else
		code = say_error(CONTROL_USAGE, verb->name, "usage: rsctl interface %s %s",
			verb->name, verb->words);
	free(words);
	return code;
}

int rsctl_interface(struct rsctl *ctl)
{
	if (ctl->include.count > PROTOC_FOLDERS_MAX)
		return say_error(CONTROL_USAGE, "include", "too many folders");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, ctl->words[0]) == 0)
			return run_verb(ctl, &verbs[i]);
	int code = say_error(CONTROL_USAGE, ctl->words[0], "no such thing to do");
	say_hint("usage: rsctl interface hash|show|diff|add|ls|rm ...");
	return code;
}
