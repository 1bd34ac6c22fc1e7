#include "supervisor/compiling/tiers.h"
#include "tests/check_run.h"

#define QUICK        TIERS_BIT(OBJECT_QUICK)
#define FULL         TIERS_BIT(OBJECT_FULL)
#define PROFILED     TIERS_BIT(OBJECT_PROFILED)
#define INSTRUMENTED TIERS_BIT(OBJECT_INSTRUMENTED)
#define ALL          (QUICK | FULL | PROFILED | INSTRUMENTED)

START_TEST(what_nobody_wants_or_has_a_profile_for_is_not_possible)
{
	ck_assert_uint_eq(tiers_possible(ALL, true, true), ALL);
	ck_assert_uint_eq(tiers_possible(ALL, true, false), QUICK | FULL | INSTRUMENTED);
	ck_assert_uint_eq(tiers_possible(ALL, false, true), FULL | PROFILED | INSTRUMENTED);
	ck_assert_uint_eq(tiers_possible(FULL, true, true), FULL);
	ck_assert_uint_eq(tiers_possible(0, true, true), 0);
}
END_TEST

/* What is made when nothing is there: now, the best, instrumented. */
static const struct {
	uint32_t possible;
	enum object_tier first[3];
} firsts[] = {
	{ QUICK | FULL, { OBJECT_QUICK, OBJECT_FULL, TIERS_NONE } },
	{ FULL, { OBJECT_FULL, OBJECT_FULL, TIERS_NONE } },
	{ FULL | PROFILED, { OBJECT_FULL, OBJECT_PROFILED, TIERS_NONE } },
	{ ALL, { OBJECT_QUICK, OBJECT_PROFILED, OBJECT_INSTRUMENTED } },
	{ FULL | INSTRUMENTED, { OBJECT_FULL, OBJECT_FULL, OBJECT_INSTRUMENTED } },
	{ INSTRUMENTED, { TIERS_NONE, TIERS_NONE, OBJECT_INSTRUMENTED } },
	{ 0, { TIERS_NONE, TIERS_NONE, TIERS_NONE } },
};

START_TEST(first_comes_what_was_asked_for)
{
	const enum tiers_quality qualities[] = { TIERS_NOW, TIERS_BEST, TIERS_INSTRUMENTED };

	for (size_t i = 0; i < ARRAY_LEN(qualities); i++)
		ck_assert_int_eq(
			tiers_first(firsts[_i].possible, qualities[i]), firsts[_i].first[i]);
	ck_assert_int_eq(tiers_best(firsts[_i].possible), firsts[_i].first[1]);
}
END_TEST

START_TEST(what_cannot_be_made_gives_way_to_full_and_full_to_nothing)
{
	ck_assert_int_eq(tiers_instead(ALL, OBJECT_QUICK), OBJECT_FULL);
	ck_assert_int_eq(tiers_instead(ALL, OBJECT_PROFILED), OBJECT_FULL);
	ck_assert_int_eq(tiers_instead(ALL, OBJECT_FULL), TIERS_NONE);
	ck_assert_int_eq(tiers_instead(ALL, OBJECT_INSTRUMENTED), TIERS_NONE);
	ck_assert_int_eq(tiers_instead(QUICK, OBJECT_QUICK), TIERS_NONE);
}
END_TEST

static const struct {
	uint32_t possible, in_vain;
	enum object_tier there, next;
} behinds[] = {
	{ QUICK | FULL, 0, OBJECT_QUICK, OBJECT_FULL },
	{ QUICK | FULL, 0, OBJECT_FULL, TIERS_NONE },
	{ ALL, 0, OBJECT_QUICK, OBJECT_PROFILED },
	{ ALL, 0, OBJECT_FULL, OBJECT_PROFILED },
	{ ALL, 0, OBJECT_PROFILED, TIERS_NONE },
	{ ALL, 0, OBJECT_INSTRUMENTED, TIERS_NONE },
	{ ALL, PROFILED, OBJECT_QUICK, OBJECT_FULL },
	{ ALL, PROFILED, OBJECT_FULL, TIERS_NONE },
	{ ALL, PROFILED | FULL, OBJECT_QUICK, TIERS_NONE },
	{ QUICK, 0, OBJECT_QUICK, TIERS_NONE },
};

START_TEST(behind_comes_the_best_that_was_not_tried_in_vain)
{
	ck_assert_int_eq(
		tiers_behind(behinds[_i].possible, behinds[_i].in_vain, behinds[_i].there),
		behinds[_i].next);
}
END_TEST

START_TEST(better_ones_serve_as_well_but_never_the_one_that_counts)
{
	ck_assert_uint_eq(tiers_serving(ALL, OBJECT_QUICK), QUICK | FULL | PROFILED);
	ck_assert_uint_eq(tiers_serving(ALL, OBJECT_FULL), FULL | PROFILED);
	ck_assert_uint_eq(tiers_serving(ALL, OBJECT_PROFILED), PROFILED);
	ck_assert_uint_eq(tiers_serving(ALL, OBJECT_INSTRUMENTED), INSTRUMENTED);
	ck_assert_uint_eq(tiers_serving(FULL, OBJECT_PROFILED), 0);
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("tiers");
	TCase *rules = tcase_create("rules");

	tcase_add_test(rules, what_nobody_wants_or_has_a_profile_for_is_not_possible);
	tcase_add_loop_test(rules, first_comes_what_was_asked_for, 0, (int)ARRAY_LEN(firsts));
	tcase_add_test(rules, what_cannot_be_made_gives_way_to_full_and_full_to_nothing);
	tcase_add_loop_test(rules, behind_comes_the_best_that_was_not_tried_in_vain, 0,
		(int)ARRAY_LEN(behinds));
	tcase_add_test(rules, better_ones_serve_as_well_but_never_the_one_that_counts);
	suite_add_tcase(s, rules);
	return s;
}

CHECK_MAIN(suite)
