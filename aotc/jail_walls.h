/*
 * jail_walls.h: the steps a job goes through, one function each, for the table in jail.c. Each
 * answers 0 or -errno; none can be undone.
 */
#pragma once

#include "aotc/jail.h"

struct jail_setup {
	const struct jail_job *job;
	uid_t uid; /* aotc's */
	gid_t gid;
	pid_t warden;
	bool namespaces, user_namespace;
	int report_fd, program_fd;
};

/* In the warden, just born into its user namespace: we keep our own number there, and no other
 * exists. */
int jail_map_user(const struct jail_setup *setup) MUST_USE;

int jail_signals(struct jail_setup *setup) MUST_USE;
int jail_streams(struct jail_setup *setup) MUST_USE;
int jail_folder(struct jail_setup *setup) MUST_USE;
int jail_program(struct jail_setup *setup) MUST_USE;
int jail_limits(struct jail_setup *setup) MUST_USE;
int jail_no_new_privileges(struct jail_setup *setup) MUST_USE;
int jail_files(struct jail_setup *setup) MUST_USE;
int jail_user(struct jail_setup *setup) MUST_USE;
int jail_processes(struct jail_setup *setup) MUST_USE;
int jail_capabilities(struct jail_setup *setup) MUST_USE;
int jail_parent(struct jail_setup *setup) MUST_USE;
int jail_descriptors(struct jail_setup *setup) MUST_USE;
/* setup is not looked at */
int jail_calls(struct jail_setup *setup) MUST_USE;
