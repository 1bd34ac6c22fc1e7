/*
 * rs-simd-after.h: loads of vectors, and stores of single lanes, said otherwise than wasm2c
 * does.
 *
 * Loads into all lanes or into one, and stores of one, are printed as the accesses that compare
 * addresses with the memory's size, also where guard pages stand behind it: nothing needs to be
 * compared.
 *
 * A load must happen though nobody uses what it gives, so the text shows the value to an empty
 * asm. gcc then loads twice, once for the asm and once as the kind of lanes it is used as. Here
 * the value goes through the asm instead.
 */
#pragma once

#if RS_RELAXED_READS || RS_QUICK /* tcc leaves nothing out */
#define RS_SEEN(value)
#elif defined(__clang__) /* loads once, and folds loads into what uses them */
#define RS_SEEN(value) __asm__ volatile("" ::"x"(value))
#else
#define RS_SEEN(value) __asm__ volatile("" : "+x"(value))
#endif

#define RS_READ(name, function, type)                                                 \
	static inline v128 rs_##name(u64 at)                                          \
	{                                                                             \
		type copy;                                                            \
		__builtin_memcpy(&copy, (void *)(RS_MEMORY_BASE + at), sizeof(copy)); \
		v128 result = function(&copy);                                        \
		RS_SEEN(result);                                                      \
		return result;                                                        \
	}
#define RS_READ_LANE(bits, lane)                                                      \
	static inline v128 rs_v128_load##bits##_lane##lane(u64 at, v128 vector)       \
	{                                                                             \
		u##bits copy;                                                         \
		__builtin_memcpy(&copy, (void *)(RS_MEMORY_BASE + at), sizeof(copy)); \
		v128 result = simde_wasm_v128_load##bits##_lane(&copy, vector, lane); \
		RS_SEEN(result);                                                      \
		return result;                                                        \
	}

RS_READ(v128_load, simde_wasm_v128_load, v128)
RS_READ(v128_load8_splat, simde_wasm_v128_load8_splat, u8)
RS_READ(v128_load16_splat, simde_wasm_v128_load16_splat, u16)
RS_READ(v128_load32_splat, simde_wasm_v128_load32_splat, u32)
RS_READ(v128_load64_splat, simde_wasm_v128_load64_splat, u64)
RS_READ(v128_load32_zero, simde_wasm_v128_load32_zero, u32)
RS_READ(v128_load64_zero, simde_wasm_v128_load64_zero, u64)
RS_READ(i16x8_load8x8, simde_wasm_i16x8_load8x8, u64)
RS_READ(u16x8_load8x8, simde_wasm_u16x8_load8x8, u64)
RS_READ(i32x4_load16x4, simde_wasm_i32x4_load16x4, u64)
RS_READ(u32x4_load16x4, simde_wasm_u32x4_load16x4, u64)
RS_READ(i64x2_load32x2, simde_wasm_i64x2_load32x2, u64)
RS_READ(u64x2_load32x2, simde_wasm_u64x2_load32x2, u64)
RS_READ_LANE(8, 0)
RS_READ_LANE(8, 1)
RS_READ_LANE(8, 2)
RS_READ_LANE(8, 3)
RS_READ_LANE(8, 4)
RS_READ_LANE(8, 5)
RS_READ_LANE(8, 6)
RS_READ_LANE(8, 7)
RS_READ_LANE(8, 8)
RS_READ_LANE(8, 9)
RS_READ_LANE(8, 10)
RS_READ_LANE(8, 11)
RS_READ_LANE(8, 12)
RS_READ_LANE(8, 13)
RS_READ_LANE(8, 14)
RS_READ_LANE(8, 15)
RS_READ_LANE(16, 0)
RS_READ_LANE(16, 1)
RS_READ_LANE(16, 2)
RS_READ_LANE(16, 3)
RS_READ_LANE(16, 4)
RS_READ_LANE(16, 5)
RS_READ_LANE(16, 6)
RS_READ_LANE(16, 7)
RS_READ_LANE(32, 0)
RS_READ_LANE(32, 1)
RS_READ_LANE(32, 2)
RS_READ_LANE(32, 3)
RS_READ_LANE(64, 0)
RS_READ_LANE(64, 1)

