/*
 * check_profile.c: an object that counts, the profile that is made of its counters, and the
 * object that is built from that. The program decides what is in the counters: whatever it is,
 * the next object computes the same.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include "aotc/flags.h"
#include "aotc/profile.h"
#include "aotc/skeleton.h"
#include "ipc/memfd.h"
#include "tests/aotc/harness.h"
#include "tests/check_run.h"

#define ANSWER 20

/* Loops, one choice after the other, a switch, a call through a table, a function that is never
 * called. */
static const char program[] =
	"(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"
	"(memory 1) (table 2 funcref) (elem (i32.const 0) $odd $even) (type $t (func (param "
	"i32) (result i32)))"
	"(func $odd (type $t) (if (result i32) (i32.gt_u (local.get 0) (i32.const 990)) (then "
	"(i32.const 3)) (else (i32.const 0))))"
	"(func $even (type $t) (block $b (block $a (br_table $a $b $b (i32.and (local.get 0) "
	"(i32.const 7)))) (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) "
	"(i32.const "
	"1)))) (i32.const 0))"
	"(func $never (export \"never\") (param i32) (result i32) (loop $l (local.set 0 "
	"(i32.sub (local.get 0) (i32.const 1))) (br_if $l (local.get 0))) (local.get 0))"
	"(func (export \"_start\") (local $i i32) (local $sum i32)"
	"(loop $l"
	"(if (i32.and (local.get $i) (i32.const 2)) (then (i32.store (i32.const 16) (local.get "
	"$i))))"
	"(if (i32.and (local.get $i) (i32.const 4)) (then (i32.store (i32.const 20) (local.get "
	"$i))))"
	"(local.set $sum (i32.add (local.get $sum) (call_indirect (type $t) (local.get $i) "
	"(i32.sub (i32.const 1) (i32.and (local.get $i) (i32.const 1))))))"
	"(local.set $i (i32.add (local.get $i) (i32.const 1)))"
	"(br_if $l (i32.lt_u (local.get $i) (i32.const 1000))))"
	"(call $exit (i32.add (local.get $sum) (i32.and (i32.load (i32.const 8)) (i32.const "
	"7))))))";

static const char dead_load[] =
	"(module (memory 1) (func $f (drop (i32.load (i32.const 65533)))) (func (export "
	"\"_start\") (call $f)))";

static const char *text = program;
static struct harness harness;
static struct object_header head;
static uint8_t *skeleton;
static uint64_t *counters; /* as the program left them; tests write there as well */
static int shared;

static void make(enum object_tier tier, uint64_t part_bytes)
{
	int r = harness_translate(&harness, HARNESS_OLD, part_bytes, text);

	ck_assert_msg(r == 0, "translate answers %d: %s", r, harness.build.reason);
	harness.build.plan.tier = tier;
}

static void read_object(void *to, uint64_t bytes, uint64_t at)
{
	ck_assert_int_eq(pread(harness.object, to, bytes, (off_t)at), bytes);
}

/* Builds the object that counts. */
static void instrument(uint64_t part_bytes)
{
	make(OBJECT_INSTRUMENTED, part_bytes);
	int r = harness_compile(&harness);
	ck_assert_msg(r == 0, "compile answers %d: %s", r, harness.build.reason);
	read_object(&head, sizeof head, 0);
	skeleton = malloc(head.skeleton_bytes);
	read_object(skeleton, head.skeleton_bytes, head.skeleton_offset);
}

/* Runs it; it is gone afterwards, what it counted is there. */
static void collect(uint64_t part_bytes)
{
	instrument(part_bytes);
	ck_assert_int_eq(memfd_new("counters", head.counters_bytes, F_SEAL_SHRINK | F_SEAL_GROW,
				 &shared),
		0);
	ck_assert_int_eq(harness_run_counting(harness.object, shared),
		text == program ? ANSWER : HARNESS_FAULT);
	counters = malloc(head.counters_bytes);
	ck_assert_int_eq(pread(shared, counters, head.counters_bytes, 0), head.counters_bytes);
	close(shared);
	harness_deinit(&harness);
}

