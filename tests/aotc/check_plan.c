#include "aotc/plan.h"
#include "tests/check_run.h"

START_TEST(every_word_means_what_it_names)
{
	for (uint32_t i = 0; i < OBJECT_TIERS; i++) {
		enum object_tier tier = OBJECT_TIERS;
		ck_assert(plan_read_tier(object_tier_name(i), &tier));
		ck_assert_uint_eq(tier, i);
	}
	for (enum plan_form i = 0; i < PLAN_FORMS; i++) {
		enum plan_form form = PLAN_FORMS;
		ck_assert(plan_read_form(plan_form_name(i), &form));
		ck_assert_uint_eq(form, i);
	}
	for (enum plan_cpu i = 0; i < PLAN_CPUS; i++) {
		enum plan_cpu cpu = PLAN_CPUS;
		ck_assert(plan_read_cpu(plan_cpu_name(i), &cpu));
		ck_assert_uint_eq(cpu, i);
	}
}
END_TEST

START_TEST(other_words_mean_nothing)
{
	static const char *const words[] = { "", "fast", "Full", "full ", "x86-64-v5", "-1",
		"unknown tier" };
	enum object_tier tier;
	enum plan_form form;
	enum plan_cpu cpu;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		ck_assert(!plan_read_tier(words[i], &tier));
		ck_assert(!plan_read_form(words[i], &form));
		ck_assert(!plan_read_cpu(words[i], &cpu));
	}
	ck_assert_str_eq(object_tier_name(OBJECT_TIERS), "unknown tier");
	ck_assert_str_eq(object_tier_name(UINT32_MAX), "unknown tier");
}
END_TEST

static Suite *plan_suite(void)
{
	Suite *s = suite_create("plan");
	TCase *tc = tcase_create("words");

	tcase_add_test(tc, every_word_means_what_it_names);
	tcase_add_test(tc, other_words_mean_nothing);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(plan_suite)
