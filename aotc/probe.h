/*
 * probe.h: asks a tool about itself, inside the jail: what it prints is read, not believed.
 */
#pragma once

#include "aotc/work.h"

enum {
	PROBE_SILENT = 1 /* it does not run, fails, or says nothing */
};

/* What the program prints, errors included, cut to size - 1. 0, -errno or PROBE_SILENT. */
int probe_text(struct work *work, const char *const *argv, char *text, size_t size) MUST_USE;

/* The first line of what `program option` prints to its standard output. */
int probe_line(struct work *work, const char *program, const char *option, char *line,
	size_t size) MUST_USE;
