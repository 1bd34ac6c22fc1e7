#include <string.h>

#include "interfaces/clients.h"
#include "interfaces/host.h"
#include "interfaces/serve.h"
#include "interfaces/time.h"
#include "interfaces/timers.h"

/*
 * All waits are timers of one heap; each also stands in the list of its process, which is short
 * enough to be walked.
 */
#define TIME_BODY_BYTES_MAX    64u
#define TIME_PROCESS_WAITS_MAX 1024u  /* at once, for one process */
#define TIME_WAITS_MAX         65536u /* at once, for all */
#define TIME_TICK_ANSWERS_MAX  1024u  /* of one tick(); what is left is due at once again */

struct wait {
	struct timer timer;
	uint64_t id;
	struct waiter *waiter;
	struct wait *next, *previous; /* of this waiter */
};

struct waiter {
	struct client client;
	struct wait *waits;
	uint32_t count;
};

struct host_time {
	const struct host_env *env;
	struct clients waiters; /* those with waits */
	struct timers timers;
};

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

static void wait_link(struct waiter *waiter, struct wait *wait)
{
	wait->waiter = waiter;
	wait->next = waiter->waits;
	if (wait->next)
		wait->next->previous = wait;
	waiter->waits = wait;
	waiter->count++;
}

/* False: no memory. */
static bool wait_add(
	struct host_time *time, struct waiter *waiter, uint64_t id, uint64_t due_ns)
{
	struct wait *wait = calloc(1, sizeof(*wait));

	if (!wait || timers_add(&time->timers, &wait->timer, due_ns)) {
		free(wait);
		return false;
	}
	wait->id = id;
	wait_link(waiter, wait);
	return true;
}

static void wait_remove(struct host_time *time, struct wait *wait)
{
	struct waiter *waiter = wait->waiter;

	timers_remove(&time->timers, &wait->timer);
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
	if (time->timers.count >= TIME_WAITS_MAX)
		return RS_LIMIT;
	struct waiter *waiter = waiter_get(time, message->process);
	if (!waiter)
		return RS_LIMIT;
	if (waiter->count < TIME_PROCESS_WAITS_MAX &&
		wait_add(time, waiter, message->id, due_ns))
		return SERVE_TAKEN;
	waiter_put(time, waiter);
	return RS_LIMIT;
}

/* --- the requests --- */

static uint32_t on_now(void *self, const struct host_message *message, const void *nothing)
{
	const struct host_env *env = ((struct host_time *)self)->env;
	struct rs_time_now_answer now = { env->monotonic_ns(env->context),
		env->realtime_ns(env->context) };
	uint8_t body[RS_TIME_NOW_ANSWER_BYTES_MAX];

	(void)nothing;
	serve_answer(env, message, RS_OK, body,
		(uint32_t)rs_time_now_answer_encode(&now, body, sizeof(body)));
	return SERVE_TAKEN;
}

static uint32_t on_wait_until(
	void *self, const struct host_message *message, const void *decoded)
{
	const struct rs_time_wait_until_request *request = decoded;

	return wait_until(self, message, request->monotonic_ns);
}

static uint32_t on_wait_for(void *self, const struct host_message *message, const void *decoded)
{
	const struct host_env *env = ((struct host_time *)self)->env;
	const struct rs_time_wait_for_request *request = decoded;
	uint64_t due_ns;

	/* Too far for the clock to count: never. */
	if (__builtin_add_overflow(env->monotonic_ns(env->context), request->ns, &due_ns))
		due_ns = UINT64_MAX;
	return wait_until(self, message, due_ns);
}

static const struct serve_row requests[] = {
	[RS_TIME_NOW] = { &rs_time_now_request_layout, on_now },
	[RS_TIME_WAIT_UNTIL] = { &rs_time_wait_until_request_layout, on_wait_until },
	[RS_TIME_WAIT_FOR] = { &rs_time_wait_for_request_layout, on_wait_for },
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

	for (struct timer *timer; (timer = timers_first(&time->timers));)
		wait_remove(time, (struct wait *)timer);
	timers_deinit(&time->timers);
	free(time);
}

static void time_message(void *self, const struct host_message *message)
{
	serve_message(
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
	return timers_due_ns(&((struct host_time *)self)->timers);
}

static void time_tick(void *self, uint64_t now_ns)
{
	struct host_time *time = self;
	const struct host_env *env = time->env;

	for (uint32_t i = 0; i < TIME_TICK_ANSWERS_MAX; i++) {
		struct wait *next = (struct wait *)timers_first(&time->timers);

		if (!next || next->timer.due_ns > now_ns || next->timer.due_ns == UINT64_MAX)
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
