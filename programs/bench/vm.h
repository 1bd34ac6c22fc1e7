/*
 * vm.h: the little stack machine of vm_switch.c, vm_goto.c and vm_calls.c, which differ in how
 * they get from one instruction to the next, and its program: how many steps Collatz's numbers
 * take, all of them up to a limit.
 */
#pragma once

#include "bench.h"

enum vm_op {
	VM_PUSH, /* arg */
	VM_LOAD, /* local[arg] */
	VM_STORE,
	VM_ADD,
	VM_MUL,
	VM_AND,
	VM_SHR,
	VM_LESS,
	VM_PUT, /* table[below the top] = the top */
	VM_JUMP,
	VM_JUMP_ZERO,
	VM_HALT,
	VM_OPS
};

struct vm_instruction {
	uint8_t op, arg;
};

enum {
	VM_TABLE = 1 << 10,
	VM_STACK = 16
};

enum {
	VM_LIMIT,
	VM_N,
	VM_X,
	VM_STEPS,
	VM_SUM,
	VM_LOCALS
};

static uint32_t vm_table[VM_TABLE], vm_stack[VM_STACK], vm_local[VM_LOCALS];

/* The numbers are those of instructions: jumps name them. */
static const struct vm_instruction vm_code[] = {
	/* 0: n = 1 */
	{ VM_PUSH, 1 },
	{ VM_STORE, VM_N },
	/* 2: while (n < limit) { */
	{ VM_LOAD, VM_N },
	{ VM_LOAD, VM_LIMIT },
	{ VM_LESS, 0 },
	{ VM_JUMP_ZERO, 45 },
	/* 6: x = n, steps = 0 */
	{ VM_LOAD, VM_N },
	{ VM_STORE, VM_X },
	{ VM_PUSH, 0 },
	{ VM_STORE, VM_STEPS },
	/* 10: while (1 < x) { */
	{ VM_PUSH, 1 },
	{ VM_LOAD, VM_X },
	{ VM_LESS, 0 },
	{ VM_JUMP_ZERO, 33 },
	/* 14: steps = steps + 1 */
	{ VM_LOAD, VM_STEPS },
	{ VM_PUSH, 1 },
	{ VM_ADD, 0 },
	{ VM_STORE, VM_STEPS },
	/* 18: if (x & 1) */
	{ VM_LOAD, VM_X },
	{ VM_PUSH, 1 },
	{ VM_AND, 0 },
	{ VM_JUMP_ZERO, 28 },
	/* 22: x * 3 + 1 */
	{ VM_LOAD, VM_X },
	{ VM_PUSH, 3 },
	{ VM_MUL, 0 },
	{ VM_PUSH, 1 },
	{ VM_ADD, 0 },
	/* 27: else */
	{ VM_JUMP, 31 },
	/* 28: x >> 1 */
	{ VM_LOAD, VM_X },
	{ VM_PUSH, 1 },
	{ VM_SHR, 0 },
	/* 31: becomes x } */
	{ VM_STORE, VM_X },
	{ VM_JUMP, 10 },
	/* 33: sum = sum + steps */
	{ VM_LOAD, VM_SUM },
	{ VM_LOAD, VM_STEPS },
	{ VM_ADD, 0 },
	{ VM_STORE, VM_SUM },
	/* 37: table[n] = steps */
	{ VM_LOAD, VM_N },
	{ VM_LOAD, VM_STEPS },
	{ VM_PUT, 0 },
	/* 40: n = n + 1 } */
	{ VM_LOAD, VM_N },
	{ VM_PUSH, 1 },
	{ VM_ADD, 0 },
	{ VM_STORE, VM_N },
	{ VM_JUMP, 2 },
	/* 45 */
	{ VM_HALT, 0 },
};

static inline int vm_main(int argc, char **argv, uint32_t usual, void (*run)(void))
{
	vm_local[VM_LIMIT] = bench_work(argc, argv, usual);
	bench_begin();
	run();
	return bench_end(bench_mix_bytes(vm_local[VM_SUM], vm_table, sizeof(vm_table)));
}
