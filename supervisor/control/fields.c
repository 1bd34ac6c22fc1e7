#include "supervisor/control/fields.h"

#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "supervisor/protocol.h"

static bool is_texts(const json_t *value)
{
	size_t i;
	json_t *item;

	if (!json_is_array(value) || json_array_size(value) > CONTROL_ARGS_MAX)
		return false;
	json_array_foreach(value, i, item) if (!json_is_string(item)) return false;
	return true;
}

static bool is_number(const json_t *value)
{
	return json_is_integer(value) && json_integer_value(value) >= 0;
}

static bool fits(const json_t *value, enum field_type type)
{
	switch (type) {
	case FIELD_TEXT:
		return json_is_string(value);
	case FIELD_TEXTS:
		return is_texts(value);
	case FIELD_NUMBER:
		return is_number(value);
	case FIELD_BOOL:
		return json_is_boolean(value);
	case FIELD_TARGET:
		return json_is_string(value) || is_number(value);
	}
	return false;
}

static const char *const kinds[] = {
	[FIELD_TEXT] = "a text",
	[FIELD_TEXTS] = "a list of texts",
	[FIELD_NUMBER] = "a number",
	[FIELD_BOOL] = "true or false",
	[FIELD_TARGET] = "a text or a number",
};

static const struct field *known(const struct field *fields, const char *name)
{
	for (; fields->name; fields++)
		if (strcmp(fields->name, name) == 0)
			return fields;
	return NULL;
}

int fields_check(const json_t *request, const struct field *fields, char why[FIELDS_WHY_SIZE])
{
	const char *name;
	json_t *value;
	char shown[64];

	json_object_foreach((json_t *)(uintptr_t)request, name, value)
	{
		const struct field *field = known(fields, name);
		if (strcmp(name, "op") == 0)
			continue;
		if (!field) {
			snprintf(why, FIELDS_WHY_SIZE, "the field \"%s\" is not known",
				log_text(shown, sizeof(shown), name, strlen(name)));
			return FIELDS_WRONG;
		}
		if (!fits(value, field->type)) {
			snprintf(why, FIELDS_WHY_SIZE, "%s is not %s", field->name,
				kinds[field->type]);
			return FIELDS_WRONG;
		}
	}
	for (; fields->name; fields++) {
		if (fields->needed && !json_object_get(request, fields->name)) {
			snprintf(why, FIELDS_WHY_SIZE, "%s is missing", fields->name);
			return FIELDS_WRONG;
		}
	}
	return 0;
}

const char *fields_text(const json_t *request, const char *name, const char *missing)
{
	const char *text = json_string_value(json_object_get(request, name));

	return text ? text : missing;
}

uint64_t fields_number(const json_t *request, const char *name, uint64_t missing)
{
	const json_t *value = json_object_get(request, name);

	return value ? (uint64_t)json_integer_value(value) : missing;
}

bool fields_bool(const json_t *request, const char *name)
{
	return json_is_true(json_object_get(request, name));
}
