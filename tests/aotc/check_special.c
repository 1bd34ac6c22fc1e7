/*
 * check_special.c: is the special form what it says, with each compiler and each family of
 * wasm2c? Its headers rest on how the translator words its text and on what a compiler makes of
 * it; either may change, and all answers would still be right. So a known module is compiled,
 * its answers compared, and its machine code read.
 */
#include <stdio.h>
#include <string.h>

#include "aotc/compile.h"
#include "aotc/pack.h"
#include "tests/aotc/harness.h"
#include "tests/check_run.h"

#define TEXT_SIZE (1 * MIB)

/* Function 1 sums words of memory, 2 counts in a global; both are called through a table only.
 */
static const char module[] =
	"(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"
	"(memory 1) (data (i32.const 16) \"\\01\\00\\00\\00\\02\\00\\00\\00\\04\\00\\00\\00\")"
	"(global $g (mut i32) (i32.const 20)) (table 2 2 funcref) (elem (i32.const 0) $sum "
	"$count)"
	"(type $two (func (param i32 i32) (result i32)))"
	"(func $sum (type $two) (local i32)"
	"  (loop $l"
	"    (local.set 2 (i32.add (local.get 2) (i32.load offset=16 (local.get 0))))"
	"    (local.set 0 (i32.add (local.get 0) (i32.const 4)))"
	"    (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))"
	"  (local.get 2))"
	"(func $count (type $two)"
	"  (global.set $g (i32.add (global.get $g) (local.get 1))) (global.get $g))"
	"(func (export \"_start\") (call $exit (i32.add"
	"  (call_indirect (type $two) (i32.const 0) (i32.const 3)"
	"    (i32.load (i32.const 0)))"
	"  (call_indirect (type $two) (i32.const 0) (i32.const 3)"
	"    (i32.add (i32.load (i32.const 0)) (i32.const 1)))))))";
#define SUM    1u
#define COUNT  2u
#define ANSWER (1 + 2 + 4 + 20 + 3)

/* Function 1 is an interpreter: eight instructions, and all other bytes end it. */
#define ACT(name, value) "(local.set 1 (" name " (local.get 1) (i32.const " value "))) (br $l))"
static const char interpreter[] =
	"(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param i32)))"
	"(memory 1) (data (i32.const 16) \"\\00\\01\\02\\03\\04\\05\\06\\07\\00\\00\\ff\")"
	"(func $run (local i32 i32)"
	"  (loop $l (block $end (block $7 (block $6 (block $5 (block $4 (block $3 (block $2"
	"  (block $1 (block $0"
	"    (local.set 0 (i32.add (local.get 0) (i32.const 1)))"
	"    (br_table $0 $1 $2 $3 $4 $5 $6 $7 $end (i32.load8_u offset=15 (local.get 0))))"
	"  " ACT("i32.add", "3") ACT("i32.mul", "5") ACT("i32.xor", "9") ACT("i32.shl", "2")
		ACT("i32.or", "1") ACT("i32.sub", "7") ACT("i32.and", "63")
			ACT("i32.rotl", "1") ") (call $exit (local.get 1)))"
					     "(func (export \"_start\") (call $run)))";
#define INTERPRETER        1u
#define INTERPRETER_ANSWER ((((((((3 * 5) ^ 9) << 2) | 1) - 7) & 63) << 1) + 3 + 3)

static const char *const compilers[] = { "/usr/bin/gcc", "/usr/bin/clang" };

struct code {
	char text[TEXT_SIZE];
	bool aligned; /* every function seen */
};

/* 0000000000001040 <w2c_f1>: */
static bool is_head(const char *line, uint64_t *address, char name[64])
{
	unsigned long long at;

	if (sscanf(line, "%llx <%63[^>]>:", &at, name) != 2)
		return false;
	*address = at;
	return true;
}

/* The instructions of all that is code of one wasm function. */
static void read_code(const struct harness *h, uint32_t function, struct code *code)
{
	char command[5000], line[512], name[64];
	bool mine = false;
	size_t used = 0;
	uint64_t address;

	*code = (struct code){ .aligned = true };
	snprintf(command, sizeof command, "objdump -d --no-show-raw-insn %s/%s",
		h->build.work.path, COMPILE_OBJECT);
	FILE *file = popen(command, "r");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof line, file)) {
		if (is_head(line, &address, name)) {
			mine = pack_function_index(&h->build.facts, name) == function;
			code->aligned &= !mine || address % 64 == 0;
		} else if (mine && used < sizeof code->text - sizeof line)
			used += (size_t)sprintf(code->text + used, "%s", line);
	}
	ck_assert_int_eq(pclose(file), 0);
	ck_assert_msg(used > 0, "no code of function %u", function);
}

static bool says(const struct code *code, const char *what)
{
	return strstr(code->text, what) != NULL;
}

