/*
 * policy.h: may this process use, or handle, this interface? Pure: reads what others know and
 * changes nothing. The broker asks it (policy_verdict is a broker_policy).
 *
 * The first of these that has an answer gives it:
 *
 * 1. `interface` itself: yes, it is how everything else is asked for.
 * 2. Not in the program's manifest: no, unless the interface is built in (grants.h).
 * 3. The row of the grants that fits best says deny, or this process was told no: no.
 * 4. A child: what its parent gave it, if the parent may that itself now; nothing else.
 * 5. This process was told yes: yes.
 * 6. The row of the grants that fits best.
 * 7. policy->missing.
 */
#pragma once

#include "supervisor/decisions/grants.h"
#include "supervisor/decisions/permit.h"

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
