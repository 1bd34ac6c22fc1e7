#include <string.h>

#include "interfaces/clients.h"
#include "interfaces/host.h"
#include "interfaces/request.h"

/*
 * All waits stand in one binary heap, the next one due on top; each knows its place there, so
 * that it can be taken out of the middle. Each also stands in the list of its process, which is
 * short enough to be walked.
 */
#define TIME_BODY_BYTES_MAX    64u
#define TIME_PROCESS_WAITS_MAX 1024u  /* at once, for one process */
#define TIME_WAITS_MAX         65536u /* at once, for all */
#define TIME_TICK_ANSWERS_MAX  1024u  /* of one tick(); what is left is due at once again */

struct wait {
	uint64_t due_ns;
	uint64_t order; /* among those due at the same moment: first asked, first told */
	uint64_t id;
	struct waiter *waiter;
	struct wait *next, *previous; /* of this waiter */
	uint32_t place;               /* in the heap */
};

struct waiter {
	struct client client;
	struct wait *waits;
	uint32_t count;
};

struct host_time {
	const struct host_env *env;
	struct clients waiters; /* those with waits */
	uint64_t asked;
	uint32_t count, room;
	struct wait **heap; /* room of them, count in use */
};

/* --- the heap --- */

static bool before(const struct wait *a, const struct wait *b)
{
	return a->due_ns != b->due_ns ? a->due_ns < b->due_ns : a->order < b->order;
}

static void put(struct host_time *time, struct wait *wait, uint32_t place)
{
	time->heap[place] = wait;
	wait->place = place;
}

static void sift_up(struct host_time *time, struct wait *wait, uint32_t place)
{
	for (; place > 0; place = (place - 1) / 2) {
		struct wait *parent = time->heap[(place - 1) / 2];

		if (!before(wait, parent))
			break;
		put(time, parent, place);
	}
	put(time, wait, place);
}

static void sift_down(struct host_time *time, struct wait *wait, uint32_t place)
{
	for (uint32_t child; (child = 2 * place + 1) < time->count; place = child) {
		if (child + 1 < time->count && before(time->heap[child + 1], time->heap[child]))
			child++;
		if (!before(time->heap[child], wait))
			break;
		put(time, time->heap[child], place);
	}
	put(time, wait, place);
}

static void heap_remove(struct host_time *time, uint32_t place)
{
	struct wait *last = time->heap[--time->count];

	if (place == time->count)
		return;
	if (place > 0 && before(last, time->heap[(place - 1) / 2]))
		sift_up(time, last, place);
	else
		sift_down(time, last, place);
}

/* False: no memory. */
static bool heap_reserve(struct host_time *time)
{
	if (time->count < time->room)
		return true;
	uint32_t room = time->room ? 2 * time->room : 64;
	struct wait **heap = reallocarray(time->heap, room, sizeof(struct wait *));
	if (!heap)
		return false;
	time->heap = heap;
	time->room = room;
	return true;
}

/* --- waits and who waits --- */

/* NULL: no memory. */
static struct waiter *waiter_get(struct host_time *time, uint64_t process)
{
	struct waiter *waiter = (struct waiter *)clients_find(&time->waiters, process);

	if (waiter)
		return waiter;
	waiter = calloc(1, sizeof(*waiter));
	if (!waiter)
		return NULL;
	waiter->client.process = process;
	clients_add(&time->waiters, &waiter->client);
	return waiter;
}

static void waiter_put(struct host_time *time, struct waiter *waiter)
{
	if (waiter->count == 0)
		free(clients_take(&time->waiters, waiter->client.process));
}

static void wait_add(struct host_time *time, struct waiter *waiter, struct wait *wait)
{
	wait->waiter = waiter;
	wait->next = waiter->waits;
	if (wait->next)
		wait->next->previous = wait;
	waiter->waits = wait;
	waiter->count++;
	sift_up(time, wait, time->count++);
}

static void wait_remove(struct host_time *time, struct wait *wait)
{
	struct waiter *waiter = wait->waiter;

	heap_remove(time, wait->place);
	if (wait->next)
		wait->next->previous = wait->previous;
	if (wait->previous)
		wait->previous->next = wait->next;
	else
		waiter->waits = wait->next;
	waiter->count--;
	free(wait);
	waiter_put(time, waiter);
}

