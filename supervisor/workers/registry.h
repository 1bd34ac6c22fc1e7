/*
 * registry.h: serves the interface `interface`: one row for each of its rpcs. It is no struct
 * host because only the broker knows what is asked for here. It owns nothing; the message and
 * its body are valid until it returns.
 *
 * A row answers with a status, or has answered with more (serve_answer()), or keeps process and
 * id and answers later (crew_answer()): both are SERVE_TAKEN. Each id is answered once; id 0 is
 * not to be answered.
 */
#pragma once

#include "supervisor/workers/crew.h"

/* The worker has sent it. One that is gone is not served: it cannot handle anything any more.
 */
void registry_message(
	struct crew *crew, const struct worker *worker, const struct host_message *message);

/* It does not wait for id any more. May be unknown. */
void registry_cancelled(struct worker *worker, uint64_t id);

/* What a person was asked may be decided: registrations that wait for it are tried again, and
 * who only asked is told. */
void registry_reconsider(struct crew *crew, struct worker *worker);
/* Nobody said anything: who only asked is told that. */
void registry_unanswered(struct crew *crew, struct worker *worker, const struct hash *interface,
	enum broker_right right);
