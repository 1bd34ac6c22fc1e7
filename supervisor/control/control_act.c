#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"

/* ---- compile ---- */

struct compiling {
	struct compile_want want;
	struct shelf_object *object;
	enum compile_outcome outcome;
	char why[REFUSED_WHY_SIZE];
	bool ready;
	uint64_t begun_ns;
	struct compile_progress told;
};

static const struct field compile_fields[] = { { "program", FIELD_TEXT, true },
	{ "wait", FIELD_BOOL, false }, { 0 } };

static void compile_ready(struct compile_want *want, enum compile_outcome outcome,
	struct shelf_object *object, const char *why)
{
	struct compiling *c =
		(struct compiling *)(void *)((char *)want - offsetof(struct compiling, want));

	c->ready = true;
	c->outcome = outcome;
	c->object = object;
	strncpy(c->why, why, sizeof(c->why) - 1);
}

static void compile_begin(struct session *s, const json_t *request)
{
	struct hash program;

	if (!session_program(s, fields_text(request, "program", ""), &program))
		return;
	struct compiling *c = calloc(1, sizeof(*c));
	if (!c) {
		session_fail(s, CONTROL_FAILED, "compile", "%s", strerror(ENOMEM));
		return;
	}
	s->state = c;
	c->begun_ns = loop_now_ns();
	c->want.program = program;
	c->want.quality = fields_bool(request, "wait") ? TIERS_BEST : TIERS_NOW;
	c->want.ready = compile_ready;
	compile_get(s->parts->compile, &c->want);
}

static void compile_step(struct session *s)
{
	struct compiling *c = s->state;
	double seconds = (double)(loop_now_ns() - c->begun_ns) / 1e9;
	struct compile_progress behind;

	if (!c->ready) {
		session_progress(s, &c->want, &c->told);
		return;
	}
	if (c->outcome != COMPILE_DONE) {
		session_fail(s,
			c->outcome == COMPILE_MISSING ? CONTROL_NOT_FOUND : CONTROL_FAILED,
			"compile", "%s%s", c->outcome == COMPILE_REFUSED ? "refused: " : "",
			c->why);
		return;
	}
	bool more = compile_behind_of(s->parts->compile, &c->want.program, &behind);
	session_ok(s, json_pack("{s:o, s:s, s:I, s:f, s:b, s:s*}", "program",
			      describe_hash(&c->want.program), "tier",
			      object_tier_name(c->object->tier), "bytes",
			      (json_int_t)c->object->bytes, "seconds", seconds, "kept",
			      !compile_disk_full(s->parts->compile), "behind",
			      more ? object_tier_name(behind.tier) : NULL));
}

static void compile_end(struct session *s)
{
	struct compiling *c = s->state;

	if (!c)
		return;
	compile_drop(&c->want);
	shelf_drop(c->object);
	free(c);
}

const struct session_op control_compile = {
	.name = "compile",
	.fields = compile_fields,
	.begin = compile_begin,
	.step = compile_step,
	.end = compile_end,
};

/* ---- stop, kill: the final answer comes when the process is gone; state is the process,
 * pinned ---- */

static void wait_for(struct session *s, struct process *p)
{
	roster_pin(p);
	s->state = p;
}

static json_t *fate(const struct process *p)
{
	json_t *fields = json_pack("{s:I}", "process", (json_int_t)p->id);

	describe_ending(fields, p);
	return fields;
}

static void ended_step(struct session *s)
{
	const struct process *p = s->state;

	if (p->state == PROCESS_GONE)
		session_ok(s, fate(p));
}

static void ended_end(struct session *s)
{
	if (s->state)
		roster_unpin(s->parts->roster, s->state);
}

static const struct field stop_fields[] = { { "process", FIELD_TARGET, true },
	{ "timeout_ms", FIELD_NUMBER, false }, { 0 } };

static void stop_begin(struct session *s, const json_t *request)
{
	struct process *p = session_process(s, json_object_get(request, "process"));
	uint64_t timeout_ms = fields_number(request, "timeout_ms", PROCESSES_STOP_MS);

	if (!p)
		return;
	if (timeout_ms > PROCESSES_STOP_MAX) {
		session_fail(s, CONTROL_USAGE, "stop", "the longest time is %u s",
			PROCESSES_STOP_MAX / 1000);
		return;
	}
	wait_for(s, p);
	processes_stop(s->parts->processes, p, timeout_ms);
}

const struct session_op control_stop = {
	.name = "stop",
	.fields = stop_fields,
	.begin = stop_begin,
	.step = ended_step,
	.end = ended_end,
};

static const struct field kill_fields[] = { { "process", FIELD_TARGET, true },
	{ "signal", FIELD_NUMBER, false }, { 0 } };

static void kill_begin(struct session *s, const json_t *request)
{
	struct process *p = session_process(s, json_object_get(request, "process"));
	uint64_t signal = fields_number(request, "signal", SIGKILL);

	if (!p)
		return;
	if (signal < 1 || signal >= (uint64_t)NSIG) {
		session_fail(s, CONTROL_USAGE, "kill", "there is no signal %" PRIu64, signal);
		return;
	}
	if (p->native && signal != SIGKILL) {
		session_fail_hint(s, CONTROL_USAGE, "kill",
			"a native process is not rsd's to signal",
			"without --signal it is expelled; rsctl ps shows its pid", NULL);
		return;
	}
	processes_signal(s->parts->processes, p, (int)signal);
	if (signal == SIGKILL || signal == SIGTERM)
		wait_for(s, p);
	else
		session_ok(s, fate(p));
}

const struct session_op control_kill = {
	.name = "kill",
	.fields = kill_fields,
	.begin = kill_begin,
	.step = ended_step,
	.end = ended_end,
};

/* ---- shutdown ---- */

static const struct field shutdown_fields[] = { { 0 } };

static void shutdown_begin(struct session *s, const json_t *request)
{
	(void)request;
	if (s->peer.uid != 0 && s->peer.uid != geteuid()) {
		session_fail(s, CONTROL_DENIED, "shutdown", "only rsd's own user and root may");
		return;
	}
	s->parts->shut_down(s->parts->context);
}

static void shutdown_step(struct session *s)
{
	if (processes_alive(s->parts->processes) == 0)
		session_ok(s, NULL);
}

const struct session_op control_shutdown = {
	.name = "shutdown",
	.fields = shutdown_fields,
	.begin = shutdown_begin,
	.step = shutdown_step,
};
