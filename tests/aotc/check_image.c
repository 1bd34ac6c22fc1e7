#include <string.h>

#include "aotc/image.h"
#include "tests/aotc/modules.h"
#include "tests/check_run.h"

/* A plan whose data section is put together piece by piece. */
struct building {
	struct modules_bytes segments;
	uint32_t count;
};

static void building_deinit(struct building *b)
{
	modules_deinit(&b->segments);
}

static void put_signed_5(struct modules_bytes *m, uint32_t value)
{
	uint8_t bytes[5];

	for (int i = 0; i < 5; i++)
		bytes[i] = (uint8_t)(((int32_t)value >> 7 * i & 0x7f) | (i < 4 ? 0x80 : 0));
	modules_put(m, bytes, sizeof(bytes));
}

static void add(struct building *b, uint32_t offset, const void *bytes, size_t size)
{
	modules_put(&b->segments, "\0\x41", 2);
	put_signed_5(&b->segments, offset);
	modules_put(&b->segments, "\x0b", 1);
	modules_name(&b->segments, bytes, size);
	b->count++;
}

/* Runs the check over the segments so far. */
static int run(
	struct building *b, uint32_t pages, struct front *out, char reason[FRONT_REASON_SIZE])
{
	CLEANUP(modules_deinit) struct modules_bytes data = { 0 }, memory = { 0 };
	struct modules_plan plan = modules_plain;

	modules_u32(&data, b->count);
	modules_put(&data, b->segments.bytes, b->segments.size);
	modules_put(&memory, "\1\0", 2);
	modules_u32(&memory, pages);
	plan.sections[WASM_DATA] = (struct modules_part){ data.bytes, data.size };
	plan.sections[WASM_MEMORIES] = (struct modules_part){ memory.bytes, memory.size };
	return modules_run(&plan, out, reason);
}

static struct front lay(struct building *b, uint32_t pages)
{
	struct front front;
	char reason[FRONT_REASON_SIZE];

	ck_assert_msg(run(b, pages, &front, reason) == 0, "%s", reason);
	return front;
}

static void expect_runs(
	const struct front *front, uint32_t count, const struct object_run *runs)
{
	ck_assert_uint_eq(front->runs_count, count);
	for (uint32_t i = 0; i < count; i++) {
		ck_assert_uint_eq(front->runs[i].memory_offset, runs[i].memory_offset);
		ck_assert_uint_eq(front->runs[i].file_offset, runs[i].file_offset);
		ck_assert_uint_eq(front->runs[i].bytes, runs[i].bytes);
	}
}

START_TEST(a_segment_becomes_the_pages_it_lies_in)
{
	CLEANUP(building_deinit) struct building b = { 0 };
	add(&b, 4094, "abcd", 4);
	CLEANUP(front_deinit) struct front front = lay(&b, 1);

	expect_runs(&front, 1, (const struct object_run[]){ { 0, 0, 8192 } });
	ck_assert_uint_eq(front.image_bytes, 8192);
	ck_assert_mem_eq(front.image + 4094, "abcd", 4);
	ck_assert_uint_eq(front.image[4093], 0);
	ck_assert_uint_eq(front.image[4098], 0);
}
END_TEST

START_TEST(neighbours_are_one_run_in_the_order_of_memory)
{
	CLEANUP(building_deinit) struct building b = { 0 };
	add(&b, 40960, "far", 3);
	add(&b, 4096, "b", 1);
	add(&b, 0, "a", 1);
	CLEANUP(front_deinit) struct front front = lay(&b, 1);

	expect_runs(&front, 2,
		(const struct object_run[]){ { 0, 0, 8192 }, { 40960, 8192, 4096 } });
	ck_assert_uint_eq(front.image[4096], 'b');
	ck_assert_mem_eq(front.image + 8192, "far", 3);
}
END_TEST

START_TEST(a_later_segment_wins)
{
	CLEANUP(building_deinit) struct building b = { 0 };
	add(&b, 10, "xxxxxxxx", 8);
	add(&b, 12, "yy", 2);
	add(&b, 14, "\0\0", 2); /* zeros too */
	CLEANUP(front_deinit) struct front front = lay(&b, 1);

	ck_assert_mem_eq(front.image + 10, "xxyy\0\0xx", 8);
}
END_TEST

