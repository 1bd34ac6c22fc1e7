#include <string.h>

#include "interfaces/ifgen_write.h"

/* What one run of the writer knows: prefixes are those of everything in the header. */
struct writing {
	const struct normal *normal;
	FILE *to;
	struct ifgen_names *names;
	struct ifgen_name lower, upper; /* of the service */
	bool written[NORMAL_TYPES_MAX];
	int error; /* the first one */
};

/* Remembers a name of file scope and keeps the error. */
#define TAKE(writing, ...)                                                   \
	do {                                                                 \
		int r_ = ifgen_names_take((writing)->names, __VA_ARGS__);    \
		(writing)->error = (writing)->error ? (writing)->error : r_; \
	} while (0)

struct c_type {
	const char *c, *constant;
	uint32_t wire_bytes_max; /* 0: no limit */
};

static const struct c_type c_types[RS_TYPES] = {
	[RS_DOUBLE] = { "double ", "RS_DOUBLE", 8 },
	[RS_FLOAT] = { "float ", "RS_FLOAT", 4 },
	[RS_INT64] = { "int64_t ", "RS_INT64", 10 },
	[RS_UINT64] = { "uint64_t ", "RS_UINT64", 10 },
	[RS_INT32] = { "int32_t ", "RS_INT32", 10 },
	[RS_FIXED64] = { "uint64_t ", "RS_FIXED64", 8 },
	[RS_FIXED32] = { "uint32_t ", "RS_FIXED32", 4 },
	[RS_BOOL] = { "bool ", "RS_BOOL", 1 },
	[RS_STRING] = { "struct rs_text ", "RS_STRING", 0 },
	[RS_MESSAGE_TYPE] = { NULL, "RS_MESSAGE_TYPE", 0 },
	[RS_BYTES] = { "struct rs_bytes ", "RS_BYTES", 0 },
	[RS_UINT32] = { "uint32_t ", "RS_UINT32", 5 },
	[RS_ENUM] = { "int32_t ", "RS_ENUM", 10 },
	[RS_SFIXED32] = { "int32_t ", "RS_SFIXED32", 4 },
	[RS_SFIXED64] = { "int64_t ", "RS_SFIXED64", 8 },
	[RS_SINT32] = { "int32_t ", "RS_SINT32", 5 },
	[RS_SINT64] = { "int64_t ", "RS_SINT64", 10 },
};

static const char *const label_constants[] = { "RS_PLAIN", "RS_OPTIONAL", "RS_REPEATED",
	"RS_ONEOF" };

/* --- names --- */

static struct ifgen_name type_lower(const struct normal_type *type)
{
	return ifgen_names_lower(normal_short(type->name, type->package_bytes));
}

static struct ifgen_name type_upper(const struct normal_type *type)
{
	return ifgen_names_upper(normal_short(type->name, type->package_bytes));
}

/* A message is there or not, whatever it says. */
static enum rs_label c_label(const struct normal_field *field)
{
	return field->label == RS_PLAIN && field->type == RS_MESSAGE_TYPE ? RS_OPTIONAL
									  : field->label;
}

static void print_c_type(struct writing *writing, const struct normal_field *field)
{
	if (field->type != RS_MESSAGE_TYPE)
		fputs(c_types[field->type].c, writing->to);
	else
		fprintf(writing->to, "struct rs_%s_%s ", writing->lower.text,
			type_lower(&writing->normal->types[field->of]).text);
}

/* --- sizes --- */

static uint64_t varint_bytes(uint64_t value)
{
	uint64_t n = 1;

	for (; value >= 0x80; value >>= 7)
		n++;
	return n;
}

/* Messages lie in one another at most NORMAL_DEPTH_MAX deep, each with at most
 * NORMAL_FIELDS_OF_MAX fields: no overflow in 64 bits. */
