#include "tests/bench/native/trial.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "ipc/base.h"

#define TAIL_SIZE 4096 /* of standard error, in which the time is looked for */

extern char **environ;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

_Noreturn static void become(char *const argv[], int in, int out, int err)
{
	setpgid(0, 0);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(126);
	execvp(argv[0], argv);
	_exit(127);
}

static bool ended_in_time(pid_t pid)
{
	CLEANUP(fd_closep) int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = pidfd, .events = POLLIN };

	return poll(&p, 1, TRIAL_LIMIT_S * 1000) > 0;
}

static void wait_for(pid_t pid, struct trial *out)
{
	double before = now_ns();
	bool ended = ended_in_time(pid);
	int status;

	if (!ended)
		kill(-pid, SIGKILL);
	waitpid(pid, &status, 0);
	out->wall_ns += now_ns() - before;
	out->status = !ended              ? TRIAL_LATE
		      : WIFEXITED(status) ? WEXITSTATUS(status)
					  : 128 + WTERMSIG(status);
}

static void read_at(int fd, off_t at, char *text, size_t size)
{
	ssize_t n = pread(fd, text, size - 1, at);

	text[n > 0 ? n : 0] = '\0';
}

static double time_in(const char *text)
{
	const char *last = NULL;

	for (const char *at = text; (at = strstr(at, "ns=")); at++)
		if (at == text || at[-1] == '\n')
			last = at;
	return last ? strtod(last + 3, NULL) : 0;
}

/* A reason is on the last line that says something. */
static void last_line(char *text, char *line, size_t size)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	const char *start = strrchr(text, '\n');
	snprintf(line, size, "%s", start ? start + 1 : text);
}

static int read_said(int out_fd, int err_fd, struct trial *out)
{
	char tail[TAIL_SIZE];
	off_t end = lseek(err_fd, 0, SEEK_END);

	read_at(out_fd, 0, out->out, sizeof(out->out));
	read_at(err_fd, end > TAIL_SIZE ? end - TAIL_SIZE + 1 : 0, tail, sizeof(tail));
	out->ns = time_in(tail);
	last_line(tail, out->err, sizeof(out->err));
	return hash_blake2b_of_fd(out_fd, &out->output);
}

int trial_run(char *const argv[], const char *input, struct trial *out)
{
	CLEANUP(fd_closep) int in = open(input ? input : "/dev/null", O_RDONLY | O_CLOEXEC);
	CLEANUP(fd_closep) int out_fd = memfd_create("out", MFD_CLOEXEC);
	CLEANUP(fd_closep) int err_fd = memfd_create("err", MFD_CLOEXEC);

	if (in < 0 || out_fd < 0 || err_fd < 0)
		return -errno;
	*out = (struct trial){ 0 };
	double before = now_ns();
	pid_t pid = vfork();
	if (pid == 0)
		become(argv, in, out_fd, err_fd);
	if (pid < 0)
		return -errno;
	out->wall_ns = now_ns() - before;
	wait_for(pid, out);
	return read_said(out_fd, err_fd, out);
}

int trial_shell(const char *command, const char *file, const char *arguments, const char *input,
	struct trial *out)
{
	char text[TRIAL_TEXT_SIZE], *argv[TRIAL_WORDS_MAX + 1], *rest;
	size_t count = 0;

	snprintf(text, sizeof(text), "%s", arguments);
	argv[count++] = (char[]){ "/bin/sh" };
	argv[count++] = (char[]){ "-c" };
	CLEANUP(freep) char *line = strdup(command), *name = strdup(file);
	if (!line || !name)
		return -ENOMEM;
	argv[count++] = line;
	argv[count++] = name;
	for (char *word = strtok_r(text, " \t\n", &rest); word && count < TRIAL_WORDS_MAX;
		word = strtok_r(NULL, " \t\n", &rest))
		argv[count++] = word;
	argv[count] = NULL;
	return trial_run(argv, input, out);
}
