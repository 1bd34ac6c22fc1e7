/*
 * rsctl profile: how programs run, for the next build of them: start, stop, show, rm, ls.
 */
#include <stdio.h>
#include <string.h>

#include "supervisor/rsctl.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/cells.h"
#include "supervisor/rsctl/listing.h"
#include "supervisor/rsctl/program.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/units.h"

static const char *watched_cell(const json_t *row, char *room, size_t size)
{
	json_int_t running = ask_number(row, "running", 0);

	if (running)
		snprintf(room, size, "%lld running", (long long)running);
	else
		snprintf(room, size, "%s",
			json_is_true(json_object_get(row, "watched")) ? "yes" : "no");
	return room;
}

static const char *runs_cell(const json_t *row, char *room, size_t size)
{
	snprintf(room, size, "%lld", (long long)ask_number(row, "runs", 0));
	return room;
}

static const char *size_cell(const json_t *row, char *room, size_t size)
{
	char text[UNITS_TEXT_SIZE];

	snprintf(
		room, size, "%s", units_size_text(text, (uint64_t)ask_number(row, "bytes", 0)));
	return room;
}

static const char *used_cell(const json_t *row, char *room, size_t size)
{
	const char *why = cells_text(row, "why");

	(void)room, (void)size;
	if (json_is_true(json_object_get(row, "used")))
		return "yes";
	return json_object_get(row, "why") ? why : "not yet";
}

static const char *since_cell(const json_t *row, char *room, size_t size)
{
	return cells_ago(row, "since_ms", room, size);
}

static const struct listing_column columns[] = {
	{ "PROGRAM", cells_program },
	{ "WATCHED", watched_cell },
	{ "RUNS", runs_cell },
	{ "SIZE", size_cell },
	{ "SINCE", since_cell },
	{ "USED", used_cell },
};

static int list(struct rsctl *ctl, json_t *request)
{
	struct listing l = { .ctl = ctl, .columns = columns, .n_columns = ARRAY_LEN(columns) };

	return listing_show(&l, "profiles", request, ASK_QUICK_MS);
}

static int ls(struct rsctl *ctl, const char *program)
{
	(void)program;
	return list(ctl, json_pack("{s:s}", "op", "profiles"));
}

static int show(struct rsctl *ctl, const char *program)
{
	return list(ctl, json_pack("{s:s, s:s}", "op", "profiles", "program", program));
}

static int change(struct rsctl *ctl, const char *program)
{
	struct ask question = { .request = json_pack("{s:s, s:s, s:s}", "op", "profile",
					"program", program, "do", ctl->words[0]),
		.about = ctl->words[1],
		.timeout_ms = ASK_QUICK_MS };
	json_t *final;
	int code = ask(ctl, &question, &final);

	if (code)
		return code;
	if (ctl->json)
		ask_print(final);
	json_decref(final);
	return CONTROL_OK;
}

static const struct verb {
	const char *name;
	bool of_a_program;
	int (*run)(struct rsctl *ctl, const char *program);
} verbs[] = {
	{ "start", true, change },
	{ "stop", true, change },
	{ "show", true, show },
	{ "rm", true, change },
	{ "ls", false, ls },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

int rsctl_profile(struct rsctl *ctl)
{
	const struct verb *verb = find_verb(ctl->words[0]);
	char program[HASH_HEX_SIZE] = "";

	if (!verb || ctl->n_words != (verb->of_a_program ? 2 : 1)) {
		(void)say_error(CONTROL_USAGE, ctl->words[0], "%s",
			verb ? verb->of_a_program ? "of which program?" : "one word too many"
			     : "no such verb");
		say_hint("usage: rsctl profile start|stop|show|rm HASH, rsctl profile ls");
		return CONTROL_USAGE;
	}
	int code = verb->of_a_program ? program_find(ctl, ctl->words[1], program)
				      : (int)CONTROL_OK;
	return code ? code : verb->run(ctl, program);
}
