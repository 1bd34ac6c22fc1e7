/*
 * outline.h: an interface for people: its hash, its rpcs with their numbers, and every type
 * that they lead to, each only once. It is what counts for the hash and nothing else.
 */
#pragma once

#include "interfaces/normal.h"

#define OUTLINE_TYPE_SIZE (NORMAL_NAME_BYTES_MAX + 16)

void outline_print(const struct normal *normal, FILE *to);

/* "repeated uint32", "optional demo.Point" ...; returns text. */
const char *outline_field_type(const struct normal *normal, const struct normal_field *field,
	char text[OUTLINE_TYPE_SIZE]);

/* The name of an rpc's request or answer; "no answer". */
struct rs_text outline_message(const struct normal *normal, uint32_t type);
