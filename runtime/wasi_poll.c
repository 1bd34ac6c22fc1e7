#include <string.h>

#include "runtime/calls.h"
#include "runtime/memory.h"
#include "runtime/wasi.h"
#include "runtime/wasi_clock.h"
#include "runtime/wasi_stream.h"

/*
 * One poll: every subscription is turned into a moment on the monotonic clock (what is ready
 * has come already), except those on input, of which only rsd knows. Then one sleep until the
 * first of these moments, in rsd when input is waited for too, and one look at what is so now.
 */
LARGE_TABLE static uint64_t due_ns_of[WASI_SUBSCRIPTIONS_MAX]; /* the moment of each; input: never */

struct poll {
	const uint8_t *subscriptions; /* struct wasi_subscription, perhaps unaligned */
	uint32_t count;
	uint64_t due_ns; /* the first moment of all */
	bool wants_input;
	struct wasi_input input;
};

static struct wasi_subscription subscription(const struct poll *poll, uint32_t i)
{
	struct wasi_subscription one;

	memcpy(&one, poll->subscriptions + i * sizeof(one), sizeof(one));
	return one;
}

/* An unknown clock is due at once, to be told so. */
static uint64_t clock_due_ns(const struct wasi_subscription *of)
{
	uint64_t now, left = of->timeout_ns, due_ns;

	if (!wasi_clock_now(of->id, &now))
		return 0;
	if (of->flags & WASI_SUBCLOCK_ABSOLUTE)
		left = of->timeout_ns > now ? of->timeout_ns - now : 0;
	return __builtin_add_overflow(calls_monotonic_ns(), left, &due_ns) ? UINT64_MAX
									   : due_ns;
}

static bool is_input(const struct wasi_subscription *of)
{
	return of->type == WASI_EVENT_FD_READ && wasi_stream_get(of->id, WASI_RIGHT_FD_READ);
}

static uint64_t due_ns(const struct wasi_subscription *of)
{
	if (of->type == WASI_EVENT_CLOCK)
		return clock_due_ns(of);
	return is_input(of) ? UINT64_MAX : 0;
}

/* WASI_INVAL: a subscription of no known type. */
static uint32_t begin(struct poll *poll)
{
	poll->due_ns = UINT64_MAX;
	for (uint32_t i = 0; i < poll->count; i++) {
		struct wasi_subscription one = subscription(poll, i);

		if (one.type >= WASI_EVENTS)
			return WASI_INVAL;
		due_ns_of[i] = due_ns(&one);
		if (due_ns_of[i] < poll->due_ns)
			poll->due_ns = due_ns_of[i];
		poll->wants_input |= is_input(&one);
	}
	return WASI_OK;
}

/* --- what an event says --- */

static void clock_event(
	const struct poll *, const struct wasi_subscription *of, struct wasi_event *event)
{
	event->error = of->id < WASI_CLOCKS ? WASI_OK : WASI_INVAL;
}

static void read_event(
	const struct poll *poll, const struct wasi_subscription *of, struct wasi_event *event)
{
	if (!is_input(of)) {
		event->error = WASI_BADF;
		return;
	}
	event->error = (uint16_t)poll->input.error;
	event->bytes = poll->input.bytes;
	event->flags = poll->input.ended ? WASI_EVENT_HANGUP : 0;
}

/* A write waits for room by itself, so there is always some. */
static void write_event(
	const struct poll *, const struct wasi_subscription *of, struct wasi_event *event)
{
	if (wasi_stream_get(of->id, WASI_RIGHT_FD_WRITE))
		event->bytes = WASI_STREAM_WRITE_BYTES;
	else
		event->error = WASI_BADF;
}

static void (*const event_of[WASI_EVENTS])(
	const struct poll *, const struct wasi_subscription *, struct wasi_event *) = {
	[WASI_EVENT_CLOCK] = clock_event,
	[WASI_EVENT_FD_READ] = read_event,
	[WASI_EVENT_FD_WRITE] = write_event,
};

static uint32_t collect(const struct poll *poll, uint8_t *out)
{
	uint64_t now_ns = calls_monotonic_ns();
	uint32_t count = 0;

	for (uint32_t i = 0; i < poll->count; i++) {
		struct wasi_subscription one = subscription(poll, i);
		struct wasi_event event = { .userdata = one.userdata, .type = one.type };

		if (due_ns_of[i] > now_ns && !(is_input(&one) && poll->input.ready))
			continue;
		event_of[one.type](poll, &one, &event);
		memcpy(out + count++ * sizeof(event), &event, sizeof(event));
	}
	return count;
}

uint32_t wasi_poll_oneoff(
	void *, uint32_t subscriptions, uint32_t events, uint32_t count, uint32_t count_out)
{
	if (count == 0 || count > WASI_SUBSCRIPTIONS_MAX)
		return WASI_INVAL;
	struct poll poll = {
		.subscriptions =
			memory_guest(subscriptions, count * sizeof(struct wasi_subscription)),
		.count = count,
	};
	uint8_t *out = memory_guest(events, count * sizeof(struct wasi_event));
	void *events_count = memory_guest(count_out, sizeof(uint32_t));
	if (!poll.subscriptions || !out || !events_count)
		return WASI_FAULT;
	uint32_t error = begin(&poll);
	if (error)
		return error;
	if (poll.wants_input)
		wasi_stream_wait_input(poll.due_ns, &poll.input);
	else
		calls_sleep_until(poll.due_ns);
	uint32_t happened = collect(&poll, out);
	memcpy(events_count, &happened, sizeof(happened));
	return WASI_OK;
}
