/*
 * asking.h: between the programs that ask and the people who answer: puts what a process may
 * not do yet as a question (asks.h), and carries out what is said: once in the permit of the
 * process, always in the grants, on disk before it holds. Then the broker looks again.
 */
#pragma once

#include "supervisor/decisions/asks.h"
#include "supervisor/decisions/ruling.h"
#include "supervisor/events.h"
#include "supervisor/loop.h"

struct asking;

struct asking_parts { /* all outlive it */
	struct loop *loop;
	struct roster *roster;
	struct events *events;
	struct workers *workers;
	struct ruling *ruling;
};
int asking_new(uint64_t timeout_ms, struct asking **out) MUST_USE;
/* From now on the workers' questions come here. Before the first process. */
void asking_begin(struct asking *asking, const struct asking_parts *parts);
/* Answers that are on their way to the disk have come back. Returns NULL. */
struct asking *asking_free(struct asking *asking);

struct asks *asking_questions(struct asking *asking);

/*
 * Puts a question, with a reason of n bytes of the program's, unless it stands already: at most
 * a reason that was missing is added. False: there is no room for it, which is counted, and
 * said once. The workers ask here (struct workers_asker).
 */
bool asking_ask(void *asking, uint64_t process, const struct hash *interface,
	enum broker_right right, const char *reason, size_t n) MUST_USE;
void asking_process_gone(struct asking *asking, struct process *p);

/* Answers a question. The job is the caller's until asking_drop(), done or not. */
enum {
	ASKING_NONE = 1, /* no such question (any more) */
	ASKING_FULL,     /* there are as many grants as can be, or as many changes under way */
};
struct asking_job {
	struct asking *asking;
	uint64_t number;
	bool allow, always;
	bool done, dropped;
	int result; /* once done: 0, one of these, or -errno: the disk did not take it */
};
struct asking_job *asking_answer(
	struct asking *asking, uint64_t number, bool allow, bool always); /* NULL: no memory */
void asking_drop(struct asking_job *job);
