#include "supervisor/loop.h"

#include <assert.h>
#include <liburing.h>
#include <string.h>
#include <time.h>

#define SQ_ENTRIES     256u
#define CQ_ENTRIES     4096u
#define ROUND_MAX      256u /* completions of one loop_dispatch() */
#define NS_PER_S       1000000000ull
#define CANCEL_MESSAGE 0u /* user data of a cancellation itself: no watch has it */

enum watch_kind {
	WATCH_FREE,
	WATCH_POLL,
	WATCH_READ,
	WATCH_CANCELLED, /* its owner is done with it, the kernel is not */
};

/*
 * The number of a watch is (uses << 32 | index): a number from before is never taken for its
 * successor. Index 0 is left unused, so that no number is 0.
 */
struct watch {
	enum watch_kind kind;
	uint32_t uses;
	uint32_t next_free;
	int fd;
	loop_ready ready;
	loop_bytes bytes;
	void *context;
	uint8_t buffer[LOOP_READ_BYTES];
};

struct loop {
	struct io_uring ring;
	struct watch *
		*watches; /* pointers: the kernel writes into a buffer, it must not move */
	uint32_t watches_count, watches_room, free_first;
	struct loop_timer timers; /* head of a ring, sorted by time */
};

uint64_t loop_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

const char *loop_why(int error)
{
	switch (-error) {
	case ENOSYS:
		return "this kernel has no io_uring (Linux 5.11 or newer is needed)";
	case EPERM:
	case EACCES:
		return "io_uring is forbidden here (sysctl kernel.io_uring_disabled, or the "
		       "filter of a container)";
	case ENOMEM:
		return "no memory for io_uring (on older kernels: raise the limit of locked "
		       "memory, ulimit -l)";
	case EOPNOTSUPP:
		return "this kernel's io_uring is too old (Linux 5.11 or newer is needed)";
	default:
		return strerror(-error);
	}
}

/* The best the kernel has: completions only when we ask for them, and no locks for others. */
static int open_ring(struct io_uring *ring)
{
	static const unsigned flags[] = {
		IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN, /* Linux 6.1 */
		IORING_SETUP_COOP_TASKRUN,                               /* Linux 5.19 */
		0,
	};
	int r = -EINVAL;

	for (size_t i = 0; i < ARRAY_LEN(flags) && r == -EINVAL; i++) {
		struct io_uring_params params = { .flags = flags[i] | IORING_SETUP_CQSIZE |
							   IORING_SETUP_CLAMP,
			.cq_entries = CQ_ENTRIES };
		r = io_uring_queue_init_params(SQ_ENTRIES, ring, &params);
	}
	return r;
}

static int probe_ring(struct io_uring *ring)
{
	static const int needed[] = { IORING_OP_POLL_ADD, IORING_OP_READ,
		IORING_OP_ASYNC_CANCEL };
	struct io_uring_probe *probe = io_uring_get_probe_ring(ring);
	bool good = probe && (ring->features & IORING_FEAT_EXT_ARG) &&
		    (ring->features & IORING_FEAT_NODROP);

	for (size_t i = 0; good && i < ARRAY_LEN(needed); i++)
		good = io_uring_opcode_supported(probe, needed[i]);
	if (probe)
		io_uring_free_probe(probe);
	return good ? 0 : -EOPNOTSUPP;
}

int loop_new(struct loop **out)
{
	CLEANUP(freep) struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop)
		return -ENOMEM;
	int r = open_ring(&loop->ring);
	if (r)
		return r;
	r = probe_ring(&loop->ring);
	if (r) {
		io_uring_queue_exit(&loop->ring);
		return r;
	}
	(void)io_uring_register_ring_fd(&loop->ring); /* cheaper to enter; Linux 5.18 */
	loop->timers.next = loop->timers.previous = &loop->timers;
	loop->watches_count = 1;
	*out = loop;
	loop = NULL;
	return 0;
}

struct loop *loop_free(struct loop *loop)
{
	if (!loop)
		return NULL;
	io_uring_queue_exit(&loop->ring); /* ends everything under way: buffers may go */
	for (uint32_t i = 1; i < loop->watches_count; i++)
		free(loop->watches[i]);
	free(loop->watches);
	free(loop);
	return NULL;
}

