#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"

struct rm {
	struct offload_job job;
	struct store *store;
	struct objects *objects;
	struct hash program;
	struct lookup_key keys[OBJECT_TIERS];
	uint32_t keys_count;
	bool working, done, dropped;
	int result;
	struct bindings_wait unbind; /* of one interface after the other */
};

static const struct field rm_fields[] = { { "program", FIELD_TEXT, true },
	{ "force", FIELD_BOOL, false }, { 0 } };

static struct rm *rm_of(struct offload_job *job)
{
	return (struct rm *)(void *)((char *)job - offsetof(struct rm, job));
}

static void remove_files(struct offload_job *job)
{
	struct rm *rm = rm_of(job);

	/* the objects first: without their program nobody would ever ask for them again */
	for (uint32_t i = 0; i < rm->keys_count; i++)
		if (objects_remove(rm->objects, &rm->keys[i].key) < 0)
			rm->result = -EIO;
	int r = store_remove(rm->store, &rm->program);
	if (r < 0)
		rm->result = r;
}

static void removed_files(struct offload_job *job)
{
	struct rm *rm = rm_of(job);

	rm->working = false;
	rm->done = true;
	if (rm->dropped)
		free(rm);
}

static void kill_all(struct session *s, const struct hash *program)
{
	struct processes *processes = s->parts->processes;

	for (struct process *p = NULL; (p = roster_next(s->parts->roster, p));)
		if (hash_equal(&p->program, program))
			processes_signal(processes, p, SIGKILL);
}

/* False: it is of use, and has been answered. */
static bool is_free(struct session *s, const char *name, const struct hash *program)
{
	uint32_t running = processes_running(s->parts->processes, program);
	const struct hash *bound = bindings_of_program(s->parts->bindings, program);
	char why[64 + HASH_HEX_SIZE], hex[HASH_HEX_SIZE];

	if (running)
		snprintf(why, sizeof(why), "%" PRIu32 " process%s of it run%s", running,
			running == 1 ? "" : "es", running == 1 ? "s" : "");
	else if (bound)
		snprintf(why, sizeof(why), "it is bound to the interface %s",
			names_text(s->parts->ruling->names, bound, hex));
	else
		return true;
	session_fail_hint(s, CONTROL_FAILED, name, why,
		running ? "rsctl rm --force kills them first"
			: "rsctl rm --force unbinds it first",
		NULL);
	return false;
}

static void rm_begin(struct session *s, const json_t *request)
{
	const char *name = fields_text(request, "program", "");
	struct hash program;

	if (!session_program(s, name, &program))
		return;
	if (!fields_bool(request, "force") && !is_free(s, name, &program))
		return;
	struct rm *rm = calloc(1, sizeof(*rm));
	if (!rm) {
		session_fail(s, CONTROL_FAILED, "rm", "%s", strerror(ENOMEM));
		return;
	}
	rm->store = s->parts->store;
	rm->objects = s->parts->objects;
	rm->program = program;
	rm->unbind.done = true;
	s->state = rm;
}

/* Else a message could start it again. True: it is bound to nothing any more. */
static bool unbind_all(struct session *s, struct rm *rm)
{
	const struct hash *bound;

	if (rm->unbind.done && rm->unbind.failed) {
		session_fail(s, CONTROL_FAILED, "rm", "%s", rm->unbind.why);
		return false;
	}
	if (!rm->unbind.done)
		return false;
	bound = bindings_of_program(s->parts->bindings, &rm->program);
	if (!bound)
		return true;
	if (bindings_unbind(s->parts->bindings, bound, &rm->unbind))
		session_fail(s, CONTROL_FAILED, "rm", "too much is under way");
	return false;
}

static void begin_removal(struct session *s, struct rm *rm)
{
	/* what is saved just now goes to the helper before what follows */
	compile_forget(s->parts->compile, &rm->program);
	rm->keys_count = compile_keys(s->parts->compile, &rm->program, rm->keys);
	rm->job = (struct offload_job){ .run = remove_files, .done = removed_files };
	if (offload_push(s->parts->offload, &rm->job)) {
		session_fail(s, CONTROL_FAILED, "rm", "too much is under way");
		return;
	}
	rm->working = true;
	/* from now on nobody can start it */
	programs_remove(s->parts->programs, &rm->program);
	for (uint32_t i = 0; i < rm->keys_count; i++)
		shelf_forget(s->parts->shelf, &rm->keys[i].key);
	builds_forget(s->parts->builds, &rm->program);
	profiles_forget(s->parts->profiles, &rm->program);
}

static void rm_step(struct session *s)
{
	struct rm *rm = s->state;

	if (rm->working)
		return;
	if (rm->done && rm->result) {
		session_fail(s, CONTROL_FAILED, "rm", "%s", strerror(-rm->result));
	} else if (rm->done) {
		events_add(s->parts->events, "removed", 0, &rm->program, "%s", "");
		session_ok(s, json_pack("{s:o}", "program", describe_hash(&rm->program)));
	} else if (unbind_all(s, rm)) {
		kill_all(s, &rm->program);
		if (processes_running(s->parts->processes, &rm->program) == 0)
			begin_removal(s, rm);
	}
}

static void rm_end(struct session *s)
{
	struct rm *rm = s->state;

	if (rm)
		bindings_drop(&rm->unbind);
	if (rm && rm->working)
		rm->dropped = true;
	else
		free(rm);
}

const struct session_op control_rm = {
	.name = "rm",
	.fields = rm_fields,
	.begin = rm_begin,
	.step = rm_step,
	.end = rm_end,
};
