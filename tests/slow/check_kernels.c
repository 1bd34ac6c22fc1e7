/*
 * The kernels of programs/bench compute the same natively and as Wasm in a worker, with SIMD
 * and without: floats to the last bit, and every instruction that so many kinds of programs
 * need.
 */
#include <check.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "ipc/base.h"
#include "tests/check_run.h"
#include "tests/e2e/run.h"

#define WORK 5 /* small: compilers take most of the time */

static const char *const builds[] = { "wasm", "simd" };
static glob_t kernels; /* the native programs */

static const char *name_of(size_t i)
{
	return strrchr(kernels.gl_pathv[i], '/') + 1;
}

/* An older WABT knows no SIMD, and says so when such a program is to be compiled. */
static bool translates(const char *build)
{
	return strcmp(build, "simd") != 0 ||
	       run("aotc --toolchain | grep -qw simd").status == 0;
}

START_TEST(a_kernel_says_the_same_natively_and_in_a_worker)
{
	const char *name = name_of((size_t)_i);
	struct run_said native = run_expect(0, NULL, "%s %d", kernels.gl_pathv[_i], WORK);

	ck_assert_ptr_nonnull(strstr(native.out, "check="));
	for (size_t k = 0; k < ARRAY_LEN(builds); k++)
		if (translates(builds[k]))
			run_expect(0, native.out, "rsctl run $kernels/%s/%s.wasm %d", builds[k],
				name, WORK);
}
END_TEST

START_TEST(there_are_kernels)
{
	ck_assert_uint_ge(kernels.gl_pathc, 25);
}
END_TEST

static void find_kernels(void)
{
	char pattern[512];
	const char *build = getenv("BUILD");

	snprintf(pattern, sizeof(pattern), "%s/bench/native/kernels", build ? build : ".");
	setenv("kernels", pattern, 1);
	strcat(pattern, "/gcc/*");
	glob(pattern, 0, NULL, &kernels);
}

static Suite *suite(void)
{
	Suite *s = suite_create("kernels");
	TCase *some = tcase_create("some"), *all = run_case_with("all", run_rsd_full);

	find_kernels();
	tcase_add_test(some, there_are_kernels);
	tcase_add_loop_test(
		all, a_kernel_says_the_same_natively_and_in_a_worker, 0, (int)kernels.gl_pathc);
	suite_add_tcase(s, some);
	suite_add_tcase(s, all);
	return s;
}

CHECK_MAIN(suite)
