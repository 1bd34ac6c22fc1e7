/* request.h: the fields that run and start share. */
#pragma once

#include "supervisor/rsctl/ask.h"

/* What the command line says of `program` (hex digits, words[1..], options). An exit code. */
int request_of_program(
	const struct rsctl *ctl, const char *op, const char *program, json_t **out) MUST_USE;
