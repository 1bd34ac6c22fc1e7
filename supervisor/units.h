/*
 * units.h: numbers as people write and read them. The parsers take the whole text or nothing;
 * the printers write into the caller's buffer and return it.
 */
#pragma once

#include "ipc/base.h"

#define UNITS_TEXT_SIZE 32

/* Digits only. */
bool units_count(const char *text, uint64_t *out) MUST_USE;

/* "65536", "64K", "64k", "64KiB", "1.5G": powers of 1024. */
bool units_size(const char *text, uint64_t *bytes) MUST_USE;

/* "5" (seconds), "0.5", "500ms", "2m", "1h". */
bool units_duration(const char *text, uint64_t *ms) MUST_USE;

/* A name ("TERM", "SIGTERM") or a number. */
bool units_signal(const char *text, int *number) MUST_USE;

char *units_size_text(char out[UNITS_TEXT_SIZE], uint64_t bytes); /* "1.2 MiB" */
char *units_span_text(char out[UNITS_TEXT_SIZE], int64_t ms);     /* "3m 12s" */
char *units_time_text(char out[UNITS_TEXT_SIZE], int64_t ms);     /* local, ISO 8601, with ms */
