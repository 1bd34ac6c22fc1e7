/*
 * What README.md tells a newcomer to do, done word by word with an rsd of the newcomer's own:
 * files and commands are taken out of it by steps.sh, and what comes out must be what it says.
 */
#include "tests/check_run.h"
#include "tests/e2e/run.h"

/* In a folder where build/out is the tree under test, as in the one with the README. */
static void follow(const char *headings)
{
	run_expect(0, NULL, "tests/e2e/steps.sh README.md %s >\"$here\"/steps", headings);
	struct run_said said = run("mkdir -p \"$here\"/clone/build && "
				   "ln -s \"$(dirname \"$REDSHIRT_TREE\")\" "
				   "\"$here\"/clone/build/out && cd \"$here\"/clone && sh "
				   "\"$here\"/steps");

	run("rsctl shutdown");
	ck_assert_msg(said.status == 0, "%s%s", said.out, said.err);
}

START_TEST(a_program_in_c)
{
	follow("'In C'");
}
END_TEST

START_TEST(a_program_in_rust)
{
	if (run("test -f \"$guests\"/hello_rust.wasm").status == 0)
		follow("'In C' 'In Rust'");
}
END_TEST

START_TEST(an_interface)
{
	follow("'In C' 'Write an interface'");
}
END_TEST

START_TEST(programs_that_start_programs)
{
	follow("'In C' 'Programs that start programs'");
}
END_TEST

/* The steps themselves are looked at: what differs from the text is found. */
START_TEST(a_text_that_is_wrong_is_noticed)
{
	run_expect(0, NULL,
		"printf '# A\\n```console\\n$ echo a\\na\\nb\\n```\\n# B\\n```console\\n$ "
		"false\\n```\\n# C\\n' >\"$here\"/text");
	run_expect(1, "",
		"tests/e2e/steps.sh \"$here\"/text A >\"$here\"/steps && sh \"$here\"/steps");
	run_expect(1, "",
		"tests/e2e/steps.sh \"$here\"/text B >\"$here\"/steps && sh \"$here\"/steps");
	run_expect(1, NULL, "tests/e2e/steps.sh \"$here\"/text C");
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("readme");
	TCase *tc = tcase_create("steps");

	/* checked: every test has folders of its own */
	tcase_add_checked_fixture(tc, run_folders, run_folders_end);
	tcase_set_timeout(tc, run_limit_s);
	tcase_add_test(tc, a_program_in_c);
	tcase_add_test(tc, a_program_in_rust);
	tcase_add_test(tc, an_interface);
	tcase_add_test(tc, programs_that_start_programs);
	tcase_add_test(tc, a_text_that_is_wrong_is_noticed);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
