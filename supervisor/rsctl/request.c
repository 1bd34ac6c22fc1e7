#include "supervisor/rsctl/request.h"

#include <string.h>

#include "supervisor/rsctl/definition.h"
#include "supervisor/rsctl/program.h"
#include "supervisor/rsctl/say.h"

/* JSON is UTF-8; what a shell hands over need not be. */
static int texts(const char *what, const char *const *items, size_t count, json_t *out)
{
	for (size_t i = 0; i < count; i++)
		if (json_array_append_new(out, json_string(items[i])) != 0)
			return say_error(
				CONTROL_USAGE, what, "%s: this is not UTF-8", items[i]);
	return CONTROL_OK;
}

static int environment(const struct options_list *list, json_t *out)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strchr(list->items[i], '=') || list->items[i][0] == '=')
			return say_error(
				CONTROL_USAGE, "--env", "expected K=V, not %s", list->items[i]);
	return texts("--env", list->items, list->count, out);
}

/* register:WORD or WORD, where WORD may be a definition. */
static int add_interface(const struct rsctl *ctl, const char *word, json_t *list)
{
	bool handles = strncmp(word, CONTROL_REGISTER, strlen(CONTROL_REGISTER)) == 0;
	json_t *interface;
	int code = definition_interface(
		ctl, handles ? word + strlen(CONTROL_REGISTER) : word, &interface);

	if (code)
		return code;
	json_array_append_new(list, json_sprintf("%s%s", handles ? CONTROL_REGISTER : "",
					    json_string_value(interface)));
	json_decref(interface);
	return CONTROL_OK;
}

static int interfaces(const struct rsctl *ctl, const char *key,
	const struct options_list *lists, json_t *request)
{
	json_t *list = json_array();
	int code = CONTROL_OK;

	for (size_t i = 0; i < lists->count && code == CONTROL_OK; i++) {
		CLEANUP(freep) char *words = strdup(lists->items[i]);
		char *rest, *word = words ? strtok_r(words, ",", &rest) : NULL;
		for (; word && code == CONTROL_OK; word = strtok_r(NULL, ",", &rest))
			code = add_interface(ctl, word, list);
	}
	if (code == CONTROL_OK && json_array_size(list))
		return json_object_set_new(request, key, list) ? CONTROL_FAILED : CONTROL_OK;
	json_decref(list);
	return code;
}

static void set_if_said(json_t *request, const char *key, uint64_t value)
{
	if (value != UINT64_MAX)
		json_object_set_new(
			request, key, json_integer((json_int_t)(value & INT64_MAX)));
}

int request_of_program(
	const struct rsctl *ctl, const char *op, const char *program, json_t **out)
{
	char usual[CONTROL_NAME_MAX + 1];
	const char *name = ctl->name ? ctl->name : usual;
	json_t *args = json_array(), *env = json_array();
	int code = texts("arguments", (const char *const *)ctl->words + 1,
		(size_t)ctl->n_words - 1, args);

	program_name(ctl->words[0], usual);
	if (code == CONTROL_OK)
		code = environment(&ctl->env, env);
	json_t *request = json_pack(
		"{s:s, s:s, s:o, s:o}", "op", op, "program", program, "args", args, "env", env);
	json_t *name_json = json_string(name);
	if (code == CONTROL_OK && !name_json && ctl->name)
		code = say_error(CONTROL_USAGE, "--name", "this is not UTF-8");
	if (name_json && *name)
		json_object_set_new(request, "name", name_json);
	else
		json_decref(name_json);
	if (ctl->memory)
		json_object_set_new(request, "memory", json_integer((json_int_t)ctl->memory));
	if (ctl->cpu_ms) /* rsd counts whole seconds */
		json_object_set_new(
			request, "cpu", json_integer((json_int_t)(ctl->cpu_ms + 999) / 1000));
	if (ctl->best)
		json_object_set_new(request, "best", json_true());
	set_if_said(request, "children", ctl->children);
	set_if_said(request, "children_memory", ctl->children_memory);
	set_if_said(request, "children_depth", ctl->children_depth);
	if (code == CONTROL_OK)
		code = interfaces(ctl, "allow", &ctl->allow, request);
	if (code == CONTROL_OK)
		code = interfaces(ctl, "deny", &ctl->deny, request);
	if (code)
		json_decref(request);
	else
		*out = request;
	return code;
}
