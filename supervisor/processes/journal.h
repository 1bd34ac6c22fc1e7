/*
 * journal.h: what programs print, kept in lines with time and stream: one book per process.
 * Bytes are kept as they came; who shows them makes them safe.
 *
 * Memory is bounded twice: a book drops its oldest lines beyond JOURNAL_BOOK_BYTES, and all
 * books together stay below JOURNAL_TOTAL_BYTES, for which the books closed longest are
 * emptied first. A book is its process's; it stays readable after journal_close() until it is
 * freed. Standard output and error are held back until their line is whole, at most
 * JOURNAL_LINE_MAX of each, beside the ring.
 */
#pragma once

#include "ipc/base.h"

#define JOURNAL_LINE_MAX    8192u /* longer lines are cut into several */
#define JOURNAL_BOOK_BYTES  (256 * KIB)
#define JOURNAL_TOTAL_BYTES (64 * MIB)

enum {
	JOURNAL_END = 1, /* nothing more now */
	JOURNAL_MISSED,  /* lines were dropped before they were read: line->missed says how many
			  */
};

struct journal;
struct journal_book;

int journal_new(struct journal **out) MUST_USE;
struct journal *journal_free(struct journal *journal); /* after all books; returns NULL */

int journal_open(struct journal *journal, struct journal_book **out) MUST_USE;
/* The process is gone: what was not a whole line becomes one. */
void journal_close(struct journal_book *book);
struct journal_book *journal_book_free(struct journal_book *book); /* returns NULL */

/* stream: enum rs_log_level. Never fails: without memory the oldest lines go. */
void journal_write(struct journal_book *book, uint32_t stream, int64_t time_ms,
	const void *text, size_t bytes);

struct journal_cursor {
	uint64_t position, line;
};
struct journal_line {
	int64_t time_ms;
	uint64_t missed;
	uint32_t stream;
	uint32_t bytes;
	char text[JOURNAL_LINE_MAX];
};

/* A cursor before the last `lines` lines (UINT64_MAX: before all that is there). */
struct journal_cursor journal_last(const struct journal_book *book, uint64_t lines);
/* 0 and the next line, or an outcome; after JOURNAL_MISSED read on. */
int journal_next(const struct journal_book *book, struct journal_cursor *cursor,
	struct journal_line *line) MUST_USE;
