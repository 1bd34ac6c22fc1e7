/*
 * laps.h: how long each of many rounds took, and the one line that every measuring program of
 * this folder prints, the Wasm programs among them:
 *
 *     P50 P99 P999 PER-SECOND COUNT        times in nanoseconds
 *
 * PER-SECOND is that of the middle one of many slices of a millisecond, so that work of others
 * disturbs it as little as a median. All read the clock the same way: once a round, the end of
 * one is the beginning of the next. A program that cannot measure what it was asked for prints
 * why and ends with LAPS_NOT_THERE.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LAPS_NOT_THERE 3
#define LAPS_MAX       (1u << 19) /* kept; further ones only count */
#define LAPS_SLICE_NS  1000000u
#define LAPS_SLICES    (1u << 14)

static struct {
	uint64_t begin, end;
	uint64_t count; /* all */
	uint32_t kept;
	uint32_t ns[LAPS_MAX];

	uint64_t slice_begin, slice_count;
	uint32_t slices;
	uint32_t per_second[LAPS_SLICES];
} laps;

static inline uint64_t laps_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* From here on for so long. The beginning. */
static inline uint64_t laps_begin(uint32_t ms)
{
	laps.begin = laps.slice_begin = laps_now();
	laps.end = laps.begin + (uint64_t)ms * 1000000u;
	return laps.begin;
}

static inline void laps_end_slice(uint64_t now)
{
	uint64_t per_second = laps.slice_count * 1000000000u / (now - laps.slice_begin);

	if (laps.slices < LAPS_SLICES)
		laps.per_second[laps.slices++] = (uint32_t)per_second;
	laps.slice_begin = now;
	laps.slice_count = 0;
}

static inline void laps_add(uint64_t began, uint64_t now)
{
	uint64_t ns = now - began;

	if (laps.kept < LAPS_MAX)
		laps.ns[laps.kept++] = ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
	laps.count++;
	laps.slice_count++;
	if (now - laps.slice_begin >= LAPS_SLICE_NS)
		laps_end_slice(now);
}

static inline int laps_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static inline uint32_t laps_at(const uint32_t *sorted, uint32_t count, uint32_t thousandths)
{
	return sorted[(uint64_t)(count - 1) * thousandths / 1000];
}

/* The exit status of the program. */
static inline int laps_print(void)
{
	if (!laps.kept || !laps.slices) {
		printf("not one round in time\n");
		return LAPS_NOT_THERE;
	}
	qsort(laps.ns, laps.kept, sizeof(laps.ns[0]), laps_compare);
	qsort(laps.per_second, laps.slices, sizeof(laps.per_second[0]), laps_compare);
	printf("%u %u %u %u %llu\n", (unsigned)laps_at(laps.ns, laps.kept, 500),
		(unsigned)laps_at(laps.ns, laps.kept, 990),
		(unsigned)laps_at(laps.ns, laps.kept, 999),
		(unsigned)laps_at(laps.per_second, laps.slices, 500),
		(unsigned long long)laps.count);
	return 0;
}
