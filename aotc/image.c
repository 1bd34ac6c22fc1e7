#include "aotc/image.h"

#include <string.h>

#include "aotc/segment.h"

/* The image may be larger than the data by this: pages begun but not filled, and gaps that were
 * closed. */
#define IMAGE_FACTOR 4u
#define IMAGE_EXTRA  MIB

/* One byte for each page of the host that memory has at the start: whether it holds data. */
struct pages {
	uint8_t *used;
	uint32_t count;
	uint64_t data_bytes;
};

/* Pages with data, [first, end), and how many without lie before them. */
struct stretch {
	uint32_t first, end, gap;
};

static bool all_zero(const uint8_t *bytes, size_t size)
{
	return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

static void mark(struct pages *pages, const struct segment_data *data)
{
	pages->data_bytes += data->size;
	for (uint64_t done = 0, piece; done < data->size; done += piece) {
		uint64_t where = data->offset + done;
		piece = HOST_PAGE_BYTES - where % HOST_PAGE_BYTES;
		if (piece > data->size - done)
			piece = data->size - done;
		if (!all_zero(data->bytes + done, piece))
			pages->used[where / HOST_PAGE_BYTES] = 1;
	}
}

/* The part of a segment that falls into a run. */
static void copy_into(const struct image *image, const struct object_run *run,
	const struct segment_data *data)
{
	uint64_t first = data->offset, end = first + data->size;
	uint64_t run_end = run->memory_offset + run->bytes;

	if (first < run->memory_offset)
		first = run->memory_offset;
	if (end > run_end)
		end = run_end;
	if (first < end)
		memcpy(image->bytes + run->file_offset + (first - run->memory_offset),
			data->bytes + (first - data->offset), end - first);
}

/* Two passes over the active segments, both in order, as a later one overwrites an earlier one.
 */
static int pass(struct module *m, struct pages *mark_in, const struct image *copy_to)
{
	struct wasm_reader r = m->sections[WASM_DATA];

	if (m->data_count > 0)
		wasm_count(&r);
	for (uint32_t i = 0; i < m->data_count; i++) {
		struct segment_data data;
		int refused = segment_data_read(m, &r, &data);
		if (refused)
			return refused;
		if (data.mode != SEGMENT_ACTIVE)
			continue;
		if (mark_in)
			mark(mark_in, &data);
		for (uint32_t run = 0; copy_to && run < copy_to->runs_count; run++)
			copy_into(copy_to, &copy_to->runs[run], &data);
	}
	return 0;
}

static uint32_t find_stretches(const struct pages *pages, struct stretch *out)
{
	uint32_t count = 0, last_end = 0;

	for (uint32_t page = 0; page < pages->count; page++) {
		if (!pages->used[page])
			continue;
		uint32_t first = page;
		while (page < pages->count && pages->used[page])
			page++;
		if (out)
			out[count] = (struct stretch){ first, page, first - last_end };
		count++;
		last_end = page;
	}
	return count;
}

static int largest_first(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return (a < b) - (a > b);
}

/* Joins stretches over the smallest gaps until there are at most max; of equal gaps the first
 * ones stay. */
static int close_gaps(struct stretch *stretches, uint32_t *count, uint32_t max)
{
	if (*count <= max)
		return 0;
	uint32_t gaps_count = *count - 1, joined = 0;
	CLEANUP(freep) uint32_t *gaps = calloc(gaps_count, sizeof(*gaps));
	if (!gaps)
		return -ENOMEM;
	for (uint32_t i = 0; i < gaps_count; i++)
		gaps[i] = stretches[i + 1].gap;
	qsort(gaps, gaps_count, sizeof(*gaps), largest_first);
	uint32_t least = gaps[max - 2], equals = 0;
	for (uint32_t i = 0; i < max - 1; i++)
		equals += gaps[i] == least;
	for (uint32_t i = 1; i < *count; i++) {
		bool stays = stretches[i].gap > least;
		if (stretches[i].gap == least && equals > 0) {
			stays = true;
			equals--;
		}
		if (stays)
			stretches[++joined] = stretches[i];
		else
			stretches[joined].end = stretches[i].end;
	}
	*count = joined + 1;
	return 0;
}

static void lay_runs(struct image *image, const struct stretch *stretches)
{
	uint64_t size = 0;

	for (uint32_t i = 0; i < image->runs_count; i++) {
		struct object_run *run = &image->runs[i];
		run->memory_offset = stretches[i].first * HOST_PAGE_BYTES;
		run->bytes = (stretches[i].end - stretches[i].first) * HOST_PAGE_BYTES;
		run->file_offset = size;
		size += run->bytes;
	}
	image->size = size;
}

static int find_runs(const struct module *m, const struct pages *pages, struct image *image)
{
	image->runs_count = find_stretches(pages, NULL);
	CLEANUP(freep)
	struct stretch *stretches = calloc(image->runs_count + 1u, sizeof(*stretches));
	if (!stretches)
		return -ENOMEM;
	find_stretches(pages, stretches);
	int r = close_gaps(stretches, &image->runs_count, OBJECT_RUNS_MAX);
	if (r)
		return r;
	lay_runs(image, stretches);
	if (image->size > IMAGE_FACTOR * pages->data_bytes + IMAGE_EXTRA)
		return reason_refuse(m->reason,
			"has %llu bytes of data scattered so widely that they would take %zu",
			(unsigned long long)pages->data_bytes, image->size);
	return 0;
}

int image_lay(struct module *m, struct image *out)
{
	struct image image = { 0 };
	struct pages pages = { .count = m->memory_pages *
					(MEMORY_PAGE_BYTES / HOST_PAGE_BYTES) };
	CLEANUP(freep) uint8_t *used = pages.used = calloc(pages.count + 1u, 1);

	if (!used)
		return -ENOMEM;
	int r = pass(m, &pages, NULL);
	if (!r)
		r = find_runs(m, &pages, &image);
	if (r)
		return r;
	image.bytes = calloc(1, image.size + 1);
	if (!image.bytes)
		return -ENOMEM;
	r = pass(m, NULL, &image);
	*out = image; /* the caller frees it, even now */
	return r;
}
