#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "interfaces/log.h"
#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"
#include "supervisor/control/questions.h"
#include "supervisor/control/wanted.h"

#define INPUT_GRANT_MIN 8192u /* smaller grants are saved up, unless the client has none */

/*
 * run and start. Of an attached run the output goes straight into the connection's queue; when
 * that is full enough, the process's home lane is not read, and so the program waits. Nothing
 * is lost and nothing grows.
 */
struct run {
	struct session *session;
	struct process *p; /* pinned */
	struct attached attached;
	bool attach, told_started;
	bool asks; /* somebody sits there who can be asked */
	struct questions questions;
	uint32_t credit; /* bytes of input the client may still send */
	bool input_ended, told_input_end;
	struct compile_progress told;
};

/* ---- the request ---- */

#define START_FIELDS                                                     \
	{ "allow", FIELD_TEXTS, false }, { "deny", FIELD_TEXTS, false }, \
		{ "best", FIELD_BOOL, false }, WANTED_FIELDS

static const struct field start_fields[] = { START_FIELDS, { 0 } };
static const struct field run_fields[] = { START_FIELDS, { "stdin", FIELD_BOOL, false },
	{ "ask", FIELD_BOOL, false }, { 0 } };

/* One word of allow or deny; false: answered. */
static bool permit_word(struct session *s, const char *word, bool allow, struct permit *permit)
{
	bool handles = strncmp(word, CONTROL_REGISTER, strlen(CONTROL_REGISTER)) == 0;
	const char *name = handles ? word + strlen(CONTROL_REGISTER) : word;
	bool all = strcmp(name, CONTROL_ALL) == 0;
	struct hash interface;

	if (!all && !session_interface(s, name, &interface))
		return false;
	if (permit_answer(permit, all ? NULL : &interface, handles ? BROKER_HANDLE : BROKER_USE,
		    allow) == 0)
		return true;
	session_fail(s, CONTROL_USAGE, s->op->name,
		"at most %u interfaces are allowed or denied", PERMIT_ROWS_MAX);
	return false;
}

static bool permit_words(
	struct session *s, const json_t *list, bool allow, struct permit *permit)
{
	json_t *word;
	size_t i;

	json_array_foreach(list, i, word)
	{
		if (!permit_word(s, json_string_value(word), allow, permit))
			return false;
	}
	return true;
}

/* What this run may do, whatever the grants leave open; false: answered. */
static bool read_permit(struct session *s, const json_t *request, struct permit *permit)
{
	return permit_words(s, json_object_get(request, "allow"), true, permit) &&
	       permit_words(s, json_object_get(request, "deny"), false, permit);
}

static void begin(
	struct session *s, const json_t *request, const struct attached *attached, bool input)
{
	CLEANUP(wanted_deinit)
	struct wanted wanted = { .request = { .limits = s->parts->limits } };
	CLEANUP(permit_deinit) struct permit permit = { 0 };
	const char *name = fields_text(request, "program", "");

	if (!session_program(s, name, &wanted.request.program))
		return;
	const char *why = wanted_read(request, &wanted);
	if (why) {
		session_fail(s, CONTROL_USAGE, s->op->name, "%s", why);
		return;
	}
	wanted.request.quality = fields_bool(request, "best") ? TIERS_BEST : TIERS_NOW;
	if (!read_permit(s, request, &permit) || (attached && !session_follow(s)))
		return;
	struct run *run = calloc(1, sizeof(*run));
	s->state = run;
	if (run && attached) {
		run->attach = true;
		run->attached = *attached;
		run->attached.context = run;
		run->attached.input = input;
		wanted.request.attached = &run->attached;
	}
	if (run)
		run->session = s;
	int r = run ? processes_start(s->parts->processes, &wanted.request, &run->p) : -ENOMEM;
	if (r) {
		session_fail(s, CONTROL_FAILED, s->op->name, "%s", processes_why(r));
		return;
	}
	/* before it can ask for anything: nothing of it runs in this turn */
	run->p->permit.once = permit.once;
	permit = (struct permit){ 0 };
}

/* ---- how it goes on ---- */

static json_t *who(const struct process *p)
{
	return json_pack("{s:I, s:o}", "process", (json_int_t)p->id, "program",
		describe_hash(&p->program));
}

static bool never_began(const struct process *p)
{
	return p->state == PROCESS_GONE && !p->ran && p->ending.cause == ENDING_START_FAILED;
}

static void say_failed(struct session *s, const struct process *p)
{
	session_fail(s,
		p->compile_outcome == COMPILE_MISSING ? CONTROL_NOT_FOUND : CONTROL_FAILED,
		p->name[0] ? p->name : s->op->name, "%s", p->ending.detail);
}

static void run_end(struct session *s)
{
	struct run *run = s->state;
	struct processes *processes = s->parts->processes;

	if (run && run->p) {
		/* nobody is attached any more, or nobody hears how the start went */
		bool unwanted =
			run->attach || (!s->answered && run->p->state == PROCESS_COMPILING);
		processes_detach(run->p);
		run->p->permit.watched = false;
		if (unwanted)
			processes_stop(processes, run->p, PROCESSES_STOP_MS);
		roster_unpin(s->parts->roster, run->p);
	}
	free(run);
}

/* ---- start ---- */

static void start_begin(struct session *s, const json_t *request)
{
	begin(s, request, NULL, false);
}

static void start_step(struct session *s)
{
	struct run *run = s->state;
	struct process *p = run->p;

	if (p->state == PROCESS_COMPILING)
		session_progress(s, &p->want, &run->told);
	else if (never_began(p))
		say_failed(s, p);
	else if ((p->ran && p->pidfd >= 0) || p->state == PROCESS_GONE)
		session_ok(s, who(p)); /* its pid is known as well, which may come later */
}

