/* wasm-rt.h for the family of wasm2c 1.0.33 and later (tried with 1.0.42). See rs-common.h. */
#pragma once

#include "rs-common.h"

#define RS_FAMILY                                            33
#define wasm_rt_unreachable                                  __builtin_unreachable
#define WASM_RT_THREAD_LOCAL                                 _Thread_local
#define WASM_RT_USE_MMAP                                     1
#define WASM_RT_MEMCHECK_SIGNAL_HANDLER                      1 /* until 1.0.34 */
#define WASM_RT_MEMCHECK_GUARD_PAGES                         1 /* since */
#define WASM_RT_MEMCHECK_BOUNDS_CHECK                        0
#define WASM_RT_USE_SEGUE                                    0
#define WASM_RT_SEGUE_FREE_SEGMENT                           0
#define WASM_RT_SANITY_CHECKS                                0
#define WASM_RT_USE_STACK_DEPTH_COUNT                        RS_PROLOGUE /* until 1.0.34 */
#define WASM_RT_STACK_DEPTH_COUNT                            RS_PROLOGUE /* since */
#define WASM_RT_NONCONFORMING_ALLOW_OOB_READ_ELIMINATION     (RS_RELAXED_READS || RS_QUICK)
#if !RS_PLAIN || RS_EXCEPTION_BYTES > 0
/* Then accesses name mem->data[addr]. The copy of the size would be an old one in a handler, too. */
#define WASM_RT_USE_LOCAL_MEMORY_BASE_SIZE 0
#endif

typedef enum {
	WASM_RT_TRAP_OOB = RS_CAUSE_OUT_OF_BOUNDS,
	WASM_RT_TRAP_INT_OVERFLOW = RS_CAUSE_INTEGER_OVERFLOW,
	WASM_RT_TRAP_DIV_BY_ZERO = RS_CAUSE_DIVISION_BY_ZERO,
	WASM_RT_TRAP_INVALID_CONVERSION = RS_CAUSE_INVALID_CONVERSION,
	WASM_RT_TRAP_UNREACHABLE = RS_CAUSE_UNREACHABLE,
	WASM_RT_TRAP_CALL_INDIRECT = RS_CAUSE_INDIRECT_CALL,
	WASM_RT_TRAP_NULL_REF = RS_CAUSE_INDIRECT_CALL,
	WASM_RT_TRAP_UNCAUGHT_EXCEPTION = RS_CAUSE_EXCEPTION,
	WASM_RT_TRAP_UNALIGNED = RS_CAUSE_RUNTIME,
	WASM_RT_TRAP_EXHAUSTION = RS_CAUSE_STACK,
} wasm_rt_trap_t;

typedef enum {
	WASM_RT_I32,
	WASM_RT_I64,
	WASM_RT_F32,
	WASM_RT_F64,
	WASM_RT_V128,
	WASM_RT_FUNCREF,
	WASM_RT_EXTERNREF,
	WASM_RT_EXNREF,
} wasm_rt_type_t;

typedef struct wasm_rt_tailcallee_t {
	void (*fn)(void **, void *, struct wasm_rt_tailcallee_t *);
} wasm_rt_tailcallee_t;

typedef const char *wasm_rt_func_type_t;

typedef struct {
	wasm_rt_func_type_t func_type;
	wasm_rt_function_ptr_t func;
	wasm_rt_tailcallee_t func_tailcallee;
	void *module_instance;
} wasm_rt_funcref_t;
#define wasm_rt_funcref_null_value ((wasm_rt_funcref_t){ NULL, NULL, { NULL }, NULL })

typedef struct {
	rs_byte *data, *data_end;
	uint32_t page_size;
	uint64_t pages, max_pages, size;
	bool is64;
} wasm_rt_memory_t;

RS_TABLES

/* The worker mapped the pages and the data segments before it let the object run. */
static inline void wasm_rt_allocate_memory(
	wasm_rt_memory_t *memory, uint64_t pages, uint64_t max, bool is64, uint32_t page_size)
{
	memory->data = (rs_byte *)RS_MEMORY_BASE;
	memory->page_size = page_size;
	memory->pages = pages;
	memory->max_pages = max;
	memory->size = pages << 16;
	memory->is64 = is64;
}

static uint64_t wasm_rt_grow_memory(wasm_rt_memory_t *memory, uint64_t more)
{
	uint64_t had = memory->pages;

	if (!rs_grow(had, more, memory->max_pages))
		return (uint32_t)-1;
	memory->pages = had + more;
	memory->size = memory->pages << 16;
	return had;
}
