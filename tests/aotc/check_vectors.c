/*
 * Every 128-bit instruction, as a module through the whole compiler, against WABT's
 * interpreter: one function for each mixes its results over many operands into a number, and
 * the program compares it with what the interpreter printed. What a NaN looks like is left open
 * by the specification; there all become the same.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/aotc/harness.h"
#include "tests/check_run.h"

#define ROWS_MAX    400
#define DATA_BYTES  2048 /* operands; what instructions store lies behind them, at 4096 */
#define INTERPRETER "/usr/bin/wasm-interp"
#define CODE_OF(row)                                                                       \
	(1 + (int)(row) / 4) /* how the program ends where a row is wrong; HARNESS_TRAP is \
				above all */

/* An instruction's operands; the words stand for $a and $b, which run through the data. */
enum shape {
	UNARY,
	BINARY,
	SHIFT,
	TEST,
	SPLAT,
	EXTRACT,
	REPLACE,
	LOAD,
	LOAD_LANE,
	STORE_LANE,
	SHAPES
};

/* Names: each word of `kinds` before each word of `names`, with a dot between. nan: 0, 32 or
 * 64, the lanes to be settled. */
struct family {
	enum shape shape;
	int nan;
	const char *kinds, *names;
};

#define INTEGERS "i8x16 i16x8 i32x4 i64x2"
#define FLOATS   "f32x4 f64x2"

static const struct family families[] = {
	{ UNARY, 0, "v128", "not" },
	{ UNARY, 0, INTEGERS " " FLOATS, "abs neg" },
	{ UNARY, 0, "i8x16", "popcnt" },
	{ UNARY, 0, "i16x8",
		"extend_low_i8x16_s extend_low_i8x16_u extend_high_i8x16_s extend_high_i8x16_u "
		"extadd_pairwise_i8x16_s extadd_pairwise_i8x16_u" },
	{ UNARY, 0, "i32x4",
		"extend_low_i16x8_s extend_low_i16x8_u extend_high_i16x8_s extend_high_i16x8_u "
		"extadd_pairwise_i16x8_s extadd_pairwise_i16x8_u trunc_sat_f32x4_s "
		"trunc_sat_f32x4_u "
		"trunc_sat_f64x2_s_zero trunc_sat_f64x2_u_zero" },
	{ UNARY, 0, "i64x2",
		"extend_low_i32x4_s extend_low_i32x4_u extend_high_i32x4_s "
		"extend_high_i32x4_u" },
	{ UNARY, 0, "f32x4", "convert_i32x4_s convert_i32x4_u" },
	{ UNARY, 0, "f64x2", "convert_low_i32x4_s convert_low_i32x4_u" },
	{ UNARY, 32, "f32x4", "ceil floor trunc nearest sqrt demote_f64x2_zero" },
	{ UNARY, 64, "f64x2", "ceil floor trunc nearest sqrt promote_low_f32x4" },
	{ BINARY, 0, "v128", "and andnot or xor" },
	{ BINARY, 0, INTEGERS, "add sub eq ne lt_s gt_s le_s ge_s" },
	{ BINARY, 0, "i8x16 i16x8 i32x4", "lt_u gt_u le_u ge_u min_s min_u max_s max_u" },
	{ BINARY, 0, "i8x16 i16x8", "add_sat_s add_sat_u sub_sat_s sub_sat_u avgr_u" },
	{ BINARY, 0, "i16x8 i32x4 i64x2", "mul" },
	{ BINARY, 0, "i8x16", "swizzle narrow_i16x8_s narrow_i16x8_u" },
	{ BINARY, 0, "i16x8",
		"narrow_i32x4_s narrow_i32x4_u q15mulr_sat_s extmul_low_i8x16_s "
		"extmul_low_i8x16_u "
		"extmul_high_i8x16_s extmul_high_i8x16_u" },
	{ BINARY, 0, "i32x4",
		"dot_i16x8_s extmul_low_i16x8_s extmul_low_i16x8_u extmul_high_i16x8_s "
		"extmul_high_i16x8_u" },
	{ BINARY, 0, "i64x2",
		"extmul_low_i32x4_s extmul_low_i32x4_u extmul_high_i32x4_s "
		"extmul_high_i32x4_u" },
	{ BINARY, 0, FLOATS, "eq ne lt gt le ge" },
	{ BINARY, 32, "f32x4", "add sub mul div min max pmin pmax" },
	{ BINARY, 64, "f64x2", "add sub mul div min max pmin pmax" },
	{ SHIFT, 0, INTEGERS, "shl shr_s shr_u" },
	{ TEST, 0, INTEGERS, "all_true bitmask" },
	{ TEST, 0, "v128", "any_true" },
	{ SPLAT, 0, INTEGERS " " FLOATS, "splat" },
	{ EXTRACT, 0, "i8x16 i16x8", "extract_lane_s extract_lane_u" },
	{ EXTRACT, 0, "i32x4 i64x2 " FLOATS, "extract_lane" },
	{ REPLACE, 0, INTEGERS " " FLOATS, "replace_lane" },
	{ LOAD, 0, "v128",
		"load load8x8_s load8x8_u load16x4_s load16x4_u load32x2_s load32x2_u "
		"load8_splat "
		"load16_splat load32_splat load64_splat load32_zero load64_zero" },
	{ LOAD_LANE, 0, "v128", "load8_lane load16_lane load32_lane load64_lane" },
	{ STORE_LANE, 0, "v128", "store8_lane store16_lane store32_lane store64_lane" },
};

