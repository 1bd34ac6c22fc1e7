/*
 * bound.h: a program that is bound to an interface, and the process that was last started of
 * it: carries out what binding.h says.
 *
 * What happens to it comes from the middle of others' work (the broker wants it, its process
 * ends), so here only what is its own is done at once; `moved` is called, and whoever owns it
 * looks at it later, from the loop.
 */
#pragma once

#include "supervisor/decisions/binding.h"
#include "supervisor/decisions/names.h"
#include "supervisor/decisions/recipe.h"

#define BOUND_WHY_SIZE 256

struct bound_env { /* of all; outlives them */
	struct processes *processes;
	struct roster *roster;
	struct events *events;
	const struct workers *workers;
	const struct names *names;
	void *context;
	void (*moved)(void *context);
	bool running; /* processes may be started */
};

struct bound {
	const struct bound_env *env;
	struct hash interface;
	struct recipe *recipe; /* its own */
	struct binding binding;
	struct process_watch watch;
	uint64_t process; /* that was started last; 0: none */
	int64_t since_ms;
	bool replaces; /* it is started to take over from another */
	bool failed;   /* a start did, and what follows from that is not done yet: the owner's
			  to clear */
	bool rests;    /* the last failure was that it was started too often */
	char why[BOUND_WHY_SIZE];
};

/* Takes the recipe, also when it answers NULL: no memory. */
struct bound *bound_new(
	const struct bound_env *env, const struct hash *interface, struct recipe *recipe);
/* Its process goes on if it handles the interface, and is stopped if it does not yet. Returns
 * NULL. */
struct bound *bound_free(struct bound *bound);

void bound_happened(struct bound *bound, enum binding_event event);

/* If both run the same program: the process that handles the interface is this one's from now
 * on. */
void bound_inherit(struct bound *bound, struct bound *from);

/* An event about it; why may be empty. */
void bound_say(const struct bound *bound, const char *event, const char *why);

bool bound_runs(const struct bound *bound, const struct hash *program);

/* What the broker knows of an interface; all zero: nothing. */
struct broker_interface bound_in_broker(
	const struct workers *workers, const struct hash *interface);
