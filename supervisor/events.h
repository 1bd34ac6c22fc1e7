/*
 * events.h: what happened in rsd: each event is a line of the log and an entry in a ring, which
 * `rsctl events` reads. The ring keeps the last EVENTS_MAX.
 */
#pragma once

#include "ipc/hash.h"

#define EVENTS_MAX         1024u
#define EVENTS_NAME_SIZE   24
#define EVENTS_DETAIL_SIZE 256

struct event {
	int64_t time_ms;
	uint64_t process; /* 0: of none */
	struct hash program;
	bool has_program;
	char name[EVENTS_NAME_SIZE];
	char detail[EVENTS_DETAIL_SIZE]; /* fit to be shown */
};

struct events;

int events_new(struct events **out) MUST_USE;
struct events *events_free(struct events *events); /* returns NULL */

/* program may be NULL. In detail, what comes from programs or clients has been through
 * log_text(). */
void events_add(struct events *events, const char *name, uint64_t process,
	const struct hash *program, const char *detail, ...) PRINTF(5, 6);

/* Events are numbered from 0; the oldest kept, and the number the next one will have. */
uint64_t events_first(const struct events *events);
uint64_t events_last(const struct events *events);
const struct event *events_get(const struct events *events, uint64_t number);

/* Milliseconds since 1970. */
int64_t events_now_ms(void);
