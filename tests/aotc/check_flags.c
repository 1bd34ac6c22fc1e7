/*
 * check_flags.c: what each row of flags.c is there for. A small C file is compiled with all
 * rows and with all but one: a sign in the result must come or go. What a toolchain does anyway
 * is first asked for otherwise (`against`), so that a row counts even where it is the default.
 */
#include <stdio.h>
#include <string.h>

#include "aotc/compile.h"
#include "aotc/flags.h"
#include "tests/aotc/harness.h"
#include "tests/check_run.h"

#define TEXT_SIZE (1 * MIB)

enum {
	ON_GCC = 1 << FLAGS_GCC,
	ON_CLANG = 1 << FLAGS_CLANG,
	ON_BOTH = ON_GCC | ON_CLANG,
};

struct row {
	const char *flag, *against, *source;
	const char *sign; /* spaces stand for tabs as well */
	bool with;        /* the sign is there with the flag; else without it */
	unsigned int compilers;
};

/* The sign is looked for in the assembly. */
static const struct row compile_rows[] = {
	{ "-fPIC", "-fno-pic", "extern int x; int f(void) { return x; }", "x@GOTPCREL", true,
		ON_BOTH },
	{ "-fvisibility=hidden", "", "void f(void) {}", ".hidden", true, ON_BOTH },
	{ "-DNDEBUG", "-UNDEBUG", "#include <assert.h>\nvoid f(int x) { assert(x); }",
		"__assert_fail", false, ON_BOTH },
	{ "--param=max-goto-duplication-insns=40", "",
		"int f(unsigned char *p, int x) { static void *const to[] = { &&a, &&b, &&c };"
		"next: x = (x ^ *p) * 7 + (x >> 3) - (x << 4); p += 2; goto *to[*p];"
		"a: x += 3; goto next; b: x ^= 5; goto next; c: return x; }",
		"jmp .L", false, ON_GCC },
	{ "-fwrapv", "", "int f(int x) { return x + 1 > x; }", "$1, %eax", false, ON_BOTH },
	{ "-fno-strict-aliasing", "", "int f(int *a, float *b) { *a = 1; *b = 2; return *a; }",
		"$1, %eax", false, ON_BOTH },
	{ "-fno-dse", "",
		"float f(void) { int v = 9999; float r; __builtin_memcpy((void *)65544, &v, 4);"
		"__builtin_memcpy(&r, (void *)65547, 4); v = 0;"
		"__builtin_memcpy((void *)65544, &v, 4); return r; }",
		"$9999", true, ON_GCC },
	{ "-fno-delete-null-pointer-checks", "",
		"int f(int *p) { int v = *p; return p ? v : 7; }", "$7", true, ON_BOTH },
	{ "-ffp-contract=off", "-mfma",
		"double f(double a, double b, double c) { return a * b + c; }", "vfmadd", false,
		ON_BOTH },
	{ "-fsignaling-nans", "", "float f(float x) { return x * 1.0f; }", "mulss", true,
		ON_GCC },
	{ "-ffp-exception-behavior=maytrap", "", "float f(float x) { return x * 1.0f; }",
		"mulss", true, ON_CLANG },
	{ "-fno-finite-loops", "-ffinite-loops",
		"void f(unsigned n) { for (; n != 5; n = n * 3 + 2) {} }", "cmp", true,
		ON_BOTH },
	{ "-fno-math-errno", "", "double f(double x) { return __builtin_sqrt(x); }", "sqrt@",
		false, ON_BOTH },
	{ "-fno-optimize-sibling-calls", "", "int g(int); int f(int x) { return g(x + 1); }",
		"jmp", false, ON_BOTH },
	{ "-fstack-clash-protection", "",
		"void g(char *); void f(void) { char a[160000]; g(a); }", "$0, (%rsp)", true,
		ON_BOTH },
	{ "-fstack-protector-strong", "-fno-stack-protector",
		"void g(char *); void f(void) { char a[16]; g(a); }", "__stack_chk_fail", true,
		ON_BOTH },
	{ "-fcf-protection=full", "-fcf-protection=none", "void f(void) {}", "endbr64", true,
		ON_BOTH },
	{ "-fno-plt", "-fplt", "void g(void); void f(void) { g(); g(); }", "@PLT", false,
		ON_BOTH },
	{ "-fasynchronous-unwind-tables", "-fno-asynchronous-unwind-tables -fno-unwind-tables",
		"void f(void) {}", ".cfi_startproc", true, ON_BOTH },
	{ "-ffunction-sections", "", "void f(void) {}", ".text.f", true, ON_BOTH },
	{ "-falign-functions=64", "", "void f(void) {}", ".p2align 6", true, ON_BOTH },
	{ "-falign-loops=32", "",
		"int f(int *p, int n) { int s = 0; while (--n) s = s * 3 + p[n]; return s; }",
		".p2align 5", true, ON_BOTH },
	{ "-fno-ident", "-fident", "void f(void) {}", ".ident", false, ON_BOTH },
	{ "-g0", "-g", "void f(void) {}", ".debug_info", false, ON_BOTH },
};

