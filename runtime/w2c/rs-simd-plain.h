/*
 * rs-simd-plain.h: what rs-simd.h says, in plain C on a struct, lane by lane, as the
 * specification has it: for compilers without vectors (tcc), and what the tests hold rs-simd.h
 * against. Nothing here knows a processor.
 */
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

typedef struct {
	uint64_t half[2];
} simde_v128_t;

union rs_lanes {
	simde_v128_t all;
	int8_t i8[16];
	uint8_t u8[16];
	int16_t i16[8];
	uint16_t u16[8];
	int32_t i32[4];
	uint32_t u32[4];
	int64_t i64[2];
	uint64_t u64[2];
	float f32[4];
	double f64[2];
};

#define RS_RESULT static inline simde_v128_t

/* Lanes x of the operand (and y of the other) make the lanes of the result; n may be fewer than
 * it has: the rest is 0. */
#define RS_UNARY(name, n, to, from, value)          \
	RS_RESULT simde_wasm_##name(simde_v128_t v) \
	{                                           \
		union rs_lanes a, r;                \
		int i;                              \
		a.all = v;                          \
		r.u64[0] = r.u64[1] = 0;            \
		for (i = 0; i < (n); i++)           \
			r.to[i] = (value);          \
		return r.all;                       \
	}
#define RS_BINARY(name, n, to, value)                               \
	RS_RESULT simde_wasm_##name(simde_v128_t v, simde_v128_t w) \
	{                                                           \
		union rs_lanes a, b, r;                             \
		int i;                                              \
		a.all = v;                                          \
		b.all = w;                                          \
		for (i = 0; i < (n); i++)                           \
			r.to[i] = (value);                          \
		return r.all;                                       \
	}
#define RS_SHIFT(name, n, to, value)                                \
	RS_RESULT simde_wasm_##name(simde_v128_t v, uint32_t count) \
	{                                                           \
		union rs_lanes a, r;                                \
		uint32_t by = count % (128 / (n));                  \
		int i;                                              \
		a.all = v;                                          \
		for (i = 0; i < (n); i++)                           \
			r.to[i] = (value);                          \
		return r.all;                                       \
	}

/* 1. Constants, lanes */

#define simde_wasm_i64x2_make(low, high) (((union rs_lanes){ .i64 = { (low), (high) } }).all)
#define simde_wasm_i8x16_const(...)      (((union rs_lanes){ .u8 = { __VA_ARGS__ } }).all)

#define RS_LANES(name, n, kind, type)                                                 \
	RS_RESULT simde_wasm_##name##_splat(type x)                                   \
	{                                                                             \
		union rs_lanes r;                                                     \
		int i;                                                                \
		for (i = 0; i < (n); i++)                                             \
			r.kind[i] = x;                                                \
		return r.all;                                                         \
	}                                                                             \
	static inline type simde_wasm_##name##_extract_lane(simde_v128_t v, int lane) \
	{                                                                             \
		union rs_lanes a;                                                     \
		a.all = v;                                                            \
		return a.kind[lane];                                                  \
	}                                                                             \
	RS_RESULT simde_wasm_##name##_replace_lane(simde_v128_t v, int lane, type x)  \
	{                                                                             \
		union rs_lanes a;                                                     \
		a.all = v;                                                            \
		a.kind[lane] = x;                                                     \
		return a.all;                                                         \
	}
RS_LANES(i8x16, 16, i8, int8_t)
RS_LANES(u8x16, 16, u8, uint8_t)
RS_LANES(i16x8, 8, i16, int16_t)
RS_LANES(u16x8, 8, u16, uint16_t)
RS_LANES(i32x4, 4, i32, int32_t)
RS_LANES(i64x2, 2, i64, int64_t)
RS_LANES(f32x4, 4, f32, float)
RS_LANES(f64x2, 2, f64, double)

RS_RESULT rs_shuffle(simde_v128_t v, simde_v128_t w, const uint8_t *which)
{
	union rs_lanes from[2], r;
	int i;

	from[0].all = v;
	from[1].all = w;
	for (i = 0; i < 16; i++)
		r.u8[i] = from[which[i] / 16].u8[which[i] % 16];
	return r.all;
}
#define simde_wasm_i8x16_shuffle(a, b, ...) rs_shuffle(a, b, (const uint8_t[16]){ __VA_ARGS__ })
RS_BINARY(i8x16_swizzle, 16, u8, b.u8[i] < 16 ? a.u8[b.u8[i]] : 0)

