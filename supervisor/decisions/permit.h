/*
 * permit.h: what one process may do besides what stands in the grants: answers that were given
 * once, for this process only; what its parent gave it; whether a person watches who can be
 * asked. Lives in struct process and ends with it; all zero is the permit of a process that
 * nobody said anything about.
 */
#pragma once

#include "ipc/hash.h"
#include "supervisor/broker/broker.h"

#define PERMIT_ROWS_MAX 256u /* in each of the two sets */

enum permit_answer {
	PERMIT_SILENT, /* nobody has said anything */
	PERMIT_DENIED,
	PERMIT_ALLOWED,
};

struct permit_row {
	struct hash interface;
	bool any; /* every interface, unless another row names it */
	enum broker_right right;
	enum permit_answer answer;
};

struct permit_set {
	struct permit_row *rows;
	uint32_t count;
};

struct permit {
	struct permit_set once;  /* answers */
	struct permit_set given; /* of a child: it has no more than this */
	uint64_t parent;         /* process; 0: it is no child */
	bool watched;            /* somebody is attached who can be asked */
};

enum {
	PERMIT_FULL = 1 /* PERMIT_ROWS_MAX, or no memory */
};

void permit_deinit(struct permit *permit);

/* For this process only; interface NULL: all that are not named. The last answer counts. */
int permit_answer(struct permit *permit, const struct hash *interface, enum broker_right right,
	bool allow) MUST_USE;
enum permit_answer permit_once(
	const struct permit *permit, const struct hash *interface, enum broker_right right);

/* Makes it the permit of a child, which has nothing yet; gives it something (NULL: all that the
 * parent may). */
void permit_adopt(struct permit *permit, uint64_t parent);
int permit_give(
	struct permit *permit, const struct hash *interface, enum broker_right right) MUST_USE;
bool permit_has(
	const struct permit *permit, const struct hash *interface, enum broker_right right);
