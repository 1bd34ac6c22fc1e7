#include "runtime/trap.h"

#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "runtime/memory.h"
#include "runtime/start.h"

/* The kernel's signal frame grows with the CPU's registers (AT_MINSIGSTKSZ); our handler needs
 * little more. Two frames: looking for the callers may fault as well. */
#define HANDLER_STACK_BYTES (32 * KIB)
#define HANDLER_FRAMES      2

#define CALLER_WORDS 64u /* of the stack, to look for who called a helper */

static struct own_page *page;
static struct trap_code program;
static uint8_t *stack_low; /* the program's stack, without its guards */

int trap_stack_new(void **top)
{
	uint64_t bytes = TRAP_STACK_BYTES + 2 * TRAP_GUARD_BYTES;
	uint8_t *all = mmap(NULL, bytes, PROT_NONE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);

	if (all == MAP_FAILED)
		return -errno;
	stack_low = all + TRAP_GUARD_BYTES;
	if (mprotect(stack_low, TRAP_STACK_BYTES, PROT_READ | PROT_WRITE))
		return -errno;
	*top = stack_low + TRAP_STACK_BYTES;
	return 0;
}

void trap_code_at(const struct trap_code *at)
{
	program = *at;
}

/* ---- where ---- */

/* In the program's code, counted from its base; 0: elsewhere. */
static uint64_t code_offset(uint64_t address)
{
	uint64_t offset = address - (uint64_t)program.base;

	return offset < program.bytes ? offset : 0;
}

static struct cfi stack_cfi(void)
{
	return (struct cfi){ .table = program.unwind,
		.table_bytes = program.unwind_bytes,
		.stack_low = (uint64_t)stack_low,
		.stack_high = (uint64_t)stack_low + TRAP_STACK_BYTES };
}