#define CALLS                                                                  \
	"void g(void); __attribute__((visibility(\"default\"))) void f(void) " \
	"{ g(); } void unused(void) {}"

/* The sign is looked for in what readelf says of the linked file. */
static const struct row link_rows[] = {
	{ "-nodefaultlibs", "",
		"int puts(const char *); __attribute__((visibility(\"default\"))) "
		"void f(void) { puts(\"f\"); }",
		"(NEEDED)", false, ON_BOTH },
	{ "-nostartfiles", "", CALLS, "(INIT_ARRAY)", false, ON_BOTH },
	{ "-Wl,-z,relro,-z,now", "-Wl,-z,norelro", CALLS, "NOW", true, ON_BOTH },
	{ "-Wl,-z,relro,-z,now", "-Wl,-z,norelro", CALLS, "GNU_RELRO", true, ON_BOTH },
	{ "-Wl,-z,noexecstack", "-Wl,-z,execstack", CALLS, "RWE", false, ON_BOTH },
	{ "-Wl,-z,separate-code", "-Wl,-z,noseparate-code", CALLS, "R 0x1000", true, ON_BOTH },
	{ "-Wl,-z,max-page-size=4096", "-Wl,-z,max-page-size=65536", CALLS, "0x10000\n", false,
		ON_BOTH },
	{ "-Wl,-z,text", "-Wl,-z,notext",
		"__asm__(\".text\\n.globl f\\nf: movabs $g, %rax\\nret\");", "(TEXTREL)", false,
		ON_BOTH },
	{ "-Wl,--gc-sections", "", CALLS, "unused", false, ON_BOTH },
	{ "-Wl,--build-id=none", "-Wl,--build-id", CALLS, "build-id", false, ON_BOTH },
	{ "-Wl,--hash-style=sysv", "-Wl,--hash-style=gnu", CALLS, "(HASH)", true, ON_BOTH },
};

/* Rows without which today's toolchains do the same, or only the text of an error differs. */
static const char *const comforts[] = { "-std=gnu11", "-O3", "-w",
	"-Wno-incompatible-pointer-types", "-fmax-errors=3", "-ferror-limit=3",
	"-fprofile-update=single", "-fprofile-correction", "-frandom-seed=redshirt",
	"-shared" };

/* Of objects that count, and of those built from a profile: check_profile.c leaves them out. */
static const char *const elsewhere[] = { "-fprofile-arcs", "-fprofile-info-section",
	"-fdata-sections", "-Wl,-T,rs-counters.ld", "-fprofile-use",
	"-fprofile-partial-training" };

static const char *const compilers[] = { [FLAGS_GCC] = "gcc", [FLAGS_CLANG] = "clang" };

static char folder[64];

static void make_folder(void)
{
	strcpy(folder, "/tmp/redshirt-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
	static const char *const files[] = { "f.c", "f.s", "f.o", "f.so", "said" };
	char path[128];

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		snprintf(path, sizeof path, "%s/%s", folder, files[i]);
		unlink(path);
	}
	rmdir(folder);
}

static bool is_there(enum flags_compiler compiler)
{
	char path[64];

	snprintf(path, sizeof path, "/usr/bin/%s", compilers[compiler]);
	return access(path, X_OK) == 0;
}

