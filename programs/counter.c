/*
 * counter.c: handles the interface of counter.proto with what rs-ifgen wrote for it: a table
 * with a function for each rpc, each gets its request decoded and answers with a struct.
 */
#include <string.h>

#include "programs/counter_calls.h"

#define NOTES_MAX      16u
#define NOTE_BYTES_MAX 64u

RS_MANIFEST_REGISTERS(COUNTER, "to count for everybody who asks");

RS_LOOP(loop, 0, 1, 1000, 64 * 1024);
static struct rs_counter_total total;
static char texts[NOTES_MAX][NOTE_BYTES_MAX];
static struct rs_text notes[NOTES_MAX];
static uint32_t n_notes;

static void on_add(struct rs_loop *l, const struct rs_delivery *message,
	const struct rs_counter_add_request *request, void *context)
{
	(void)context;
	total.sum += request->number;
	rs_counter_loop_answer_add(l, message, &total);
}

/* It wants no answer, so what cannot be kept is lost. The text points into the message, which
 * goes: what stays is copied. */
static void on_note(struct rs_loop *l, const struct rs_delivery *message,
	const struct rs_counter_note_request *request, void *context)
{
	struct rs_text text = request->text;

	(void)l, (void)message, (void)context;
	if (n_notes == NOTES_MAX || text.bytes > NOTE_BYTES_MAX)
		return;
	memcpy(texts[n_notes], text.at, text.bytes);
	notes[n_notes] = (struct rs_text){ texts[n_notes], text.bytes };
	n_notes++;
}

static void on_list(struct rs_loop *l, const struct rs_delivery *message,
	const struct rs_counter_list_request *request, void *context)
{
	static uint8_t
		room[NOTES_MAX * (NOTE_BYTES_MAX + 2)]; /* of an answer without a limit */
	struct rs_counter_notes answer = { 0 };

	(void)request, (void)context;
	rs_counter_notes_set_texts(&answer, notes, n_notes);
	rs_counter_loop_answer_list(l, message, &answer, room, sizeof(room));
}

int main(void)
{
	static struct rs_counter_handlers handlers = { on_add, on_note, on_list, NULL };

	if (rs_counter_loop_handle(&loop, &handlers) != RS_OK)
		return 1;
	return rs_loop_run(&loop) != RS_OK;
}
