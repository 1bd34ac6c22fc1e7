/*
 * descriptor.h: what protoc makes of .proto files: the messages of google/protobuf's
 * descriptor.proto, read in place, field by field. A set of files is one buffer, which the
 * caller owns and which is believed nothing: what does not exist reads as empty or zero.
 */
#pragma once

#include "interfaces/codec.h"
#include "ipc/base.h"

#define DESCRIPTOR_SET_BYTES_MAX (1u << 20)

/* Numbers of the fields that are read, by the message they stand in. */
enum {
	SET_FILE = 1,
	REQUEST_TO_GENERATE = 1, /* what protoc says to a plugin */
	REQUEST_PARAMETER = 2,
	REQUEST_FILE = 15,
	FILE_NAME = 1,
	FILE_PACKAGE = 2,
	FILE_MESSAGE = 4,
	FILE_ENUM = 5,
	FILE_SERVICE = 6,
	FILE_SYNTAX = 12,
	SERVICE_NAME = 1,
	SERVICE_METHOD = 2,
	METHOD_NAME = 1,
	METHOD_INPUT = 2,
	METHOD_OUTPUT = 3,
	METHOD_CLIENT_STREAMING = 5,
	METHOD_SERVER_STREAMING = 6,
	MESSAGE_NAME = 1,
	MESSAGE_FIELD = 2,
	MESSAGE_NESTED = 3,
	MESSAGE_ENUM = 4,
	MESSAGE_EXTENSION_RANGE = 5,
	MESSAGE_OPTIONS = 7,
	MESSAGE_ONEOF = 8,
	OPTIONS_MAP_ENTRY = 7,
	FIELD_NAME = 1,
	FIELD_NUMBER = 3,
	FIELD_LABEL = 4,
	FIELD_TYPE = 5,
	FIELD_TYPE_NAME = 6,
	FIELD_ONEOF_INDEX = 9,
	FIELD_PROTO3_OPTIONAL = 17,
	ONEOF_NAME = 1,
	ENUM_NAME = 1,
	ENUM_VALUE = 2,
	VALUE_NAME = 1,
	VALUE_NUMBER = 2
};
enum {
	LABEL_OPTIONAL = 1,
	LABEL_REQUIRED,
	LABEL_REPEATED
};
#define TYPE_GROUP 10u

/* A set, or a plugin's request: which of its fields are the files. */
struct descriptor_set {
	struct rs_cursor files;
	uint32_t file_field;
};

bool descriptor_is_well_formed(struct rs_cursor message);

/* The next field with this number that is bytes; false: there are no more. */
bool descriptor_each(struct rs_cursor *message, uint32_t number, struct rs_cursor *out);
/* The last one; empty: there is none. */
struct rs_text descriptor_text(struct rs_cursor message, uint32_t number);
/* The last one; otherwise: there is none. */
uint64_t descriptor_number(struct rs_cursor message, uint32_t number, uint64_t otherwise);

bool descriptor_text_is(struct rs_text text, const char *word);
bool descriptor_text_equal(struct rs_text a, struct rs_text b);

/* By the name in FILE_NAME. */
bool descriptor_find_file(
	const struct descriptor_set *set, struct rs_text name, struct rs_cursor *out);

/* A message or an enum, which says so. */
struct descriptor_type {
	struct rs_cursor body, file;
	struct rs_text name;    /* full, as it was asked for without the dot at its beginning */
	uint32_t package_bytes; /* of the name that are package, the dot behind it included */
	bool is_enum;
};

/* The name is full, with a dot at its beginning. */
bool descriptor_find_type(
	const struct descriptor_set *set, struct rs_text name, struct descriptor_type *out);
