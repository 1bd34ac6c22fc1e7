/*
 * roster.h: which processes there are, by number and in order. It owns their records: a
 * process that is gone stays until ROSTER_GONE_MAX newer ones are, and as long as it is pinned.
 *
 * Records are only freed by roster_add() and roster_unpin(), so that whoever goes through the
 * roster may do anything else meanwhile.
 */
#pragma once

#include "supervisor/processes/process.h"

#define ROSTER_GONE_MAX 256u

struct roster;

int roster_new(struct roster **out) MUST_USE;
/* All records; their timers and watches are off already. Returns NULL. */
struct roster *roster_free(struct roster *roster);

/* p->id is larger than all before. Takes p. */
void roster_add(struct roster *roster, struct process *p);
/* One more is PROCESS_GONE. */
void roster_gone(struct roster *roster);
/* Everything a record holds; before it is in the roster. */
void roster_free_process(struct process *p);

void roster_pin(struct process *p);
void roster_unpin(struct roster *roster, struct process *p);

struct process *roster_get(const struct roster *roster, uint64_t id); /* NULL: unknown */
/* In the order of their ids; NULL begins, and ends. */
struct process *roster_next(const struct roster *roster, const struct process *p);
