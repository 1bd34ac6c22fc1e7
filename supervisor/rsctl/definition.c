#include "supervisor/rsctl/definition.h"

#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/places.h"
#include "supervisor/rsctl/say.h"

#define PREFIX_DIGITS_MIN 4
#define INSTALLED         "share/redshirt/interfaces/*.proto"

void definition_free(struct definition *definition)
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

int definition_read(const struct rsctl *ctl, const char *file, struct definition *out)
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
		int code = definition_read(ctl, files->gl_pathv[i], &one);

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

int definition_find(const struct rsctl *ctl, const char *word, struct definition *out)
{
	*out = (struct definition){ 0 };
	return is_prefix(word) && access(word, F_OK) != 0 ? find_installed(ctl, word, out)
							  : definition_read(ctl, word, out);
}

/* --- in requests --- */

#define ENDING ".proto"

static bool is_file(const char *word)
{
	size_t n = strlen(word), e = strlen(ENDING);

	return strchr(word, '/') || (n > e && strcmp(word + n - e, ENDING) == 0);
}

int definition_interface(const struct rsctl *ctl, const char *word, json_t **out)
{
	CLEANUP(definition_free) struct definition definition = { 0 };
	char hex[HASH_HEX_SIZE];

	if (is_file(word)) {
		int code = definition_read(ctl, word, &definition);
		if (code)
			return code;
		word = hash_to_hex(&definition.normal->hash, hex);
	}
	*out = json_string(word);
	return *out ? CONTROL_OK : say_error(CONTROL_USAGE, word, "not UTF-8");
}

int definition_interfaces(const struct rsctl *ctl, const char *words, json_t **out)
{
	CLEANUP(freep) char *copy = strdup(words);
	json_t *list = json_array();
	int code = copy ? CONTROL_OK : say_error(CONTROL_FAILED, words, "no memory");
	char *rest = NULL;

	for (char *word = copy ? strtok_r(copy, ",", &rest) : NULL; code == CONTROL_OK && word;
		word = strtok_r(NULL, ",", &rest)) {
		json_t *one = NULL;
		code = json_array_size(list) < DEFINITION_LIST_MAX
			       ? definition_interface(ctl, word, &one)
			       : say_error(CONTROL_USAGE, word, "at most %u interfaces at once",
					 DEFINITION_LIST_MAX);
		if (code == CONTROL_OK)
			json_array_append_new(list, one);
	}
	if (code == CONTROL_OK && json_array_size(list) == 0)
		code = say_error(CONTROL_USAGE, words, "it names no interface");
	if (code)
		json_decref(list);
	else
		*out = list;
	return code;
}

void definition_name(const char *file, char *out, size_t size)
{
	const char *slash = strrchr(file, '/');
	const char *name = slash ? slash + 1 : file;
	size_t n = strlen(name), e = strlen(ENDING);

	if (n > e && strcmp(name + n - e, ENDING) == 0)
		n -= e;
	snprintf(out, size, "%.*s", (int)n, name);
}