static uint64_t state;

static uint64_t next(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return state >> 29;
}

/* The lanes that a name is about: of its kind, or of the number in it. */
static int lanes_of(const char *kind, const char *name)
{
	int bits = 0;

	if (strcmp(kind, "v128") != 0)
		return atoi(strchr(kind, 'x') + 1);
	bits = atoi(name + strcspn(name, "0123456789"));
	return bits ? 128 / bits : 1;
}

/* A scalar for a lane of that kind, of $b; and a scalar back to a vector. */
static const char *scalar_of(const char *kind)
{
	return kind[0] == 'f' ? kind[1] == '3' ? "(f32x4.extract_lane 1 (local.get $b))"
					       : "(f64x2.extract_lane 1 (local.get $b))"
	       : strcmp(kind, "i64x2") == 0 ? "(i64x2.extract_lane 1 (local.get $b))"
					    : "(i32x4.extract_lane 2 (local.get $b))";
}

static const char *splat_of(const char *kind)
{
	return kind[0] == 'f'               ? kind[1] == '3' ? "f32x4.splat" : "f64x2.splat"
	       : strcmp(kind, "i64x2") == 0 ? "i64x2.splat"
					    : "i32x4.splat";
}

/* One lane's instruction as a vector. */
static void lane_value(
	FILE *out, const struct family *f, const char *kind, const char *name, int lane)
{
	switch (f->shape) {
	case EXTRACT:
		fprintf(out, "(%s (%s.%s %d (local.get $a)))", splat_of(kind), kind, name,
			lane);
		break;
	case REPLACE:
		fprintf(out, "(%s.%s %d (local.get $a) %s)", kind, name, lane, scalar_of(kind));
		break;
	case LOAD_LANE:
		fprintf(out, "(%s.%s offset=%d %d (local.get $i) (local.get $a))", kind, name,
			lane, lane);
		break;
	default: /* STORE_LANE: over what is left of the one before */
		fprintf(out,
			"(block (result v128) (%s.%s offset=%d %d (i32.const 4096) (local.get "
			"$a)) "
			"(v128.load (i32.const 4096)))",
			kind, name, lane, lane);
	}
}

