#include "supervisor/control/control.h"
#include "supervisor/control/describe.h"

static const struct field debug_fields[] = { { "process", FIELD_TARGET, true }, { 0 } };

/* The object is sealed, and holds nothing that whoever may run the program does not know. */
static void debug_begin(struct session *s, const json_t *request)
{
	struct process *p = session_process(s, json_object_get(request, "process"));

	if (!p)
		return;
	if (!p->object || p->pidfd < 0) {
		session_fail(s, CONTROL_NOT_FOUND, "debug", "%s",
			p->native ? "it is a native client: nothing of it is Wasm"
				  : "it does not run (any more)");
		return;
	}
	json_t *fields = json_pack("{s:I, s:I, s:o}", "process", (json_int_t)p->id, "pid",
		(json_int_t)p->pid, "program", describe_hash(&p->program));
	if (!session_ok_fds(s, fields, &p->object->fd, 1))
		return; /* it was answered */
}

const struct session_op control_debug = {
	.name = "debug",
	.fields = debug_fields,
	.begin = debug_begin,
};
