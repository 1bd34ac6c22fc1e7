/*
 * rs-simd.h: the 128-bit instructions of Wasm, under the names by which wasm2c 1.0.33 and later
 * ask for them, for gcc and clang on x86-64. The text includes <simde/wasm/simd128.h>; that
 * file is ours and includes this one, or for compilers without vectors rs-simd-plain.h, which
 * says the same in plain C and is what the tests hold this one against.
 *
 * A value is one vector and stays in a register: nothing here takes the address of one. What
 * the compiler can say with its own vectors (sums, comparisons, products, most shifts) is said
 * so, because it then knows constants and merges operations; the rest is an instruction by
 * name. SSE2 is always there; what newer processors do better stands beside it. Only headers up
 * to SSE4.1 are read: the one with all instructions costs a quarter of a second in every file.
 *
 * It rests on two flags of flags.c: -fwrapv, and -ffp-contract=off.
 */
#pragma once

#if defined(__SSE4_1__)
#include <smmintrin.h>
#elif defined(__SSSE3__)
#include <tmmintrin.h>
#else
#include <emmintrin.h>
#endif
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define RS_VECTOR(name, type) typedef type name __attribute__((vector_size(16)))
RS_VECTOR(rs_i8x16, int8_t);
RS_VECTOR(rs_u8x16, uint8_t);
RS_VECTOR(rs_i16x8, int16_t);
RS_VECTOR(rs_u16x8, uint16_t);
RS_VECTOR(rs_i32x4, int32_t);
RS_VECTOR(rs_u32x4, uint32_t);
RS_VECTOR(rs_i64x2, int64_t);
RS_VECTOR(rs_u64x2, uint64_t);
RS_VECTOR(rs_f32x4, float);
RS_VECTOR(rs_f64x2, double);
typedef rs_i64x2 simde_v128_t;

/* The same bits seen as lanes of another kind; rs_m, rs_ps and rs_pd are what the processor's
 * own names ask for. */
typedef __m128i rs_m;
typedef __m128 rs_ps;
typedef __m128d rs_pd;

#define RS_INLINE static inline __attribute__((always_inline))
#define RS_UNARY(name, value)                                    \
	RS_INLINE simde_v128_t simde_wasm_##name(simde_v128_t a) \
	{                                                        \
		return (simde_v128_t)(value);                    \
	}
#define RS_BINARY(name, value)                                                   \
	RS_INLINE simde_v128_t simde_wasm_##name(simde_v128_t a, simde_v128_t b) \
	{                                                                        \
		return (simde_v128_t)(value);                                    \
	}
#define RS_SHIFT(name, value)                                                \
	RS_INLINE simde_v128_t simde_wasm_##name(simde_v128_t a, uint32_t n) \
	{                                                                    \
		return (simde_v128_t)(value);                                \
	}
#define RS_TEST(name, value)                                 \
	RS_INLINE uint32_t simde_wasm_##name(simde_v128_t a) \
	{                                                    \
		return (uint32_t)(value);                    \
	}

/* 1. Constants, lanes */

#define RS_SET8(x)  _mm_set1_epi8((char)(x))
#define RS_SET16(x) _mm_set1_epi16((short)(x))
#define RS_SET32(x) _mm_set1_epi32((int)(x))
#define RS_SET64(x) ((rs_m)(rs_i64x2){ (int64_t)(x), (int64_t)(x) })
#define RS_ZERO     _mm_setzero_si128()

#define simde_wasm_i64x2_make(low, high) ((simde_v128_t){ (int64_t)(low), (int64_t)(high) })
#define simde_wasm_i8x16_const(...)      ((simde_v128_t)(rs_u8x16){ __VA_ARGS__ })

#define RS_LANES(name, kind, type, splat)                                               \
	RS_INLINE simde_v128_t simde_wasm_##name##_splat(type x)                        \
	{                                                                               \
		return (simde_v128_t)splat;                                             \
	}                                                                               \
	RS_INLINE type simde_wasm_##name##_extract_lane(simde_v128_t a, const int lane) \
	{                                                                               \
		return ((kind)a)[lane];                                                 \
	}                                                                               \
	RS_INLINE simde_v128_t simde_wasm_##name##_replace_lane(                        \
		simde_v128_t a, const int lane, type x)                                 \
	{                                                                               \
		kind lanes = (kind)a;                                                   \
		lanes[lane] = x;                                                        \
		return (simde_v128_t)lanes;                                             \
	}
