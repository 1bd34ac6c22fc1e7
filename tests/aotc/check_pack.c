#include "aotc/pack.h"
#include "tests/check_run.h"

static uint32_t exports[] = { 5, FACTS_NO_FUNCTION, 7 };
static const struct facts facts = { .n = { .functions = 20, .exports_count = 3 },
	.exports = exports };

static const struct {
	const char *symbol;
	uint32_t index;
} symbols[] = {
	/* 1.0.32 */
	{ "w2c_f0", 0 },
	{ "w2c_f12", 12 },
	{ "w2c_f12.part.0", 12 },
	{ "w2c_f12.constprop.0.isra.0", 12 },
	{ "w2c_f12.cold", 12 },
	{ "w2c_e0_0", 5 },
	{ "w2c_e2_0.constprop.0", 7 },
	/* newer */
	{ "w2c_m_f19", 19 },
	{ "wrap_w2c_m_f3", 3 },
	{ "rs_object_run", 5 }, /* _start, where the compiler put it */
	{ "w2c_m_e0", 5 },
	{ "w2c_m_e0_1", 5 },
	/* not ours, not there, or not so */
	{ "w2c_f20", OBJECT_NOT_WASM },
	{ "w2c_f99999999999999999999", OBJECT_NOT_WASM },
	{ "w2c_f4294967296", OBJECT_NOT_WASM },
	{ "w2c_f12x", OBJECT_NOT_WASM },
	{ "w2c_f", OBJECT_NOT_WASM },
	{ "w2c_", OBJECT_NOT_WASM },
	{ "w2c_e1_0", OBJECT_NOT_WASM },
	{ "w2c_e3_0", OBJECT_NOT_WASM },
	{ "w2c_e0_", OBJECT_NOT_WASM },
	{ "w2c_g0", OBJECT_NOT_WASM },
	{ "rs_object_instantiate", OBJECT_NOT_WASM },
	{ "", OBJECT_NOT_WASM },
};

START_TEST(symbols_lead_back_to_functions)
{
	for (size_t i = 0; i < ARRAY_LEN(symbols); i++) {
		uint32_t index = pack_function_index(&facts, symbols[i].symbol);
		ck_assert_msg(index == symbols[i].index, "%s: %u", symbols[i].symbol, index);
	}
}
END_TEST

START_TEST(what_only_calls_a_function_is_known)
{
	ck_assert(pack_is_passage("rs_object_run"));
	ck_assert(pack_is_passage("wrap_w2c_m_f3"));
	ck_assert(pack_is_passage("w2c_m_e0"));
	ck_assert(!pack_is_passage("w2c_m_e0_1"));
	ck_assert(!pack_is_passage("w2c_e0_0"));
	ck_assert(!pack_is_passage("w2c_m_f3"));
	ck_assert(!pack_is_passage(""));
}
END_TEST

static Suite *pack_suite(void)
{
	Suite *s = suite_create("pack");
	TCase *tc = tcase_create("functions");

	tcase_add_test(tc, symbols_lead_back_to_functions);
	tcase_add_test(tc, what_only_calls_a_function_is_known);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(pack_suite)
