/*
 * rsctl: talks to rsd for a person. Here are the tables of options and commands, from which the
 * command line is read and the help and the shell's completion are made; what a command does is
 * in rsctl_*.c.
 */
#include "supervisor/rsctl.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/rsctl/say.h"

/* --- options --- */

#define FIELD(name) offsetof(struct rsctl, name)

/* Every command has these. */
#define COMMON                                                                             \
	{ 0, "json", NULL, "print JSON", options_switch, FIELD(json) },                    \
		{ 0, "socket", "PATH", "talk to the rsd that listens there", options_text, \
			FIELD(socket) },                                                   \
	{                                                                                  \
		'h', "help", NULL, "show this help", options_switch, FIELD(help)           \
	}

#define OF_A_PROGRAM                                                                          \
	{ 'e', "env", "K=V", "set a variable of its environment", options_add, FIELD(env) },  \
		{ 0, "name", "NAME", "what ps calls it", options_text, FIELD(name) },         \
		{ 'm', "memory", "SIZE", "most linear memory it may have", options_size,      \
			FIELD(memory) },                                                      \
		{ 0, "children", "N", "programs it may start, at a time (16)", options_count, \
			FIELD(children) },                                                    \
		{ 0, "children-memory", "SIZE", "most memory of all it starts (as its own)",  \
			options_size, FIELD(children_memory) },                               \
		{ 0, "children-depth", "N", "generations that may start others (4)",          \
			options_count, FIELD(children_depth) },                               \
	{                                                                                     \
		0, "cpu", "SECONDS", "most processor time it may use", options_duration,      \
			FIELD(cpu_ms)                                                         \
	}

#define OF_A_RUN                                                                               \
	{ 0, "best", NULL, "wait for the fastest code, not for the soonest", options_switch,   \
		FIELD(best) },                                                                 \
		{ 0, "allow", "LIST", "interfaces this run may use, or register:NAME; all",    \
			options_add, FIELD(allow) },                                           \
	{                                                                                      \
		0, "deny", "LIST", "interfaces this run may not use", options_add, FIELD(deny) \
	}

static const struct option common_options[] = {
	{ 0, "version", NULL, "show rsctl's version", options_switch, FIELD(version) },
	COMMON,
};
static const struct option plain_options[] = { COMMON };
static const struct option run_options[] = {
	OF_A_PROGRAM,
	OF_A_RUN,
	{ 'd', "detach", NULL, "do not wait: print the process number", options_switch,
		FIELD(detach) },
	{ 0, "no-ask", NULL, "show no questions here", options_switch, FIELD(no_ask) },
	COMMON,
};
static const struct option start_options[] = { OF_A_PROGRAM, OF_A_RUN, COMMON };
static const struct option compile_options[] = {
	{ 0, "wait", NULL, "until the fastest code is there, not the soonest", options_switch,
		FIELD(wait) },
	COMMON,
};
static const struct option ps_options[] = {
	{ 'a', "all", NULL, "the ended ones as well", options_switch, FIELD(all) },
	{ 'q', "quiet", NULL, "process numbers only", options_switch, FIELD(quiet) },
	COMMON,
};
static const struct option ls_options[] = {
	{ 'q', "quiet", NULL, "hashes only", options_switch, FIELD(quiet) },
	COMMON,
};
static const struct option logs_options[] = {
	{ 'f', "follow", NULL, "go on as lines come, until it ends", options_switch,
		FIELD(follow) },
	{ 'n', "lines", "N", "only the last N lines", options_count, FIELD(lines) },
	{ 't', "times", NULL, "with the time of each line", options_switch, FIELD(times) },
	COMMON,
};
static const struct option events_options[] = {
	{ 'f', "follow", NULL, "go on as events come", options_switch, FIELD(follow) },
	{ 'n', "lines", "N", "only the last N", options_count, FIELD(lines) },
	COMMON,
};
static const struct option pending_options[] = {
	{ 'f', "follow", NULL, "show each as it comes; at a terminal, take the answer there",
		options_switch, FIELD(follow) },
	{ 'q', "quiet", NULL, "numbers only", options_switch, FIELD(quiet) },
	COMMON,
};
static const struct option answer_options[] = {
	{ 0, "always", NULL, "for every run of the program, from now on", options_switch,
		FIELD(always) },
	COMMON,
};
static const struct option inspect_options[] = {
	{ 0, "asm", "FUNCTION", "of a program: a function's C and machine code", options_text,
		FIELD(function) },
	COMMON,
};
static const struct option debug_options[] = {
	{ 0, "symbols", "DIR", "run nothing: leave its debug file for perf report --symfs DIR",
		options_text, FIELD(symbols) },
	COMMON,
};
static const struct option stop_options[] = {
	{ 't', "timeout", "SECONDS", "kill it if it is there after that (10)", options_duration,
		FIELD(timeout_ms) },
	COMMON,
};
static const struct option kill_options[] = {
	{ 's', "signal", "SIGNAL", "this signal (KILL)", options_signal, FIELD(signal) },
	COMMON,
};
static const struct option rm_options[] = {
	{ 'f', "force", NULL, "kill its processes and unbind it first", options_switch,
		FIELD(force) },
	COMMON,
};