static void tear_down(void)
{
	free(skeleton);
	free(counters);
	flags_left_out = NULL;
	skeleton = NULL;
	counters = NULL;
}

static int give_profile(void)
{
	const struct profile profile = { .magic = PROFILE_MAGIC,
		.counters_id = head.counters_id,
		.skeleton_bytes = head.skeleton_bytes,
		.counters_bytes = head.counters_bytes };
	int fd;

	ck_assert_int_eq(memfd_new("profile", 0, 0, &fd), 0);
	ck_assert_int_eq(write(fd, &profile, sizeof profile), sizeof profile);
	ck_assert_int_eq(write(fd, skeleton, head.skeleton_bytes), head.skeleton_bytes);
	ck_assert_int_eq(write(fd, counters, head.counters_bytes), head.counters_bytes);
	lseek(fd, 0, SEEK_SET);
	return fd;
}

/* Builds from what is in counters[], and answers what the object does. */
static int build_and_run(uint64_t part_bytes)
{
	make(OBJECT_PROFILED, part_bytes);
	harness.build.profile_fd = give_profile();
	int r = harness_compile(&harness);
	close(harness.build.profile_fd);
	ck_assert_msg(r == 0, "compile answers %d: %s", r, harness.build.reason);
	return harness_run(harness.object);
}

static uint64_t most(void)
{
	uint64_t found = 0;

	for (size_t i = 0; i < head.counters_bytes / 8; i++)
		found = counters[i] > found ? counters[i] : found;
	return found;
}

/* The text of the object's code is what the build decides. */
static struct hash code_hash(void)
{
	struct object_header profiled;

	read_object(&profiled, sizeof profiled, 0);
	ck_assert_uint_eq(profiled.tier, OBJECT_PROFILED);
	CLEANUP(freep) uint8_t *elf = malloc(profiled.elf_bytes);
	read_object(elf, profiled.elf_bytes, profiled.elf_offset);
	return hash_blake2b(elf, profiled.elf_bytes);
}

START_TEST(an_instrumented_object_counts_branches)
{
	collect(0);
	ck_assert_uint_eq(head.tier, OBJECT_INSTRUMENTED);
	ck_assert_uint_gt(head.counters_id, 0);
	ck_assert(skeleton_fits(skeleton, head.skeleton_bytes, head.counters_bytes, 1));
	/* the loop goes round a thousand times, and nothing more often */
	ck_assert_uint_ge(most(), 500);
	ck_assert_uint_le(most(), 1000);
}
END_TEST

START_TEST(it_runs_as_well_when_nobody_looks)
{
	instrument(0);
	ck_assert_int_eq(harness_run(harness.object), ANSWER);
	harness_deinit(&harness);
}
END_TEST

START_TEST(the_same_input_is_instrumented_to_the_same_bytes)
{
	CLEANUP(freep) uint8_t *first = NULL;
	struct stat stat;

	instrument(0);
	ck_assert_int_eq(fstat(harness.object, &stat), 0);
	size_t bytes = (size_t)stat.st_size;
	first = malloc(bytes);
	read_object(first, bytes, 0);
	harness_deinit(&harness);
	tear_down();
	instrument(0);
	CLEANUP(freep) uint8_t *second = malloc(bytes);
	read_object(second, bytes, 0);
	ck_assert_mem_eq(first, second, bytes);
	harness_deinit(&harness);
}
END_TEST

START_TEST(counters_of_another_size_are_not_shared)
{
	instrument(0);
	ck_assert_int_eq(memfd_new("counters", head.counters_bytes + HOST_PAGE_BYTES,
				 F_SEAL_SHRINK | F_SEAL_GROW, &shared),
		0);
	ck_assert_int_eq(harness_run_counting(harness.object, shared), 251);
	close(shared);
	ck_assert_int_eq(memfd_new("counters", head.counters_bytes, 0, &shared), 0);
	ck_assert_int_eq(harness_run_counting(harness.object, shared), 251);
	close(shared);
	harness_deinit(&harness);
}
END_TEST

