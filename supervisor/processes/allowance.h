/*
 * allowance.h: what a process may spend on all its descendants together. A tree of
 * reservations: what a child may use itself, and what it may spend on descendants of its own,
 * is taken from its parent's allowance before it starts. So however deep the tree is, all of it
 * together is never more than the user gave to its root.
 *
 * What was taken is given back when the child and everything below it are gone. CPU seconds are
 * spent, not lent: they never come back.
 *
 * Pure: it knows no processes. Each process holds its own allowance from allowance_new() or
 * allowance_take() to allowance_drop().
 */
#pragma once

#include "supervisor/limits.h"

/* What allowance_take() may answer besides 0 and -ENOMEM: what does not reach. */
enum {
	ALLOWANCE_PROCESSES = 1,
	ALLOWANCE_DEPTH,
	ALLOWANCE_MEMORY,
	ALLOWANCE_CPU,
	ALLOWANCE_OUTSTANDING,
	ALLOWANCE_OUTCOMES
};
const char *allowance_text(int outcome);

struct allowance_amount {
	uint64_t memory_bytes;
	uint64_t cpu_s; /* means nothing without cpu_limited */
	uint64_t outstanding;
	uint32_t processes;
};

struct allowance {
	struct allowance *parent; /* NULL: the user gave it */
	uint32_t holders;         /* its process, and the allowances taken from it */
	uint32_t depth;           /* generations there may be below */
	bool cpu_limited;
	struct allowance_amount total, used;
	struct allowance_amount cost; /* of the parent's */
};

/* As the limits of a process say; the user's to give. */
int allowance_new(const struct limits *limits, struct allowance **out) MUST_USE;
/* Of a child with these limits; takes all of it from the parent's, or changes nothing. */
int allowance_take(
	struct allowance *parent, const struct limits *child, struct allowance **out) MUST_USE;
/* The process is gone. NULL is fine; returns NULL. */
struct allowance *allowance_drop(struct allowance *allowance);
