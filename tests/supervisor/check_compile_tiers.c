#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "tests/supervisor/compile_fixture.h"

static const int never;

/* As after a restart of rsd. */
static void reopen(void)
{
	close_all();
	open_all();
}

/* With a quick tier. */
static void set_up_quick(void)
{
	set_up();
	touch("quick");
	reopen();
}

static void get_best(struct wish *wish, const char *text)
{
	struct hash program = add(text);

	settled = 0;
	*wish = (struct wish){
		.want = { .program = program, .quality = TIERS_BEST, .ready = ready }
	};
	compile_get(compile, &wish->want);
	turn_for(&settled, 1, 20000);
	ck_assert_int_eq(wish->calls, 1);
}

/* It was answered with an object of this tier, which is let go. */
static void is_of(struct wish *wish, enum object_tier tier)
{
	ck_assert_msg(wish->outcome == COMPILE_DONE, "%s", wish->why);
	ck_assert_int_eq(wish->object->tier, tier);
	wish->object = shelf_drop(wish->object);
}

static void is_written(const char *name, const char *text)
{
	char line[128] = "";
	FILE *file = fopen(path(name), "re");

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	fclose(file);
	ck_assert_str_eq(line, text);
}

/* With the priority that these tests were started with. */
static void is_at_our_priority(void)
{
	char text[64];

	snprintf(text, sizeof text, "nice %d policy 0\n", getpriority(PRIO_PROCESS, 0));
	is_written("priority", text);
}

/* ---- which tier ---- */

START_TEST(the_first_start_is_quick_and_the_next_one_full)
{
	struct wish wish;

	get(&wish, "good");
	is_of(&wish, OBJECT_QUICK);
	turn_until_nothing_is_behind();
	get(&wish, "good");
	is_of(&wish, OBJECT_FULL);
	ck_assert_int_eq(builds_of("quick"), 1);
	ck_assert_int_eq(builds_of("full"), 1);
	close_all(); /* nor does that change when rsd is another */
	open_all();
	get(&wish, "good");
	is_of(&wish, OBJECT_FULL);
	ck_assert_int_eq(compiles(), 2);
}
END_TEST

START_TEST(who_wants_the_best_waits_for_it_and_needs_no_quick_one)
{
	struct wish wish;

	get_best(&wish, "good");
	is_of(&wish, OBJECT_FULL);
	get(&wish, "good");
	is_of(&wish, OBJECT_FULL);
	ck_assert_int_eq(builds_of("quick"), 0);
	ck_assert_int_eq(compiles(), 1);
}
END_TEST

START_TEST(two_who_want_different_things_get_them_from_two_builds)
{
	struct hash program = add("quick:good full:wait");
	struct wish now, best;

	settled = 0;
	best = (struct wish){
		.want = { .program = program, .quality = TIERS_BEST, .ready = ready }
	};
	compile_get(compile, &best.want);
	ask(&now, &program);
	turn_for(&settled, 1, 20000);
	is_of(&now, OBJECT_QUICK);
	touch("go");
	turn_for(&settled, 2, 20000);
	is_of(&best, OBJECT_FULL);
	turn_until_nothing_is_behind();
	ck_assert_int_eq(compiles(), 2);
}
END_TEST

START_TEST(without_a_quick_compiler_or_the_wish_for_one_full_is_the_first)
{
	struct wish wish;

	parts.no_quick = true;
	reopen();
	get(&wish, "good");
	is_of(&wish, OBJECT_FULL);
	parts.no_quick = false;
	ck_assert_int_eq(unlink(path("quick")), 0);
	reopen();
	get(&wish, "good again");
	is_of(&wish, OBJECT_FULL);
	ck_assert_int_eq(builds_of("quick"), 0);
}
END_TEST

START_TEST(what_is_unfit_for_quick_is_remembered_so)
{
	struct wish wish;
	char command[128];

	snprintf(command, sizeof(command), "rm %s/objects/*", home);
	for (int i = 0; i < 2; i++) {
		get(&wish, "quick:unfit full:good");
		is_of(&wish, OBJECT_FULL);
		ck_assert_int_eq(builds_of("quick"), 1);
		ck_assert_int_eq(builds_of("full"), 1 + i);
		close_all();
		ck_assert_int_eq(system(command), 0);
		open_all();
	}
}
END_TEST

