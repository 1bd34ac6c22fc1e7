/*
 * rsctl pending and answer: what programs ask to be allowed, and what is said to that.
 */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "supervisor/rsctl.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/cells.h"
#include "supervisor/rsctl/listing.h"
#include "supervisor/rsctl/prompt.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/rsctl/term.h"
#include "supervisor/units.h"

/* --- pending --- */

static const char *number_cell(const json_t *row, char *room, size_t size)
{
	return cells_number(row, "number", room, size);
}

static const char *interface_cell(const json_t *row, char *room, size_t size)
{
	return size < CELLS_INTERFACE_SIZE ? "-"
					   : cells_interface(ask_text(row, "interface"), room);
}

static const char *right_cell(const json_t *row, char *room, size_t size)
{
	(void)room, (void)size;
	return cells_text(row, "right");
}

static const char *reason_cell(const json_t *row, char *room, size_t size)
{
	(void)room, (void)size;
	return cells_text(row, "reason");
}

static const char *age_cell(const json_t *row, char *room, size_t size)
{
	return cells_ago(row, "since_ms", room, size);
}

static const struct listing_column pending_columns[] = {
	{ ">NUMBER", number_cell },
	{ "PROGRAM", cells_program },
	{ "NAME", cells_name },
	{ ">PROCESS", cells_process },
	{ "RIGHT", right_cell },
	{ "INTERFACE", interface_cell },
	{ ">ASKED", age_cell },
	{ "REASON", reason_cell },
};

/* One line of --follow where nobody is at a terminal to answer. */
static int print_question(struct listing *l, const json_t *row)
{
	char room[CELLS_INTERFACE_SIZE];

	(void)l;
	if (json_is_true(json_object_get(row, "over"))) {
		printf("%lld over\n", (long long)ask_number(row, "number", 0));
		return fflush(stdout) == 0 ? CONTROL_OK : CONTROL_FAILED;
	}
	CLEANUP(freep) char *line = NULL;
	if (asprintf(&line, "%lld %s process=%lld %s %s \"%s\"",
		    (long long)ask_number(row, "number", 0), cells_text(row, "name"),
		    (long long)ask_number(row, "process", 0), cells_text(row, "right"),
		    cells_interface(ask_text(row, "interface"), room),
		    ask_text(row, "reason")) < 0)
		return say_error(CONTROL_FAILED, "pending", "no memory");
	CLEANUP(freep) char *safe = term_escaped_line(line, strlen(line));
	printf("%s\n", safe ? safe : "out of memory");
	return fflush(stdout) == 0 ? CONTROL_OK : CONTROL_FAILED;
}

static json_t *pending_request(const struct rsctl *ctl)
{
	return json_pack("{s:s, s:b}", "op", "pending", "follow", ctl->follow);
}

static int list(struct rsctl *ctl)
{
	struct listing l = { .ctl = ctl,
		.columns = ctl->follow ? NULL : pending_columns,
		.n_columns = ARRAY_LEN(pending_columns),
		.id = "number",
		.each = print_question };

	return listing_show(
		&l, "pending", pending_request(ctl), ctl->follow ? ASK_FOR_EVER : ASK_QUICK_MS);
}

/* One wait, and everything that came. */
static int turn(struct prompt *prompt, struct client *client, struct reply *reply)
{
	struct pollfd fds[] = {
		{ .fd = client->fd, .events = POLLIN },
		{ .fd = prompt_fd(prompt), .events = POLLIN },
	};

	reply->kind = REPLY_PROGRESS; /* nothing came: nothing to do */
	if (poll(fds, ARRAY_LEN(fds), -1) < 0)
		return errno == EINTR ? CONTROL_OK : ask_broken("pending", -errno);
	if (fds[1].revents)
		prompt_read(prompt);
	if (!fds[0].revents)
		return CONTROL_OK;
	int r = client_receive(client, -1, reply);
	return r ? ask_broken("pending", r) : CONTROL_OK;
}

static int ask_person(struct rsctl *ctl, struct prompt *prompt)
{
	CLEANUP(client_close) struct client client = CLIENT_NONE;
	struct ask question = {
		.request = pending_request(ctl), .about = "pending", .timeout_ms = ASK_FOR_EVER
	};
	struct reply reply;
	int code = ask_begin(ctl, &question, &client, &reply);

	while (code == CONTROL_OK && reply.kind != REPLY_DONE) {
		if (reply.kind == REPLY_ERROR)
			return ask_refused(&reply);
		if (reply.kind == REPLY_ROW)
			prompt_take(prompt, reply.json);
		code = turn(prompt, &client, &reply);
	}
	return code;
}

int rsctl_asks_pending(struct rsctl *ctl)
{
	CLEANUP(prompt_close) struct prompt prompt = PROMPT_NONE;

	if (!ctl->follow || ctl->json || ctl->quiet)
		return list(ctl);
	int code = prompt_open(&prompt, ctl);
	if (code)
		return code;
	return prompt_somebody(&prompt) ? ask_person(ctl, &prompt) : list(ctl);
}

/* --- answer --- */

int rsctl_asks_answer(struct rsctl *ctl)
{
	const char *word = ctl->words[0], *grant = ctl->words[1];
	uint64_t number;
	json_t *final;

	if (!units_count(word, &number) || number > INT64_MAX) {
		(void)say_error(CONTROL_USAGE, word, "not the number of a question");
		say_hint("`rsctl pending` lists the questions");
		return CONTROL_USAGE;
	}
	struct ask question = { .request = json_pack("{s:s, s:I, s:s, s:b}", "op", "answer",
					"number", (json_int_t)number, "grant", grant, "always",
					ctl->always),
		.about = word,
		.timeout_ms = ASK_QUICK_MS };
	if (!question.request)
		return say_error(CONTROL_USAGE, word, "the answer is allow or deny");
	int code = ask(ctl, &question, &final);
	if (code == CONTROL_OK && ctl->json)
		ask_print(final);
	json_decref(final);
	return code;
}
