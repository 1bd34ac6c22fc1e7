/*
 * normal.h: an interface as its hash sees it: one service, its rpcs in declared order, and the
 * types these use. It is read from what protoc made of a .proto file (descriptor.h); names
 * point into that buffer, which must stay for as long as this is used. The reader believes
 * nothing: names are identifiers, numbers are in range, everything has a limit.
 *
 * The hash of an interface is BLAKE2b-256 over its normal form:
 *
 *     form     = "redshirt-interface-v1" service rpcs { rpc }
 *     service  = text                    its full name, with the package
 *     rpcs     = u32                     how many
 *     rpc      = text type answer        its name, its request
 *     answer   = 00                      it wants none
 *              | 01 type
 *     type     = "M" text u32 { field }  a message where it appears first: full name, fields
 *              | "E" text u32 { value }  an enum where it appears first: full name, values
 *              | "R" u32                 one that appeared: its place in the order of first
 *                                        appearance, from 0
 *     field    = u32 text label u8 [ type ]    number, name, label, protobuf's number of its
 *                                        type, and for messages (11) and enums (14) that type
 *     label    = 00                      plain
 *              | 01                      optional
 *              | 02                      repeated
 *              | 03 text                 in the oneof of this name
 *     value    = u32 text                number (two's complement) and name
 *     text     = u32 bytes               length and UTF-8
 *
 * u32 is little-endian. Fields stand by ascending number; values by ascending signed number,
 * and those of one number by the bytes of their names. A message "appears" before its fields
 * do. A full name is protobuf's: package, enclosing messages, name, with dots and none in
 * front. So packages count, as all names do; what does not: layout, comments, file names,
 * options (packed and json_name among them), reserved numbers, the order of definitions, what
 * no rpc leads to.
 *
 * An rpc whose answer is a message called NoAnswer, of whatever package and without fields, has
 * no answer; that message does not appear and may be used for nothing else.
 *
 * Refused, each with a sentence that says where: no service or more than one, no rpc,
 * streaming, syntax other than proto3 in any file that is used, messages that contain
 * themselves (by whatever way: so every message has a bounded depth), maps, groups, extensions.
 */
#pragma once

#include <stdio.h>

#include "interfaces/descriptor.h"
#include "ipc/hash.h"

#define NORMAL_RPCS_MAX       256u
#define NORMAL_TYPES_MAX      256u
#define NORMAL_FIELDS_MAX     2048u /* of all messages */
#define NORMAL_VALUES_MAX     4096u /* of all enums */
#define NORMAL_FIELDS_OF_MAX  255u  /* of one message */
#define NORMAL_NAME_BYTES_MAX 255u  /* full names included */
#define NORMAL_DEPTH_MAX      RS_CODEC_DEPTH_MAX
#define NORMAL_WHY_SIZE       512
#define NORMAL_NO_TYPE        UINT32_MAX

struct normal_field {
	struct rs_text name, oneof; /* oneof: empty unless the label is RS_ONEOF */
	struct rs_text type_name;   /* as it stood there */
	uint32_t number, type;      /* enum rs_type */
	enum rs_label label;
	uint32_t of; /* index of its message or enum, or NORMAL_NO_TYPE */
};

struct normal_value {
	struct rs_text name;
	int32_t number;
};

struct normal_type {
	struct rs_text name;    /* full */
	uint32_t package_bytes; /* of the name that are package, with the dot behind it */
	bool is_enum;
	bool open;             /* while it is read: what leads here again contains itself */
	uint32_t first, count; /* of fields or values */
	uint32_t height;       /* levels of messages, itself included */
};

struct normal_rpc {
	struct rs_text name;
	uint32_t request, answer; /* answer: NORMAL_NO_TYPE for none */
};

struct normal {
	struct rs_text service; /* full name */
	uint32_t package_bytes;
	uint32_t n_rpcs, n_types, n_fields, n_values;
	struct normal_rpc rpcs[NORMAL_RPCS_MAX];
	struct normal_type types[NORMAL_TYPES_MAX]; /* in the order of first appearance */
	struct normal_field fields[NORMAL_FIELDS_MAX];
	struct normal_value values[NORMAL_VALUES_MAX];
	struct hash hash;
	char why[NORMAL_WHY_SIZE]; /* of NORMAL_REFUSED: one line, printable */
};

/* What normal_read() may answer besides 0. */
enum {
	NORMAL_REFUSED = 1
};

/* Reads the interface of one file of the set. *out is the caller's to free() even when it is
 * refused; NULL only with -ENOMEM. */
int normal_read(
	const struct descriptor_set *set, struct rs_text file, struct normal **out) MUST_USE;

/* The form itself. *bytes is the caller's to free(). 0 or -errno. */
int normal_form(const struct normal *normal, uint8_t **bytes, size_t *size) MUST_USE;

/* A name without its package; with printf: "%.*s". */
struct rs_text normal_short(struct rs_text name, uint32_t package_bytes);
#define NORMAL_TEXT(text) (int)(text).bytes, (text).at
