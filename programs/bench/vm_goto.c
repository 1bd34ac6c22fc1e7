/*
 * vm_goto.c: the same with a jump at the end of each instruction (threaded code; Bell).
 * Natively a computed goto; Wasm has none, so there it becomes one br_table that all share.
 */
#include "vm.h"

#define NEXT goto *to[(++at)->op]

static void run(void)
{
	static const void *const to[VM_OPS] = { &&push, &&load, &&store, &&add, &&mul, &&and,
		&&shr, &&less, &&put, &&jump, &&jump_zero, &&halt };
	const struct vm_instruction *at = vm_code - 1;
	uint32_t *top = vm_stack;

	NEXT;
push:
	*++top = at->arg;
	NEXT;
load:
	*++top = vm_local[at->arg];
	NEXT;
store:
	vm_local[at->arg] = *top--;
	NEXT;
add:
	top--;
	top[0] += top[1];
	NEXT;
mul:
	top--;
	top[0] *= top[1];
	NEXT;
	and : top--;
	top[0] &= top[1];
	NEXT;
shr:
	top--;
	top[0] >>= top[1];
	NEXT;
less:
	top--;
	top[0] = top[0] < top[1];
	NEXT;
put:
	top -= 2;
	vm_table[top[1] % VM_TABLE] = top[2];
	NEXT;
jump:
	at = vm_code + at->arg - 1;
	NEXT;
jump_zero:
	if (!*top--)
		at = vm_code + at->arg - 1;
	NEXT;
halt:
	return;
}

int main(int argc, char **argv)
{
	return vm_main(argc, argv, 6800, run);
}
