#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "interfaces/log.h"
#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"
#include "supervisor/jsontext.h"

static void missed(struct session *s, uint64_t n)
{
	session_say(s, json_pack("{s:I}", "missed", (json_int_t)n));
}

/* ---- logs ---- */

struct logs {
	struct process *p; /* pinned */
	struct journal_cursor cursor;
	bool follow;
};

static const struct field logs_fields[] = { { "process", FIELD_TARGET, true },
	{ "follow", FIELD_BOOL, false }, { "lines", FIELD_NUMBER, false }, { 0 } };

/* The newest process of a program; NULL: answered. */
static struct process *newest_of(struct session *s, const char *prefix)
{
	struct process *newest = NULL;
	struct hash program;

	if (!session_program(s, prefix, &program))
		return NULL;
	for (struct process *p = NULL; (p = roster_next(s->parts->roster, p));)
		if (hash_equal(&p->program, &program))
			newest = p;
	if (!newest)
		session_fail(s, CONTROL_NOT_FOUND, prefix, "it has not run since rsd began");
	return newest;
}

static struct process *whose_logs(struct session *s, const json_t *target)
{
	const char *text = json_string_value(target);
	uint64_t id = text ? strtoull(text, NULL, 10) : 0;

	if (!text || strlen(text) < STORE_PREFIX_MIN ||
		(strspn(text, "0123456789") == strlen(text) &&
			roster_get(s->parts->roster, id)))
		return session_process(s, target);
	return newest_of(s, text);
}

static void logs_begin(struct session *s, const json_t *request)
{
	struct process *p = whose_logs(s, json_object_get(request, "process"));
	bool follow = fields_bool(request, "follow");

	if (!p || (follow && !session_follow(s)))
		return;
	struct logs *logs = calloc(1, sizeof(*logs));
	if (!logs) {
		session_fail(s, CONTROL_FAILED, "logs", "%s", strerror(ENOMEM));
		return;
	}
	roster_pin(p);
	logs->p = p;
	logs->follow = follow;
	logs->cursor = journal_last(p->book, fields_number(request, "lines", UINT64_MAX));
	s->state = logs;
}

static json_t *log_row(const struct process *p, const struct journal_line *line)
{
	static const char *const streams[] = {
		[RS_LOG_STDOUT] = "stdout",
		[RS_LOG_STDERR] = "stderr",
		[RS_LOG_ERROR] = "error",
		[RS_LOG_WARNING] = "warning",
		[RS_LOG_INFO] = "info",
		[RS_LOG_DEBUG] = "debug",
	};

	return json_pack("{s:I, s:I, s:s, s:o}", "process", (json_int_t)p->id, "time_ms",
		(json_int_t)line->time_ms, "stream",
		line->stream < ARRAY_LEN(streams) ? streams[line->stream] : "info", "text",
		jsontext(line->text, line->bytes));
}

static void logs_step(struct session *s)
{
	struct logs *logs = s->state;
	struct journal_line line;
	int r = 0;

	while (r != JOURNAL_END && session_room(s)) {
		r = journal_next(logs->p->book, &logs->cursor, &line);
		if (r == 0)
			session_row(s, log_row(logs->p, &line));
		else if (r == JOURNAL_MISSED)
			missed(s, line.missed);
	}
	if (r == JOURNAL_END && (!logs->follow || logs->p->state == PROCESS_GONE))
		session_ok(s, NULL);
}

static void logs_end(struct session *s)
{
	struct logs *logs = s->state;

	if (logs)
		roster_unpin(s->parts->roster, logs->p);
	free(logs);
}

const struct session_op control_logs = {
	.name = "logs",
	.fields = logs_fields,
	.begin = logs_begin,
	.step = logs_step,
	.end = logs_end,
};

/* ---- events ---- */

struct event_reader {
	uint64_t next;
	bool follow;
};

static const struct field events_fields[] = { { "follow", FIELD_BOOL, false },
	{ "lines", FIELD_NUMBER, false }, { 0 } };

static void events_begin(struct session *s, const json_t *request)
{
	const struct events *events = s->parts->events;
	uint64_t lines = fields_number(request, "lines", UINT64_MAX);
	uint64_t first = events_first(events), last = events_last(events);
	bool follow = fields_bool(request, "follow");

	if (follow && !session_follow(s))
		return;
	struct event_reader *reader = calloc(1, sizeof(*reader));
	if (!reader) {
		session_fail(s, CONTROL_FAILED, "events", "%s", strerror(ENOMEM));
		return;
	}
	reader->follow = follow;
	reader->next = last - first > lines ? last - lines : first;
	s->state = reader;
}

static json_t *event_row(const struct event *event)
{
	json_t *row = json_pack(
		"{s:I, s:s}", "time_ms", (json_int_t)event->time_ms, "event", event->name);

	if (event->process)
		json_object_set_new(row, "process", json_integer((json_int_t)event->process));
	if (event->has_program)
		json_object_set_new(row, "program", describe_hash(&event->program));
	if (event->detail[0])
		json_object_set_new(
			row, "detail", jsontext(event->detail, strlen(event->detail)));
	return row;
}

static void events_step(struct session *s)
{
	struct event_reader *reader = s->state;
	const struct events *events = s->parts->events;
	uint64_t first = events_first(events);

	if (reader->next < first) {
		missed(s, first - reader->next);
		reader->next = first;
	}
	while (reader->next < events_last(events) && session_room(s))
		session_row(s, event_row(events_get(events, reader->next++)));
	if (reader->next == events_last(events) && !reader->follow)
		session_ok(s, NULL);
}

static void events_end(struct session *s)
{
	free(s->state);
}

const struct session_op control_events = {
	.name = "events",
	.fields = events_fields,
	.begin = events_begin,
	.step = events_step,
	.end = events_end,
};
