/*
 * simd.h: 128 bits at once, by hand: Wasm's own instructions where the guest has them, the
 * compiler's vectors elsewhere (natively, and in a guest without SIMD, where they become
 * scalar).
 */
#pragma once

#include "bench.h"

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

typedef v128_t simd;

#define SIMD_F32_ADD(a, b)  wasm_f32x4_add(a, b)
#define SIMD_F32_MUL(a, b)  wasm_f32x4_mul(a, b)
#define SIMD_F32_SPLAT(x)   wasm_f32x4_splat(x)
#define SIMD_U32_ADD(a, b)  wasm_i32x4_add(a, b)
#define SIMD_XOR(a, b)      wasm_v128_xor(a, b)
#define SIMD_U32_LEFT(a, n) wasm_v128_or(wasm_i32x4_shl(a, n), wasm_u32x4_shr(a, 32 - (n)))
#define SIMD_U32_TURN1(a)   wasm_i32x4_shuffle(a, a, 1, 2, 3, 0)
#define SIMD_U32_TURN2(a)   wasm_i32x4_shuffle(a, a, 2, 3, 0, 1)
#define SIMD_U32_TURN3(a)   wasm_i32x4_shuffle(a, a, 3, 0, 1, 2)
#define SIMD_U8_EQUAL(a, b) wasm_i8x16_eq(a, b)
#define SIMD_U8_SUB(a, b)   wasm_i8x16_sub(a, b)
#define SIMD_U8_SPLAT(x)    wasm_u8x16_splat(x)
#define SIMD_U8_MAX(a, b)   wasm_u8x16_max(a, b)
#define SIMD_U8_MIN(a, b)   wasm_u8x16_min(a, b)

#else

typedef uint32_t simd __attribute__((vector_size(16)));
typedef float simd_f32 __attribute__((vector_size(16)));
typedef uint8_t simd_u8 __attribute__((vector_size(16)));

#define SIMD_F32_ADD(a, b)  ((simd)((simd_f32)(a) + (simd_f32)(b)))
#define SIMD_F32_MUL(a, b)  ((simd)((simd_f32)(a) * (simd_f32)(b)))
#define SIMD_F32_SPLAT(x)   ((simd)(simd_f32){ x, x, x, x })
#define SIMD_U32_ADD(a, b)  ((a) + (b))
#define SIMD_XOR(a, b)      ((a) ^ (b))
#define SIMD_U32_LEFT(a, n) ((a) << (n) | (a) >> (32 - (n)))
#define SIMD_U32_TURN1(a)   __builtin_shufflevector(a, a, 1, 2, 3, 0)
#define SIMD_U32_TURN2(a)   __builtin_shufflevector(a, a, 2, 3, 0, 1)
#define SIMD_U32_TURN3(a)   __builtin_shufflevector(a, a, 3, 0, 1, 2)
#define SIMD_U8_EQUAL(a, b) ((simd)((simd_u8)(a) == (simd_u8)(b)))
#define SIMD_U8_SUB(a, b)   ((simd)((simd_u8)(a) - (simd_u8)(b)))
#define SIMD_U8_SPLAT(x)    ((simd)((simd_u8){ 0 } + (uint8_t)(x)))

/* What the compiler's vectors do not have. */
#ifdef __SSE2__
#include <emmintrin.h>
#define SIMD_U8_MAX(a, b) ((simd)_mm_max_epu8((__m128i)(a), (__m128i)(b)))
#define SIMD_U8_MIN(a, b) ((simd)_mm_min_epu8((__m128i)(a), (__m128i)(b)))
#else
#define SIMD_U8_CHOOSE(mask, a, b) ((simd)(((a) & (mask)) | ((b) & ~(mask))))
#define SIMD_U8_MAX(a, b)          SIMD_U8_CHOOSE((simd)((simd_u8)(a) > (simd_u8)(b)), a, b)
#define SIMD_U8_MIN(a, b)          SIMD_U8_CHOOSE((simd)((simd_u8)(a) < (simd_u8)(b)), a, b)
#endif

#endif

/* At any address. */
static inline simd simd_load(const void *at)
{
	simd x;

	memcpy(&x, at, sizeof(x));
	return x;
}

static inline void simd_store(void *at, simd x)
{
	memcpy(at, &x, sizeof(x));
}
