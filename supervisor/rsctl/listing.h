/*
 * listing.h: rows of replies on standard output: as a table, as ids for scripts (--quiet), or
 * as one JSON array (--json); followed rows (--follow) as one JSON object a line.
 */
#pragma once

#include <jansson.h>

#include "supervisor/rsctl.h"
#include "supervisor/rsctl/table.h"

struct listing_column {
	const char *heading; /* '>' first: numbers, at the right */
	/* The cell's text; may be made in `room`. */
	const char *(*cell)(const json_t *row, char *room, size_t size);
};

struct listing {
	const struct rsctl *ctl;
	const struct listing_column *columns; /* NULL: each() prints the row itself */
	size_t n_columns;
	const char *id; /* what --quiet shows of a row */
	int (*each)(struct listing *listing, const json_t *row);
	/* from here on listing.c's own */
	struct table *table;
	size_t n_rows;
};

/* Asks, lists, ends the list. Answers an exit code. */
int listing_show(struct listing *listing, const char *about, json_t *request, int timeout_ms);
