/*
 * children.h: processes that processes start: what a parent may give, what comes of its
 * children, and private ways to them. A child has what its parent gave it and the parent has
 * itself (permit.h), lives at most as long, and is paid for by its allowance (allowance.h).
 *
 * Everything is keyed by (parent, id): a process can wait for, stop and reach its own children
 * and nobody else's. How a message is written is none of this room's business: host_program.c
 * reads them and is told what to answer through struct children_answers.
 */
#pragma once

#include "supervisor/compiling/programs.h"
#include "supervisor/events.h"
#include "supervisor/processes/processes.h"

#define CHILDREN_WAITS_MAX   64u /* of one parent: waits, and stops that are not over yet */
#define CHILDREN_ENDED_MAX   64u /* of one parent: whose end is still remembered */
#define CHILDREN_PRIVATE_MAX 16u /* of one child: private instances */
#define CHILDREN_GRANTS_MAX  64u /* of one child */

struct children;

/* Each id at most once, and only ids that are not 0. */
struct children_answers {
	void *context;
	/* It runs; or status says why it does not, and then child is 0. */
	void (*started)(void *context, uint64_t parent, uint64_t id, uint32_t status,
		uint64_t child, const struct hash *instances, uint32_t count);
	/* It is gone; ending is NULL if status is not RS_OK. */
	void (*ended)(void *context, uint64_t parent, uint64_t id, uint32_t status,
		const struct ending *ending);
};

struct children_parts {
	struct processes *processes;
	struct programs *programs;
	struct workers *workers;
	struct events *events;
	broker_policy policy; /* NULL: everybody may everything */
	void *policy_context;
};

int children_new(const struct children_answers *answers, struct children **out) MUST_USE;
/* Between these two there may be children: after the parts are there, and before the first of
 * them goes. What then still runs is nobody's child. */
void children_begin(struct children *children, const struct children_parts *parts);
void children_end(struct children *children);
struct children *children_free(struct children *children); /* returns NULL */

/* What a process may use itself. NULL: it is none, or will be none in a moment. */
const struct limits *children_limits(const struct children *children, uint64_t parent);

struct children_grant {
	struct hash interface;
	bool use, handle;
};

struct children_request {
	struct hash program;
	struct limits limits;
	const char *strings; /* as in struct processes_request */
	uint32_t strings_bytes, arguments, variables;
	const struct children_grant *grants;
	uint32_t grants_count;
	const struct hash *private_interfaces; /* what the child registers for */
	uint32_t private_count;
};

/*
 * The answer comes when the child runs, which may be after a compile. RS_BAD_ARGUMENT: there is
 * no such program, or it cannot be compiled. RS_DENIED: a grant that the parent has not itself
 * now. RS_LIMIT: the allowance does not reach, or rsd has no room; counted, and an event the
 * first time. RS_CANCELLED: somebody ended it before it ran.
 */
void children_start(struct children *children, uint64_t parent, uint64_t id,
	const struct children_request *request);
/* Also of one that is gone, while its end is remembered. RS_BAD_ARGUMENT: no child of this
 * parent. RS_LIMIT: it waits for too much. */
void children_wait(struct children *children, uint64_t parent, uint64_t id, uint64_t child);
/* As children_wait(), and the child is asked to end; killed after the time. */
void children_stop(struct children *children, uint64_t parent, uint64_t id, uint64_t child,
	uint64_t timeout_ms);
/* No answer is wanted any more. A child that does not run yet is not wanted any more either. */
void children_cancelled(struct children *children, uint64_t parent, uint64_t id);
/* Its children are killed, and so theirs. */
void children_parent_gone(struct children *children, uint64_t parent);

/* children_tick() wants to be called. */
bool children_due(const struct children *children);
void children_tick(struct children *children);
