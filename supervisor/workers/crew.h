/*
 * crew.h: all workers of this rsd and what they share in it: found by process, looked at
 * when they may have said something, told things, given up when they lie. Only the rooms around
 * it use it: hearing (what a worker says), linking (what the broker wants), workers (their
 * life, and the loop).
 */
#pragma once

#include <time.h>

#include "supervisor/workers/hosts.h"
#include "supervisor/workers/lookout.h"
#include "supervisor/workers/worker.h"
#include "supervisor/workers/workers.h"

#define CREW_BUCKETS  1024u
#define CREW_BODY_MAX (16 * KIB) /* of a record on a home lane */

struct crew {
	struct workers_events events;
	struct workers_asker asker;
	struct workers_starter starter;
	struct broker *broker;
	struct host_env env;
	struct hosts hosts;
	struct own_page *own;
	struct rsd_end rsd;
	int bell_read;
	struct worker *buckets[CREW_BUCKETS];
	struct worker *first; /* of all */
	struct lookout lookout;
	uint64_t retry_ns;           /* UINT64_MAX: nothing to flush again */
	uint8_t body[CREW_BODY_MAX]; /* of the record that is looked at: our copy */
};

struct worker *crew_find(const struct crew *crew, uint64_t process); /* NULL: there is none */
int crew_add(struct crew *crew, struct worker *worker) MUST_USE;     /* 0 or -ENOMEM */
void crew_remove(struct crew *crew, struct worker *worker);

/* What it said until now was heard; what comes is seen by the lookout. */
void crew_heard(struct crew *crew, struct worker *worker);

/* It broke the protocol: told once, and it is read and told no more. */
void crew_broken(struct crew *crew, struct worker *worker, const char *why);

/* Something was refused to it: events.refused. */
void crew_refused(const struct crew *crew, uint64_t process, enum workers_refusal kind,
	const struct hash *interface);

/* A record to a worker, with HOME_FDS descriptors, which are taken, or NULL; and its bell. */
void crew_tell(struct crew *crew, struct worker *worker, const struct record *head,
	const void *body, const int *fds);
/* RECORD_NOTICE (RS_NOTICE_*). False: the process is not running yet, or any more. */
bool crew_notice(
	struct crew *crew, uint64_t process, uint32_t notice, const void *body, uint32_t bytes);
/* What waits in its outbox, as far as there is room. */
void crew_flush(struct crew *crew, struct worker *worker);

/* struct host_env's answer; context is the crew. */
void crew_answer(void *context, uint64_t process, uint64_t id, uint32_t status,
	const void *body, uint32_t bytes);

/* To a message that was never passed on: its id may be that of another. */
void crew_refuse(struct crew *crew, struct worker *worker, uint64_t id, uint32_t status);

uint64_t crew_clock_ns(clockid_t clock);
