/* check_profiles.c: who is watched, what becomes of what was counted, and when it is used. */
#include "supervisor/compiling/profiles.h"
#include "supervisor/compiling/tally.h"
#include "tests/supervisor/compile_fixture.h"
#include "tests/supervisor/fake_counting.h"

static struct profiles *profiles;
static uint32_t share;
static int done, result; /* of what was asked last */

static bool hash_of(void *context, const struct hash *program, struct hash *out)
{
	(void)context;
	return profiles && profiles_hash(profiles, program, out);
}

static int file_of(void *context, const struct hash *program, int *fd)
{
	(void)context;
	return profiles_file(profiles, program, fd);
}

static void open_profiles(void)
{
	ck_assert_int_eq(profiles_open(path("profiles"), offload, events, share, &profiles), 0);
	profiles_begin(profiles, compile);
}

static void turn_until_ready(void)
{
	const int never = 0;

	while (compiler_state(compile_compiler(compile)) == COMPILER_ASKING)
		turn_for(&never, 1, 5);
}

static void set_up_profiles(void)
{
	share = 0;
	set_up();
	touch("profiled");
	touch("instrumented");
	close_all();
	parts.profiles = (struct compile_profiles){ NULL, hash_of, file_of };
	open_all();
	open_profiles();
	turn_until_ready();
}

static void close_profiles(void)
{
	close_all();
	profiles = profiles_free(profiles);
}

static void restart(void)
{
	close_profiles();
	open_all();
	open_profiles();
	turn_until_ready();
}

static void tear_down_profiles(void)
{
	close_profiles();
	open_all();
	tear_down();
}

static void on_done(void *context, int r)
{
	(void)context;
	done++;
	result = r;
}

typedef int acting(struct profiles *, const struct hash *, profiles_done *, void *);

static int act(acting *verb, const struct hash *program)
{
	done = 0;
	int r = verb(profiles, program, on_done, NULL);
	if (r)
		return r;
	turn_for(&done, 1, 20000);
	ck_assert_int_eq(done, 1);
	return result;
}

static struct profiles_row row_of(const struct hash *program)
{
	struct profiles_row row = { 0 };

	ck_assert(profiles_get(profiles, program, &row));
	return row;
}

static struct profiles_run *begin(const struct hash *program, uint64_t id)
{
	struct profiles_run *run = NULL;
	int object = counting_object(id);

	ck_assert_int_eq(profiles_run_begin(profiles, program, object, &run), 0);
	close(object);
	return run;
}

static void count(struct profiles_run *run, uint64_t n)
{
	ck_assert_int_eq(pwrite(profiles_run_memory(run), &n, 8, 0), 8);
}

/* Until everything that was asked is on disk. */
static void turn_until_written(const struct hash *program)
{
	(void)act(profiles_rm, &(struct hash){ .bytes = { 0xee } });
	done = 0;
	ck_assert_int_eq(act(profiles_start, program), 0);
}

static void run_once(const struct hash *program)
{
	struct profiles_run *run = begin(program, 5);

	count(run, 1);
	profiles_run_end(run);
}

START_TEST(a_program_is_watched_until_that_is_stopped)
{
	struct hash program = add("good"), other = add("good other");

	ck_assert(!profiles_wanted(profiles, &program));
	ck_assert_int_eq(act(profiles_start, &program), 0);
	ck_assert(profiles_wanted(profiles, &program));
	ck_assert(!profiles_wanted(profiles, &other));
	restart();
	ck_assert(profiles_wanted(profiles, &program));
	ck_assert_int_eq(act(profiles_stop, &program), 0);
	ck_assert(!profiles_wanted(profiles, &program));
	/* nothing was counted, so nothing is left */
	ck_assert_int_eq(act(profiles_stop, &program), PROFILES_NONE);
	ck_assert_int_eq(act(profiles_rm, &program), PROFILES_NONE);
}
END_TEST

START_TEST(what_a_process_counted_is_added_when_it_is_gone)
{
	struct hash program = add("good");

	ck_assert_int_eq(act(profiles_start, &program), 0);
	run_once(&program);
	struct profiles_run *run = begin(&program, 5);
	ck_assert_uint_eq(row_of(&program).running, 1);
	count(run, 3);
	profiles_run_end(run);
	turn_until_written(&program);
	ck_assert_uint_eq(row_of(&program).runs, 2);
	ck_assert_uint_eq(row_of(&program).running, 0);
	ck_assert(!row_of(&program).settled);
	restart();
	ck_assert_uint_eq(row_of(&program).runs, 2);
}
END_TEST