static void write_source(const char *source)
{
	char path[128];

	snprintf(path, sizeof path, "%s/f.c", folder);
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	fprintf(file, "%s\n", source);
	ck_assert_int_eq(fclose(file), 0);
}

static int run(const char *command)
{
	char line[8192];

	snprintf(line, sizeof line, "cd %s && %s >said 2>&1", folder, command);
	return system(line);
}

static void add_words(char *line, size_t size, const char *const *words, size_t count)
{
	size_t used = strlen(line);

	for (size_t i = 0; i < count && used < size; i++)
		used += (size_t)snprintf(line + used, size - used, " '%s'", words[i]);
}

/* cc AGAINST FLAGS REST */
static int compile_with(enum flags_compiler compiler, const char *against, const char *rest)
{
	const char *flags[FLAGS_MAX];
	char line[4096];
	size_t count = 0;

	flags_compile(compiler, &plan_default, flags, &count);
	snprintf(line, sizeof line, "%s %s", compilers[compiler], against);
	add_words(line, sizeof line, flags, count);
	snprintf(line + strlen(line), sizeof line - strlen(line), " %s", rest);
	return run(line);
}

static int link_with(enum flags_compiler compiler, const char *against)
{
	const char *flags[FLAGS_MAX];
	char line[4096];
	size_t count = 0;

	flags_link(&plan_default, flags, &count);
	snprintf(line, sizeof line, "rm -f f.so; %s %s", compilers[compiler], against);
	add_words(line, sizeof line, flags, count);
	snprintf(line + strlen(line), sizeof line - strlen(line), " f.o -o f.so");
	return run(line);
}

/* One space for each stretch of spaces and tabs. */
static void squeeze(char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++)
		if ((*at != ' ' && *at != '\t') || at == text || to[-1] != ' ')
			*to++ = *at == '\t' ? ' ' : *at;
	*to = '\0';
}

static bool has(const char *name, const char *sign)
{
	static char text[TEXT_SIZE];
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	size_t n = fread(text, 1, sizeof text - 1, file);
	fclose(file);
	text[n] = '\0';
	squeeze(text);
	return strstr(text, sign) != NULL;
}

static bool sign_of_compile(const struct row *row, enum flags_compiler compiler)
{
	ck_assert_msg(
		compile_with(compiler, row->against, "-S f.c -o f.s") == 0, "%s", row->flag);
	return has("f.s", row->sign);
}

static bool sign_of_link(const struct row *row, enum flags_compiler compiler)
{
	ck_assert_int_eq(compile_with(compiler, "", "-c f.c -o f.o"), 0);
	if (link_with(compiler, row->against) != 0)
		return false; /* -z text */
	ck_assert_int_eq(run("readelf -SldsW f.so"), 0);
	return has("said", row->sign);
}

static void check_rows(const struct row *rows, size_t count, enum flags_compiler compiler,
	bool (*sign_of)(const struct row *, enum flags_compiler))
{
	for (size_t i = 0; i < count; i++) {
		const struct row *row = &rows[i];

		if (!(row->compilers & 1u << compiler))
			continue;
		write_source(row->source);
		flags_left_out = NULL;
		ck_assert_msg(sign_of(row, compiler) == row->with, "%s: with %s",
			compilers[compiler], row->flag);
		flags_left_out = row->flag;
		ck_assert_msg(sign_of(row, compiler) != row->with, "%s: without %s",
			compilers[compiler], row->flag);
	}
}

START_TEST(each_flag_of_the_compiler_does_something)
{
	if (is_there((enum flags_compiler)_i))
		check_rows(compile_rows, ARRAY_LEN(compile_rows), (enum flags_compiler)_i,
			sign_of_compile);
}
END_TEST

START_TEST(each_flag_of_the_linker_does_something)
{
	if (is_there((enum flags_compiler)_i))
		check_rows(
			link_rows, ARRAY_LEN(link_rows), (enum flags_compiler)_i, sign_of_link);
}
END_TEST

