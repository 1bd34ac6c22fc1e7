/*
 * simd_rows.h: every name of rs-simd.h, by what it takes and gives. Results of FLOAT rows may
 * be any NaN where the specification lets them: in lanes of the width named.
 */
#pragma once

#define SIMD_PER_INTEGER(ROW, name) \
	ROW(i8x16_##name) ROW(i16x8_##name) ROW(i32x4_##name) ROW(i64x2_##name)
#define SIMD_PER_SMALL(ROW, name) \
	ROW(i8x16_##name) ROW(u8x16_##name) ROW(i16x8_##name) ROW(u16x8_##name)
#define SIMD_PER_UPTO32(ROW, name) SIMD_PER_SMALL(ROW, name) ROW(i32x4_##name) ROW(u32x4_##name)
#define SIMD_PER_FLOAT(ROW, name)  ROW(f32x4_##name) ROW(f64x2_##name)
#define SIMD_PER_WIDENING(ROW, name) \
	ROW(i16x8_##name##_i8x16)    \
	ROW(u16x8_##name##_u8x16)    \
	ROW(i32x4_##name##_i16x8) ROW(u32x4_##name##_u16x8)
#define SIMD_PER_WIDENING64(ROW, name) \
	SIMD_PER_WIDENING(ROW, name) ROW(i64x2_##name##_i32x4) ROW(u64x2_##name##_u32x4)
#define SIMD_ORDERED(ROW, name) \
	SIMD_PER_UPTO32(ROW, name) ROW(i64x2_##name) SIMD_PER_FLOAT(ROW, name)

#define SIMD_UNARY(ROW)                         \
	ROW(v128_not)                           \
	ROW(i8x16_popcnt)                       \
	SIMD_PER_INTEGER(ROW, neg)              \
	SIMD_PER_INTEGER(ROW, abs)              \
	SIMD_PER_FLOAT(ROW, neg)                \
	SIMD_PER_FLOAT(ROW, abs)                \
	SIMD_PER_WIDENING64(ROW, extend_low)    \
	SIMD_PER_WIDENING64(ROW, extend_high)   \
	SIMD_PER_WIDENING(ROW, extadd_pairwise) \
	ROW(i32x4_trunc_sat_f32x4)              \
	ROW(u32x4_trunc_sat_f32x4)              \
	ROW(i32x4_trunc_sat_f64x2_zero)         \
	ROW(u32x4_trunc_sat_f64x2_zero)         \
	ROW(f32x4_convert_i32x4)                \
	ROW(f32x4_convert_u32x4) ROW(f64x2_convert_low_i32x4) ROW(f64x2_convert_low_u32x4)

#define SIMD_BINARY(ROW)                      \
	ROW(v128_and)                         \
	ROW(v128_or)                          \
	ROW(v128_xor)                         \
	ROW(v128_andnot)                      \
	ROW(i8x16_swizzle)                    \
	SIMD_PER_INTEGER(ROW, add)            \
	SIMD_PER_INTEGER(ROW, sub)            \
	ROW(i16x8_mul)                        \
	ROW(i32x4_mul)                        \
	ROW(i64x2_mul)                        \
	SIMD_PER_INTEGER(ROW, eq)             \
	SIMD_PER_INTEGER(ROW, ne)             \
	SIMD_PER_FLOAT(ROW, eq)               \
	SIMD_PER_FLOAT(ROW, ne)               \
	SIMD_ORDERED(ROW, lt)                 \
	SIMD_ORDERED(ROW, gt)                 \
	SIMD_ORDERED(ROW, le)                 \
	SIMD_ORDERED(ROW, ge)                 \
	SIMD_PER_UPTO32(ROW, min)             \
	SIMD_PER_UPTO32(ROW, max)             \
	SIMD_PER_SMALL(ROW, add_sat)          \
	SIMD_PER_SMALL(ROW, sub_sat)          \
	ROW(u8x16_avgr)                       \
	ROW(u16x8_avgr)                       \
	ROW(i16x8_q15mulr_sat)                \
	ROW(i32x4_dot_i16x8)                  \
	ROW(i8x16_narrow_i16x8)               \
	ROW(u8x16_narrow_i16x8)               \
	ROW(i16x8_narrow_i32x4)               \
	ROW(u16x8_narrow_i32x4)               \
	SIMD_PER_WIDENING64(ROW, extmul_low)  \
	SIMD_PER_WIDENING64(ROW, extmul_high) \
	SIMD_PER_FLOAT(ROW, pmin) SIMD_PER_FLOAT(ROW, pmax)

#define SIMD_SHIFT(ROW)            \
	SIMD_PER_INTEGER(ROW, shl) \
	SIMD_PER_INTEGER(ROW, shr) ROW(u8x16_shr) ROW(u16x8_shr) ROW(u32x4_shr) ROW(u64x2_shr)

#define SIMD_TEST(ROW) \
	ROW(v128_any_true) SIMD_PER_INTEGER(ROW, all_true) SIMD_PER_INTEGER(ROW, bitmask)

#define SIMD_FLOAT1(ROW)       \
	ROW(f32x4_sqrt, 32)    \
	ROW(f32x4_ceil, 32)    \
	ROW(f32x4_floor, 32)   \
	ROW(f32x4_trunc, 32)   \
	ROW(f32x4_nearest, 32) \
	ROW(f64x2_sqrt, 64)    \
	ROW(f64x2_ceil, 64)    \
	ROW(f64x2_floor, 64)   \
	ROW(f64x2_trunc, 64)   \
	ROW(f64x2_nearest, 64) ROW(f32x4_demote_f64x2_zero, 32) ROW(f64x2_promote_low_f32x4, 64)

#define SIMD_FLOAT2(ROW)   \
	ROW(f32x4_add, 32) \
	ROW(f32x4_sub, 32) \
	ROW(f32x4_mul, 32) \
	ROW(f32x4_div, 32) \
	ROW(f32x4_min, 32) \
	ROW(f32x4_max, 32) \
	ROW(f64x2_add, 64) \
	ROW(f64x2_sub, 64) \
	ROW(f64x2_mul, 64) ROW(f64x2_div, 64) ROW(f64x2_min, 64) ROW(f64x2_max, 64)

/* name, type of a lane, how many */
#define SIMD_LANES(ROW)                                                    \
	ROW(i8x16, int8_t, 16)                                             \
	ROW(u8x16, uint8_t, 16)                                            \
	ROW(i16x8, int16_t, 8)                                             \
	ROW(u16x8, uint16_t, 8)                                            \
	ROW(i32x4, int32_t, 4) ROW(i64x2, int64_t, 2) ROW(f32x4, float, 4) \
		ROW(f64x2, double, 2)

#define SIMD_LOAD(ROW)         \
	ROW(v128_load)         \
	ROW(v128_load8_splat)  \
	ROW(v128_load16_splat) \
	ROW(v128_load32_splat) \
	ROW(v128_load64_splat) \
	ROW(v128_load32_zero)  \
	ROW(v128_load64_zero)  \
	ROW(i16x8_load8x8)     \
	ROW(u16x8_load8x8)     \
	ROW(i32x4_load16x4) ROW(u32x4_load16x4) ROW(i64x2_load32x2) ROW(u64x2_load32x2)

/* bits of a lane, how many */
#define SIMD_LANE_MEMORY(ROW) ROW(8, 16) ROW(16, 8) ROW(32, 4) ROW(64, 2)

/* A name and a mask: what compilers make of widening, interleaving, turning, reversing, and of
 * no pattern at all. */
#define SIMD_SHUFFLE(ROW)                                                             \
	ROW(first, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)              \
	ROW(second, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31)   \
	ROW(low_bytes, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)        \
	ROW(high_bytes, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31) \
	ROW(low_words, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23)        \
	ROW(halves, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)     \
	ROW(four_to_words, 16, 1, 2, 3, 17, 5, 6, 7, 18, 9, 10, 11, 19, 13, 14, 15)   \
	ROW(next_four, 4, 17, 18, 19, 5, 21, 22, 23, 6, 25, 26, 27, 7, 29, 30, 31)    \
	ROW(turn_1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3)             \
	ROW(turn_bytes, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)      \
	ROW(reverse, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)            \
	ROW(even_bytes, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)    \
	ROW(odd_words, 2, 3, 6, 7, 10, 11, 14, 15, 18, 19, 22, 23, 26, 27, 30, 31)    \
	ROW(even_floats, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)    \
	ROW(one_float, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7)                \
	ROW(one_byte, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29, 29) \
	ROW(blend, 0, 17, 2, 19, 4, 21, 6, 23, 24, 9, 26, 11, 28, 13, 30, 15)         \
	ROW(no_pattern, 31, 0, 7, 18, 18, 3, 25, 11, 1, 16, 30, 14, 22, 9, 5, 27)     \
	ROW(other_order, 3, 29, 12, 12, 0, 31, 17, 4, 21, 8, 26, 15, 2, 19, 6, 23)
