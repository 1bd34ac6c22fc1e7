#include "interfaces/normal.h"

#include <stdarg.h>
#include <string.h>

#define FIELD_NUMBER_MAX 0x1fffffffu

static const char form_begin[] = "redshirt-interface-v1";

/* What reading needs beside the result. */
struct reading {
	const struct descriptor_set *set;
	struct normal *normal;
	uint32_t depth;
};

/* Keeps the first reason. What is quoted was checked to be an identifier, or is shown as '?'.
 */
PRINTF(2, 3) static int refuse(struct reading *reading, const char *why, ...)
{
	char *text = reading->normal->why;
	va_list args;

	if (*text)
		return NORMAL_REFUSED;
	va_start(args, why);
	vsnprintf(text, NORMAL_WHY_SIZE, why, args);
	va_end(args);
	for (char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	return NORMAL_REFUSED;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_identifier(struct rs_text name)
{
	if (name.bytes == 0 || name.bytes > NORMAL_NAME_BYTES_MAX || !is_letter(name.at[0]))
		return false;
	for (size_t i = 1; i < name.bytes; i++)
		if (!is_letter(name.at[i]) && (name.at[i] < '0' || name.at[i] > '9'))
			return false;
	return true;
}

/* Identifiers with dots between them. */
static bool is_full_name(struct rs_text name)
{
	while (name.bytes <= NORMAL_NAME_BYTES_MAX) {
		const char *dot = memchr(name.at, '.', name.bytes);
		size_t bytes = dot ? (size_t)(dot - name.at) : name.bytes;

		if (!is_identifier((struct rs_text){ name.at, bytes }))
			return false;
		if (!dot)
			return true;
		name = (struct rs_text){ dot + 1, name.bytes - bytes - 1 };
	}
	return false;
}

struct rs_text normal_short(struct rs_text name, uint32_t package_bytes)
{
	return (struct rs_text){ name.at + package_bytes, name.bytes - package_bytes };
}

static int compare_text(struct rs_text a, struct rs_text b)
{
	int order = memcmp(a.at, b.at, a.bytes < b.bytes ? a.bytes : b.bytes);

	return order ? order : (a.bytes > b.bytes) - (a.bytes < b.bytes);
}

/* --- enums --- */

static int compare_values(const void *left, const void *right)
{
	const struct normal_value *a = left, *b = right;
	int order = (a->number > b->number) - (a->number < b->number);

	return order ? order : compare_text(a->name, b->name);
}

static int read_enum(
	struct reading *reading, struct normal_type *type, struct rs_cursor descriptor)
{
	struct normal *normal = reading->normal;
	struct rs_cursor value;

	type->first = normal->n_values;
	while (descriptor_each(&descriptor, ENUM_VALUE, &value)) {
		if (normal->n_values == NORMAL_VALUES_MAX)
			return refuse(reading, "more than %u enum values", NORMAL_VALUES_MAX);
		struct normal_value *next = &normal->values[normal->n_values++];
		next->name = descriptor_text(value, VALUE_NAME);
		next->number = (int32_t)(uint32_t)descriptor_number(value, VALUE_NUMBER, 0);
		if (!descriptor_is_well_formed(value) || !is_identifier(next->name))
			return refuse(reading, "enum %.*s: a value without a proper name",
				NORMAL_TEXT(type->name));
	}
	type->count = normal->n_values - type->first;
	struct normal_value *values = normal->values + type->first;
	qsort(values, type->count, sizeof(*values), compare_values);
	for (uint32_t i = 1; i < type->count; i++)
		if (compare_values(&values[i], &values[i - 1]) == 0)
			return refuse(reading, "enum %.*s: %.*s comes twice",
				NORMAL_TEXT(type->name), NORMAL_TEXT(values[i].name));
	return 0;
}

/* --- messages --- */

static int read_type(struct reading *reading, struct rs_text name, uint32_t *out);

static struct rs_text oneof_name(struct rs_cursor message, uint64_t index)
{
	struct rs_cursor oneof;

	while (descriptor_each(&message, MESSAGE_ONEOF, &oneof))
		if (index-- == 0)
			return descriptor_text(oneof, ONEOF_NAME);
	return (struct rs_text){ "", 0 };
}

/* protoc puts an optional field into a oneof of its own, which nobody wrote. */
static int read_label(struct reading *reading, struct normal_field *out, struct rs_cursor field,
	struct rs_cursor message)
{
	uint64_t index = descriptor_number(field, FIELD_ONEOF_INDEX, UINT64_MAX);
	uint64_t label = descriptor_number(field, FIELD_LABEL, LABEL_OPTIONAL);

	out->label = RS_PLAIN;
	if (label == LABEL_REPEATED) {
		out->label = RS_REPEATED;
	} else if (label != LABEL_OPTIONAL) {
		return refuse(reading, "field %.*s: its label is not one of proto3's",
			NORMAL_TEXT(out->name));
	} else if (descriptor_number(field, FIELD_PROTO3_OPTIONAL, 0)) {
		out->label = RS_OPTIONAL;
	} else if (index != UINT64_MAX) {
		out->label = RS_ONEOF;
		out->oneof = oneof_name(message, index);
		if (!is_identifier(out->oneof))
			return refuse(reading, "field %.*s: its oneof has no proper name",
				NORMAL_TEXT(out->name));
	}
	return 0;
}

static int read_field(struct reading *reading, struct normal_field *out, struct rs_cursor field,
	struct rs_cursor message)
{
	uint64_t number = descriptor_number(field, FIELD_NUMBER, 0);
	uint64_t type = descriptor_number(field, FIELD_TYPE, 0);

	*out = (struct normal_field){ .name = descriptor_text(field, FIELD_NAME),
		.type_name = descriptor_text(field, FIELD_TYPE_NAME),
		.of = NORMAL_NO_TYPE };
	if (!descriptor_is_well_formed(field) || !is_identifier(out->name))
		return refuse(reading, "a field without a proper name");
	if (number == 0 || number > FIELD_NUMBER_MAX)
		return refuse(reading, "field %.*s: no proper number", NORMAL_TEXT(out->name));
	if (type == TYPE_GROUP)
		return refuse(
			reading, "field %.*s: groups are refused", NORMAL_TEXT(out->name));
	if (type == 0 || type >= RS_TYPES)
		return refuse(
			reading, "field %.*s: its type is not known", NORMAL_TEXT(out->name));
	out->number = (uint32_t)number;
	out->type = (uint32_t)type;
	return read_label(reading, out, field, message);
}

static int compare_fields(const void *left, const void *right)
{
	const struct normal_field *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

static int read_own_fields(
	struct reading *reading, struct normal_type *type, struct rs_cursor descriptor)
{
	struct normal *normal = reading->normal;
	struct rs_cursor rest = descriptor, field;

	type->first = normal->n_fields;
	while (descriptor_each(&rest, MESSAGE_FIELD, &field)) {
		if (normal->n_fields == NORMAL_FIELDS_MAX)
			return refuse(reading, "more than %u fields", NORMAL_FIELDS_MAX);
		if (normal->n_fields - type->first == NORMAL_FIELDS_OF_MAX)
			return refuse(reading, "message %.*s: more than %u fields",
				NORMAL_TEXT(type->name), NORMAL_FIELDS_OF_MAX);
		int r = read_field(
			reading, &normal->fields[normal->n_fields++], field, descriptor);
		if (r)
			return r;
	}
	type->count = normal->n_fields - type->first;
	struct normal_field *fields = normal->fields + type->first;
	qsort(fields, type->count, sizeof(*fields), compare_fields);
	for (uint32_t i = 1; i < type->count; i++)
		if (fields[i].number == fields[i - 1].number)
			return refuse(reading, "message %.*s: two fields with number %u",
				NORMAL_TEXT(type->name), fields[i].number);
	return 0;
}

static bool is_map_entry(struct rs_cursor message)
{
	struct rs_cursor options;

	while (descriptor_each(&message, MESSAGE_OPTIONS, &options))
		if (descriptor_number(options, OPTIONS_MAP_ENTRY, 0))
			return true;
	return false;
}

static bool is_no_answer_name(struct rs_text name)
{
	static const char word[] = "NoAnswer";
	size_t bytes = sizeof(word) - 1;

	return name.bytes >= bytes && memcmp(name.at + name.bytes - bytes, word, bytes) == 0 &&
	       (name.bytes == bytes || name.at[name.bytes - bytes - 1] == '.');
}

static int check_message(
	struct reading *reading, struct rs_text name, struct rs_cursor descriptor)
{
	struct rs_cursor range, rest = descriptor;

	if (is_map_entry(descriptor))
		return refuse(reading,
			"%.*s: maps are refused; a repeated message with key and value does it",
			NORMAL_TEXT(name));
	if (descriptor_each(&rest, MESSAGE_EXTENSION_RANGE, &range))
		return refuse(reading, "%.*s: extensions are refused", NORMAL_TEXT(name));
	if (is_no_answer_name(name))
		return refuse(reading, "%.*s: only an answer may be that", NORMAL_TEXT(name));
	return 0;
}

/* The types of its fields, in the order in which they appear. */
static int read_field_types(struct reading *reading, struct normal_type *type)
{
	struct normal *normal = reading->normal;

	for (uint32_t i = type->first; i < type->first + type->count; i++) {
		struct normal_field *field = &normal->fields[i];

		if (field->type != RS_MESSAGE_TYPE && field->type != RS_ENUM)
			continue;
		int r = read_type(reading, field->type_name, &field->of);
		if (r)
			return r;
		const struct normal_type *of = &normal->types[field->of];
		if (of->is_enum != (field->type == RS_ENUM))
			return refuse(reading, "field %.*s: its type is not what it says",
				NORMAL_TEXT(field->name));
		if (of->height + 1 > type->height)
			type->height = of->height + 1;
	}
	return 0;
}

static int read_message(
	struct reading *reading, struct normal_type *type, struct rs_cursor descriptor)
{
	int r;

	type->height = 1;
	type->open = true;
	reading->depth++;
	if ((r = check_message(reading, type->name, descriptor)) ||
		(r = read_own_fields(reading, type, descriptor)) ||
		(r = read_field_types(reading, type)))
		return r;
	reading->depth--;
	type->open = false;
	return 0;
}

/* --- types --- */

static uint32_t known_type(const struct normal *normal, struct rs_text name)
{
	for (uint32_t i = 0; i < normal->n_types; i++)
		if (descriptor_text_equal(normal->types[i].name, name))
			return i;
	return NORMAL_NO_TYPE;
}

/* One that appeared already: it may not lie in itself, nor too deep. */
static int check_again(struct reading *reading, const struct normal_type *type)
{
	if (type->open)
		return refuse(reading, "message %.*s contains itself", NORMAL_TEXT(type->name));
	if (reading->depth + type->height > NORMAL_DEPTH_MAX)
		return refuse(reading, "message %.*s: more than %u messages in one another",
			NORMAL_TEXT(type->name), NORMAL_DEPTH_MAX);
	return 0;
}

static int check_new(struct reading *reading, const struct descriptor_type *found)
{
	if (!is_full_name(found->name) || !descriptor_is_well_formed(found->file) ||
		!descriptor_is_well_formed(found->body))
		return refuse(reading, "a type without a proper name");
	if (!descriptor_text_is(descriptor_text(found->file, FILE_SYNTAX), "proto3"))
		return refuse(
			reading, "%.*s: its file is not proto3", NORMAL_TEXT(found->name));
	if (reading->normal->n_types == NORMAL_TYPES_MAX)
		return refuse(reading, "more than %u types", NORMAL_TYPES_MAX);
	if (!found->is_enum && reading->depth == NORMAL_DEPTH_MAX)
		return refuse(reading, "message %.*s: more than %u messages in one another",
			NORMAL_TEXT(found->name), NORMAL_DEPTH_MAX);
	return 0;
}

static int read_type(struct reading *reading, struct rs_text name, uint32_t *out)
{
	struct normal *normal = reading->normal;
	struct descriptor_type found;

	if (name.bytes > 1 &&
		(*out = known_type(normal, (struct rs_text){ name.at + 1, name.bytes - 1 })) !=
			NORMAL_NO_TYPE)
		return check_again(reading, &normal->types[*out]);
	if (!descriptor_find_type(reading->set, name, &found))
		return refuse(reading, "a type that is not defined");
	int r = check_new(reading, &found);
	if (r)
		return r;
	*out = normal->n_types++;
	struct normal_type *type = &normal->types[*out];
	*type = (struct normal_type){ .name = found.name,
		.package_bytes = found.package_bytes,
		.is_enum = found.is_enum };
	return found.is_enum ? read_enum(reading, type, found.body)
			     : read_message(reading, type, found.body);
}

/* --- the service --- */

static int read_answer(struct reading *reading, struct rs_cursor method, struct normal_rpc *rpc)
{
	struct rs_text name = descriptor_text(method, METHOD_OUTPUT);
	struct descriptor_type found;
	struct rs_cursor field;

	if (!is_no_answer_name(name))
		return read_type(reading, name, &rpc->answer);
	rpc->answer = NORMAL_NO_TYPE;
	if (!descriptor_find_type(reading->set, name, &found) || found.is_enum)
		return refuse(reading, "NoAnswer is not a message");
	if (descriptor_each(&found.body, MESSAGE_FIELD, &field))
		return refuse(reading, "NoAnswer has fields: nobody would get them");
	return 0;
}

static int read_rpc(struct reading *reading, struct rs_cursor method, struct normal_rpc *rpc)
{
	rpc->name = descriptor_text(method, METHOD_NAME);
	if (!descriptor_is_well_formed(method) || !is_identifier(rpc->name))
		return refuse(reading, "an rpc without a proper name");
	if (descriptor_number(method, METHOD_CLIENT_STREAMING, 0) ||
		descriptor_number(method, METHOD_SERVER_STREAMING, 0))
		return refuse(reading,
			"rpc %.*s: streams are refused; a message has one answer",
			NORMAL_TEXT(rpc->name));
	int r = read_type(reading, descriptor_text(method, METHOD_INPUT), &rpc->request);
	if (r == 0)
		r = read_answer(reading, method, rpc);
	if (r == 0 && (reading->normal->types[rpc->request].is_enum ||
			      (rpc->answer != NORMAL_NO_TYPE &&
				      reading->normal->types[rpc->answer].is_enum)))
		return refuse(
			reading, "rpc %.*s: an enum is not a message", NORMAL_TEXT(rpc->name));
	return r;
}

static int read_rpcs(struct reading *reading, struct rs_cursor service)
{
	struct normal *normal = reading->normal;
	struct rs_cursor method;

	while (descriptor_each(&service, SERVICE_METHOD, &method)) {
		if (normal->n_rpcs == NORMAL_RPCS_MAX)
			return refuse(reading, "more than %u rpcs", NORMAL_RPCS_MAX);
		struct normal_rpc *rpc = &normal->rpcs[normal->n_rpcs];
		int r = read_rpc(reading, method, rpc);
		if (r)
			return r;
		for (uint32_t i = 0; i < normal->n_rpcs; i++)
			if (descriptor_text_equal(normal->rpcs[i].name, rpc->name))
				return refuse(reading, "two rpcs called %.*s",
					NORMAL_TEXT(rpc->name));
		normal->n_rpcs++;
	}
	return normal->n_rpcs ? 0 : refuse(reading, "the service has no rpc");
}

/* The full name is not written anywhere in the set: it is put together behind the struct. */
static int name_service(struct reading *reading, struct rs_cursor file, struct rs_text name)
{
	struct rs_text package = descriptor_text(file, FILE_PACKAGE);
	char *full = (char *)(reading->normal + 1);
	size_t at = 0;

	if (!is_identifier(name) || (package.bytes && !is_full_name(package)) ||
		package.bytes + 1 + name.bytes > NORMAL_NAME_BYTES_MAX)
		return refuse(reading, "the service has no proper name");
	if (package.bytes) {
		memcpy(full, package.at, package.bytes);
		full[package.bytes] = '.';
		at = package.bytes + 1;
	}
	memcpy(full + at, name.at, name.bytes);
	reading->normal->service = (struct rs_text){ full, at + name.bytes };
	reading->normal->package_bytes = (uint32_t)at;
	return 0;
}

static int read_service(struct reading *reading, struct rs_text name)
{
	struct rs_cursor file, service, other;

	if (rs_cursor_left(&reading->set->files) > DESCRIPTOR_SET_BYTES_MAX ||
		!descriptor_is_well_formed(reading->set->files) ||
		!descriptor_find_file(reading->set, name, &file))
		return refuse(reading, "not a set of files with this one in it");
	if (!descriptor_text_is(descriptor_text(file, FILE_SYNTAX), "proto3"))
		return refuse(reading, "not proto3");
	struct rs_cursor rest = file;
	if (!descriptor_each(&rest, FILE_SERVICE, &service))
		return refuse(reading, "no service in it");
	if (descriptor_each(&rest, FILE_SERVICE, &other))
		return refuse(reading, "more than one service in it");
	int r = name_service(reading, file, descriptor_text(service, SERVICE_NAME));
	if (r == 0 && !descriptor_is_well_formed(service))
		return refuse(reading, "the service cannot be read");
	return r ? r : read_rpcs(reading, service);
}

static int hash_form(struct normal *normal)
{
	CLEANUP(freep) uint8_t *form = NULL;
	size_t size;
	int r = normal_form(normal, &form, &size);

	if (r == 0)
		normal->hash = hash_blake2b(form, size);
	return r;
}

int normal_read(const struct descriptor_set *set, struct rs_text file, struct normal **out)
{
	struct normal *normal = calloc(1, sizeof(*normal) + NORMAL_NAME_BYTES_MAX + 1);
	struct reading reading = { .set = set, .normal = normal };

	*out = normal;
	if (!normal)
		return -ENOMEM;
	int r = read_service(&reading, file);
	return r ? r : hash_form(normal);
}

/* --- the form --- */

struct forming {
	const struct normal *normal;
	uint32_t appeared;
	FILE *to;
};

static void form_u32(struct forming *forming, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		putc((int)(value >> (8 * i) & 0xff), forming->to);
}

static void form_text(struct forming *forming, struct rs_text text)
{
	form_u32(forming, (uint32_t)text.bytes);
	fwrite(text.at, 1, text.bytes, forming->to);
}

static void form_type(struct forming *forming, uint32_t index);

static void form_field(struct forming *forming, const struct normal_field *field)
{
	form_u32(forming, field->number);
	form_text(forming, field->name);
	putc((int)field->label, forming->to);
	if (field->label == RS_ONEOF)
		form_text(forming, field->oneof);
	putc((int)field->type, forming->to);
	if (field->of != NORMAL_NO_TYPE)
		form_type(forming, field->of);
}

/* Types are kept in the order of first appearance, so this one appears now or did before. */
static void form_type(struct forming *forming, uint32_t index)
{
	const struct normal *normal = forming->normal;
	const struct normal_type *type = &normal->types[index];

	if (index < forming->appeared) {
		putc('R', forming->to);
		form_u32(forming, index);
		return;
	}
	forming->appeared = index + 1;
	putc(type->is_enum ? 'E' : 'M', forming->to);
	form_text(forming, type->name);
	form_u32(forming, type->count);
	for (uint32_t i = type->first; i < type->first + type->count; i++) {
		if (type->is_enum) {
			form_u32(forming, (uint32_t)normal->values[i].number);
			form_text(forming, normal->values[i].name);
		} else {
			form_field(forming, &normal->fields[i]);
		}
	}
}

static void form_rpc(struct forming *forming, const struct normal_rpc *rpc)
{
	bool answers = rpc->answer != NORMAL_NO_TYPE;

	form_text(forming, rpc->name);
	form_type(forming, rpc->request);
	putc(answers, forming->to);
	if (answers)
		form_type(forming, rpc->answer);
}

int normal_form(const struct normal *normal, uint8_t **bytes, size_t *size)
{
	char *text = NULL;
	struct forming forming = { .normal = normal, .to = open_memstream(&text, size) };

	if (!forming.to)
		return -errno;
	fwrite(form_begin, 1, sizeof(form_begin) - 1, forming.to);
	form_text(&forming, normal->service);
	form_u32(&forming, normal->n_rpcs);
	for (uint32_t i = 0; i < normal->n_rpcs; i++)
		form_rpc(&forming, &normal->rpcs[i]);
	if (fclose(forming.to)) {
		free(text);
		return -ENOMEM;
	}
	*bytes = (uint8_t *)text;
	return 0;
}
