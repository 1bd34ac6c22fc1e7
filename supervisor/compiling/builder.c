#include "supervisor/compiling/builder.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include <sys/wait.h>

#include "ipc/log.h"
#include "supervisor/priority.h"

#define EXIT_DONE    0 /* aotc's */
#define EXIT_REFUSED 3
#define EXIT_UNFIT   4
#define NS_PER_MS    1000000ull
#define NS_PER_S     1000000000ull
#define TIDY_MS      3000 /* for aotc to remove what it made, when it is asked to end */

static const char *const environment[] = { "PATH", "TMPDIR", "REDSHIRT_", "JOURNAL_STREAM",
	NULL };

static bool is_word(const char *line, const char *word, const char **rest)
{
	size_t n = strlen(word);

	*rest = line + n + 1;
	return strncmp(line, word, n) == 0 && line[n] == ' ';
}

static void read_progress(struct builder *b, const char *text)
{
	char stage[BUILDER_STAGE_SIZE];
	uint64_t done, total;

	if (sscanf(text, "%31s %" SCNu64 " %" SCNu64, stage, &done, &total) != 3)
		return;
	log_text(b->stage, sizeof(b->stage), stage, strlen(stage));
	b->done = done;
	b->total = total;
}

static void read_line(struct builder *b)
{
	static const char *const lasts[] = { "refused", "unfit", "failed" };
	const char *rest;

	if (is_word(b->line, "progress", &rest))
		read_progress(b, rest);
	for (size_t i = 0; i < ARRAY_LEN(lasts) && !b->ending; i++)
		if (is_word(b->line, lasts[i], &rest))
			log_text(b->why, sizeof(b->why), rest, strlen(rest));
}

/* A line that is too long is cut; its rest is read as nothing we know. */
static void take_bytes(struct builder *b, const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] != '\n' && b->line_bytes < sizeof(b->line) - 1) {
			b->line[b->line_bytes++] = bytes[i];
			continue;
		}
		b->line[b->line_bytes] = 0;
		b->line_bytes = 0;
		read_line(b);
	}
}

/* True: there may be more later. */
static bool read_status(struct builder *b)
{
	char bytes[1024];
	ssize_t n;

	while ((n = read(b->status, bytes, sizeof(bytes))) > 0)
		take_bytes(b, bytes, (size_t)n);
	return n < 0 && errno == EAGAIN;
}

static void status_ready(void *context, int result)
{
	struct builder *b = context;

	(void)result;
	b->status_watch = 0;
	if (read_status(b) &&
		loop_poll(b->loop, b->status, POLLIN, status_ready, b, &b->status_watch))
		log_warning("compile", "why=\"no more progress is shown\"");
}

static void forget(struct builder *b)
{
	loop_cancel(b->loop, &b->child_watch);
	loop_cancel(b->loop, &b->status_watch);
	loop_timer_stop(&b->timer);
	fd_closep(&b->status);
}

static enum builder_end judge(struct builder *b, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;

	if (code == EXIT_DONE && !b->ending)
		return BUILDER_DONE;
	if (b->why[0] == 0 && code >= 0)
		snprintf(b->why, sizeof(b->why), "the compiler ended with code %d", code);
	else if (b->why[0] == 0)
		snprintf(b->why, sizeof(b->why), "the compiler was killed by signal %d",
			WTERMSIG(status));
	if (code == EXIT_REFUSED)
		return BUILDER_REFUSED;
	return code == EXIT_UNFIT ? BUILDER_UNFIT : BUILDER_FAILED;
}

static void child_ready(void *context, int result)
{
	struct builder *b = context;
	int status;

	(void)result;
	b->child_watch = 0;
	(void)read_status(b); /* its last words */
	if (child_reap(&b->child, &status))
		status = SIGKILL; /* gone, but nobody knows how */
	forget(b);
	b->ended(b->context, judge(b, status));
}

static void kill_now(void *context)
{
	struct builder *b = context;

	child_kill(&b->child);
}

void builder_stop(struct builder *b)
{
	b->ending = true;
	child_ask(&b->child);
	loop_timer_set(b->loop, &b->timer, loop_now_ns() + TIDY_MS * NS_PER_MS, kill_now, b);
}

static void too_long(void *context)
{
	struct builder *b = context;

	snprintf(b->why, sizeof(b->why), "the compile took longer than %u s",
		BUILDER_SECONDS_MAX);
	builder_stop(b);
}

/* Descriptors of the child, in this order from 3 on, and the options that name them. */
static int spawn(struct builder *b, const struct builder_plan *p, int status)
{
	const char *words[COMPILER_WORDS_MAX + 11] = { NULL };
	const char *const options[] = { "--tier", object_tier_name(p->tier), "--input-fd", "3",
		"--output-fd", "4", "--status-fd", "5", "--profile-fd", "6" };
	const int fds[] = { p->input, p->output, status, p->profile };
	const size_t without = p->profile < 0; /* the last of them */
	const struct child_plan plan = { .path = p->way->aotc,
		.argv = (char *const *)(uintptr_t)words,
		.environment = environment,
		.fds = fds,
		.fds_count = ARRAY_LEN(fds) - without,
		.output = STDERR_FILENO,
		.errors = STDERR_FILENO };

	memcpy(words + compiler_words(p->way, words), options,
		sizeof(options) - 2 * without * sizeof(options[0]));
	int r = child_start(&plan, &b->child);
	if (r == 0 && p->low)
		priority_lower(b->child.pid);
	return r;
}

static int watch(struct builder *b)
{
	int r = loop_poll(b->loop, b->child.pidfd, POLLIN, child_ready, b, &b->child_watch);

	if (r == 0)
		r = loop_poll(b->loop, b->status, POLLIN, status_ready, b, &b->status_watch);
	if (r == 0)
		loop_timer_set(b->loop, &b->timer,
			loop_now_ns() + BUILDER_SECONDS_MAX * NS_PER_S, too_long, b);
	return r;
}

int builder_start(struct builder *b, struct loop *loop, const struct builder_plan *plan,
	void (*ended)(void *context, enum builder_end end), void *context)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	*b = (struct builder){ .loop = loop,
		.ended = ended,
		.context = context,
		.begun_ns = loop_now_ns(),
		.child = CHILD_NONE,
		.status = ends[0] };
	CLEANUP(fd_closep) int theirs = ends[1];
	int r = fcntl(b->status, F_SETFL, O_NONBLOCK) ? -errno : 0;
	if (r == 0)
		r = spawn(b, plan, theirs);
	if (r == 0)
		r = watch(b);
	if (r)
		builder_end(b);
	return r;
}

int builder_hurry(struct builder *b)
{
	return b->child.pid ? priority_raise(b->child.pid) : 0;
}

void builder_ask(struct builder *b)
{
	b->ending = true;
	child_ask(&b->child);
}

void builder_end(struct builder *b)
{
	forget(b);
	child_end(&b->child, b->ending ? TIDY_MS : 0);
}