uint64_t ifgen_bytes_max_and_one(const struct normal *normal, const struct normal_type *type)
{
	uint64_t sum = 1;

	for (uint32_t i = type->first; i < type->first + type->count; i++) {
		const struct normal_field *field = &normal->fields[i];
		uint64_t value = c_types[field->type].wire_bytes_max;

		if (field->type == RS_MESSAGE_TYPE) {
			value = ifgen_bytes_max_and_one(normal, &normal->types[field->of]);
			value = value ? value - 1 + varint_bytes(value - 1) : 0;
		}
		if (value == 0 || field->label == RS_REPEATED)
			return 0;
		sum += varint_bytes((uint64_t)field->number << 3) + value;
		if (sum > RS_CODEC_BODY_BYTES_MAX)
			return 0;
	}
	return sum;
}

/* --- what is there once --- */

static void print_head(struct writing *writing, struct rs_text file)
{
	char hex[HASH_HEX_SIZE];

	fprintf(writing->to,
		"/*\n * Written by rs-ifgen from %.*s: the interface %.*s.\n * %s\n */\n"
		"#pragma once\n\n#include \"interfaces/encode.h\"\n\n",
		NORMAL_TEXT(file), NORMAL_TEXT(writing->normal->service),
		hash_to_hex(&writing->normal->hash, hex));
	fprintf(writing->to,
		"static const uint8_t rs_interface_%s[%d] __attribute__((unused)) = {",
		writing->lower.text, HASH_BYTES);
	ifgen_write_hash(&writing->normal->hash, writing->to);
	fputs("};\n", writing->to);
}

/* Hash and name as the assembler takes them: only with it can C write into a section. */
static void print_manifest(struct writing *writing)
{
	TAKE(writing, "RS_%s_MANIFEST", writing->upper.text);
	fprintf(writing->to,
		"\n/* For RS_MANIFEST_USES() and RS_MANIFEST_REGISTERS() of redshirt.h. */\n"
		"#define RS_%s_MANIFEST",
		writing->upper.text);
	for (int i = 0; i < HASH_BYTES; i++)
		fprintf(writing->to, "%s0x%02x%s", i % 16 == 0 ? " \\\n\t\"" : "",
			writing->normal->hash.bytes[i],
			i == HASH_BYTES - 1 ? "\\n\""
			: i % 16 == 15      ? ",\""
					    : ",");
	fprintf(writing->to, " \\\n\t\".asciz \\\"%.*s\\\"\\n\"\n",
		NORMAL_TEXT(ifgen_manifest_name(writing->normal)));
}

static void print_rpc_constant(struct writing *writing, const struct normal_rpc *rpc)
{
	const struct normal_type *types = writing->normal->types;
	struct ifgen_name name = ifgen_names_upper(rpc->name);

	TAKE(writing, "RS_%s_%s", writing->upper.text, name.text);
	fprintf(writing->to, "\tRS_%s_%s, /* %s: %s */\n", writing->upper.text, name.text,
		type_lower(&types[rpc->request]).text,
		rpc->answer == NORMAL_NO_TYPE ? "no answer"
					      : type_lower(&types[rpc->answer]).text);
}

static void print_rpc_constants(struct writing *writing)
{
	fputs("\n/* The index of each rpc: its request, its answer. */\nenum {\n", writing->to);
	for (uint32_t i = 0; i < writing->normal->n_rpcs; i++)
		print_rpc_constant(writing, &writing->normal->rpcs[i]);
	TAKE(writing, "RS_%s_RPCS", writing->upper.text);
	fprintf(writing->to, "\tRS_%s_RPCS\n};\n", writing->upper.text);
}

/* --- enums --- */

