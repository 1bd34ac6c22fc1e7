/*
 * The commands of rsctl that read: ps, ls, logs, events; inspect is in rsctl_inspect.c.
 */
#include <stdio.h>
#include <string.h>

#include "ipc/hash.h"
#include "supervisor/rsctl.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/cells.h"
#include "supervisor/rsctl/listing.h"
#include "supervisor/rsctl/program.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/rsctl/term.h"
#include "supervisor/units.h"

/* --- cells --- */

/* A native client's hash is that of its name: nothing one could ask for. */
static const char *kind_cell(const json_t *row, char *room, size_t size)
{
	return strcmp(ask_text(row, "kind"), "native") == 0 ? "native"
							    : cells_program(row, room, size);
}

/* One that rsd started because it is bound to an interface says so. */
static const char *state_cell(const json_t *row, char *room, size_t size)
{
	snprintf(room, size, "%s%s", cells_text(row, "state"),
		json_object_get(row, "for") ? " (bound)" : "");
	return room;
}

static const char *pid_cell(const json_t *row, char *room, size_t size)
{
	return cells_number(row, "pid", room, size);
}

/* How long it has run, or ran. */
static const char *time_cell(const json_t *row, char *room, size_t size)
{
	json_int_t started = ask_number(row, "started_ms", -1);

	if (started < 0 || size < UNITS_TEXT_SIZE)
		return "-";
	return units_span_text(room, ask_number(row, "ended_ms", cells_now_ms()) - started);
}

static const char *status_cell(const json_t *row, char *room, size_t size)
{
	char why[ASK_ENDING_SIZE];

	if (!json_is_integer(json_object_get(row, "status")))
		return "-";
	ask_ending(row, why);
	snprintf(room, size, "%lld %s", (long long)ask_number(row, "status", 0), why);
	return room;
}

static const char *interfaces(const json_t *list, char *room, size_t size)
{
	const json_t *item;
	size_t i, at = 0;

	json_array_foreach(list, i, item)
	{
		char name[CELLS_INTERFACE_SIZE];
		const char *text = json_is_string(item) ? json_string_value(item) : "?";
		int n = snprintf(room + at, size - at, "%s%s", i ? "," : "",
			cells_interface(text, name));
		if (n < 0 || at + (size_t)n >= size)
			break; /* what fits is shown */
		at += (size_t)n;
	}
	return at ? room : "-";
}

static const char *handles_cell(const json_t *row, char *room, size_t size)
{
	return interfaces(json_object_get(row, "handles"), room, size);
}

static const char *waits_cell(const json_t *row, char *room, size_t size)
{
	return interfaces(json_object_get(row, "waits_for"), room, size);
}

static const char *size_cell(const json_t *row, char *room, size_t size)
{
	json_int_t bytes = ask_number(row, "bytes", -1);

	return bytes < 0 || size < UNITS_TEXT_SIZE ? "-"
						   : units_size_text(room, (uint64_t)bytes);
}

static const char *added_cell(const json_t *row, char *room, size_t size)
{
	return cells_ago(row, "added_ms", room, size);
}

/* "quick", "full" ...; without an object "no", "refused" or "unknown". */
static const char *tier_cell(const json_t *row, char *room, size_t size)
{
	(void)room, (void)size;
	return cells_text(row, *ask_text(row, "tier") ? "tier" : "compiled");
}

static const char *running_cell(const json_t *row, char *room, size_t size)
{
	return cells_number(row, "running", room, size);
}

/* --- ps and ls --- */

static const struct listing_column ps_columns[] = {
	{ ">PROCESS", cells_process }, { "PROGRAM", kind_cell }, { "NAME", cells_name },
	{ "STATE", state_cell }, { ">PID", pid_cell }, { ">TIME", time_cell },
	{ "HANDLES", handles_cell }, { "WAITS FOR", waits_cell },
	{ "STATUS", status_cell }, /* only with --all */
};

