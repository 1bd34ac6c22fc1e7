#include <stdio.h>
#include <string.h>

#include "aotc/split.h"
#include "tests/check_run.h"

static struct work work;

static void open_work(void)
{
	ck_assert_int_eq(work_open(NULL, &work), 0);
}

static void close_work(void)
{
	work_close(&work);
}

/* As 1.0.32 prints, cut down to one of each kind. */
static const char old_text[] = "#include \"m.h\"\n"
			       "static float quiet_nanf(float x) {\n"
			       "  return x;\n"
			       "}\n"
			       "static bool s_module_initialized = false;\n"
			       "static u32 func_types[2];\n"
			       "static void init_func_types(void) {\n"
			       "  func_types[0] = 0;\n"
			       "}\n"
			       "static u32 w2c_f0(Z_m_instance_t*, u32);\n"
			       "static void w2c_e0_0(Z_m_instance_t*);\n"
			       "static const u8 data_segment_data_w2c_d0[] = {\n"
			       "  0x68, \n"
			       "};\n"
			       "static u32 w2c_f0(Z_m_instance_t* instance, u32 w2c_p0, \n"
			       "    u32 w2c_p1) {\n"
			       "  return 1;\n"
			       "}\n"
			       "static void w2c_e0_0(Z_m_instance_t* instance) {\n"
			       "}\n"
			       "/* export: 'e0' */\n"
			       "void Z_mZ_e0(Z_m_instance_t* instance) {\n"
			       "  return w2c_e0_0(instance);\n"
			       "}\n";

/* What is peculiar to newer ones. */
static const char new_text[] = "#include \"m.h\"\n"
			       "static void w2c_m_f0(w2c_m*);\n"
			       "#ifndef wasm_multi_ii\n"
			       "#endif  /* wasm_multi_ii */\n"
			       "FUNC_TYPE_T(w2c_m_t0) = \"\\x36)\";\n"
			       "static void wrap_w2c_m_f0(void *instance) {\n"
			       "  return w2c_m_f0((struct w2c_m*) instance);\n"
			       "}\n"
			       "void w2c_m_f0(w2c_m* instance) {\n"
			       "}\n";

static void expect(const char *name, const char *text)
{
	char all[4096];

	work_head(&work, name, all, sizeof all);
	ck_assert_str_eq(all, text);
}

START_TEST(an_old_text_is_cut)
{
	ck_assert_int_eq(split_text(&work, old_text, sizeof old_text - 1, 2), 0);
	expect("m-impl.h", "#include \"m.h\"\n"
			   "static float quiet_nanf(float x) {\n"
			   "  return x;\n"
			   "}\n"
			   "extern u32 func_types[2];\n"
			   "u32 w2c_f0(Z_m_instance_t*, u32);\n"
			   "void w2c_e0_0(Z_m_instance_t*);\n"
			   "extern const u8 data_segment_data_w2c_d0[];\n");
	expect("m_0.c", "#include \"m-impl.h\"\n"
			"static bool s_module_initialized = false;\n"
			"u32 func_types[2];\n"
			"static void init_func_types(void) {\n"
			"  func_types[0] = 0;\n"
			"}\n"
			"const u8 data_segment_data_w2c_d0[] = {\n"
			"  0x68, \n"
			"};\n"
			"u32 w2c_f0(Z_m_instance_t* instance, u32 w2c_p0, \n"
			"    u32 w2c_p1) {\n"
			"  return 1;\n"
			"}\n"
			"void w2c_e0_0(Z_m_instance_t* instance) {\n"
			"}\n"
			"/* export: 'e0' */\n"
			"void Z_mZ_e0(Z_m_instance_t* instance) {\n"
			"  return w2c_e0_0(instance);\n"
			"}\n");
	expect("m_1.c", "#include \"m-impl.h\"\n");
}
END_TEST

START_TEST(a_new_text_is_cut)
{
	ck_assert_int_eq(split_text(&work, new_text, sizeof new_text - 1, 1), 0);
	expect("m-impl.h", "#include \"m.h\"\n"
			   "void w2c_m_f0(w2c_m*);\n"
			   "#ifndef wasm_multi_ii\n"
			   "#endif  /* wasm_multi_ii */\n"
			   "FUNC_TYPE_DECL_EXTERN_T(w2c_m_t0);\n"
			   "void wrap_w2c_m_f0(void *instance);\n");
	expect("m_0.c", "#include \"m-impl.h\"\n"
			"FUNC_TYPE_EXTERN_T(w2c_m_t0) = \"\\x36)\";\n"
			"void wrap_w2c_m_f0(void *instance) {\n"
			"  return w2c_m_f0((struct w2c_m*) instance);\n"
			"}\n"
			"void w2c_m_f0(w2c_m* instance) {\n"
			"}\n");
}
END_TEST

START_TEST(functions_are_spread_in_their_order)
{
	static char text[16384];
	size_t used = (size_t)snprintf(
		text, sizeof text, "static bool s_module_initialized = false;\n");
	char all[4096];

	for (int i = 0; i < 40; i++)
		used += (size_t)snprintf(text + used, sizeof text - used,
			"static u32 w2c_f%d(void) {\n  return %d;\n}\n", i, i);
	ck_assert_int_eq(split_text(&work, text, used, 4), 0);
	int next = 0;
	for (int part = 0; part < 4; part++) {
		char name[16];
		int here = 0;
		snprintf(name, sizeof name, "m_%d.c", part);
		work_head(&work, name, all, sizeof all);
		for (const char *at = all; (at = strstr(at, "w2c_f")); at++, next++, here++)
			ck_assert_int_eq(atoi(at + 5), next);
		ck_assert_int_ge(here, 8);
	}
	ck_assert_int_eq(next, 40);
}
END_TEST

START_TEST(an_unknown_layout_is_strange)
{
	static const char *const texts[] = { "", "int x;\n",
		"#include \"m.h\"\nint main(void) {\n}\n",
		"static u32 w2c_f0(void) {\n  never ends\n", "static const u8 d[] = {\n 1,\n" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_assert_msg(split_text(&work, texts[i], strlen(texts[i]), 2) == SPLIT_STRANGE,
			"%s", texts[i]);
}
END_TEST

START_TEST(no_cut_of_a_text_leads_astray)
{
	for (size_t size = 0; size < sizeof old_text; size++) {
		char *copy = malloc(size ? size : 1); /* of just that size, for the sanitizer */
		memcpy(copy, old_text, size);
		int r = split_text(&work, copy, size, 3);
		ck_assert(r == 0 || r == SPLIT_STRANGE);
		free(copy);
	}
}
END_TEST

static Suite *split_suite(void)
{
	Suite *s = suite_create("split");
	TCase *tc = tcase_create("texts");

	tcase_add_checked_fixture(tc, open_work, close_work);
	tcase_add_test(tc, an_old_text_is_cut);
	tcase_add_test(tc, a_new_text_is_cut);
	tcase_add_test(tc, functions_are_spread_in_their_order);
	tcase_add_test(tc, an_unknown_layout_is_strange);
	tcase_add_test(tc, no_cut_of_a_text_leads_astray);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(split_suite)
