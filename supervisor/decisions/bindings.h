/*
 * bindings.h: which program handles which interface because the user said so. It is on disk,
 * and the broker knows it; the program is started when somebody sends to the interface and
 * nobody handles it (binding.h says how often), and again after its end.
 *
 * When another program handles the interface as it is bound, the new one is started at once and
 * takes over when it registers. If it does not, nothing has changed. The one that was replaced
 * goes on until it has everything that was sent to it (farewells.h), and ends then, if it was
 * started from here.
 */
#pragma once

#include "supervisor/decisions/binding.h"
#include "supervisor/decisions/database.h"
#include "supervisor/decisions/names.h"
#include "supervisor/decisions/recipe.h"

#define BINDINGS_MAX      256u
#define BINDINGS_WHY_SIZE 256

struct bindings;

struct bindings_parts { /* all outlive it, but for those of bindings_end() */
	struct loop *loop;
	struct database *database;
	struct workers *workers;
	struct processes *processes;
	struct roster *roster;
	struct events *events;
	const struct names *names;
	struct limits limits; /* where a binding does not say */
};

/* Blocks: reads the database. Answers and why as of database_load(). */
int bindings_new(const struct bindings_parts *parts, struct bindings **out,
	char why[DATABASE_WHY_SIZE]) MUST_USE;
/* Once processes can be started. */
int bindings_begin(struct bindings *bindings) MUST_USE;
/* Before processes and roster go: nothing is started or watched any more. */
void bindings_end(struct bindings *bindings);
/* No job of it is under way any more. Returns NULL. */
struct bindings *bindings_free(struct bindings *bindings);

/* How a bind or unbind goes; its owner's memory until bindings_drop() or done. */
struct bindings_wait {
	struct bindings_wait *next;
	struct bindings *bindings; /* NULL: done, or not begun */
	struct hash interface;
	bool done, failed;
	char why[BINDINGS_WHY_SIZE]; /* it failed */
	uint64_t process; /* that took over, or was to; 0: nobody had to be replaced */
};

enum {
	BINDINGS_OF_HOST = 1, /* rsd handles it, or it is a private instance */
	BINDINGS_FULL,        /* BINDINGS_MAX, or too much is under way */
	BINDINGS_TOO_LONG,    /* arguments and environment */
	BINDINGS_NOT,         /* unbind: it is not bound */
};
/* 0: wait is told how it went. Of two binds of one interface the second ends the first. */
int bindings_bind(struct bindings *bindings, const struct hash *interface,
	const struct processes_request *request, struct bindings_wait *wait) MUST_USE;
/* Who handles it now stays until its end. */
int bindings_unbind(struct bindings *bindings, const struct hash *interface,
	struct bindings_wait *wait) MUST_USE;
/* It goes on, and nobody waits. */
void bindings_drop(struct bindings_wait *wait);

/* For people. */
struct bindings_about {
	const struct recipe *recipe;
	const struct recipe *next; /* that is to take over; NULL */
	const char *state;         /* as binding_state_text(), or "resting" */
	int64_t since_ms;
};
/* False: it is not bound. */
bool bindings_about(const struct bindings *bindings, const struct hash *interface,
	struct bindings_about *out) MUST_USE;
/* An interface that this program is bound to, or to be bound to; NULL: none. */
const struct hash *bindings_of_program(
	const struct bindings *bindings, const struct hash *program);
