#include "supervisor/child.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>

#include <sys/syscall.h>
#include <sys/wait.h>

#define FIRST_FD        3
#define SAFE_FD         16 /* descriptors at and above are out of the way of the child's */
#define ENVIRONMENT_MAX 256u

_Static_assert(FIRST_FD + CHILD_FDS_MAX <= SAFE_FD, "a descriptor never lands on a source");

extern char **environ;

static bool named(const char *variable, const char *const names[])
{
	for (; *names; names++) {
		size_t n = strlen(*names);
		bool prefix = (*names)[n - 1] == '_';
		if (strncmp(variable, *names, n) == 0 && (prefix || variable[n] == '='))
			return true;
	}
	return false;
}

static void choose_environment(const char *const names[], char *chosen[ENVIRONMENT_MAX + 1])
{
	size_t n = 0;

	for (char **variable = environ; *variable && n < ENVIRONMENT_MAX; variable++)
		if (named(*variable, names))
			chosen[n++] = *variable;
	chosen[n] = NULL;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	int r = posix_spawnattr_setsigmask(attributes, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attributes, &all);
	if (r == 0)
		r = posix_spawnattr_setpgroup(attributes, 0);
	if (r == 0)
		r = posix_spawnattr_setflags(attributes,
			POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	return -r;
}

static int set_fds(
	posix_spawn_file_actions_t *actions, const struct child_plan *plan, const int *safe)
{
	int r = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);

	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, plan->output, 1);
	if (r == 0 && plan->errors != STDERR_FILENO)
		r = posix_spawn_file_actions_adddup2(actions, plan->errors, 2);
	for (size_t i = 0; r == 0 && i < plan->fds_count; i++)
		r = posix_spawn_file_actions_adddup2(actions, safe[i], FIRST_FD + (int)i);
	return -r;
}

static int spawn(const struct child_plan *plan, const int *safe, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	char *envp[ENVIRONMENT_MAX + 1];
	int r = -posix_spawn_file_actions_init(&actions);

	if (r)
		return r;
	choose_environment(plan->environment, envp);
	r = -posix_spawnattr_init(&attributes);
	if (r == 0) {
		r = set_attributes(&attributes);
		if (r == 0)
			r = set_fds(&actions, plan, safe);
		if (r == 0)
			r = -posix_spawn(
				pid, plan->path, &actions, &attributes, plan->argv, envp);
		posix_spawnattr_destroy(&attributes);
	}
	posix_spawn_file_actions_destroy(&actions);
	return r;
}

/* The copies close themselves in the child: they are close-on-exec, what dup2 makes is not. */
static int copy_fds(const int *fds, size_t n, int *safe)
{
	for (size_t i = 0; i < n; i++) {
		safe[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, SAFE_FD);
		if (safe[i] < 0)
			return -errno;
	}
	return 0;
}

int child_start(const struct child_plan *plan, struct child *out)
{
	int safe[CHILD_FDS_MAX] = { -1, -1, -1, -1 };
	struct child child = CHILD_NONE;

	assert(plan->fds_count <= CHILD_FDS_MAX);
	int r = copy_fds(plan->fds, plan->fds_count, safe);
	if (r == 0)
		r = spawn(plan, safe, &child.pid);
	for (size_t i = 0; i < plan->fds_count; i++)
		fd_closep(&safe[i]);
	if (r)
		return r;
	/* nobody else reaps, so the number still means our child */
	child.pidfd = (int)syscall(SYS_pidfd_open, child.pid, 0);
	if (child.pidfd < 0) {
		r = -errno;
		child_end(&child, 0);
		return r;
	}
	*out = child;
	return 0;
}

static void forget(struct child *child)
{
	fd_closep(&child->pidfd);
	child->pid = 0;
}

int child_reap(struct child *child, int *status)
{
	pid_t gone = waitpid(child->pid, status, WNOHANG);

	if (gone == 0)
		return CHILD_RUNNING;
	if (gone < 0)
		return -errno;
	forget(child);
	return 0;
}

void child_ask(struct child *child)
{
	if (child->pid)
		kill(child->pid, SIGTERM);
}

void child_kill(struct child *child)
{
	if (child->pid)
		kill(-child->pid, SIGKILL);
}

void child_end(struct child *child, int grace_ms)
{
	struct pollfd gone = { .fd = child->pidfd, .events = POLLIN };

	if (!child->pid)
		return;
	child_ask(child);
	if (grace_ms && child->pidfd >= 0)
		poll(&gone, 1, grace_ms);
	child_kill(child);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
	forget(child);
}
