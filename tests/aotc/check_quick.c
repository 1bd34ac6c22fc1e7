/*
 * check_quick.c: the quick tier against what it promises: the interpreter's answers for all
 * arithmetic, and no for what it would get wrong. (check_aotc.c runs its programs in it as
 * well.)
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sys/mman.h>
#include <sys/stat.h>

#include "aotc/compile.h"
#include "aotc/quick.h"
#include "aotc/translate.h"
#include "runtime/trap.h"
#include "tests/aotc/arithmetic.h"
#include "tests/aotc/harness.h"
#include "tests/check_run.h"

#define PROGRAM(rest, body)                                                     \
	"(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit " \
	"(param i32))) (memory 1)" rest "(func (export \"_start\") " body "))"

static void be_quick(void)
{
	harness_plan.tier = OBJECT_QUICK;
}

static bool is_there(void)
{
	return access("/usr/bin/tcc", X_OK) == 0;
}

/* ---- arithmetic ---- */

static char *arithmetic_text(const uint64_t *expected)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(file);
	if (expected)
		arithmetic_write_program(file, expected);
	else
		arithmetic_write_asking(file);
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

/* The interpreter's answers, "r<k>() => i64:<number>" each. */
static void ask_interpreter(uint64_t *answers)
{
	CLEANUP(freep) char *text = arithmetic_text(NULL);
	char folder[] = "/tmp/redshirt-test-XXXXXX", line[256];
	uint32_t k, seen = 0;
	uint64_t answer;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(line, sizeof line,
		"cd %s && cat >a.wat && wat2wasm a.wat -o a.wasm && wasm-interp a.wasm "
		"--run-all-exports >a.txt",
		folder);
	FILE *tool = popen(line, "w");
	ck_assert_ptr_nonnull(tool);
	fputs(text, tool);
	ck_assert_int_eq(pclose(tool), 0);
	snprintf(line, sizeof line, "%s/a.txt", folder);
	FILE *said = fopen(line, "r");
	ck_assert_ptr_nonnull(said);
	while (fgets(line, sizeof line, said))
		if (sscanf(line, "r%" SCNu32 "() => i64:%" SCNu64, &k, &answer) == 2 &&
			k < arithmetic_count()) {
			answers[k] = answer;
			seen++;
		}
	fclose(said);
	ck_assert_uint_eq(seen, arithmetic_count());
	snprintf(line, sizeof line, "rm -r %s", folder);
	ck_assert_int_eq(system(line), 0);
}

/* _i: two for each wasm2c, the second in the full tier. */
START_TEST(arithmetic_is_that_of_the_interpreter)
{
	static uint64_t answers[ARITHMETIC_OPERATIONS_MAX];
	enum harness_wasm2c which = (enum harness_wasm2c)(_i / 2);

	if (!harness_has(which) || !is_there())
		return;
	ask_interpreter(answers);
	CLEANUP(freep) char *text = arithmetic_text(answers);
	harness_plan.tier = _i % 2 ? OBJECT_FULL : OBJECT_QUICK;
	int code = harness_run_text(which, 0, false, text);
	ck_assert_msg(code == 0, "%s is another (%d)",
		code <= (int)arithmetic_count() ? arithmetic_name((uint32_t)code - 1)
						: "the end",
		code);
}
END_TEST

/* ---- what it is not for ---- */

/* Translates and compiles; the outcome. */
static int make(struct harness *h, const char *wat)
{
	int r = harness_translate(h, HARNESS_OLD, 0, wat);

	return r ? r : harness_compile(h);
}

static void is_unfit(const char *wat, const char *why)
{
	struct harness h;

	ck_assert_int_eq(make(&h, wat), BUILD_UNFIT);
	ck_assert_msg(strstr(h.build.reason, why), "%s", h.build.reason);
	harness_deinit(&h);
}

/* A function with so many locals, and as many operands at once, of 8 bytes each. */
static char *large_frame(uint32_t locals, uint32_t operands, const char *rest)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(file);
	fputs("(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param "
	      "i32)))"
	      "(func (export \"_start\") (drop (call $f (i64.const 1))))"
	      "(func $f (param i64) (result i64) (local",
		file);
	for (uint32_t i = 0; i < locals; i++)
		fputs(" i64", file);
	fprintf(file, ") %s", rest);
	for (uint32_t i = 0; i <= operands; i++)
		fputs(" local.get 0", file);
	for (uint32_t i = 0; i < operands; i++)
		fputs(" i64.add", file);
	fputs("))", file);
	ck_assert_int_eq(fclose(file), 0);
	return text;
}

START_TEST(a_frame_that_could_step_over_the_guard_is_turned_down)
{
	CLEANUP(freep) char *text = large_frame(49000, 20000, "");

	ck_assert_uint_lt(QUICK_FRAME_BYTES_MAX, TRAP_GUARD_BYTES);
	if (is_there())
		is_unfit(text, "bytes of stack");
}
END_TEST

START_TEST(large_frames_end_at_the_guard)
{
	CLEANUP(freep) char *text = large_frame(40000, 1, "(drop (call $f (local.get 0)))");

	if (is_there())
		ck_assert_int_eq(
			harness_run_text(HARNESS_OLD, 0, false, text), HARNESS_OVERFLOW);
}
END_TEST

