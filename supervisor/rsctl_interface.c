/*
 * rsctl interface: what an interface's definition makes of it: its hash, what counts for it,
 * and why two hashes differ. This is between the user and protoc; no rsd is asked.
 */
#include <stdio.h>
#include <string.h>

#include "interfaces/diff.h"
#include "interfaces/outline.h"
#include "supervisor/definition.h"
#include "supervisor/say.h"

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

static const struct {
	const char *name;
	int n_words;
	int (*run)(struct rsctl *ctl, char **words);
} verbs[] = {
	{ "hash", 1, show_hash },
	{ "show", 1, show },
	{ "diff", 2, diff },
};

int rsctl_interface(struct rsctl *ctl)
{
	if (ctl->include.count > PROTOC_FOLDERS_MAX)
		return say_error(CONTROL_USAGE, "include", "too many folders");
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		if (strcmp(verbs[i].name, ctl->words[0]) != 0)
			continue;
		if (ctl->n_words - 1 == verbs[i].n_words)
			return verbs[i].run(ctl, ctl->words + 1);
		return say_error(CONTROL_USAGE, ctl->words[0], "it takes %d file%s",
			verbs[i].n_words, verbs[i].n_words == 1 ? "" : "s");
	}
	int code = say_error(CONTROL_USAGE, ctl->words[0], "no such thing to do");
	say_hint("usage: rsctl interface %s", ctl->command->words);
	return code;
}
