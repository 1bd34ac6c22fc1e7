/*
 * say.h: what rsctl tells a person: `rsctl: what: why` and hints, one line each, on standard
 * error. What comes from elsewhere is escaped.
 */
#pragma once

#include "ipc/base.h"

#define SAY_LINE_MAX 2048

/* Answers code, so that a command can end with `return say_error(...)`. */
int say_error(int code, const char *what, const char *why, ...) PRINTF(3, 4);
void say_hint(const char *hint, ...) PRINTF(1, 2);
