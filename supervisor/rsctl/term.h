/*
 * term.h: text from programs on its way to a terminal, and lines for the person who sits there.
 *
 * To a terminal, everything that could make it do more than show characters (escape sequences,
 * control characters, marks that turn the direction of writing, broken UTF-8) is shown as \xNN;
 * newlines and tabs pass. To a pipe or a file every byte passes as it is.
 */
#pragma once

#include "ipc/base.h"

/* One stream to one descriptor. A character may be split over two calls, so the beginning of
 * one is held back until its end comes or term_flush() is called. */
struct term {
	int fd;
	bool escape;
	uint8_t held[4];
	size_t n_held;
};

void term_init(struct term *term, int fd); /* escapes if fd is a terminal */

/* All of it. 0 or -errno (-EPIPE: the reader went away). */
int term_write(struct term *term, const void *bytes, size_t size) MUST_USE;
int term_flush(struct term *term) MUST_USE;

/* Text of any size as one line: newlines and tabs are escaped as well. The caller frees it.
 * NULL: no memory. */
char *term_escaped_line(const void *bytes, size_t size) MUST_USE;

/*
 * A line that is written over again and again on standard error, for people only: nothing is
 * written when it is no terminal. An empty text removes it. Anything else that is written to
 * the terminal should remove it first.
 */
void term_progress(const char *text);
