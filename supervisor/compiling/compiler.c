#include "supervisor/compiling/compiler.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "supervisor/child.h"

struct compiler {
	struct loop *loop;
	char *aotc;
	void (*changed)(void *context);
	void *context;
	enum compiler_state state;
	struct hash id;
	struct child child;
	int pipe; /* what it says */
	uint64_t watch;
	char text[COMPILER_TEXT_SIZE];
	size_t bytes;
};

static const char *const environment[] = { "PATH", "REDSHIRT_", "JOURNAL_STREAM", NULL };

static bool find_id(const char *text, struct hash *id)
{
	char hex[HASH_HEX_SIZE] = "";
	static const char word[] = "\nid full ";
	const size_t first = strlen(word) - 1;
	const char *line = strncmp(text, word + 1, first) == 0 ? text : strstr(text, word);

	if (!line)
		return false;
	line += *line == '\n' ? first + 1 : first;
	size_t n = strcspn(line, "\n");
	if (n != HASH_HEX_SIZE - 1)
		return false;
	memcpy(hex, line, n);
	return hash_from_hex(hex, id);
}

static void settle(struct compiler *c)
{
	loop_cancel(c->loop, &c->watch);
	fd_closep(&c->pipe);
	child_end(&c->child, 0);
	c->text[c->bytes] = 0;
	c->state = find_id(c->text, &c->id) ? COMPILER_READY : COMPILER_FAILED;
	if (c->state == COMPILER_FAILED && c->bytes == 0)
		snprintf(c->text, sizeof(c->text), "%s says nothing about its tools", c->aotc);
	if (c->state == COMPILER_FAILED) {
		c->text[strcspn(c->text, "\n")] = 0; /* the first line says why */
		log_warning("compiler", "why=\"%s\"", c->text);
	}
	c->changed(c->context);
}

static void say(void *context, int result)
{
	struct compiler *c = context;
	ssize_t n = read(c->pipe, c->text + c->bytes, sizeof(c->text) - 1 - c->bytes);

	(void)result;
	c->watch = 0;
	if (n > 0)
		c->bytes += (size_t)n;
	bool more = n > 0 ? c->bytes < sizeof(c->text) - 1 : n < 0 && errno == EAGAIN;
	if (!more || loop_poll(c->loop, c->pipe, POLLIN, say, c, &c->watch))
		settle(c);
}

static int ask(struct compiler *c)
{
	char option[] = "--toolchain";
	char *argv[] = { c->aotc, option, NULL };
	int ends[2];

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	CLEANUP(fd_closep) int ours = ends[0];
	CLEANUP(fd_closep) int theirs = ends[1];
	if (fcntl(ours, F_SETFL, O_NONBLOCK))
		return -errno;
	struct child_plan plan = { .path = c->aotc,
		.argv = argv,
		.environment = environment,
		.output = theirs,
		.errors = theirs };
	int r = child_start(&plan, &c->child);
	if (r == 0)
		r = loop_poll(c->loop, ours, POLLIN, say, c, &c->watch);
	if (r) {
		child_end(&c->child, 0);
		return r;
	}
	c->pipe = fd_take(&ours);
	c->bytes = 0;
	c->state = COMPILER_ASKING;
	return 0;
}

int compiler_new(struct loop *loop, const char *aotc, void (*changed)(void *context),
	void *context, struct compiler **out)
{
	struct compiler *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct compiler){ .loop = loop,
		.aotc = strdup(aotc),
		.changed = changed,
		.context = context,
		.child = CHILD_NONE,
		.pipe = -1 };
	int r = c->aotc ? ask(c) : -ENOMEM;
	if (r) {
		compiler_free(c);
		return r;
	}
	*out = c;
	return 0;
}

struct compiler *compiler_free(struct compiler *c)
{
	if (!c)
		return NULL;
	loop_cancel(c->loop, &c->watch);
	child_end(&c->child, 0);
	fd_closep(&c->pipe);
	free(c->aotc);
	free(c);
	return NULL;
}

enum compiler_state compiler_state(const struct compiler *c)
{
	return c->state;
}

const struct hash *compiler_id(const struct compiler *c)
{
	return &c->id;
}

const char *compiler_text(const struct compiler *c)
{
	return c->text;
}

int compiler_ask(struct compiler *c)
{
	return c->state == COMPILER_FAILED ? ask(c) : 0;
}
