#include <inttypes.h>
#include <string.h>

#include "supervisor/control/control.h"
#include "supervisor/control/questions.h"

/* ---- pending ---- */

struct pending {
	struct questions questions;
	bool follow;
};

static const struct field pending_fields[] = { { "follow", FIELD_BOOL, false }, { 0 } };

static void pending_begin(struct session *s, const json_t *request)
{
	bool follow = fields_bool(request, "follow");

	if (follow && !session_follow(s))
		return;
	struct pending *pending = calloc(1, sizeof(*pending));
	if (!pending) {
		session_fail(s, CONTROL_FAILED, "pending", "%s", strerror(ENOMEM));
		return;
	}
	pending->questions.changes = UINT64_MAX; /* what stands is news to it */
	pending->follow = follow;
	s->state = pending;
	if (follow)
		ruling_follow(s->parts->ruling, true);
}

static void pending_step(struct session *s)
{
	struct pending *pending = s->state;

	bool all = questions_tell(&pending->questions, s, session_row);

	if (pending->follow)
		return;
	pending->questions.count = 0; /* who asks once is not told what is over since */
	if (all)
		session_ok(s, NULL);
}

static void pending_end(struct session *s)
{
	struct pending *pending = s->state;

	if (pending && pending->follow)
		ruling_follow(s->parts->ruling, false);
	free(pending);
}

const struct session_op control_pending = {
	.name = "pending",
	.fields = pending_fields,
	.begin = pending_begin,
	.step = pending_step,
	.end = pending_end,
};

/* ---- answer ---- */

static const struct field answer_fields[] = { { "number", FIELD_NUMBER, true },
	{ "grant", FIELD_TEXT, true }, { "always", FIELD_BOOL, false }, { 0 } };

static void answer_begin(struct session *s, const json_t *request)
{
	const char *grant = fields_text(request, "grant", "");
	bool allow = strcmp(grant, "allow") == 0;

	if (!allow && strcmp(grant, "deny") != 0) {
		session_fail(s, CONTROL_USAGE, "answer", "the answer is allow or deny");
		return;
	}
	s->state = asking_answer(s->parts->asking, fields_number(request, "number", 0), allow,
		fields_bool(request, "always"));
	if (!s->state)
		session_fail(s, CONTROL_FAILED, "answer", "%s", strerror(ENOMEM));
}

static void answer_step(struct session *s)
{
	const struct asking_job *job = s->state;
	char what[32];

	if (!job->done)
		return;
	snprintf(what, sizeof(what), "question %" PRIu64, job->number);
	if (job->result == 0)
		session_ok(s, json_pack("{s:I}", "number", (json_int_t)job->number));
	else if (job->result == ASKING_NONE)
		session_fail_hint(s, CONTROL_NOT_FOUND, what,
			"it is over, or there was none of this number",
			"rsctl pending lists those that stand", NULL);
	else if (job->result == ASKING_FULL)
		session_fail(s, CONTROL_FAILED, what, "there is no room for another grant");
	else
		session_fail(s, CONTROL_FAILED, what, "it could not be kept: %s",
			strerror(-job->result));
}

static void answer_end(struct session *s)
{
	if (s->state)
		asking_drop(s->state);
}

const struct session_op control_answer = {
	.name = "answer",
	.fields = answer_fields,
	.begin = answer_begin,
	.step = answer_step,
	.end = answer_end,
};
