#include "supervisor/decisions/asking.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ipc/log.h"

struct asking {
	struct asks *asks;
	struct asking_parts parts;
	struct loop_timer timer; /* the first deadline */
};

static void over(
	void *context, const struct asks_question *question, enum asks_end end, bool always);

int asking_new(uint64_t timeout_ms, struct asking **out)
{
	struct asking *asking = calloc(1, sizeof(*asking));

	if (!asking)
		return -ENOMEM;
	int r = asks_new(timeout_ms, over, asking, &asking->asks);
	if (r)
		free(asking);
	else
		*out = asking;
	return r;
}

struct asking *asking_free(struct asking *asking)
{
	if (!asking)
		return NULL;
	loop_timer_stop(&asking->timer);
	asks_free(asking->asks);
	free(asking);
	return NULL;
}

struct asks *asking_questions(struct asking *asking)
{
	return asking->asks;
}

/* ---- time ---- */

static void arm(struct asking *asking);

static void due(void *context)
{
	struct asking *asking = context;

	asks_tick(asking->asks, loop_now_ns());
	arm(asking);
}

static void arm(struct asking *asking)
{
	uint64_t deadline = asks_deadline_ns(asking->asks);

	if (deadline == UINT64_MAX)
		loop_timer_stop(&asking->timer);
	else
		loop_timer_set(asking->parts.loop, &asking->timer, deadline, due, asking);
}

/* ---- questions ---- */

/* What is asked, as events say it. */
#define WHAT_SIZE 160
static const char *what(
	const struct asking *asking, const struct asks_question *question, char out[WHAT_SIZE])
{
	char hex[HASH_HEX_SIZE];

	snprintf(out, WHAT_SIZE, "%" PRIu64 " %s %s", question->number,
		grants_right_text(question->right),
		names_text(asking->parts.ruling->names, &question->interface, hex));
	return out;
}

static void say_asked(const struct asking *asking, const struct asks_question *question)
{
	char text[WHAT_SIZE], reason[4 * ASKS_REASON_BYTES + 1];

	events_add(asking->parts.events, "asked", question->party->process,
		&question->party->program, "%s%s%s", what(asking, question, text),
		question->reason[0] ? ": " : "",
		log_text(reason, sizeof(reason), question->reason, strlen(question->reason)));
}

/* The first time only: who does it again and again is not to fill the log as well. */
static void say_refused(const struct asking *asking, const struct asks_party *party)
{
	if (party->refused == 1)
		events_add(asking->parts.events, "ask-refused", party->process, &party->program,
			"%u of its questions stand", party->standing);
}

/* What is answered has to be kept somewhere. */
static bool can_be_answered(const struct process *p)
{
	return p->state != PROCESS_GONE && p->permit.once.count < PERMIT_ROWS_MAX;
}

bool asking_ask(void *context, uint64_t process, const struct hash *interface,
	enum broker_right right, const char *reason, size_t n)
{
	struct asking *asking = context;
	struct process *p = roster_get(asking->parts.roster, process);
	uint64_t news = asks_last_news(asking->asks);

	if (!p || !can_be_answered(p))
		return false;
	int r = asks_put(asking->asks, &p->asks, interface, right, reason, n, loop_now_ns());
	if (r == ASKS_FULL)
		say_refused(asking, &p->asks);
	const struct asks_question *question = asks_next(asking->asks, news);
	if (question)
		say_asked(asking, question);
	if (r == 0)
		arm(asking);
	return r != ASKS_FULL;
}

void asking_process_gone(struct asking *asking, struct process *p)
{
	asks_process_gone(asking->asks, &p->asks);
	arm(asking);
}

/* ---- answers ---- */

static void say_answered(const struct asking *asking, const struct asks_question *question,
	enum asks_end end, bool always)
{
	char text[WHAT_SIZE];

	events_add(asking->parts.events, "answered", question->party->process,
		&question->party->program, "%s: %s%s", what(asking, question, text),
		asks_end_text(end), always ? " always" : "");
}

static void over(
	void *context, const struct asks_question *question, enum asks_end end, bool always)
{
	struct asking *asking = context;
	struct process *p = roster_get(asking->parts.roster, question->party->process);

	if (end == ASKS_GONE)
		return;
	say_answered(asking, question, end, always);
	if (!always && permit_answer(&p->permit, &question->interface, question->right,
			       end == ASKS_ALLOWED))
		log_error("permit", "proc=%" PRIu64 " why=\"%s\"", p->id, strerror(ENOMEM));
	if (end == ASKS_TIMED_OUT)
		workers_unanswered(
			asking->parts.workers, p->id, &question->interface, question->right);
	workers_reconsider(asking->parts.workers, p->id, &question->interface);
}

static void settle(struct asking *asking, const struct asks_question *question)
{
	const struct asks_party *party = question->party;
	struct broker_verdict verdict = policy_verdict(&asking->parts.ruling->policy,
		party->process, &party->program, &question->interface, question->right);

	if (verdict.status != BROKER_ASK)
		(void)!asks_answer(
			asking->asks, question->number, verdict.status == RS_OK, true);
}

/* What the user decided is another now: questions that have their answer stand no more. */
static void changed(void *context, const struct hash *interface)
{
	struct asking *asking = context;
	const struct asks_question *question;

	for (uint64_t news = 0; (question = asks_next(asking->asks, news));) {
		news = question->news;
		if (!interface || hash_equal(&question->interface, interface))
			settle(asking, question);
	}
	arm(asking);
}

static void job_done(struct asking_job *job, int result)
{
	job->done = true;
	job->result = result;
	if (job->dropped)
		free(job);
}

static void kept(void *context, int result)
{
	struct asking_job *job = context;

	/* changed() has seen to the question, unless something else still forbids */
	if (result == 0)
		(void)!asks_answer(job->asking->asks, job->number, job->allow, true);
	arm(job->asking);
	job_done(job, result);
}

/* What holds of limits goes on to hold. */
static int keep(struct asking_job *job, const struct asks_question *question)
{
	const struct hash *program = &question->party->program;
	const struct ruling *ruling = job->asking->parts.ruling;
	const struct grants_row *before =
		grants_find(ruling->grants, program, &question->interface, question->right);
	struct grants_row row = { 0 };

	if (before)
		row = *before;
	row.key = grants_key(program, &question->interface, question->right);
	row.word = job->allow ? GRANTS_ALLOW : GRANTS_DENY;
	return keeper_grant(ruling->keeper, &row, 1, kept, job);
}

static void answer(struct asking_job *job)
{
	struct asking *asking = job->asking;
	const struct asks_question *question = asks_get(asking->asks, job->number);

	if (!question) {
		job_done(job, ASKING_NONE);
	} else if (job->always) {
		if (keep(job, question))
			job_done(job, ASKING_FULL);
	} else {
		(void)!asks_answer(asking->asks, job->number, job->allow, false);
		arm(asking);
		job_done(job, 0);
	}
}

struct asking_job *asking_answer(
	struct asking *asking, uint64_t number, bool allow, bool always)
{
	struct asking_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	*job = (struct asking_job){
		.asking = asking, .number = number, .allow = allow, .always = always
	};
	answer(job);
	return job;
}

void asking_drop(struct asking_job *job)
{
	if (job->done)
		free(job);
	else
		job->dropped = true;
}

void asking_begin(struct asking *asking, const struct asking_parts *parts)
{
	const struct workers_asker asker = { .context = asking, .ask = asking_ask };

	asking->parts = *parts;
	workers_set_asker(parts->workers, &asker);
	ruling_tell(parts->ruling, changed, asking);
}