START_TEST(full_has_the_last_word_on_what_quick_refuses_or_breaks_on)
{
	struct wish wish;

	get(&wish, "quick:bad full:good");
	is_of(&wish, OBJECT_FULL);
	get(&wish, "quick:broken full:good");
	is_of(&wish, OBJECT_FULL);
	get(&wish, "bad");
	ck_assert_int_eq(wish.outcome, COMPILE_REFUSED);
	ck_assert_str_eq(wish.why, "imports env.foo, which nothing provides");
	int before = compiles();
	reopen();
	get(&wish, "bad");
	ck_assert_int_eq(wish.outcome, COMPILE_REFUSED);
	ck_assert_str_eq(wish.why, "imports env.foo, which nothing provides");
	ck_assert_int_eq(compiles(), before);
}
END_TEST

START_TEST(aotc_is_told_what_rsd_was)
{
	struct wish wish;

	parts.way.target_cpu = "x86-64-v2";
	parts.way.relaxed_reads = true;
	reopen();
	get_best(&wish, "good");
	is_of(&wish, OBJECT_FULL);
	ck_assert_int_eq(builds_of("full --target-cpu x86-64-v2 --relaxed-reads"), 1);
}
END_TEST

START_TEST(how_long_a_build_took_is_known_after_a_restart)
{
	struct wish wish;
	struct lookup_key keys[OBJECT_TIERS];

	get(&wish, "slow");
	turn_until_nothing_is_behind();
	shelf_drop(wish.object);
	reopen();
	get(&wish, "slow"); /* also waits until the keys are known */
	is_of(&wish, OBJECT_FULL);
	ck_assert_uint_eq(compile_keys(compile, &wish.want.program, keys), 2);
	for (int i = 0; i < 2; i++) {
		const struct build_note *note = builds_find(builds, &keys[i].key);
		ck_assert_ptr_nonnull(note);
		ck_assert_int_eq(note->tier, keys[i].tier);
		ck_assert_uint_ge(note->build_ms, 250);
		ck_assert_uint_eq(note->bytes, 5);
	}
	builds_forget(builds, &wish.want.program);
	reopen();
	ck_assert_ptr_null(builds_find(builds, &keys[0].key));
}
END_TEST

/* ---- behind ---- */

START_TEST(behind_is_at_low_priority)
{
	struct wish wish;

	get(&wish, "quick:good full:wait");
	is_of(&wish, OBJECT_QUICK);
	turn_until_built("full", 1);
	turn_for(&never, 1, 100);
	touch("go");
	turn_until_nothing_is_behind();
	is_written("priority", "nice 19 policy 5\n");
}
END_TEST

/* Where the kernel does not allow it (no CAP_SYS_NICE), it begins anew. */
START_TEST(who_waits_gets_it_at_full_priority)
{
	struct hash program = add("quick:good full:wait");
	struct wish now, best;

	get(&now, "quick:good full:wait");
	is_of(&now, OBJECT_QUICK);
	turn_until_built("full", 1);
	settled = 0;
	best = (struct wish){
		.want = { .program = program, .quality = TIERS_BEST, .ready = ready }
	};
	compile_get(compile, &best.want);
	turn_for(&never, 1, 300);
	touch("go");
	turn_for(&settled, 1, 20000);
	is_of(&best, OBJECT_FULL);
	is_at_our_priority();
	turn_until_nothing_is_behind();
	ck_assert_int_le(builds_of("full"), 2);
}
END_TEST

/* As a user's rsd is: it may lower what it started, and not take that back. */
static void give_up_nice(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	const uint32_t bit = 1u << CAP_SYS_NICE % 32;

	ck_assert_int_eq(setrlimit(RLIMIT_NICE, &(struct rlimit){ 0, 0 }), 0);
	ck_assert_int_eq(syscall(SYS_capget, &head, data), 0);
	data[CAP_SYS_NICE / 32].effective &= ~bit;
	data[CAP_SYS_NICE / 32].permitted &= ~bit;
	data[CAP_SYS_NICE / 32].inheritable &= ~bit;
	ck_assert_int_eq(syscall(SYS_capset, &head, data), 0);
}

