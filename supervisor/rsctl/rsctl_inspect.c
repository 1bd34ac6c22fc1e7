/*
 * `rsctl inspect`: all that is known of a process or a program, and of a program what it says
 * of itself.
 */
#include <stdio.h>
#include <string.h>

#include "ipc/hash.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/cells.h"
#include "supervisor/rsctl/program.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/rsctl/table.h"
#include "supervisor/rsctl/tree.h"
#include "supervisor/units.h"

struct inspected {
	json_t *what;    /* the row; NULL: none came */
	json_t *records; /* of its manifest */
};

static void inspected_deinit(struct inspected *i)
{
	json_decref(i->what);
	json_decref(i->records);
}

static int take_row(void *context, json_t *row)
{
	struct inspected *i = context;
	json_t *record = json_object_get(row, "manifest");

	if (record)
		json_array_append(i->records, record);
	else if (!i->what)
		i->what = json_incref(row);
	return CONTROL_OK;
}

/* The records take the place of their number. */
static void print_json(struct inspected *i)
{
	json_t *program = json_object_get(i->what, "program");

	if (json_object_get(program, "manifest"))
		json_object_set(program, "manifest", i->records);
	json_dumpf(i->what, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
}

/* --- for people --- */

static void say_manifest(json_t *program)
{
	const char *wrong = ask_text(program, "manifest_wrong");
	json_t *text =
		*wrong ? json_sprintf("malformed (%s): it may use and handle nothing", wrong)
		: json_object_get(program, "manifest")
			? json_string("yes: it may do no more than that")
			: json_string("none: it may do whatever it is granted");

	json_object_set_new(program, "manifest", text);
	json_object_del(program, "manifest_wrong");
}

/* Quoted, so that nobody takes it for a name that rsd knows. */
static int add_quoted(struct table *table, const char *text)
{
	CLEANUP(freep) char *quoted = NULL;

	if (asprintf(&quoted, "\"%s\"", text) < 0) {
		quoted = NULL;
		return TABLE_FULL;
	}
	return table_cell(table, quoted);
}

static int add_record(struct table *table, const json_t *record)
{
	char name[CELLS_INTERFACE_SIZE];
	int r = table_row(table);

	if (r == 0)
		r = table_cell(table, ask_text(record, "right"));
	if (r == 0)
		r = table_cell(table, cells_interface(ask_text(record, "interface"), name));
	if (r == 0)
		r = table_cell(table, cells_text(record, "grant"));
	if (r == 0)
		r = add_quoted(table, ask_text(record, "called"));
	return r ? r : add_quoted(table, ask_text(record, "reason"));
}

static int print_records(const json_t *records)
{
	static const char *const headings[] = { "RIGHT", "INTERFACE", "GRANT", "CALLS IT",
		"SAYS WHY", NULL };
	CLEANUP(table_freep) struct table *table = NULL;
	const json_t *record;
	size_t i;
	int r = table_new(headings, &table);

	json_array_foreach(records, i, record)
	{
		if (r == 0)
			r = add_record(table, record);
	}
	if (r)
		return say_error(CONTROL_FAILED, "inspect", "it is too long to be held here");
	fputs("\nmanifest, in the program's own words:\n", stdout);
	table_print(table, stdout);
	return CONTROL_OK;
}

/* Its name is enough; what it is able to is more than a screen. */
static void shorten_cpu(json_t *object)
{
	const char *cpu = ask_text(object, "cpu");

	if (*cpu)
		json_object_set_new(object, "cpu", json_stringn(cpu, strcspn(cpu, " ")));
}

static void shorten_objects(json_t *what)
{
	json_t *object;
	size_t i;

	json_array_foreach(
		json_object_get(json_object_get(what, "program"), "objects"), i, object)
	{
		shorten_cpu(object);
	}
	shorten_cpu(json_object_get(json_object_get(what, "process"), "object"));
}

static int print_text(struct inspected *i)
{
	json_t *program = json_object_get(i->what, "program");

	if (json_is_object(program))
		say_manifest(program);
	shorten_objects(i->what);
	tree_print(i->what, stdout);
	return json_array_size(i->records) ? print_records(i->records) : CONTROL_OK;
}

int rsctl_inspect(struct rsctl *ctl)
{
	CLEANUP(inspected_deinit) struct inspected inspected = { .records = json_array() };
	char target[HASH_HEX_SIZE];
	uint64_t process;
	json_t *final;
	const char *word = ctl->words[0];

	if (ctl->function)
		return rsctl_asm(ctl);
	/* digits may be either; rsd knows which of the two there is */
	if (!units_count(word, &process)) {
		int code = program_hash(word, target);
		if (code)
			return code;
		word = target;
	}
	struct ask question = {
		.request = json_pack("{s:s, s:s}", "op", "inspect", "target", word),
		.about = ctl->words[0],
		.timeout_ms = ASK_QUICK_MS,
		.row = take_row,
		.context = &inspected,
	};
	int code = ask(ctl, &question, &final);
	json_decref(final);
	if (code)
		return code;
	if (!inspected.what)
		return ask_broken(word, CLIENT_BROKEN);
	if (!ctl->json)
		return print_text(&inspected);
	print_json(&inspected);
	return CONTROL_OK;
}
