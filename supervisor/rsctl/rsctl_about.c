/*
 * rsctl version and doctor: what rsd says of itself, of the walls around its workers and of the
 * tools that compile. doctor answers 1 if something that is never optional is missing.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/rsctl.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/rsctl/table.h"
#include "supervisor/rsctl/term.h"
#include "supervisor/rsctl/tree.h"
#include "supervisor/units.h"

#define SETTLE_TRIES   50 /* rsd has just begun: launcher and toolchain answer soon */
#define SETTLE_WAIT_MS 200

static int ask_version(const struct rsctl *ctl, json_t **final)
{
	struct ask question = {
		.request = json_pack("{s:s}", "op", "version"),
		.about = ctl->command->name,
		.timeout_ms = ASK_QUICK_MS,
	};

	return ask(ctl, &question, final);
}

static void print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	putchar('\n');
}

int rsctl_about_version(struct rsctl *ctl)
{
	json_t *final;

	if (!ctl->json)
		printf("rsctl: %s\n", REDSHIRT_VERSION);
	fflush(stdout); /* before what is said of an rsd that is not there */
	int code = ask_version(ctl, &final);
	if (code)
		return code;
	json_object_del(final, "ok");
	if (ctl->json) {
		json_object_set_new(final, "rsctl", json_string(REDSHIRT_VERSION));
		print_json(final);
	} else {
		json_t *short_form = json_pack("{s:O*, s:O*, s:O*, s:O*}", "rsd",
			json_object_get(final, "version"), "pid", json_object_get(final, "pid"),
			"uptime_ms", json_object_get(final, "uptime_ms"), "run_dir",
			json_object_get(final, "run_dir"));
		tree_print(short_form, stdout);
		json_decref(short_form);
	}
	json_decref(final);
	return CONTROL_OK;
}

/* --- doctor --- */

static const char *toolchain_state(const json_t *final)
{
	return ask_text(json_object_get(final, "toolchain"), "state");
}

static bool settled(const json_t *final)
{
	return json_object_size(json_object_get(final, "walls")) > 0 &&
	       strcmp(toolchain_state(final), "asking") != 0;
}

static int ask_until_settled(const struct rsctl *ctl, json_t **final)
{
	int code = ask_version(ctl, final);

	for (int i = 0; code == CONTROL_OK && i < SETTLE_TRIES && !settled(*final); i++) {
		json_decref(*final);
		poll(NULL, 0, SETTLE_WAIT_MS);
		code = ask_version(ctl, final);
	}
	return code;
}

static void print_walls(json_t *walls)
{
	static const char *const headings[] = { "WALL", "STANDS", NULL };
	CLEANUP(table_freep) struct table *table = NULL;
	const char *name;
	json_t *stands;

	if (table_new(headings, &table))
		return;
	json_object_foreach(walls, name, stands)
	{
		if (table_row(table) || table_cell(table, name) ||
			table_cell(table, json_is_true(stands) ? "yes" : "no"))
			return;
	}
	table_print(table, stdout);
}

static void print_line(const char *text)
{
	CLEANUP(freep) char *safe = term_escaped_line(text, strlen(text));

	printf("%s\n", safe ? safe : "");
}

static bool has_tier(const json_t *toolchain, const char *tier)
{
	json_t *item;
	size_t i;

	json_array_foreach(json_object_get(toolchain, "tiers"), i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), tier) == 0)
			return true;
	}
	return false;
}

/* The ids say nothing to people. */
static void print_toolchain(const json_t *toolchain)
{
	json_t *line;
	size_t i;

	json_array_foreach(json_object_get(toolchain, "lines"), i, line)
	{
		const char *text = json_is_string(line) ? json_string_value(line) : "";
		if (strncmp(text, "id ", 3) != 0)
			print_line(text);
	}
	if (has_tier(toolchain, "full") && !has_tier(toolchain, "quick"))
		print_line("no quick tier: a first start waits for optimized code");
}

static void print_about(json_t *final)
{
	static const char *const shown[] = { "version", "pid", "uid", "run_dir", "state_dir",
		"cache_dir", "uptime_ms", "processes", "limits" };
	json_t *chosen = json_object();

	for (size_t i = 0; i < ARRAY_LEN(shown); i++)
		json_object_set(chosen, shown[i], json_object_get(final, shown[i]));
	tree_print(chosen, stdout);
	json_decref(chosen);
	putchar('\n');
	print_toolchain(json_object_get(final, "toolchain"));
	putchar('\n');
	print_walls(json_object_get(final, "walls"));
}

/* The worker's filter of system calls is the one wall without which nothing runs. */
static int verdict(const json_t *final)
{
	int code = CONTROL_OK;

	if (!json_is_true(json_object_get(final, "launcher")))
		code = say_error(CONTROL_FAILED, "doctor",
			"the launcher is not there: nothing can start");
	else if (!json_is_true(json_object_get(json_object_get(final, "walls"), "seccomp")))
		code = say_error(
			CONTROL_FAILED, "doctor", "seccomp does not stand: nothing can start");
	if (strcmp(toolchain_state(final), "ready") != 0) {
		const char *why = ask_text(json_object_get(final, "toolchain"), "why");
		code = say_error(CONTROL_FAILED, "doctor", "nothing can be compiled: %s",
			*why ? why : "the toolchain has not answered");
		say_hint("`make deps` installs what is missing");
	}
	return code;
}

int rsctl_about_doctor(struct rsctl *ctl)
{
	json_t *final;
	int code = ask_until_settled(ctl, &final);

	if (code)
		return code;
	json_object_del(final, "ok");
	if (ctl->json)
		print_json(final);
	else
		print_about(final);
	fflush(stdout);
	code = verdict(final);
	json_decref(final);
	return code;
}
