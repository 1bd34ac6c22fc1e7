#include <string.h>

#include "aotc/cpu.h"
#include "tests/check_run.h"

static struct work work;
static struct cpu cpu;
static const char *words[CPU_WORDS_MAX];
static size_t count;

static const struct {
	const char *path;
	enum flags_compiler compiler;
} compilers[] = { { "/usr/bin/gcc", FLAGS_GCC }, { "/usr/bin/clang", FLAGS_CLANG } };

static void open_work(void)
{
	ck_assert_int_eq(work_open(NULL, &work), 0);
}

static void close_work(void)
{
	work_close(&work);
}

static bool has(const char *word)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static void find(size_t which, enum plan_cpu wish)
{
	ck_assert_int_eq(
		cpu_find(&work, compilers[which].path, compilers[which].compiler, wish, &cpu),
		0);
	count = 0;
	cpu_append(&cpu, words, &count);
}

START_TEST(native_is_spelled_out)
{
	static const char *const names[][2] = { { "-mavx2", "+avx2" }, { "-mfma", "+fma" },
		{ "-mavx512f", "+avx512f" } };
	const bool here[] = { __builtin_cpu_supports("avx2"), __builtin_cpu_supports("fma"),
		__builtin_cpu_supports("avx512f") };

	if (access(compilers[_i].path, X_OK) < 0)
		return;
	find((size_t)_i, PLAN_NATIVE);
	ck_assert_uint_gt(count, 10);
	ck_assert_int_eq(strncmp(words[0], "-march=", 7), 0);
	ck_assert_str_eq(words[0] + 7, cpu.name);
	ck_assert(!has("-march=native"));
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		ck_assert_msg(has(names[i][_i]) == here[i], "%s", names[i][_i]);
}
END_TEST

START_TEST(a_level_is_one_word)
{
	for (enum plan_cpu wish = PLAN_X86_64; wish < PLAN_CPUS; wish++) {
		find((size_t)_i, wish);
		ck_assert_uint_eq(count, 1);
		ck_assert_str_eq(words[0] + strlen("-march="), plan_cpu_name(wish));
		ck_assert_str_eq(cpu.name, plan_cpu_name(wish));
	}
}
END_TEST

START_TEST(a_compiler_that_does_not_say_is_noticed)
{
	static const char *const tools[] = { "/bin/true", "/bin/false", "/bin/echo" };

	for (size_t i = 0; i < ARRAY_LEN(tools); i++)
		ck_assert_int_eq(
			cpu_find(&work, tools[i], (enum flags_compiler)_i, PLAN_NATIVE, &cpu),
			CPU_UNKNOWN);
}
END_TEST

START_TEST(every_machine_runs_what_is_for_any)
{
	ck_assert(object_cpu_is_here("native"));
	ck_assert(object_cpu_is_here("x86-64"));
	ck_assert(!object_cpu_is_here("x86-64-v4") || object_cpu_is_here("x86-64-v3"));
	ck_assert(!object_cpu_is_here("x86-64-v3") || object_cpu_is_here("x86-64-v2"));
	ck_assert(!__builtin_cpu_supports("avx2") == !object_cpu_is_here("x86-64-v3"));
	ck_assert(!object_cpu_is_here("x86-64-v5"));
}
END_TEST

static Suite *cpu_suite(void)
{
	Suite *s = suite_create("cpu");
	TCase *tc = tcase_create("words");

	tcase_add_checked_fixture(tc, open_work, close_work);
	tcase_set_timeout(tc, 30);
	tcase_add_loop_test(tc, native_is_spelled_out, 0, ARRAY_LEN(compilers));
	tcase_add_loop_test(tc, a_level_is_one_word, 0, ARRAY_LEN(compilers));
	tcase_add_loop_test(
		tc, a_compiler_that_does_not_say_is_noticed, 0, ARRAY_LEN(compilers));
	tcase_add_test(tc, every_machine_runs_what_is_for_any);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(cpu_suite)