/* 0: one part; else several. */
static const uint64_t part_sizes[] = { 0, 64 };

START_TEST(what_is_built_from_a_profile_answers_the_same)
{
	uint64_t part_bytes = part_sizes[_i];

	collect(part_bytes);
	ck_assert_int_eq(build_and_run(part_bytes), ANSWER);
	ck_assert_int_eq(part_bytes != 0, harness.build.parts > 1);
	struct hash with = code_hash();
	harness_deinit(&harness);
	memset(counters, 0, head.counters_bytes);
	ck_assert_int_eq(build_and_run(part_bytes), ANSWER);
	struct hash without = code_hash();
	harness_deinit(&harness);
	ck_assert_msg(!hash_equal(&with, &without), "the profile was not used");
}
END_TEST

START_TEST(a_dead_load_traps_with_a_profile_as_well)
{
	text = dead_load;
	collect(0);
	ck_assert_int_eq(build_and_run(0), HARNESS_FAULT);
	harness_deinit(&harness);
}
END_TEST

/* ---- what each flag is for ---- */

static const char *const counting_flags[] = { "-fprofile-arcs", "-fprofile-info-section",
	"-fdata-sections", "-Wl,-T,rs-counters.ld" };

START_TEST(without_one_of_its_flags_nothing_is_counted)
{
	make(OBJECT_INSTRUMENTED, 0);
	flags_left_out = counting_flags[_i];
	ck_assert_int_ne(harness_compile(&harness), 0);
	harness_deinit(&harness);
}
END_TEST

static struct hash built_without(const char *flag)
{
	flags_left_out = flag;
	ck_assert_int_eq(build_and_run(0), ANSWER);
	struct hash hash = code_hash();
	harness_deinit(&harness);
	return hash;
}

START_TEST(without_its_flag_a_profile_is_not_used)
{
	collect(0);
	struct hash with = built_without(NULL), without = built_without("-fprofile-use");

	ck_assert(!hash_equal(&with, &without));
}
END_TEST

START_TEST(what_no_run_came_to_is_made_fast_all_the_same)
{
	collect(0);
	struct hash with = built_without(NULL),
		    without = built_without("-fprofile-partial-training");

	ck_assert(!hash_equal(&with, &without));
}
END_TEST

/* ---- whatever is in the counters ---- */

static void ones(void)
{
	memset(counters, 0xff, head.counters_bytes);
}
static void the_greatest(void)
{
	for (size_t i = 0; i < head.counters_bytes / 8; i++)
		counters[i] = INT64_MAX;
}
static void one_is_great(void)
{
	counters[1] = UINT64_MAX;
}
static void they_alternate(void)
{
	for (size_t i = 0; i < head.counters_bytes / 8; i++)
		counters[i] = i & 1 ? UINT64_MAX : 0;
}
static void random_ones(void)
{
	uint64_t x = 88172645463325252u; /* Marsaglia's xorshift64 */

	for (size_t i = 0; i < head.counters_bytes / 8; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		counters[i] = x >> (x & 63);
	}
}

static void (*const lies[])(
	void) = { ones, the_greatest, one_is_great, they_alternate, random_ones };

START_TEST(whatever_is_counted_the_object_answers_the_same)
{
	collect(0);
	lies[_i]();
	ck_assert_int_eq(build_and_run(0), ANSWER);
	harness_deinit(&harness);
}
END_TEST

/* ---- what does not hold together ---- */

static struct skeleton *skeleton_head(void)
{
	return (void *)skeleton;
}
static struct skeleton_function *first_function(void)
{
	return (void *)(skeleton + sizeof(struct skeleton));
}

