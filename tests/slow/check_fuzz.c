/*
 * The fuzzers of tests/fuzz for a moment each, from nothing, so that they stay of use: for
 * longer there is `make fuzz`.
 */
#include <stdio.h>

#include "ipc/base.h"
#include "tests/check_run.h"

#define RUNS 20000u

static const char *const fuzzers[] = { "codec", "control", "front", "manifest", "normal",
	"ring" };

START_TEST(finds_nothing_in_a_moment)
{
	char line[512];

	snprintf(line, sizeof(line),
		"corpus=$(mktemp -d) && FUZZ_RUNS=%u tests/fuzz/run.sh \"$BUILD\"/fuzz/fuzz_%s "
		"0 \"$corpus\"; status=$?; rm -rf \"$corpus\"; exit $status",
		RUNS, fuzzers[_i]);
	ck_assert_msg(system(line) == 0, "fuzz_%s: see above", fuzzers[_i]);
}
END_TEST

START_TEST(every_fuzzer_is_named_here)
{
	char line[128];

	snprintf(line, sizeof(line), "test $(ls tests/fuzz/fuzz_*.c | wc -l) = %zu",
		ARRAY_LEN(fuzzers));
	ck_assert_int_eq(system(line), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("fuzz");
	TCase *tc = tcase_create("each");

	tcase_set_timeout(tc, 600);
	tcase_add_loop_test(tc, finds_nothing_in_a_moment, 0, ARRAY_LEN(fuzzers));
	tcase_add_test(tc, every_fuzzer_is_named_here);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
