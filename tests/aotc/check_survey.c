#include <string.h>

#include "aotc/survey.h"
#include "tests/check_run.h"

static const struct {
	const char *line, *version;
} lines[] = {
	{ "12.2.0", "12.2.0" },
	{ "1.0.42", "1.0.42" },
	{ "tcc version 0.9.27 (x86_64 Linux)", "0.9.27" },
	{ "GNU ld (GNU Binutils for Debian) 2.40", "2.40" },
	{ "LLD14.0 of no number", "?" },
	{ "", "?" },
	{ "9999999999999999999999999999999999999999", "9999999999999999999999999999999" },
};

START_TEST(a_version_is_the_first_number)
{
	char version[SURVEY_VERSION_SIZE];

	survey_version(lines[_i].line, version);
	ck_assert_str_eq(version, lines[_i].version);
}
END_TEST

/* What is said with Debian's tools and those variables. */
static char *survey(const char *wasm2c, const char *cc)
{
	char *text = NULL, reason[TOOLCHAIN_REASON_SIZE];
	struct toolchain tools;
	struct work work;
	size_t size;

	unsetenv("REDSHIRT_TCC");
	setenv("REDSHIRT_WASM2C", wasm2c, 1);
	setenv("REDSHIRT_CC", cc, 1);
	ck_assert_int_eq(work_open(NULL, &work), 0);
	ck_assert_int_eq(toolchain_find(&work, &tools, reason), 0);
	FILE *out = open_memstream(&text, &size);
	ck_assert_ptr_nonnull(out);
	ck_assert_int_eq(survey_print(&work, &tools, out), 0);
	ck_assert_int_eq(fclose(out), 0);
	work_close(&work);
	return text;
}

static void says(const char *text, const char *line)
{
	ck_assert_msg(strstr(text, line), "no '%s' in:\n%s", line, text);
}

START_TEST(every_tool_has_its_line)
{
	CLEANUP(freep) char *text = survey("/usr/bin/wasm2c", "/usr/bin/gcc");

	says(text, "/usr/bin/wasm2c: translates; ");
	says(text, "/usr/bin/gcc: compiles the full tier\n");
	says(text, "/usr/bin/ld: links\n");
	says(text, "missing newer wasm2c: no simd, tail-calls, exceptions");
	if (access("/usr/bin/clang", X_OK) == 0)
		says(text, "/usr/bin/clang: not used, REDSHIRT_CC says otherwise\n");
}
END_TEST

START_TEST(what_is_not_used_says_why)
{
	CLEANUP(freep) char *text = survey("", "");

	if (access("/usr/bin/clang", X_OK) == 0)
		says(text,
			"/usr/bin/clang: not used, another is taken first (REDSHIRT_CC takes "
			"a path)\n");
}
END_TEST

START_TEST(what_is_missing_says_what_is_lost_and_what_to_install)
{
	char folder[] = "/tmp/redshirt-test-XXXXXX", link[64], path[64];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(link, sizeof link, "%s/gcc", folder);
	ck_assert_int_eq(symlink("/usr/bin/gcc", link), 0);
	snprintf(path, sizeof path, "%s", folder);
	setenv("PATH", path, 1);
	CLEANUP(freep) char *text = survey("/usr/bin/wasm2c", "/usr/bin/gcc");
	unlink(link);
	rmdir(folder);
	says(text, "missing tcc: no quick tier, a first start waits for the full one (Debian: "
		   "tcc)\n");
	says(text, "missing ld: nothing can be linked (Debian: binutils)\n");
}
END_TEST

static Suite *survey_suite(void)
{
	Suite *s = suite_create("survey");
	TCase *tc = tcase_create("tools");

	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, a_version_is_the_first_number, 0, ARRAY_LEN(lines));
	tcase_add_test(tc, every_tool_has_its_line);
	tcase_add_test(tc, what_is_not_used_says_why);
	tcase_add_test(tc, what_is_missing_says_what_is_lost_and_what_to_install);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(survey_suite)
