/*
 * rs-common.h: what both families of wasm2c share. Our wasm-rt.h stands in front of wasm2c's own on the include path and
 * turns its output, not one character of it changed (but by aotc/mend.h and dispatch.h), into code for one instance at
 * known addresses. aotc carries these files inside itself, writes them beside the generated C and writes rs-config.h with
 * what only it knows:
 *
 *     RS_MEMORY_BASE              abi.h's MEMORY_BASE
 *     RS_CAUSE_*                  abi.h's enum trap_cause
 *     RS_PLAIN                    1: the plain form, of the tricks below only 3 and 4
 *     RS_QUICK                    1: for the quick tier's compiler
 *     RS_RELAXED_READS            1: a load beyond memory whose value nobody uses need not trap
 *     RS_TYPES_MAX                how many function types a module may have
 *     RS_TABLE_GROWTH             how many entries a growing table may gain
 *     RS_EXCEPTION_BYTES          see wasm-rt-exceptions.h
 *     RS_UNKNOWN_IMPORTS(ROW)     ROW(3) for function 3 if it is an import that nothing provides, and so on
 *     RS_FIXED_TABLE              entries of the only table, when it never changes after instantiation; else 0
 *     RS_PARTS, RS_HAS_IMPORTS    how the text is divided; whether it asks for imports
 *     Z_hZ_i7 or w2c_h_i7         defined as rs_i7, for every import
 */
#pragma once

#include "rs-config.h"

#if RS_QUICK
#include "rs-tcc.h"
#include "symbols.h"
#else
#include "symbols.h"

#include <alloca.h>
#include <assert.h>
#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define LIKELY(x)   __builtin_expect(!!(x), 1)
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* With -fsignaling-nans the C library's isnan() is a call; the instruction does the same. */
#undef isnan
#define isnan(x) __builtin_isnan(x)
#endif

/* What all parts share, and part 0 defines. Hidden: its address is then a constant distance from the code. */
#if RS_PARTS > 1
#define RS_SHARED(declaration) extern declaration __attribute__((visibility("hidden")))
#else
#define RS_SHARED(declaration) static declaration
#endif

/*
 * 1. Constant base. Both families print an access to linear memory as
 *        wasm_rt_memcpy(&result, &mem->data[addr], n);
 *    `data` points to an element type of its own, so _Generic knows which side is linear memory and puts a sum with a
 *    constant there: mem->data is never loaded, and the base becomes the instruction's displacement. (The quick tier has
 *    macros of its own for it: rs-quick.h.)
 */
#if RS_PLAIN || RS_QUICK
typedef uint8_t rs_byte;
#define wasm_rt_memcpy(to, from, n) __builtin_memcpy(to, from, n)
#else
typedef struct {
	uint8_t byte;
} rs_byte;
#define RS_PLACE(p)                                                                              \
	_Generic((p), rs_byte *: (void *)(RS_MEMORY_BASE + addr), default: (void *)(p))
#define wasm_rt_memcpy(to, from, n) __builtin_memcpy(RS_PLACE(to), RS_PLACE(from), n)
/* Names something where the text has no `addr` of its own; that branch of _Generic is then never taken. */
static const uint64_t addr = 0;
#endif

/*
 * 2. Constant instance. With the depth counter switched on, every function of the text begins with
 *        if (++wasm_rt_call_stack_depth > WASM_RT_MAX_CALL_STACK_DEPTH) TRAP(EXHAUSTION);
 *    which these turn into `instance = &rs_instance;`, so that globals have constant addresses behind call_indirect as
 *    well. No counter is left: a guard page ends the stack. (tcc makes no use of what is constant.)
 */
#if RS_PLAIN || RS_QUICK
#define RS_PROLOGUE 0
#else
#define RS_PROLOGUE                  1
#define wasm_rt_call_stack_depth     (*(int[]){ 0 })
#define WASM_RT_MAX_CALL_STACK_DEPTH 0, (instance = (void *)&rs_instance), 0
#endif

#define wasm_rt_trap rs_trap

/* Where an indirect jump may land, in functions of ours in the assembler's language: endbr64, in bytes, as tcc does not
 * know the word. */
#define RS_LANDING "	.byte 0xf3, 0x0f, 0x1e, 0xfa\n"
#define wasm_rt_try(target) 0 /* no exceptions: nothing is thrown, nothing caught */

typedef void (*wasm_rt_function_ptr_t)(void);
typedef void *wasm_rt_externref_t;
#define wasm_rt_externref_null_value ((wasm_rt_externref_t)NULL)