static bool is_tested(const char *flag, unsigned int compiler)
{
	for (size_t i = 0; i < ARRAY_LEN(compile_rows); i++)
		if (strcmp(compile_rows[i].flag, flag) == 0 &&
			compile_rows[i].compilers & 1u << compiler)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(link_rows); i++)
		if (strcmp(link_rows[i].flag, flag) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(comforts); i++)
		if (strcmp(comforts[i], flag) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(elsewhere); i++)
		if (strcmp(elsewhere[i], flag) == 0)
			return true;
	return false;
}

START_TEST(no_flag_is_without_a_test)
{
	for (unsigned int compiler = FLAGS_GCC; compiler <= FLAGS_CLANG; compiler++)
		for (uint32_t tier = OBJECT_FULL; tier < OBJECT_TIERS; tier++) {
			const struct plan plan = { .tier = (enum object_tier)tier };
			const char *flags[FLAGS_MAX];
			size_t count = 0;

			flags_compile((enum flags_compiler)compiler, &plan, flags, &count);
			flags_link(&plan, flags, &count);
			for (size_t i = 0; i < count; i++)
				ck_assert_msg(is_tested(flags[i], compiler), "%s", flags[i]);
		}
}
END_TEST

/* ---- the same, seen by a program ---- */

#define PROGRAM(rest, body)                                                     \
	"(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit " \
	"(param i32))) (memory 1)" rest "(func (export \"_start\") " body "))"

/* (1+e)(1-e)-1, e = 2^-27: fused it is not zero */
static const char rounds_twice[] =
	PROGRAM("(data (i32.const 0) "
		"\"\\00\\00\\00\\02\\00\\00\\f0\\3f\\00\\00\\00\\fc\\ff\\ff\\ef\\3f\")",
		"(call $exit (f64.ne (f64.const 0) (f64.sub (f64.mul (f64.load (i32.const 0)) "
		"(f64.load (i32.const 8))) (f64.const 1))))");

static const char quiets[] = PROGRAM("(data (i32.const 0) \"\\01\\00\\80\\7f\")",
	"(call $exit (i32.and (i32.const 1) (i32.shr_u (i32.reinterpret_f32 (f32.mul (f32.load "
	"(i32.const 0)) (f32.const 1))) (i32.const 22))))");

static void use(enum flags_compiler compiler)
{
	char path[64];

	snprintf(path, sizeof path, "/usr/bin/%s", compilers[compiler]);
	setenv("REDSHIRT_CC", path, 1);
}

static int answer_without(const char *flag, enum flags_compiler compiler, const char *wat)
{
	struct harness h;

	use(compiler);
	ck_assert_int_eq(harness_translate(&h, HARNESS_OLD, 0, wat), 0);
	flags_left_out = flag;
	ck_assert_int_eq(harness_compile(&h), 0);
	int code = harness_run(h.object);
	harness_deinit(&h);
	return code;
}

START_TEST(fused_products_are_wrong)
{
	if (!__builtin_cpu_supports("fma"))
		return;
	ck_assert_int_eq(answer_without(NULL, FLAGS_GCC, rounds_twice), 0);
	ck_assert_int_eq(answer_without("-ffp-contract=off", FLAGS_GCC, rounds_twice), 1);
}
END_TEST

START_TEST(signalling_nans_that_pass_are_wrong)
{
	static const char *const flags[] = { [FLAGS_GCC] = "-fsignaling-nans",
		[FLAGS_CLANG] = "-ffp-exception-behavior=maytrap" };
	enum flags_compiler compiler = (enum flags_compiler)_i;

	if (!is_there(compiler))
		return;
	ck_assert_int_eq(answer_without(NULL, compiler, quiets), 1);
	ck_assert_int_eq(answer_without(flags[compiler], compiler, quiets), 0);
}
END_TEST

/* ---- loads whose value nobody uses ---- */

static const char dead_loads[] = PROGRAM("(func $f (drop (i32.load (i32.const 65533))))"
					 "(func $g (drop (f64.load (i32.const 65529))))",
	"(call $f) (call $g)");

static void translate_dead_loads(
	struct harness *h, enum flags_compiler compiler, enum harness_wasm2c which)
{
	char path[64];

	snprintf(path, sizeof path, "/usr/bin/%s", compilers[compiler]);
	setenv("REDSHIRT_CC", path, 1);
	ck_assert_int_eq(harness_translate(h, which, 0, dead_loads), 0);
}