/* Constant displacement; neither base, instance nor counter is loaded. */
static bool sum_is_special(const struct code *code)
{
	char displacement[32];

	snprintf(displacement, sizeof displacement, "0x%llx(",
		(unsigned long long)OBJECT_MEMORY_BASE + 16);
	return says(code, displacement) && !says(code, "(%rip)") && !says(code, "(%rdi");
}

/* The global is at a constant distance, not behind the instance that was handed on. */
static bool count_is_special(const struct code *code)
{
	return says(code, "(%rip)") && !says(code, "(%rdi");
}

/* Compiler and wasm2c from the loop's index; false when one is not there. */
static bool translate_known(struct harness *h, int i, const char *wat)
{
	enum harness_wasm2c which = (enum harness_wasm2c)(i % HARNESS_WASM2CS);
	const char *cc = compilers[i / HARNESS_WASM2CS];

	if (access(cc, X_OK) < 0 || !harness_has(which))
		return false;
	setenv("REDSHIRT_CC", cc, 1);
	ck_assert_int_eq(harness_translate(h, which, 0, wat), 0);
	return true;
}

static int answer(struct harness *h)
{
	fd_closep(&h->object);
	ck_assert_msg(harness_compile(h) == 0, "%s", h->build.reason);
	return harness_run(h->object);
}

/* Sanitized tests run with memory elsewhere; what is read is code as aotc makes it. */
static void compile_as_shipped(struct harness *h)
{
	if (MEMORY_BASE == OBJECT_MEMORY_BASE)
		return;
	h->build.memory_base = OBJECT_MEMORY_BASE;
	fd_closep(&h->object);
	ck_assert_int_eq(harness_compile(h), 0);
}

START_TEST(the_special_form_is_special)
{
	static struct code sum, count;
	struct harness h;

	if (!translate_known(&h, _i, module))
		return;
	ck_assert(!h.build.plain);
	ck_assert_int_eq(answer(&h), ANSWER);
	compile_as_shipped(&h);
	read_code(&h, SUM, &sum);
	read_code(&h, COUNT, &count);
	ck_assert_msg(sum_is_special(&sum), "%s", sum.text);
	ck_assert_msg(count_is_special(&count), "%s", count.text);
	ck_assert(sum.aligned && count.aligned);
	harness_deinit(&h);
}
END_TEST

START_TEST(the_plain_form_is_seen_not_to_be)
{
	static struct code sum, count;
	struct harness h;

	if (!translate_known(&h, _i, module))
		return;
	h.build.plain = true;
	h.build.plain_why = "it was asked for";
	ck_assert_int_eq(answer(&h), ANSWER);
	compile_as_shipped(&h);
	read_code(&h, SUM, &sum);
	read_code(&h, COUNT, &count);
	ck_assert(!sum_is_special(&sum));
	ck_assert(!count_is_special(&count));
	harness_deinit(&h);
}
END_TEST

static uint32_t count_of(const struct code *code, const char *what)
{
	uint32_t n = 0;

	for (const char *at = code->text; (at = strstr(at, what)); at++)
		n++;
	return n;
}

/* Else all share one, and no predictor knows where it goes (dispatch.h). */
START_TEST(each_instruction_of_an_interpreter_jumps_to_the_next)
{
	static struct code run;
	struct harness h;

	if (!translate_known(&h, _i, interpreter))
		return;
	ck_assert_int_eq(answer(&h), INTERPRETER_ANSWER);
	read_code(&h, INTERPRETER, &run);
	ck_assert_msg(count_of(&run, "jmp    *") >= 8, "%s", run.text);
	harness_deinit(&h);
}
END_TEST

START_TEST(every_tier_gives_the_same_answer)
{
	struct harness h;

	for (uint32_t tier = 0; tier < OBJECT_TIERS; tier++) {
		harness_plan.tier = (enum object_tier)tier;
		if (tier == OBJECT_FULL || tier == OBJECT_PROFILED) /* which takes a run */
			continue;
		if (!translate_known(&h, _i, module))
			return;
		ck_assert_msg(
			!compile_has(&h.build.tools, h.build.plan.tier) || answer(&h) == ANSWER,
			"%s", object_tier_name(tier));
		harness_deinit(&h);
	}
}
END_TEST

static Suite *special_suite(void)
{
	Suite *s = suite_create("special");
	TCase *tc = tcase_create("code");
	const int combinations = (int)ARRAY_LEN(compilers) * HARNESS_WASM2CS;

	tcase_set_timeout(tc, 60);
	tcase_add_loop_test(tc, the_special_form_is_special, 0, combinations);
	tcase_add_loop_test(tc, the_plain_form_is_seen_not_to_be, 0, combinations);
	tcase_add_loop_test(
		tc, each_instruction_of_an_interpreter_jumps_to_the_next, 0, combinations);
	tcase_add_loop_test(tc, every_tier_gives_the_same_answer, 0, combinations);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(special_suite)
