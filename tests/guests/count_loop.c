/*
 * count_loop.c: what programs/count.c does, with the event loop: everything at once. Then what
 * is wrong: an rpc that is not there, a body that is none, a room that is too small, a text
 * that is none. Says "ok".
 */
#include <stdio.h>

#include "programs/counter_calls.h"

#define ADDS 100u

RS_LOOP(loop, ADDS + 4, 1, 4096, 64 * 1024);
static uint32_t answers, wrong;
static uint64_t most;

#define EXPECT(condition) (wrong += !(condition) && puts(#condition) >= 0)

static void on_total(struct rs_loop *l, const struct rs_delivery *answer, void *context)
{
	struct rs_counter_total total;

	(void)l, (void)context;
	answers++;
	EXPECT(rs_counter_read_add(answer, &total) == RS_OK);
	if (total.sum > most)
		most = total.sum;
}

static void on_notes(struct rs_loop *l, const struct rs_delivery *answer, void *context)
{
	struct rs_counter_notes notes;
	struct rs_counter_total total;

	(void)l, (void)context;
	answers++;
	EXPECT(rs_counter_read_list(answer, &notes) == RS_OK);
	EXPECT(notes.texts.count == 1);
	EXPECT(rs_counter_read_add(answer, &total) == RS_OK); /* unknown fields are skipped */
}

static void on_refused(struct rs_loop *l, const struct rs_delivery *answer, void *context)
{
	struct rs_counter_total total;

	(void)l;
	answers++;
	EXPECT(rs_counter_read_add(answer, &total) == (uint32_t)(uintptr_t)context);
}

static void ask_what_is_wrong(void)
{
	static const uint8_t unknown[] = { RS_COUNTER_RPCS, 0, 0, 0 };
	static const uint8_t cut_off[] = { RS_COUNTER_ADD, 0, 0, 0, 8 };
	struct rs_counter_note_request note = { .text = { "\xff", 1 } };
	uint8_t room[16];

	EXPECT(rs_loop_ask(&loop, rs_interface_counter, unknown, sizeof(unknown), 0, on_refused,
		       (void *)RS_UNSUPPORTED, NULL) == RS_OK);
	EXPECT(rs_loop_ask(&loop, rs_interface_counter, cut_off, sizeof(cut_off), 0, on_refused,
		       (void *)RS_MALFORMED, NULL) == RS_OK);
	EXPECT(rs_loop_ask(&loop, rs_interface_counter, cut_off, 3, 0, on_refused,
		       (void *)RS_MALFORMED, NULL) == RS_OK);
	EXPECT(rs_counter_loop_tell_note(&loop, &note, 0, room, sizeof(room)) ==
		RS_BAD_ARGUMENT);
	note.text = (struct rs_text){ "more than there is room for", 27 };
	EXPECT(rs_counter_loop_tell_note(&loop, &note, 0, room, sizeof(room)) == RS_TOO_BIG);
}

int main(void)
{
	struct rs_counter_note_request note = { .text = { "one note", 8 } };
	struct rs_counter_list_request list = { 0 };
	uint8_t room[64];

	EXPECT(rs_counter_loop_tell_note(&loop, &note, RS_ALLOW_DELAY, room, sizeof(room)) ==
		RS_OK);
	for (uint32_t i = 1; i <= ADDS; i++) {
		struct rs_counter_add_request add = { .number = i };

		EXPECT(rs_counter_loop_ask_add(
			       &loop, &add, RS_ALLOW_DELAY, on_total, NULL, NULL) == RS_OK);
	}
	EXPECT(rs_counter_loop_ask_list(&loop, &list, RS_ALLOW_DELAY, on_notes, NULL, NULL) ==
		RS_OK);
	ask_what_is_wrong();
	EXPECT(rs_loop_run(&loop) == RS_OK);
	EXPECT(answers == ADDS + 4);
	EXPECT(most == ADDS * (ADDS + 1) / 2);
	if (!wrong)
		puts("ok");
	return wrong != 0;
}
