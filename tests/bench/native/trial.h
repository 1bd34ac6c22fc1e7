/*
 * trial.h: one run of a command: how it ended, what it said, how long it took. Whoever asks for
 * one waits for its end; one that takes too long is killed with all that it started in its
 * process group. The time is what the program says of itself in the last line of standard error
 * that begins with `ns=`: of a kernel that of its kernel, of other programs that of main().
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "ipc/hash.h"

#define TRIAL_WORDS_MAX 64u
#define TRIAL_TEXT_SIZE 512u
#define TRIAL_LIMIT_S   600

#define TRIAL_LATE (-1)

struct trial {
	int status;         /* as for sh: 128 + signal; TRIAL_LATE */
	double wall_ns, ns; /* ns: 0: the program did not say */
	struct hash output; /* all of standard output */
	char out[TRIAL_TEXT_SIZE], err[TRIAL_TEXT_SIZE]; /* the beginning; the last line */
};

/* argv ends with NULL; input: a file or NULL. 0 or -errno. */
int trial_run(char *const argv[], const char *input, struct trial *out);

/* The same for a command of sh with its $0 and its arguments, separated by blanks. */
int trial_shell(const char *command, const char *file, const char *arguments, const char *input,
	struct trial *out);
