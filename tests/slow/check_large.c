/*
 * A large module of our own making, through both families of wasm2c in the full tier: its C is
 * cut into parts that call each other directly and through the table. What it computes is
 * computed here as well.
 */
#include <stdio.h>
#include <string.h>

#include "tests/check_run.h"
#include "tests/e2e/run.h"

enum {
	FUNCTIONS = 1200,
	STEPS = 40,  /* in each: about 600 bytes of code, so that there are six parts */
	FURTHER = 7, /* the function that each one calls */
};

static uint32_t rotated(uint32_t x, uint32_t by)
{
	by %= 32;
	return by ? x << by | x >> (32 - by) : x;
}

static uint32_t factor(uint32_t function, uint32_t step)
{
	return 2654435761u * (function * STEPS + step) | 1;
}

static uint32_t computed(uint32_t function, uint32_t x)
{
	for (uint32_t step = 0; step < STEPS; step++)
		x = x * factor(function, step) ^ rotated(x, function + step);
	return function + FURTHER < FUNCTIONS ? computed(function + FURTHER, x) : x;
}

static void write_function(FILE *file, uint32_t function)
{
	fprintf(file, "(func $f%u (type $f) ", function);
	for (uint32_t step = 0; step < STEPS; step++)
		fprintf(file,
			"(local.set 0 (i32.xor (i32.mul (local.get 0) (i32.const %d))"
			" (i32.rotl (local.get 0) (i32.const %u))))\n",
			(int)factor(function, step), function + step);
	if (function + FURTHER >= FUNCTIONS)
		fprintf(file, "(local.get 0))\n");
	else if (function % 3)
		fprintf(file, "(call $f%u (local.get 0)))\n", function + FURTHER);
	else
		fprintf(file, "(call_indirect (type $f) (local.get 0) (i32.const %u)))\n",
			function + FURTHER);
}

static void write_module(FILE *file)
{
	fprintf(file,
		"(module (type $f (func (param i32) (result i32)))\n"
		"(import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit (param "
		"i32)))\n(memory 1) (table %d funcref) (elem (i32.const 0)",
		FUNCTIONS);
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		fprintf(file, " $f%u", i);
	fprintf(file, ")\n");
	for (uint32_t i = 0; i < FUNCTIONS; i++)
		write_function(file, i);
	fprintf(file,
		"(func (export \"_start\") (local i32 i32)\n"
		"(loop $l (local.set 1 (i32.xor (i32.mul (local.get 1) (i32.const 31))"
		" (call_indirect (type $f) (local.get 0) (local.get 0))))\n"
		"(local.set 0 (i32.add (local.get 0) (i32.const 1)))"
		"(br_if $l (i32.lt_u (local.get 0) (i32.const %d))))\n"
		"(call $exit (i32.and (local.get 1) (i32.const 63)))))\n",
		FUNCTIONS);
}

static int expected(void)
{
	uint32_t all = 0;

	for (uint32_t i = 0; i < FUNCTIONS; i++)
		all = all * 31 ^ computed(i, i);
	return all & 63;
}

static void setup(void)
{
	char path[4096];

	run_limit_s = 600;
	run_folders();
	snprintf(path, sizeof path, "%s/large.wat", run_here());
	FILE *file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	write_module(file);
	ck_assert_int_eq(fclose(file), 0);
	run_expect(0, "", "cd \"$here\" && wat2wasm large.wat -o large.wasm");
}

static void runs(const char *wasm2c)
{
	setenv("REDSHIRT_WASM2C", wasm2c, 1);
	run_rsd_full();
	run_expect(expected(), "", "rsctl run \"$here\"/large.wasm");
	run_rsd_end();
}

START_TEST(parts_of_debians_translator_are_one_program)
{
	runs("/usr/bin/wasm2c");
}
END_TEST

START_TEST(parts_of_the_newer_translator_are_one_program)
{
	runs("");
}
END_TEST

START_TEST(progress_tells_how_many_parts_there_are)
{
	struct run_said said = run_expect(0, NULL,
		"exec aotc --target-cpu x86-64 --status-fd 1 -o \"$here\"/large.object "
		"\"$here\"/large.wasm");
	unsigned int parts = 0;
	const char *line = strstr(said.out, "progress compile 0 ");

	ck_assert_msg(
		line && sscanf(line, "progress compile 0 %u", &parts) == 1, "%s", said.out);
	ck_assert_uint_ge(parts, 4);
	ck_assert_ptr_nonnull(strstr(said.out, "progress compile 1 "));
}
END_TEST

static Suite *suite(void)
{
	Suite *s = suite_create("large");
	TCase *tc = tcase_create("parts");

	tcase_set_timeout(tc, 240);
	tcase_add_unchecked_fixture(tc, setup, run_folders_end);
	tcase_add_test(tc, parts_of_debians_translator_are_one_program);
	tcase_add_test(tc, parts_of_the_newer_translator_are_one_program);
	tcase_add_test(tc, progress_tells_how_many_parts_there_are);
	suite_add_tcase(s, tc);
	return s;
}

CHECK_MAIN(suite)
