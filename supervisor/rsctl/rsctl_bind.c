/*
 * The commands of rsctl about who handles what: bind, unbind, interfaces.
 */
#include <stdio.h>
#include <string.h>

#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/cells.h"
#include "supervisor/rsctl/definition.h"
#include "supervisor/rsctl/listing.h"
#include "supervisor/rsctl/program.h"
#include "supervisor/rsctl/request.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/units.h"

/* --- bind, unbind --- */

static int act(struct rsctl *ctl, json_t *request)
{
	struct ask question = {
		.request = request, .about = ctl->words[0], .timeout_ms = ASK_FOR_EVER
	};
	json_t *final;
	int code = ask(ctl, &question, &final);

	if (code == CONTROL_OK && ctl->json)
		ask_print(final);
	json_decref(final);
	return code;
}

int rsctl_bind(struct rsctl *ctl)
{
	struct rsctl program = *ctl; /* as `start` would have it */
	char hash[HASH_HEX_SIZE];
	json_t *interface, *request;

	program.words++;
	program.n_words--;
	int code = definition_interface(ctl, ctl->words[0], &interface);
	if (code)
		return code;
	code = program_find(ctl, program.words[0], hash);
	if (code == CONTROL_OK)
		code = request_of_program(&program, "bind", hash, &request);
	if (code) {
		json_decref(interface);
		return code;
	}
	json_object_set_new(request, "interface", interface);
	json_object_set_new(request, "wait", json_boolean(!ctl->no_wait));
	return act(ctl, request);
}

int rsctl_bind_undo(struct rsctl *ctl)
{
	json_t *interface;
	int code = definition_interface(ctl, ctl->words[0], &interface);

	return code ? code
		    : act(ctl, json_pack("{s:s, s:o}", "op", "unbind", "interface", interface));
}

/* --- interfaces --- */

static bool is_host(const json_t *row)
{
	return json_is_true(json_object_get(row, "host"));
}

static const char *interface_cell(const json_t *row, char *room, size_t size)
{
	char name[CELLS_INTERFACE_SIZE];

	snprintf(room, size, "%s", cells_interface(ask_text(row, "interface"), name));
	return room;
}

static const char *handler_cell(const json_t *row, char *room, size_t size)
{
	return is_host(row) ? "rsd"
			    : cells_process(json_object_get(row, "handler"), room, size);
}

static const char *program_cell(const json_t *row, char *room, size_t size)
{
	const json_t *handler = json_object_get(row, "handler");

	if (handler && !json_object_get(handler, "program"))
		return "native";
	return cells_program(handler, room, size);
}

/* "3fa9..., resting"; "3fa9... -> 77b0..." while one takes over from the other. */
static const char *bound_cell(const json_t *row, char *room, size_t size)
{
	const json_t *bound = json_object_get(row, "bound");
	const json_t *next = json_object_get(bound, "next");

	if (!bound)
		return "-";
	int n = snprintf(room, size, "%.*s", RSCTL_SHORT_HASH, cells_text(bound, "program"));
	if (n < 0 || (size_t)n >= size)
		return room;
	if (next)
		snprintf(room + n, size - (size_t)n, " -> %.*s", RSCTL_SHORT_HASH,
			cells_text(next, "program"));
	else
		snprintf(room + n, size - (size_t)n, ", %s", cells_text(bound, "state"));
	return room;
}

static const char *clients_cell(const json_t *row, char *room, size_t size)
{
	return cells_number(row, "clients", room, size);
}

/* The first has waited longest: "2, for a start, 12s" */
static const char *waiting_cell(const json_t *row, char *room, size_t size)
{
	const json_t *first = json_array_get(json_object_get(row, "waits"), 0);
	const char *what = ask_text(first, "for");
	char span[UNITS_TEXT_SIZE];

	if (!first)
		return "-";
	snprintf(room, size, "%lld, for %s %.16s, %s", (long long)ask_number(row, "waiting", 0),
		*what == 'a' ? "an" : "a", what,
		units_span_text(span, ask_number(first, "ms", 0)));
	return room;
}

static const struct listing_column columns[] = {
	{ "INTERFACE", interface_cell },
	{ ">HANDLER", handler_cell },
	{ "PROGRAM", program_cell },
	{ "BOUND TO", bound_cell },
	{ ">CLIENTS", clients_cell },
	{ "WAITING", waiting_cell },
};

int rsctl_bind_list(struct rsctl *ctl)
{
	struct listing l = {
		.ctl = ctl, .columns = columns, .n_columns = ARRAY_LEN(columns), .id = "hash"
	};

	return listing_show(&l, "interfaces",
		json_pack("{s:s, s:b}", "op", "interfaces", "all", ctl->all), ASK_QUICK_MS);
}
