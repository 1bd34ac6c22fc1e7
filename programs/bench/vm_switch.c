/*
 * vm_switch.c: an interpreter that is a switch in a loop: a jump table natively, br_table in
 * Wasm.
 */
#include "vm.h"

static void run(void)
{
	uint32_t *top = vm_stack;

	for (const struct vm_instruction *at = vm_code;; at++) {
		switch ((enum vm_op)at->op) {
		case VM_PUSH:
			*++top = at->arg;
			break;
		case VM_LOAD:
			*++top = vm_local[at->arg];
			break;
		case VM_STORE:
			vm_local[at->arg] = *top--;
			break;
		case VM_ADD:
			top--;
			top[0] += top[1];
			break;
		case VM_MUL:
			top--;
			top[0] *= top[1];
			break;
		case VM_AND:
			top--;
			top[0] &= top[1];
			break;
		case VM_SHR:
			top--;
			top[0] >>= top[1];
			break;
		case VM_LESS:
			top--;
			top[0] = top[0] < top[1];
			break;
		case VM_PUT:
			top -= 2;
			vm_table[top[1] % VM_TABLE] = top[2];
			break;
		case VM_JUMP:
			at = vm_code + at->arg - 1;
			break;
		case VM_JUMP_ZERO:
			if (!*top--)
				at = vm_code + at->arg - 1;
			break;
		case VM_HALT:
		case VM_OPS:
			return;
		}
	}
}

int main(int argc, char **argv)
{
	return vm_main(argc, argv, 3800, run);
}
