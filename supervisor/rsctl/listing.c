#include "supervisor/rsctl/listing.h"

#include "ipc/hash.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/say.h"

#define CELL_SIZE 512
#define JSON_FORM (JSON_COMPACT | JSON_ENSURE_ASCII)

static bool as_array(const struct listing *l)
{
	return l->ctl->json && !l->ctl->follow;
}

static bool as_table(const struct listing *l)
{
	return l->columns && !l->ctl->json && !l->ctl->quiet;
}

static int begin(struct listing *l)
{
	const char *headings[TABLE_COLUMNS_MAX + 1] = { NULL };

	if (!as_table(l))
		return CONTROL_OK;
	for (size_t i = 0; i < l->n_columns && i < TABLE_COLUMNS_MAX; i++)
		headings[i] = l->columns[i].heading;
	return table_new(headings, &l->table) ? say_error(CONTROL_FAILED, "list", "no memory")
					      : CONTROL_OK;
}

static int print_json(struct listing *l, json_t *row)
{
	if (as_array(l))
		fputs(l->n_rows ? ",\n" : "[\n", stdout);
	json_dumpf(row, stdout, JSON_FORM);
	if (!as_array(l)) {
		fputc('\n', stdout);
		fflush(stdout); /* who follows wants it now */
	}
	return CONTROL_OK;
}

static int print_id(const struct listing *l, const json_t *row)
{
	const json_t *id = json_object_get(row, l->id);
	char hex[HASH_HEX_SIZE];
	struct hash hash;

	if (json_is_integer(id))
		printf("%lld\n", (long long)json_integer_value(id));
	else if (hash_from_hex(ask_text(row, l->id), &hash))
		printf("%s\n", hash_to_hex(&hash, hex));
	else
		return ask_broken("list", CLIENT_BROKEN);
	return CONTROL_OK;
}

static int add_to_table(struct listing *l, const json_t *row)
{
	char room[CELL_SIZE];
	int r = table_row(l->table);

	for (size_t i = 0; r == 0 && i < l->n_columns; i++)
		r = table_cell(l->table, l->columns[i].cell(row, room, sizeof(room)));
	return r ? say_error(CONTROL_FAILED, "list", "it is too long to be held here")
		 : CONTROL_OK;
}

static int take_row(void *context, json_t *row)
{
	struct listing *l = context;
	int code = l->ctl->json    ? print_json(l, row)
		   : l->ctl->quiet ? print_id(l, row)
		   : l->columns    ? add_to_table(l, row)
				   : l->each(l, row);

	l->n_rows++;
	return code ? code : ferror(stdout) ? CONTROL_FAILED : CONTROL_OK;
}

/* What was received is shown, and the array is closed, whatever came then. */
static void end(struct listing *l)
{
	if (as_array(l))
		fputs(l->n_rows ? "\n]\n" : "[]\n", stdout);
	if (l->table)
		table_print(l->table, stdout);
}

int listing_show(struct listing *l, const char *about, json_t *request, int timeout_ms)
{
	struct ask question = { .request = request,
		.about = about,
		.timeout_ms = timeout_ms,
		.row = take_row,
		.context = l };
	json_t *final = NULL;
	int code = begin(l);

	if (code == CONTROL_OK)
		code = ask(l->ctl, &question, &final);
	if (code == CONTROL_OK || l->n_rows)
		end(l);
	l->table = table_free(l->table);
	json_decref(final);
	return code;
}
