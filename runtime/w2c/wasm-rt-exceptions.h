/*
 * wasm-rt-exceptions.h: exceptions for wasm2c 1.0.33 and later; m.h includes it where a module uses them. A `try` calls
 * wasm_rt_try(), which returns once at first and once more when something is thrown below it; wasm_rt_throw() goes back
 * to the innermost one, whose place the text keeps by wasm_rt_set_unwind_target(). There is one exception at a time: a
 * handler copies its values before it does anything else. What nobody catches ends the program.
 *
 * RS_EXCEPTION_BYTES (rs-config.h): more than the values of any of the module's tags take; 0: it uses no exceptions.
 */
#pragma once

#if RS_EXCEPTION_BYTES > 0

typedef const void *wasm_rt_tag_t;

/* What a call preserves: rbx, rbp, r12 to r15, rsp, and where it returns to. */
typedef struct {
	uint64_t kept[8];
} WASM_RT_UNWIND_TARGET;

struct rs_thrown {
	wasm_rt_tag_t tag;
	uint32_t size;
	WASM_RT_UNWIND_TARGET *target;
	uint8_t values[RS_EXCEPTION_BYTES];
};
extern struct rs_thrown rs_thrown __attribute__((visibility("hidden")));

/* Not the C library's: the worker gives objects as little as possible, and these four lines need no more. */
__attribute__((returns_twice, visibility("hidden"))) int rs_try(WASM_RT_UNWIND_TARGET *target);
__attribute__((noreturn, visibility("hidden"))) void rs_unwind(WASM_RT_UNWIND_TARGET *target);

#undef wasm_rt_try
#define wasm_rt_try(target) rs_try(&(target))

/* A handler that may throw again keeps the values on the stack, for which a loop would find less and less room: as long
 * as the block is enough. */
#undef alloca
#define alloca(size) ((void *)(uint8_t[RS_EXCEPTION_BYTES]){ 0 })

static inline WASM_RT_UNWIND_TARGET *wasm_rt_get_unwind_target(void)
{
	return rs_thrown.target;
}

static inline void wasm_rt_set_unwind_target(WASM_RT_UNWIND_TARGET *target)
{
	rs_thrown.target = target;
}

static inline void wasm_rt_load_exception(wasm_rt_tag_t tag, uint32_t size, const void *values)
{
	rs_thrown.tag = tag;
	rs_thrown.size = size;
	if (size > 0)
		__builtin_memcpy(rs_thrown.values, values, size);
}

__attribute__((noreturn)) static inline void wasm_rt_throw(void)
{
	if (!rs_thrown.target)
		rs_trap(RS_CAUSE_EXCEPTION);
	rs_unwind(rs_thrown.target);
}

static inline wasm_rt_tag_t wasm_rt_exception_tag(void)
{
	return rs_thrown.tag;
}

static inline uint32_t wasm_rt_exception_size(void)
{
	return rs_thrown.size;
}

static inline void *wasm_rt_exception(void)
{
	return rs_thrown.values;
}

#if RS_PART == 0
struct rs_thrown rs_thrown;

__asm__(".pushsection .text.rs_try, \"ax\", @progbits\n"
	".globl rs_try, rs_unwind\n"
	".hidden rs_try, rs_unwind\n"
	".type rs_try, @function\n"
	"rs_try:\n"
	RS_LANDING
	"	mov %rbx, (%rdi)\n"
	"	mov %rbp, 8(%rdi)\n"
	"	mov %r12, 16(%rdi)\n"
	"	mov %r13, 24(%rdi)\n"
	"	mov %r14, 32(%rdi)\n"
	"	mov %r15, 40(%rdi)\n"
	"	lea 8(%rsp), %rax\n" /* as it will be after the return */
	"	mov %rax, 48(%rdi)\n"
	"	mov (%rsp), %rax\n"
	"	mov %rax, 56(%rdi)\n"
	"	xor %eax, %eax\n"
	"	ret\n"
	".size rs_try, . - rs_try\n"
	".type rs_unwind, @function\n"
	"rs_unwind:\n"
	RS_LANDING
	"	mov (%rdi), %rbx\n"
	"	mov 8(%rdi), %rbp\n"
	"	mov 16(%rdi), %r12\n"
	"	mov 24(%rdi), %r13\n"
	"	mov 32(%rdi), %r14\n"
	"	mov 40(%rdi), %r15\n"
	"	mov 48(%rdi), %rsp\n"
	"	mov $1, %eax\n"
	"	jmp *56(%rdi)\n"
	".size rs_unwind, . - rs_unwind\n"
	".popsection\n");
#endif

#endif
