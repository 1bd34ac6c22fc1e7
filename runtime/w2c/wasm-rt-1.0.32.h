/* wasm-rt.h for the family of wasm2c 1.0.32 (Debian 12). See rs-common.h. */
#pragma once

#include "rs-common.h"

#define RS_FAMILY                       32
#define WASM_RT_MEMCHECK_SIGNAL_HANDLER 1 /* guard regions, no checks in loads and stores */
#define WASM_RT_USE_STACK_DEPTH_COUNT   RS_PROLOGUE

/*
 * A load whose value is not used must still trap, so the text forces it by asm("" :: "r"(result)). For floats that is a
 * detour through an integer register: let them stay where they are.
 */
#if RS_RELAXED_READS
#define __asm__(text) ((void)0)
#elif !RS_PLAIN && !RS_QUICK
#define __asm__(text)                                                                            \
	__extension__({                                                                          \
		if (__builtin_classify_type(result) == 8)                                        \
			__asm("" ::"x"(result));                                                 \
		else                                                                             \
			__asm("" ::"r"(result));                                                 \
	})
#endif

typedef enum {
	WASM_RT_TRAP_OOB = RS_CAUSE_OUT_OF_BOUNDS,
	WASM_RT_TRAP_INT_OVERFLOW = RS_CAUSE_INTEGER_OVERFLOW,
	WASM_RT_TRAP_DIV_BY_ZERO = RS_CAUSE_DIVISION_BY_ZERO,
	WASM_RT_TRAP_INVALID_CONVERSION = RS_CAUSE_INVALID_CONVERSION,
	WASM_RT_TRAP_UNREACHABLE = RS_CAUSE_UNREACHABLE,
	WASM_RT_TRAP_CALL_INDIRECT = RS_CAUSE_INDIRECT_CALL,
	WASM_RT_TRAP_UNCAUGHT_EXCEPTION = RS_CAUSE_EXCEPTION,
	WASM_RT_TRAP_EXHAUSTION = RS_CAUSE_STACK,
} wasm_rt_trap_t;

/*
 * Function types must be equal by structure. The compiler keeps equal string literals of a unit at one address, all
 * registrations stand in one function, and a type's text is its structure: so the address of the text, counted from
 * a fixed one, is the type's number. Never 0, which is what an empty table entry holds.
 */
#if RS_QUICK
#define wasm_rt_register_func_type(...) rs_type_number("(" #__VA_ARGS__ ")")
#else
#define wasm_rt_register_func_type(...)                                                          \
	((uint32_t)((uintptr_t) "(" #__VA_ARGS__ ")" - (uintptr_t)&rs_type_anchor))
static const char rs_type_anchor = 0;
#endif

typedef struct {
	uint32_t func_type;
	wasm_rt_function_ptr_t func;
	void *module_instance;
} wasm_rt_funcref_t;
static const wasm_rt_funcref_t wasm_rt_funcref_null_value = { 0, NULL, NULL };

typedef struct {
	rs_byte *data;
	uint32_t pages, max_pages;
	uint64_t size; /* the family's own header has 32 bits, too few for 65536 pages */
} wasm_rt_memory_t;

RS_TABLES

/* The worker mapped the pages and the data segments before it let the object run. */
static inline void wasm_rt_allocate_memory(wasm_rt_memory_t *memory, uint32_t pages, uint32_t max)
{
	memory->data = (rs_byte *)RS_MEMORY_BASE;
	memory->pages = pages;
	memory->max_pages = max;
	memory->size = (uint64_t)pages << 16;
}

static uint32_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint32_t more)
{
	uint32_t had = memory->pages;

	if (!rs_grow(had, more, memory->max_pages))
		return (uint32_t)-1;
	memory->pages = had + more;
	memory->size = (uint64_t)memory->pages << 16;
	return had;
}
