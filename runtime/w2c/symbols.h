/*
 * symbols.h: everything an object may ask of the worker that loads it. The verifier refuses an object with any other
 * undefined symbol; the loader binds these names to the functions of runtime/.
 *
 *     #define ROW(name) { #name, (void *)name },
 *     static const struct import imports[] = { OBJECT_SYMBOLS(ROW) };
 *
 * Beside these an object may ask for rs_i<k>, one per row k of host_functions[] (abi.h) that its module imports:
 *     result rs_i<k>(void *unused, parameters...)    i = uint32_t, I = uint64_t
 */
#pragma once

#include <stdint.h>

/* runtime/ gives these. Nothing here allocates, and all of it is called after the lock. */

/* Ends the program: cause is one of enum trap_cause. */
__attribute__((noreturn)) void rs_trap(uint32_t cause);

/*
 * Makes the wasm pages [had, had + more) of linear memory readable, writable and zero. The object has checked that the
 * sum is within the module's maximum. 0: done; anything else: refused, and memory.grow answers -1.
 */
uint32_t rs_memory_grow(uint32_t had_pages, uint32_t more_pages);

/* clang-format off */
#define OBJECT_SYMBOLS_RUNTIME(ROW) ROW(rs_trap) ROW(rs_memory_grow)

/* The C library gives these: what a compiler may make of plain C, and rounding where the CPU has no instruction for it. */
#define OBJECT_SYMBOLS_LIBC(ROW) ROW(memcpy) ROW(memmove) ROW(memset) ROW(memcmp)
#define OBJECT_SYMBOLS_LIBM(ROW) \
	ROW(ceil) ROW(ceilf) ROW(floor) ROW(floorf) ROW(trunc) ROW(truncf) \
	ROW(nearbyint) ROW(nearbyintf) ROW(rint) ROW(rintf) ROW(sqrt) ROW(sqrtf)
/* clang-format on */

#define OBJECT_SYMBOLS(ROW)                                                                      \
	OBJECT_SYMBOLS_RUNTIME(ROW) OBJECT_SYMBOLS_LIBC(ROW) OBJECT_SYMBOLS_LIBM(ROW)

/* How an object names row k of host_functions[]: OBJECT_HOST_PREFIX, then k in decimal. */
#define OBJECT_HOST_PREFIX "rs_i"
