#include "tests/aotc/arithmetic.h"

#include <inttypes.h>
#include <string.h>

#include "ipc/base.h"

enum type {
	I32,
	I64,
	F32,
	F64,
	TYPES
};

static const struct {
	const char *name, *quiet_nan, *bits;
	uint32_t bytes;
} types[TYPES] = {
	[I32] = { "i32", NULL, "i32", 4 },
	[I64] = { "i64", NULL, "i64", 8 },
	[F32] = { "f32", "0x7fc00000", "i32", 4 },
	[F64] = { "f64", "0x7ff8000000000000", "i64", 8 },
};

static const uint64_t i32s[] = { 0, 1, 2, 7, 31, 32, 33, 127, 128, 255, 32767, 32768, 65535,
	65536, 0x800000, 0x1000001, 0x12345678, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001,
	0xdeadbeef, 0xfffffffe, 0xffffffff };
static const uint64_t i64s[] = { 0, 1, 2, 31, 63, 64, 65, 128, 32768, 65536, 0x7fffffff,
	0x80000000, 0xffffffff, 0x100000001, 0x20000000000001, 0x40000040000001,
	0x100000100000001, 0x123456789abcdef0, 0x7fffffbfffffffff, 0x7fffffffffffffff,
	0x8000000000000000, 0x8000000000000001, 0x8000000000000400, 0x8000000000000401,
	0x8000008000000000, 0x8000008000000001, 0xfedcba9876543210, 0xffffff7fffffffff,
	0xffffff8000000000, 0xfffffffffffffbff, 0xfffffffffffffc00, 0xfffffffffffffffe,
	0xffffffffffffffff };
static const uint64_t f32s[] = { 0, 0x80000000, 1, 0x80000001, 0x7fffff, 0x800000, 0x3f000000,
	0xbf000000, 0x3f7fffff, 0xbf7fffff, 0x3f800000, 0x3f800001, 0xbf800000, 0x3fc00000,
	0x40200000, 0xc0200000, 0x40490fdb, 0x4b000001, 0x4affffff, 0x4effffff, 0x4f000000,
	0xcf000000, 0xcf000001, 0x4f7fffff, 0x4f800000, 0x5effffff, 0x5f000000, 0xdf000000,
	0xdf000001, 0x5f7fffff, 0x5f800000, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000,
	0x7fc00000, 0xffc00000, 0x7f800001, 0xff812345 };
static const uint64_t f64s[] = { 0, 0x8000000000000000, 1, 0x8000000000000001, 0xfffffffffffff,
	0x10000000000000, 0x3fe0000000000000, 0xbfe0000000000000, 0x3fefffffffffffff,
	0xbfefffffffffffff, 0x3ff0000000000000, 0x3ff0000000000001, 0xbff0000000000000,
	0x3ff8000000000000, 0x4004000000000000, 0xc004000000000000, 0x400921fb54442d18,
	0x41dfffffffc00000, 0x41dfffffffffffff, 0x41e0000000000000, 0xc1e0000000000000,
	0xc1e00000001fffff, 0xc1e0000000200000, 0x41efffffffe00000, 0x41efffffffffffff,
	0x41f0000000000000, 0x4330000000000001, 0x43dfffffffffffff, 0x43e0000000000000,
	0xc3e0000000000000, 0xc3e0000000000001, 0x43efffffffffffff, 0x43f0000000000000,
	0x369fffffffffffff, 0x36a0000000000000, 0x380fffffffffffff, 0x47efffffefffffff,
	0x47efffffffffffff, 0x7fefffffffffffff, 0xffefffffffffffff, 0x7ff0000000000000,
	0xfff0000000000000, 0x7ff8000000000000, 0xfff8000000000000, 0x7ff0000000000001,
	0xfff0012345678901 };