START_TEST(stopping_takes_what_is_counted_now_and_has_it_built_from)
{
	struct hash program = add("good"), hash;
	struct profiles_row row;

	ck_assert_int_eq(act(profiles_start, &program), 0);
	struct profiles_run *run = begin(&program, 5);
	count(run, 9);
	ck_assert(!profiles_hash(profiles, &program, &hash));
	ck_assert_int_eq(act(profiles_stop, &program), 0);
	row = row_of(&program);
	ck_assert(row.settled && !row.of_another && !row.watched);
	ck_assert_uint_eq(row.runs, 1);
	ck_assert_uint_eq(row.running, 0); /* what it counts now is nobody's */
	ck_assert(profiles_hash(profiles, &program, &hash));
	count(run, 10);
	profiles_run_end(run);
	turn_until_built("profiled", 1);
	turn_until_nothing_is_behind();
	ck_assert_uint_eq(row_of(&program).runs, 1);
}
END_TEST

START_TEST(aotc_is_given_the_profile)
{
	struct hash program = add("good");
	struct wish wish;

	ck_assert_int_eq(act(profiles_start, &program), 0);
	run_once(&program);
	ck_assert_int_eq(act(profiles_stop, &program), 0);
	turn_until_nothing_is_behind();
	get(&wish, "good");
	ck_assert_int_eq(wish.object->tier, OBJECT_PROFILED);
	shelf_drop(wish.object);
	char magic[9] = "";
	FILE *file = fopen(path("profile"), "re"); /* what the script was given */
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fread(magic, 1, 8, file), 8);
	fclose(file);
	ck_assert_str_eq(magic, PROFILE_MAGIC);
}
END_TEST

START_TEST(what_is_removed_while_it_counts_stays_removed)
{
	struct hash program = add("good");
	struct profiles_row row;

	ck_assert_int_eq(act(profiles_start, &program), 0);
	struct profiles_run *run = begin(&program, 5);
	count(run, 1);
	ck_assert_int_eq(act(profiles_rm, &program), 0);
	profiles_run_end(run);
	(void)act(profiles_start, &(struct hash){ .bytes = { 1 } });
	ck_assert(!profiles_get(profiles, &program, &row));
	ck_assert(!profiles_wanted(profiles, &program));
}
END_TEST

START_TEST(of_a_share_of_starts_a_profile_settles_when_the_runs_have_doubled)
{
	struct hash program = add("good"), names[5];
	const bool same[] = { false, false, true, false }; /* after 2, 3, 4 runs */

	share = 100;
	restart();
	ck_assert(profiles_wanted(profiles, &program));
	for (uint32_t i = 0; i < 4; i++) {
		run_once(&program);
		(void)act(profiles_stop, &(struct hash){ .bytes = { 1 } });
		ck_assert_int_eq(act(profiles_start, &(struct hash){ .bytes = { 1 } }), 0);
		ck_assert_uint_eq(row_of(&program).runs, i + 1);
		ck_assert(profiles_hash(profiles, &program, &names[i]));
		ck_assert(i == 0 || hash_equal(&names[i], &names[i - 1]) == same[i]);
	}
	ck_assert(!row_of(&program).watched);
}
END_TEST

START_TEST(no_share_is_asked_for_by_itself)
{
	struct hash program = add("good");

	for (int i = 0; i < 1000; i++)
		ck_assert(!profiles_wanted(profiles, &program));
}
END_TEST

/* ---- what is not used ---- */

static void write_file(const struct hash *program, const struct hash *toolchain)
{
	CLEANUP(fd_closep) int folder = -1;
	CLEANUP(fd_closep) int object = counting_object(5);
	CLEANUP(fd_closep) int counters = counted(1, 1);
	CLEANUP(tally_deinit) struct tally tally;

	tally_init(&tally, 1);
	ck_assert_int_eq(folder_open(path("profiles"), &folder), 0);
	ck_assert_int_eq(tally_add(&tally, object, counters, toolchain), 0);
	tally_settle(&tally);
	ck_assert_int_eq(tally_write(folder, program, &tally), 0);
}

START_TEST(what_the_object_of_another_compiler_counted_is_kept_and_not_used)
{
	struct hash program = add("good"), hash;

	write_file(&program, &(struct hash){ .bytes = { 1 } });
	restart();
	struct profiles_row row = row_of(&program);
	ck_assert(row.settled && row.of_another);
	ck_assert(!profiles_hash(profiles, &program, &hash));
	write_file(&program, compiler_id(compile_compiler(compile), OBJECT_INSTRUMENTED));
	restart();
	ck_assert(!row_of(&program).of_another);
	ck_assert(profiles_hash(profiles, &program, &hash));
}
END_TEST

