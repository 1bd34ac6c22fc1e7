/*
 * text.h: what a translator printed, line by line. Lines point into the text, which is the
 * caller's and outlives them; they lack their newline.
 */
#pragma once

#include "ipc/base.h"

struct text {
	const char *at, *end;
};

struct text_line {
	const char *text;
	size_t size;
};

/* False at the end; what stands behind the last newline is no line. */
bool text_next(struct text *text, struct text_line *line);
bool text_begins(struct text_line line, const char *with);