static void more_functions(void)
{
	skeleton_head()->functions++;
}
static void no_end_of_functions(void)
{
	skeleton_head()->functions = UINT32_MAX;
}
static void another_part(void)
{
	first_function()->part = 1;
}
static void counters_beyond(void)
{
	first_function()->count = (uint32_t)(head.counters_bytes / 8) + 1;
}
static void counters_that_wrap(void)
{
	first_function()->first = UINT32_MAX;
	first_function()->count = 2;
}
static void fewer_counters(void)
{
	head.counters_bytes = 0;
}
static void odd_counters(void)
{
	head.counters_bytes -= 4;
}

static void (*const damages[])(void) = { more_functions, no_end_of_functions, another_part,
	counters_beyond, counters_that_wrap, fewer_counters, odd_counters };

START_TEST(a_profile_that_does_not_hold_together_is_not_used)
{
	collect(0);
	damages[_i]();
	make(OBJECT_PROFILED, 0);
	harness.build.profile_fd = give_profile();
	ck_assert_int_eq(harness_compile(&harness), BUILD_FAILED);
	ck_assert_ptr_nonnull(strstr(harness.build.reason, "does not hold together"));
	close(harness.build.profile_fd);
	harness_deinit(&harness);
}
END_TEST

START_TEST(a_profile_of_another_program_is_none)
{
	collect(0);
	for (uint32_t i = 0; i < skeleton_head()->functions; i++)
		first_function()[i].graph ^= 1;
	ck_assert_int_eq(build_and_run(0), ANSWER);
	harness_deinit(&harness);
}
END_TEST

START_TEST(an_object_without_counters_has_no_skeleton)
{
	struct skeleton_made made;

	make(OBJECT_FULL, 0);
	ck_assert_int_eq(harness_compile(&harness), 0);
	read_object(&head, sizeof head, 0);
	ck_assert_uint_eq(head.counters_bytes + head.skeleton_bytes, 0);
	CLEANUP(freep) uint8_t *elf = malloc(head.elf_bytes);
	read_object(elf, head.elf_bytes, head.elf_offset);
	ck_assert_int_eq(skeleton_make(elf, &made), SKELETON_STRANGE);
	harness_deinit(&harness);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("profile");
	TCase *counting = tcase_create("counting");
	TCase *use = tcase_create("use");
	TCase *hostile = tcase_create("hostile");

	tcase_set_timeout(counting, 120);
	tcase_add_checked_fixture(counting, NULL, tear_down);
	tcase_add_test(counting, an_instrumented_object_counts_branches);
	tcase_add_test(counting, it_runs_as_well_when_nobody_looks);
	tcase_add_test(counting, the_same_input_is_instrumented_to_the_same_bytes);
	tcase_add_test(counting, counters_of_another_size_are_not_shared);
	tcase_add_test(counting, an_object_without_counters_has_no_skeleton);
	suite_add_tcase(s, counting);
	tcase_set_timeout(use, 120);
	tcase_add_checked_fixture(use, NULL, tear_down);
	tcase_add_loop_test(
		use, what_is_built_from_a_profile_answers_the_same, 0, ARRAY_LEN(part_sizes));
	tcase_add_test(use, a_profile_of_another_program_is_none);
	tcase_add_test(use, a_dead_load_traps_with_a_profile_as_well);
	tcase_add_loop_test(
		use, without_one_of_its_flags_nothing_is_counted, 0, ARRAY_LEN(counting_flags));
	tcase_add_test(use, without_its_flag_a_profile_is_not_used);
	tcase_add_test(use, what_no_run_came_to_is_made_fast_all_the_same);
	suite_add_tcase(s, use);
	tcase_set_timeout(hostile, 120);
	tcase_add_checked_fixture(hostile, NULL, tear_down);
	tcase_add_loop_test(
		hostile, whatever_is_counted_the_object_answers_the_same, 0, ARRAY_LEN(lies));
	tcase_add_loop_test(hostile, a_profile_that_does_not_hold_together_is_not_used, 0,
		ARRAY_LEN(damages));
	suite_add_tcase(s, hostile);
	return s;
}

CHECK_MAIN(suite)
