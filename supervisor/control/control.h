/*
 * control.h: the control socket: who may talk to rsd, and the table of what can be asked. Each
 * op is a struct session_op in one of the control_*.c files; a new one is one row in control.c.
 *
 * Only rsd's own user and root are let in, and with a group its members.
 */
#pragma once

#include <sys/types.h>

#include "supervisor/control/session.h"

#define CONTROL_NO_GROUP ((gid_t)-1)

enum {
	CONTROL_TAKEN = 1, /* another rsd answers on this socket */
	CONTROL_TOO_LONG,  /* the path does not fit into an address */
};

struct control;

extern const struct session_op *const control_ops[]; /* all that can be asked, then NULL */

/* parts outlive it. A stale socket is replaced. Mode 0600, or 0660 and the group's. */
int control_new(const struct session_parts *parts, const char *path, gid_t group,
	struct control **out) MUST_USE;
struct control *control_free(struct control *control); /* removes the socket; returns NULL */

/* Once in every turn of the loop. True: something moved, so turn again before sleeping. */
bool control_step(struct control *control) MUST_USE;
uint32_t control_clients(const struct control *control);

/* control_show.c */
extern const struct session_op control_version, control_ps, control_ls;
/* control_debug.c */
extern const struct session_op control_debug;
/* control_inspect.c */
extern const struct session_op control_inspect;
/* control_read.c */
extern const struct session_op control_logs, control_events;
/* control_add.c, control_rm.c */
extern const struct session_op control_add, control_rm;
/* control_act.c */
extern const struct session_op control_compile, control_stop, control_kill, control_shutdown;
/* control_grants.c */
extern const struct session_op control_grant, control_deny, control_revoke, control_grants;
/* control_names.c */
extern const struct session_op control_teach, control_forget, control_names;
/* control_bind.c, control_interfaces.c */
extern const struct session_op control_bind, control_unbind, control_interfaces;
/* control_join.c */
extern const struct session_op control_join;
/* control_asks.c */
extern const struct session_op control_pending, control_answer;
/* control_profile.c */
extern const struct session_op control_profile, control_profiles;
/* control_run.c */
extern const struct session_op control_run, control_start;