START_TEST(pages_of_zeros_are_left_out)
{
	static uint8_t bytes[5 * 4096];
	CLEANUP(building_deinit) struct building b = { 0 };
	bytes[0] = 1;
	bytes[sizeof(bytes) - 1] = 2;
	add(&b, 0, bytes, sizeof(bytes));
	CLEANUP(front_deinit) struct front front = lay(&b, 1);

	expect_runs(&front, 2,
		(const struct object_run[]){ { 0, 0, 4096 }, { 16384, 4096, 4096 } });
	ck_assert_uint_eq(front.image[8191], 2);
}
END_TEST

START_TEST(only_zeros_need_no_image)
{
	static const uint8_t zeros[9000];
	CLEANUP(building_deinit) struct building b = { 0 };
	add(&b, 100, zeros, sizeof(zeros));
	add(&b, 65536, "", 0); /* nothing, at the very end */
	CLEANUP(front_deinit) struct front front = lay(&b, 1);

	ck_assert_uint_eq(front.runs_count, 0);
	ck_assert_uint_eq(front.image_bytes, 0);
}
END_TEST

static const struct {
	uint32_t offset, size, pages;
	const char *reason;
} outside[] = {
	{ 65535, 2, 1, "data segment 0 ends at byte 65537, beyond the memory's 65536" },
	{ 65537, 0, 1, "data segment 0 ends at byte 65537, beyond the memory's 65536" },
	{ UINT32_MAX, 1, 1,
		"data segment 0 ends at byte 4294967296, beyond the memory's 65536" },
	{ 0, 1, 0, "data segment 0 ends at byte 1, beyond the memory's 0" },
};

START_TEST(a_segment_outside_memory_is_refused)
{
	CLEANUP(building_deinit) struct building b = { 0 };
	struct front front;
	char reason[FRONT_REASON_SIZE];

	add(&b, outside[_i].offset, "ab", outside[_i].size);
	ck_assert_int_eq(run(&b, outside[_i].pages, &front, reason), FRONT_REFUSED);
	ck_assert_str_eq(reason, outside[_i].reason);
}
END_TEST

START_TEST(the_last_byte_of_all_can_be_set)
{
	CLEANUP(building_deinit) struct building b = { 0 };
	add(&b, UINT32_MAX, "z", 1);
	CLEANUP(front_deinit) struct front front = lay(&b, MEMORY_PAGES_MAX);

	expect_runs(&front, 1, (const struct object_run[]){ { 4 * GIB - 4096, 0, 4096 } });
	ck_assert_uint_eq(front.image[4095], 'z');
}
END_TEST

/* What memory would be if the segments were copied into it one by one. */
static void expect_memory(const struct front *front, const uint8_t *memory, size_t size)
{
	uint8_t *laid = calloc(1, size);

	for (uint32_t i = 0; i < front->runs_count; i++) {
		const struct object_run *run = &front->runs[i];
		ck_assert(run->memory_offset + run->bytes <= size);
		ck_assert(i == 0 || run->memory_offset > run[-1].memory_offset + run[-1].bytes);
		memcpy(laid + run->memory_offset, front->image + run->file_offset, run->bytes);
	}
	ck_assert_mem_eq(laid, memory, size);
	free(laid);
}

START_TEST(too_many_islands_are_joined_over_the_smallest_gaps)
{
	enum {
		ISLANDS = 300,
		PAGES = 80
	};
	static uint8_t memory[PAGES * MEMORY_PAGE_BYTES];
	CLEANUP(building_deinit) struct building b = { 0 };
	uint32_t page = 0;

	/* 20 gaps of one page, 50 of two, 229 of three: 44 are one too many, all the small and
	 * 24 of the middle ones */
	for (uint32_t i = 0; i < ISLANDS; i++) {
		memset(memory + page * HOST_PAGE_BYTES, 'i', 4096);
		add(&b, page * 4096, memory + page * HOST_PAGE_BYTES, 4096);
		page += i % 15 == 0 ? 2 : i % 6 == 1 ? 3 : 4;
	}
	CLEANUP(front_deinit) struct front front = lay(&b, PAGES);
	ck_assert_uint_eq(front.runs_count, OBJECT_RUNS_MAX);
	ck_assert_uint_eq(front.image_bytes, (ISLANDS + 20 + 24 * 2) * HOST_PAGE_BYTES);
	expect_memory(&front, memory, sizeof(memory));
}
END_TEST

START_TEST(widely_scattered_data_is_refused)
{
	CLEANUP(building_deinit) struct building b = { 0 };
	struct front front;
	char reason[FRONT_REASON_SIZE];

	for (uint32_t i = 0; i < 300; i++)
		add(&b, i << 20, "i", 1);
	ck_assert_int_eq(run(&b, 16 * 300, &front, reason), FRONT_REFUSED);
	ck_assert_ptr_nonnull(strstr(reason, "has 300 bytes of data scattered so widely"));
}
END_TEST

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