static const struct {
	const uint64_t *values;
	uint32_t count, at; /* in memory */
} operands[TYPES] = {
	[I32] = { i32s, ARRAY_LEN(i32s), 1024 },
	[I64] = { i64s, ARRAY_LEN(i64s), 2048 },
	[F32] = { f32s, ARRAY_LEN(f32s), 3072 },
	[F64] = { f64s, ARRAY_LEN(f64s), 4096 },
};

/* Where an instruction would trap:. */
#define ZERO32 "(i32.eqz (local.get $b))"
#define ZERO64 "(i64.eqz (local.get $b))"
#define OVER32                                                                       \
	"(i32.or " ZERO32 "(i32.and (i32.eq (local.get $b) (i32.const -1)) (i32.eq " \
	"(local.get $a) (i32.const 0x80000000))))"
#define OVER64                                                                       \
	"(i32.or " ZERO64 "(i32.and (i64.eq (local.get $b) (i64.const -1)) (i64.eq " \
	"(local.get $a) (i64.const 0x8000000000000000))))"
#define OUTSIDE(f, above, low, high)                                                   \
	"(i32.eqz (i32.and (" f "." above " (local.get $a) (" f ".const " low ")) (" f \
	".lt (local.get $a) (" f ".const " high "))))"

static const struct operation {
	const char *name;
	enum type from, to;
	uint32_t operands;
	bool bits; /* a NaN's too */
	const char *traps;
} operations[] = {
#define INTEGER(i, I)                                                                         \
	{ i ".eqz", I, I32, 1, false, NULL }, { i ".clz", I, I, 1, false, NULL },             \
		{ i ".ctz", I, I, 1, false, NULL }, { i ".popcnt", I, I, 1, false, NULL },    \
		{ i ".extend8_s", I, I, 1, false, NULL },                                     \
		{ i ".extend16_s", I, I, 1, false, NULL },                                    \
		{ i ".eq", I, I32, 2, false, NULL }, { i ".ne", I, I32, 2, false, NULL },     \
		{ i ".lt_s", I, I32, 2, false, NULL }, { i ".lt_u", I, I32, 2, false, NULL }, \
		{ i ".gt_s", I, I32, 2, false, NULL }, { i ".gt_u", I, I32, 2, false, NULL }, \
		{ i ".le_s", I, I32, 2, false, NULL }, { i ".le_u", I, I32, 2, false, NULL }, \
		{ i ".ge_s", I, I32, 2, false, NULL }, { i ".ge_u", I, I32, 2, false, NULL }, \
		{ i ".add", I, I, 2, false, NULL }, { i ".sub", I, I, 2, false, NULL },       \
		{ i ".mul", I, I, 2, false, NULL }, { i ".and", I, I, 2, false, NULL },       \
		{ i ".or", I, I, 2, false, NULL }, { i ".xor", I, I, 2, false, NULL },        \
		{ i ".shl", I, I, 2, false, NULL }, { i ".shr_s", I, I, 2, false, NULL },     \
		{ i ".shr_u", I, I, 2, false, NULL }, { i ".rotl", I, I, 2, false, NULL },    \
	{                                                                                     \
		i ".rotr", I, I, 2, false, NULL                                               \
	}
#define FLOAT(f, F, i, I)                                                                    \
	{ f ".eq", F, I32, 2, false, NULL }, { f ".ne", F, I32, 2, false, NULL },            \
		{ f ".lt", F, I32, 2, false, NULL }, { f ".gt", F, I32, 2, false, NULL },    \
		{ f ".le", F, I32, 2, false, NULL }, { f ".ge", F, I32, 2, false, NULL },    \
		{ f ".add", F, F, 2, false, NULL }, { f ".sub", F, F, 2, false, NULL },      \
		{ f ".mul", F, F, 2, false, NULL }, { f ".div", F, F, 2, false, NULL },      \
		{ f ".min", F, F, 2, false, NULL }, { f ".max", F, F, 2, false, NULL },      \
		{ f ".copysign", F, F, 2, true, NULL }, { f ".abs", F, F, 1, true, NULL },   \
		{ f ".neg", F, F, 1, true, NULL }, { f ".ceil", F, F, 1, false, NULL },      \
		{ f ".floor", F, F, 1, false, NULL }, { f ".trunc", F, F, 1, false, NULL },  \
		{ f ".nearest", F, F, 1, false, NULL }, { f ".sqrt", F, F, 1, false, NULL }, \
		{ i ".reinterpret_" f, F, I, 1, true, NULL },                                \
		{ f ".reinterpret_" i, I, F, 1, true, NULL },                                \
		{ "i32.trunc_sat_" f "_s", F, I32, 1, false, NULL },                         \
		{ "i32.trunc_sat_" f "_u", F, I32, 1, false, NULL },                         \
		{ "i64.trunc_sat_" f "_s", F, I64, 1, false, NULL },                         \
		{ "i64.trunc_sat_" f "_u", F, I64, 1, false, NULL },                         \
		{ f ".convert_i32_s", I32, F, 1, false, NULL },                              \
		{ f ".convert_i32_u", I32, F, 1, false, NULL },                              \
		{ f ".convert_i64_s", I64, F, 1, false, NULL },                              \
		{ f ".convert_i64_u", I64, F, 1, false, NULL },                              \
		{ "i32.trunc_" f "_u", F, I32, 1, false,                                     \
			OUTSIDE(f, "gt", "-1", "4294967296") },                              \
		{ "i64.trunc_" f "_s", F, I64, 1, false,                                     \
			OUTSIDE(f, "ge", "-9223372036854775808", "9223372036854775808") },   \
	{                                                                                    \
		"i64.trunc_" f "_u", F, I64, 1, false,                                       \
			OUTSIDE(f, "gt", "-1", "18446744073709551616")                       \
	}
	INTEGER("i32", I32),
	INTEGER("i64", I64),
	FLOAT("f32", F32, "i32", I32),
	FLOAT("f64", F64, "i64", I64),
	{ "i32.div_s", I32, I32, 2, false, OVER32 },
	{ "i32.rem_s", I32, I32, 2, false, ZERO32 },
	{ "i32.div_u", I32, I32, 2, false, ZERO32 },
	{ "i32.rem_u", I32, I32, 2, false, ZERO32 },
	{ "i64.div_s", I64, I64, 2, false, OVER64 },
	{ "i64.rem_s", I64, I64, 2, false, ZERO64 },
	{ "i64.div_u", I64, I64, 2, false, ZERO64 },
	{ "i64.rem_u", I64, I64, 2, false, ZERO64 },
	{ "i32.trunc_f32_s", F32, I32, 1, false,
		OUTSIDE("f32", "ge", "-2147483648", "2147483648") },
	{ "i32.trunc_f64_s", F64, I32, 1, false,
		OUTSIDE("f64", "gt", "-2147483649", "2147483648") },
	{ "i64.extend32_s", I64, I64, 1, false, NULL },
	{ "i32.wrap_i64", I64, I32, 1, false, NULL },
	{ "i64.extend_i32_s", I32, I64, 1, false, NULL },
	{ "i64.extend_i32_u", I32, I64, 1, false, NULL },
	{ "f32.demote_f64", F64, F32, 1, false, NULL },
	{ "f64.promote_f32", F32, F64, 1, false, NULL },
};
_Static_assert(ARRAY_LEN(operations) <= ARITHMETIC_OPERATIONS_MAX, "each has an exit code");

