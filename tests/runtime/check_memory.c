/*
 * check_memory.c: the edges of linear memory: what belongs to the program, what grows, what the
 * image brings, and what an address means. Growing in a locked worker is in check_launcher.c.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "ipc/memfd.h"
#include "runtime/memory.h"
#include "tests/check_run.h"

#define PAGE MEMORY_PAGE_BYTES

static union {
	struct object_header head;
	uint8_t room[sizeof(struct object_header) + 4 * sizeof(struct object_run)];
} object;

static uint8_t *at(uint64_t offset)
{
	return (uint8_t *)MEMORY_BASE + offset;
}

static void map(uint32_t pages, uint32_t max, uint64_t limit)
{
	object.head.memory_pages = pages;
	object.head.memory_pages_max = max;
	ck_assert_int_eq(memory_map(&object.head, -1, limit), 0);
}

static sigjmp_buf back;
static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

/* Not seen by the sanitizers, which would look at the address first. */
__attribute__((no_sanitize("address", "undefined"))) static bool faults(const uint8_t *address)
{
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	if (sigsetjmp(back, 1))
		return true;
	(void)*(volatile const uint8_t *)address;
	return false;
}

START_TEST(bytes_of_the_program_are_found_and_no_others)
{
	static const struct {
		uint32_t pointer;
		uint64_t bytes;
		bool own;
	} rows[] = {
		{ 0, 0, true },
		{ 0, 1, true },
		{ 0, 3 * PAGE, true },
		{ 3 * PAGE - 1, 1, true },
		{ 3 * PAGE, 0, true },
		{ 3 * PAGE, 1, false },
		{ 3 * PAGE - 1, 2, false },
		{ 0, 3 * PAGE + 1, false },
		{ 0, UINT64_MAX, false },
		{ 1, UINT64_MAX, false },
		{ UINT32_MAX, 1, false },
		{ UINT32_MAX, UINT64_MAX, false },
		{ 3 * PAGE + 1, 0, false },
	};

	map(3, 10, 10 * PAGE);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(
			(memory_guest(rows[i].pointer, rows[i].bytes) != NULL) == rows[i].own,
			"row %zu", i);
	ck_assert_ptr_eq(memory_guest(5, 1), at(5));
}
END_TEST

START_TEST(a_program_without_memory_has_none)
{
	map(0, 0, PAGE);
	ck_assert_ptr_null(memory_guest(0, 1));
	ck_assert_uint_ne(memory_grow(0, 1), 0);
	ck_assert(faults(at(0)));
}
END_TEST

START_TEST(growing_stops_at_what_the_program_declares)
{
	map(1, 3, GIB);
	ck_assert_uint_eq(memory_grow(1, 2), 0);
	ck_assert_uint_eq(memory_bytes, 3 * PAGE);
	at(3 * PAGE - 1)[0] = 1;
	ck_assert(faults(at(3 * PAGE)));
	ck_assert_uint_ne(memory_grow(3, 1), 0);
	ck_assert_uint_eq(memory_grow(3, 0), 0);
}
END_TEST

START_TEST(growing_stops_at_the_limit)
{
	map(1, 65536, 3 * PAGE + 100); /* the last page would not be whole */
	ck_assert_uint_ne(memory_grow(1, 3), 0);
	ck_assert_uint_eq(memory_grow(1, 2), 0);
	ck_assert_uint_ne(memory_grow(3, 1), 0);
}
END_TEST

START_TEST(all_four_gigabytes_can_be_had)
{
	map(1, 65536, MEMORY_SIZE_MAX);
	ck_assert_uint_eq(memory_grow(1, 65535), 0);
	at(MEMORY_SIZE_MAX - 1)[0] = 1;
	ck_assert_ptr_eq(memory_guest(UINT32_MAX, 1), at(UINT32_MAX));
	ck_assert_ptr_null(memory_guest(UINT32_MAX, 2));
	ck_assert(faults(at(MEMORY_SIZE_MAX)));
	ck_assert_uint_ne(memory_grow(65536, 1), 0);
	ck_assert_uint_ne(memory_grow(65536, UINT32_MAX), 0);
}
END_TEST

START_TEST(a_lie_about_what_was_there_grows_nothing)
{
	map(2, 10, GIB);
	ck_assert_uint_ne(memory_grow(1, 1), 0);
	ck_assert_uint_ne(memory_grow(3, 1), 0);
	ck_assert_uint_ne(memory_grow(UINT32_MAX, 1), 0);
	ck_assert_uint_eq(memory_bytes, 2 * PAGE);
}
END_TEST

START_TEST(more_than_the_limit_at_the_beginning_is_refused)
{
	object.head.memory_pages = 3;
	object.head.memory_pages_max = 3;
	ck_assert_int_eq(memory_map(&object.head, -1, 3 * PAGE - 1), MEMORY_OVER_LIMIT);
}
END_TEST