static inline bool wasm_rt_is_initialized(void)
{
	return true;
}

/* 0 or more wasm pages beyond `had`, within `max`? The worker has the last word: it knows this program's limit. */
static inline bool rs_grow(uint64_t had, uint64_t more, uint64_t max)
{
	return more <= max && had + more <= max && had + more <= 65536 &&
		rs_memory_grow((uint32_t)had, (uint32_t)more) == 0;
}

/*
 * 3. Tables live in the object's zeroed data: wasm2c prints sizes as plain numbers, so each call below gets an array of
 *    just that size. A table that may grow has RS_TABLE_GROWTH entries in reserve; beyond them table.grow answers -1.
 *    Pages of the reserve that are never touched cost nothing.
 */
#define RS_TABLE_MAX(n, max)                                                                     \
	((uint64_t)(max) < (uint64_t)(n) + RS_TABLE_GROWTH ? (uint64_t)(max)                     \
							   : (uint64_t)(n) + RS_TABLE_GROWTH)
#define RS_TABLE_ALLOCATE(type, table, n, limit)                                                 \
	do {                                                                                     \
		static type rs_entries[RS_TABLE_MAX(n, limit) + 1];                              \
		(table)->data = rs_entries;                                                      \
		(table)->size = (n);                                                             \
		(table)->max_size = (uint32_t)RS_TABLE_MAX(n, limit);                            \
	} while (0)

/*
 * The only table of a module that never changes it has a name and a size that are known when its calls are compiled
 * (rs-calls.h): no call through it loads either.
 */
#if RS_FIXED_TABLE
#define RS_FIXED_TABLE_DECLARE RS_SHARED(wasm_rt_funcref_t rs_table[RS_FIXED_TABLE]);
#define wasm_rt_allocate_funcref_table(table, n, limit)                                          \
	((table)->data = rs_table, (table)->size = (table)->max_size = RS_FIXED_TABLE)
#else
#define RS_FIXED_TABLE_DECLARE
#define wasm_rt_allocate_funcref_table(table, n, limit)                                          \
	RS_TABLE_ALLOCATE(wasm_rt_funcref_t, table, n, limit)
#endif
#define wasm_rt_allocate_externref_table(table, n, limit)                                        \
	RS_TABLE_ALLOCATE(wasm_rt_externref_t, table, n, limit)

#define RS_TABLE_GROW(name, table_type, type)                                                    \
	static uint32_t name(table_type *table, uint32_t more, type value)                       \
	{                                                                                        \
		uint32_t had = table->size;                                                      \
		if ((uint64_t)had + more > table->max_size)                                      \
			return (uint32_t)-1;                                                     \
		for (uint32_t i = had; i < had + more; i++)                                      \
			table->data[i] = value;                                                  \
		table->size = had + more;                                                        \
		return had;                                                                      \
	}
#define RS_TABLES                                                                                \
	typedef struct {                                                                         \
		wasm_rt_funcref_t *data;                                                         \
		uint32_t max_size, size;                                                         \
	} wasm_rt_funcref_table_t;                                                               \
	typedef struct {                                                                         \
		wasm_rt_externref_t *data;                                                       \
		uint32_t max_size, size;                                                         \
	} wasm_rt_externref_table_t;                                                             \
	RS_FIXED_TABLE_DECLARE                                                                   \
	RS_TABLE_GROW(wasm_rt_grow_funcref_table, wasm_rt_funcref_table_t, wasm_rt_funcref_t)    \
	RS_TABLE_GROW(wasm_rt_grow_externref_table, wasm_rt_externref_table_t, wasm_rt_externref_t)

/*
 * 4. The br_table at the head of an interpreter's loop (aotc/dispatch.h): the last target is for every operand beyond the
 *    others.
 */
#define RS_JUMP(operand, ...)                                                                    \
	{                                                                                        \
		static const void *const rs_to[] = { __VA_ARGS__ };                              \
		const uint32_t rs_last = sizeof rs_to / sizeof *rs_to - 1;                       \
		goto *rs_to[(operand) < rs_last ? (operand) : rs_last];                          \
	}

/* The instance lives as long as the process, so there is nothing to give back. */
#define wasm_rt_free_memory(memory)         ((void)(memory))
#define wasm_rt_free_funcref_table(table)   ((void)(table))
#define wasm_rt_free_externref_table(table) ((void)(table))
