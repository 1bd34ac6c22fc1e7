/* vm_calls.c: the same with a function for each instruction, called through a table. */
#include "vm.h"

struct machine {
	const struct vm_instruction *at;
	uint32_t *top;
};
typedef void operation(struct machine *m, uint8_t arg);

static void push(struct machine *m, uint8_t arg)
{
	*++m->top = arg;
}

static void load(struct machine *m, uint8_t arg)
{
	*++m->top = vm_local[arg];
}

static void store(struct machine *m, uint8_t arg)
{
	vm_local[arg] = *m->top--;
}

static void add(struct machine *m, uint8_t arg)
{
	(void)arg;
	m->top--;
	m->top[0] += m->top[1];
}

static void mul(struct machine *m, uint8_t arg)
{
	(void)arg;
	m->top--;
	m->top[0] *= m->top[1];
}

static void and (struct machine * m, uint8_t arg)
{
	(void)arg;
	m->top--;
	m->top[0] &= m->top[1];
}

static void shr(struct machine *m, uint8_t arg)
{
	(void)arg;
	m->top--;
	m->top[0] >>= m->top[1];
}

static void less(struct machine *m, uint8_t arg)
{
	(void)arg;
	m->top--;
	m->top[0] = m->top[0] < m->top[1];
}

static void put(struct machine *m, uint8_t arg)
{
	(void)arg;
	m->top -= 2;
	vm_table[m->top[1] % VM_TABLE] = m->top[2];
}

static void jump(struct machine *m, uint8_t arg)
{
	m->at = vm_code + arg;
}

static void jump_zero(struct machine *m, uint8_t arg)
{
	if (!*m->top--)
		m->at = vm_code + arg;
}

static void halt(struct machine *m, uint8_t arg)
{
	(void)arg;
	m->at = NULL;
}

static operation *const operations[VM_OPS] = { push, load, store, add, mul, and, shr, less, put,
	jump, jump_zero, halt };

static void run(void)
{
	struct machine m = { vm_code, vm_stack };

	while (m.at) {
		const struct vm_instruction *now = m.at++;
		operations[now->op](&m, now->arg);
	}
}

int main(int argc, char **argv)
{
	return vm_main(argc, argv, 5400, run);
}
