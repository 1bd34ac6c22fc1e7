#include "supervisor/control/questions.h"

#include <string.h>

#include "supervisor/control/describe.h"
#include "supervisor/jsontext.h"

#define NS_PER_MS 1000000

static json_t *text(const char *t)
{
	return jsontext(t, strlen(t));
}

static json_t *describe(const struct session *s, const struct asks_question *question)
{
	const struct asks_party *party = question->party;
	const struct process *p = roster_get(s->parts->roster, party->process);
	int64_t age_ms = (int64_t)(loop_now_ns() - question->since_ns) / NS_PER_MS;
	int64_t left_ms = (int64_t)(question->deadline_ns - loop_now_ns()) / NS_PER_MS;
	char hex[HASH_HEX_SIZE];
	json_t *row = json_pack("{s:I, s:I, s:o, s:s, s:s, s:I, s:I}", "number",
		(json_int_t)question->number, "process", (json_int_t)party->process, "program",
		describe_hash(&party->program), "interface",
		names_text(s->parts->ruling->names, &question->interface, hex), "right",
		grants_right_text(question->right), "since_ms",
		(json_int_t)(events_now_ms() - age_ms), "left_ms", (json_int_t)left_ms);

	if (p && p->name[0])
		json_object_set_new(row, "name", text(p->name));
	if (question->reason[0])
		json_object_set_new(row, "reason", text(question->reason));
	return row;
}

static bool is_told(const struct questions *q, uint64_t number)
{
	for (uint32_t i = 0; i < q->count; i++)
		if (q->told[i] == number)
			return true;
	return false;
}

/* First, so that there is a place in told[] for each that stands. */
static void tell_over(
	struct questions *q, struct session *s, void (*tell)(struct session *s, json_t *row))
{
	uint32_t left = 0;

	for (uint32_t i = 0; i < q->count; i++) {
		uint64_t number = q->told[i];
		if (asks_get(asking_questions(s->parts->asking), number))
			q->told[left++] = number;
		else
			tell(s, json_pack(
					"{s:I, s:b}", "number", (json_int_t)number, "over", 1));
	}
	q->count = left;
}

bool questions_tell(
	struct questions *q, struct session *s, void (*tell)(struct session *s, json_t *row))
{
	const struct asks *asks = asking_questions(s->parts->asking);
	const struct asks_question *question;

	if (q->changes == asks_changes(asks))
		return true;
	tell_over(q, s, tell);
	while ((question = asks_next(asks, q->news))) {
		if (!session_room(s))
			return false;
		q->news = question->news;
		if (q->process && q->process != question->party->process)
			continue;
		if (!is_told(q, question->number))
			q->told[q->count++] = question->number;
		tell(s, describe(s, question));
	}
	q->changes = asks_changes(asks);
	return true;
}
