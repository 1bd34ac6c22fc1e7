/*
 * rsctl.h: the command line as the commands of rsctl see it. rsctl.c fills it in; a command
 * (rsctl_*.c) reads it, does one thing and answers the exit code (enum control_code, or what
 * the program that was run ended with). Whoever finds an error says it.
 */
#pragma once

#include "supervisor/options.h"
#include "supervisor/protocol.h"

#define RSCTL_SHORT_HASH 12 /* digits shown in tables */

struct rsctl {
	const struct command *command;
	char **words; /* what is no option */
	int n_words;

	/* options, each of which some commands have */
	const char *socket; /* NULL: the usual place, and rsd is started if need be */
	bool json, help, version;
	bool all, quiet, follow, detach, force, times, always, no_ask, no_wait, wait, best;
	struct options_list env;
	struct options_list include;     /* where imports of definitions are */
	struct options_list allow, deny; /* interfaces, several with commas between */
	const char *name;
	uint64_t memory;   /* bytes; 0: rsd's default */
	uint64_t cpu_ms;   /* 0: no limit */
	uint64_t children; /* UINT64_MAX: rsd's default; so are these two */
	uint64_t children_memory, children_depth;
	uint64_t lines;      /* UINT64_MAX: all there are */
	uint64_t timeout_ms; /* UINT64_MAX: rsd's default */
	int signal;
	const char *symbols;  /* a folder for debug files */
	const char *function; /* of which inspect shows the code */

	/* of grants */
	bool registers, asks, mediated, hard;
	uint64_t max_body, rate, outstanding; /* 0: no limit */
};

struct command {
	const char *name, *words, *summary;
	const struct option *options;
	size_t n_options;
	int words_min, words_max;
	bool passes_on;  /* after the first word nothing is an option of rsctl */
	bool starts_rsd; /* a private rsd is started if none listens */
	int (*run)(struct rsctl *ctl);
};

int rsctl_run(struct rsctl *ctl);

int rsctl_act_add(struct rsctl *ctl);
int rsctl_act_start(struct rsctl *ctl);
int rsctl_act_compile(struct rsctl *ctl);
int rsctl_act_stop(struct rsctl *ctl);
int rsctl_act_kill(struct rsctl *ctl);
int rsctl_act_rm(struct rsctl *ctl);
int rsctl_act_shutdown(struct rsctl *ctl);

int rsctl_show_ps(struct rsctl *ctl);
int rsctl_show_ls(struct rsctl *ctl);
int rsctl_show_logs(struct rsctl *ctl);
int rsctl_show_events(struct rsctl *ctl);
int rsctl_about_version(struct rsctl *ctl);
int rsctl_about_doctor(struct rsctl *ctl);

int rsctl_inspect(struct rsctl *ctl);
int rsctl_asm(struct rsctl *ctl);
int rsctl_debug(struct rsctl *ctl);

int rsctl_profile(struct rsctl *ctl);

int rsctl_asks_pending(struct rsctl *ctl);
int rsctl_asks_answer(struct rsctl *ctl);

int rsctl_grants_grant(struct rsctl *ctl);
int rsctl_grants_deny(struct rsctl *ctl); /* and revoke */
int rsctl_grants_list(struct rsctl *ctl);

int rsctl_bind(struct rsctl *ctl);
int rsctl_bind_undo(struct rsctl *ctl);
int rsctl_bind_list(struct rsctl *ctl);

int rsctl_interface(struct rsctl *ctl);
