/*
 * rs-simd-float.h: the part of rs-simd.h that is about floats; it includes this one. Results
 * are exact, zeros have their signs, and NaNs are what the specification allows: canonical
 * unless an operand was another one.
 */
#pragma once

/* 1. Arithmetic. Signs are bits; all else makes a signalling NaN quiet. */

#define RS_SIGNS32 RS_SET32(0x80000000u)
#define RS_SIGNS64 RS_SET64(0x8000000000000000u)
RS_UNARY(f32x4_neg, _mm_xor_si128((rs_m)a, RS_SIGNS32))
RS_UNARY(f64x2_neg, _mm_xor_si128((rs_m)a, RS_SIGNS64))
RS_UNARY(f32x4_abs, _mm_andnot_si128(RS_SIGNS32, (rs_m)a))
RS_UNARY(f64x2_abs, _mm_andnot_si128(RS_SIGNS64, (rs_m)a))
RS_UNARY(f32x4_sqrt, _mm_sqrt_ps((rs_ps)a))
RS_UNARY(f64x2_sqrt, _mm_sqrt_pd((rs_pd)a))

/*
 * A sum carried around a loop is two values to gcc, the lanes and the same bits as a v128, and
 * where both are used later it keeps them in two registers; a loop with many sums then spills
 * them. It does not see through an asm: one is left.
 */
#ifdef __clang__
#define RS_ONE_VALUE(x)
#else
#define RS_ONE_VALUE(x) __asm__("" : "+x"(x))
#endif
#define RS_SUM(name, kind, sign)                                                 \
	RS_INLINE simde_v128_t simde_wasm_##name(simde_v128_t a, simde_v128_t b) \
	{                                                                        \
		simde_v128_t sum = (simde_v128_t)((kind)a sign(kind) b);         \
		RS_ONE_VALUE(sum);                                               \
		return sum;                                                      \
	}
