/*
 * rs-simd-after.h: loads of one value into all lanes or into one, and stores of one lane. wasm2c prints for them the
 * accesses that check bounds by comparing, also where guard pages stand behind the memory; each has a twin that does not,
 * as its other accesses do.
 */
#pragma once

#define v128_load8_splat   v128_load8_splat_default32
#define v128_load16_splat  v128_load16_splat_default32
#define v128_load32_splat  v128_load32_splat_default32
#define v128_load64_splat  v128_load64_splat_default32
#define v128_load32_zero   v128_load32_zero_default32
#define v128_load64_zero   v128_load64_zero_default32
#define v128_load8_lane0   v128_load8_lane0_default32
#define v128_load8_lane1   v128_load8_lane1_default32
#define v128_load8_lane2   v128_load8_lane2_default32
#define v128_load8_lane3   v128_load8_lane3_default32
#define v128_load8_lane4   v128_load8_lane4_default32
#define v128_load8_lane5   v128_load8_lane5_default32
#define v128_load8_lane6   v128_load8_lane6_default32
#define v128_load8_lane7   v128_load8_lane7_default32
#define v128_load8_lane8   v128_load8_lane8_default32
#define v128_load8_lane9   v128_load8_lane9_default32
#define v128_load8_lane10  v128_load8_lane10_default32
#define v128_load8_lane11  v128_load8_lane11_default32
#define v128_load8_lane12  v128_load8_lane12_default32
#define v128_load8_lane13  v128_load8_lane13_default32
#define v128_load8_lane14  v128_load8_lane14_default32
#define v128_load8_lane15  v128_load8_lane15_default32
#define v128_load16_lane0  v128_load16_lane0_default32
#define v128_load16_lane1  v128_load16_lane1_default32
#define v128_load16_lane2  v128_load16_lane2_default32
#define v128_load16_lane3  v128_load16_lane3_default32
#define v128_load16_lane4  v128_load16_lane4_default32
#define v128_load16_lane5  v128_load16_lane5_default32
#define v128_load16_lane6  v128_load16_lane6_default32
#define v128_load16_lane7  v128_load16_lane7_default32
#define v128_load32_lane0  v128_load32_lane0_default32
#define v128_load32_lane1  v128_load32_lane1_default32
#define v128_load32_lane2  v128_load32_lane2_default32
#define v128_load32_lane3  v128_load32_lane3_default32
#define v128_load64_lane0  v128_load64_lane0_default32
#define v128_load64_lane1  v128_load64_lane1_default32
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