/* 2. Bits */

RS_UNARY(v128_not, 2, u64, u64, ~a.u64[i])
RS_BINARY(v128_and, 2, u64, a.u64[i] & b.u64[i])
RS_BINARY(v128_or, 2, u64, a.u64[i] | b.u64[i])
RS_BINARY(v128_xor, 2, u64, a.u64[i] ^ b.u64[i])
RS_BINARY(v128_andnot, 2, u64, a.u64[i] & ~b.u64[i])

RS_RESULT simde_wasm_v128_bitselect(simde_v128_t a, simde_v128_t b, simde_v128_t mask)
{
	a.half[0] = (a.half[0] & mask.half[0]) | (b.half[0] & ~mask.half[0]);
	a.half[1] = (a.half[1] & mask.half[1]) | (b.half[1] & ~mask.half[1]);
	return a;
}

static inline uint32_t simde_wasm_v128_any_true(simde_v128_t a)
{
	return (a.half[0] | a.half[1]) != 0;
}

#define RS_ALL(name, n, kind)                                               \
	static inline uint32_t simde_wasm_##name##_bitmask(simde_v128_t v)  \
	{                                                                   \
		union rs_lanes a;                                           \
		uint32_t mask = 0;                                          \
		int i;                                                      \
		a.all = v;                                                  \
		for (i = 0; i < (n); i++)                                   \
			mask |= (uint32_t)(a.kind[i] < 0) << i;             \
		return mask;                                                \
	}                                                                   \
	static inline uint32_t simde_wasm_##name##_all_true(simde_v128_t v) \
	{                                                                   \
		union rs_lanes a;                                           \
		int i, all = 1;                                             \
		a.all = v;                                                  \
		for (i = 0; i < (n); i++)                                   \
			all &= a.kind[i] != 0;                              \
		return (uint32_t)all;                                       \
	}
RS_ALL(i8x16, 16, i8)
RS_ALL(i16x8, 8, i16)
RS_ALL(i32x4, 4, i32)
RS_ALL(i64x2, 2, i64)

/* 3. Integers */

/* I and U name the signed and the unsigned lanes of a width: in the union, and before their
 * count in the names. */
