/*
 * terminal.h: a command line at a terminal of its own: what it shows there, what is typed. For
 * one at a time; what takes longer than run_limit_s fails the test.
 */
#pragma once

#include <fcntl.h>
#include <pty.h>
#include <stdarg.h>
#include <string.h>

#include <sys/prctl.h>
#include <sys/wait.h>

#include "tests/e2e/run.h"

static struct terminal {
	pid_t pid;
	int fd;
	size_t n;
	char text[64 * 1024]; /* all that was shown */
} terminal;

PRINTF(1, 2)
static inline void terminal_begin(const char *format, ...)
{
	char line[4096];
	va_list args;

	va_start(args, format);
	ck_assert_int_lt(vsnprintf(line, sizeof(line), format, args), (int)sizeof(line));
	va_end(args);
	terminal.n = 0;
	terminal.pid = forkpty(&terminal.fd, NULL, NULL, NULL);
	ck_assert_int_ge(terminal.pid, 0);
	if (terminal.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl("/bin/sh", "sh", "-c", line, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(fcntl(terminal.fd, F_SETFL, O_NONBLOCK), 0);
}

static inline const char *terminal_shown(void)
{
	size_t room = sizeof(terminal.text) - 1 - terminal.n;
	ssize_t n = read(terminal.fd, terminal.text + terminal.n, room);

	if (n > 0)
		terminal.n += (size_t)n;
	ck_assert_uint_lt(terminal.n, sizeof(terminal.text) - 1);
	terminal.text[terminal.n] = 0;
	return terminal.text;
}

static inline void terminal_type(const char *text)
{
	size_t n = strlen(text);

	ck_assert_int_eq(write(terminal.fd, text, n), (ssize_t)n);
}

/* All of it has been shown when this answers its status. */
static inline int terminal_end(void)
{
	int status;

	RUN_UNTIL((terminal_shown(), waitpid(terminal.pid, &status, WNOHANG)) == terminal.pid);
	(void)terminal_shown();
	close(terminal.fd);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
