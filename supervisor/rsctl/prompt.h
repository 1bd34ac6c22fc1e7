/*
 * prompt.h: questions to the person at the terminal (protocol.h: pending), one after the other.
 * The one that is asked is shown on standard error, and the next line that is typed is taken
 * for its answer and sent to rsd: y, a, n or never. What was typed before it was shown is
 * thrown away, so that nobody answers what they have not seen.
 *
 * Whoever uses it polls prompt_fd() and leaves the terminal alone while that is not -1.
 */
#pragma once

#include <jansson.h>

#include "supervisor/rsctl.h"

#define PROMPT_LINE_MAX 64u /* of an answer; more is none */

struct prompt {
	const struct rsctl *ctl;
	int tty;           /* -1: nobody is there to be asked */
	json_t *questions; /* rows; the first one is shown */
	json_int_t shown;  /* its number; 0: none is */
	char line[PROMPT_LINE_MAX];
	size_t n_line;
};

/* Nobody is there unless standard error is a terminal and the process has one to read from. */
int prompt_open(struct prompt *prompt, const struct rsctl *ctl) MUST_USE; /* an exit code */
void prompt_close(struct prompt *prompt); /* fine on PROMPT_NONE, and twice */
bool prompt_somebody(const struct prompt *prompt);

#define PROMPT_NONE       \
	{                 \
		.tty = -1 \
	}

/* A row of rsd's: a new question, one with a reason that it had not, or one that is over. */
void prompt_take(struct prompt *prompt, json_t *row);

int prompt_fd(const struct prompt *prompt); /* -1: nothing is asked */
/* Something was typed, or the terminal is gone (then nobody is there any more). */
void prompt_read(struct prompt *prompt);
