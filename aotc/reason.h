/*
 * reason.h: the one line that says why a module is refused. Text of the module's author only
 * gets in through reason_name(), so the line is printable ASCII whatever the module holds.
 */
#pragma once

#include "aotc/front.h"

#define REASON_NAME_SIZE 72 /* with the closing zero */

/* Writes the line, cut if it is too long. Always answers FRONT_REFUSED: `return
 * reason_refuse(...)`. */
int reason_refuse(char reason[FRONT_REASON_SIZE], const char *format, ...)
	PRINTF(2, 3) MUST_USE;

/* A name from a module, made safe to show: other than printable ASCII as \xNN, cut with "...";
 * returns out. */
const char *reason_name(char out[REASON_NAME_SIZE], const char *name, size_t size);