int rsctl_show_ps(struct rsctl *ctl)
{
	struct listing l = {
		.ctl = ctl,
		.columns = ps_columns,
		.n_columns = ARRAY_LEN(ps_columns) - !ctl->all,
		.id = "process",
	};

	return listing_show(
		&l, "ps", json_pack("{s:s, s:b}", "op", "ps", "all", ctl->all), ASK_QUICK_MS);
}

static const struct listing_column ls_columns[] = {
	{ "PROGRAM", cells_program },
	{ ">SIZE", size_cell },
	{ ">ADDED", added_cell },
	{ "TIER", tier_cell },
	{ ">RUNNING", running_cell },
};

int rsctl_show_ls(struct rsctl *ctl)
{
	struct listing l = {
		.ctl = ctl,
		.columns = ls_columns,
		.n_columns = ARRAY_LEN(ls_columns),
		.id = "program",
	};

	return listing_show(&l, "ls", json_pack("{s:s}", "op", "ls"), ASK_QUICK_MS);
}

/* --- logs and events --- */

/* A line of a program, or (in the supervisor's words) about it. */
static int print_log_line(struct listing *l, const json_t *row)
{
	const char *text = ask_text(row, "text"), *stream = ask_text(row, "stream");
	bool is_error = strcmp(stream, "stderr") == 0;
	bool is_output = is_error || strcmp(stream, "stdout") == 0;
	FILE *to = is_error ? stderr : stdout;
	char when[UNITS_TEXT_SIZE];
	size_t size = strlen(text);
	struct term term;

	if (size > 0 && text[size - 1] == '\n')
		size--;
	if (l->ctl->times)
		fprintf(to, "%s ", units_time_text(when, ask_number(row, "time_ms", 0)));
	if (!is_output)
		fprintf(to, "%.16s: ", stream);
	fflush(to);
	term_init(&term, fileno(to));
	if (term_write(&term, text, size) || term_flush(&term))
		return CONTROL_FAILED;
	fputc('\n', to);
	return fflush(to) == 0 ? CONTROL_OK : CONTROL_FAILED;
}

static int show_lines(struct listing *l, const char *about, json_t *request)
{
	if (l->ctl->follow)
		json_object_set_new(request, "follow", json_true());
	if (l->ctl->lines != UINT64_MAX)
		json_object_set_new(request, "lines",
			json_integer((json_int_t)(l->ctl->lines & INT64_MAX)));
	return listing_show(l, about, request, l->ctl->follow ? ASK_FOR_EVER : ASK_QUICK_MS);
}

int rsctl_show_logs(struct rsctl *ctl)
{
	struct listing l = { .ctl = ctl, .each = print_log_line };
	char target[HASH_HEX_SIZE];
	uint64_t process;
	const char *word = ctl->words[0];

	if (!units_count(word, &process)) {
		int code = program_hash(word, target);
		if (code)
			return code;
		word = target;
	}
	return show_lines(
		&l, ctl->words[0], json_pack("{s:s, s:s}", "op", "logs", "process", word));
}

static int print_event(struct listing *l, const json_t *row)
{
	char when[UNITS_TEXT_SIZE];
	const char *detail = ask_text(row, "detail"), *event = cells_text(row, "event");
	json_int_t process = ask_number(row, "process", -1);

	(void)l;
	CLEANUP(freep) char *safe_event = term_escaped_line(event, strlen(event));
	CLEANUP(freep) char *safe_detail = term_escaped_line(detail, strlen(detail));
	if (!safe_event || !safe_detail)
		return say_error(CONTROL_FAILED, "events", "no memory");
	printf("%s %s", units_time_text(when, ask_number(row, "time_ms", 0)), safe_event);
	if (process >= 0)
		printf(" process=%lld", (long long)process);
	if (*ask_text(row, "program"))
		printf(" program=%.*s", RSCTL_SHORT_HASH, ask_text(row, "program"));
	if (*detail)
		printf(" %s", safe_detail);
	putchar('\n');
	return fflush(stdout) == 0 ? CONTROL_OK : CONTROL_FAILED;
}

int rsctl_show_events(struct rsctl *ctl)
{
	struct listing l = { .ctl = ctl, .each = print_event };

	return show_lines(&l, "events", json_pack("{s:s}", "op", "events"));
}
