/*
 * simd_ops.c: see simd_ops.h. Compiled once for each way: SIMD_HEADER says which of the
 * headers, SIMD_BUILD what the result is called. The functions are not inlined, so that nothing
 * is known about their operands.
 */
#include "tests/runtime/simd_ops.h"

#include SIMD_HEADER

#include "ipc/base.h"
#include "tests/runtime/simd_rows.h"

#define OPERANDS uint8_t *out, const uint8_t *a, const uint8_t *b, const uint8_t *c, uint32_t n
#define UNUSED   \
	(void)b; \
	(void)c; \
	(void)n

static inline simde_v128_t get(const uint8_t *bytes)
{
	simde_v128_t x;

	memcpy(&x, bytes, SIMD_BYTES);
	return x;
}

static inline void put(uint8_t *bytes, simde_v128_t x)
{
	memcpy(bytes, &x, SIMD_BYTES);
}

#define UNARY(name)                                  \
	static void op_##name(OPERANDS)              \
	{                                            \
		UNUSED;                              \
		put(out, simde_wasm_##name(get(a))); \
	}
#define BINARY(name)                                         \
	static void op_##name(OPERANDS)                      \
	{                                                    \
		UNUSED;                                      \
		put(out, simde_wasm_##name(get(a), get(b))); \
	}
#define FLOAT1(name, bits) UNARY(name)
#define FLOAT2(name, bits) BINARY(name)
/* Counts known and not known while compiling become different code. */
#define SHIFT(name)                                                          \
	static void op_##name(OPERANDS)                                      \
	{                                                                    \
		UNUSED;                                                      \
		put(out, simde_wasm_##name(get(a), n));                      \
	}                                                                    \
	static void known_##name(OPERANDS)                                   \
	{                                                                    \
		simde_v128_t x = simde_wasm_##name(get(a), 1),               \
			     y = simde_wasm_##name(get(a), 39);              \
		UNUSED;                                                      \
		y = simde_wasm_v128_xor(y, simde_wasm_##name(get(b), 62));   \
		put(out, simde_wasm_i64x2_sub(simde_wasm_##name(x, 64), y)); \
	}
#define TEST(name)                                                   \
	static void op_##name(OPERANDS)                              \
	{                                                            \
		uint32_t answers[4] = { simde_wasm_##name(get(a)) }; \
		UNUSED;                                              \
		memcpy(out, answers, SIMD_BYTES);                    \
	}
#define LOAD(name)                              \
	static void op_##name(OPERANDS)         \
	{                                       \
		UNUSED;                         \
		put(out, simde_wasm_##name(a)); \
	}

/* All lanes, by their numbers: those beyond the last begin again. */
#define EACH_LANE(DO, count)                                                                  \
	DO(0)                                                                                 \
	DO(1) DO(2 % (count)) DO(3 % (count)) DO(4 % (count)) DO(5 % (count)) DO(6 % (count)) \
		DO(7 % (count)) DO(8 % (count)) DO(9 % (count)) DO(10 % (count))              \
			DO(11 % (count)) DO(12 % (count)) DO(13 % (count)) DO(14 % (count))   \
				DO(15 % (count))

#define LANES(name, type, count)                        \
	static void splat_##name(OPERANDS)              \
	{                                               \
		type x;                                 \
		UNUSED;                                 \
		memcpy(&x, a, sizeof(x));               \
		put(out, simde_wasm_##name##_splat(x)); \
	}                                               \
	static void extract_##name(OPERANDS)            \
	{                                               \
		simde_v128_t v = get(a);                \
		type x[count];                          \
		UNUSED;                                 \
		EACH_LANE(EXTRACT_##name, count)        \
		memcpy(out, x, SIMD_BYTES);             \
	}                                               \
	static void replace_##name(OPERANDS)            \
	{                                               \
		simde_v128_t v = get(a);                \
		type x[count];                          \
		UNUSED;                                 \
		memcpy(x, b, SIMD_BYTES);               \
		EACH_LANE(REPLACE_##name, count)        \
		put(out, v);                            \
	}
#define EXTRACT_FOR(name, lane) x[lane] = simde_wasm_##name##_extract_lane(v, lane);
#define REPLACE_FOR(name, lane) \
	if ((lane) % 3 != 1)    \
		v = simde_wasm_##name##_replace_lane(v, lane, x[lane]);
#define EXTRACT_i8x16(lane) EXTRACT_FOR(i8x16, lane)
#define EXTRACT_u8x16(lane) EXTRACT_FOR(u8x16, lane)
#define EXTRACT_i16x8(lane) EXTRACT_FOR(i16x8, lane)
#define EXTRACT_u16x8(lane) EXTRACT_FOR(u16x8, lane)
#define EXTRACT_i32x4(lane) EXTRACT_FOR(i32x4, lane)
#define EXTRACT_i64x2(lane) EXTRACT_FOR(i64x2, lane)
#define EXTRACT_f32x4(lane) EXTRACT_FOR(f32x4, lane)
#define EXTRACT_f64x2(lane) EXTRACT_FOR(f64x2, lane)
#define REPLACE_i8x16(lane) REPLACE_FOR(i8x16, lane)
#define REPLACE_u8x16(lane) REPLACE_FOR(u8x16, lane)
#define REPLACE_i16x8(lane) REPLACE_FOR(i16x8, lane)
#define REPLACE_u16x8(lane) REPLACE_FOR(u16x8, lane)
#define REPLACE_i32x4(lane) REPLACE_FOR(i32x4, lane)
#define REPLACE_i64x2(lane) REPLACE_FOR(i64x2, lane)
#define REPLACE_f32x4(lane) REPLACE_FOR(f32x4, lane)
#define REPLACE_f64x2(lane) REPLACE_FOR(f64x2, lane)

#define LANE_MEMORY(bits, count)                    \
	static void load_lane_##bits(OPERANDS)      \
	{                                           \
		simde_v128_t v = get(a);            \
		UNUSED;                             \
		EACH_LANE(LOAD_LANE_##bits, count)  \
		put(out, v);                        \
	}                                           \
	static void store_lane_##bits(OPERANDS)     \
	{                                           \
		simde_v128_t v = get(a);            \
		UNUSED;                             \
		EACH_LANE(STORE_LANE_##bits, count) \
	}
#define LOAD_LANE(bits, lane) \
	if ((lane) % 3 != 1)  \
		v = simde_wasm_v128_load##bits##_lane(b + (lane) * (bits) / 8, v, lane);
#define STORE_LANE(bits, lane) \
	simde_wasm_v128_store##bits##_lane(out + (lane) * (bits) / 8, v, lane);
#define LOAD_LANE_8(lane)   LOAD_LANE(8, lane)
#define LOAD_LANE_16(lane)  LOAD_LANE(16, lane)
#define LOAD_LANE_32(lane)  LOAD_LANE(32, lane)
#define LOAD_LANE_64(lane)  LOAD_LANE(64, lane)
#define STORE_LANE_8(lane)  STORE_LANE(8, lane)
#define STORE_LANE_16(lane) STORE_LANE(16, lane)
#define STORE_LANE_32(lane) STORE_LANE(32, lane)
#define STORE_LANE_64(lane) STORE_LANE(64, lane)

/* Of two operands, of one with itself, and of one with zeros on either side. */
#define SHUFFLE(name, ...)                                                           \
	static void shuffle_##name(OPERANDS)                                         \
	{                                                                            \
		UNUSED;                                                              \
		put(out, simde_wasm_i8x16_shuffle(get(a), get(b), __VA_ARGS__));     \
	}                                                                            \
	static void same_##name(OPERANDS)                                            \
	{                                                                            \
		UNUSED;                                                              \
		put(out, simde_wasm_i8x16_shuffle(get(a), get(a), __VA_ARGS__));     \
	}                                                                            \
	static void zeros_##name(OPERANDS)                                           \
	{                                                                            \
		UNUSED;                                                              \
		put(out, simde_wasm_i8x16_shuffle(                                   \
				 simde_wasm_i64x2_make(0, 0), get(a), __VA_ARGS__)); \
	}                                                                            \
	static void behind_##name(OPERANDS)                                          \
	{                                                                            \
		UNUSED;                                                              \
		put(out, simde_wasm_i8x16_shuffle(                                   \
				 get(a), simde_wasm_i64x2_make(0, 0), __VA_ARGS__)); \
	}

SIMD_UNARY(UNARY)
SIMD_BINARY(BINARY)
SIMD_SHIFT(SHIFT)
SIMD_TEST(TEST)
SIMD_FLOAT1(FLOAT1)
SIMD_FLOAT2(FLOAT2)
SIMD_LANES(LANES)
SIMD_LOAD(LOAD)
SIMD_LANE_MEMORY(LANE_MEMORY)
SIMD_SHUFFLE(SHUFFLE)

static void bitselect(OPERANDS)
{
	UNUSED;
	put(out, simde_wasm_v128_bitselect(get(a), get(b), get(c)));
}

static void constants(OPERANDS)
{
	simde_v128_t x = simde_wasm_i8x16_const(
		0, 1, 2, 3, 0xff, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0x80);

	UNUSED;
	simde_wasm_v128_store(out, simde_wasm_v128_xor(get(a), x));
}

#define ROW(name)             { #name, 0, op_##name },
#define SHIFT_ROW(name)       ROW(name){ #name " by a known count", 0, known_##name },
#define FLOAT_ROW(name, bits) { #name, bits, op_##name },
#define LANES_ROW(name, ...)                                                               \
	{ #name "_splat", 0, splat_##name }, { #name "_extract_lane", 0, extract_##name }, \
		{ #name "_replace_lane", 0, replace_##name },
#define LANE_MEMORY_ROW(bits, count)                        \
	{ "v128_load" #bits "_lane", 0, load_lane_##bits }, \
		{ "v128_store" #bits "_lane", 0, store_lane_##bits },
#define SHUFFLE_ROW(name, ...)                                             \
	{ "i8x16_shuffle, " #name, 0, shuffle_##name },                    \
		{ "i8x16_shuffle of one, " #name, 0, same_##name },        \
		{ "i8x16_shuffle behind zeros, " #name, 0, zeros_##name }, \
		{ "i8x16_shuffle before zeros, " #name, 0, behind_##name },

static const struct simd_op ops[] = {
	SIMD_UNARY(ROW) SIMD_BINARY(ROW) SIMD_SHIFT(SHIFT_ROW) SIMD_TEST(ROW)
		SIMD_FLOAT1(FLOAT_ROW) SIMD_FLOAT2(FLOAT_ROW) SIMD_LANES(LANES_ROW)
			SIMD_LOAD(ROW) SIMD_LANE_MEMORY(LANE_MEMORY_ROW)
				SIMD_SHUFFLE(SHUFFLE_ROW){ "v128_bitselect", 0, bitselect },
	{ "v128.const and v128_store", 0, constants }
};

extern const struct simd_build SIMD_BUILD;
const struct simd_build SIMD_BUILD = { ops, ARRAY_LEN(ops) };
