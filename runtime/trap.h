/*
 * trap.h: how a program ends when it does not end by itself. A trap writes its cause into the
 * own page, where rsd finds it, then who called whom, and ends the process with the status a
 * shell would show for the signal.
 */
#pragma once

#include "ipc/bell.h"
#include "runtime/abi.h"
#include "runtime/unwind.h"

/*
 * The program runs on a stack of ours with TRAP_GUARD_BYTES of nothing on both sides, so that
 * running out of it is told from any other fault for sure. Made once in the launcher; each
 * worker begins on its own copy.
 */
#define TRAP_STACK_BYTES (8 * MIB)
#define TRAP_GUARD_BYTES (1 * MIB)
int trap_stack_new(void **top) MUST_USE;

/* Handlers for the faults of translated code; signals that mean nothing here are ignored. The
 * page must stay mapped. */
int trap_catch(struct own_page *own) MUST_USE;

/* Where the program's code lies and which function each part of it is, for trap_report.code. */
struct trap_code {
	const void *base;
	uint64_t bytes;
	const struct object_function *functions;
	uint32_t functions_count;
	const uint8_t *unwind; /* .eh_frame */
	uint64_t unwind_bytes; /* 0: there is none */
};
void trap_code_at(const struct trap_code *code);

/*
 * A check of the program's code failed: enum trap_cause. caller: the registers as they were
 * when the code called us, rip where the call would return. A check may stand in a helper that
 * many functions share: then the one that called the helper is told.
 */
_Noreturn void trap_called(uint32_t cause, const struct cfi_registers *caller);

/* Our own runtime gives up. */
_Noreturn void trap_runtime(void);

/* The program's own end. A code that is not 0 never becomes 0. */
_Noreturn void trap_exit(uint32_t code);

/* Before the program runs: the worker could not start. exit_code: WORKER_EXIT_*. */
_Noreturn void trap_start_failed(int exit_code);