START_TEST(where_the_kernel_gives_no_priority_back_it_begins_anew)
{
	give_up_nice();
	struct hash program = add("quick:good full:wait");
	struct wish now, best;

	get(&now, "quick:good full:wait");
	is_of(&now, OBJECT_QUICK);
	turn_until_built("full", 1);
	settled = 0;
	best = (struct wish){
		.want = { .program = program, .quality = TIERS_BEST, .ready = ready }
	};
	compile_get(compile, &best.want);
	turn_until_built("full", 2);
	touch("go");
	turn_for(&settled, 1, 20000);
	is_of(&best, OBJECT_FULL);
	is_at_our_priority();
}
END_TEST

START_TEST(one_at_a_time_and_only_while_nobody_waits)
{
	struct wish wish, waits;
	struct hash program = add("hang");

	get(&wish, "quick:good full:wait a");
	is_of(&wish, OBJECT_QUICK);
	turn_until_built("full", 1);
	get(&wish, "quick:good full:wait b");
	is_of(&wish, OBJECT_QUICK);
	ask(&waits, &program);
	turn_until_built("quick", 3);
	touch("go"); /* the first ends; now somebody waits */
	turn_for(&never, 1, 500);
	ck_assert_uint_eq(compile_behind(compile), 1);
	ck_assert_int_eq(builds_of("full"), 1);
	compile_drop(&waits.want);
	turn_until_nothing_is_behind();
	ck_assert_int_eq(builds_of("full"), 2);
}
END_TEST

START_TEST(more_than_may_wait_behind_are_left_for_their_next_start)
{
	struct hash program = add("hang");
	struct wish waits, wish;
	char text[64];

	ask(&waits, &program);
	for (uint32_t i = 0; i < COMPILE_BEHIND_MAX + 2; i++) {
		snprintf(text, sizeof(text), "good %u", i);
		get(&wish, text);
		is_of(&wish, OBJECT_QUICK);
	}
	ck_assert_uint_eq(compile_behind(compile), COMPILE_BEHIND_MAX);
	compile_drop(&waits.want);
}
END_TEST

START_TEST(what_fails_behind_is_tried_again_only_for_who_waits)
{
	struct wish wish;

	for (int i = 0; i < 3; i++) {
		get(&wish, "quick:good full:broken");
		is_of(&wish, OBJECT_QUICK);
		turn_until_nothing_is_behind();
	}
	ck_assert_int_eq(builds_of("full"), 1);
	get_best(&wish, "quick:good full:broken");
	ck_assert_int_eq(wish.outcome, COMPILE_FAILED);
	ck_assert_str_eq(wish.why, "out of luck");
	ck_assert_int_eq(builds_of("full"), 2);
}
END_TEST

/* It may have been starved: whoever waits asks anew, and that answer is kept. */
START_TEST(a_refusal_behind_is_not_the_last_word)
{
	struct wish wish;

	for (int i = 1; i <= 2; i++) {
		get(&wish, "quick:good full:bad");
		is_of(&wish, OBJECT_QUICK);
		turn_until_nothing_is_behind();
		ck_assert_int_eq(builds_of("full"), i);
		reopen();
	}
	for (int i = 0; i < 2; i++) {
		get_best(&wish, "quick:good full:bad");
		ck_assert_int_eq(wish.outcome, COMPILE_REFUSED);
		ck_assert_int_eq(builds_of("full"), 3);
	}
	get(&wish, "quick:good full:bad");
	is_of(&wish, OBJECT_QUICK);
}
END_TEST