#define v128_load_default32(base, size, mem, at)       rs_v128_load(at)
#define v128_load8_splat(base, size, mem, at)          rs_v128_load8_splat(at)
#define v128_load16_splat(base, size, mem, at)         rs_v128_load16_splat(at)
#define v128_load32_splat(base, size, mem, at)         rs_v128_load32_splat(at)
#define v128_load64_splat(base, size, mem, at)         rs_v128_load64_splat(at)
#define v128_load32_zero(base, size, mem, at)          rs_v128_load32_zero(at)
#define v128_load64_zero(base, size, mem, at)          rs_v128_load64_zero(at)
#define i16x8_load8x8_default32(base, size, mem, at)   rs_i16x8_load8x8(at)
#define u16x8_load8x8_default32(base, size, mem, at)   rs_u16x8_load8x8(at)
#define i32x4_load16x4_default32(base, size, mem, at)  rs_i32x4_load16x4(at)
#define u32x4_load16x4_default32(base, size, mem, at)  rs_u32x4_load16x4(at)
#define i64x2_load32x2_default32(base, size, mem, at)  rs_i64x2_load32x2(at)
#define u64x2_load32x2_default32(base, size, mem, at)  rs_u64x2_load32x2(at)
#define v128_load8_lane0(base, size, mem, at, vector)  rs_v128_load8_lane0(at, vector)
#define v128_load8_lane1(base, size, mem, at, vector)  rs_v128_load8_lane1(at, vector)
#define v128_load8_lane2(base, size, mem, at, vector)  rs_v128_load8_lane2(at, vector)
#define v128_load8_lane3(base, size, mem, at, vector)  rs_v128_load8_lane3(at, vector)
#define v128_load8_lane4(base, size, mem, at, vector)  rs_v128_load8_lane4(at, vector)
#define v128_load8_lane5(base, size, mem, at, vector)  rs_v128_load8_lane5(at, vector)
#define v128_load8_lane6(base, size, mem, at, vector)  rs_v128_load8_lane6(at, vector)
#define v128_load8_lane7(base, size, mem, at, vector)  rs_v128_load8_lane7(at, vector)
#define v128_load8_lane8(base, size, mem, at, vector)  rs_v128_load8_lane8(at, vector)
#define v128_load8_lane9(base, size, mem, at, vector)  rs_v128_load8_lane9(at, vector)
#define v128_load8_lane10(base, size, mem, at, vector) rs_v128_load8_lane10(at, vector)
#define v128_load8_lane11(base, size, mem, at, vector) rs_v128_load8_lane11(at, vector)
#define v128_load8_lane12(base, size, mem, at, vector) rs_v128_load8_lane12(at, vector)
#define v128_load8_lane13(base, size, mem, at, vector) rs_v128_load8_lane13(at, vector)
#define v128_load8_lane14(base, size, mem, at, vector) rs_v128_load8_lane14(at, vector)
#define v128_load8_lane15(base, size, mem, at, vector) rs_v128_load8_lane15(at, vector)
#define v128_load16_lane0(base, size, mem, at, vector) rs_v128_load16_lane0(at, vector)
#define v128_load16_lane1(base, size, mem, at, vector) rs_v128_load16_lane1(at, vector)
#define v128_load16_lane2(base, size, mem, at, vector) rs_v128_load16_lane2(at, vector)
#define v128_load16_lane3(base, size, mem, at, vector) rs_v128_load16_lane3(at, vector)
#define v128_load16_lane4(base, size, mem, at, vector) rs_v128_load16_lane4(at, vector)
#define v128_load16_lane5(base, size, mem, at, vector) rs_v128_load16_lane5(at, vector)
#define v128_load16_lane6(base, size, mem, at, vector) rs_v128_load16_lane6(at, vector)
#define v128_load16_lane7(base, size, mem, at, vector) rs_v128_load16_lane7(at, vector)
#define v128_load32_lane0(base, size, mem, at, vector) rs_v128_load32_lane0(at, vector)
#define v128_load32_lane1(base, size, mem, at, vector) rs_v128_load32_lane1(at, vector)
#define v128_load32_lane2(base, size, mem, at, vector) rs_v128_load32_lane2(at, vector)
#define v128_load32_lane3(base, size, mem, at, vector) rs_v128_load32_lane3(at, vector)
#define v128_load64_lane0(base, size, mem, at, vector) rs_v128_load64_lane0(at, vector)
#define v128_load64_lane1(base, size, mem, at, vector) rs_v128_load64_lane1(at, vector)

#define v128_store8_lane0  v128_store8_lane0_default32
#define v128_store8_lane1  v128_store8_lane1_default32
#define v128_store8_lane2  v128_store8_lane2_default32
#define v128_store8_lane3  v128_store8_lane3_default32
#define v128_store8_lane4  v128_store8_lane4_default32
#define v128_store8_lane5  v128_store8_lane5_default32
#define v128_store8_lane6  v128_store8_lane6_default32
#define v128_store8_lane7  v128_store8_lane7_default32
#define v128_store8_lane8  v128_store8_lane8_default32
#define v128_store8_lane9  v128_store8_lane9_default32
#define v128_store8_lane10 v128_store8_lane10_default32
#define v128_store8_lane11 v128_store8_lane11_default32
#define v128_store8_lane12 v128_store8_lane12_default32
#define v128_store8_lane13 v128_store8_lane13_default32
#define v128_store8_lane14 v128_store8_lane14_default32
#define v128_store8_lane15 v128_store8_lane15_default32
#define v128_store16_lane0 v128_store16_lane0_default32
#define v128_store16_lane1 v128_store16_lane1_default32
#define v128_store16_lane2 v128_store16_lane2_default32
#define v128_store16_lane3 v128_store16_lane3_default32
#define v128_store16_lane4 v128_store16_lane4_default32
#define v128_store16_lane5 v128_store16_lane5_default32
#define v128_store16_lane6 v128_store16_lane6_default32
#define v128_store16_lane7 v128_store16_lane7_default32
#define v128_store32_lane0 v128_store32_lane0_default32
#define v128_store32_lane1 v128_store32_lane1_default32
#define v128_store32_lane2 v128_store32_lane2_default32
#define v128_store32_lane3 v128_store32_lane3_default32
#define v128_store64_lane0 v128_store64_lane0_default32
#define v128_store64_lane1 v128_store64_lane1_default32