RS_LANES(i8x16, rs_i8x16, int8_t, RS_SET8(x))
RS_LANES(u8x16, rs_u8x16, uint8_t, RS_SET8(x))
RS_LANES(i16x8, rs_i16x8, int16_t, RS_SET16(x))
RS_LANES(u16x8, rs_u16x8, uint16_t, RS_SET16(x))
RS_LANES(i32x4, rs_i32x4, int32_t, RS_SET32(x))
RS_LANES(i64x2, rs_i64x2, int64_t, RS_SET64(x))
RS_LANES(f32x4, rs_f32x4, float, ((rs_f32x4){ x, x, x, x }))
RS_LANES(f64x2, rs_f64x2, double, ((rs_f64x2){ x, x }))

/*
 * Lanes c, d, ... of the 32 of both operands, all known here. Guests widen bytes by shuffling
 * them with zeros. gcc does not see that an operand is zero; one instruction that leaves zeros
 * then does what takes it three.
 */
#define RS_SHUFFLE(shuffle, a, b, ...) \
	((simde_v128_t)shuffle((rs_u8x16)(a), (rs_u8x16)(b), __VA_ARGS__))
#if defined(__clang__)
#define simde_wasm_i8x16_shuffle(...) RS_SHUFFLE(__builtin_shufflevector, __VA_ARGS__)
#elif !defined(__SSSE3__)
#define simde_wasm_i8x16_shuffle(a, b, ...) \
	RS_SHUFFLE(__builtin_shuffle, a, b, (rs_u8x16){ __VA_ARGS__ })
#else
/* Lanes of the one operand or of the other: what is not its own becomes zero. */
#define RS_FIRST(lanes)  ((lanes) | (rs_u8x16)((lanes) > 15))
#define RS_SECOND(lanes) ((lanes)-16)
RS_INLINE bool rs_is_zero(simde_v128_t x)
{
	return __builtin_constant_p(x[0] | x[1]) && (x[0] | x[1]) == 0;
}
#define simde_wasm_i8x16_shuffle(a, b, ...)                                                    \
	({                                                                                     \
		simde_v128_t rs_a = (a), rs_b = (b);                                           \
		rs_u8x16 rs_lanes = { __VA_ARGS__ };                                           \
		rs_is_zero(rs_a) ? (simde_v128_t)_mm_shuffle_epi8(                             \
					   (rs_m)rs_b, (rs_m)RS_SECOND(rs_lanes))              \
		: rs_is_zero(rs_b)                                                             \
			? (simde_v128_t)_mm_shuffle_epi8((rs_m)rs_a, (rs_m)RS_FIRST(rs_lanes)) \
			: RS_SHUFFLE(                                                          \
				  __builtin_shuffle, rs_a, rs_b, (rs_u8x16){ __VA_ARGS__ });   \
	})
#endif

/* Lanes known only when it runs; 16 and more give zero. pshufb looks at bits 0 to 3 and 7 of
 * each. */
#ifdef __SSSE3__
RS_BINARY(i8x16_swizzle, _mm_shuffle_epi8((rs_m)a, _mm_adds_epu8((rs_m)b, RS_SET8(0x70))))
#else
RS_INLINE simde_v128_t simde_wasm_i8x16_swizzle(simde_v128_t a, simde_v128_t b)
{
	rs_u8x16 from = (rs_u8x16)a, which = (rs_u8x16)b, lanes;

	for (int i = 0; i < 16; i++)
		lanes[i] = which[i] < 16 ? from[which[i] & 15] : 0;
	return (simde_v128_t)lanes;
}
#endif

/* 2. Bits */

RS_UNARY(v128_not, ~a)
RS_BINARY(v128_and, a &b)
RS_BINARY(v128_or, a | b)
RS_BINARY(v128_xor, a ^ b)
RS_BINARY(v128_andnot, a & ~b)

RS_INLINE simde_v128_t simde_wasm_v128_bitselect(
	simde_v128_t a, simde_v128_t b, simde_v128_t mask)
{
	return (a & mask) | (b & ~mask);
}