#define OF_A_DEFINITION                                                               \
	{                                                                             \
		'I', "include", "FOLDER", "look there for what a definition imports", \
			options_add, FIELD(include)                                   \
	}
#define OF_A_DECISION                                                                     \
	OF_A_DEFINITION,                                                                  \
	{                                                                                 \
		0, "register", NULL, "to register for it, not to use it", options_switch, \
			FIELD(registers)                                                  \
	}

static const struct option grant_options[] = {
	OF_A_DECISION,
	{ 0, "ask", NULL, "ask a person at the first use", options_switch, FIELD(asks) },
	{ 0, "mediated", NULL, "messages go through rsd", options_switch, FIELD(mediated) },
	{ 0, "max-body", "SIZE", "most bytes of a message", options_size, FIELD(max_body) },
	{ 0, "rate", "N", "most messages a second", options_count, FIELD(rate) },
	{ 0, "outstanding", "N", "most messages without an answer yet", options_count,
		FIELD(outstanding) },
	COMMON,
};
static const struct option deny_options[] = {
	OF_A_DECISION,
	{ 0, "hard", NULL, "kill those that could go on between themselves", options_switch,
		FIELD(hard) },
	COMMON,
};
static const struct option bind_options[] = {
	OF_A_PROGRAM,
	OF_A_DEFINITION,
	{ 0, "no-wait", NULL, "do not wait until it has taken over", options_switch,
		FIELD(no_wait) },
	COMMON,
};
static const struct option unbind_options[] = { OF_A_DEFINITION, COMMON };
static const struct option interfaces_options[] = {
	{ 'a', "all", NULL, "those of rsd and private ones as well", options_switch,
		FIELD(all) },
	{ 'q', "quiet", NULL, "their digits only", options_switch, FIELD(quiet) },
	COMMON,
};
static const struct option interface_options[] = {
	OF_A_DEFINITION,
	{ 0, "name", "NAME", "add: what it is called (the file's name)", options_text,
		FIELD(name) },
	COMMON,
};

/* --- commands --- */

static int help_command(struct rsctl *ctl);
static int completion_command(struct rsctl *ctl);

#define OPTIONS(table) table, ARRAY_LEN(table)
#define ANY            1000000

