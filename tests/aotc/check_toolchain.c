#include <stdio.h>
#include <string.h>

#include "aotc/toolchain.h"
#include "tests/check_run.h"

static struct work work;
static struct toolchain tools;
static char reason[TOOLCHAIN_REASON_SIZE];

static void open_work(void)
{
	unsetenv("REDSHIRT_WASM2C");
	unsetenv("REDSHIRT_CC");
	ck_assert_int_eq(work_open(NULL, &work), 0);
}

static void close_work(void)
{
	work_close(&work);
}

START_TEST(debians_tools_are_found_and_known)
{
	char features[256];

	setenv("REDSHIRT_WASM2C", "/usr/bin/wasm2c", 1);
	ck_assert_int_eq(toolchain_find(&work, &tools, reason), 0);
	ck_assert_str_eq(tools.wasm2c, "/usr/bin/wasm2c");
	if (strcmp(tools.wasm2c_version, "1.0.32") == 0) {
		ck_assert_int_eq(tools.family, HEADERS_1_0_32);
		ck_assert_uint_eq(tools.features, FEATURES_WABT_1_0_32);
		toolchain_features(&tools, features, sizeof features);
		ck_assert_str_eq(features, "bulk-memory reference-types multi-value "
					   "sign-extension saturating-float");
	}
	ck_assert_int_eq(tools.compiler, FLAGS_GCC);
	ck_assert_str_eq(toolchain_cc_name(&tools), "gcc");
	ck_assert_int_gt(strspn(tools.cc_version, "0123456789."), 2);
}
END_TEST

START_TEST(a_named_tool_is_taken_or_missed)
{
	setenv("REDSHIRT_WASM2C", "/no/such/wasm2c", 1);
	ck_assert_int_eq(toolchain_find(&work, &tools, reason), TOOLCHAIN_MISSING);
	ck_assert_ptr_nonnull(strstr(reason, "no wasm2c found"));
	setenv("REDSHIRT_WASM2C", "/bin/false", 1);
	ck_assert_int_eq(toolchain_find(&work, &tools, reason), TOOLCHAIN_MISSING);
	ck_assert_str_eq(reason, "/bin/false does not run");
}
END_TEST

START_TEST(the_path_is_searched)
{
	setenv("PATH", "relative:/no/such/folder::/usr/bin", 1);
	ck_assert_int_eq(toolchain_find(&work, &tools, reason), 0);
	ck_assert_str_eq(tools.cc, "/usr/bin/gcc");
	setenv("PATH", "/no/such/folder", 1);
	ck_assert_int_eq(toolchain_find(&work, &tools, reason), TOOLCHAIN_MISSING);
}
END_TEST

START_TEST(the_id_covers_the_programs)
{
	struct hash one, again, other;

	ck_assert_int_eq(toolchain_find(&work, &tools, reason), 0);
	ck_assert_int_eq(toolchain_id(&work, &tools, &plan_default, &one), 0);
	ck_assert_int_eq(toolchain_id(&work, &tools, &plan_default, &again), 0);
	ck_assert(hash_equal(&one, &again));
	snprintf(tools.wasm2c, sizeof tools.wasm2c, "/bin/true");
	ck_assert_int_eq(toolchain_id(&work, &tools, &plan_default, &other), 0);
	ck_assert(!hash_equal(&one, &other));
	ck_assert_int_eq(toolchain_find(&work, &tools, reason), 0);
	tools.compiler = FLAGS_CLANG; /* other flags */
	ck_assert_int_eq(toolchain_id(&work, &tools, &plan_default, &other), 0);
	ck_assert(!hash_equal(&one, &other));
}
END_TEST

START_TEST(the_id_covers_what_is_asked_for)
{
	const struct plan plans[] = { plan_default, { .tier = OBJECT_INSTRUMENTED },
		{ .tier = OBJECT_FULL, .form = PLAN_PLAIN },
		{ .tier = OBJECT_FULL, .relaxed_reads = true },
		{ .tier = OBJECT_FULL, .cpu = PLAN_X86_64 },
		{ .tier = OBJECT_FULL, .cpu = PLAN_X86_64_V2 } };
	struct hash ids[ARRAY_LEN(plans)];

	ck_assert_int_eq(toolchain_find(&work, &tools, reason), 0);
	for (size_t i = 0; i < ARRAY_LEN(plans); i++) {
		ck_assert_int_eq(toolchain_aim(&work, &tools, plans[i].cpu, reason), 0);
		ck_assert_int_eq(toolchain_id(&work, &tools, &plans[i], &ids[i]), 0);
		for (size_t k = 0; k < i; k++)
			ck_assert_msg(!hash_equal(&ids[i], &ids[k]), "%zu %zu", i, k);
	}
}
END_TEST

START_TEST(a_missing_program_has_no_id)
{
	struct hash id;

	ck_assert_int_eq(toolchain_find(&work, &tools, reason), 0);
	snprintf(tools.wasm2c, sizeof tools.wasm2c, "/no/such/wasm2c");
	ck_assert_int_eq(toolchain_id(&work, &tools, &plan_default, &id), -ENOENT);
}
END_TEST

static Suite *toolchain_suite(void)
{
	Suite *s = suite_create("toolchain");
	TCase *tc = tcase_create("tools");

	tcase_add_checked_fixture(tc, open_work, close_work);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, debians_tools_are_found_and_known);
	tcase_add_test(tc, a_named_tool_is_taken_or_missed);
	tcase_add_test(tc, the_path_is_searched);
	tcase_add_test(tc, the_id_covers_the_programs);
	tcase_add_test(tc, the_id_covers_what_is_asked_for);
	tcase_add_test(tc, a_missing_program_has_no_id);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(toolchain_suite)
