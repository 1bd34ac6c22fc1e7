/*
 * count.c: asks what counter.c handles: adds its numbers, notes its other words, and prints the
 * last sum and all notes. count.c is one question after the other, as programs without an event
 * loop do it.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "programs/counter_calls.h"

RS_MANIFEST_USES(COUNTER, "to have its arguments counted");

static struct {
	struct rs_delivery head;
	uint8_t body[4096];
} in;

static uint32_t add(const char *word)
{
	struct rs_counter_add_request request = { .number = (uint32_t)atoi(word) };
	struct rs_counter_total total;
	uint32_t status =
		rs_counter_ask_add(&request, RS_ALLOW_DELAY, &in.head, sizeof(in), &total);

	if (status == RS_OK)
		printf("%llu\n", (unsigned long long)total.sum);
	return status;
}

static uint32_t note(const char *word)
{
	struct rs_counter_note_request request = { .text = { word, strlen(word) } };
	uint8_t room[1000]; /* a text may be of any length */

	return rs_counter_send_note(&request, RS_ALLOW_DELAY, room, sizeof(room));
}

static uint32_t list(void)
{
	struct rs_counter_list_request request = { 0 };
	struct rs_counter_notes notes;
	struct rs_walk walk;
	struct rs_text text;
	uint32_t status =
		rs_counter_ask_list(&request, RS_ALLOW_DELAY, &in.head, sizeof(in), &notes);

	if (status != RS_OK)
		return status;
	rs_walk_begin(&walk, &notes.texts);
	while (rs_counter_notes_texts_next(&walk, &text))
		printf("%.*s\n", (int)text.bytes, text.at);
	return RS_OK;
}

int main(int argc, char **argv)
{
	uint32_t status = RS_OK;

	for (int i = 1; i < argc && status == RS_OK; i++)
		status = isdigit((unsigned char)*argv[i]) ? add(argv[i]) : note(argv[i]);
	if (status == RS_OK)
		status = list();
	if (status != RS_OK)
		fprintf(stderr, "count: %s\n", rs_status_text(status));
	return status != RS_OK;
}
