/*
 * rs-quick.h: linear memory in the quick tier. tcc inlines nothing: each of wasm2c's accessors would be a call, with
 * another of memcpy inside. As macros they are the access itself, at the constant base; the addresses are 32 bits with
 * 32 bits of offset, so the guard region ends what is out of bounds, as in the other tiers.
 *
 * Reinterpreting goes through a place of the unit's own, because tcc gives each temporary a place in the frame for good.
 */
#ifndef RS_QUICK_H
#define RS_QUICK_H

#define RS_AT(type, at)           (*(type *)(RS_MEMORY_BASE + (at)))
#define RS_STORE(type, at, value) ((void)(RS_AT(type, at) = (value)))

#if RS_FAMILY == 32
#define i32_load(mem, at)     RS_AT(u32, at)
#define i64_load(mem, at)     RS_AT(u64, at)
#define f32_load(mem, at)     RS_AT(f32, at)
#define f64_load(mem, at)     RS_AT(f64, at)
#define i32_load8_s(mem, at)  ((u32)RS_AT(s8, at))
#define i32_load8_u(mem, at)  ((u32)RS_AT(u8, at))
#define i32_load16_s(mem, at) ((u32)RS_AT(s16, at))
#define i32_load16_u(mem, at) ((u32)RS_AT(u16, at))
#define i64_load8_s(mem, at)  ((u64)RS_AT(s8, at))
#define i64_load8_u(mem, at)  ((u64)RS_AT(u8, at))
#define i64_load16_s(mem, at) ((u64)RS_AT(s16, at))
#define i64_load16_u(mem, at) ((u64)RS_AT(u16, at))
#define i64_load32_s(mem, at) ((u64)RS_AT(s32, at))
#define i64_load32_u(mem, at) ((u64)RS_AT(u32, at))

#define i32_store(mem, at, value)   RS_STORE(u32, at, value)
#define i64_store(mem, at, value)   RS_STORE(u64, at, value)
#define f32_store(mem, at, value)   RS_STORE(f32, at, value)
#define f64_store(mem, at, value)   RS_STORE(f64, at, value)
#define i32_store8(mem, at, value)  RS_STORE(u8, at, value)
#define i32_store16(mem, at, value) RS_STORE(u16, at, value)
#define i64_store8(mem, at, value)  RS_STORE(u8, at, value)
#define i64_store16(mem, at, value) RS_STORE(u16, at, value)
#define i64_store32(mem, at, value) RS_STORE(u32, at, value)
#else
#define i32_load_default32(base, size, mem, at)     RS_AT(u32, at)
#define i64_load_default32(base, size, mem, at)     RS_AT(u64, at)
#define f32_load_default32(base, size, mem, at)     RS_AT(f32, at)
#define f64_load_default32(base, size, mem, at)     RS_AT(f64, at)
#define i32_load8_s_default32(base, size, mem, at)  ((u32)RS_AT(s8, at))
#define i32_load8_u_default32(base, size, mem, at)  ((u32)RS_AT(u8, at))
#define i32_load16_s_default32(base, size, mem, at) ((u32)RS_AT(s16, at))
#define i32_load16_u_default32(base, size, mem, at) ((u32)RS_AT(u16, at))
#define i64_load8_s_default32(base, size, mem, at)  ((u64)RS_AT(s8, at))
#define i64_load8_u_default32(base, size, mem, at)  ((u64)RS_AT(u8, at))
#define i64_load16_s_default32(base, size, mem, at) ((u64)RS_AT(s16, at))
#define i64_load16_u_default32(base, size, mem, at) ((u64)RS_AT(u16, at))
#define i64_load32_s_default32(base, size, mem, at) ((u64)RS_AT(s32, at))
#define i64_load32_u_default32(base, size, mem, at) ((u64)RS_AT(u32, at))

#define i32_store_default32(base, size, mem, at, value)   RS_STORE(u32, at, value)
#define i64_store_default32(base, size, mem, at, value)   RS_STORE(u64, at, value)
#define f32_store_default32(base, size, mem, at, value)   RS_STORE(f32, at, value)
#define f64_store_default32(base, size, mem, at, value)   RS_STORE(f64, at, value)
#define i32_store8_default32(base, size, mem, at, value)  RS_STORE(u8, at, value)
#define i32_store16_default32(base, size, mem, at, value) RS_STORE(u16, at, value)
#define i64_store8_default32(base, size, mem, at, value)  RS_STORE(u8, at, value)
#define i64_store16_default32(base, size, mem, at, value) RS_STORE(u16, at, value)
#define i64_store32_default32(base, size, mem, at, value) RS_STORE(u32, at, value)
#endif

static union rs_f32 rs_pun_32;
static union rs_f64 rs_pun_64;
#define i32_reinterpret_f32(x) (rs_pun_32.value = (x), rs_pun_32.bits)
#define f32_reinterpret_i32(x) (rs_pun_32.bits = (x), rs_pun_32.value)
#define i64_reinterpret_f64(x) (rs_pun_64.value = (x), rs_pun_64.bits)
#define f64_reinterpret_i64(x) (rs_pun_64.bits = (x), rs_pun_64.value)

#endif