START_TEST(the_image_is_a_copy)
{
	char text[] = "data segment", found[sizeof(text)];
	int fd;

	ck_assert_int_eq(memfd_new("image", 8192, 0, &fd), 0);
	ck_assert_int_eq(pwrite(fd, text, sizeof(text), 4096 + 100), sizeof(text));
	object.head = (struct object_header){
		.memory_pages = 1, .memory_pages_max = 2, .runs_count = 1
	};
	object.head.runs[0] = (struct object_run){ 8192, 4096, 4096 };
	ck_assert_int_eq(memory_map(&object.head, fd, GIB), 0);
	ck_assert_mem_eq(at(8192 + 100), text, sizeof(text));
	ck_assert_uint_eq(*at(0), 0);
	ck_assert_uint_eq(*at(8192 + 4096), 0);
	memset(at(8192), 'x', 4096);
	ck_assert_int_eq(pread(fd, found, sizeof(found), 4096 + 100), sizeof(found));
	ck_assert_mem_eq(found, text, sizeof(text));
}
END_TEST

START_TEST(an_address_tells_whether_it_was_meant_for_memory)
{
	uint64_t offset;

	ck_assert(memory_holds(MEMORY_BASE, &offset));
	ck_assert_uint_eq(offset, 0);
	ck_assert(memory_holds(MEMORY_BASE + MEMORY_RESERVED - 1, &offset));
	ck_assert_uint_eq(offset, MEMORY_RESERVED - 1);
	ck_assert(!memory_holds(MEMORY_BASE - 1, &offset));
	ck_assert(!memory_holds(MEMORY_BASE + MEMORY_RESERVED, &offset));
	ck_assert(!memory_holds(UINT64_MAX, &offset));
}
END_TEST

START_TEST(everything_a_program_can_reach_beyond_its_memory_faults)
{
	static const uint64_t offsets[] = { PAGE, PAGE + 1, MEMORY_SIZE_MAX - 1,
		MEMORY_SIZE_MAX, 2 * MEMORY_SIZE_MAX - 1, 2 * MEMORY_SIZE_MAX + 16,
		MEMORY_RESERVED - 1 };

	map(1, 1, GIB);
	for (size_t i = 0; i < ARRAY_LEN(offsets); i++)
		ck_assert(faults(at(offsets[i])));
	ck_assert(!faults(at(PAGE - 1)));
}
END_TEST

/* What the kernel says of the mapping that holds an address: has it this flag? */
static bool has_flag(uint64_t address, const char *flag)
{
	char line[512];
	bool mine = false, has = false;
	unsigned long long from, to;

	FILE *maps = fopen("/proc/self/smaps", "r");
	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof line, maps)) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			mine = from <= address && address < to;
		else if (mine && strncmp(line, "VmFlags:", 8) == 0)
			has = strstr(line, flag) != NULL;
	}
	fclose(maps);
	return has;
}

START_TEST(large_programs_get_large_pages)
{
	if (access("/sys/kernel/mm/transparent_hugepage", F_OK) < 0) {
		fprintf(stderr, "not tested: this kernel has no transparent huge pages\n");
		return;
	}
	map(16, 65536, GIB);
	ck_assert_uint_eq(memory_grow(16, 1000), 0);
	ck_assert(!has_flag((uint64_t)at(0), " hg"));
	ck_assert(!has_flag((uint64_t)at(15 * PAGE), " hg"));
	ck_assert(has_flag((uint64_t)at(4 * MIB), " hg"));
	ck_assert(has_flag((uint64_t)at(1000 * PAGE), " hg"));
}
END_TEST

static Suite *memory_suite(void)
{
	Suite *suite = suite_create("memory");
	TCase *edges = tcase_create("edges"), *growing = tcase_create("growing"),
	      *start = tcase_create("start");

	tcase_add_test(edges, bytes_of_the_program_are_found_and_no_others);
	tcase_add_test(edges, an_address_tells_whether_it_was_meant_for_memory);
	tcase_add_test(edges, everything_a_program_can_reach_beyond_its_memory_faults);
	tcase_add_test(growing, a_program_without_memory_has_none);
	tcase_add_test(growing, growing_stops_at_what_the_program_declares);
	tcase_add_test(growing, growing_stops_at_the_limit);
	tcase_add_test(growing, all_four_gigabytes_can_be_had);
	tcase_add_test(growing, a_lie_about_what_was_there_grows_nothing);
	tcase_add_test(start, more_than_the_limit_at_the_beginning_is_refused);
	tcase_add_test(start, the_image_is_a_copy);
	tcase_add_test(start, large_programs_get_large_pages);
	suite_add_tcase(suite, edges);
	suite_add_tcase(suite, growing);
	suite_add_tcase(suite, start);
	return suite;
}

CHECK_MAIN(memory_suite)
