/*
 * backtrace.h: who called whom when a program trapped, in words: a line for each function,
 * innermost first. What the worker wrote is believed as little as its names.
 */
#pragma once

#include "ipc/bell.h"
#include "supervisor/events.h"
#include "supervisor/processes/journal.h"
#include "supervisor/processes/symbol.h"

#define BACKTRACE_BYTES_MAX 4096u /* what is longer ends with "..." */

/* Lines, each closed with a newline, the whole with a zero, or NULL: nothing is known, or there
 * is no memory. The caller's to free. object: a sealed memfd. */
char *backtrace_new(const struct trap_report *report, int object, uint64_t object_bytes);

/* For `rsctl logs`, after what the program printed itself. text may be NULL: then nothing. */
void backtrace_keep(
	const char *text, const char *cause, int64_t time_ms, struct journal_book *book);

/* "innermost < its caller < ...", cut to what an event holds: a program that traps again and
 * again has no more events than others. */
const char *backtrace_line(const char *text, char out[EVENTS_DETAIL_SIZE]);

/* The innermost wasm function of a trap. */
int backtrace_first(const struct trap_report *report, int object, uint64_t object_bytes,
	struct symbol *out) MUST_USE;