START_TEST(a_damaged_better_object_is_made_again_behind)
{
	struct wish wish;
	struct lookup_key keys[OBJECT_TIERS];
	char hex[HASH_HEX_SIZE], file[128];

	get(&wish, "good");
	turn_until_nothing_is_behind();
	shelf_drop(wish.object);
	ck_assert_uint_eq(compile_keys(compile, &wish.want.program, keys), 2);
	close_all();
	snprintf(file, sizeof(file), "objects/%s", hash_to_hex(&keys[0].key, hex));
	ck_assert_int_eq(truncate(path(file), 5), 0);
	open_all();
	get(&wish, "good");
	is_of(&wish, OBJECT_QUICK);
	turn_until_nothing_is_behind();
	get(&wish, "good");
	is_of(&wish, OBJECT_FULL);
	ck_assert_int_eq(builds_of("quick"), 1);
	ck_assert_int_eq(builds_of("full"), 2);
}
END_TEST

START_TEST(nothing_is_made_behind_for_what_was_removed)
{
	struct wish wish;
	struct stat st;

	get(&wish, "quick:good full:hang");
	is_of(&wish, OBJECT_QUICK);
	turn_until_built("full", 1);
	get(&wish, "quick:good full:hang too"); /* this one has not begun */
	is_of(&wish, OBJECT_QUICK);
	ck_assert_uint_eq(compile_behind(compile), 2);
	struct hash first = add("quick:good full:hang");
	compile_forget(compile, &first);
	compile_forget(compile, &wish.want.program);
	ck_assert_uint_eq(compile_behind(compile), 0);
	for (int i = 0; i < 100 && stat(path("asked"), &st); i++)
		turn_for(&never, 1, 20);
	ck_assert_int_eq(stat(path("asked"), &st), 0);
	ck_assert_int_eq(builds_of("full"), 1);
}
END_TEST

START_TEST(who_stops_waiting_does_not_end_what_is_made_behind)
{
	struct hash program = add("quick:good full:wait");
	struct wish now, best;

	get(&now, "quick:good full:wait");
	is_of(&now, OBJECT_QUICK);
	turn_until_built("full", 1);
	best = (struct wish){
		.want = { .program = program, .quality = TIERS_BEST, .ready = ready }
	};
	compile_get(compile, &best.want);
	turn_for(&never, 1, 100);
	compile_drop(&best.want);
	touch("go");
	turn_until_nothing_is_behind();
	get(&now, "quick:good full:wait");
	is_of(&now, OBJECT_FULL);
	ck_assert_int_eq(best.calls, 0);
}
END_TEST

START_TEST(tear_down_ends_what_is_made_behind)
{
	struct wish wish;
	struct stat st;

	get(&wish, "quick:good full:hang");
	is_of(&wish, OBJECT_QUICK);
	turn_until_built("full", 1);
	turn_for(&never, 1, 300); /* until its trap stands */
	close_all();
	ck_assert_int_eq(stat(path("asked"), &st), 0);
	open_all();
}
END_TEST

/* ---- profiles ---- */

static struct hash profile;
static bool has_profile;

static bool profile_hash(void *context, const struct hash *program, struct hash *out)
{
	(void)context;
	(void)program;
	*out = profile;
	return has_profile;
}

static int profile_file(void *context, const struct hash *program, int *fd)
{
	(void)context;
	(void)program;
	*fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return 0;
}

static void set_up_profiles(void)
{
	set_up();
	touch("quick");
	touch("profiled");
	touch("instrumented");
	parts.profiles.hash = profile_hash;
	parts.profiles.file = profile_file;
	reopen();
}

START_TEST(a_profile_is_part_of_the_key_and_makes_another_object_the_best)
{
	struct wish wish;

	get_best(&wish, "good");
	is_of(&wish, OBJECT_FULL);
	has_profile = true;
	get(&wish, "good");
	is_of(&wish, OBJECT_FULL); /* now; and behind it */
	turn_until_nothing_is_behind();
	get(&wish, "good");
	is_of(&wish, OBJECT_PROFILED);
	profile.bytes[0] ^= 1;
	compile_improve(compile, &wish.want.program);
	turn_until_nothing_is_behind();
	get(&wish, "good");
	is_of(&wish, OBJECT_PROFILED);
	ck_assert_int_eq(builds_of("profiled"), 2);
	ck_assert_int_eq(builds_of("full"), 1);
	compile_improve(compile, &wish.want.program); /* it is there */
	turn_until_nothing_is_behind();
	ck_assert_int_eq(builds_of("profiled"), 2);
}
END_TEST

