/*
 * unwind.h: who called whom in the program's code, told when it has trapped. By .eh_frame,
 * where the compiler left one; through the chain of rbp, as the quick tier's code keeps it,
 * where not. Safe in a signal handler: no memory but the stack, no locks, bounded.
 */
#pragma once

#include "runtime/cfi.h"

struct unwind_code {
	uint64_t base, bytes; /* the object, where it is mapped */
	struct cfi cfi;
};

/*
 * The beginning of a naked function: a struct cfi_registers on the stack, of it what a call
 * preserves and where that returns. A compiler's own first instruction would change some.
 */
#define UNWIND_CAPTURE                                            \
	"mov (%rsp), %rax\n\t"  /* where the call would return */ \
	"lea 8(%rsp), %rdx\n\t" /* the stack before the call */   \
	"sub $17 * 8, %rsp\n\t"                                   \
	"mov %rbx, 3 * 8(%rsp)\n\t"                               \
	"mov %rbp, 6 * 8(%rsp)\n\t"                               \
	"mov %rdx, 7 * 8(%rsp)\n\t"                               \
	"mov %r12, 12 * 8(%rsp)\n\t"                              \
	"mov %r13, 13 * 8(%rsp)\n\t"                              \
	"mov %r14, 14 * 8(%rsp)\n\t"                              \
	"mov %r15, 15 * 8(%rsp)\n\t"                              \
	"mov %rax, 16 * 8(%rsp)\n\t"
_Static_assert(sizeof(struct cfi_registers) == 17 * 8 && CFI_RBX == 3 && CFI_RBP == 6 &&
		       CFI_RSP == 7 && CFI_R12 == 12 && CFI_R15 == 15 && CFI_RIP == 16,
	"where UNWIND_CAPTURE puts them");

/*
 * Offsets in the code, innermost first, at most `max`; *more says that there were others. The
 * first is the place itself, the others lie in the calls, one byte before where they return.
 * It ends where the object ends.
 *
 * called: registers are those of a call that has not returned (rip: its return address), not of
 * an instruction that failed. A place outside of the object is a function of the runtime that
 * the object called: then its caller is looked for near the top of the stack.
 */
uint32_t unwind(const struct unwind_code *code, const struct cfi_registers *registers,
	bool called, uint32_t *offsets, uint32_t max, bool *more);