/* Values have names beside that of their enum, as in protobuf. */
static void print_enum(struct writing *writing, const struct normal_type *type)
{
	struct rs_text name = normal_short(type->name, type->package_bytes);
	const char *dot = memrchr(name.at, '.', name.bytes);
	struct rs_text around = { name.at, dot ? (size_t)(dot - name.at) : 0 };

	fprintf(writing->to, "\nenum rs_%s_%s {\n", writing->lower.text, type_lower(type).text);
	for (uint32_t i = type->first; i < type->first + type->count; i++) {
		const struct normal_value *value = &writing->normal->values[i];
		struct ifgen_name outer = ifgen_names_upper(around);
		struct ifgen_name own = ifgen_names_upper(value->name);
		const char *between = around.bytes ? "_" : "";

		TAKE(writing, "RS_%s_%s%s%s", writing->upper.text, outer.text, between,
			own.text);
		fprintf(writing->to, "\tRS_%s_%s%s%s = ", writing->upper.text, outer.text,
			between, own.text);
		/* there is no literal for the smallest */
		fprintf(writing->to, value->number == INT32_MIN ? "-%d - 1,\n" : "%d,\n",
			value->number == INT32_MIN ? INT32_MAX : value->number);
	}
	fputs("};\n", writing->to);
}

/* --- structs --- */

static void print_plain_member(
	struct writing *writing, const struct normal_field *field, const char *indent)
{
	fputs(indent, writing->to);
	print_c_type(writing, field);
	fprintf(writing->to, "%s;\n", ifgen_names_field(field->name).text);
}

static bool first_of_oneof(const struct writing *writing, const struct normal_type *type,
	const struct normal_field *field)
{
	const struct normal_field *first = &writing->normal->fields[type->first];

	for (; first < field; first++)
		if (first->label == RS_ONEOF &&
			descriptor_text_equal(first->oneof, field->oneof))
			return false;
	return true;
}

static void print_oneof(struct writing *writing, const struct normal_type *type,
	const struct normal_field *of, struct ifgen_names *members)
{
	const struct normal_field *fields = &writing->normal->fields[type->first];
	struct ifgen_name name = ifgen_names_field(of->oneof), upper = type_upper(type);
	int r = ifgen_names_take(members, "%s", name.text);

	if (r == 0)
		r = ifgen_names_take(members, "which_%.*s", NORMAL_TEXT(of->oneof));
	writing->error = writing->error ? writing->error : r;
	fprintf(writing->to, "\tuint32_t which_%.*s; /* 0: none; else RS_%s_%s_... */\n",
		NORMAL_TEXT(of->oneof), writing->upper.text, upper.text);
	fputs("\tunion {\n", writing->to);
	for (uint32_t i = 0; i < type->count; i++)
		if (fields[i].label == RS_ONEOF &&
			descriptor_text_equal(fields[i].oneof, of->oneof))
			print_plain_member(writing, &fields[i], "\t\t");
	fprintf(writing->to, "\t} %s;\n", name.text);
}

static void print_member(struct writing *writing, const struct normal_type *type,
	const struct normal_field *field, struct ifgen_names *members)
{
	struct ifgen_name name = ifgen_names_field(field->name);
	int r = 0;

	if (field->label == RS_ONEOF) {
		if (first_of_oneof(writing, type, field))
			print_oneof(writing, type, field, members);
		return;
	}
	r = ifgen_names_take(members, "%s", name.text);
	if (c_label(field) == RS_OPTIONAL) {
		if (r == 0)
			r = ifgen_names_take(members, "has_%.*s", NORMAL_TEXT(field->name));
		fprintf(writing->to, "\tbool has_%.*s;\n", NORMAL_TEXT(field->name));
	}
	writing->error = writing->error ? writing->error : r;
	if (field->label == RS_REPEATED)
		fprintf(writing->to, "\tstruct rs_list %s;\n", name.text);
	else
		print_plain_member(writing, field, "\t");
}

/* The numbers that which_... may have. */
static void print_oneof_constants(struct writing *writing, const struct normal_type *type)
{
	const struct normal_field *fields = &writing->normal->fields[type->first];
	struct ifgen_name upper = type_upper(type);
	const char *before = "\nenum {\n", *after = "";

	for (uint32_t i = 0; i < type->count; i++) {
		struct ifgen_name name = ifgen_names_upper(fields[i].name);

		if (fields[i].label != RS_ONEOF)
			continue;
		TAKE(writing, "RS_%s_%s_%s", writing->upper.text, upper.text, name.text);
		fprintf(writing->to, "%s\tRS_%s_%s_%s = %u,\n", before, writing->upper.text,
			upper.text, name.text, fields[i].number);
		before = "", after = "};\n";
	}
	fputs(after, writing->to);
}

