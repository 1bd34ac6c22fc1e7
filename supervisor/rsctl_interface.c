/*
 * rsctl interface: what an interface's definition makes of it: its hash, what counts for it,
 * and why two hashes differ. This is between the user and protoc; no rsd is asked.
 */
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "interfaces/diff.h"
#include "interfaces/outline.h"
#include "interfaces/protoc.h"
#include "supervisor/places.h"
#include "supervisor/rsctl.h"
#include "supervisor/say.h"

#define PREFIX_DIGITS_MIN 4
#define INSTALLED         "share/redshirt/interfaces/*.proto"

struct definition {
	struct protoc protoc;
	struct normal *normal;
};

static void definition_free(struct definition *definition)
{
	free(definition->normal);
	definition->normal = NULL;
	protoc_free(&definition->protoc);
}

/* --- reading --- */

static int say_missing(void)
{
	int code =
		say_error(CONTROL_FAILED, "protoc", "not found: it is what reads definitions");

	say_hint("on Debian it is in the package protobuf-compiler");
	return code;
}

static int parse_failed(const char *file, int r)
{
	switch (r) {
	case PROTOC_MISSING:
		return say_missing();
	case PROTOC_FAILED:
		return say_error(CONTROL_FAILED, file, "protoc could not read it");
	case PROTOC_TOO_LARGE:
		return say_error(CONTROL_FAILED, file, "it is too large with what it imports");
	default:
		return say_error(CONTROL_FAILED, file, "%s", strerror(-r));
	}
}

static int read_definition(const struct rsctl *ctl, const char *file, struct definition *out)
{
	*out = (struct definition){ 0 };
	if (access(file, R_OK) != 0)
		return say_error(errno == ENOENT ? CONTROL_NOT_FOUND : CONTROL_FAILED, file,
			"%s", strerror(errno));
	int r = protoc_parse(file, ctl->include.items, ctl->include.count, &out->protoc);
	if (r)
		return parse_failed(file, r);
	r = normal_read(&out->protoc.set, out->protoc.file, &out->normal);
	if (r == 0)
		return CONTROL_OK;
	int code = say_error(CONTROL_FAILED, file, "%s",
		r == NORMAL_REFUSED ? out->normal->why : strerror(-r));
	definition_free(out);
	return code;
}

/* --- installed definitions, by their hashes --- */

static bool is_prefix(const char *word)
{
	size_t digits = strspn(word, "0123456789abcdef");

	return digits >= PREFIX_DIGITS_MIN && digits < HASH_HEX_SIZE && word[digits] == 0;
}

static bool has_prefix(const struct normal *normal, const char *prefix)
{
	char hex[HASH_HEX_SIZE];

	return strncmp(hash_to_hex(&normal->hash, hex), prefix, strlen(prefix)) == 0;
}

/* Few definitions are installed: all are read. */
static int search(const struct rsctl *ctl, const glob_t *files, const char *prefix,
	struct definition *out)
{
	bool found = false;

	for (size_t i = 0; i < files->gl_pathc; i++) {
		struct definition one;
		int code = read_definition(ctl, files->gl_pathv[i], &one);

		if (code) {
			definition_free(out);
			return code;
		}
		if (!has_prefix(one.normal, prefix)) {
			definition_free(&one);
		} else if (found) {
			definition_free(&one);
			definition_free(out);
			return say_error(CONTROL_FAILED, prefix,
				"more than one interface begins like that");
		} else {
			*out = one;
			found = true;
		}
	}
	return found ? CONTROL_OK
		     : say_error(CONTROL_NOT_FOUND, prefix,
			       "no installed definition has this hash");
}

static int find_installed(const struct rsctl *ctl, const char *prefix, struct definition *out)
{
	char pattern[PATH_MAX];
	glob_t files;
	int r = places_installed(INSTALLED, pattern);

	if (r)
		return say_error(CONTROL_FAILED, prefix, "%s", strerror(-r));
	if (glob(pattern, 0, NULL, &files))
		return say_error(CONTROL_NOT_FOUND, prefix, "no definitions are installed");
	int code = search(ctl, &files, prefix, out);
	globfree(&files);
	return code;
}

/* A file, or the hash of an installed definition. */
static int find(const struct rsctl *ctl, const char *word, struct definition *out)
{
	*out = (struct definition){ 0 };
	return is_prefix(word) && access(word, F_OK) != 0 ? find_installed(ctl, word, out)
							  : read_definition(ctl, word, out);
}

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
	int code = read_definition(ctl, words[0], &definition);

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
	int code = find(ctl, words[0], &definition);

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
	int code = find(ctl, words[0], &old);

	if (code == CONTROL_OK)
		code = find(ctl, words[1], &new);
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
