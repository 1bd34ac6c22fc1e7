#include "interfaces/outline.h"

static const char *const type_names[RS_TYPES] = {
	[RS_DOUBLE] = "double",
	[RS_FLOAT] = "float",
	[RS_INT64] = "int64",
	[RS_UINT64] = "uint64",
	[RS_INT32] = "int32",
	[RS_FIXED64] = "fixed64",
	[RS_FIXED32] = "fixed32",
	[RS_BOOL] = "bool",
	[RS_STRING] = "string",
	[RS_BYTES] = "bytes",
	[RS_UINT32] = "uint32",
	[RS_SFIXED32] = "sfixed32",
	[RS_SFIXED64] = "sfixed64",
	[RS_SINT32] = "sint32",
	[RS_SINT64] = "sint64",
};

static const char *const label_names[] = {
	[RS_PLAIN] = "",
	[RS_OPTIONAL] = "optional ",
	[RS_REPEATED] = "repeated ",
	[RS_ONEOF] = "",
};

const char *outline_field_type(const struct normal *normal, const struct normal_field *field,
	char text[OUTLINE_TYPE_SIZE])
{
	if (field->of == NORMAL_NO_TYPE)
		snprintf(text, OUTLINE_TYPE_SIZE, "%s%s", label_names[field->label],
			type_names[field->type]);
	else
		snprintf(text, OUTLINE_TYPE_SIZE, "%s%.*s", label_names[field->label],
			NORMAL_TEXT(normal->types[field->of].name));
	return text;
}

struct rs_text outline_message(const struct normal *normal, uint32_t type)
{
	static const char none[] = "no answer";

	return type == NORMAL_NO_TYPE ? (struct rs_text){ none, sizeof(none) - 1 }
				      : normal->types[type].name;
}

static void print_field(const struct normal *normal, const struct normal_field *field, FILE *to)
{
	char type[OUTLINE_TYPE_SIZE];

	fprintf(to, "    %-5u %s %.*s", field->number, outline_field_type(normal, field, type),
		NORMAL_TEXT(field->name));
	if (field->label == RS_ONEOF)
		fprintf(to, ", one of %.*s", NORMAL_TEXT(field->oneof));
	putc('\n', to);
}

static void print_type(const struct normal *normal, const struct normal_type *type, FILE *to)
{
	fprintf(to, "%s %.*s\n", type->is_enum ? "enum" : "message", NORMAL_TEXT(type->name));
	for (uint32_t i = type->first; i < type->first + type->count; i++)
		if (type->is_enum)
			fprintf(to, "    %-5d %.*s\n", normal->values[i].number,
				NORMAL_TEXT(normal->values[i].name));
		else
			print_field(normal, &normal->fields[i], to);
}

void outline_print(const struct normal *normal, FILE *to)
{
	char hex[HASH_HEX_SIZE];

	fprintf(to, "interface %.*s\nhash      %s\n", NORMAL_TEXT(normal->service),
		hash_to_hex(&normal->hash, hex));
	for (uint32_t i = 0; i < normal->n_rpcs; i++) {
		const struct normal_rpc *rpc = &normal->rpcs[i];

		fprintf(to, "    %-5u %.*s: %.*s -> %.*s\n", i, NORMAL_TEXT(rpc->name),
			NORMAL_TEXT(outline_message(normal, rpc->request)),
			NORMAL_TEXT(outline_message(normal, rpc->answer)));
	}
	for (uint32_t i = 0; i < normal->n_types; i++)
		print_type(normal, &normal->types[i], to);
}
