/*
 * options.h: command lines from tables. A table row serves parsing, the help text and the
 * shell's completion, so that the three cannot differ.
 *
 * Options may be written -m SIZE, -mSIZE, --memory SIZE, --memory=SIZE; switches without value
 * may be joined (-af). "--" ends the options.
 */
#pragma once

#include <stdio.h>

#include "ipc/base.h"

#define OPTIONS_WHY_SIZE 192
#define OPTIONS_LIST_MAX 1024u

struct option {
	char letter;       /* 0: has none */
	const char *name;  /* without dashes */
	const char *value; /* what the value is called; NULL: a switch */
	const char *help;
	/* Stores the value (NULL for a switch) in the field; returns what it should have been,
	 * NULL when it is fine. */
	const char *(*take)(void *field, const char *value);
	size_t field; /* offset in the struct given to options_parse() */
};

struct options_list {
	const char *items[OPTIONS_LIST_MAX];
	size_t count;
};

const char *options_switch(void *field, const char *value);   /* bool */
const char *options_text(void *field, const char *value);     /* const char * */
const char *options_add(void *field, const char *value);      /* struct options_list */
const char *options_count(void *field, const char *value);    /* uint64_t */
const char *options_size(void *field, const char *value);     /* uint64_t, bytes */
const char *options_duration(void *field, const char *value); /* uint64_t, milliseconds */
const char *options_signal(void *field, const char *value);   /* int */

enum {
	OPTIONS_WRONG = 1, /* why says what; the command line is the user's, so no -errno */
};

/*
 * What stands between the options is moved to the front of argv and counted in *count.
 * stop_at_first: from the first such word on, nothing is an option any more (it belongs to the
 * program that is run). argv[0] is already a word of the command.
 */
int options_parse(const struct option *options, size_t n_options, void *fields,
	bool stop_at_first, int argc, char **argv, int *count,
	char why[OPTIONS_WHY_SIZE]) MUST_USE;

void options_help(const struct option *options, size_t n_options, FILE *to);
/* One --name a line. */
void options_names(const struct option *options, size_t n_options, FILE *to);
