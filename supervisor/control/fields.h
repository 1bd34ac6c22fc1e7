/*
 * fields.h: checks a request against the table of fields that its op knows, before anybody
 * looks at it. What passed has the right types, and nothing that the op does not know.
 */
#pragma once

#include <jansson.h>

#include "ipc/base.h"

#define FIELDS_WHY_SIZE 160

enum field_type {
	FIELD_TEXT,
	FIELD_TEXTS,  /* a list of at most CONTROL_ARGS_MAX */
	FIELD_NUMBER, /* 0 or more */
	FIELD_BOOL,
	FIELD_TARGET, /* a text or a number */
};

struct field {
	const char *name; /* NULL ends a table */
	enum field_type type;
	bool needed;
};

enum {
	FIELDS_WRONG = 1 /* why says what */
};

/* "op" is always known. */
int fields_check(
	const json_t *request, const struct field *fields, char why[FIELDS_WHY_SIZE]) MUST_USE;

/* After the check; what is missing is the default. */
const char *fields_text(const json_t *request, const char *name, const char *missing);
uint64_t fields_number(const json_t *request, const char *name, uint64_t missing);
bool fields_bool(const json_t *request, const char *name);
