#include "supervisor/rsctl/table.h"

#include <assert.h>
#include <string.h>

#include "supervisor/rsctl/term.h"

struct row {
	char *cells[TABLE_COLUMNS_MAX];
	size_t n_cells;
};

struct table {
	const char *headings[TABLE_COLUMNS_MAX];
	bool right[TABLE_COLUMNS_MAX];
	size_t width[TABLE_COLUMNS_MAX];
	size_t n_columns;
	struct row *rows;
	size_t n_rows, room;
};

int table_new(const char *const *headings, struct table **out)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	for (; headings[table->n_columns]; table->n_columns++) {
		const char *heading = headings[table->n_columns];
		size_t i = table->n_columns;

		assert(i < TABLE_COLUMNS_MAX);
		table->right[i] = heading[0] == '>';
		table->headings[i] = heading + table->right[i];
		table->width[i] = table_width(table->headings[i]);
	}
	*out = table;
	return 0;
}

struct table *table_free(struct table *table)
{
	if (!table)
		return NULL;
	for (size_t r = 0; r < table->n_rows; r++)
		for (size_t c = 0; c < table->rows[r].n_cells; c++)
			free(table->rows[r].cells[c]);
	free(table->rows);
	free(table);
	return NULL;
}

int table_row(struct table *table)
{
	if (table->n_rows == TABLE_ROWS_MAX)
		return TABLE_FULL;
	if (table->n_rows == table->room) {
		size_t room = table->room ? table->room * 2 : 16;
		struct row *rows = realloc(table->rows, room * sizeof(*rows));
		if (!rows)
			return TABLE_FULL;
		table->rows = rows;
		table->room = room;
	}
	table->rows[table->n_rows++] = (struct row){ 0 };
	return 0;
}

int table_cell(struct table *table, const char *text)
{
	struct row *row = &table->rows[table->n_rows - 1];
	size_t column = row->n_cells;
	char *cell;

	if (column == table->n_columns)
		return TABLE_FULL;
	cell = term_escaped_line(text, strlen(text));
	if (!cell)
		return TABLE_FULL;
	row->cells[row->n_cells++] = cell;
	if (table_width(cell) > table->width[column])
		table->width[column] = table_width(cell);
	return 0;
}

/* UTF-8 only: a continuation byte takes no column. Wide characters are counted as one: better
 * a bent column than a locale. */
size_t table_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += (*text & 0xc0) != 0x80;
	return width;
}

static void print_row(const struct table *table, const char *const *cells, size_t n, FILE *to)
{
	size_t last = n;

	while (last > 0 && !cells[last - 1][0])
		last--; /* no blanks at the end of a line */
	for (size_t c = 0; c < last; c++) {
		int fill = (int)(table->width[c] - table_width(cells[c]));

		if (table->right[c])
			fprintf(to, "%*s%s", fill, "", cells[c]);
		else
			fprintf(to, "%s%*s", cells[c], c + 1 < last ? fill : 0, "");
		if (c + 1 < last)
			fprintf(to, "%*s", TABLE_GAP, "");
	}
	fputc('\n', to);
}

void table_print(const struct table *table, FILE *to)
{
	print_row(table, table->headings, table->n_columns, to);
	for (size_t r = 0; r < table->n_rows; r++)
		print_row(table, (const char *const *)table->rows[r].cells,
			table->rows[r].n_cells, to);
}
