/*
 * wanted.h: what somebody wants to be started, as a request of the control socket says it
 * (start, run, bind): read and checked.
 */
#pragma once

#include "supervisor/control/fields.h"
#include "supervisor/processes/processes.h"

/* Of an op's table. */
#define WANTED_FIELDS                                                                   \
	{ "program", FIELD_TEXT, true }, { "args", FIELD_TEXTS, false },                \
		{ "env", FIELD_TEXTS, false }, { "name", FIELD_TEXT, false },           \
		{ "memory", FIELD_NUMBER, false }, { "children", FIELD_NUMBER, false }, \
		{ "children_memory", FIELD_NUMBER, false },                             \
		{ "children_depth", FIELD_NUMBER, false },                              \
	{                                                                               \
		"cpu", FIELD_NUMBER, false                                              \
	}

struct wanted {
	struct processes_request request; /* points into strings, and into the JSON it is of */
	char *strings;
};

/* request.program and request.limits (as they are if nobody says otherwise) are the caller's to
 * fill in before. NULL, or what is wrong with the request. */
const char *wanted_read(const json_t *json, struct wanted *wanted) MUST_USE;
void wanted_deinit(struct wanted *wanted);