const struct session_op control_start = {
	.name = "start",
	.fields = start_fields,
	.begin = start_begin,
	.step = start_step,
	.end = run_end,
};

/* ---- run ---- */

static void tell_started(struct run *run)
{
	if (run->told_started)
		return;
	run->told_started = true;
	session_say(run->session, json_pack("{s:o}", "started", who(run->p)));
}

static void send_output(struct run *run, uint8_t stream, const uint8_t *bytes, uint32_t n)
{
	while (n) {
		uint32_t piece = n < CONTROL_PAYLOAD_MAX - 1 ? n : CONTROL_PAYLOAD_MAX - 1;
		connection_send(
			run->session->connection, CONTROL_DATA, &stream, 1, bytes, piece);
		bytes += piece;
		n -= piece;
	}
}

/* What is logged (not printed) is a line each, and goes where a program's complaints go. */
static void output(void *context, uint32_t stream, const void *bytes, uint32_t n)
{
	struct run *run = context;

	tell_started(run);
	if (stream == RS_LOG_STDOUT) {
		send_output(run, CONTROL_STREAM_OUT, bytes, n);
		return;
	}
	send_output(run, CONTROL_STREAM_ERR, bytes, n);
	if (stream != RS_LOG_STDERR && (n == 0 || ((const char *)bytes)[n - 1] != '\n'))
		send_output(run, CONTROL_STREAM_ERR, (const uint8_t *)"\n", 1);
}

static bool blocked(void *context)
{
	const struct run *run = context;

	return connection_queued(run->session->connection) >= CONNECTION_QUEUE_HIGH;
}

static void input_wanted(void *context)
{
	struct run *run = context;

	run->session->moved = true; /* run_step() will grant more */
}

static void run_begin(struct session *s, const json_t *request)
{
	static const struct attached functions = {
		.output = output, .blocked = blocked, .input_wanted = input_wanted
	};

	begin(s, request, &functions, fields_bool(request, "stdin"));
	struct run *run = s->state;
	if (!run || !fields_bool(request, "ask"))
		return;
	run->asks = run->p->permit.watched = true;
	run->questions = (struct questions){ .process = run->p->id, .changes = UINT64_MAX };
}

static void say_question(struct session *s, json_t *row)
{
	session_say(s, json_pack("{s:o}", "question", row));
}

static void grant_input(struct session *s, struct run *run)
{
	uint32_t room = workers_input_room(s->parts->workers, run->p->id);
	uint32_t more = room > run->credit ? room - run->credit : 0;

	if (more == 0 || (run->credit && more < INPUT_GRANT_MIN))
		return;
	run->credit += more;
	session_say(s, json_pack("{s:{s:I}}", "input", "bytes", (json_int_t)more));
}

static void care_for_input(struct session *s, struct run *run)
{
	if (!run->input_ended) {
		grant_input(s, run);
	} else if (!run->told_input_end) {
		run->told_input_end = true;
		workers_input_end(s->parts->workers, run->p->id);
	}
}

static void run_step(struct session *s)
{
	struct run *run = s->state;
	struct process *p = run->p;

	if (p->state == PROCESS_COMPILING) {
		session_progress(s, &p->want, &run->told);
		return;
	}
	if (never_began(p) && !run->told_started) {
		say_failed(s, p);
		return;
	}
	tell_started(run);
	if (p->state == PROCESS_GONE) {
		json_t *fields = who(p);
		describe_ending(fields, p);
		session_ok(s, fields);
		return;
	}
	if (run->asks)
		(void)questions_tell(&run->questions, s, say_question);
	if (run->attached.input && p->ran)
		care_for_input(s, run);
}

static void run_data(struct session *s, const uint8_t *bytes, uint32_t n)
{
	struct run *run = s->state;

	if (n > run->credit) {
		session_fail(s, CONTROL_USAGE, "run", "more input came than was asked for");
		return;
	}
	run->credit -= n;
	if (run->input_ended || run->p->state == PROCESS_GONE)
		return;
	if (workers_input(s->parts->workers, run->p->id, bytes, n))
		session_fail(s, CONTROL_FAILED, "run", "there is no room for input");
}

static void run_signal(struct session *s, struct run *run, const char *signal)
{
	if (strcmp(signal, "kill") == 0)
		processes_signal(s->parts->processes, run->p, SIGKILL);
	else if (strcmp(signal, "stop") == 0)
		processes_stop(s->parts->processes, run->p, PROCESSES_STOP_MS);
	else
		session_fail(s, CONTROL_USAGE, "run", "the signals are stop and kill");
}

static void run_more(struct session *s, const json_t *message)
{
	static const struct field fields[] = { { "input_end", FIELD_BOOL, false },
		{ "signal", FIELD_TEXT, false }, { 0 } };
	struct run *run = s->state;
	char why[FIELDS_WHY_SIZE];

	if (fields_check(message, fields, why)) {
		session_fail(s, CONTROL_USAGE, "run", "%s", why);
		return;
	}
	if (fields_bool(message, "input_end"))
		run->input_ended = true; /* run_step() passes it on, maybe only once it runs */
	if (json_object_get(message, "signal"))
		run_signal(s, run, fields_text(message, "signal", ""));
}

const struct session_op control_run = {
	.name = "run",
	.fields = run_fields,
	.begin = run_begin,
	.step = run_step,
	.data = run_data,
	.more = run_more,
	.end = run_end,
};
