#include "runtime/wasi_clock.h"

#include <string.h>
#include <time.h>

#include "runtime/calls.h"
#include "runtime/memory.h"
#include "runtime/wasi.h"

static uint64_t started_ns; /* monotonic */
static uint64_t resolution_ns[WASI_CLOCKS];

static uint64_t in_ns(const struct timespec *t)
{
	return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

static uint64_t resolution_of(clockid_t clock)
{
	struct timespec t;

	return clock_getres(clock, &t) == 0 ? in_ns(&t) : 1;
}

void wasi_clock_init(void)
{
	for (uint32_t clock = 0; clock < WASI_CLOCKS; clock++)
		resolution_ns[clock] = resolution_of(
			clock == WASI_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC);
	started_ns = calls_monotonic_ns();
}

static uint64_t realtime_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return in_ns(&t);
}

bool wasi_clock_now(uint32_t clock, uint64_t *ns)
{
	switch (clock) {
	case WASI_CLOCK_REALTIME:
		*ns = realtime_ns();
		return true;
	case WASI_CLOCK_MONOTONIC:
		*ns = calls_monotonic_ns();
		return true;
	case WASI_CLOCK_PROCESS_CPUTIME:
	case WASI_CLOCK_THREAD_CPUTIME:
		*ns = calls_monotonic_ns() - started_ns;
		return true;
	default:
		return false;
	}
}

static uint32_t put_ns(uint32_t out, uint64_t ns)
{
	void *at = memory_guest(out, sizeof(ns));

	if (!at)
		return WASI_FAULT;
	memcpy(at, &ns, sizeof(ns));
	return WASI_OK;
}

uint32_t wasi_clock_res_get(void *, uint32_t clock, uint32_t ns_out)
{
	return clock < WASI_CLOCKS ? put_ns(ns_out, resolution_ns[clock]) : WASI_INVAL;
}

uint32_t wasi_clock_time_get(void *, uint32_t clock, uint64_t, uint32_t ns_out)
{
	uint64_t ns;

	return wasi_clock_now(clock, &ns) ? put_ns(ns_out, ns) : WASI_INVAL;
}
