/* check_imports.c: every host function is where aotc says it is, and no other name is known. */
#include <stdio.h>

#include "runtime/abi.h"
#include "runtime/calls.h"
#include "runtime/imports.h"
#include "tests/check_run.h"

START_TEST(our_rows_stand_in_the_order_of_the_abi)
{
	ck_assert(imports_agree());
	ck_assert_ptr_eq(imports_find("rs_i0"), (void *)(uintptr_t)calls_emit_message);
	ck_assert_ptr_eq(imports_find("rs_i2"), (void *)(uintptr_t)calls_next_message);
}
END_TEST

START_TEST(every_host_function_has_an_address)
{
	char name[32];

	for (size_t k = 0; k < host_functions_count; k++) {
		snprintf(name, sizeof(name), "rs_i%zu", k);
		ck_assert_ptr_nonnull(imports_find(name));
	}
	snprintf(name, sizeof(name), "rs_i%zu", host_functions_count);
	ck_assert_ptr_null(imports_find(name));
}
END_TEST

START_TEST(the_helpers_of_translated_code_are_known)
{
	static const char *const names[] = { "rs_trap", "rs_memory_grow", "memcpy", "memmove",
		"memset", "memcmp", "floor", "sqrtf", "nearbyint" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_msg(imports_find(names[i]) != NULL, "%s", names[i]);
}
END_TEST

START_TEST(no_other_name_is_known)
{
	static const char *const names[] = { "", "rs_", "rs_i", "rs_i-1", "rs_i 1", "rs_i1x",
		"rs_i99999999999999999999", "system", "open", "mmap", "memory_map", "rs_trapp",
		"calls_emit_message" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_msg(imports_find(names[i]) == NULL, "%s", names[i]);
}
END_TEST

static Suite *imports_suite(void)
{
	Suite *suite = suite_create("imports");
	TCase *names = tcase_create("names");

	tcase_add_test(names, our_rows_stand_in_the_order_of_the_abi);
	tcase_add_test(names, every_host_function_has_an_address);
	tcase_add_test(names, the_helpers_of_translated_code_are_known);
	tcase_add_test(names, no_other_name_is_known);
	suite_add_tcase(suite, names);
	return suite;
}

CHECK_MAIN(imports_suite)
