/*
 * ask_loop.c: ask.c with the event loop: sends all its arguments to "example:echo" at once and
 * prints the answers as they come. What is not answered in time is cancelled.
 *
 *     ask_loop MILLISECONDS WORD...
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "redshirt_loop.h"

#define WORDS_MAX 1000
static const uint8_t interface[32] = "example:echo";
RS_LOOP(loop, WORDS_MAX + 1, 0, 4096, 16 * 1024);

static uint64_t tokens[WORDS_MAX], timer;
static int words, left, failed;

static void over(void)
{
	if (--left == 0)
		rs_loop_cancel(&loop, timer);
}

static void refused(const char *word, uint32_t status)
{
	fprintf(stderr, "ask_loop: %s: %s\n", word, rs_status_text(status));
	failed = 1;
}

static void on_answer(struct rs_loop *l, const struct rs_delivery *answer, void *context)
{
	(void)l;
	if (answer->status == RS_OK)
		printf("%.*s\n", (int)answer->body_bytes, (const char *)rs_body(answer));
	else
		refused(context, answer->status);
	over();
}

static void on_time(struct rs_loop *l, const struct rs_delivery *time, void *context)
{
	(void)context;
	for (int i = 0; time->status == RS_OK && i < words; i++)
		rs_loop_cancel(l, tokens[i]);
}

static void ask(int i, char *word)
{
	uint32_t status = rs_loop_ask(&loop, interface, word, strlen(word), RS_ALLOW_DELAY,
		on_answer, word, &tokens[i]);

	if (status == RS_OK)
		return;
	refused(word, status);
	over();
}

int main(int argc, char **argv)
{
	if (argc < 3 || argc - 2 > WORDS_MAX) {
		fprintf(stderr, "usage: ask_loop MILLISECONDS WORD...\n");
		return 2;
	}
	left = words = argc - 2;
	uint64_t ns = strtoull(argv[1], NULL, 10) * 1000000;
	uint32_t status = rs_loop_after(&loop, ns, on_time, NULL, &timer);
	for (int i = 0; status == RS_OK && i < words; i++)
		ask(i, argv[2 + i]);
	if (status == RS_OK)
		status = rs_loop_run(&loop);
	if (status != RS_OK)
		refused("loop", status);
	return failed;
}