#define RS_ARITHMETIC(name, kind)               \
	RS_SUM(name##_add, kind, +)             \
	RS_SUM(name##_sub, kind, -)             \
	RS_BINARY(name##_mul, (kind)a *(kind)b) \
	RS_BINARY(name##_div, (kind)a / (kind)b)
RS_ARITHMETIC(f32x4, rs_f32x4)
RS_ARITHMETIC(f64x2, rs_f64x2)

/* The processor's own give the second operand unless the first is less (greater): that is pmin
 * with operands swapped. */
RS_BINARY(f32x4_pmin, _mm_min_ps((rs_ps)b, (rs_ps)a))
RS_BINARY(f32x4_pmax, _mm_max_ps((rs_ps)b, (rs_ps)a))
RS_BINARY(f64x2_pmin, _mm_min_pd((rs_pd)b, (rs_pd)a))
RS_BINARY(f64x2_pmax, _mm_max_pd((rs_pd)b, (rs_pd)a))

/*
 * Both orders differ only in zeros of unlike sign, which or (and) makes the least (greatest),
 * and in NaNs: there the sum is what is wanted, a quiet NaN made of the operand's.
 */
#ifdef __SSE4_1__
#define RS_BLEND32(mask, a, b) _mm_blendv_ps((rs_ps)(b), (rs_ps)(a), (rs_ps)(mask))
#define RS_BLEND64(mask, a, b) _mm_blendv_pd((rs_pd)(b), (rs_pd)(a), (rs_pd)(mask))
#else
#define RS_BLEND32 RS_CHOOSE
#define RS_BLEND64 RS_CHOOSE
#endif
#define RS_FLOAT_EXTREME(name, kind, merge, one, other, unordered, blend) \
	RS_BINARY(name, blend(unordered, (kind)a + (kind)b, merge(one, other)))
RS_FLOAT_EXTREME(f32x4_min, rs_f32x4, _mm_or_ps, _mm_min_ps((rs_ps)a, (rs_ps)b),
	_mm_min_ps((rs_ps)b, (rs_ps)a), _mm_cmpunord_ps((rs_ps)a, (rs_ps)b), RS_BLEND32)
RS_FLOAT_EXTREME(f32x4_max, rs_f32x4, _mm_and_ps, _mm_max_ps((rs_ps)a, (rs_ps)b),
	_mm_max_ps((rs_ps)b, (rs_ps)a), _mm_cmpunord_ps((rs_ps)a, (rs_ps)b), RS_BLEND32)
RS_FLOAT_EXTREME(f64x2_min, rs_f64x2, _mm_or_pd, _mm_min_pd((rs_pd)a, (rs_pd)b),
	_mm_min_pd((rs_pd)b, (rs_pd)a), _mm_cmpunord_pd((rs_pd)a, (rs_pd)b), RS_BLEND64)
RS_FLOAT_EXTREME(f64x2_max, rs_f64x2, _mm_and_pd, _mm_max_pd((rs_pd)a, (rs_pd)b),
	_mm_max_pd((rs_pd)b, (rs_pd)a), _mm_cmpunord_pd((rs_pd)a, (rs_pd)b), RS_BLEND64)

#ifdef __SSE4_1__
#define RS_ROUND(name, how)                                                       \
	RS_UNARY(f32x4_##name, _mm_round_ps((rs_ps)a, (how) | _MM_FROUND_NO_EXC)) \
	RS_UNARY(f64x2_##name, _mm_round_pd((rs_pd)a, (how) | _MM_FROUND_NO_EXC))
RS_ROUND(ceil, _MM_FROUND_TO_POS_INF)
RS_ROUND(floor, _MM_FROUND_TO_NEG_INF)
RS_ROUND(trunc, _MM_FROUND_TO_ZERO)
RS_ROUND(nearest, _MM_FROUND_TO_NEAREST_INT)
#else
/*
 * Beside 2^23 (2^52) there is no room for a fraction: adding it and taking it away rounds to
 * the nearest, and from there it is one step at most. What is as large itself, or no number,
 * stays (+ 0 makes it quiet). Results keep the sign, also when they are zero.
 */
#define RS_ROUNDING(name, kind, bits, signs, large)                                        \
	RS_INLINE kind rs_##name##_nearest(kind x)                                         \
	{                                                                                  \
		kind size = (kind)((bits)x & ~(bits)signs);                                \
		kind near = (size + large) - large;                                        \
		return (kind)RS_CHOOSE(                                                    \
			size < large, (bits)near | ((bits)x & (bits)signs), x + 0);        \
	}                                                                                  \
	/* One less (or more) where the nearest was beyond. */                             \
	RS_INLINE kind rs_##name##_step(kind x, kind near, bits beyond, kind one)          \
	{                                                                                  \
		return (kind)((bits)(near - (kind)(beyond & (bits)one)) |                  \
			      ((bits)x & (bits)signs));                                    \
	}                                                                                  \
	RS_UNARY(name##_nearest, rs_##name##_nearest((kind)a))                             \
	RS_INLINE simde_v128_t simde_wasm_##name##_floor(simde_v128_t a)                   \
	{                                                                                  \
		kind x = (kind)a, near = rs_##name##_nearest(x), one = (kind){ 0 } + 1;    \
		return (simde_v128_t)rs_##name##_step(x, near, (bits)(near > x), one);     \
	}                                                                                  \
	RS_INLINE simde_v128_t simde_wasm_##name##_ceil(simde_v128_t a)                    \
	{                                                                                  \
		kind x = (kind)a, near = rs_##name##_nearest(x), one = (kind){ 0 } + 1;    \
		return (simde_v128_t)rs_##name##_step(x, near, (bits)(near < x), -one);    \
	}                                                                                  \
	RS_INLINE simde_v128_t simde_wasm_##name##_trunc(simde_v128_t a)                   \
	{                                                                                  \
		simde_v128_t size = simde_wasm_##name##_floor(simde_wasm_##name##_abs(a)); \
		return size | (a & (simde_v128_t)signs);                                   \
	}
RS_ROUNDING(f32x4, rs_f32x4, rs_i32x4, RS_SIGNS32, 0x1p23f)
RS_ROUNDING(f64x2, rs_f64x2, rs_i64x2, RS_SIGNS64, 0x1p52)
#endif

/* 2. Conversions */

RS_UNARY(f32x4_convert_i32x4, _mm_cvtepi32_ps((rs_m)a))
RS_UNARY(f32x4_convert_u32x4, __builtin_convertvector((rs_u32x4)a, rs_f32x4))
RS_UNARY(f64x2_convert_low_i32x4, _mm_cvtepi32_pd((rs_m)a))
RS_UNARY(f32x4_demote_f64x2_zero, _mm_cvtpd_ps((rs_pd)a))
RS_UNARY(f64x2_promote_low_f32x4, _mm_cvtps_pd((rs_ps)a))

/* As the low bits of 2^52, which is then taken away. */
RS_UNARY(f64x2_convert_low_u32x4, (rs_f64x2)RS_LOW32(a, RS_SET32(0x43300000)) - 0x1p52)

/* What does not fit the processor turns into -2^31, and a NaN must be 0 before. */
RS_INLINE simde_v128_t simde_wasm_i32x4_trunc_sat_f32x4(simde_v128_t a)
{
	rs_ps x = _mm_and_ps((rs_ps)a, _mm_cmpord_ps((rs_ps)a, (rs_ps)a));

	return (simde_v128_t)_mm_cvttps_epi32(x) ^ (simde_v128_t)((rs_f32x4)x >= 0x1p31f);
}

/* All of it, and what is beyond 2^31 once more: -2^31 and what is beyond together are right. */
RS_INLINE simde_v128_t simde_wasm_u32x4_trunc_sat_f32x4(simde_v128_t a)
{
	rs_f32x4 x = (rs_f32x4)_mm_max_ps((rs_ps)a, _mm_setzero_ps()), beyond = x - 0x1p31f;
	rs_i32x4 more =
		(rs_i32x4)_mm_cvttps_epi32((rs_ps)beyond) ^ (rs_i32x4)(beyond >= 0x1p31f);

	return (simde_v128_t)((rs_u32x4)_mm_cvttps_epi32((rs_ps)x) +
			      (rs_u32x4)(more & ~(more >> 31)));
}

/* A NaN meets 0 as the second operand, which min then gives. */
RS_INLINE simde_v128_t simde_wasm_i32x4_trunc_sat_f64x2_zero(simde_v128_t a)
{
	rs_pd most = _mm_and_pd(_mm_cmpord_pd((rs_pd)a, (rs_pd)a), _mm_set1_pd(2147483647.0));

	return (simde_v128_t)_mm_cvttpd_epi32(_mm_min_pd((rs_pd)a, most));
}

/* Within 0 ... 2^32 - 1, what is 2^31 or more is made signed and becomes unsigned again by its
 * highest bit. */
RS_INLINE simde_v128_t simde_wasm_u32x4_trunc_sat_f64x2_zero(simde_v128_t a)
{
	rs_pd x = _mm_min_pd(_mm_max_pd((rs_pd)a, _mm_setzero_pd()), _mm_set1_pd(4294967295.0));
	rs_pd large = _mm_cmpge_pd(x, _mm_set1_pd(0x1p31));
	rs_m low = _mm_cvttpd_epi32(_mm_sub_pd(x, _mm_and_pd(large, _mm_set1_pd(0x1p31))));
	rs_m bit = _mm_slli_epi32(_mm_shuffle_epi32((rs_m)large, 0x08), 31);

	return (simde_v128_t)_mm_xor_si128(
		low, _mm_and_si128(bit, _mm_setr_epi32(-1, -1, 0, 0)));
}