static void damage(const struct hash *program, const char *with)
{
	char name[128], hex[HASH_HEX_SIZE];

	snprintf(name, sizeof(name), "profiles/%s", hash_to_hex(program, hex));
	FILE *file = fopen(path(name), "r+e");
	ck_assert_ptr_nonnull(file);
	fputs(with, file);
	fclose(file);
}

START_TEST(a_damaged_file_is_dropped_and_that_is_said)
{
	struct hash program = add("good");
	struct profiles_row row;

	ck_assert_int_eq(act(profiles_start, &program), 0);
	damage(&program, "rstally1 this is none");
	ck_assert_int_eq(act(profiles_stop, &program), PROFILES_NONE);
	ck_assert(!profiles_get(profiles, &program, &row));
	ck_assert_int_eq(act(profiles_start, &program), 0);
	damage(&program, "nothing of the kind");
	restart();
	ck_assert(!profiles_get(profiles, &program, &row));
}
END_TEST

/* ---- limits ---- */

START_TEST(only_so_many_processes_count_at_a_time)
{
	struct profiles_run *runs[PROFILES_RUNS_MAX], *more = NULL;
	struct hash program = add("good");
	CLEANUP(fd_closep) int object = counting_object(5);

	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		runs[i] = begin(&program, 5);
	ck_assert_int_eq(profiles_run_begin(profiles, &program, object, &more), PROFILES_FULL);
	ck_assert_int_eq(profiles_run_memory(more), -1);
	profiles_run_end(runs[0]);
	runs[0] = NULL;
	turn_until_written(&program);
	runs[0] = begin(&program, 5);
	for (size_t i = 0; i < ARRAY_LEN(runs); i++)
		profiles_run_end(runs[i]);
}
END_TEST

START_TEST(only_so_many_programs_are_watched)
{
	struct hash program = { .bytes = { 0 } };

	for (uint32_t i = 0; i < PROFILES_MAX; i++) {
		program.bytes[0] = (uint8_t)i;
		ck_assert_int_eq(act(profiles_start, &program), 0);
	}
	program.bytes[1] = 1;
	ck_assert_int_eq(act(profiles_start, &program), PROFILES_FULL);
	program.bytes[1] = 0;
	ck_assert_int_eq(act(profiles_rm, &program), 0);
	program.bytes[1] = 1;
	ck_assert_int_eq(act(profiles_start, &program), 0);
}
END_TEST

START_TEST(an_object_that_counts_nothing_is_refused)
{
	struct hash program = add("good");
	struct profiles_run *run = NULL;
	int object;

	ck_assert_int_eq(memfd_new("object", 2 * HOST_PAGE_BYTES, 0, &object), 0);
	ck_assert_int_eq(profiles_run_begin(profiles, &program, object, &run), -EINVAL);
	close(object);
	profiles_run_end(run);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("profiles");
	TCase *watching = tcase_create("watching"), *limits = tcase_create("limits");

	tcase_set_timeout(watching, 60);
	tcase_add_checked_fixture(watching, set_up_profiles, tear_down_profiles);
	tcase_add_test(watching, a_program_is_watched_until_that_is_stopped);
	tcase_add_test(watching, what_a_process_counted_is_added_when_it_is_gone);
	tcase_add_test(watching, stopping_takes_what_is_counted_now_and_has_it_built_from);
	tcase_add_test(watching, aotc_is_given_the_profile);
	tcase_add_test(watching, what_is_removed_while_it_counts_stays_removed);
	tcase_add_test(
		watching, of_a_share_of_starts_a_profile_settles_when_the_runs_have_doubled);
	tcase_add_test(watching, no_share_is_asked_for_by_itself);
	tcase_add_test(
		watching, what_the_object_of_another_compiler_counted_is_kept_and_not_used);
	tcase_add_test(watching, a_damaged_file_is_dropped_and_that_is_said);
	suite_add_tcase(s, watching);
	tcase_set_timeout(limits, 60);
	tcase_add_checked_fixture(limits, set_up_profiles, tear_down_profiles);
	tcase_add_test(limits, only_so_many_processes_count_at_a_time);
	tcase_add_test(limits, only_so_many_programs_are_watched);
	tcase_add_test(limits, an_object_that_counts_nothing_is_refused);
	suite_add_tcase(s, limits);
	return s;
}

CHECK_MAIN(suite)