static void value(FILE *out, const struct family *f, const char *kind, const char *name)
{
	int lanes = lanes_of(kind, name);

	switch (f->shape) {
	case UNARY:
		fprintf(out, "(%s.%s (local.get $a))", kind, name);
		break;
	case BINARY:
		fprintf(out, "(%s.%s (local.get $a) (local.get $b))", kind, name);
		break;
	case SHIFT:
		fprintf(out,
			"(%s.%s (local.get $a) (i32.add (local.get $i) (i32x4.extract_lane 0 "
			"(local.get $b))))",
			kind, name);
		break;
	case TEST:
		fprintf(out, "(i32x4.splat (%s.%s (v128.and (local.get $a) (local.get $b))))",
			kind, name);
		break;
	case SPLAT:
		fprintf(out, "(%s.%s %s)", kind, name, scalar_of(kind));
		break;
	case LOAD:
		fprintf(out, "(%s.%s offset=3 (local.get $i))", kind, name);
		break;
	default: /* all lanes, none of which may cancel another */
		for (int i = 1; i < lanes; i++)
			fprintf(out, "(i32x4.add (i32x4.shl ");
		lane_value(out, f, kind, name, 0);
		for (int i = 1; i < lanes; i++) {
			fprintf(out, " (i32.const 1)) ");
			lane_value(out, f, kind, name, i);
			fprintf(out, ")");
		}
	}
}

static void open_row(FILE *out, size_t row)
{
	fprintf(out,
		"(func $f%zu (export \"f%zu\") (result i64) (local $i i32) (local $a v128) "
		"(local $b v128) "
		"(local $h v128)\n (loop $l\n"
		"  (local.set $a (v128.load (i32.and (i32.shl (local.get $i) (i32.const 4)) "
		"(i32.const 1008))))\n"
		"  (local.set $b (v128.load offset=1024 (i32.and (i32.mul (i32.add (local.get "
		"$i)"
		" (i32.shr_u (local.get $i) (i32.const 6))) (i32.const 112)) (i32.const "
		"1008))))\n"
		"  (local.set $h (i64x2.add (i64x2.mul (local.get $h) (v128.const i64x2 "
		"0x9e3779b97f4a7c15"
		" 0xbf58476d1ce4e5b9))\n   ",
		row, row);
}

static void close_row(FILE *out)
{
	fprintf(out, "))\n  (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) "
		     "(i32.const 1))) (i32.const 512))))\n"
		     " (i64.xor (i64x2.extract_lane 0 (local.get $h)) (i64x2.extract_lane 1 "
		     "(local.get $h))))\n");
}

static char names[ROWS_MAX][48];

static void add_row(FILE *out, size_t *rows, const char *kind, const char *name)
{
	ck_assert_uint_lt(*rows, ROWS_MAX);
	snprintf(names[*rows], sizeof(names[0]), "%s.%s", kind, name);
	open_row(out, (*rows)++);
}

static void add_family(FILE *out, size_t *rows, const struct family *f)
{
	char kinds[128], all[512], *kind_at, *name_at;

	snprintf(kinds, sizeof(kinds), "%s", f->kinds);
	for (char *kind = strtok_r(kinds, " ", &kind_at); kind;
		kind = strtok_r(NULL, " ", &kind_at)) {
		snprintf(all, sizeof(all), "%s", f->names);
		for (char *name = strtok_r(all, " ", &name_at); name;
			name = strtok_r(NULL, " ", &name_at)) {
			add_row(out, rows, kind, name);
			if (f->nan)
				fprintf(out, "(call $settle%d ", f->nan);
			value(out, f, kind, name);
			if (f->nan)
				fprintf(out, ")");
			close_row(out);
		}
	}
}

/* Shuffles have their lanes in themselves: some patterns, by steps, and some without, of two
 * operands and with zeros. */
static void add_shuffles(FILE *out, size_t *rows)
{
	static const char *const operands[] = { "(local.get $a) (local.get $b)",
		"(local.get $b) (local.get $b)", "(v128.const i64x2 0 0) (local.get $a)",
		"(local.get $a) (v128.const i64x2 0 0)" };

	for (int i = 0; i < 24; i++) {
		add_row(out, rows, "i8x16", "shuffle");
		fprintf(out, "(i8x16.shuffle");
		for (int lane = 0; lane < 16; lane++)
			fprintf(out, " %d",
				i < 4    ? (lane + 5 * i) % 32
				: i < 8  ? lane % 2 ? 16 + lane / 2 : (i - 4) * 2 + lane / 2
				: i < 12 ? lane % 4 ? lane : 16 + lane / 4 + 4 * (i - 8)
					 : (int)(next() % 32));
		fprintf(out, " %s)", operands[i % 4]);
		close_row(out);
	}
}

