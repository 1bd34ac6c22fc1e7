#include "aotc/capacity.h"
#include "tests/check_run.h"

START_TEST(free_memory_is_what_the_kernel_calls_available)
{
	ck_assert_uint_eq(capacity_available("MemTotal:   100 kB\nMemFree: 9 kB\n"
					     "MemAvailable:   64 kB\nBuffers: 3 kB\n"),
		64 * KIB);
	ck_assert_uint_eq(capacity_available("MemTotal: 100 kB\n"), CAPACITY_UNBOUNDED);
	ck_assert_uint_eq(capacity_available("\nMemAvailable: much\n"), CAPACITY_UNBOUNDED);
	ck_assert_uint_eq(capacity_available(""), CAPACITY_UNBOUNDED);
}
END_TEST

START_TEST(a_group_leaves_what_it_has_not_taken)
{
	ck_assert_uint_eq(capacity_left("1000\n", "400\n"), 600);
	ck_assert_uint_eq(capacity_left("1000\n", "1001\n"), 0);
	ck_assert_uint_eq(capacity_left("1000\n", ""), 1000);
	ck_assert_uint_eq(capacity_left("max\n", "400\n"), CAPACITY_UNBOUNDED);
	ck_assert_uint_eq(capacity_left("", ""), CAPACITY_UNBOUNDED);
}
END_TEST

START_TEST(this_machine_has_some)
{
	ck_assert_uint_gt(capacity_memory(), MIB);
}
END_TEST

static Suite *capacity_suite(void)
{
	Suite *s = suite_create("capacity");
	TCase *tc = tcase_create("memory");

	tcase_add_test(tc, free_memory_is_what_the_kernel_calls_available);
	tcase_add_test(tc, a_group_leaves_what_it_has_not_taken);
	tcase_add_test(tc, this_machine_has_some);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(capacity_suite)
