/*
 * loop.c: the event loop's promises, one case per name; most are their own client. Says "ok".
 *
 *     loop numbers|many|order|long|fixed|full|kept|cancel|gone|watch|hand WORD COUNT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt_loop.h"

static const uint8_t self[32] = "example:self", silent[32] = "example:silent",
		     one[32] = "example:one";
RS_LOOP(loop, 4096, 2, 4096, 1024 * 1024);
static uint32_t asked, completed[RS_STATUS_COUNT], messages, ordered;
static uint64_t tokens[4096];

static int fail(const char *what, int64_t number)
{
	printf("%s: %lld\n", what, (long long)number);
	exit(1);
}

static void expect(const char *what, int64_t got, int64_t want)
{
	if (got != want)
		fail(what, got);
}
#define EXPECT(want, value) expect(#value, value, want)

static void on_echo(struct rs_loop *l, const struct rs_delivery *message, void *context)
{
	(void)context;
	if (message->body_bytes >= sizeof(uint32_t)) {
		uint32_t number;

		memcpy(&number, rs_body(message), sizeof(number));
		ordered += number == messages;
	}
	messages++;
	EXPECT(RS_OK, rs_loop_answer(l, message, RS_OK, rs_body(message), message->body_bytes));
}

/* context: how often it was called for this one. */
static void on_end(struct rs_loop *l, const struct rs_delivery *answer, void *context)
{
	uint8_t *calls = context;

	if (answer->kind != RS_ANSWER || ++*calls != 1)
		fail("calls", *calls);
	completed[answer->status]++;
	asked--;
	if (asked == 0)
		rs_loop_stop(l);
}

static void ask(const uint8_t interface[32], const void *body, size_t bytes)
{
	static uint8_t calls[4096];
	static uint32_t place;

	EXPECT(RS_OK, rs_loop_ask(&loop, interface, body, bytes, 0, on_end, &calls[place],
			      &tokens[place]));
	calls[place] = 0;
	place = (place + 1) % 4096;
	asked++;
}

/* Every other one is short: it would fit where a long one does not. */
static void ask_numbered(uint32_t count, size_t bytes)
{
	uint32_t *body = calloc(1, bytes);

	for (*body = 0; *body < count; (*body)++)
		ask(self, body, *body % 2 ? sizeof(*body) : bytes);
	free(body);
}

/* A thousand asks and five hundred timers, all under way at once. */
static void many_at_once(void)
{
	static uint8_t calls[500];

	memset(calls, 0, sizeof(calls));
	for (uint32_t i = 0; i < 500; i++, asked++)
		EXPECT(RS_OK,
			rs_loop_after(&loop, 1000000 * (i % 50), on_end, &calls[i], NULL));
	ask_numbered(1000, 8);
	EXPECT(RS_OK, rs_loop_run(&loop));
	EXPECT(1500, completed[RS_OK]);
	EXPECT(1000, ordered);
	completed[RS_OK] = messages = ordered = 0;
}

/* More of them, one time after the other, than there are places. */
static void many(void)
{
	EXPECT(RS_OK, rs_loop_handle(&loop, self, on_echo, NULL));
	for (int i = 0; i < 3; i++)
		many_at_once();
}

/* Who handles only short bodies has small rings. */
static void handle_short(void)
{
	loop.in_max = 0;
	EXPECT(RS_OK, rs_loop_handle(&loop, self, on_echo, NULL));
}

/* More than a ring holds: they are kept, and come in their order. */
static void order(void)
{
	handle_short();
	ask_numbered(200, 3700);
	EXPECT(1, loop.kept_used > 0);
	EXPECT(RS_OK, rs_loop_run(&loop));
	EXPECT(200, completed[RS_OK]);
	EXPECT(200, ordered);
	EXPECT(0, (int64_t)loop.kept_used);
}

/* Answers with a long body, and says who is too long for it. */
static void on_short(struct rs_loop *l, const struct rs_delivery *message, void *context)
{
	static uint8_t body[10000];

	(void)context;
	messages++;
	memcpy(body, rs_body(message), message->body_bytes);
	EXPECT(RS_OK, rs_loop_answer(l, message, RS_OK, body, sizeof(body)));
}

static void ask_too_much(size_t bytes)
{
	uint32_t *body = calloc(1, bytes);

	EXPECT(RS_TOO_BIG, rs_loop_ask(&loop, self, body, bytes, 0, on_end, NULL, NULL));
	free(body);
}

/* The buffer grows, and only as far as it may: what is longer is not even sent. */
static void grows(void)
{
	loop.in_max = 400000;
	EXPECT(RS_OK, rs_loop_handle(&loop, self, on_echo, NULL));
	ask_numbered(3, 300000);
	ask_too_much(400001);
	EXPECT(RS_OK, rs_loop_run(&loop));
	EXPECT(3, completed[RS_OK]);
	EXPECT(1, loop.in_bytes >= 300000 && loop.in_bytes <= 400000);
}

/* It must not grow: at an answer that is too long the loop ends, is given more room, and
 * nothing is lost. */
static void fixed(void)
{
	static uint64_t larger[40000 / 8];

	loop.grow = NULL;
	EXPECT(RS_OK, rs_loop_handle(&loop, self, on_short, NULL));
	ask_too_much(10000);
	ask_numbered(3, 8);
	EXPECT(RS_TOO_BIG, rs_loop_run(&loop));
	EXPECT(RS_TOO_BIG, rs_loop_run(&loop));
	loop.in = (struct rs_delivery *)larger;
	loop.in_bytes = sizeof(larger);
	EXPECT(RS_OK, rs_loop_run(&loop));
	EXPECT(3, completed[RS_OK]);
	EXPECT(3, messages);
}

