/*
 * questions.h: the questions that stand (asks.h), told to one client of the control socket:
 * each once, again when its reason comes, and that it is over.
 */
#pragma once

#include "supervisor/control/session.h"

struct questions {
	uint64_t process; /* whose; 0: of all */
	uint64_t news, changes;
	uint32_t count;
	uint64_t told[ASKS_MAX]; /* numbers of those that are not over yet */
};

/* Tells what is new, as far as there is room; for every step. True: that was all. */
bool questions_tell(struct questions *questions, struct session *session,
	void (*tell)(struct session *session, json_t *row));
