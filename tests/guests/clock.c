/* clock.c: clocks and sleeping, by the C library and by poll_oneoff itself. */
#include <stdio.h>
#include <time.h>
#include <wasi/api.h>

#define MS 1000000ull

static int failures;

static void expect(const char *what, int holds)
{
	if (holds)
		return;
	failures++;
	printf("not so: %s\n", what);
}
#define EXPECT(condition) expect(#condition, condition)

static uint64_t now(__wasi_clockid_t clock)
{
	__wasi_timestamp_t time = 0;

	EXPECT(__wasi_clock_time_get(clock, 1, &time) == 0);
	return time;
}

static __wasi_subscription_t after(uint64_t userdata, uint64_t ns, __wasi_subclockflags_t flags)
{
	__wasi_subscription_t sub = { .userdata = userdata };

	sub.u.tag = __WASI_EVENTTYPE_CLOCK;
	sub.u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
	sub.u.u.clock.timeout = ns;
	sub.u.u.clock.flags = flags;
	return sub;
}

static void clocks(void)
{
	uint64_t first = now(__WASI_CLOCKID_MONOTONIC);
	__wasi_timestamp_t resolution = 0;

	EXPECT(now(__WASI_CLOCKID_MONOTONIC) >= first);
	EXPECT(now(__WASI_CLOCKID_REALTIME) > 1600000000ull * 1000 * MS);
	EXPECT(now(__WASI_CLOCKID_PROCESS_CPUTIME_ID) < 3600ull * 1000 * MS);
	EXPECT(__wasi_clock_res_get(__WASI_CLOCKID_MONOTONIC, &resolution) == 0);
	EXPECT(resolution > 0 && resolution < 1000 * MS);
}

static void the_library_sleeps(void)
{
	struct timespec short_while = { .tv_nsec = 30 * MS };
	uint64_t start = now(__WASI_CLOCKID_MONOTONIC);

	EXPECT(nanosleep(&short_while, NULL) == 0);
	EXPECT(now(__WASI_CLOCKID_MONOTONIC) - start >= 30 * MS);
}

static void the_earliest_of_several_wins(void)
{
	uint64_t start = now(__WASI_CLOCKID_MONOTONIC);
	__wasi_subscription_t subs[3] = {
		after(1, 60000 * MS, 0),
		after(2, start + 20 * MS, __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME),
		after(3, 90000 * MS, 0),
	};
	__wasi_event_t events[3];
	__wasi_size_t count = 0;

	EXPECT(__wasi_poll_oneoff(subs, events, 3, &count) == 0);
	EXPECT(count == 1 && events[0].userdata == 2 && events[0].error == 0);
	EXPECT(now(__WASI_CLOCKID_MONOTONIC) - start >= 20 * MS);
	EXPECT(now(__WASI_CLOCKID_MONOTONIC) - start < 30000 * MS);
}

static void the_past_is_now(void)
{
	__wasi_subscription_t sub =
		after(4, 1, __WASI_SUBCLOCKFLAGS_SUBSCRIPTION_CLOCK_ABSTIME);
	__wasi_event_t event;
	__wasi_size_t count = 0;

	EXPECT(__wasi_poll_oneoff(&sub, &event, 1, &count) == 0);
	EXPECT(count == 1 && event.userdata == 4 && event.type == __WASI_EVENTTYPE_CLOCK);
}

int main(void)
{
	clocks();
	the_library_sleeps();
	the_earliest_of_several_wins();
	the_past_is_now();
	puts(failures ? "failed" : "ok");
	return failures != 0;
}