#define RS_WRAPPING(name, n, I, U)                                         \
	RS_BINARY(I##name##_add, n, U, a.U[i] + b.U[i])                    \
	RS_BINARY(I##name##_sub, n, U, a.U[i] - b.U[i])                    \
	RS_UNARY(I##name##_neg, n, U, U, 0 - a.U[i])                       \
	RS_UNARY(I##name##_abs, n, U, U, a.I[i] < 0 ? 0 - a.U[i] : a.U[i]) \
	RS_SHIFT(I##name##_shl, n, U, a.U[i] << by)                        \
	RS_SHIFT(I##name##_shr, n, I, a.I[i] >> by)                        \
	RS_SHIFT(U##name##_shr, n, U, a.U[i] >> by)
RS_WRAPPING(x16, 16, i8, u8)
RS_WRAPPING(x8, 8, i16, u16)
RS_WRAPPING(x4, 4, i32, u32)
RS_WRAPPING(x2, 2, i64, u64)
RS_BINARY(i16x8_mul, 8, u16, (uint32_t)a.u16[i] * b.u16[i])
RS_BINARY(i32x4_mul, 4, u32, a.u32[i] * b.u32[i])
RS_BINARY(i64x2_mul, 2, u64, a.u64[i] * b.u64[i])

#define RS_EQUAL(name, n, to, from)                            \
	RS_BINARY(name##_eq, n, to, -(a.from[i] == b.from[i])) \
	RS_BINARY(name##_ne, n, to, -(a.from[i] != b.from[i]))
#define RS_ORDERED(name, n, to, from)                          \
	RS_BINARY(name##_lt, n, to, -(a.from[i] < b.from[i]))  \
	RS_BINARY(name##_gt, n, to, -(a.from[i] > b.from[i]))  \
	RS_BINARY(name##_le, n, to, -(a.from[i] <= b.from[i])) \
	RS_BINARY(name##_ge, n, to, -(a.from[i] >= b.from[i]))
#define RS_MIN_MAX(name, n, kind)                                                     \
	RS_BINARY(name##_min, n, kind, a.kind[i] < b.kind[i] ? a.kind[i] : b.kind[i]) \
	RS_BINARY(name##_max, n, kind, a.kind[i] > b.kind[i] ? a.kind[i] : b.kind[i])
RS_EQUAL(i8x16, 16, i8, i8)
RS_EQUAL(i16x8, 8, i16, i16)
RS_EQUAL(i32x4, 4, i32, i32)
RS_EQUAL(i64x2, 2, i64, i64)
RS_EQUAL(f32x4, 4, i32, f32)
RS_EQUAL(f64x2, 2, i64, f64)
RS_ORDERED(i8x16, 16, i8, i8)
RS_ORDERED(u8x16, 16, i8, u8)
RS_ORDERED(i16x8, 8, i16, i16)
RS_ORDERED(u16x8, 8, i16, u16)
RS_ORDERED(i32x4, 4, i32, i32)
RS_ORDERED(u32x4, 4, i32, u32)
RS_ORDERED(i64x2, 2, i64, i64)
RS_ORDERED(f32x4, 4, i32, f32)
RS_ORDERED(f64x2, 2, i64, f64)
RS_MIN_MAX(i8x16, 16, i8)
RS_MIN_MAX(u8x16, 16, u8)
RS_MIN_MAX(i16x8, 8, i16)
RS_MIN_MAX(u16x8, 8, u16)
RS_MIN_MAX(i32x4, 4, i32)
RS_MIN_MAX(u32x4, 4, u32)

static inline int32_t rs_within(int32_t x, int32_t least, int32_t most)
{
	return x < least ? least : x > most ? most : x;
}

#define RS_SATURATING(name, n, kind, least, most)                                         \
	RS_BINARY(name##_add_sat, n, kind, rs_within(a.kind[i] + b.kind[i], least, most)) \
	RS_BINARY(name##_sub_sat, n, kind, rs_within(a.kind[i] - b.kind[i], least, most))
RS_SATURATING(i8x16, 16, i8, -128, 127)
RS_SATURATING(u8x16, 16, u8, 0, 255)
RS_SATURATING(i16x8, 8, i16, -32768, 32767)
RS_SATURATING(u16x8, 8, u16, 0, 65535)
RS_BINARY(u8x16_avgr, 16, u8, (a.u8[i] + b.u8[i] + 1) / 2)
RS_BINARY(u16x8_avgr, 8, u16, (a.u16[i] + b.u16[i] + 1) / 2)
RS_BINARY(i16x8_q15mulr_sat, 8, i16,
	rs_within((a.i16[i] * b.i16[i] + 0x4000) >> 15, -32768, 32767))

static inline int rs_bits(uint8_t x)
{
	int bits;

	for (bits = 0; x; x &= (uint8_t)(x - 1))
		bits++;
	return bits;
}
RS_UNARY(i8x16_popcnt, 16, u8, u8, rs_bits(a.u8[i]))

/* 4. Wider and narrower */

#define RS_WIDER(to_name, to, from_name, from, n, wide)                                       \
	RS_UNARY(to_name##_extend_low_##from_name, n, to, from, a.from[i])                    \
	RS_UNARY(to_name##_extend_high_##from_name, n, to, from, a.from[i + (n)])             \
	RS_BINARY(to_name##_extmul_low_##from_name, n, to, (wide)a.from[i] * (wide)b.from[i]) \
	RS_BINARY(to_name##_extmul_high_##from_name, n, to,                                   \
		(wide)a.from[i + (n)] * (wide)b.from[i + (n)])
#define RS_PAIRS(to_name, to, from_name, from, n, wide)              \
	RS_UNARY(to_name##_extadd_pairwise_##from_name, n, to, from, \
		(wide)a.from[2 * i] + (wide)a.from[2 * i + 1])
RS_WIDER(i16x8, i16, i8x16, i8, 8, int32_t)
RS_WIDER(u16x8, u16, u8x16, u8, 8, uint32_t)
RS_WIDER(i32x4, i32, i16x8, i16, 4, int32_t)
RS_WIDER(u32x4, u32, u16x8, u16, 4, uint32_t)
RS_WIDER(i64x2, i64, i32x4, i32, 2, int64_t)
RS_WIDER(u64x2, u64, u32x4, u32, 2, uint64_t)
RS_PAIRS(i16x8, i16, i8x16, i8, 8, int32_t)
RS_PAIRS(u16x8, u16, u8x16, u8, 8, uint32_t)
RS_PAIRS(i32x4, i32, i16x8, i16, 4, int32_t)
RS_PAIRS(u32x4, u32, u16x8, u16, 4, uint32_t)

/* The sum of two products of -32768 is 2^31, which wraps. */
RS_BINARY(i32x4_dot_i16x8, 4, u32,
	(uint32_t)(a.i16[2 * i] * b.i16[2 * i]) +
		(uint32_t)(a.i16[2 * i + 1] * b.i16[2 * i + 1]))

#define RS_NARROWER(name, n, to, from, least, most) \
	RS_BINARY(name, n, to,                      \
		rs_within(i < (n) / 2 ? a.from[i] : b.from[i - (n) / 2], least, most))
RS_NARROWER(i8x16_narrow_i16x8, 16, i8, i16, -128, 127)
RS_NARROWER(u8x16_narrow_i16x8, 16, u8, i16, 0, 255)
RS_NARROWER(i16x8_narrow_i32x4, 8, i16, i32, -32768, 32767)
RS_NARROWER(u16x8_narrow_i32x4, 8, u16, i32, 0, 65535)

/* 5. Floats */

/* Both comparisons false: equal or not ordered. Of equal ones the signs decide, which the
 * caller's word for bits merges. */
#define RS_FLOAT_EXTREME(name, n, kind, bits, before, merge)           \
	RS_RESULT simde_wasm_##name(simde_v128_t v, simde_v128_t w)    \
	{                                                              \
		union rs_lanes a, b, r;                                \
		int i;                                                 \
		a.all = v;                                             \
		b.all = w;                                             \
		for (i = 0; i < (n); i++) {                            \
			if (a.kind[i] == b.kind[i])                    \
				r.bits[i] = a.bits[i] merge b.bits[i]; \
			else if (a.kind[i] before b.kind[i])           \
				r.bits[i] = a.bits[i];                 \
			else if (b.kind[i] before a.kind[i])           \
				r.bits[i] = b.bits[i];                 \
			else                                           \
				r.kind[i] = a.kind[i] + b.kind[i];     \
		}                                                      \
		return r.all;                                          \
	}
#define RS_FLOATS(name, n, kind, bits, sign, f)                                        \
	RS_BINARY(name##_add, n, kind, a.kind[i] + b.kind[i])                          \
	RS_BINARY(name##_sub, n, kind, a.kind[i] - b.kind[i])                          \
	RS_BINARY(name##_mul, n, kind, a.kind[i] * b.kind[i])                          \
	RS_BINARY(name##_div, n, kind, a.kind[i] / b.kind[i])                          \
	RS_UNARY(name##_neg, n, bits, bits, a.bits[i] ^ (sign))                        \
	RS_UNARY(name##_abs, n, bits, bits, a.bits[i] & ~(sign))                       \
	RS_UNARY(name##_sqrt, n, kind, kind, sqrt##f(a.kind[i]))                       \
	RS_UNARY(name##_ceil, n, kind, kind, ceil##f(a.kind[i]))                       \
	RS_UNARY(name##_floor, n, kind, kind, floor##f(a.kind[i]))                     \
	RS_UNARY(name##_trunc, n, kind, kind, trunc##f(a.kind[i]))                     \
	RS_UNARY(name##_nearest, n, kind, kind, nearbyint##f(a.kind[i]))               \
	RS_BINARY(name##_pmin, n, bits, b.kind[i] < a.kind[i] ? b.bits[i] : a.bits[i]) \
	RS_BINARY(name##_pmax, n, bits, a.kind[i] < b.kind[i] ? b.bits[i] : a.bits[i]) \
	RS_FLOAT_EXTREME(name##_min, n, kind, bits, <, |)                              \
	RS_FLOAT_EXTREME(name##_max, n, kind, bits, >, &)
RS_FLOATS(f32x4, 4, f32, u32, 0x80000000u, f)
RS_FLOATS(f64x2, 2, f64, u64, 0x8000000000000000u, )

static inline int32_t rs_to_i32(double x)
{
	if (x != x)
		return 0;
	return x <= -2147483648.0 ? INT32_MIN : x >= 2147483647.0 ? INT32_MAX : (int32_t)x;
}

static inline uint32_t rs_to_u32(double x)
{
	if (x != x || x <= 0)
		return 0;
	return x >= 4294967295.0 ? UINT32_MAX : (uint32_t)(int64_t)x;
}

RS_UNARY(i32x4_trunc_sat_f32x4, 4, i32, f32, rs_to_i32(a.f32[i]))
RS_UNARY(u32x4_trunc_sat_f32x4, 4, u32, f32, rs_to_u32(a.f32[i]))
RS_UNARY(i32x4_trunc_sat_f64x2_zero, 2, i32, f64, rs_to_i32(a.f64[i]))
RS_UNARY(u32x4_trunc_sat_f64x2_zero, 2, u32, f64, rs_to_u32(a.f64[i]))
RS_UNARY(f32x4_convert_i32x4, 4, f32, i32, (float)a.i32[i])
RS_UNARY(f32x4_convert_u32x4, 4, f32, u32, (float)(int64_t)a.u32[i])
RS_UNARY(f64x2_convert_low_i32x4, 2, f64, i32, (double)a.i32[i])
RS_UNARY(f64x2_convert_low_u32x4, 2, f64, u32, (double)(int64_t)a.u32[i])
RS_UNARY(f32x4_demote_f64x2_zero, 2, f32, f64, (float)a.f64[i])
RS_UNARY(f64x2_promote_low_f32x4, 2, f64, f32, (double)a.f32[i])

/* 6. Memory: from and to a copy that the text has made, of just the size. */

RS_RESULT rs_load(const void *from, int bytes)
{
	union rs_lanes r;

	r.u64[0] = r.u64[1] = 0;
	memcpy(&r, from, bytes);
	return r.all;
}

#define simde_wasm_v128_load(from)        rs_load(from, 16)
#define simde_wasm_v128_load32_zero(from) rs_load(from, 4)
#define simde_wasm_v128_load64_zero(from) rs_load(from, 8)
#define simde_wasm_v128_load8_splat(from) simde_wasm_u8x16_splat(*(const uint8_t *)(from))
#define simde_wasm_v128_load16_splat(from) \
	simde_wasm_u16x8_splat(*(const uint16_t *)(const void *)(from))
#define simde_wasm_v128_load32_splat(from) \
	simde_wasm_i32x4_splat(*(const int32_t *)(const void *)(from))
#define simde_wasm_v128_load64_splat(from) \
	simde_wasm_i64x2_splat(*(const int64_t *)(const void *)(from))
#define simde_wasm_i16x8_load8x8(from)  simde_wasm_i16x8_extend_low_i8x16(rs_load(from, 8))
#define simde_wasm_u16x8_load8x8(from)  simde_wasm_u16x8_extend_low_u8x16(rs_load(from, 8))
#define simde_wasm_i32x4_load16x4(from) simde_wasm_i32x4_extend_low_i16x8(rs_load(from, 8))
#define simde_wasm_u32x4_load16x4(from) simde_wasm_u32x4_extend_low_u16x8(rs_load(from, 8))
#define simde_wasm_i64x2_load32x2(from) simde_wasm_i64x2_extend_low_i32x4(rs_load(from, 8))
#define simde_wasm_u64x2_load32x2(from) simde_wasm_u64x2_extend_low_u32x4(rs_load(from, 8))
#define simde_wasm_v128_store(to, a)    ((void)(*(simde_v128_t *)(void *)(to) = (a)))

#define RS_LANE_MEMORY(bits, kind)                             \
	RS_RESULT simde_wasm_v128_load##bits##_lane(           \
		const void *from, simde_v128_t v, int lane)    \
	{                                                      \
		union rs_lanes a;                              \
		a.all = v;                                     \
		memcpy(&a.kind[lane], from, (bits) / 8);       \
		return a.all;                                  \
	}                                                      \
	static inline void simde_wasm_v128_store##bits##_lane( \
		void *to, simde_v128_t v, int lane)            \
	{                                                      \
		union rs_lanes a;                              \
		a.all = v;                                     \
		memcpy(to, &a.kind[lane], (bits) / 8);         \
	}
RS_LANE_MEMORY(8, u8)
RS_LANE_MEMORY(16, u16)
RS_LANE_MEMORY(32, u32)
RS_LANE_MEMORY(64, u64)
