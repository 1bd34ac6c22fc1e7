/*
 * fake_launcher.h: the launcher of tests that want processes without any: REDSHIRT_LOG says
 * what becomes of the workers it is asked for. "stay" (until they are killed), "end" (with 7),
 * "refuse" (there is none), "mute" (not a word), "forget" (they end, and it does not say so),
 * "drop" (it dies itself).
 */
#pragma once

#include <signal.h>

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "ipc/fdpass.h"
#include "tests/supervisor/control_fixture.h"

static inline void tell(uint32_t kind, int32_t value, uint64_t process, int fd)
{
	struct launcher_event event = { kind, value, process };

	if (fdpass_send(LAUNCHER_SOCKET, &event, sizeof(event), &fd, fd >= 0))
		_exit(9);
}

static struct {
	pid_t pid;
	uint64_t process;
} forked[64];
static size_t forked_count;

static inline void bury(bool say)
{
	int status;

	for (size_t i = 0; i < forked_count; i++)
		if (forked[i].pid && waitpid(forked[i].pid, &status, WNOHANG) > 0) {
			if (say)
				tell(LAUNCHER_ENDED, status, forked[i].process, -1);
			forked[i].pid = 0;
		}
}

static inline void give_birth(const char *way, uint64_t process)
{
	pid_t parent = getpid(), pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || strstr(way, "end") || strstr(way, "forget"))
			_exit(7);
		while (true)
			pause();
	}
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	tell(LAUNCHER_STARTED, pid, process, pidfd);
	close(pidfd);
	size_t at = 0;
	while (at < forked_count && forked[at].pid)
		at++;
	forked_count += at == forked_count;
	forked[at].pid = pid;
	forked[at].process = process;
}

static inline void serve(const char *way)
{
	struct start_request request;
	int fds[START_FDS];

	while (true) {
		int r = fdpass_receive(
			LAUNCHER_SOCKET, &request, sizeof(request), fds, START_FDS);
		bury(!strstr(way, "forget"));
		if (r == FDPASS_CLOSED)
			_exit(0);
		if (r) {
			usleep(1000);
			continue;
		}
		for (size_t i = 0; i < START_FDS; i++)
			close(fds[i]);
		if (strstr(way, "refuse"))
			tell(LAUNCHER_FAILED, EAGAIN, request.process, -1);
		else if (strstr(way, "drop"))
			_exit(1);
		else if (!strstr(way, "mute"))
			give_birth(way, request.process);
	}
}

__attribute__((constructor)) static void be_the_launcher(void)
{
	const char *way = getenv("REDSHIRT_LOG");

	if (!way || strncmp(way, "launcher", 8) != 0)
		return;
	tell(LAUNCHER_HELLO, 0x1fe, 0, -1);
	serve(way);
}

static const char good_compiler[] =
	"#!/bin/sh\n"
	"[ \"$1\" = --toolchain ] && { echo id full $(printf %064d 7); exit; }\n"
	"module=$(cat <&3)\n"
	"[ \"$module\" = bad ] && { echo 'refused it is bad' >&5; exit 3; }\n"
	"printf %s \"$module\" >&4\n";

static inline void begin(const char *way)
{
	compiler_script = good_compiler;
	fake_launcher = true;
	setenv("REDSHIRT_LOG", way, 1);
	set_up();
}

static inline void add_to_store(const char *text, struct hash *name)
{
	struct store_entry entry = { .size = strlen(text) };
	struct store_put *put;
	bool known;

	entry.name = *name = hash_sha256(text, strlen(text));
	ck_assert_int_eq(store_put_new(parts.store, 100, &put), 0);
	ck_assert_int_eq(store_put_write(put, text, strlen(text)), 0);
	ck_assert_int_eq(store_put_commit(put, NULL, name), 0);
	store_put_free(put);
	ck_assert_int_eq(programs_add(parts.programs, &entry, NULL, &known), 0);
}

static inline void becomes_ready(uint64_t process)
{
	const struct workers_events events = processes_workers_events(parts.processes);

	events.ready(events.context, process);
}

static inline void turn_until_started(const struct process *p)
{
	for (int i = 0; i < 6000 && p->pidfd < 0 && p->state != PROCESS_GONE; i++)
		turn(1);
	ck_assert_int_eq(p->state, PROCESS_STARTING);
}

/* A process that says it runs; nobody does anything in it. */
static inline struct process *run_one(const struct hash *program, struct limits limits)
{
	const struct processes_request request = {
		.program = *program, .name = "x", .limits = limits, .strings = ""
	};
	struct process *p;

	ck_assert_int_eq(processes_start(parts.processes, &request, &p), 0);
	turn_until_started(p);
	becomes_ready(p->id);
	ck_assert_int_eq(p->state, PROCESS_RUNNING);
	return p;
}