/* True: the code there is of no wasm function. They are sorted by code. */
static bool is_helper(uint64_t offset)
{
	uint32_t low = 0, high = program.functions_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (program.functions[middle].code <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low && program.functions[low - 1].index == OBJECT_NOT_WASM;
}

/* The function that called a helper: what looks like a way back into one, not far up the stack.
 * For people only; nothing rests on it. */
static uint64_t caller_of(uint64_t helper, uint64_t stack)
{
	const struct cfi cfi = stack_cfi();
	uint64_t word;

	for (uint32_t n = 0; n < CALLER_WORDS; n++, stack += sizeof(word)) {
		if (!cfi_stack_word(&cfi, stack, &word))
			return helper;
		uint64_t offset = code_offset(word - 1);

		if (offset && !is_helper(offset))
			return offset;
	}
	return helper;
}

/* ---- the end ---- */

static const uint8_t exit_status[TRAP_COUNT] = {
	[TRAP_OUT_OF_BOUNDS] = 128 + SIGSEGV,
	[TRAP_INTEGER_OVERFLOW] = 128 + SIGFPE,
	[TRAP_DIVISION_BY_ZERO] = 128 + SIGFPE,
	[TRAP_INVALID_CONVERSION] = 128 + SIGFPE,
	[TRAP_UNREACHABLE] = 128 + SIGILL,
	[TRAP_INDIRECT_CALL] = 128 + SIGILL,
	[TRAP_STACK] = 128 + SIGSEGV,
	[TRAP_ILLEGAL_INSTRUCTION] = 128 + SIGILL,
	[TRAP_EXCEPTION] = 128 + SIGABRT,
	[TRAP_IMPORT] = 128 + SIGILL,
	[TRAP_RUNTIME] = WORKER_EXIT_RUNTIME,
};

static _Noreturn void end(uint32_t status)
{
	for (;;)
		syscall(SYS_exit_group, status);
}

static uint32_t known_cause(uint32_t cause)
{
	return cause < TRAP_COUNT && exit_status[cause] ? cause : TRAP_RUNTIME;
}

static _Noreturn void finish(uint32_t cause)
{
	end(exit_status[known_cause(cause)]);
}

static void record(uint32_t cause, uint32_t signal, uint64_t address, uint64_t place)
{
	if (page)
		page->trap = (struct trap_report){ .cause = known_cause(cause),
			.signal = signal,
			.address = address,
			.code = place };
}

/* After record(): a fault on the way costs the callers only. */
static void record_callers(const struct cfi_registers *registers, bool called)
{
	const struct unwind_code code = { (uint64_t)program.base, program.bytes, stack_cfi() };
	bool more;

	if (!page || !program.base)
		return;
	page->trap.frames_count =
		unwind(&code, registers, called, page->trap.frames, TRAP_FRAMES_MAX, &more);
	page->trap.frames_more = more;
}

__attribute__((used, externally_visible)) _Noreturn void trap_called(
	uint32_t cause, const struct cfi_registers *caller)
{
	/* a call that never returns may be the last thing of its function: what lies after it
	 * is another's */
	uint64_t offset = code_offset(caller->at[CFI_RIP] - 1);

	if (is_helper(offset))
		offset = caller_of(offset, caller->at[CFI_RSP]);
	record(cause, 0, 0, offset);
	record_callers(caller, true);
	finish(cause);
}

_Noreturn void trap_runtime(void)
{
	record(TRAP_RUNTIME, 0, 0, 0);
	finish(TRAP_RUNTIME);
}

_Noreturn void trap_exit(uint32_t code)
{
	end(code < 256 ? code : 255);
}

_Noreturn void trap_start_failed(int exit_code)
{
	if (page)
		page->trap = (struct trap_report){ .cause = TRAP_RUNTIME };
	end((uint32_t)exit_code);
}

/* ---- faults ---- */

static bool in_guard(uint64_t address)
{
	uint64_t low = (uint64_t)stack_low - TRAP_GUARD_BYTES;

	return stack_low && address >= low && address < (uint64_t)stack_low;
}

static uint32_t cause_of(int signal, uint64_t address, uint64_t *shown)
{
	*shown = 0;
	if (signal == SIGFPE)
		return TRAP_DIVISION_BY_ZERO;
	if (signal == SIGILL)
		return TRAP_ILLEGAL_INSTRUCTION;
	if (in_guard(address))
		return TRAP_STACK;
	if (memory_holds(address, shown))
		return TRAP_OUT_OF_BOUNDS;
	*shown = address;
	return TRAP_RUNTIME;
}

static struct cfi_registers registers_of(const ucontext_t *machine)
{
	static const uint8_t numbers[CFI_REGISTERS] = { REG_RAX, REG_RDX, REG_RCX, REG_RBX,
		REG_RSI, REG_RDI, REG_RBP, REG_RSP, REG_R8, REG_R9, REG_R10, REG_R11, REG_R12,
		REG_R13, REG_R14, REG_R15, REG_RIP };
	struct cfi_registers registers;

	for (uint32_t n = 0; n < CFI_REGISTERS; n++)
		registers.at[n] = (uint64_t)machine->uc_mcontext.gregs[numbers[n]];
	return registers;
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
	const struct cfi_registers registers = registers_of(context);
	uint64_t address;
	uint32_t cause = cause_of(signal, (uint64_t)info->si_addr, &address);

	if (page && page->trap.cause) /* while its callers were looked for */
		finish(page->trap.cause);
	record(cause, (uint32_t)signal, address, code_offset(registers.at[CFI_RIP]));
	record_callers(&registers, false);
	finish(cause);
}

int trap_catch(struct own_page *own)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL };
	struct sigaction action = { .sa_sigaction = on_fault,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	size_t size = (HANDLER_FRAMES * getauxval(AT_MINSIGSTKSZ) + HANDLER_STACK_BYTES +
			      HOST_PAGE_BYTES) &
		      ~(HOST_PAGE_BYTES - 1);
	stack_t stack = { .ss_size = size };

	page = own;
	stack.ss_sp = mmap(NULL, size, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL))
		return -errno;
	for (size_t i = 0; i < ARRAY_LEN(faults); i++)
		if (sigaction(faults[i], &action, NULL))
			return -errno;
	/* the bell of a peer that is gone has no reader any more: that must end nobody else */
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -errno : 0;
}
