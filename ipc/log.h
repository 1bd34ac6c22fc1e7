/*
 * log.h: one line per event on standard error: `level event key=value ...`, written once, where
 * it is known best.
 *
 *     log_info("started", "proc=%llu program=%.8s", id, hex);
 *
 * Levels come from REDSHIRT_LOG (error, warning, info, debug; default info). Under systemd
 * (JOURNAL_STREAM set) lines carry the <N> prefix that the journal understands. Values that
 * come from programs or clients go through log_text().
 */
#pragma once

#include "ipc/base.h"

enum log_level {
	LOG_ERROR,
	LOG_WARNING,
	LOG_INFO,
	LOG_DEBUG
};

#define LOG_LINE_SIZE_MAX 1024

/* name stands before every line ("rsd"); reads the environment once. */
void log_open(const char *name);
void log_event(enum log_level level, const char *event, const char *format, ...) PRINTF(3, 4);

#define log_error(event, ...)   log_event(LOG_ERROR, event, __VA_ARGS__)
#define log_warning(event, ...) log_event(LOG_WARNING, event, __VA_ARGS__)
#define log_info(event, ...)    log_event(LOG_INFO, event, __VA_ARGS__)
#define log_debug(event, ...)   log_event(LOG_DEBUG, event, __VA_ARGS__)

/*
 * Copies text of unknown origin so that it can stand in a log line or on a terminal: control
 * characters, quotes, backslashes and bytes that are not UTF-8 become \xNN. Cuts at size;
 * always closes with a zero; returns out.
 */
char *log_text(char *out, size_t size, const char *text, size_t length);

/* Length of the well-formed UTF-8 sequence at s that log_text() lets pass as it is; 0: none. */
size_t log_plain_sequence(const unsigned char *s, size_t left);
