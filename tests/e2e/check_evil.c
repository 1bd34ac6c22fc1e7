/*
 * Hostile modules against the whole chain: each is refused in one clear line, or compiled
 * within limits and behaves; nothing its author wrote reaches C, nothing of this machine
 * reaches an object, and the same module always gives the same bytes.
 */
#include <stdio.h>
#include <string.h>

#include <sys/stat.h>

#include "tests/check_run.h"
#include "tests/e2e/evil.h"
#include "tests/e2e/run.h"

/* Far above what any of them takes (1 s, 100 MiB), far below what would hurt. */
static const struct evil_budget budget = { 60 * 1000, MIB };

static void setup(void)
{
	run_folders();
	evil_make("");
}

START_TEST(what_must_be_refused_is_refused_in_one_line)
{
	EVIL_EACH(module, EVIL_REFUSED)
	{
		evil_wrong(module, evil_compile(module, &budget));
	}
	evil_conclude();
}
END_TEST

START_TEST(what_must_be_accepted_is_compiled)
{
	EVIL_EACH(module, EVIL_ACCEPTED)
	{
		evil_wrong(module, evil_compile(module, &budget));
	}
	evil_conclude();
}
END_TEST

START_TEST(what_is_a_matter_of_limits_keeps_within_them)
{
	EVIL_EACH(module, EVIL_EITHER)
	{
		evil_wrong(module, evil_compile(module, &budget));
	}
	evil_conclude();
}
END_TEST

/* Another work folder, another way in, another number of jobs. */
START_TEST(the_same_module_gives_the_same_bytes)
{
	run_expect(0, "", "mkdir -p \"$here\"/elsewhere");
	EVIL_EACH(module, EVIL_ACCEPTED)
	{
		struct run_said said =
			run("TMPDIR=\"$here\"/elsewhere aotc --jobs 3 -o \"$here\"/again "
			    "<\"$here\"/evil/%s.wasm && cmp \"$here\"/again \"$here\"/out/%s",
				module->name, module->name);
		evil_wrong(module, said.status ? "its object differs the second time" : NULL);
	}
	evil_conclude();
}
END_TEST

/* What the payloads of evil.py are made of; none of it is a word of generated C. */
#define WORDS "grep -aElw 'pwn[0-9e]|shadow|evil|passwd|constructor|incbin|poison|rm -rf'"

START_TEST(nothing_that_an_author_wrote_reaches_c)
{
	run_expect(0, NULL, "ls \"$here\"/kept/names_exported/*.c");
	run_expect(0, NULL, WORDS " \"$here\"/kept/names_*/module.wasm");
	run_expect(0, "",
		"cd \"$here\"/kept && ! find . -name '*.[ch]' -o -name canonical.wasm -o -name "
		"commands.txt | grep -v wasm-rt | xargs " WORDS);
}
END_TEST

/* The payloads that would include /etc/shadow, with a file of ours in its place: one that every
 * process here may read. The paths have the same length, so the modules stay well-formed. */
START_TEST(nothing_of_this_machine_reaches_an_object)
{
	char canary[] = "/tmp/XXXXXX", again[32];

	ck_assert_uint_eq(strlen("/etc/shadow"), strlen(canary));
	int fd = mkstemp(canary);
	ck_assert_int_ge(fd, 0);
	snprintf(again, sizeof(again), "canary%dyranac", getpid());
	ck_assert_int_gt(dprintf(fd, "\"%s\"\n", again), 0);
	ck_assert_int_eq(fchmod(fd, 0644), 0);
	run_expect(0, "",
		"mkdir \"$here\"/canary && cd \"$here\"/evil && for m in names_*.wasm "
		"name_of_*.wasm; do\n"
		"sed 's:/etc/shadow:%s:g' $m >\"$here\"/canary/$m && cd \"$here\"/canary && "
		"aotc --keep \"$here\"/canary/kept -o $m.object $m || exit 1\n"
		"cd \"$here\"/evil; done",
		canary);
	run_expect(0, NULL, "grep -al %s \"$here\"/canary/*.wasm", canary);
	run_expect(1, "", "grep -arl %s \"$here\"/canary", again);
	unlink(canary);
	close(fd);
}
END_TEST

/* After all the others. */
START_TEST(no_work_folder_is_left_behind)
{
	run_expect(0, "", "ls -A \"$TMPDIR\" && ls -A \"$here\"/elsewhere");
}
END_TEST

static void one_run(const struct evil_module *module)
{
	struct run_said said = run("rsctl run --memory 4G \"$here\"/evil/%s.wasm", module->name);
	bool traps = strncmp(module->end, "traps ", 6) == 0;

	if (said.status != (traps ? 134 : 0))
		evil_wrong(module, *said.err ? said.err : "ended with another status");
	else if (traps && !strstr(said.err, module->end + 6))
		evil_wrong(module, said.err);
}

static void one_endless_run(const struct evil_module *module)
{
	uint64_t process = run_start("rsctl start \"$here\"/evil/%s.wasm", module->name);

	run_nap();
	if (run_is_gone(process))
		evil_wrong(module, "came to an end");
	else
		run_expect(0, NULL, "rsctl kill %" PRIu64, process);
}

START_TEST(what_was_accepted_behaves)
{
	run_rsd();
	EVIL_EACH(module, EVIL_ACCEPTED)
	{
		if (strcmp(module->end, "loops") == 0)
			one_endless_run(module);
		else
			one_run(module);
	}
	run_rsd_end();
	evil_conclude();
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("evil");
	TCase *tc = tcase_create("modules");

	tcase_set_timeout(tc, 60);
	tcase_add_unchecked_fixture(tc, setup, run_folders_end);
	tcase_add_test(tc, what_must_be_refused_is_refused_in_one_line);
	tcase_add_test(tc, what_must_be_accepted_is_compiled);
	tcase_add_test(tc, what_is_a_matter_of_limits_keeps_within_them);
	tcase_add_test(tc, the_same_module_gives_the_same_bytes);
	tcase_add_test(tc, nothing_that_an_author_wrote_reaches_c);
	tcase_add_test(tc, nothing_of_this_machine_reaches_an_object);
	tcase_add_test(tc, no_work_folder_is_left_behind);
	tcase_add_test(tc, what_was_accepted_behaves);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