START_TEST(random_segments_leave_what_copying_leaves)
{
	enum {
		PAGES = 8
	};
	static uint8_t memory[PAGES * MEMORY_PAGE_BYTES], bytes[9000];
	CLEANUP(building_deinit) struct building b = { 0 };
	uint32_t seed = (uint32_t)_i;

	memset(memory, 0, sizeof(memory));
	for (uint32_t i = 0, count = next(&seed) % 60; i < count; i++) {
		uint32_t size = next(&seed) % sizeof(bytes);
		uint32_t offset = next(&seed) % (sizeof(memory) - size);
		memset(bytes, next(&seed) % 3 ? (int)(next(&seed) & 0xff) : 0, size);
		add(&b, offset, bytes, size);
		memcpy(memory + offset, bytes, size);
	}
	CLEANUP(front_deinit) struct front front = lay(&b, PAGES);
	expect_memory(&front, memory, sizeof(memory));
}
END_TEST

static const struct {
	struct modules_part globals, data;
	uint32_t at;
} offsets[] = {
	{ PART_OF(1, 0x7f, 0, 0x41, 9, 0x0b), PART_OF(1, 0, 0x23, 0, 0x0b, 1, '*'), 9 },
	{ PART_OF(0),
		PART_OF(1, 0, 0x41, 6, 0x41, 4, 0x6c, 0x41, 3, 0x6b, 0x41, 2, 0x6a, 0x0b, 1,
			'*'),
		23 },
	{ PART_OF(0), PART_OF(1, 0, 0x41, 0x7f, 0x41, 3, 0x6a, 0x0b, 1, '*'), 2 }, /* wraps */
	{ PART_OF(2, 0x7f, 0, 0x41, 5, 0x0b, 0x7f, 0, 0x23, 0, 0x41, 2, 0x6c, 0x0b),
		PART_OF(1, 2, 0, 0x23, 1, 0x0b, 1, '*'), 10 },
};

START_TEST(offsets_are_worked_out)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_GLOBALS] = offsets[_i].globals;
	plan.sections[WASM_DATA] = offsets[_i].data;
	CLEANUP(front_deinit) struct front front = modules_accept(&plan);
	for (uint32_t i = 0; i < HOST_PAGE_BYTES; i++)
		ck_assert_uint_eq(front.image[i], i == offsets[_i].at ? '*' : 0);
}
END_TEST

START_TEST(offsets_that_are_not_constant_are_refused)
{
	struct modules_plan plan = modules_plain;

	plan.sections[WASM_GLOBALS] = PART(2, 0x7f, 1, 0x41, 9, 0x0b, 0x7e, 0, 0x42, 9, 0x0b);
	plan.sections[WASM_DATA] = PART(1, 0, 0x23, 0, 0x0b, 1, '*');
	modules_refuse(&plan, "reads a global that is not constant");
	plan.sections[WASM_DATA] = PART(1, 0, 0x23, 1, 0x0b, 1, '*');
	modules_refuse(&plan, "gives a value of the wrong type");
	plan.sections[WASM_DATA] = PART(1, 0, 0x23, 2, 0x0b, 1, '*');
	modules_refuse(&plan, "reads a global that is not constant");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("image");
	TCase *pages = tcase_create("pages"), *where = tcase_create("offsets");

	tcase_add_test(pages, a_segment_becomes_the_pages_it_lies_in);
	tcase_add_test(pages, neighbours_are_one_run_in_the_order_of_memory);
	tcase_add_test(pages, a_later_segment_wins);
	tcase_add_test(pages, pages_of_zeros_are_left_out);
	tcase_add_test(pages, only_zeros_need_no_image);
	tcase_add_loop_test(pages, a_segment_outside_memory_is_refused, 0, ARRAY_LEN(outside));
	tcase_add_test(pages, the_last_byte_of_all_can_be_set);
	tcase_add_test(pages, too_many_islands_are_joined_over_the_smallest_gaps);
	tcase_add_test(pages, widely_scattered_data_is_refused);
	tcase_add_loop_test(pages, random_segments_leave_what_copying_leaves, 0, 40);
	suite_add_tcase(s, pages);
	tcase_add_loop_test(where, offsets_are_worked_out, 0, ARRAY_LEN(offsets));
	tcase_add_test(where, offsets_that_are_not_constant_are_refused);
	suite_add_tcase(s, where);
	return s;
}

CHECK_MAIN(suite)