static int recompile(struct harness *h)
{
	fd_closep(&h->object);
	ck_assert_int_eq(harness_compile(h), 0);
	return harness_run(h->object);
}

/* _i: compiler and wasm2c */
START_TEST(a_dead_load_traps_in_every_tier) /* in the quick one: check_aotc.c's programs */
{
	enum flags_compiler compiler = (enum flags_compiler)(_i / HARNESS_WASM2CS);
	enum harness_wasm2c which = (enum harness_wasm2c)(_i % HARNESS_WASM2CS);
	struct harness h;

	if (!is_there(compiler) || !harness_has(which))
		return;
	translate_dead_loads(&h, compiler, which);
	for (uint32_t tier = OBJECT_FULL; tier < OBJECT_TIERS; tier++) {
		h.build.plan.tier = (enum object_tier)tier;
		if (tier == OBJECT_PROFILED) /* check_profile.c: it needs a profile */
			continue;
		for (int plain = 0; plain < 2; plain++) {
			h.build.plain = plain;
			h.build.plain_why = "it was asked for";
			ck_assert_msg(!compile_has(&h.build.tools, h.build.plan.tier) ||
					      recompile(&h) == HARNESS_FAULT,
				"%s, plain %d", object_tier_name(tier), plain);
		}
	}
	h.build.plan = plan_default;
	h.build.plain = false;
	h.build.plan.relaxed_reads = true;
	ck_assert_int_eq(recompile(&h), 0);
	harness_deinit(&h);
}
END_TEST

static const char *const dead_vector_loads[] = {
	PROGRAM("", "(drop (v128.load (i32.const 65521)))"),
	PROGRAM("", "(drop (v128.load32_splat (i32.const 65533)))"),
	PROGRAM("", "(drop (v128.load64_zero (i32.const 65529)))"),
	PROGRAM("", "(drop (v128.load8_lane 3 (i32.const 65536) (v128.const i64x2 0 0)))"),
};

/* _i: compiler, tcc behind the others */
START_TEST(a_dead_vector_load_traps)
{
	bool quick = _i == ARRAY_LEN(compilers);
	enum flags_compiler compiler = quick ? FLAGS_GCC : (enum flags_compiler)_i;
	struct harness h;

	if (!is_there(compiler) || !harness_has(HARNESS_NEW))
		return;
	use(compiler);
	harness_plan.tier = quick ? OBJECT_QUICK : OBJECT_FULL;
	for (size_t i = 0; i < ARRAY_LEN(dead_vector_loads); i++) {
		int r = harness_translate(&h, HARNESS_NEW, 0, dead_vector_loads[i]);
		if (r == 0 && compile_has(&h.build.tools, harness_plan.tier))
			ck_assert_msg(recompile(&h) == HARNESS_FAULT, "%zu", i);
		else
			ck_assert(quick); /* without tcc */
		harness_deinit(&h);
	}
}
END_TEST

static Suite *flags_suite(void)
{
	Suite *s = suite_create("flags");
	TCase *rows = tcase_create("rows"), *programs = tcase_create("programs");

	tcase_add_checked_fixture(rows, make_folder, remove_folder);
	tcase_set_timeout(rows, 60);
	tcase_add_loop_test(
		rows, each_flag_of_the_compiler_does_something, 0, ARRAY_LEN(compilers));
	tcase_add_loop_test(
		rows, each_flag_of_the_linker_does_something, 0, ARRAY_LEN(compilers));
	tcase_add_test(rows, no_flag_is_without_a_test);
	suite_add_tcase(s, rows);
	tcase_set_timeout(programs, 60);
	tcase_add_test(programs, fused_products_are_wrong);
	tcase_add_loop_test(
		programs, signalling_nans_that_pass_are_wrong, 0, ARRAY_LEN(compilers));
	tcase_add_loop_test(programs, a_dead_load_traps_in_every_tier, 0,
		(int)ARRAY_LEN(compilers) * HARNESS_WASM2CS);
	tcase_add_loop_test(
		programs, a_dead_vector_load_traps, 0, (int)ARRAY_LEN(compilers) + 1);
	suite_add_tcase(s, programs);
	return s;
}

CHECK_MAIN(flags_suite)