START_TEST(a_text_that_is_not_known_is_turned_down)
{
	struct harness h;

	if (!is_there())
		return;
	ck_assert_int_eq(harness_translate(&h, HARNESS_OLD, 0, PROGRAM("", "")), 0);
	h.build.text_is_known = false;
	h.build.plain = true;
	h.build.plain_why = "the translator's text is not known";
	ck_assert_int_eq(harness_compile(&h), BUILD_UNFIT);
	ck_assert_ptr_nonnull(strstr(h.build.reason, "not known"));
	harness_deinit(&h);
}
END_TEST

START_TEST(more_negations_than_are_spelled_out_are_turned_down)
{
	struct build build = { .status_fd = -1,
		.facts.n.negations = QUICK_NEGATIONS_MAX,
		.facts.n.features = FEATURE_MULTI_VALUE };

	ck_assert_int_eq(quick_takes(&build), 0);
	build.facts.n.negations++;
	ck_assert_int_eq(quick_takes(&build), BUILD_UNFIT);
	build.facts.n.negations = 0;
	build.facts.n.features |= FEATURE_TAIL_CALLS;
	ck_assert_int_eq(quick_takes(&build), BUILD_UNFIT);
}
END_TEST

START_TEST(a_malformed_module_is_refused_as_elsewhere)
{
	static const char wat[] = PROGRAM("", "(i32.const 1)");
	struct harness quick, full;

	int r = harness_translate(&quick, HARNESS_OLD, 0, wat);
	ck_assert_int_eq(r, BUILD_REFUSED);
	harness_plan.tier = OBJECT_FULL;
	ck_assert_int_eq(harness_translate(&full, HARNESS_OLD, 0, wat), r);
	ck_assert_str_eq(quick.build.reason, full.build.reason);
	harness_deinit(&quick);
	harness_deinit(&full);
}
END_TEST

/* ---- tools ---- */

static void tcc_is(const char *path, bool there)
{
	struct harness h;

	setenv("REDSHIRT_TCC", path, 1);
	int r = make(&h, PROGRAM("", ""));
	ck_assert_int_eq(compile_has(&h.build.tools, OBJECT_QUICK), there);
	ck_assert_int_eq(r, there ? 0 : BUILD_FAILED);
	harness_deinit(&h);
}

START_TEST(without_tcc_there_is_no_quick_tier)
{
	tcc_is("", false);
	tcc_is("/nowhere/tcc", false);
	tcc_is("/bin/true", false); /* says nothing */
	tcc_is("/bin/echo", false); /* says something else */
	if (is_there())
		tcc_is("/usr/bin/tcc", true);
}
END_TEST

/* Rows of flags.c without which the object is not what the verifier takes. */
START_TEST(the_linker_is_told_what_tcc_does_not_say)
{
	static const char *const flags[] = { "-Wl,--version-script=exports.map",
		"-Wl,--no-ld-generated-unwind-info" };
	struct harness h;

	if (!is_there())
		return;
	for (size_t i = 0; i < ARRAY_LEN(flags); i++) {
		flags_left_out = flags[i];
		ck_assert_msg(
			make(&h, PROGRAM("", "(call $exit (i32.const 3))")) == BUILD_FAILED,
			"%s", flags[i]);
		ck_assert_ptr_nonnull(strstr(h.build.reason, "the linked object "));
		harness_deinit(&h);
	}
}
END_TEST

START_TEST(the_same_module_gives_the_same_bytes)
{
	struct harness h[2];
	struct stat st[2];
	void *bytes[2];

	if (!is_there())
		return;
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(make(&h[i], PROGRAM("", "(call $exit (i32.const 3))")), 0);
		ck_assert_int_eq(fstat(h[i].object, &st[i]), 0);
		bytes[i] = mmap(
			NULL, (size_t)st[i].st_size, PROT_READ, MAP_PRIVATE, h[i].object, 0);
		ck_assert_ptr_ne(bytes[i], MAP_FAILED);
	}
	ck_assert_int_eq(st[0].st_size, st[1].st_size);
	ck_assert_int_eq(memcmp(bytes[0], bytes[1], (size_t)st[0].st_size), 0);
	ck_assert_uint_eq(((const struct object_header *)bytes[0])->tier, OBJECT_QUICK);
	harness_deinit(&h[0]);
	harness_deinit(&h[1]);
}
END_TEST

static Suite *quick_suite(void)
{
	Suite *s = suite_create("quick");
	TCase *arithmetic = tcase_create("arithmetic"), *fit = tcase_create("fit"),
	      *tools = tcase_create("tools");

	tcase_set_timeout(arithmetic, 120);
	tcase_add_loop_test(
		arithmetic, arithmetic_is_that_of_the_interpreter, 0, 2 * HARNESS_WASM2CS);
	suite_add_tcase(s, arithmetic);
	tcase_set_timeout(fit, 60);
	tcase_add_checked_fixture(fit, be_quick, NULL);
	tcase_add_test(fit, a_frame_that_could_step_over_the_guard_is_turned_down);
	tcase_add_test(fit, large_frames_end_at_the_guard);
	tcase_add_test(fit, a_text_that_is_not_known_is_turned_down);
	tcase_add_test(fit, more_negations_than_are_spelled_out_are_turned_down);
	tcase_add_test(fit, a_malformed_module_is_refused_as_elsewhere);
	suite_add_tcase(s, fit);
	tcase_set_timeout(tools, 60);
	tcase_add_checked_fixture(tools, be_quick, NULL);
	tcase_add_test(tools, without_tcc_there_is_no_quick_tier);
	tcase_add_test(tools, the_linker_is_told_what_tcc_does_not_say);
	tcase_add_test(tools, the_same_module_gives_the_same_bytes);
	suite_add_tcase(s, tools);
	return s;
}

CHECK_MAIN(quick_suite)
