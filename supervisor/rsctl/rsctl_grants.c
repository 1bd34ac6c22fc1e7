/*
 * The commands of rsctl that decide who may do what: grant, deny, revoke; and grants, which
 * shows it.
 */
#include <stdio.h>
#include <string.h>

#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/cells.h"
#include "supervisor/rsctl/definition.h"
#include "supervisor/rsctl/listing.h"
#include "supervisor/rsctl/program.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/units.h"

#define EVERY  "*"
#define NATIVE "native:"

/* ---- changes ---- */

/* A program's hash (a file is added), or what rsd knows better: every one, a native client. */
static int read_program(const struct rsctl *ctl, const char *word, json_t *request)
{
	char hex[HASH_HEX_SIZE];
	int code = CONTROL_OK;

	if (strcmp(word, EVERY) != 0 && strncmp(word, NATIVE, strlen(NATIVE)) != 0) {
		code = program_find(ctl, word, hex);
		word = hex;
	}
	if (code == CONTROL_OK)
		json_object_set_new(request, "program", json_string(word));
	return code;
}

/* NULL: said, and *code says how it went. */
static json_t *make_request(const struct rsctl *ctl, int *code)
{
	json_t *request = json_pack("{s:s}", "op", ctl->command->name), *interfaces;

	*code = read_program(ctl, ctl->words[0], request);
	if (*code == CONTROL_OK)
		*code = definition_interfaces(ctl, ctl->words[1], &interfaces);
	if (*code) {
		json_decref(request);
		return NULL;
	}
	json_object_set_new(request, "interfaces", interfaces);
	if (ctl->registers)
		json_object_set_new(request, "register", json_true());
	return request;
}

static void set_flag(json_t *request, const char *name, bool flag)
{
	if (flag)
		json_object_set_new(request, name, json_true());
}

static void set_number(json_t *request, const char *name, uint64_t number)
{
	if (number)
		json_object_set_new(
			request, name, json_integer((json_int_t)(number & INT64_MAX)));
}

static void say_killed(const json_t *final)
{
	size_t i;
	json_t *process;

	json_array_foreach(json_object_get(final, "killed"), i, process)
		printf("killed process %lld\n", (long long)json_integer_value(process));
}

static int change(struct rsctl *ctl, json_t *request)
{
	struct ask question = {
		.request = request, .about = ctl->words[0], .timeout_ms = ASK_QUICK_MS
	};
	json_t *final;
	int code = ask(ctl, &question, &final);

	if (code)
		return code;
	if (ctl->json) {
		ask_print(final);
	} else {
		say_killed(final);
	}
	json_decref(final);
	return CONTROL_OK;
}

int rsctl_grants_grant(struct rsctl *ctl)
{
	int code;
	json_t *request = make_request(ctl, &code);

	if (!request)
		return code;
	set_flag(request, "ask", ctl->asks);
	set_flag(request, "mediated", ctl->mediated);
	set_number(request, "body_bytes_max", ctl->max_body);
	set_number(request, "messages_a_second", ctl->rate);
	set_number(request, "outstanding_max", ctl->outstanding);
	return change(ctl, request);
}

/* And revoke, which has the same options. */
int rsctl_grants_deny(struct rsctl *ctl)
{
	int code;
	json_t *request = make_request(ctl, &code);

	if (!request)
		return code;
	set_flag(request, "hard", ctl->hard);
	return change(ctl, request);
}

/* ---- grants ---- */

static const char *interface_cell(const json_t *row, char *room, size_t size)
{
	(void)size; /* as all cells, of CELLS_INTERFACE_SIZE at least */
	return cells_interface(cells_text(row, "interface"), room);
}

static const char *right_cell(const json_t *row, char *room, size_t size)
{
	(void)room, (void)size;
	return cells_text(row, "right");
}

static const char *grant_cell(const json_t *row, char *room, size_t size)
{
	snprintf(room, size, "%s%s", cells_text(row, "grant"),
		json_is_true(json_object_get(row, "mediated")) ? ", mediated" : "");
	return room;
}

/* "64 KiB a message, 10 messages/s, 4 unanswered" */
static const char *limits_cell(const json_t *row, char *room, size_t size)
{
	json_int_t body = ask_number(row, "body_bytes_max", 0);
	json_int_t rate = ask_number(row, "messages_a_second", 0);
	json_int_t outstanding = ask_number(row, "outstanding_max", 0);
	char body_text[UNITS_TEXT_SIZE + 16] = "", rate_text[UNITS_TEXT_SIZE + 16] = "",
					 outstanding_text[UNITS_TEXT_SIZE + 16] = "",
					 bytes[UNITS_TEXT_SIZE];

	if (body)
		snprintf(body_text, sizeof(body_text), "%s a message, ",
			units_size_text(bytes, (uint64_t)body));
	if (rate)
		snprintf(rate_text, sizeof(rate_text), "%lld a second, ", (long long)rate);
	if (outstanding)
		snprintf(outstanding_text, sizeof(outstanding_text), "%lld unanswered, ",
			(long long)outstanding);
	snprintf(room, size, "%s%s%s", body_text, rate_text, outstanding_text);
	size_t n = strlen(room);
	if (n == 0)
		return "-";
	room[n - 2] = 0; /* the last comma */
	return room;
}

static const char *since_cell(const json_t *row, char *room, size_t size)
{
	return json_is_true(json_object_get(row, "built_in"))
		       ? "built in"
		       : cells_ago(row, "since_ms", room, size);
}

static const struct listing_column columns[] = {
	{ "PROGRAM", cells_program },
	{ "NAME", cells_name },
	{ "INTERFACE", interface_cell },
	{ "RIGHT", right_cell },
	{ "GRANT", grant_cell },
	{ "LIMITS", limits_cell },
	{ "SINCE", since_cell },
};

int rsctl_grants_list(struct rsctl *ctl)
{
	struct listing l = {
		.ctl = ctl,
		.columns = columns,
		.n_columns = ARRAY_LEN(columns),
	};
	json_t *request = json_pack("{s:s}", "op", "grants");
	int code = ctl->n_words ? read_program(ctl, ctl->words[0], request) : (int)CONTROL_OK;

	if (code) {
		json_decref(request);
		return code;
	}
	return listing_show(&l, "grants", request, ASK_QUICK_MS);
}
