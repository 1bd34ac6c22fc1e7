#include <signal.h>

#include "supervisor/control/control.h"
#include "supervisor/processes/natives.h"

/*
 * join: the peer becomes a process. What it gets is what a worker is born with, in the order of
 * enum start_fd from START_BELL on; the socket among it is its membership from then on, so the
 * request ends like any other.
 */

static const struct field join_fields[] = { { "name", FIELD_TEXT, true }, { 0 } };

static const char *join_text(int r)
{
	return r == NATIVES_LIMIT ? "as many native processes have joined as may"
				  : processes_why(r);
}

/* False: answered. */
static bool may_join(struct session *s, const char *name)
{
	if (!native_is_name(name)) {
		session_fail(s, CONTROL_USAGE, "join",
			"a name is 1 to %u letters, digits and . _ : -", CONTROL_NAME_MAX);
		return false;
	}
	if (!native_may_join(s->parts->natives, name)) {
		session_fail_hint(s, CONTROL_DENIED, name, "this name may not join",
			"rsd --native NAME lets one in, and so does " NATIVE_VARIABLE
			" in its environment",
			NULL);
		return false;
	}
	return true;
}

static void give(struct session *s, struct process *p, int fds[START_FDS])
{
	const struct session_parts *parts = s->parts;
	json_t *fields = json_pack("{s:I, s:I}", "process", (json_int_t)p->id, "body_bytes",
		(json_int_t)p->limits.body_bytes);

	if (!session_ok_fds(s, fields, &fds[START_BELL], START_FDS - START_BELL))
		processes_signal(parts->processes, p, SIGKILL);
	workers_close_fds(fds);
	roster_unpin(parts->roster, p);
}

static void join_begin(struct session *s, const json_t *request)
{
	struct natives_request wanted = { .name = fields_text(request, "name", ""),
		.pid = s->peer.pid,
		.pidfd = -1,
		.limits = s->parts->limits };
	struct process *p;
	int fds[START_FDS];

	if (!may_join(s, wanted.name))
		return;
	int r = connection_pidfd(s->connection, wanted.pid, &wanted.pidfd);
	if (r == 0)
		r = natives_join(s->parts->processes, &wanted, fds, &p);
	if (r)
		session_fail(
			s, r > 0 ? CONTROL_LIMIT : CONTROL_FAILED, "join", "%s", join_text(r));
	else
		give(s, p, fds);
}

const struct session_op control_join = {
	.name = "join",
	.fields = join_fields,
	.begin = join_begin,
};