#define RS_CHOOSE(mask, a, b) \
	simde_wasm_v128_bitselect((simde_v128_t)(a), (simde_v128_t)(b), (simde_v128_t)(mask))

#ifdef __SSE4_1__
RS_TEST(v128_any_true, !_mm_testz_si128((rs_m)a, (rs_m)a))
#else
RS_TEST(v128_any_true, _mm_movemask_epi8(_mm_cmpeq_epi8((rs_m)a, RS_ZERO)) != 0xffff)
#endif

RS_TEST(i8x16_bitmask, _mm_movemask_epi8((rs_m)a))
RS_TEST(i16x8_bitmask, _mm_movemask_epi8(_mm_packs_epi16((rs_m)a, RS_ZERO)))
RS_TEST(i32x4_bitmask, _mm_movemask_ps((rs_ps)a))
RS_TEST(i64x2_bitmask, _mm_movemask_pd((rs_pd)a))

/* 3. Integers that wrap */

#define RS_WRAPPING(name, kind)                  \
	RS_BINARY(name##_add, (kind)a + (kind)b) \
	RS_BINARY(name##_sub, (kind)a - (kind)b) \
	RS_UNARY(name##_neg, -(kind)a)
RS_WRAPPING(i8x16, rs_u8x16)
RS_WRAPPING(i16x8, rs_u16x8)
RS_WRAPPING(i32x4, rs_u32x4)
RS_WRAPPING(i64x2, rs_u64x2)
RS_BINARY(i16x8_mul, (rs_u16x8)a *(rs_u16x8)b)
RS_BINARY(i32x4_mul, (rs_u32x4)a *(rs_u32x4)b)
RS_BINARY(i64x2_mul, (rs_u64x2)a *(rs_u64x2)b)

/* 4. Comparisons: all ones or all zeros */

#define RS_EQUAL(name, kind)                     \
	RS_BINARY(name##_eq, (kind)a == (kind)b) \
	RS_BINARY(name##_ne, (kind)a != (kind)b)
#define RS_ORDERED(name, kind)                   \
	RS_BINARY(name##_lt, (kind)a < (kind)b)  \
	RS_BINARY(name##_gt, (kind)a > (kind)b)  \
	RS_BINARY(name##_le, (kind)a <= (kind)b) \
	RS_BINARY(name##_ge, (kind)a >= (kind)b)
RS_EQUAL(i8x16, rs_i8x16)
RS_EQUAL(i16x8, rs_i16x8)
RS_EQUAL(i32x4, rs_i32x4)
RS_EQUAL(f32x4, rs_f32x4)
RS_EQUAL(f64x2, rs_f64x2)
RS_ORDERED(i8x16, rs_i8x16)
RS_ORDERED(u8x16, rs_u8x16)
RS_ORDERED(i16x8, rs_i16x8)
RS_ORDERED(u16x8, rs_u16x8)
RS_ORDERED(i32x4, rs_i32x4)
RS_ORDERED(u32x4, rs_u32x4)
RS_ORDERED(f32x4, rs_f32x4)
RS_ORDERED(f64x2, rs_f64x2)

/* Every bit of a 64-bit lane is its sign. */
#define RS_SIGN64(x) _mm_shuffle_epi32(_mm_srai_epi32((rs_m)(x), 31), 0xf5)

#ifdef __SSE4_2__
RS_EQUAL(i64x2, rs_i64x2)
RS_ORDERED(i64x2, rs_i64x2)
#else
RS_INLINE rs_m rs_equal64(rs_m a, rs_m b)
{
	rs_m halves = _mm_cmpeq_epi32(a, b);

	return _mm_and_si128(halves, _mm_shuffle_epi32(halves, 0xb1));
}

/* By the high halves; where these are equal, the low ones have borrowed from the difference or
 * not. */
RS_INLINE rs_m rs_greater64(rs_m a, rs_m b)
{
	rs_m difference = (rs_m)((rs_i64x2)b - (rs_i64x2)a);

	return RS_SIGN64(_mm_or_si128(
		_mm_cmpgt_epi32(a, b), _mm_and_si128(_mm_cmpeq_epi32(a, b), difference)));
}
RS_BINARY(i64x2_eq, rs_equal64((rs_m)a, (rs_m)b))
RS_BINARY(i64x2_ne, ~(rs_i64x2)rs_equal64((rs_m)a, (rs_m)b))
RS_BINARY(i64x2_gt, rs_greater64((rs_m)a, (rs_m)b))
RS_BINARY(i64x2_lt, rs_greater64((rs_m)b, (rs_m)a))
RS_BINARY(i64x2_ge, ~(rs_i64x2)rs_greater64((rs_m)b, (rs_m)a))
RS_BINARY(i64x2_le, ~(rs_i64x2)rs_greater64((rs_m)a, (rs_m)b))
#endif

RS_TEST(i8x16_all_true, _mm_movemask_epi8(_mm_cmpeq_epi8((rs_m)a, RS_ZERO)) == 0)
RS_TEST(i16x8_all_true, _mm_movemask_epi8(_mm_cmpeq_epi16((rs_m)a, RS_ZERO)) == 0)
RS_TEST(i32x4_all_true, _mm_movemask_epi8(_mm_cmpeq_epi32((rs_m)a, RS_ZERO)) == 0)
RS_TEST(i64x2_all_true,
	_mm_movemask_epi8((rs_m)simde_wasm_i64x2_eq(a, (simde_v128_t)RS_ZERO)) == 0)

/* 5. Least, greatest, mean, saturation, magnitude */

RS_BINARY(u8x16_min, _mm_min_epu8((rs_m)a, (rs_m)b))
RS_BINARY(u8x16_max, _mm_max_epu8((rs_m)a, (rs_m)b))
RS_BINARY(i16x8_min, _mm_min_epi16((rs_m)a, (rs_m)b))
RS_BINARY(i16x8_max, _mm_max_epi16((rs_m)a, (rs_m)b))
#ifdef __SSE4_1__
RS_BINARY(i8x16_min, _mm_min_epi8((rs_m)a, (rs_m)b))
RS_BINARY(i8x16_max, _mm_max_epi8((rs_m)a, (rs_m)b))
RS_BINARY(u16x8_min, _mm_min_epu16((rs_m)a, (rs_m)b))
RS_BINARY(u16x8_max, _mm_max_epu16((rs_m)a, (rs_m)b))
RS_BINARY(i32x4_min, _mm_min_epi32((rs_m)a, (rs_m)b))
RS_BINARY(i32x4_max, _mm_max_epi32((rs_m)a, (rs_m)b))
RS_BINARY(u32x4_min, _mm_min_epu32((rs_m)a, (rs_m)b))
RS_BINARY(u32x4_max, _mm_max_epu32((rs_m)a, (rs_m)b))
#else
#define RS_EXTREME(name, kind)                                    \
	RS_BINARY(name##_min, RS_CHOOSE((kind)a < (kind)b, a, b)) \
	RS_BINARY(name##_max, RS_CHOOSE((kind)a > (kind)b, a, b))
RS_EXTREME(i8x16, rs_i8x16)
RS_EXTREME(u16x8, rs_u16x8)
RS_EXTREME(i32x4, rs_i32x4)
RS_EXTREME(u32x4, rs_u32x4)
#endif

RS_BINARY(u8x16_avgr, _mm_avg_epu8((rs_m)a, (rs_m)b))
RS_BINARY(u16x8_avgr, _mm_avg_epu16((rs_m)a, (rs_m)b))

RS_BINARY(i8x16_add_sat, _mm_adds_epi8((rs_m)a, (rs_m)b))
RS_BINARY(u8x16_add_sat, _mm_adds_epu8((rs_m)a, (rs_m)b))
RS_BINARY(i16x8_add_sat, _mm_adds_epi16((rs_m)a, (rs_m)b))
RS_BINARY(u16x8_add_sat, _mm_adds_epu16((rs_m)a, (rs_m)b))
RS_BINARY(i8x16_sub_sat, _mm_subs_epi8((rs_m)a, (rs_m)b))
RS_BINARY(u8x16_sub_sat, _mm_subs_epu8((rs_m)a, (rs_m)b))
RS_BINARY(i16x8_sub_sat, _mm_subs_epi16((rs_m)a, (rs_m)b))
RS_BINARY(u16x8_sub_sat, _mm_subs_epu16((rs_m)a, (rs_m)b))

/* The least number is its own magnitude, as when it wraps. */
#ifdef __SSSE3__
RS_UNARY(i8x16_abs, _mm_abs_epi8((rs_m)a))
RS_UNARY(i16x8_abs, _mm_abs_epi16((rs_m)a))
RS_UNARY(i32x4_abs, _mm_abs_epi32((rs_m)a))
#else
RS_UNARY(i8x16_abs, _mm_min_epu8((rs_m)a, (rs_m)(-(rs_u8x16)a)))
RS_UNARY(i16x8_abs, _mm_max_epi16((rs_m)a, (rs_m)(-(rs_u16x8)a)))
RS_UNARY(i32x4_abs,
	((rs_u32x4)a ^ (rs_u32x4)((rs_i32x4)a >> 31)) - (rs_u32x4)((rs_i32x4)a >> 31))
#endif
RS_UNARY(i64x2_abs, (a ^ (rs_i64x2)RS_SIGN64(a)) - (rs_i64x2)RS_SIGN64(a))

/* Sixteen times how many bits are set. */
#ifdef __SSSE3__
RS_INLINE simde_v128_t simde_wasm_i8x16_popcnt(simde_v128_t a)
{
	rs_m counts = _mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4);
	rs_m low = _mm_and_si128((rs_m)a, RS_SET8(15));
	rs_m high = _mm_and_si128(_mm_srli_epi16((rs_m)a, 4), RS_SET8(15));

	return (simde_v128_t)_mm_add_epi8(
		_mm_shuffle_epi8(counts, low), _mm_shuffle_epi8(counts, high));
}
#else
RS_INLINE simde_v128_t simde_wasm_i8x16_popcnt(simde_v128_t a)
{
	rs_u8x16 x = (rs_u8x16)a;

	x = x - ((x >> 1) & 0x55);
	x = (x & 0x33) + ((x >> 2) & 0x33);
	return (simde_v128_t)((x + (x >> 4)) & 0x0f);
}
#endif

/* 6. Shifts: counts modulo the width. Bytes have no shift of their own: as words, without the
 * bits of the neighbour. */

RS_SHIFT(i8x16_shl,
	_mm_and_si128(_mm_slli_epi16((rs_m)a, (int)(n & 7)), RS_SET8(0xffu << (n & 7))))
RS_SHIFT(u8x16_shr,
	_mm_and_si128(_mm_srli_epi16((rs_m)a, (int)(n & 7)), RS_SET8(0xffu >> (n & 7))))
RS_SHIFT(i16x8_shl, _mm_slli_epi16((rs_m)a, (int)(n & 15)))
RS_SHIFT(i16x8_shr, _mm_srai_epi16((rs_m)a, (int)(n & 15)))
RS_SHIFT(u16x8_shr, _mm_srli_epi16((rs_m)a, (int)(n & 15)))
RS_SHIFT(i32x4_shl, _mm_slli_epi32((rs_m)a, (int)(n & 31)))
RS_SHIFT(i32x4_shr, _mm_srai_epi32((rs_m)a, (int)(n & 31)))
RS_SHIFT(u32x4_shr, _mm_srli_epi32((rs_m)a, (int)(n & 31)))
RS_SHIFT(i64x2_shl, _mm_slli_epi64((rs_m)a, (int)(n & 63)))
RS_SHIFT(u64x2_shr, _mm_srli_epi64((rs_m)a, (int)(n & 63)))

/* Where there is no shift that keeps the sign: as if there were none, then the sign's bit, now
 * at `sign`, spread upwards. */
#define RS_SPREAD(kind, shifted, sign) (((kind)(shifted) ^ (kind)(sign)) - (kind)(sign))
RS_SHIFT(i8x16_shr, RS_SPREAD(rs_u8x16, simde_wasm_u8x16_shr(a, n), RS_SET8(0x80u >> (n & 7))))
#ifdef __AVX512VL__
RS_SHIFT(i64x2_shr, a >> (int64_t)(n & 63))
#else
RS_SHIFT(i64x2_shr, RS_SPREAD(rs_u64x2, simde_wasm_u64x2_shr(a, n),
			    RS_SET64(0x8000000000000000u >> (n & 63))))
#endif

/* 7. Wider and narrower */

#define RS_LOW8(a, b)   _mm_unpacklo_epi8((rs_m)(a), (rs_m)(b))
#define RS_HIGH8(a, b)  _mm_unpackhi_epi8((rs_m)(a), (rs_m)(b))
#define RS_LOW16(a, b)  _mm_unpacklo_epi16((rs_m)(a), (rs_m)(b))
#define RS_HIGH16(a, b) _mm_unpackhi_epi16((rs_m)(a), (rs_m)(b))
#define RS_LOW32(a, b)  _mm_unpacklo_epi32((rs_m)(a), (rs_m)(b))
#define RS_HIGH32(a, b) _mm_unpackhi_epi32((rs_m)(a), (rs_m)(b))

#ifdef __SSE4_1__
RS_UNARY(i16x8_extend_low_i8x16, _mm_cvtepi8_epi16((rs_m)a))
RS_UNARY(i32x4_extend_low_i16x8, _mm_cvtepi16_epi32((rs_m)a))
RS_UNARY(i64x2_extend_low_i32x4, _mm_cvtepi32_epi64((rs_m)a))
RS_UNARY(u16x8_extend_low_u8x16, _mm_cvtepu8_epi16((rs_m)a))
RS_UNARY(u32x4_extend_low_u16x8, _mm_cvtepu16_epi32((rs_m)a))
RS_UNARY(u64x2_extend_low_u32x4, _mm_cvtepu32_epi64((rs_m)a))
#else
RS_UNARY(i16x8_extend_low_i8x16, _mm_srai_epi16(RS_LOW8(a, a), 8))
RS_UNARY(i32x4_extend_low_i16x8, _mm_srai_epi32(RS_LOW16(a, a), 16))
RS_UNARY(i64x2_extend_low_i32x4, RS_LOW32(a, _mm_srai_epi32((rs_m)a, 31)))
RS_UNARY(u16x8_extend_low_u8x16, RS_LOW8(a, RS_ZERO))
RS_UNARY(u32x4_extend_low_u16x8, RS_LOW16(a, RS_ZERO))
RS_UNARY(u64x2_extend_low_u32x4, RS_LOW32(a, RS_ZERO))
#endif
RS_UNARY(i16x8_extend_high_i8x16, _mm_srai_epi16(RS_HIGH8(a, a), 8))
RS_UNARY(i32x4_extend_high_i16x8, _mm_srai_epi32(RS_HIGH16(a, a), 16))
RS_UNARY(i64x2_extend_high_i32x4, RS_HIGH32(a, _mm_srai_epi32((rs_m)a, 31)))
RS_UNARY(u16x8_extend_high_u8x16, RS_HIGH8(a, RS_ZERO))
RS_UNARY(u32x4_extend_high_u16x8, RS_HIGH16(a, RS_ZERO))
RS_UNARY(u64x2_extend_high_u32x4, RS_HIGH32(a, RS_ZERO))

RS_BINARY(i8x16_narrow_i16x8, _mm_packs_epi16((rs_m)a, (rs_m)b))
RS_BINARY(u8x16_narrow_i16x8, _mm_packus_epi16((rs_m)a, (rs_m)b))
RS_BINARY(i16x8_narrow_i32x4, _mm_packs_epi32((rs_m)a, (rs_m)b))
#ifdef __SSE4_1__
RS_BINARY(u16x8_narrow_i32x4, _mm_packus_epi32((rs_m)a, (rs_m)b))
#else
/* Into 0 ... 65535, then down by 32768, where the signed one fits exactly, and up again. */
RS_INLINE rs_m rs_clamp16(simde_v128_t a)
{
	rs_i32x4 positive = (rs_i32x4)a & ~((rs_i32x4)a >> 31);
	rs_i32x4 most = (rs_i32x4)RS_CHOOSE(positive > 65535, RS_SET32(65535), positive);

	return (rs_m)(most - 32768);
}
RS_BINARY(u16x8_narrow_i32x4,
	_mm_xor_si128(_mm_packs_epi32(rs_clamp16(a), rs_clamp16(b)), RS_SET16(0x8000)))
#endif

/* 8. Products and sums of neighbours, twice as wide */

#define RS_PRODUCT(to, from, half)                                      \
	RS_BINARY(to##_extmul_##half##_##from,                          \
		(rs_u16x8)simde_wasm_##to##_extend_##half##_##from(a) * \
			(rs_u16x8)simde_wasm_##to##_extend_##half##_##from(b))
RS_PRODUCT(i16x8, i8x16, low)
RS_PRODUCT(i16x8, i8x16, high)
RS_PRODUCT(u16x8, u8x16, low)
RS_PRODUCT(u16x8, u8x16, high)

/* Both halves of each product exist as words: laid side by side. */
#define RS_MUL16(a, b)       _mm_mullo_epi16((rs_m)(a), (rs_m)(b))
#define RS_MUL16_HIGH(a, b)  _mm_mulhi_epi16((rs_m)(a), (rs_m)(b))
#define RS_MUL16_HIGHU(a, b) _mm_mulhi_epu16((rs_m)(a), (rs_m)(b))
RS_BINARY(i32x4_extmul_low_i16x8, RS_LOW16(RS_MUL16(a, b), RS_MUL16_HIGH(a, b)))
RS_BINARY(i32x4_extmul_high_i16x8, RS_HIGH16(RS_MUL16(a, b), RS_MUL16_HIGH(a, b)))
RS_BINARY(u32x4_extmul_low_u16x8, RS_LOW16(RS_MUL16(a, b), RS_MUL16_HIGHU(a, b)))
RS_BINARY(u32x4_extmul_high_u16x8, RS_HIGH16(RS_MUL16(a, b), RS_MUL16_HIGHU(a, b)))

/* The multipliers take lanes 0 and 2. */
#define RS_EVEN_LOW(x)  _mm_shuffle_epi32((rs_m)(x), 0x50)
#define RS_EVEN_HIGH(x) _mm_shuffle_epi32((rs_m)(x), 0xfa)
#ifdef __SSE4_1__
#define RS_MUL32(a, b) _mm_mul_epi32(a, b)
#else
/* Of unsigned ones; a negative factor counted 2^32 too much, which shows in the upper half. */
RS_INLINE rs_m rs_mul32(rs_m a, rs_m b)
{
	rs_m more = _mm_add_epi32(_mm_and_si128(_mm_srai_epi32(a, 31), b),
		_mm_and_si128(_mm_srai_epi32(b, 31), a));

	return _mm_sub_epi64(_mm_mul_epu32(a, b), _mm_slli_epi64(more, 32));
}
#define RS_MUL32(a, b) rs_mul32(a, b)
#endif
RS_BINARY(i64x2_extmul_low_i32x4, RS_MUL32(RS_EVEN_LOW(a), RS_EVEN_LOW(b)))
RS_BINARY(i64x2_extmul_high_i32x4, RS_MUL32(RS_EVEN_HIGH(a), RS_EVEN_HIGH(b)))
RS_BINARY(u64x2_extmul_low_u32x4, _mm_mul_epu32(RS_EVEN_LOW(a), RS_EVEN_LOW(b)))
RS_BINARY(u64x2_extmul_high_u32x4, _mm_mul_epu32(RS_EVEN_HIGH(a), RS_EVEN_HIGH(b)))

RS_BINARY(i32x4_dot_i16x8, _mm_madd_epi16((rs_m)a, (rs_m)b))
RS_UNARY(i32x4_extadd_pairwise_i16x8, _mm_madd_epi16((rs_m)a, RS_SET16(1)))
RS_UNARY(u32x4_extadd_pairwise_u16x8, ((rs_u32x4)a & 0xffff) + ((rs_u32x4)a >> 16))
#ifdef __SSSE3__
RS_UNARY(i16x8_extadd_pairwise_i8x16, _mm_maddubs_epi16(RS_SET8(1), (rs_m)a))
RS_UNARY(u16x8_extadd_pairwise_u8x16, _mm_maddubs_epi16((rs_m)a, RS_SET8(1)))
#else
RS_UNARY(i16x8_extadd_pairwise_i8x16, ((rs_i16x8)((rs_u16x8)a << 8) >> 8) + ((rs_i16x8)a >> 8))
RS_UNARY(u16x8_extadd_pairwise_u8x16, ((rs_u16x8)a & 0xff) + ((rs_u16x8)a >> 8))
#endif

/* (a * b + 2^14) >> 15. Only -32768 times itself leaves the range: it shows as -32768 and
 * becomes 32767. */
#ifdef __SSSE3__
#define RS_Q15(a, b) _mm_mulhrs_epi16((rs_m)(a), (rs_m)(b))
#else
#define RS_Q15(a, b) \
	(((rs_u16x8)RS_MUL16_HIGH(a, b) << 1) + ((((rs_u16x8)RS_MUL16(a, b) >> 14) + 1) >> 1))
#endif
RS_INLINE simde_v128_t simde_wasm_i16x8_q15mulr_sat(simde_v128_t a, simde_v128_t b)
{
	rs_m product = (rs_m)RS_Q15(a, b);

	return (simde_v128_t)_mm_xor_si128(product, _mm_cmpeq_epi16(product, RS_SET16(0x8000)));
}

#include "rs-simd-float.h"

/* 9. Memory: from and to a copy that the text has made, of just the size. */

#define RS_FETCH(type, from)                                   \
	({                                                     \
		type rs_fetched;                               \
		memcpy(&rs_fetched, from, sizeof(rs_fetched)); \
		rs_fetched;                                    \
	})
#define RS_LOAD(name, value)                                       \
	RS_INLINE simde_v128_t simde_wasm_##name(const void *from) \
	{                                                          \
		return (simde_v128_t)(value);                      \
	}
RS_LOAD(v128_load, RS_FETCH(simde_v128_t, from))
RS_LOAD(v128_load8_splat, RS_SET8(RS_FETCH(uint8_t, from)))
RS_LOAD(v128_load16_splat, RS_SET16(RS_FETCH(uint16_t, from)))
RS_LOAD(v128_load32_splat, RS_SET32(RS_FETCH(uint32_t, from)))
RS_LOAD(v128_load64_splat, RS_SET64(RS_FETCH(uint64_t, from)))
RS_LOAD(v128_load32_zero, ((rs_u32x4){ RS_FETCH(uint32_t, from), 0, 0, 0 }))
RS_LOAD(v128_load64_zero, ((rs_u64x2){ RS_FETCH(uint64_t, from), 0 }))
RS_LOAD(i16x8_load8x8, simde_wasm_i16x8_extend_low_i8x16(simde_wasm_v128_load64_zero(from)))
RS_LOAD(u16x8_load8x8, simde_wasm_u16x8_extend_low_u8x16(simde_wasm_v128_load64_zero(from)))
RS_LOAD(i32x4_load16x4, simde_wasm_i32x4_extend_low_i16x8(simde_wasm_v128_load64_zero(from)))
RS_LOAD(u32x4_load16x4, simde_wasm_u32x4_extend_low_u16x8(simde_wasm_v128_load64_zero(from)))
RS_LOAD(i64x2_load32x2, simde_wasm_i64x2_extend_low_i32x4(simde_wasm_v128_load64_zero(from)))
RS_LOAD(u64x2_load32x2, simde_wasm_u64x2_extend_low_u32x4(simde_wasm_v128_load64_zero(from)))

RS_INLINE void simde_wasm_v128_store(void *to, simde_v128_t a)
{
	memcpy(to, &a, sizeof(a));
}

#define RS_LANE_MEMORY(bits, kind, type)                          \
	RS_INLINE simde_v128_t simde_wasm_v128_load##bits##_lane( \
		const void *from, simde_v128_t a, const int lane) \
	{                                                         \
		kind lanes = (kind)a;                             \
		lanes[lane] = RS_FETCH(type, from);               \
		return (simde_v128_t)lanes;                       \
	}                                                         \
	RS_INLINE void simde_wasm_v128_store##bits##_lane(        \
		void *to, simde_v128_t a, const int lane)         \
	{                                                         \
		type x = ((kind)a)[lane];                         \
		memcpy(to, &x, sizeof(x));                        \
	}
RS_LANE_MEMORY(8, rs_u8x16, uint8_t)
RS_LANE_MEMORY(16, rs_u16x8, uint16_t)
RS_LANE_MEMORY(32, rs_u32x4, uint32_t)
RS_LANE_MEMORY(64, rs_u64x2, uint64_t)