uint32_t arithmetic_count(void)
{
	return ARRAY_LEN(operations);
}

const char *arithmetic_name(uint32_t operation)
{
	return operations[operation].name;
}

static void write_operands(FILE *file)
{
	for (int type = 0; type < TYPES; type++) {
		fprintf(file, "(data (i32.const %u) \"", operands[type].at);
		for (uint32_t i = 0; i < operands[type].count; i++)
			for (uint32_t byte = 0; byte < types[type].bytes; byte++)
				fprintf(file, "\\%02x",
					(unsigned int)(operands[type].values[i] >> 8 * byte &
						       0xff));
		fprintf(file, "\")\n");
	}
}

/* All that came of an operation, in order, as one number. A NaN that arithmetic made is any. */
static void write_takers(FILE *file)
{
	fprintf(file, "(global $h (mut i64) (i64.const 0))\n"
		      "(func $i64 (param i64) (global.set $h (i64.add (local.get 0) (i64.mul "
		      "(global.get $h) (i64.const 6364136223846793005)))))\n"
		      "(func $i32 (param i32) (call $i64 (i64.extend_i32_u (local.get 0))))\n");
	for (int type = F32; type <= F64; type++) {
		const char *f = types[type].name, *i = types[type].bits;

		fprintf(file,
			"(func $%s_bits (param %s) (call $%s (%s.reinterpret_%s (local.get "
			"0))))\n",
			f, f, i, i, f);
		fprintf(file,
			"(func $%s (param %s) (if (%s.ne (local.get 0) (local.get 0)) (then "
			"(call $%s "
			"(%s.const %s))) (else (call $%s_bits (local.get 0)))))\n",
			f, f, f, i, i, types[type].quiet_nan, f);
	}
}

