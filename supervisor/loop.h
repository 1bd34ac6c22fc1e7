/*
 * loop.h: rsd's one loop, on one io_uring: descriptors that become ready, small reads (bells,
 * signals, eventfds) and timers. One thread.
 *
 * A watch belongs to the loop: its owner keeps a number, and after loop_cancel() its callback
 * is never called again, whatever the kernel still has under way. So no memory of the owner is
 * ever known to the kernel. A callback may add and cancel watches, its own included.
 *
 * The caller turns the loop itself, because rsd looks at its workers in between (workers.h):
 *
 *     loop_wait(loop, until_ns);      sleeps until something is there, or the time has come
 *     loop_dispatch(loop);            calls what is due: completions, then timers
 */
#pragma once

#include "ipc/base.h"

#define LOOP_WATCHES_MAX 65536u
#define LOOP_READ_BYTES  128u /* a signalfd_siginfo */
#define LOOP_NEVER       UINT64_MAX

struct loop;

/* -errno; loop_why() says in one line what that means. Nothing else works without it. */
int loop_new(struct loop **out) MUST_USE;
struct loop *loop_free(struct loop *loop); /* returns NULL */
const char *loop_why(int error);

uint64_t loop_now_ns(void); /* monotonic */

/*
 * Calls ready once, with the poll events or -errno, when fd has one of the events; poll again
 * for more. Both answer 0 and a number for loop_cancel(), never 0. -ENOSPC:
 * LOOP_WATCHES_MAX.
 */
typedef void (*loop_ready)(void *context, int result);
int loop_poll(struct loop *loop, int fd, unsigned events, loop_ready ready, void *context,
	uint64_t *watch) MUST_USE;

/* Reads up to LOOP_READ_BYTES again and again. n: bytes, 0 at the end of a pipe, or -errno;
 * after these two it has stopped. */
typedef void (*loop_bytes)(void *context, const uint8_t *bytes, int n);
int loop_read(
	struct loop *loop, int fd, loop_bytes bytes, void *context, uint64_t *watch) MUST_USE;

/* *watch becomes 0; it may be 0 already. The descriptor may be closed right after. */
void loop_cancel(struct loop *loop, uint64_t *watch);

/* A timer is its owner's memory, and the kernel knows nothing of it. { 0 } is one that is off.
 * Setting a running one moves it. */
struct loop_timer {
	struct loop_timer *next, *previous;
	struct loop *loop; /* NULL: off */
	uint64_t at_ns;
	void (*due)(void *context);
	void *context;
};
void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t at_ns,
	void (*due)(void *context), void *context);
void loop_timer_stop(struct loop_timer *timer);

/* until_ns: an absolute time, 0: do not sleep, LOOP_NEVER. Timers are heeded as well. */
int loop_wait(struct loop *loop, uint64_t until_ns) MUST_USE;
/* At most a few hundred completions a time, so that nobody waits for a flood. True: more is
 * there. */
bool loop_dispatch(struct loop *loop);
