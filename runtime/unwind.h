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