static void add_others(FILE *out, size_t *rows)
{
	add_row(out, rows, "v128", "bitselect");
	fprintf(out, "(v128.bitselect (local.get $a) (local.get $b) (i64x2.mul (local.get $a) "
		     "(local.get $b)))");
	close_row(out);
	add_row(out, rows, "v128", "store");
	fprintf(out, "(block (result v128) (v128.store offset=1 (i32.const 4096) (local.get "
		     "$a)) (v128.load (i32.const 4096)))");
	close_row(out);
	add_row(out, rows, "v128", "const");
	fprintf(out, "(v128.const i8x16 1 2 3 4 5 6 7 8 -1 10 11 12 13 14 15 -128)");
	close_row(out);
}

/* Lanes of each width: edges among anything. */
static void add_data(FILE *out)
{
	static const uint64_t edges[] = { 0, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff,
		0x7fffffff, 0x80000000, 0xffffffff, 0x7fffffffffffffff, 0x8000000000000000,
		0xffffffffffffffff, 0x3f000000, 0x40200000, 0xbf7fffff, 0x4effffff, 0x4f000000,
		0xcf000000, 0x4f800000, 0x7f800000, 0x7fc00000, 0x7f800001, 0x3fe0000000000000,
		0x4004000000000000, 0xbfefffffffffffff, 0x41dfffffffc00000, 0x41e0000000000000,
		0xc1e0000000200000, 0x41f0000000000000, 0x7ff0000000000000, 0x7ff8000000000000,
		0x7ff0000000000001, 0x47efffffe0000000, 0x47effffff0000000,
		0x3690000000000000 };

	fprintf(out, "(data (i32.const 0) \"");
	for (int at = 0; at < DATA_BYTES;) {
		int bytes = 1 << next() % 4, many = 16 / bytes;
		for (int i = 0; i < many; i++, at += bytes) {
			uint64_t x =
				next() % 4 ? edges[next() % ARRAY_LEN(edges)] : next() * next();
			for (int k = 0; k < bytes; k++)
				fprintf(out, "\\%02x", (unsigned int)(x >> 8 * k) & 0xff);
		}
	}
	fprintf(out, "\")\n");
}

#define SETTLE(bits, kind, nan)                                                          \
	"(func $settle" #bits                                                            \
	" (param $x v128) (result v128) (v128.bitselect (local.get $x) (v128.const " nan \
	") (" kind ".eq (local.get $x) (local.get $x))))\n"

/* All functions; the same text each time, whatever stands before and behind. */
static size_t write_rows(FILE *out)
{
	size_t rows = 0;

	state = 5;
	fprintf(out, "(memory 1)\n" SETTLE(32, "f32x4",
			     "i32x4 0x7fc00000 0x7fc00000 0x7fc00000 0x7fc00000") SETTLE(64,
			     "f64x2", "i64x2 0x7ff8000000000000 0x7ff8000000000000"));
	for (size_t i = 0; i < ARRAY_LEN(families); i++)
		add_family(out, &rows, &families[i]);
	add_shuffles(out, &rows);
	add_others(out, &rows);
	add_data(out);
	return rows;
}

/* What the interpreter says each function gives. */
static void interpret(uint64_t *expected, size_t rows)
{
	char folder[] = "/tmp/redshirt-test-XXXXXX", text[64], module[64], command[384],
	     line[128];
	size_t row = 0, seen = 0;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(text, sizeof(text), "%s/rows.wat", folder);
	snprintf(module, sizeof(module), "%s/rows.wasm", folder);
	FILE *out = fopen(text, "w");
	ck_assert_ptr_nonnull(out);
	fprintf(out, "(module\n");
	ck_assert_uint_eq(write_rows(out), rows);
	fprintf(out, ")\n");
	ck_assert_int_eq(fclose(out), 0);
	snprintf(command, sizeof(command),
		"wat2wasm %s -o %s && " INTERPRETER " --enable-all --run-all-exports %s", text,
		module, module);
	FILE *answers = popen(command, "r");
	ck_assert_ptr_nonnull(answers);
	while (fgets(line, sizeof(line), answers))
		if (sscanf(line, "f%zu() => i64:%" SCNu64, &row, &expected[seen]) == 2) {
			ck_assert_uint_eq(row, seen);
			seen++;
		}
	ck_assert_int_eq(pclose(answers), 0);
	ck_assert_uint_eq(seen, rows);
	unlink(text);
	unlink(module);
	rmdir(folder);
}

