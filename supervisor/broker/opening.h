/*
 * opening.h: the way of an open: what the policy says, then to the host, to the handler, or to
 * those who wait. Who waits gets one final word: a lane, or why there is none.
 *
 * Questions are put and programs are started last of all: whoever is asked may say something at
 * once that changes who waits.
 */
#pragma once

#include "supervisor/broker/member.h"

/* Answered by one opened(), and perhaps a second one with id 0. */
void opening_begin(struct broker *broker, struct member *client, uint64_t open_id,
	const struct hash *interface, uint32_t flags);

/* Something is otherwise now: who waits for it (process 0: all of them) is looked at again, in
 * the order they came. The entry may be gone afterwards. */
void opening_again(struct broker *broker, struct entry *entry, uint64_t process);

/* Who waits for its start is told that nobody handles it. The entry may be gone afterwards. */
void opening_not_started(struct broker *broker, struct entry *entry);

/* It was an instance, and is over: nobody waits for it any more. */
void opening_over(struct broker *broker, struct entry *entry);
