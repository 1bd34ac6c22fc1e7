#include "supervisor/control/wanted.h"

#include <string.h>

#define NAME_DIGITS 12 /* of the hash, for a process without a name */

static bool add_string(struct processes_request *request, char *strings, const char *text)
{
	size_t n = strlen(text) + 1;
	uint32_t count = request->arguments + request->variables;

	if (count == START_STRINGS_MAX || n > START_STRINGS_BYTES_MAX - request->strings_bytes)
		return false;
	memcpy(strings + request->strings_bytes, text, n);
	request->strings_bytes += (uint32_t)n;
	return true;
}

static bool add_strings(
	struct wanted *wanted, const json_t *json, const char *key, uint32_t *count)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(json, key), i, item)
	{
		if (!add_string(&wanted->request, wanted->strings, json_string_value(item)))
			return false;
		++*count;
	}
	return true;
}

/* A program finds its own name before its arguments, as it is used to. */
static bool add_own_name(struct wanted *wanted)
{
	struct processes_request *request = &wanted->request;
	char hex[HASH_HEX_SIZE];

	hash_to_hex(&request->program, hex);
	hex[NAME_DIGITS] = 0;
	if (!add_string(request, wanted->strings, request->name[0] ? request->name : hex))
		return false;
	request->arguments++;
	return true;
}

static const char *bad_variable(const json_t *list)
{
	json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *text = json_string_value(item);
		if (text[0] == '=' || !strchr(text, '='))
			return text;
	}
	return NULL;
}

/* For what it starts a process has as much memory again as for itself. */
static const char *read_children(const json_t *json, struct limits *limits)
{
	if (limits_children(limits, fields_number(json, "children", limits->children)))
		return "children are too many";
	if (limits_children_memory(
		    limits, fields_number(json, "children_memory", limits->memory_bytes)))
		return "children_memory is too much";
	if (limits_children_depth(
		    limits, fields_number(json, "children_depth", limits->children_depth)))
		return "children_depth is 0 to 15";
	return NULL;
}

static const char *read_limits(const json_t *json, struct limits *limits)
{
	if (limits_memory(limits, fields_number(json, "memory", limits->memory_bytes)))
		return "memory is 1 byte to 4 GiB";
	if (limits_cpu(limits, fields_number(json, "cpu", limits->cpu_s)))
		return "cpu is too many seconds";
	return read_children(json, limits);
}

const char *wanted_read(const json_t *json, struct wanted *wanted)
{
	struct processes_request *request = &wanted->request;
	const char *why = read_limits(json, &request->limits);

	request->name = fields_text(json, "name", "");
	if (why)
		return why;
	if (strlen(request->name) > CONTROL_NAME_MAX)
		return "the name is too long";
	if (bad_variable(json_object_get(json, "env")))
		return "a variable is written NAME=VALUE";
	wanted->strings = malloc(START_STRINGS_BYTES_MAX);
	if (!wanted->strings)
		return strerror(ENOMEM);
	request->strings = wanted->strings;
	if (!add_own_name(wanted) || !add_strings(wanted, json, "args", &request->arguments))
		return "the arguments are too long";
	if (!add_strings(wanted, json, "env", &request->variables))
		return "the environment is too long";
	return NULL;
}

void wanted_deinit(struct wanted *wanted)
{
	free(wanted->strings);
	wanted->strings = NULL;
}
