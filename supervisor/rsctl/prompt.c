#include "supervisor/rsctl/prompt.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>

#include "supervisor/decisions/asks.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/cells.h"
#include "supervisor/rsctl/say.h"

static const struct {
	const char *typed;
	const char *grant;
	bool always;
} answers[] = {
	{ "y", "allow", false },
	{ "yes", "allow", false },
	{ "a", "allow", true },
	{ "always", "allow", true },
	{ "n", "deny", false },
	{ "no", "deny", false },
	{ "never", "deny", true },
};

int prompt_open(struct prompt *prompt, const struct rsctl *ctl)
{
	*prompt = (struct prompt)PROMPT_NONE;
	prompt->ctl = ctl;
	prompt->questions = json_array();
	if (!prompt->questions)
		return say_error(CONTROL_FAILED, "questions", "%s", strerror(ENOMEM));
	if (!ctl->no_ask && isatty(STDERR_FILENO) == 1)
		prompt->tty = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);
	return CONTROL_OK;
}

void prompt_close(struct prompt *prompt)
{
	json_decref(prompt->questions);
	prompt->questions = NULL;
	fd_closep(&prompt->tty);
}

bool prompt_somebody(const struct prompt *prompt)
{
	return prompt->tty >= 0;
}

/* ---- which questions there are ---- */

static json_int_t number_of(const json_t *row)
{
	return ask_number(row, "number", 0);
}

/* Its place; as many as there are: none. */
static size_t place_of(const struct prompt *prompt, json_int_t number)
{
	size_t i = 0;

	while (i < json_array_size(prompt->questions) &&
		number_of(json_array_get(prompt->questions, i)) != number)
		i++;
	return i;
}

/* What it wants, in one line. What the digits of a hash are, or read like, could be taken for
 * the name of another interface: that it has none is said. */
static void say_question(const json_t *row)
{
	const char *interface = ask_text(row, "interface"), *name = ask_text(row, "name");
	bool handles = strcmp(ask_text(row, "right"), "register") == 0;
	bool unnamed = strlen(interface) == HASH_HEX_SIZE - 1;
	char program[RSCTL_SHORT_HASH + 1], room[CELLS_INTERFACE_SIZE];

	snprintf(program, sizeof(program), "%s", ask_text(row, "program"));
	(void)say_error(0, *name ? name : program, "process %lld wants to %s %s%s",
		(long long)ask_number(row, "process", 0), handles ? "handle" : "use",
		unnamed ? "an interface without a name: " : "",
		cells_interface(interface, room));
}

static void say_reason(const json_t *row)
{
	const char *reason = ask_text(row, "reason");

	if (*reason)
		say_hint("it says: \"%s\"", reason);
}

static void show(struct prompt *prompt)
{
	const json_t *row = json_array_get(prompt->questions, 0);

	prompt->shown = 0;
	prompt->n_line = 0;
	if (!row || prompt->tty < 0)
		return;
	prompt->shown = number_of(row);
	say_question(row);
	say_reason(row);
	tcflush(prompt->tty, TCIFLUSH);
	dprintf(STDERR_FILENO, "  y once, a always, n no, never: ");
}

static void drop_first(struct prompt *prompt)
{
	json_array_remove(prompt->questions, 0);
	show(prompt);
}

static void take_over(struct prompt *prompt, size_t at, json_int_t number)
{
	if (at == json_array_size(prompt->questions))
		return;
	json_array_remove(prompt->questions, at);
	if (number != prompt->shown)
		return;
	dprintf(STDERR_FILENO, "\n");
	say_hint("that is decided already");
	show(prompt);
}

void prompt_take(struct prompt *prompt, json_t *row)
{
	json_int_t number = number_of(row);
	size_t at = place_of(prompt, number), n = json_array_size(prompt->questions);

	if (number <= 0)
		return;
	if (json_is_true(json_object_get(row, "over"))) {
		take_over(prompt, at, number);
	} else if (at < n) {
		json_array_set(prompt->questions, at, row);
		if (number == prompt->shown)
			show(prompt);
	} else if (n < ASKS_MAX) {
		json_array_append(prompt->questions, row);
		if (!prompt->shown)
			show(prompt);
	}
}

/* ---- what is typed ---- */

int prompt_fd(const struct prompt *prompt)
{
	return prompt->shown ? prompt->tty : -1;
}

static void send_answer(struct prompt *prompt, const char *grant, bool always)
{
	struct ask question = { .request = json_pack("{s:s, s:I, s:s, s:b}", "op", "answer",
					"number", prompt->shown, "grant", grant, "always",
					always),
		.about = "answer",
		.timeout_ms = ASK_QUICK_MS };
	json_t *final;

	(void)!ask(prompt->ctl, &question, &final); /* it has said what went wrong */
	json_decref(final);
	drop_first(prompt);
}

static void take_line(struct prompt *prompt)
{
	for (size_t i = 0; i < ARRAY_LEN(answers); i++)
		if (strcmp(prompt->line, answers[i].typed) == 0) {
			send_answer(prompt, answers[i].grant, answers[i].always);
			return;
		}
	show(prompt);
}

static void give_up(struct prompt *prompt)
{
	dprintf(STDERR_FILENO, "\n");
	say_hint("no more answers are taken here: `rsctl answer %lld allow` or deny",
		(long long)prompt->shown);
	fd_closep(&prompt->tty);
	prompt->shown = 0;
}

void prompt_read(struct prompt *prompt)
{
	char *at = prompt->line + prompt->n_line;
	ssize_t n = read(prompt->tty, at, sizeof(prompt->line) - prompt->n_line);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		give_up(prompt);
		return;
	}
	prompt->n_line += (size_t)n;
	char *end = memchr(at, '\n', (size_t)n);
	if (!end && prompt->n_line < sizeof(prompt->line))
		return;
	if (!end) /* too long to be one */
		end = prompt->line;
	*end = 0;
	take_line(prompt);
}
