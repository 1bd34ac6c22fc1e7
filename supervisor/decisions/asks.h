/*
 * asks.h: questions to people: may this process use (or handle) that interface? Each stands
 * until somebody answers, its time is over or the process is gone; then `over` is called once,
 * and it stands no more. Pure: no clock and no I/O, so that a test can drive all of it.
 *
 * What a process can make it remember is bounded: one question per interface and right,
 * ASKS_PER_PROCESS of a process, ASKS_MAX of all. A program gives the reason: its text is made
 * one line of valid UTF-8 here, and is still to be quoted by whoever shows it.
 */
#pragma once

#include "ipc/hash.h"
#include "supervisor/broker/broker.h"

#define ASKS_PER_PROCESS     8u
#define ASKS_MAX             256u
#define ASKS_REASON_BYTES    200u
#define ASKS_TIMEOUT_DEFAULT 60000u    /* milliseconds; rsd --ask-timeout */
#define ASKS_TIMEOUT_MAX     86400000u /* a day */

struct asks;

/* A process as it asks: its owner's memory, { .process, .program } at first. It stays until
 * asks_process_gone(). */
struct asks_party {
	uint64_t process;
	struct hash program;
	uint32_t standing; /* questions of it */
	uint64_t asked, refused;
};

struct asks_question {
	uint64_t number; /* from 1 on, never used again */
	uint64_t news;   /* grows with every question, and again when its reason comes */
	struct asks_party *party;
	struct hash interface;
	enum broker_right right;
	char reason[ASKS_REASON_BYTES + 1]; /* "": none was given */
	uint64_t since_ns, deadline_ns;
};

/* How a question ended. */
enum asks_end {
	ASKS_ALLOWED,
	ASKS_DENIED,
	ASKS_TIMED_OUT, /* nobody said anything */
	ASKS_GONE,      /* the process is */
	ASKS_ENDS,
};
const char *asks_end_text(enum asks_end end); /* "allowed" "denied" "timed out" ... */

/* The question is the callee's for the call, which may put and answer others. always: it was
 * said of the program, not of this process only. */
typedef void (*asks_over)(
	void *context, const struct asks_question *question, enum asks_end end, bool always);

int asks_new(uint64_t timeout_ms, asks_over over, void *context, struct asks **out) MUST_USE;
struct asks *asks_free(struct asks *asks); /* calls nobody; returns NULL */

enum {
	ASKS_STANDS = 1, /* it was asked before: at most a reason that was missing is new */
	ASKS_FULL,       /* refused, and counted: party->refused */
	ASKS_NONE,       /* no such question (any more) */
};

/* reason: n bytes of a program's; NULL if n is 0. */
int asks_put(struct asks *asks, struct asks_party *party, const struct hash *interface,
	enum broker_right right, const char *reason, size_t n, uint64_t now_ns) MUST_USE;
/* True: it stands, or asks_put() would take it. */
bool asks_room(const struct asks *asks, const struct asks_party *party,
	const struct hash *interface, enum broker_right right);

int asks_answer(struct asks *asks, uint64_t number, bool allow, bool always) MUST_USE;
void asks_process_gone(struct asks *asks, struct asks_party *party);

uint64_t asks_deadline_ns(const struct asks *asks); /* UINT64_MAX: none */
void asks_tick(struct asks *asks, uint64_t now_ns);

/* Those that stand, in the order of their news: 0, then the last one's news. */
const struct asks_question *asks_next(const struct asks *asks, uint64_t news);
const struct asks_question *asks_get(const struct asks *asks, uint64_t number); /* NULL: none */
uint64_t asks_last_news(const struct asks *asks);
/* Changes with every question, reason and end. */
uint64_t asks_changes(const struct asks *asks);
