/*
 * cfi.h: one step up the stack by the call frame information (DWARF 5, section 6.4) that a
 * compiler left in .eh_frame. It runs in a signal handler of a program that just trapped, on
 * text that a compiler made from a hostile module and on a stack that the program wrote: no
 * memory but its own stack, every read held against the table's or the stack's range, every
 * loop against the table's bytes.
 */
#pragma once

#include "ipc/base.h"

/* DWARF's numbers on x86-64 (System V ABI, figure 3.36). */
enum {
	CFI_RBX = 3,
	CFI_RBP = 6,
	CFI_RSP = 7,
	CFI_R11 = 11,
	CFI_R12 = 12,
	CFI_R15 = 15,
	CFI_RIP = 16,
	CFI_REGISTERS
};

struct cfi_registers {
	uint64_t at[CFI_REGISTERS];
};

struct cfi {
	const uint8_t *table; /* .eh_frame, where it is mapped */
	uint64_t table_bytes;
	uint64_t stack_low, stack_high; /* addresses that may be read as the program's stack */
};

enum {
	CFI_NONE = 1, /* nothing is said about this place */
	CFI_BROKEN,   /* what is said makes no sense, or leads out of the stack */
};

/*
 * From a place to the one that called it. place: an address in the instruction that was being
 * executed, so one before the return address of a call. `registers` change only with answer 0.
 */
int cfi_step(const struct cfi *cfi, uint64_t place, struct cfi_registers *registers) MUST_USE;

/* The word of the stack at an address; false outside of it. */
bool cfi_stack_word(const struct cfi *cfi, uint64_t address, uint64_t *word) MUST_USE;
