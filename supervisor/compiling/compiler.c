#include "supervisor/compiling/compiler.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"
#include "supervisor/child.h"

struct compiler {
	struct loop *loop;
	struct compiler_way way;
	void (*changed)(void *context);
	void *context;
	enum compiler_state state;
	uint32_t tiers; /* those that ids[] has */
	struct hash ids[OBJECT_TIERS];
	struct child child;
	int pipe; /* what it says */
	uint64_t watch;
	char text[COMPILER_TEXT_SIZE];
	size_t bytes;
};

static const char *const environment[] = { "PATH", "REDSHIRT_", "JOURNAL_STREAM", NULL };

size_t compiler_words(const struct compiler_way *way, const char *words[COMPILER_WORDS_MAX])
{
	size_t n = 0;

	words[n++] = way->aotc;
	if (way->target_cpu) {
		words[n++] = "--target-cpu";
		words[n++] = way->target_cpu;
	}
	if (way->relaxed_reads)
		words[n++] = "--relaxed-reads";
	if (way->unknown_imports)
		words[n++] = "--unknown-imports-trap";
	return n;
}

/* A line "id TIER HEX"; others are for people. */
static void read_id(struct compiler *c, const char *line, size_t n)
{
	for (uint32_t tier = 0; tier < OBJECT_TIERS; tier++) {
		char hex[HASH_HEX_SIZE] = "", start[32];
		int head = snprintf(start, sizeof(start), "id %s ", object_tier_name(tier));

		if (n != (size_t)head + HASH_HEX_SIZE - 1 ||
			strncmp(line, start, (size_t)head) != 0)
			continue;
		memcpy(hex, line + head, HASH_HEX_SIZE - 1);
		if (hash_from_hex(hex, &c->ids[tier]))
			c->tiers |= 1u << tier;
	}
}

/* Without the full tier nothing is of use: it is what takes every module. */
static bool read_ids(struct compiler *c)
{
	c->tiers = 0;
	for (const char *line = c->text; *line;) {
		size_t n = strcspn(line, "\n");
		read_id(c, line, n);
		line += n + (line[n] == '\n');
	}
	return c->tiers & 1u << OBJECT_FULL;
}

static void settle(struct compiler *c)
{
	loop_cancel(c->loop, &c->watch);
	fd_closep(&c->pipe);
	child_end(&c->child, 0);
	c->text[c->bytes] = 0;
	c->state = read_ids(c) ? COMPILER_READY : COMPILER_FAILED;
	if (c->state == COMPILER_FAILED && c->bytes == 0)
		snprintf(c->text, sizeof(c->text), "%s says nothing about its tools",
			c->way.aotc);
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
	const char *words[COMPILER_WORDS_MAX + 2] = { NULL };
	int ends[2];

	words[compiler_words(&c->way, words)] = "--toolchain";
	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	CLEANUP(fd_closep) int ours = ends[0];
	CLEANUP(fd_closep) int theirs = ends[1];
	if (fcntl(ours, F_SETFL, O_NONBLOCK))
		return -errno;
	struct child_plan plan = { .path = c->way.aotc,
		.argv = (char *const *)(uintptr_t)words,
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

int compiler_new(struct loop *loop, const struct compiler_way *way,
	void (*changed)(void *context), void *context, struct compiler **out)
{
	struct compiler *c = calloc(1, sizeof(*c));

	if (!c)
		return -ENOMEM;
	*c = (struct compiler){ .loop = loop,
		.way = *way,
		.changed = changed,
		.context = context,
		.child = CHILD_NONE,
		.pipe = -1 };
	int r = ask(c);
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
	free(c);
	return NULL;
}

enum compiler_state compiler_state(const struct compiler *c)
{
	return c->state;
}

uint32_t compiler_tiers(const struct compiler *c)
{
	return c->state == COMPILER_READY ? c->tiers : 0;
}

const struct hash *compiler_id(const struct compiler *c, enum object_tier tier)
{
	return &c->ids[tier];
}

const char *compiler_text(const struct compiler *c)
{
	return c->text;
}

int compiler_ask(struct compiler *c)
{
	return c->state == COMPILER_FAILED ? ask(c) : 0;
}