/* Every table has its limit, and what was refused is not called for. */
static void full(void)
{
	uint8_t call = 0, body[4000] = { 0 };
	uint32_t status;

	handle_short();
	EXPECT(RS_OK, rs_loop_handle(&loop, one, on_echo, NULL));
	EXPECT(RS_LIMIT, rs_loop_handle(&loop, silent, on_echo, NULL));
	loop.kept_bytes = 20000;
	while ((status = rs_loop_ask(
			&loop, self, body, sizeof(body), 0, on_end, &call, NULL)) == RS_OK)
		asked++, call--;
	EXPECT(RS_BUSY, status);
	loop.waits_max = 1; /* the one that is in use */
	loop.waits[0].token = 1;
	EXPECT(RS_LIMIT, rs_loop_after(&loop, 1, on_end, &call, NULL));
}

/* Of what is kept, some is cancelled before it could go. */
static void kept(void)
{
	handle_short();
	ask_numbered(100, 4000);
	for (uint32_t i = 90; i < 100; i++) {
		EXPECT(RS_OK, rs_loop_cancel(&loop, tokens[i]));
		EXPECT(RS_OK, rs_loop_cancel(&loop, tokens[i]));
	}
	EXPECT(RS_OK, rs_loop_run(&loop));
	EXPECT(90, completed[RS_OK]);
	EXPECT(10, completed[RS_CANCELLED]);
	EXPECT(90, messages);
}

static void on_time(struct rs_loop *l, const struct rs_delivery *time, void *context)
{
	(void)time, (void)context;
	for (uint32_t i = 0; i < 4096; i++)
		EXPECT(RS_OK, rs_loop_cancel(l, tokens[i]));
}

static void cancel(void)
{
	for (uint32_t i = 0; i < 100; i++)
		ask(silent, &i, sizeof(i));
	EXPECT(RS_OK, rs_loop_after(&loop, 50000000, on_time, NULL, NULL));
	EXPECT(RS_OK, rs_loop_run(&loop));
	EXPECT(100, completed[RS_CANCELLED]);
}

/* Whoever handles it ends meanwhile. */
static void gone(void)
{
	for (uint32_t i = 0; i < 100; i++)
		ask(silent, &i, sizeof(i));
	puts("asked");
	EXPECT(RS_OK, rs_loop_run(&loop));
	EXPECT(100, completed[RS_HANDLER_GONE]);
}

static void say(struct rs_loop *l, const struct rs_delivery *delivery, void *context)
{
	(void)l, (void)delivery;
	puts(context);
}

static void on_notice(struct rs_loop *l, const struct rs_delivery *notice, void *context)
{
	(void)context;
	EXPECT(RS_NOTICE_STOP, notice->status);
	EXPECT(sizeof(uint64_t), (int64_t)notice->body_bytes);
	puts("notice");
	rs_loop_stop(l);
}

static void watch(void)
{
	loop.gone = loop.cancelled = say;
	loop.context = "gone or cancelled";
	loop.notice = on_notice;
	EXPECT(RS_OK, rs_loop_handle(&loop, silent, say, "not this one"));
	EXPECT(RS_OK, rs_loop_handle(&loop, silent, say, "message"));
	puts("register: ok");
	EXPECT(RS_OK, rs_loop_run(&loop));
}

/* Answers COUNT messages, then another may. It has its timers still. */
static char *word;
static uint32_t left;

static void on_hand(struct rs_loop *l, const struct rs_delivery *message, void *context)
{
	(void)context;
	EXPECT(RS_OK, rs_loop_answer(l, message, RS_OK, word, strlen(word)));
	if (left && --left == 0) {
		EXPECT(RS_OK, rs_loop_let_go(l, one));
		EXPECT(RS_BAD_ARGUMENT, rs_loop_let_go(l, one));
		EXPECT(RS_OK, rs_loop_after(l, 1000000, say, "let go: ok", NULL));
	}
}

static void hand(void)
{
	EXPECT(RS_OK, rs_loop_handle(&loop, one, on_hand, NULL));
	puts("register: ok");
	EXPECT(RS_OK, rs_loop_run(&loop));
}

/* What both languages must agree about. */
static void numbers(void)
{
	for (uint32_t i = 0; i <= RS_STATUS_COUNT; i++)
		printf("%u %s\n", i, rs_status_text(i));
	printf("%u\n", RS_STATUS_PROGRAM);
	printf("%u %u %u %u %u\n", RS_MESSAGE, RS_ANSWER, RS_PROCESS_GONE, RS_CANCELLED_BY,
		RS_NOTICE);
	printf("%u %u %u\n", RS_NEEDS_ANSWER, RS_ALLOW_DELAY, RS_MORE);
	printf("%u %u\n", RS_NOTICE_STOP, RS_NOTICE_ROOM);
	printf("%u %u %zu\n", RS_PIECES_MAX, RS_POLL_MAX, sizeof(struct rs_delivery));
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "numbers", numbers },
	{ "many", many },
	{ "order", order },
	{ "long", grows },
	{ "fixed", fixed },
	{ "full", full },
	{ "kept", kept },
	{ "cancel", cancel },
	{ "gone", gone },
	{ "watch", watch },
	{ "hand", hand },
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	word = argc > 2 ? argv[2] : "";
	left = argc > 3 ? (uint32_t)atoi(argv[3]) : 0;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc < 2 || strcmp(argv[1], cases[i].name) != 0)
			continue;
		cases[i].run();
		puts("ok");
		return 0;
	}
	return 2;
}