START_TEST(where_no_profile_can_be_used_full_is_the_best)
{
	struct wish wish;

	has_profile = true;
	get_best(&wish, "profiled:unfit full:good");
	is_of(&wish, OBJECT_FULL);
	get(&wish, "profiled:unfit full:good quick:good");
	is_of(&wish, OBJECT_QUICK);
	turn_until_nothing_is_behind();
	get(&wish, "profiled:unfit full:good quick:good");
	is_of(&wish, OBJECT_FULL);
}
END_TEST

START_TEST(the_one_that_counts_is_made_for_who_asks_and_serves_nobody_else)
{
	struct hash program = add("good");
	struct wish wish = {
		.want = { .program = program, .quality = TIERS_INSTRUMENTED, .ready = ready }
	};

	settled = 0;
	compile_get(compile, &wish.want);
	turn_for(&settled, 1, 20000);
	is_of(&wish, OBJECT_INSTRUMENTED);
	ck_assert_uint_eq(compile_behind(compile), 0);
	get(&wish, "good");
	is_of(&wish, OBJECT_QUICK);
	ck_assert_int_eq(unlink(path("instrumented")), 0);
	reopen();
	settled = 0;
	wish = (struct wish){
		.want = { .program = program, .quality = TIERS_INSTRUMENTED, .ready = ready }
	};
	compile_get(compile, &wish.want);
	turn_for(&settled, 1, 20000);
	ck_assert_int_eq(wish.outcome, COMPILE_FAILED);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("compile_tiers");
	TCase *which = tcase_create("which"), *behind = tcase_create("behind"),
	      *profiles = tcase_create("profiles");

	tcase_add_checked_fixture(which, set_up_quick, tear_down);
	tcase_add_checked_fixture(behind, set_up_quick, tear_down);
	tcase_add_checked_fixture(profiles, set_up_profiles, tear_down);
	tcase_add_test(which, the_first_start_is_quick_and_the_next_one_full);
	tcase_add_test(which, who_wants_the_best_waits_for_it_and_needs_no_quick_one);
	tcase_add_test(which, two_who_want_different_things_get_them_from_two_builds);
	tcase_add_test(which, without_a_quick_compiler_or_the_wish_for_one_full_is_the_first);
	tcase_add_test(which, what_is_unfit_for_quick_is_remembered_so);
	tcase_add_test(which, full_has_the_last_word_on_what_quick_refuses_or_breaks_on);
	tcase_add_test(which, aotc_is_told_what_rsd_was);
	tcase_add_test(which, how_long_a_build_took_is_known_after_a_restart);
	tcase_add_test(behind, behind_is_at_low_priority);
	tcase_add_test(behind, who_waits_gets_it_at_full_priority);
	tcase_add_test(behind, where_the_kernel_gives_no_priority_back_it_begins_anew);
	tcase_add_test(behind, one_at_a_time_and_only_while_nobody_waits);
	tcase_add_test(behind, more_than_may_wait_behind_are_left_for_their_next_start);
	tcase_add_test(behind, what_fails_behind_is_tried_again_only_for_who_waits);
	tcase_add_test(behind, a_refusal_behind_is_not_the_last_word);
	tcase_add_test(behind, a_damaged_better_object_is_made_again_behind);
	tcase_add_test(behind, nothing_is_made_behind_for_what_was_removed);
	tcase_add_test(behind, who_stops_waiting_does_not_end_what_is_made_behind);
	tcase_add_test(behind, tear_down_ends_what_is_made_behind);
	tcase_add_test(
		profiles, a_profile_is_part_of_the_key_and_makes_another_object_the_best);
	tcase_add_test(profiles, where_no_profile_can_be_used_full_is_the_best);
	tcase_add_test(
		profiles, the_one_that_counts_is_made_for_who_asks_and_serves_nobody_else);
	tcase_set_timeout(which, 60);
	tcase_set_timeout(behind, 60);
	tcase_set_timeout(profiles, 60);
	suite_add_tcase(s, which);
	suite_add_tcase(s, behind);
	suite_add_tcase(s, profiles);
	return s;
}

CHECK_MAIN(suite)
