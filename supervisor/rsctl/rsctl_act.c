/*
 * The commands of rsctl that change something: add, start, compile, stop, kill, rm, shutdown.
 * Those that take several words do them in order and go on after a failure; the exit code is
 * that of the first failure.
 */
#include <stdio.h>
#include <string.h>

#include "supervisor/rsctl.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/program.h"
#include "supervisor/rsctl/request.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/units.h"

static int for_each_word(struct rsctl *ctl, int (*act)(struct rsctl *ctl, const char *word))
{
	int first = CONTROL_OK;

	for (int i = 0; i < ctl->n_words; i++) {
		int code = act(ctl, ctl->words[i]);
		if (first == CONTROL_OK)
			first = code;
	}
	return first;
}

/* Asks and, with --json, prints the final reply; *final may be NULL: it is not wanted. */
static int act(struct rsctl *ctl, const char *about, json_t *request, json_t **final)
{
	struct ask question = {
		.request = request, .about = about, .timeout_ms = ASK_FOR_EVER
	};
	json_t *reply;
	int code = ask(ctl, &question, &reply);

	if (code)
		return code;
	if (ctl->json)
		ask_print(reply);
	if (final)
		*final = reply;
	else
		json_decref(reply);
	return CONTROL_OK;
}

static int add(struct rsctl *ctl, const char *word)
{
	char hex[HASH_HEX_SIZE];
	bool known;
	int code = program_add(ctl, word, hex, &known);

	if (code)
		return code;
	if (ctl->json)
		ask_print(json_pack("{s:s, s:b}", "program", hex, "known", known));
	else
		printf("%s\n", hex);
	return CONTROL_OK;
}

int rsctl_act_add(struct rsctl *ctl)
{
	return for_each_word(ctl, add);
}

int rsctl_act_start(struct rsctl *ctl)
{
	char program[HASH_HEX_SIZE];
	json_t *request, *final;
	int code = program_find(ctl, ctl->words[0], program);

	if (code == CONTROL_OK)
		code = request_of_program(ctl, "start", program, &request);
	if (code == CONTROL_OK)
		code = act(ctl, ctl->words[0], request, &final);
	if (code)
		return code;
	if (!ctl->json)
		printf("%lld\n", (long long)ask_number(final, "process", 0));
	json_decref(final);
	return CONTROL_OK;
}

static void say_compiled(json_t *final)
{
	char size[UNITS_TEXT_SIZE];
	const char *tier = ask_text(final, "tier"), *behind = ask_text(final, "behind");

	printf("%.*s: %s%s%s of native code in %.1f s\n", RSCTL_SHORT_HASH,
		ask_text(final, "program"), tier, *tier ? ", " : "",
		units_size_text(size, (uint64_t)ask_number(final, "bytes", 0)),
		json_number_value(json_object_get(final, "seconds")));
	if (*behind)
		say_hint("the %s tier is made behind it; --wait waits for that", behind);
}

static int compile(struct rsctl *ctl, const char *word)
{
	char program[HASH_HEX_SIZE];
	json_t *final;
	int code = program_find(ctl, word, program);

	if (code == CONTROL_OK)
		code = act(ctl, word,
			json_pack("{s:s, s:s, s:b}", "op", "compile", "program", program,
				"wait", ctl->wait),
			&final);
	if (code)
		return code;
	if (!ctl->json)
		say_compiled(final);
	if (json_is_false(json_object_get(final, "kept")))
		say_hint("it is not kept, the disk is full");
	json_decref(final);
	return CONTROL_OK;
}

int rsctl_act_compile(struct rsctl *ctl)
{
	return for_each_word(ctl, compile);
}

/* --- processes --- */

static int not_a_process(const char *word)
{
	(void)say_error(CONTROL_USAGE, word, "not a process number");
	say_hint("`rsctl ps` lists the processes");
	return CONTROL_USAGE;
}

static bool is_process(const char *word, uint64_t *process)
{
	return units_count(word, process) && *process <= INT64_MAX;
}

static int stop(struct rsctl *ctl, const char *word)
{
	uint64_t process;

	if (!is_process(word, &process))
		return not_a_process(word);
	json_t *request = json_pack("{s:s, s:I}", "op", "stop", "process", (json_int_t)process);
	if (ctl->timeout_ms != UINT64_MAX)
		json_object_set_new(
			request, "timeout_ms", json_integer((json_int_t)ctl->timeout_ms));
	return act(ctl, word, request, NULL);
}

int rsctl_act_stop(struct rsctl *ctl)
{
	return for_each_word(ctl, stop);
}

static int kill_process(struct rsctl *ctl, const char *word)
{
	uint64_t process;

	if (!is_process(word, &process))
		return not_a_process(word);
	return act(ctl, word,
		json_pack("{s:s, s:I, s:i}", "op", "kill", "process", (json_int_t)process,
			"signal", ctl->signal),
		NULL);
}

int rsctl_act_kill(struct rsctl *ctl)
{
	return for_each_word(ctl, kill_process);
}

/* --- programs and rsd --- */

static int rm(struct rsctl *ctl, const char *word)
{
	char program[HASH_HEX_SIZE];
	int code = program_hash(word, program);

	return code ? code
		    : act(ctl, word,
			      json_pack("{s:s, s:s, s:b}", "op", "rm", "program", program,
				      "force", ctl->force),
			      NULL);
}

int rsctl_act_rm(struct rsctl *ctl)
{
	return for_each_word(ctl, rm);
}

int rsctl_act_shutdown(struct rsctl *ctl)
{
	return act(ctl, "shutdown", json_pack("{s:s}", "op", "shutdown"), NULL);
}
