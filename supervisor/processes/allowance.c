#include "supervisor/processes/allowance.h"

const char *allowance_text(int outcome)
{
	static const char *const texts[ALLOWANCE_OUTCOMES] = {
		[ALLOWANCE_PROCESSES] = "no more processes",
		[ALLOWANCE_DEPTH] = "too deep in one another",
		[ALLOWANCE_MEMORY] = "no more memory",
		[ALLOWANCE_CPU] = "no more cpu time",
		[ALLOWANCE_OUTSTANDING] = "no more messages at a time",
	};

	return outcome > 0 && outcome < ALLOWANCE_OUTCOMES ? texts[outcome] : "no memory";
}

/* For its descendants a process gets as much time again as it has itself. */
static struct allowance_amount for_descendants(const struct limits *limits)
{
	if (limits->children == 0)
		return (struct allowance_amount){ 0 };
	return (struct allowance_amount){
		.memory_bytes = limits->children_memory_bytes,
		.cpu_s = limits->cpu_s,
		.outstanding = (uint64_t)limits->children * limits->outstanding,
		.processes = limits->children,
	};
}

/* No sum here overflows: limits.h bounds what is added. */
static struct allowance_amount sum(
	const struct allowance_amount *a, const struct allowance_amount *b)
{
	return (struct allowance_amount){
		.memory_bytes = a->memory_bytes + b->memory_bytes,
		.cpu_s = a->cpu_s + b->cpu_s,
		.outstanding = a->outstanding + b->outstanding,
		.processes = a->processes + b->processes,
	};
}

static struct allowance_amount cost_of(const struct limits *limits)
{
	const struct allowance_amount own = { .memory_bytes = limits->memory_bytes,
		.cpu_s = limits->cpu_s,
		.outstanding = limits->outstanding,
		.processes = 1 };
	const struct allowance_amount below = for_descendants(limits);

	return sum(&own, &below);
}

static int reaches(const struct allowance *a, const struct limits *child,
	const struct allowance_amount *cost)
{
	if (cost->processes > a->total.processes - a->used.processes)
		return ALLOWANCE_PROCESSES;
	if (a->depth == 0)
		return ALLOWANCE_DEPTH;
	if (cost->memory_bytes > a->total.memory_bytes - a->used.memory_bytes)
		return ALLOWANCE_MEMORY;
	/* a child without a limit would have more than its parent */
	if (a->cpu_limited &&
		(child->cpu_s == 0 || cost->cpu_s > a->total.cpu_s - a->used.cpu_s))
		return ALLOWANCE_CPU;
	if (cost->outstanding > a->total.outstanding - a->used.outstanding)
		return ALLOWANCE_OUTSTANDING;
	return 0;
}

int allowance_new(const struct limits *limits, struct allowance **out)
{
	struct allowance *a = calloc(1, sizeof(*a));

	if (!a)
		return -ENOMEM;
	a->holders = 1;
	a->depth = limits->children_depth;
	a->cpu_limited = limits->cpu_s != 0;
	a->total = for_descendants(limits);
	*out = a;
	return 0;
}

int allowance_take(struct allowance *parent, const struct limits *child, struct allowance **out)
{
	const struct allowance_amount cost = cost_of(child);
	int r = reaches(parent, child, &cost);

	if (r == 0)
		r = allowance_new(child, out);
	if (r)
		return r;
	if ((*out)->depth > parent->depth - 1)
		(*out)->depth = parent->depth - 1;
	(*out)->parent = parent;
	(*out)->cost = cost;
	parent->used = sum(&parent->used, &cost);
	parent->holders++;
	return 0;
}

static void give_back(struct allowance *parent, const struct allowance_amount *cost)
{
	parent->used.memory_bytes -= cost->memory_bytes;
	parent->used.outstanding -= cost->outstanding;
	parent->used.processes -= cost->processes;
}

struct allowance *allowance_drop(struct allowance *a)
{
	while (a && --a->holders == 0) {
		struct allowance *parent = a->parent;
		if (parent)
			give_back(parent, &a->cost);
		free(a);
		a = parent;
	}
	return NULL;
}
