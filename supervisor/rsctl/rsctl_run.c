/*
 * rsctl run: a program attached to this terminal. What it writes comes out here, what is typed
 * goes in while rsd gives credit, Ctrl-C asks it to stop and a second one kills it. When it
 * asks for what it may not do yet, the next line is the answer. The exit code is the program's.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/signalfd.h>

#include "supervisor/rsctl.h"
#include "supervisor/rsctl/ask.h"
#include "supervisor/rsctl/program.h"
#include "supervisor/rsctl/prompt.h"
#include "supervisor/rsctl/request.h"
#include "supervisor/rsctl/say.h"
#include "supervisor/rsctl/term.h"

#define INPUT_BYTES 16384

struct attached {
	const char *about;
	struct client client;
	struct term out, err;
	struct prompt prompt;
	int signals;     /* signalfd */
	uint64_t credit; /* bytes of input that rsd takes now */
	bool input_open;
	bool asked_to_stop;
};

static void attached_deinit(struct attached *a)
{
	client_close(&a->client);
	prompt_close(&a->prompt);
	fd_closep(&a->signals);
}

/* --- to the program --- */

static int tell(struct attached *a, json_t *message)
{
	int r = client_send(&a->client, message);

	return r ? ask_broken(a->about, r) : CONTROL_OK;
}

static int forward_input(struct attached *a)
{
	char bytes[INPUT_BYTES];
	size_t most = a->credit < sizeof(bytes) ? (size_t)a->credit : sizeof(bytes);
	ssize_t n = read(STDIN_FILENO, bytes, most);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return CONTROL_OK;
	if (n <= 0) { /* a terminal that is gone is an end as well */
		a->input_open = false;
		return tell(a, json_pack("{s:b}", "input_end", 1));
	}
	a->credit -= (size_t)n;
	int r = client_send_data(&a->client, bytes, (size_t)n);
	return r ? ask_broken(a->about, r) : CONTROL_OK;
}

static int forward_signal(struct attached *a)
{
	struct signalfd_siginfo info;

	if (read(a->signals, &info, sizeof(info)) != sizeof(info))
		return CONTROL_OK;
	const char *wish = a->asked_to_stop ? "kill" : "stop";
	a->asked_to_stop = true;
	return tell(a, json_pack("{s:s}", "signal", wish));
}

/* --- from the program --- */

static int show(struct attached *a, const struct reply *reply)
{
	struct term *to = reply->stream == CONTROL_STREAM_OUT ? &a->out : &a->err;
	int r;

	term_progress("");
	r = term_write(to, reply->bytes, reply->size);
	if (r == 0 || r == -EPIPE) /* who does not read wants no message either */
		return r ? CONTROL_FAILED : CONTROL_OK;
	return say_error(CONTROL_FAILED, "output", "%s", strerror(-r));
}

static int ended(struct attached *a, json_t *final)
{
	json_int_t status = ask_number(final, "status", CONTROL_FAILED);
	char why[ASK_ENDING_SIZE];

	if (term_flush(&a->out) || term_flush(&a->err))
		return CONTROL_FAILED;
	ask_ending(final, why);
	if (*why)
		(void)say_error(0, a->about, "%s", why);
	ask_backtrace(final);
	return status >= 0 && status <= UINT8_MAX ? (int)status : CONTROL_FAILED;
}

static int take_reply(struct attached *a, const struct reply *reply)
{
	switch (reply->kind) {
	case REPLY_OUTPUT:
		return show(a, reply);
	case REPLY_INPUT:
		if (__builtin_add_overflow(a->credit, (uint64_t)reply->number, &a->credit))
			a->credit = UINT64_MAX;
		return CONTROL_OK;
	case REPLY_PROGRESS:
		ask_progress(a->about, reply);
		return CONTROL_OK;
	case REPLY_STARTED:
		term_progress("");
		return CONTROL_OK;
	case REPLY_QUESTION:
		prompt_take(&a->prompt, reply->json);
		return CONTROL_OK;
	case REPLY_ERROR:
		return ask_refused(reply);
	default:
		return ask_broken(a->about, CLIENT_BROKEN);
	}
}

/* --- the conversation --- */

/* Before this, Ctrl-C ends rsctl, which is what a person wants who waits for the compiler. */
static int catch_signals(int *fd)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return -errno;
	*fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return *fd < 0 ? -errno : 0;
}

/* While something is asked, what is typed is for the answer. */
static bool wants_input(const struct attached *a)
{
	bool asked = prompt_fd(&a->prompt) >= 0 && isatty(STDIN_FILENO) == 1;

	return a->input_open && a->credit > 0 && !asked;
}

/* One wait, and everything that came. */
static int turn(struct attached *a, struct reply *reply)
{
	struct pollfd fds[] = {
		{ .fd = a->client.fd, .events = POLLIN },
		{ .fd = a->signals, .events = POLLIN },
		{ .fd = wants_input(a) ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = prompt_fd(&a->prompt), .events = POLLIN },
	};
	int code = CONTROL_OK;

	reply->kind = REPLY_STARTED; /* nothing came: nothing to do */
	if (poll(fds, ARRAY_LEN(fds), -1) < 0)
		return errno == EINTR ? CONTROL_OK : ask_broken(a->about, -errno);
	if (fds[1].revents)
		code = forward_signal(a);
	if (code == CONTROL_OK && fds[2].revents)
		code = forward_input(a);
	if (code == CONTROL_OK && fds[3].revents)
		prompt_read(&a->prompt);
	if (code == CONTROL_OK && fds[0].revents) {
		int r = client_receive(&a->client, -1, reply);
		code = r ? ask_broken(a->about, r) : CONTROL_OK;
	}
	return code;
}

static int attend(struct attached *a, struct reply *reply)
{
	int code = CONTROL_OK;

	while (code == CONTROL_OK && reply->kind != REPLY_DONE) {
		code = take_reply(a, reply);
		if (code == CONTROL_OK)
			code = turn(a, reply);
	}
	term_progress("");
	return code ? code : ended(a, reply->json);
}

static int run_attached(struct rsctl *ctl, const char *program)
{
	CLEANUP(attached_deinit)
	struct attached a = {
		.client = CLIENT_NONE, .prompt = PROMPT_NONE, .signals = -1, .input_open = true
	};
	struct ask question = { .about = ctl->words[0], .timeout_ms = ASK_FOR_EVER };
	struct reply reply;
	int code = prompt_open(&a.prompt, ctl);

	if (code == CONTROL_OK)
		code = request_of_program(ctl, "run", program, &question.request);
	if (code)
		return code;
	a.about = question.about;
	term_init(&a.out, STDOUT_FILENO);
	term_init(&a.err, STDERR_FILENO);
	json_object_set_new(question.request, "stdin", json_true());
	json_object_set_new(question.request, "ask", json_boolean(prompt_somebody(&a.prompt)));
	code = ask_begin(ctl, &question, &a.client, &reply);
	if (code)
		return code;
	int r = catch_signals(&a.signals);
	if (r)
		return ask_broken(a.about, r);
	return attend(&a, &reply);
}

int rsctl_run(struct rsctl *ctl)
{
	char program[HASH_HEX_SIZE];

	if (ctl->detach)
		return rsctl_act_start(ctl);
	if (ctl->json)
		return say_error(CONTROL_USAGE, "run",
			"--json needs --detach: what is printed here is the program's");
	int code = program_find(ctl, ctl->words[0], program);
	return code ? code : run_attached(ctl, program);
}
