/*
 * builder.h: one run of aotc: gives it its descriptors, hears how it goes, and says how it
 * ended. It may be ended at any time; then it is asked first, so that it tidies up.
 */
#pragma once

#include "supervisor/child.h"
#include "supervisor/compiling/compiler.h"
#include "supervisor/loop.h"

#define BUILDER_WHY_SIZE    512u
#define BUILDER_STAGE_SIZE  32u
#define BUILDER_SECONDS_MAX 3600u /* whatever aotc's own limits are */

enum builder_end {
	BUILDER_DONE,
	BUILDER_REFUSED, /* the module breaks a rule: why names it */
	BUILDER_UNFIT,   /* it is not for this tier: why says what; another may take it */
	BUILDER_FAILED,  /* why says what broke */
};

/* What is to be made. The descriptors stay the caller's and may be closed at once. */
struct builder_plan {
	const struct compiler_way *way;
	enum object_tier tier;
	bool low;          /* only with what nobody else wants of the machine: priority.h */
	int input, output; /* the module; the object */
	int profile;       /* of the profiled tier; else -1 */
};

struct builder {
	struct loop *loop;
	/* The last thing that is called; the builder may be started anew or freed in it. */
	void (*ended)(void *context, enum builder_end end);
	void *context;
	/* As aotc says it; an empty stage: nothing yet. */
	char stage[BUILDER_STAGE_SIZE];
	uint64_t done, total;
	char why[BUILDER_WHY_SIZE]; /* fit to be shown */
	uint64_t begun_ns;
	/* builder.c's own */
	struct child child;
	int status;
	uint64_t child_watch, status_watch;
	struct loop_timer timer;
	bool ending;
	char line[BUILDER_WHY_SIZE + 1];
	size_t line_bytes;
};

int builder_start(struct builder *builder, struct loop *loop, const struct builder_plan *plan,
	void (*ended)(void *context, enum builder_end end), void *context) MUST_USE;
/* Not wanted any more; ended() follows all the same. */
void builder_stop(struct builder *builder);
/* Of one that is low: somebody waits for it now. PRIORITY_STAYS: the kernel does not allow it.
 */
int builder_hurry(struct builder *builder) MUST_USE;

/* For tear-down: ask() all, then end() each, which blocks for a while. ended() is not called.
 */
void builder_ask(struct builder *builder);
void builder_end(struct builder *builder);