/* A program that compares, and ends with CODE_OF the first row that differs. */
static char *program(const uint64_t *expected, size_t *rows)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	ck_assert_ptr_nonnull(out);
	fprintf(out, "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit "
		     "(param i32)))\n");
	*rows = write_rows(out);
	fprintf(out, "(func (export \"_start\")\n");
	for (size_t i = 0; expected && i < *rows; i++)
		fprintf(out,
			" (if (i64.ne (call $f%zu) (i64.const %" PRIu64
			")) (then (call $exit (i32.const %d))))\n",
			i, expected[i], CODE_OF(i));
	fprintf(out, "))\n");
	ck_assert_int_eq(fclose(out), 0);
	return text;
}

static void compare(const uint64_t *expected, bool plain)
{
	size_t rows;
	CLEANUP(freep) char *text = program(expected, &rows);
	int code = harness_run_text(HARNESS_NEW, 0, plain, text);

	size_t first = code > 0 ? 4 * (size_t)(code - 1) : 0;
	ck_assert_msg(code == 0, "ends with %d: %s, or one of the three behind it, differs",
		code, first < rows ? names[first] : "no instruction");
}

/* _i: bit 0 the plain form, bit 1 the quick tier. */
START_TEST(every_instruction_does_what_the_interpreter_does)
{
	static uint64_t expected[ROWS_MAX];
	size_t rows;

	if (!harness_has(HARNESS_NEW)) {
		printf("no newer WABT: vectors are not tried\n");
		return;
	}
	free(program(NULL, &rows));
	ck_assert_int_lt(CODE_OF(rows), HARNESS_TRAP);
	interpret(expected, rows);
	harness_plan.tier = _i & 2 ? OBJECT_QUICK : OBJECT_FULL;
	compare(expected, _i & 1);
}
END_TEST

static const struct {
	const char *what, *body;
} beyond[] = {
	{ "a vector", "(drop (v128.load (i32.const 65521)))" },
	{ "half of one", "(drop (v128.load8x8_s (i32.const 65529)))" },
	{ "a byte for all lanes", "(drop (v128.load8_splat (i32.const 65536)))" },
	{ "a lane at the end of addresses", "(drop (v128.load64_lane offset=4294967295 1 "
					    "(i32.const -1) (v128.const i64x2 1 2)))" },
	{ "a lane, stored", "(v128.store16_lane 3 (i32.const 65535) (v128.const i64x2 1 2))" },
};

START_TEST(what_is_beyond_memory_is_not_read_even_if_nobody_looks)
{
	char text[256];

	if (!harness_has(HARNESS_NEW))
		return;
	snprintf(text, sizeof(text), "(module (memory 1) (func (export \"_start\") %s))",
		beyond[_i].body);
	int code = harness_run_text(HARNESS_NEW, 0, false, text);
	ck_assert_msg(code == HARNESS_FAULT, "%s: ended with %d", beyond[_i].what, code);
}
END_TEST

static Suite *vectors_suite(void)
{
	Suite *s = suite_create("vectors");
	TCase *all = tcase_create("instructions");

	tcase_set_timeout(all, 120);
	tcase_add_loop_test(all, every_instruction_does_what_the_interpreter_does, 0, 4);
	tcase_add_loop_test(all, what_is_beyond_memory_is_not_read_even_if_nobody_looks, 0,
		ARRAY_LEN(beyond));
	suite_add_tcase(s, all);
	return s;
}

CHECK_MAIN(vectors_suite)
