/*
 * table.h: rows in aligned columns. Cells are escaped (term.h), so a cell is always one line.
 * A row may have fewer cells than there are columns. Lives on the heap until table_free().
 */
#pragma once

#include <stdio.h>

#include "ipc/base.h"

#define TABLE_COLUMNS_MAX 12u
#define TABLE_ROWS_MAX    100000u
#define TABLE_GAP         2

struct table;

/* Headings end with NULL; one that begins with '>' stands at the right, as its cells do. */
int table_new(const char *const *headings, struct table **out) MUST_USE;
struct table *table_free(struct table *table); /* returns NULL */
static inline void table_freep(struct table **table)
{
	*table = table_free(*table);
}

enum {
	TABLE_FULL = 1, /* no more columns or rows, or no memory for them */
};

int table_row(struct table *table) MUST_USE; /* begins a row */
int table_cell(struct table *table, const char *text) MUST_USE;

void table_print(const struct table *table, FILE *to);

/* Columns of a terminal that this text takes, as far as that can be known. */
size_t table_width(const char *text);
