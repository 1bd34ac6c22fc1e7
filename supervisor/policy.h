/*
 * policy.h: may this process use, or handle, this interface? Pure: reads what others know and
 * changes nothing. The broker asks it (policy_verdict is a broker_policy).
 *
 * In this order; the first that has an answer gives it:
 *
 *     `interface` itself                         yes: it is how everything else is asked for
 *     not in the program's manifest              no, unless the interface is built in
 * (grants.h) the row of the grants that fits best: deny no what was said for this process only:
 * deny  no a child                                    what its parent gave it, if the parent
 * may that itself now; nothing else what was said for this process only: allow yes the row of
 * the grants that fits best       that nothing of all that                        what
 * policy->missing says
 */
#pragma once

#include "supervisor/grants.h"
#include "supervisor/permit.h"

#define POLICY_DEPTH_MAX 16u /* children in one another */

enum policy_missing {
	POLICY_DENY,
	POLICY_ALLOW,
	POLICY_ASK,
	POLICY_ASK_IF_WATCHED, /* somebody is there to be asked; if not, no */
	POLICY_MISSING_WORDS
};

struct policy { /* all of it outlives the broker */
	const struct grants *grants;
	enum policy_missing missing;
	struct hash always; /* the interface `interface` */
	void *context;
	/* NULL: no such process. program may be NULL. */
	const struct permit *(*permit)(void *context, uint64_t process, struct hash *program);
	/* The program's manifest names it, or there is none. NULL: no program has one. */
	bool (*declares)(void *context, const struct hash *program,
		const struct hash *interface, enum broker_right right);
	/* Somebody can be asked about this process. NULL: nobody, ever. */
	bool (*watched)(void *context, uint64_t process);
};

struct broker_verdict policy_verdict(void *policy, uint64_t process, const struct hash *program,
	const struct hash *interface, enum broker_right right);

/* "allow", "ask", "deny"; false: no such word. */
bool policy_read_missing(const char *word, enum policy_missing *out) MUST_USE;