static uint32_t wait_until(
	struct host_time *time, const struct host_message *message, uint64_t due_ns)
{
	if (message->id == 0 || due_ns <= time->env->monotonic_ns(time->env->context))
		return RS_OK;
	if (time->count >= TIME_WAITS_MAX)
		return RS_LIMIT;
	struct waiter *waiter = waiter_get(time, message->process);
	if (!waiter)
		return RS_LIMIT;
	struct wait *wait = waiter->count < TIME_PROCESS_WAITS_MAX && heap_reserve(time)
				    ? calloc(1, sizeof(*wait))
				    : NULL;
	if (!wait) {
		waiter_put(time, waiter);
		return RS_LIMIT;
	}
	wait->due_ns = due_ns;
	wait->order = time->asked++;
	wait->id = message->id;
	wait_add(time, waiter, wait);
	return REQUEST_TAKEN;
}

/* --- the requests --- */

static uint32_t serve_now(void *self, const struct host_message *message)
{
	const struct host_env *env = ((struct host_time *)self)->env;
	struct rs_time_now now = { env->monotonic_ns(env->context),
		env->realtime_ns(env->context) };

	request_answer(env, message, RS_OK, &now, sizeof(now));
	return REQUEST_TAKEN;
}

static uint32_t serve_wait_until(void *self, const struct host_message *message)
{
	struct rs_time_wait request;

	memcpy(&request, message->body, sizeof(request));
	if (request.zero)
		return RS_MALFORMED;
	return wait_until(self, message, request.ns);
}

static uint32_t serve_wait_for(void *self, const struct host_message *message)
{
	const struct host_env *env = ((struct host_time *)self)->env;
	struct rs_time_wait request;
	uint64_t due_ns;

	memcpy(&request, message->body, sizeof(request));
	if (request.zero)
		return RS_MALFORMED;
	/* Too far for the clock to count: never. */
	if (__builtin_add_overflow(env->monotonic_ns(env->context), request.ns, &due_ns))
		due_ns = UINT64_MAX;
	return wait_until(self, message, due_ns);
}

static const struct request requests[] = {
	[RS_TIME_NOW] = { sizeof(uint32_t), sizeof(uint32_t), serve_now },
	[RS_TIME_WAIT_UNTIL] = { sizeof(struct rs_time_wait), sizeof(struct rs_time_wait),
		serve_wait_until },
	[RS_TIME_WAIT_FOR] = { sizeof(struct rs_time_wait), sizeof(struct rs_time_wait),
		serve_wait_for },
};

/* --- the host --- */

static void *time_new(const struct host_env *env)
{
	struct host_time *time = calloc(1, sizeof(*time));

	if (time)
		time->env = env;
	return time;
}

static void time_free(void *self)
{
	struct host_time *time = self;

	while (time->count)
		wait_remove(time, time->heap[time->count - 1]);
	free(time->heap);
	free(time);
}

static void time_message(void *self, const struct host_message *message)
{
	request_serve(
		requests, ARRAY_LEN(requests), ((struct host_time *)self)->env, self, message);
}

static void time_cancelled(void *self, uint64_t process, uint64_t id)
{
	struct host_time *time = self;
	struct waiter *waiter = (struct waiter *)clients_find(&time->waiters, process);

	for (struct wait *wait = waiter ? waiter->waits : NULL; wait; wait = wait->next)
		if (wait->id == id) {
			wait_remove(time, wait);
			return;
		}
}

static void time_process_gone(void *self, uint64_t process)
{
	struct host_time *time = self;
	struct waiter *waiter;

	while ((waiter = (struct waiter *)clients_find(&time->waiters, process)))
		wait_remove(time, waiter->waits);
}

static uint64_t time_deadline_ns(void *self)
{
	const struct host_time *time = self;

	return time->count ? time->heap[0]->due_ns : UINT64_MAX;
}

static void time_tick(void *self, uint64_t now_ns)
{
	struct host_time *time = self;
	const struct host_env *env = time->env;

	for (uint32_t i = 0; i < TIME_TICK_ANSWERS_MAX; i++) {
		struct wait *next = time->count ? time->heap[0] : NULL;

		if (!next || next->due_ns > now_ns || next->due_ns == UINT64_MAX)
			return;
		uint64_t process = next->waiter->client.process, id = next->id;
		wait_remove(time, next); /* first: the answer may lead back here */
		env->answer(env->context, process, id, RS_OK, NULL, 0);
	}
}

const struct host host_time = {
	.name = "time",
	.interface = rs_interface_time,
	.body_bytes_max = TIME_BODY_BYTES_MAX,
	.new = time_new,
	.free = time_free,
	.message = time_message,
	.cancelled = time_cancelled,
	.process_gone = time_process_gone,
	.deadline_ns = time_deadline_ns,
	.tick = time_tick,
};
