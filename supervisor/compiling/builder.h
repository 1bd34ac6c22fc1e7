/*
 * builder.h: one run of aotc: gives it its three descriptors, hears how it goes, and says how
 * it ended. It may be ended at any time; then it is asked first, so that it tidies up.
 */
#pragma once

#include "supervisor/child.h"
#include "supervisor/loop.h"

#define BUILDER_WHY_SIZE    512u
#define BUILDER_STAGE_SIZE  32u
#define BUILDER_SECONDS_MAX 3600u /* whatever aotc's own limits are */

enum builder_end {
	BUILDER_DONE,
	BUILDER_REFUSED, /* the module breaks a rule: why names it */
	BUILDER_FAILED,  /* why says what broke */
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
	/* builder.c's own */
	struct child child;
	int status;
	uint64_t child_watch, status_watch;
	struct loop_timer timer;
	bool ending;
	char line[BUILDER_WHY_SIZE + 1];
	size_t line_bytes;
};

/* input and output stay the caller's and may be closed at once. */
int builder_start(struct builder *builder, struct loop *loop, const char *aotc, int input,
	int output, void (*ended)(void *context, enum builder_end end), void *context) MUST_USE;
/* Not wanted any more; ended() follows all the same. */
void builder_stop(struct builder *builder);

/* For tear-down: ask() all, then end() each, which blocks for a while. ended() is not called.
 */
void builder_ask(struct builder *builder);
void builder_end(struct builder *builder);