static void write_operation(FILE *file, uint32_t k)
{
	const struct operation *op = &operations[k];
	const char *type = types[op->from].name;

	fprintf(file, "(func $op%u (param $a %s) (param $b %s)\n", k, type, type);
	if (op->traps)
		fprintf(file, "(if %s (then (call $i32 (i32.const 77)) (return)))\n",
			op->traps);
	fprintf(file, "(call $%s%s (%s (local.get $a) %s)))\n", types[op->to].name,
		op->bits && op->to >= F32 ? "_bits" : "", op->name,
		op->operands == 2 ? "(local.get $b)" : "");
}

/* Over all operands, or all pairs. */
static void write_loop(FILE *file, uint32_t k)
{
	const struct operation *op = &operations[k];
	uint32_t bytes = types[op->from].bytes, end = bytes * operands[op->from].count,
		 at = operands[op->from].at, pairs_end = op->operands == 2 ? end : bytes;
	const char *type = types[op->from].name;

	fprintf(file,
		"(func $r%u (result i64) (local $i i32) (local $j i32) (global.set $h "
		"(i64.const 0))\n"
		"(loop $outer (local.set $j (i32.const 0)) (loop $inner (call $op%u (%s.load "
		"offset=%u "
		"(local.get $i)) (%s.load offset=%u (local.get $j)))\n"
		"(br_if $inner (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const "
		"%u))) "
		"(i32.const %u))))\n"
		"(br_if $outer (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const "
		"%u))) "
		"(i32.const %u))))\n"
		"(global.get $h))\n",
		k, k, type, at, type, at, bytes, pairs_end, bytes, end);
}

static void write_body(FILE *file)
{
	fprintf(file, "(memory 1)\n");
	write_operands(file);
	write_takers(file);
	for (uint32_t k = 0; k < ARRAY_LEN(operations); k++) {
		write_operation(file, k);
		write_loop(file, k);
	}
}

void arithmetic_write_asking(FILE *file)
{
	fprintf(file, "(module\n");
	write_body(file);
	for (uint32_t k = 0; k < ARRAY_LEN(operations); k++)
		fprintf(file, "(export \"r%u\" (func $r%u))\n", k, k);
	fprintf(file, ")\n");
}

void arithmetic_write_program(FILE *file, const uint64_t *expected)
{
	fprintf(file, "(module (import \"wasi_snapshot_preview1\" \"proc_exit\" (func $exit "
		      "(param i32)))\n");
	write_body(file);
	fprintf(file, "(func (export \"_start\")\n");
	for (uint32_t k = 0; k < ARRAY_LEN(operations); k++)
		fprintf(file,
			"(if (i64.ne (call $r%u) (i64.const %" PRIu64
			")) (then (call $exit (i32.const %u))))\n",
			k, expected[k], k + 1);
	fprintf(file, "))\n");
}