/* ---- watches ---- */

static int more_room(struct loop *loop)
{
	uint32_t room = loop->watches_room ? 2 * loop->watches_room : 64;
	struct watch **grown = realloc(loop->watches, room * sizeof(struct watch *));

	if (!grown)
		return -ENOMEM;
	loop->watches = grown;
	loop->watches_room = room;
	return 0;
}

static int take_watch(struct loop *loop, struct watch **out, uint64_t *number)
{
	uint32_t index = loop->free_first;

	if (index) {
		loop->free_first = loop->watches[index]->next_free;
	} else {
		int r = 0;
		if (loop->watches_count == LOOP_WATCHES_MAX)
			return -ENOSPC;
		if (loop->watches_count >= loop->watches_room)
			r = more_room(loop);
		struct watch *made = r ? NULL : calloc(1, sizeof(*made));
		if (!made)
			return -ENOMEM;
		index = loop->watches_count++;
		loop->watches[index] = made;
	}
	*out = loop->watches[index];
	(*out)->uses++;
	*number = (uint64_t)(*out)->uses << 32 | index;
	return 0;
}

static void drop_watch(struct loop *loop, uint32_t index)
{
	struct watch *watch = loop->watches[index];

	watch->kind = WATCH_FREE;
	watch->next_free = loop->free_first;
	loop->free_first = index;
}

/* NULL: the number is of an earlier use. */
static struct watch *find_watch(struct loop *loop, uint64_t number)
{
	uint32_t index = (uint32_t)number;

	if (index == 0 || index >= loop->watches_count)
		return NULL;
	struct watch *watch = loop->watches[index];
	return watch->uses == number >> 32 && watch->kind != WATCH_FREE ? watch : NULL;
}

/* Never NULL: a full queue is handed to the kernel, which takes all of it. */
static struct io_uring_sqe *get_sqe(struct loop *loop)
{
	struct io_uring_sqe *sqe = io_uring_get_sqe(&loop->ring);

	while (!sqe) {
		io_uring_submit(&loop->ring);
		sqe = io_uring_get_sqe(&loop->ring);
	}
	return sqe;
}

static void ask_read(struct loop *loop, struct watch *watch, uint64_t number)
{
	struct io_uring_sqe *sqe = get_sqe(loop);

	/* offset -1: pipes and the like have none */
	io_uring_prep_read(sqe, watch->fd, watch->buffer, LOOP_READ_BYTES, (uint64_t)-1);
	io_uring_sqe_set_data64(sqe, number);
}

int loop_poll(struct loop *loop, int fd, unsigned events, loop_ready ready, void *context,
	uint64_t *number)
{
	struct watch *watch;
	int r = take_watch(loop, &watch, number);

	if (r)
		return r;
	watch->kind = WATCH_POLL;
	watch->fd = fd;
	watch->ready = ready;
	watch->context = context;
	struct io_uring_sqe *sqe = get_sqe(loop);
	io_uring_prep_poll_add(sqe, fd, events);
	io_uring_sqe_set_data64(sqe, *number);
	return 0;
}

int loop_read(struct loop *loop, int fd, loop_bytes bytes, void *context, uint64_t *number)
{
	struct watch *watch;
	int r = take_watch(loop, &watch, number);

	if (r)
		return r;
	watch->kind = WATCH_READ;
	watch->fd = fd;
	watch->bytes = bytes;
	watch->context = context;
	ask_read(loop, watch, *number);
	return 0;
}

void loop_cancel(struct loop *loop, uint64_t *number)
{
	struct watch *watch = *number ? find_watch(loop, *number) : NULL;

	if (watch && watch->kind != WATCH_CANCELLED) {
		watch->kind = WATCH_CANCELLED;
		struct io_uring_sqe *sqe = get_sqe(loop);
		io_uring_prep_cancel64(sqe, *number, 0);
		io_uring_sqe_set_data64(sqe, CANCEL_MESSAGE);
		/* now, not with the next wait: the owner is about to close the descriptor, and
		 * its number may come back as another file */
		io_uring_submit(&loop->ring);
	}
	*number = 0;
}

