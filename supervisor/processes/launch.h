/*
 * launch.h: rsd's side of the launcher (runtime/start.h): execs it, asks it for workers, hears
 * how they end, and execs it anew when it dies. Its workers die with it.
 */
#pragma once

#include <sys/types.h>

#include "runtime/start.h"
#include "supervisor/loop.h"

#define LAUNCH_IN_FLIGHT_MAX 16u /* requests without an answer: descriptors under way count */

enum {
	LAUNCH_LATER = 1 /* too many in flight, or no launcher now: room() will be called */
};

struct launch_events {
	void *context;
	void (*room)(void *context); /* launch_start() may be tried again */
	void (*started)(void *context, uint64_t process, pid_t pid, int pidfd); /* yours */
	void (*failed)(void *context, uint64_t process, int error);             /* errno */
	void (*ended)(void *context, uint64_t process, int status);
	/* The launcher; every worker of it is dying. */
	void (*died)(void *context);
};

struct launch;

/* events may be used only once the loop turns. */
int launch_new(struct loop *loop, const char *path, const struct launch_events *events,
	struct launch **out) MUST_USE;
struct launch *launch_free(struct launch *launch); /* kills it; returns NULL */

/* The descriptors stay the caller's and may be closed at once; [START_COUNTERS] may be -1. */
int launch_start(
	struct launch *launch, uint64_t process, const int fds[START_FDS_MAX]) MUST_USE;

/* May launch_start() be tried? */
bool launch_room(const struct launch *launch);
bool launch_there(const struct launch *launch);
/* Bits of enum wall; 0 before it said so. */
uint32_t launch_walls(const struct launch *launch);
const char *launch_wall_text(enum wall wall);