/* In the order of the help. Columns: words at least and at most, passes_on, starts_rsd. */
static const struct command commands[] = {
	{ "run", "FILE|HASH [ARGS...]", "run a program and wait for it", OPTIONS(run_options),
		1, ANY, true, true, rsctl_run },
	{ "add", "FILE...", "take programs into the store, print their hashes",
		OPTIONS(plain_options), 1, ANY, false, true, rsctl_act_add },
	{ "start", "FILE|HASH [ARGS...]", "start a program, print its process number",
		OPTIONS(start_options), 1, ANY, true, true, rsctl_act_start },
	{ "compile", "FILE|HASH...", "compile ahead of the first start",
		OPTIONS(compile_options), 1, ANY, false, true, rsctl_act_compile },
	{ "ps", "", "list processes", OPTIONS(ps_options), 0, 0, false, true, rsctl_show_ps },
	{ "ls", "", "list programs", OPTIONS(ls_options), 0, 0, false, true, rsctl_show_ls },
	{ "logs", "PROCESS|HASH", "show what a process wrote", OPTIONS(logs_options), 1, 1,
		false, true, rsctl_show_logs },
	{ "inspect", "PROCESS|HASH", "show all that is known of a process or program",
		OPTIONS(inspect_options), 1, 1, false, true, rsctl_inspect },
	{ "debug", "PROCESS [GDB ARGS...]", "run gdb on a process, with its Wasm names",
		OPTIONS(debug_options), 1, ANY, true, false, rsctl_debug },
	{ "stop", "PROCESS...", "ask processes to end, then kill them", OPTIONS(stop_options),
		1, ANY, false, false, rsctl_act_stop },
	{ "kill", "PROCESS...", "send processes a signal", OPTIONS(kill_options), 1, ANY, false,
		false, rsctl_act_kill },
	{ "rm", "HASH...", "remove programs from the store", OPTIONS(rm_options), 1, ANY, false,
		true, rsctl_act_rm },
	{ "events", "", "show what has happened", OPTIONS(events_options), 0, 0, false, false,
		rsctl_show_events },
	{ "grant", "PROGRAM INTERFACE", "let a program use an interface, or register for it",
		OPTIONS(grant_options), 2, 2, false, true, rsctl_grants_grant },
	{ "deny", "PROGRAM INTERFACE", "forbid it, whatever else is granted",
		OPTIONS(deny_options), 2, 2, false, true, rsctl_grants_deny },
	{ "revoke", "PROGRAM INTERFACE", "take back a grant or a denial", OPTIONS(deny_options),
		2, 2, false, true, rsctl_grants_deny },
	{ "grants", "[PROGRAM]", "list what is granted and denied", OPTIONS(plain_options), 0,
		1, false, true, rsctl_grants_list },
	{ "pending", "", "show what programs ask to be allowed", OPTIONS(pending_options), 0, 0,
		false, false, rsctl_asks_pending },
	{ "answer", "NUMBER allow|deny", "answer such a question", OPTIONS(answer_options), 2,
		2, false, false, rsctl_asks_answer },
	{ "bind", "INTERFACE PROGRAM ...",
		"let a program handle an interface: it is started when it is wanted",
		OPTIONS(bind_options), 2, ANY, true, true, rsctl_bind },
	{ "unbind", "INTERFACE", "start nothing for an interface any more",
		OPTIONS(unbind_options), 1, 1, false, true, rsctl_bind_undo },
	{ "interfaces", "", "list who handles what, and who waits", OPTIONS(interfaces_options),
		0, 0, false, true, rsctl_bind_list },
	{ "interface", "VERB FILE|NAME...",
		"hash, show, diff definitions; add, ls, rm names of interfaces",
		OPTIONS(interface_options), 1, ANY, false, true, rsctl_interface },
	{ "profile", "VERB [HASH]",
		"start, stop, show, rm, ls: count how a program runs, to build it faster",
		OPTIONS(plain_options), 1, 2, false, true, rsctl_profile },
	{ "doctor", "", "show which walls stand and which tools compile",
		OPTIONS(plain_options), 0, 0, false, true, rsctl_about_doctor },
	{ "version", "", "show the versions of rsctl and rsd", OPTIONS(plain_options), 0, 0,
		false, false, rsctl_about_version },
	{ "shutdown", "", "stop all programs, then rsd", OPTIONS(plain_options), 0, 0, false,
		false, rsctl_act_shutdown },
	{ "completion", "[COMMAND]", "list commands, or a command's options, for shells",
		OPTIONS(plain_options), 0, 1, false, false, completion_command },
	{ "help", "[COMMAND]", "show help", OPTIONS(plain_options), 0, 1, false, false,
		help_command },
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int no_such_command(const char *name)
{
	(void)say_error(CONTROL_USAGE, name, "no such command");
	say_hint("`rsctl help` lists the commands");
	return CONTROL_USAGE;
}

/* --- help and completion --- */

static int help_on(const struct command *c)
{
	printf("usage: rsctl %s [OPTIONS]%s%s\n\n%s\n\n", c->name, *c->words ? " " : "",
		c->words, c->summary);
	options_help(c->options, c->n_options, stdout);
	return CONTROL_OK;
}

static int help_on_all(void)
{
	puts("usage: rsctl COMMAND [OPTIONS] [WORDS...]\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		printf("  %-11s%-22s%s\n", commands[i].name, commands[i].words,
			commands[i].summary);
	puts("");
	options_help(OPTIONS(common_options), stdout);
	puts("\nA HASH may be any unique beginning of it (4 digits or more). Exit codes: 0 "
	     "done,\n"
	     "1 failed, 2 usage, 3 not found, 4 denied, 124 timeout; run: the program's own.");
	return CONTROL_OK;
}

static int help_command(struct rsctl *ctl)
{
	if (ctl->n_words == 0)
		return help_on_all();
	const struct command *command = find_command(ctl->words[0]);
	return command ? help_on(command) : no_such_command(ctl->words[0]);
}

static int completion_command(struct rsctl *ctl)
{
	if (ctl->n_words == 0) {
		for (size_t i = 0; i < ARRAY_LEN(commands); i++)
			puts(commands[i].name);
		return CONTROL_OK;
	}
	const struct command *command = find_command(ctl->words[0]);
	if (!command)
		return no_such_command(ctl->words[0]);
	options_names(command->options, command->n_options, stdout);
	return CONTROL_OK;
}

/* --- the command line --- */

static int usage(const struct rsctl *ctl, const char *what, const char *why)
{
	(void)say_error(CONTROL_USAGE, what, "%s", why);
	if (ctl->command)
		say_hint("usage: rsctl %s [OPTIONS]%s%s", ctl->command->name,
			*ctl->command->words ? " " : "", ctl->command->words);
	else
		say_hint("`rsctl help` shows the usage");
	return CONTROL_USAGE;
}

static int parse(struct rsctl *ctl, const struct option *options, size_t n_options,
	bool stop_at_first, int argc, char **argv)
{
	char why[OPTIONS_WHY_SIZE];

	ctl->words = argv;
	if (options_parse(options, n_options, ctl, stop_at_first, argc, argv, &ctl->n_words,
		    why) == 0)
		return CONTROL_OK;
	return usage(ctl, ctl->command ? ctl->command->name : "options", why);
}

static int run_command(struct rsctl *ctl)
{
	const struct command *c = ctl->command;
	int code = parse(
		ctl, c->options, c->n_options, c->passes_on, ctl->n_words - 1, ctl->words + 1);

	if (code)
		return code;
	if (ctl->help)
		return help_on(c);
	if (ctl->n_words < c->words_min)
		return usage(ctl, c->name, "something is missing");
	if (ctl->n_words > c->words_max)
		return usage(ctl, ctl->words[c->words_max], "one word too many");
	return c->run(ctl);
}

static int run(struct rsctl *ctl, int argc, char **argv)
{
	int code = parse(ctl, OPTIONS(common_options), true, argc, argv);

	if (code)
		return code;
	if (ctl->version) {
		puts("rsctl " REDSHIRT_VERSION);
		return CONTROL_OK;
	}
	if (ctl->n_words == 0) {
		if (ctl->help)
			return help_on_all();
		return usage(ctl, "command", "none was given");
	}
	ctl->command = find_command(ctl->words[0]);
	return ctl->command ? run_command(ctl) : no_such_command(ctl->words[0]);
}

/* A socket must not become standard input because that was closed. Reading only: what is
 * written to a closed standard output shall fail. */
static void occupy_streams(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

int main(int argc, char **argv)
{
	struct rsctl ctl = {
		.lines = UINT64_MAX,
		.children = UINT64_MAX,
		.children_memory = UINT64_MAX,
		.children_depth = UINT64_MAX,
		.timeout_ms = UINT64_MAX,
		.signal = SIGKILL,
	};

	occupy_streams();
	int code = run(&ctl, argc - 1, argv + 1);

	/* what was printed and could not be written is a failure; a reader that went away is a
	 * quiet one */
	if (fflush(stdout) != 0 || ferror(stdout)) {
		if (errno != EPIPE)
			(void)say_error(code, "output", "%s", strerror(errno));
		return code ? code : CONTROL_FAILED;
	}
	return code;
}