/* ---- timers ---- */

void loop_timer_stop(struct loop_timer *timer)
{
	if (!timer->loop)
		return;
	timer->previous->next = timer->next;
	timer->next->previous = timer->previous;
	timer->loop = NULL;
}

void loop_timer_set(struct loop *loop, struct loop_timer *timer, uint64_t at_ns,
	void (*due)(void *context), void *context)
{
	loop_timer_stop(timer);
	/* from the end: most timers run equally long, so the newest is the last */
	struct loop_timer *after = loop->timers.previous;
	while (after != &loop->timers && after->at_ns > at_ns)
		after = after->previous;
	timer->previous = after;
	timer->next = after->next;
	after->next->previous = timer;
	after->next = timer;
	timer->loop = loop;
	timer->at_ns = at_ns;
	timer->due = due;
	timer->context = context;
}

static void run_timers(struct loop *loop)
{
	uint64_t now = loop_now_ns();

	/* one that is set again while it is called is set for later than now */
	while (loop->timers.next != &loop->timers && loop->timers.next->at_ns <= now) {
		struct loop_timer *timer = loop->timers.next;
		loop_timer_stop(timer);
		timer->due(timer->context);
	}
}

/* ---- turning ---- */

int loop_wait(struct loop *loop, uint64_t until_ns)
{
	struct io_uring_cqe *cqe;
	uint64_t now = loop_now_ns();

	if (loop->timers.next != &loop->timers && loop->timers.next->at_ns < until_ns)
		until_ns = loop->timers.next->at_ns;
	uint64_t left = until_ns > now ? until_ns - now : 0;
	struct __kernel_timespec timeout = { .tv_sec = (long long)(left / NS_PER_S),
		.tv_nsec = (long long)(left % NS_PER_S) };
	int r = left == 0 ? io_uring_submit_and_get_events(&loop->ring)
			  : io_uring_submit_and_wait_timeout(&loop->ring, &cqe, 1,
				    until_ns == LOOP_NEVER ? NULL : &timeout, NULL);
	return r >= 0 || r == -ETIME || r == -EINTR || r == -EAGAIN || r == -EBUSY ? 0 : r;
}

static void polled(struct loop *loop, struct watch *watch, uint32_t index, int result)
{
	loop_ready ready = watch->ready;
	void *context = watch->context;

	drop_watch(loop, index); /* first: the callback may poll again and use the same place */
	ready(context, result);
}

static void have_read(struct loop *loop, struct watch *watch, uint64_t number, int n)
{
	uint8_t bytes[LOOP_READ_BYTES];

	if (n == -EINTR || n == -EAGAIN) {
		ask_read(loop, watch, number);
		return;
	}
	if (n > 0)
		memcpy(bytes, watch->buffer, (size_t)n);
	loop_bytes call = watch->bytes;
	void *context = watch->context;
	if (n > 0)
		ask_read(loop, watch, number);
	else
		drop_watch(loop, (uint32_t)number);
	call(context, bytes, n);
}

static void complete(struct loop *loop, uint64_t number, int result)
{
	struct watch *watch = find_watch(loop, number);

	if (number == CANCEL_MESSAGE)
		return;
	assert(watch);
	switch (watch->kind) {
	case WATCH_POLL:
		polled(loop, watch, (uint32_t)number, result);
		return;
	case WATCH_READ:
		have_read(loop, watch, number, result);
		return;
	case WATCH_CANCELLED:
		drop_watch(loop, (uint32_t)number);
		return;
	case WATCH_FREE:
		return;
	}
}

bool loop_dispatch(struct loop *loop)
{
	struct io_uring_cqe *cqe;
	unsigned n = 0;

	while (n < ROUND_MAX && io_uring_peek_cqe(&loop->ring, &cqe) == 0) {
		uint64_t number = cqe->user_data;
		int result = cqe->res;
		io_uring_cqe_seen(&loop->ring, cqe); /* the callback may turn the ring itself */
		complete(loop, number, result);
		n++;
	}
	run_timers(loop);
	return n == ROUND_MAX;
}
