#include "aotc/profile.h"

#include <stdio.h>
#include <string.h>

#include "aotc/skeleton.h"

/* gcc's gcov-io.h, as of gcc 12: 32-bit words, lengths in bytes. */
#define GCDA_MAGIC    0x67636461u
#define GCDA_FUNCTION 0x01000000u
#define GCDA_BRANCHES 0x01a10000u
#define GCDA_SUMMARY  0xa1000000u

/* A private copy of what was given, checked. */
struct given {
	uint8_t *bytes;
	struct skeleton head;
	const uint8_t *functions;
	uint64_t *counters;
	size_t counters_count;
	unsigned int shift; /* all counters are divided by 1 << shift */
};

static void given_deinit(struct given *g)
{
	free(g->bytes);
}

static int read_given(struct build *build, struct given *g)
{
	uint64_t taken = 0;
	size_t size = 0;
	struct profile head;
	int r = work_take(
		&build->work, "profile", build->profile_fd, PROFILE_BYTES_MAX, &taken);

	if (r == 0)
		r = work_read(&build->work, "profile", PROFILE_BYTES_MAX, &g->bytes, &size);
	if (r)
		return r < 0 ? r : build_fail(build, "the profile is too large");
	if (size < sizeof head)
		return build_fail(build, "the profile is too short");
	memcpy(&head, g->bytes, sizeof head);
	const uint8_t *skeleton = g->bytes + sizeof head;
	if (memcmp(head.magic, PROFILE_MAGIC, sizeof head.magic) != 0 ||
		head.skeleton_bytes > SKELETON_BYTES_MAX || head.skeleton_bytes % 8 ||
		head.counters_bytes > COUNTERS_BYTES_MAX || head.counters_bytes % 8 ||
		size != sizeof head + head.skeleton_bytes + head.counters_bytes ||
		!skeleton_fits(
			skeleton, head.skeleton_bytes, head.counters_bytes, build->parts))
		return build_fail(build, "the profile does not hold together");
	memcpy(&g->head, skeleton, sizeof g->head);
	g->functions = skeleton + sizeof g->head;
	g->counters = (uint64_t *)(void *)(g->bytes + sizeof head + head.skeleton_bytes);
	g->counters_count = head.counters_bytes / 8;
	return 0;
}

static bool sum_fits(const struct given *g)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < g->counters_count; i++) {
		uint64_t counter = g->counters[i] >> g->shift;
		if (counter > PROFILE_SUM_MAX - sum)
			return false;
		sum += counter;
	}
	return true;
}

static void shrink(struct given *g)
{
	while (!sum_fits(g))
		g->shift++;
}

static void put(FILE *file, uint32_t word)
{
	fwrite(&word, sizeof word, 1, file);
}

static struct skeleton_function function_at(const struct given *g, uint32_t i)
{
	struct skeleton_function row;

	memcpy(&row, g->functions + (size_t)i * sizeof row, sizeof row);
	return row;
}

static uint64_t largest(const struct given *g, uint32_t part)
{
	uint64_t most = 0;

	for (uint32_t i = 0; i < g->head.functions; i++) {
		struct skeleton_function row = function_at(g, i);
		for (uint32_t k = 0; row.part == part && k < row.count; k++)
			if (g->counters[row.first + k] > most)
				most = g->counters[row.first + k];
	}
	return most >> g->shift;
}

static void put_function(FILE *file, const struct given *g, const struct skeleton_function *row)
{
	const uint32_t head[] = { GCDA_FUNCTION, 3 * sizeof(uint32_t), row->ident, row->lines,
		row->graph, GCDA_BRANCHES, row->count * (uint32_t)sizeof(uint64_t) };

	fwrite(head, sizeof head, 1, file);
	for (uint32_t i = 0; i < row->count; i++) {
		uint64_t counter = g->counters[row->first + i] >> g->shift;
		fwrite(&counter, sizeof counter, 1, file);
	}
}

static int write_part(struct build *build, const struct given *g, uint32_t part)
{
	CLEANUP(freep) char *text = NULL;
	size_t size = 0;
	char name[32];
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return -errno;
	uint64_t most = largest(g, part);
	const uint32_t head[] = { GCDA_MAGIC, g->head.compiler, 0, 0, GCDA_SUMMARY,
		2 * sizeof(uint32_t), 1, most < UINT32_MAX ? (uint32_t)most : UINT32_MAX };
	fwrite(head, sizeof head, 1, file);
	for (uint32_t i = 0; i < g->head.functions; i++) {
		struct skeleton_function row = function_at(g, i);
		if (row.part == part)
			put_function(file, g, &row);
	}
	put(file, 0);
	bool broken = ferror(file);
	if (fclose(file) != 0 || broken)
		return -ENOMEM;
	snprintf(name, sizeof name, "m_%u.gcda", part);
	return work_write(&build->work, name, text, size);
}

int profile_write(struct build *build)
{
	CLEANUP(given_deinit) struct given g = { .bytes = NULL };
	int r = read_given(build, &g);

	if (r)
		return r;
	shrink(&g);
	for (uint32_t part = 0; r == 0 && part < build->parts; part++)
		r = write_part(build, &g, part);
	return r;
}