static void print_struct(
	struct writing *writing, const struct normal_type *type, const char *name)
{
	struct ifgen_names members = { 0 };

	fprintf(writing->to, "\nstruct %s {\n", name);
	for (uint32_t i = type->first; i < type->first + type->count; i++)
		print_member(writing, type, &writing->normal->fields[i], &members);
	if (type->count == 0)
		fputs("\tuint8_t nothing; /* C has no empty structs */\n", writing->to);
	fputs("};\n", writing->to);
	for (int i = 0; members.twice && i < 2; i++)
		TAKE(writing, "%s.%s", name, members.twice);
	ifgen_names_deinit(&members);
}

/* --- tables --- */

static void print_row(
	struct writing *writing, const char *name, const struct normal_field *field)
{
	const struct normal *normal = writing->normal;
	struct ifgen_name member = ifgen_names_field(field->name);
	struct ifgen_name oneof = ifgen_names_field(field->oneof);
	enum rs_label label = c_label(field);

	fprintf(writing->to, "\t{ %u, %s, %s, offsetof(struct %s, %s%s%s),", field->number,
		c_types[field->type].constant, label_constants[label], name,
		label == RS_ONEOF ? oneof.text : "", label == RS_ONEOF ? "." : "", member.text);
	if (label == RS_OPTIONAL || label == RS_ONEOF)
		fprintf(writing->to, " offsetof(struct %s, %s%.*s),", name,
			label == RS_ONEOF ? "which_" : "has_",
			NORMAL_TEXT(label == RS_ONEOF ? field->oneof : field->name));
	else
		fputs(" 0,", writing->to);
	if (field->type == RS_MESSAGE_TYPE)
		fprintf(writing->to, " &rs_%s_%s_layout },\n", writing->lower.text,
			type_lower(&normal->types[field->of]).text);
	else
		fputs(" NULL },\n", writing->to);
}

static void print_table(
	struct writing *writing, const struct normal_type *type, const char *name)
{
	if (type->count) {
		fprintf(writing->to,
			"static const struct rs_field %s_fields[] __attribute__((unused)) = "
			"{\n",
			name);
		for (uint32_t i = type->first; i < type->first + type->count; i++)
			print_row(writing, name, &writing->normal->fields[i]);
		fputs("};\n", writing->to);
	}
	fprintf(writing->to,
		"static const struct rs_layout %s_layout __attribute__((unused)) = { %s%s, %u, "
		"sizeof(struct %s) };\n",
		name, type->count ? name : "NULL", type->count ? "_fields" : "", type->count,
		name);
}

static void print_bytes_max(struct writing *writing, const struct normal_type *type)
{
	uint64_t bytes = ifgen_bytes_max_and_one(writing->normal, type);
	struct ifgen_name upper = type_upper(type);

	if (bytes == 0)
		return;
	TAKE(writing, "RS_%s_%s_BYTES_MAX", writing->upper.text, upper.text);
	fprintf(writing->to, "#define RS_%s_%s_BYTES_MAX %ju\n", writing->upper.text,
		upper.text, (uintmax_t)bytes - 1);
}

/* --- functions --- */

static void print_codec(struct writing *writing, const char *name)
{
	TAKE(writing, "%s_decode", name);
	TAKE(writing, "%s_encode", name);
	TAKE(writing, "%s_size", name);
	fprintf(writing->to,
		"static inline int %s_decode(struct %s *out, const void *body, size_t bytes)\n"
		"{\n\treturn rs_decode(&%s_layout, out, body, bytes);\n}\n"
		"static inline int64_t %s_encode(const struct %s *in, void *to, size_t room)\n"
		"{\n\treturn rs_encode(&%s_layout, in, to, room);\n}\n"
		"static inline uint64_t %s_size(const struct %s *in)\n"
		"{\n\treturn rs_encode_size(&%s_layout, in);\n}\n",
		name, name, name, name, name, name, name, name, name);
}

