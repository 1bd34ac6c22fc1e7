/*
 * fuzz_front.c: any bytes as a module. Whatever front_run makes of them, it answers 0 or
 * FRONT_REFUSED with a printable line. What it writes for the translator is well-formed by its
 * own rules: reading it again finds nothing to complain about but the names that were changed
 * on purpose.
 */
#include <assert.h>
#include <string.h>

#include "aotc/front.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_runs(const struct front *front)
{
	uint64_t memory_end = 0, file_end = 0;

	for (uint32_t i = 0; i < front->runs_count; i++) {
		const struct object_run *run = &front->runs[i];
		assert(run->bytes > 0 &&
			(run->bytes | run->memory_offset) % HOST_PAGE_BYTES == 0);
		assert(i == 0 || run->memory_offset > memory_end);
		assert(run->file_offset == file_end);
		memory_end = run->memory_offset + run->bytes;
		file_end = run->file_offset + run->bytes;
	}
	assert(file_end == front->image_bytes);
	assert(memory_end <= front->memory_pages * MEMORY_PAGE_BYTES);
}

static void check_names(const struct front *front)
{
	for (uint32_t i = 0; i < front->functions; i++)
		assert((uint64_t)front->function_names[i].offset +
				front->function_names[i].bytes <=
			front->names_bytes);
}

/* The canonical module read again says what the first one said; only its imports have other
 * names now. */
static void check_again(const struct front *first)
{
	struct front again;
	char reason[FRONT_REASON_SIZE];
	int r = front_run(first->module, first->module_bytes, UINT32_MAX, "wasm2c",
		&front_limits_default, &again, reason);

	assert(r == FRONT_REFUSED);
	if (first->function_imports > 0)
		assert(strstr(reason, "imports h.i"));
	else
		assert(strstr(reason, "has no _start"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct front front;
	char reason[FRONT_REASON_SIZE];
	int r = front_run(
		data, size, UINT32_MAX, "wasm2c", &front_limits_default, &front, reason);

	assert(r == 0 || r == FRONT_REFUSED);
	for (const char *c = reason; *c; c++)
		assert(*c >= ' ' && *c <= '~');
	if (r)
		return 0;
	check_runs(&front);
	check_names(&front);
	check_again(&front);
	front_deinit(&front);
	return 0;
}