static void print_list_functions(struct writing *writing, const char *name,
	const struct normal_field *field, uint32_t row)
{
	struct ifgen_name member = ifgen_names_field(field->name);

	TAKE(writing, "%s_%s_next", name, member.text);
	TAKE(writing, "%s_set_%s", name, member.text);
	fprintf(writing->to, "static inline bool %s_%s_next(struct rs_walk *walk, ", name,
		member.text);
	print_c_type(writing, field);
	fprintf(writing->to, "*out)\n{\n\treturn rs_walk_next(walk, &%s_fields[%u], out);\n}\n",
		name, row);
	fprintf(writing->to, "static inline void %s_set_%s(struct %s *in, const ", name,
		member.text, name);
	print_c_type(writing, field);
	fprintf(writing->to,
		"*items, uint32_t count)\n{\n"
		"\tin->%s.items = items;\n\tin->%s.count = count;\n}\n",
		member.text, member.text);
}

/* --- messages: those inside before those around them --- */

static void print_type(struct writing *writing, uint32_t index)
{
	const struct normal_type *type = &writing->normal->types[index];
	const struct normal_field *fields = &writing->normal->fields[type->first];
	char name[2 * IFGEN_NAME_SIZE + sizeof("rs__")];

	if (writing->written[index])
		return;
	writing->written[index] = true;
	snprintf(name, sizeof(name), "rs_%s_%s", writing->lower.text, type_lower(type).text);
	TAKE(writing, "%s", name);
	if (type->is_enum) {
		print_enum(writing, type);
		return;
	}
	for (uint32_t i = 0; i < type->count; i++)
		if (fields[i].of != NORMAL_NO_TYPE)
			print_type(writing, fields[i].of);
	print_oneof_constants(writing, type);
	print_struct(writing, type, name);
	print_bytes_max(writing, type);
	print_table(writing, type, name);
	print_codec(writing, name);
	for (uint32_t i = 0; i < type->count; i++)
		if (fields[i].label == RS_REPEATED)
			print_list_functions(writing, name, &fields[i], i);
}

static void print_body(struct writing *writing, const struct normal_rpc *rpc)
{
	struct ifgen_name lower = ifgen_names_lower(rpc->name);
	struct ifgen_name upper = ifgen_names_upper(rpc->name);
	struct ifgen_name request = type_lower(&writing->normal->types[rpc->request]);
	const char *prefix = writing->lower.text;

	TAKE(writing, "rs_%s_%s_body", prefix, lower.text);
	fprintf(writing->to,
		"static inline int64_t rs_%s_%s_body(const struct rs_%s_%s *in, void *to, "
		"size_t room)\n"
		"{\n\treturn rs_encode_body(RS_%s_%s, &rs_%s_%s_layout, in, to, room);\n}\n",
		prefix, lower.text, prefix, request.text, writing->upper.text, upper.text,
		prefix, request.text);
}

int ifgen_c(
	const struct normal *normal, struct rs_text file, FILE *to, struct ifgen_names *names)
{
	struct rs_text service = normal_short(normal->service, normal->package_bytes);
	struct writing writing = { .normal = normal,
		.to = to,
		.names = names,
		.lower = ifgen_names_lower(service),
		.upper = ifgen_names_upper(service) };

	print_head(&writing, file);
	print_manifest(&writing);
	print_rpc_constants(&writing);
	for (uint32_t i = 0; i < normal->n_types; i++)
		print_type(&writing, i);
	fputs("\n/* Whole bodies of requests: the index and the message. */\n", to);
	for (uint32_t i = 0; i < normal->n_rpcs; i++)
		print_body(&writing, &normal->rpcs[i]);
	return writing.error;
}
